/** What the tests of models share: data, refusals, and functions of values evaluated on an engine. */

import { gradients } from "../../src/autograd/grad.js";
import { compile } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import type { Executor } from "../../src/engine/executor.js";
import { FettleError } from "../../src/errors.js";
import type { Value } from "../../src/graph/graph.js";
import type { CompileOptions } from "../../src/nn/arguments/options.js";
import type { Callback } from "../../src/nn/callbacks/callback.js";
import type { Layer } from "../../src/nn/layers/index.js";
import { separate } from "../../src/nn/layers/layer.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import { type Sequential, sequential } from "../../src/nn/models/sequential.js";
import { RandomStream } from "../../src/numerics/random.js";

export const wasm: Executor = createEngine();
export const reference: Executor = createEngine({ executor: "reference" });

/** What `run` is refused with, as `code: message`; fails if it is not refused with a FettleError. */
export async function refusal(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (error instanceof FettleError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error("expected a FettleError, but nothing was thrown");
}

/** Multiples of 2^-10 in [-1, 1), which float32 holds exactly: [rows][columns]. */
export function randomRows(rows: number, columns: number, seed: number): number[][] {
  const stream = new RandomStream(seed, 0x6e6e);
  return Array.from({ length: rows }, () =>
    Array.from({ length: columns }, () => (stream.integer(2048) - 1024) / 1024),
  );
}

/** A stack of copies of layers: it shares weights with no other model of them. */
export const copied = (layers: readonly Layer[]): Sequential =>
  sequential(layers.map((layer) => separate(layer, layer.name)));

export function compiled(layers: readonly Layer[], options: CompileOptions): Sequential {
  const model = sequential(layers);
  model.compile(options);
  return model;
}

/** All parameters of a model, by path, as plain numbers. */
export function weightsOf(model: LayersModel): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(model.getWeights()).map(([path, { data }]) => [path, Array.from(data)]),
  );
}

/** A callback that puts these parameters in before the first epoch; all of them, end to end. */
export function startFrom(parameters: readonly number[]): Callback {
  return { onTrainBegin: (control) => control.setParameters(Float32Array.from(parameters)) };
}

/** f(x) of an array [rows, columns], and the gradient of its sum. */
export function evaluateWithGradient(
  executor: Executor,
  f: (x: Value) => Value,
  x: readonly (readonly number[])[],
): { value: number[]; gradient: number[] } {
  const shape = [x.length, x[0].length];
  const run = executor.load(
    compile((v: Value) => {
      const y = f(v);
      return [y, gradients(y, [v])[0]];
    }, shape),
  );
  const [value, gradient] = run(x).map(({ data }) => Array.from(data));
  run.free();
  return { value, gradient };
}
