/**
 * Calls one layer on one batch like a network: its result, gradients and updates as plain numbers, from any
 * executor. It draws no cases and states no law (`layer.ts` does).
 */

import { gradients } from "../autograd/grad.js";
import { compileStep } from "../compile/compile.js";
import type { Executor } from "../engine/executor.js";
import { add, constant, mul, sum } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { type Shape, sizeOf } from "../graph/shape.js";
import type { Layer, LayerContext, ParameterSpec } from "../nn/layers/layer.js";
import { givenTo, maskAfter, whereCounted } from "../nn/layers/masks.js";
import { getInitializer } from "../nn/weights/initializers.js";
import { splitSeed, uniformF32 } from "../numerics/philox.js";
import { mapValues } from "../records.js";

/**
 * A batch of one input, [rows, ...shape], and which of its steps count, [rows, steps]; undefined if all do.
 */
export interface Batch {
  readonly shape: Shape;
  readonly x: ArrayLike<number>;
  readonly mask?: ArrayLike<number>;
}

/**
 * The results of a layer for a batch, by name: in prediction `result` and `mask`, if it has one; in training
 * `result in training`, `gradient of …` and `update of …`.
 */
export type Answer = Readonly<Record<string, { readonly shape: Shape; readonly numbers: ArrayLike<number> }>>;

/**
 * A layer for batches of some shapes. Weights follow only from the seed and the names and shapes of the
 * parameters.
 */
export class Probe {
  /** Whether it draws random numbers in training, which differ between shapes. */
  isRandom = false;
  readonly parameters: readonly ParameterSpec[];
  private readonly program;

  /** @param masksOf - for each input with a mask, the first one whose mask it shares */
  constructor(
    private readonly layer: Layer,
    rows: number,
    batches: readonly Batch[],
    masksOf: readonly number[],
  ) {
    this.parameters = layer.parameters(...batches.map(({ shape }) => shape));
    const inputs: Record<string, Shape> = {};
    for (const [i, { shape, mask }] of batches.entries()) {
      inputs[`x ${i}`] = [rows, ...shape];
      if (mask) inputs[`mask ${i}`] = [rows, shape[0]];
    }
    for (const { name, shape } of this.parameters) inputs[`noise ${name}`] = shape;
    this.program = compileStep({ inputs }, rows, ({ graph, inputs }) => {
      const values = batches.map((_, i) => inputs[`x ${i}`]);
      const masks = batches.map(({ mask }, i) => mask && inputs[`mask ${masksOf[i]}`]);
      const parameters: Record<string, Value> = {};
      for (const [i, { name, shape, initializer, trainable = true }] of this.parameters.entries()) {
        const first = getInitializer(initializer)(graph, shape, 1000 + i);
        parameters[name] = trainable ? add(first, mul(inputs[`noise ${name}`], 0.5)) : first;
      }
      const hyperparameters = mapValues(layer.hyperparameters, (number) => constant(graph, number));
      const given = { inputs: values, x: values[0], masks, parameters, hyperparameters };
      const { result, mask } = this.called({ ...given, training: false });
      return { outputs: { result, ...(mask && { mask }), ...this.trained({ ...given, training: true }) } };
    });
  }

  /** The result at the steps that count, and 0 elsewhere; its mask, and updates. */
  private called(given: Omit<LayerContext, "trainable" | "stream" | "update">): {
    readonly result: Value;
    readonly mask: Value | undefined;
    readonly updates: Readonly<Record<string, Value>>;
  } {
    const updates: Record<string, Value> = {};
    const context = givenTo(this.layer, {
      ...given,
      trainable: this.layer.trainable !== false,
      stream: 0,
      update(name, value) {
        updates[name] = value;
      },
    });
    const result = this.layer.call(context);
    const mask = maskAfter(this.layer, context, result.shape.slice(1));
    return { result: mask ? whereCounted(result, mask) : result, mask, updates };
  }

  /** The results in training: the loss is a weighted sum of the result. */
  private trained(given: Omit<LayerContext, "trainable" | "stream" | "update">): Record<string, Value> {
    const { inputs, parameters, x } = given;
    const { graph } = x;
    const before = graph.nodes.length;
    const { result, updates } = this.called(given);
    this.isRandom = graph.nodes.slice(before).some(({ op }) => op === "randomUniform");
    // its weights are numbered step by step, so that more steps have the same ones
    const loss = sum(mul(result, constant(graph, weightsFor(result.shape), result.shape)));
    const names = this.parameters.filter(({ trainable }) => trainable !== false).map(({ name }) => name);
    const all = gradients(loss, [...names.map((name) => parameters[name]), ...inputs]);
    return {
      "result in training": result,
      ...Object.fromEntries(
        [...names, ...inputs.map((_, i) => `input ${i}`)].map((name, i) => [`gradient of ${name}`, all[i]]),
      ),
      ...Object.fromEntries(Object.entries(updates).map(([name, value]) => [`update of ${name}`, value])),
    };
  }

  /** @param seed - of the weights and of the layer's random numbers */
  answer(executor: Executor, batches: readonly Batch[], seed: number): Answer {
    const run = executor.start(this.program, { seed });
    try {
      for (const [i, { x, mask }] of batches.entries()) {
        run.write(`x ${i}`, x);
        if (mask) run.write(`mask ${i}`, mask);
      }
      for (const [i, { name, shape }] of this.parameters.entries())
        run.write(`noise ${name}`, numbersOf(sizeOf(shape), seed, i));
      run.advance(1);
      return Object.fromEntries(
        this.program.outputs.map(({ name, shape }) => [name, { shape, numbers: run.read(name) }]),
      );
    } finally {
      run.free();
    }
  }
}

/** Numbers in (−2, 2) by a seed and a stream, with 3 digits so that float32 has nearly the same. */
export function numbersOf(count: number, seed: number, stream: number): number[] {
  return Array.from({ length: count }, (_, i) =>
    Math.fround(4 * uniformF32(i, stream, 0, ...splitSeed(seed)) - 2),
  );
}

/** Weights of a result [rows, steps, ...]: of a step by its place in its row. */
function weightsFor([rows, ...row]: Shape): number[] {
  const own = Array.from({ length: sizeOf(row) }, (_, i) => 1 + ((i * 7) % 11) / 11);
  return Array.from({ length: rows }, (_, i) => own.map((weight) => weight + i / 4)).flat();
}
