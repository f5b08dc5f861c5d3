/**
 * Training steps of a random network, on the kernels as in `fit`, with a bound on the rounding error of each
 * number: laws that hold in exact numbers are then checked within the sum of the bounds of both sides, and no
 * more.
 */

import type { Program } from "../../src/compile/program.js";
import { dense, dropout } from "../../src/nn/layers/index.js";
import { chain, networkOf, type ParameterPlace } from "../../src/nn/network/network.js";
import {
  type Architecture,
  hyperparametersOf,
  architectureOf as makeArchitecture,
} from "../../src/nn/programs/architecture.js";
import { programOf } from "../../src/nn/programs/programs.js";
import type { Regularizer } from "../../src/nn/weights/regularizers.js";
import { RandomStream } from "../../src/numerics/random.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { sgd } from "../../src/optim/sgd.js";
import type { ModelCase } from "../../src/testing/arbitraries/models.js";
import { errorBounds } from "../../src/testing/bounds.js";
import { FLOAT32 } from "../../src/testing/operations/rounding.js";
import type { RunCase } from "../../src/testing/run.js";
import { wasm } from "../nn/support.js";

/** The network of a case, with an optimizer; `penalty` is on each kernel. */
export function architectureOf(
  given: ModelCase,
  optimizer: Optimizer,
  penalty: Regularizer = {},
): Architecture {
  const layers = given.hidden.map(({ units, activation }) =>
    dense(units, { activation, kernelRegularizer: penalty }),
  );
  const drops = given.dropout > 0 ? [dropout(given.dropout)] : [];
  const last = dense(given.y[0].length, { activation: given.output, kernelRegularizer: penalty });
  return makeArchitecture(
    networkOf(chain([...layers, ...drops, last]), given.x[0].length),
    given.loss,
    optimizer,
  );
}

/** Where each parameter of a case lies in their vector. */
export function placesOf(given: ModelCase): ParameterPlace[] {
  return [...architectureOf(given, sgd()).network.parameters];
}

/** Parameters of a case, by its seed: multiples of 2⁻¹⁰ in [−1, 1), which float32 holds exactly. */
export function anyParameters(given: ModelCase): number[] {
  const random = new RandomStream(given.seed, 0x6c77);
  const { offset, size } = placesOf(given)[placesOf(given).length - 1];
  return Array.from({ length: offset + size }, () => (random.integer(2048) - 1024) / 1024);
}

/** The program of a network's steps, and all that it is run on; in numbers that float32 holds. */
export function trainingOf(
  given: ModelCase,
  architecture: Architecture,
  parameters: readonly number[],
  options: Pick<RunCase, "batchSize" | "shuffle" | "steps">,
): { readonly program: Program; readonly task: RunCase } {
  const program = programOf(architecture, "train", options.batchSize);
  const first = wasm.start(programOf(architecture, "initialize", 1), { seed: given.seed });
  const numbers = Object.entries(hyperparametersOf(architecture)).map(
    ([name, value]) => [name, [Math.fround(value)]] as const,
  );
  for (const [name, [value]] of numbers) first.write(name, value);
  first.advance(1);
  const slots = first.program.outputs.map(({ name }) => [name, Array.from(first.read(name))] as const);
  first.free();
  return {
    program,
    task: {
      streams: { x: given.x.flat(), y: given.y.flat() },
      arrays: { ...Object.fromEntries([...numbers, ...slots]), parameters, lossSum: [0, 0] },
      dataRows: given.x.length,
      seed: given.seed,
      ...options,
    },
  };
}

/** Numbers, and how far each may be from what it is in exact arithmetic. */
export interface Bounded {
  readonly values: readonly number[];
  readonly errors: readonly number[];
}

/**
 * What one step of gradient descent on all rows of a case makes of some parameters; at rate 1 it takes off
 * the gradient.
 */
export function stepped(
  given: ModelCase,
  parameters: readonly number[],
  { penalty, learningRate = 1 }: { readonly penalty?: Regularizer; readonly learningRate?: number } = {},
): { readonly parameters: Bounded; readonly loss: Bounded } {
  const rows = given.x.length;
  const architecture = architectureOf(given, sgd({ learningRate }), penalty);
  const options = { batchSize: rows, shuffle: false, steps: 1 };
  const { program, task } = trainingOf(given, architecture, parameters, options);
  const x = wasm.matrix(rows, given.x[0].length, task.streams.x);
  const y = wasm.matrix(rows, given.y[0].length, task.streams.y);
  const run = wasm.start(program, { streams: { x, y }, batchSize: rows, seed: given.seed });
  for (const [name, values] of Object.entries(task.arrays)) run.write(name, values);
  run.advance(1);
  const input = (name: string): Float64Array => Float64Array.from(task.arrays[name] ?? task.streams[name]);
  const environment = { rows, seed: given.seed, step: 0, input };
  const { errors } = errorBounds({ nodes: [...program.graph.nodes] }, environment, FLOAT32);
  const bounded = (name: string): Bounded => ({
    values: Array.from(run.read(name)),
    errors: Array.from(errors[program.graph.state[name].output]),
  });
  const sum = bounded("lossSum");
  const added = (of: readonly number[]): number => of[0] + of[1];
  const loss = { values: [added(sum.values)], errors: [added(sum.errors)] };
  const result = { parameters: bounded("parameters"), loss };
  for (const held of [run, x, y]) held.free();
  return result;
}
