/** A layer over numbers: its result, and the gradients of a weighted sum of it. */
import { gradients } from "../../../../src/autograd/grad.js";
import { compile } from "../../../../src/compile/compile.js";
import type { Executor } from "../../../../src/engine/executor.js";
import { constant, mul, sum } from "../../../../src/graph/functions.js";
import type { Value } from "../../../../src/graph/graph.js";
import { sizeOf } from "../../../../src/graph/shape.js";
import type { Layer } from "../../../../src/nn/layers/index.js";

export interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export interface Given {
  /** [rows, ...shape] */
  readonly x: Numbers;
  /** By the names of the layer's parameters. */
  readonly weights: Readonly<Record<string, readonly number[]>>;
  /** [rows, steps]; without it all steps count. */
  readonly mask?: readonly number[];
  /** What the result is multiplied by before the sum. Default: ones. */
  readonly probe?: readonly number[];
}

export interface Evaluated {
  readonly value: number[];
  /** By `x` and by every weight. */
  readonly gradients: Record<string, number[]>;
}

export function evaluated(executor: Executor, layer: Layer, { x, weights, mask, probe }: Given): Evaluated {
  const [rows, ...row] = x.shape;
  const specs = layer.parameters(row);
  const resultShape = [rows, ...layer.outputShape(row)];
  const program = compile(
    (input: Value, factors: Value, counts: Value, ...arrays: Value[]): Value[] => {
      const parameters = Object.fromEntries(specs.map(({ name }, i) => [name, arrays[i]]));
      const y = layer.call({
        inputs: [input],
        x: input,
        parameters,
        training: false,
        trainable: true,
        stream: 0,
        ...(mask && { masks: [counts] }),
        hyperparameters: Object.fromEntries(
          Object.entries(layer.hyperparameters).map(([name, value]) => [name, constant(input.graph, value)]),
        ),
        update: () => {},
      });
      return [y, ...gradients(sum(mul(y, factors)), [input, ...arrays])];
    },
    x.shape,
    resultShape,
    [rows, row[0]],
    ...specs.map(({ shape }) => shape),
  );
  const run = executor.load(program) as unknown as (...arrays: unknown[]) => { data: ArrayLike<number> }[];
  const [value, ofX, ...ofWeights] = run(
    x.data,
    probe ?? Array(sizeOf(resultShape)).fill(1),
    mask ?? Array(rows * row[0]).fill(1),
    ...specs.map(({ name }) => weights[name]),
  ).map(({ data }) => Array.from(data));
  return {
    value,
    gradients: { x: ofX, ...Object.fromEntries(specs.map(({ name }, i) => [name, ofWeights[i]])) },
  };
}

/** The largest difference, as a share of the largest number. */
export function difference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const most = Math.max(...b.map(Math.abs), 2 ** -20);
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]))) / most;
}
