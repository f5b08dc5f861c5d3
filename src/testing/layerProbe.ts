/**
 * One layer on one batch, as networks call it: its result, gradients and updates as plain numbers, from any executor. It draws no cases and
 * states no law (`layer.ts` does).
 */
import { gradients } from "../autograd/grad.js";
import { compileStep } from "../compile/compile.js";
import type { Executor } from "../engine/executor.js";
import { add, constant, mul, sum } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { type Shape, sizeOf } from "../graph/shape.js";
import { getInitializer } from "../nn/initializers.js";
import type { Layer, LayerContext, ParameterSpec } from "../nn/layers/layer.js";
import { givenTo, maskAfter, whereCounted } from "../nn/layers/masks.js";
import { splitSeed, uniformF32 } from "../numerics/philox.js";

/** A batch of one input, [rows, ...shape], and which of its steps count, [rows, steps]; undefined if all do. */
export interface Batch {
  readonly shape: Shape;
  readonly x: ArrayLike<number>;
  readonly mask?: ArrayLike<number>;
}

/** What a layer makes of a batch, by name: `result`, `mask` if it has one, and in training `gradient of …` and `update of …`. */
export type Answer = Readonly<Record<string, { readonly shape: Shape; readonly numbers: ArrayLike<number> }>>;

/** A layer for batches of some shapes. Weights follow from the seed and the names and shapes of the parameters alone. */
export class Probe {
  /** Whether it draws random numbers, which differ between shapes. */
  isRandom = false;
  readonly parameters: readonly ParameterSpec[];
  private readonly program;

  constructor(
    layer: Layer,
    rows: number,
    batches: readonly Batch[],
    private readonly training: boolean,
    /** For each input with a mask, the first one whose mask it shares. */
    masksOf: readonly number[],
  ) {
    const shapes = batches.map(({ shape }) => shape);
    this.parameters = layer.parameters(...shapes);
    const inputs: Record<string, Shape> = {};
    for (const [i, { shape, mask }] of batches.entries()) {
      inputs[`x ${i}`] = [rows, ...shape];
      if (mask) inputs[`mask ${i}`] = [rows, shape[0]];
    }
    for (const { name, shape } of this.parameters) inputs[`noise ${name}`] = shape;
    this.program = compileStep({ inputs }, rows, ({ inputs }) => {
      const values = batches.map((_, i) => inputs[`x ${i}`]);
      const masks = batches.map(({ mask }, i) => mask && inputs[`mask ${masksOf[i]}`]);
      return { outputs: this.outputsOf(layer, values, masks, inputs) };
    });
  }

  /** Results at the steps that count, and what follows from them: the loss is a sum of them with weights. */
  private outputsOf(
    layer: Layer,
    values: readonly Value[],
    masks: readonly (Value | undefined)[],
    inputs: Readonly<Record<string, Value>>,
  ): Record<string, Value> {
    const [{ graph }] = values;
    const parameters: Record<string, Value> = {};
    for (const [i, { name, shape, initializer, trainable = true }] of this.parameters.entries()) {
      const first = getInitializer(initializer)(graph, shape, 1000 + i);
      parameters[name] = trainable ? add(first, mul(inputs[`noise ${name}`], 0.5)) : first;
    }
    const hyperparameters = Object.fromEntries(
      Object.entries(layer.hyperparameters).map(([name, number]) => [name, constant(graph, number)]),
    );
    const updates: Record<string, Value> = {};
    const context: LayerContext = givenTo(layer, {
      ...{ inputs: values, x: values[0], masks, parameters, hyperparameters },
      ...{ training: this.training, trainable: layer.trainable !== false, stream: 0 },
      update(name, value) {
        updates[name] = value;
      },
    });
    const before = graph.nodes.length;
    const result = layer.call(context);
    this.isRandom = graph.nodes.slice(before).some(({ op }) => op === "randomUniform");
    const mask = maskAfter(layer, context, result.shape.slice(1));
    const counted = mask ? whereCounted(result, mask) : result;
    const outputs: Record<string, Value> = { result: counted, ...(mask && { mask }) };
    if (!this.training) return outputs;
    // its weights are numbered step by step, so that more steps have the same ones
    const loss = sum(mul(counted, constant(graph, weightsFor(counted.shape), counted.shape)));
    const trained = this.parameters.filter(({ trainable }) => trainable !== false).map(({ name }) => name);
    const all = gradients(loss, [...trained.map((name) => parameters[name]), ...values]);
    for (const [i, name] of trained.entries()) outputs[`gradient of ${name}`] = all[i];
    for (const i of values.keys()) outputs[`gradient of input ${i}`] = all[trained.length + i];
    for (const [name, value] of Object.entries(updates)) outputs[`update of ${name}`] = value;
    return outputs;
  }

  /** @param seed - of the weights and of what the layer draws */
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
