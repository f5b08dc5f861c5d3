/** Elements by the largest of windows: where they are smooth, and their rounding errors. */
import fc from "fast-check";
import * as f from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { placesOfWindows, pooledShape } from "../../graph/operations/pool.js";
import { hasRows, type Shape, sameShape } from "../../graph/shape.js";
import { anyDistinct, anyTensor } from "../arbitraries/tensors.js";
import type { OperationCase } from "./case.js";
import type { FactsOf } from "./facts.js";
import { gamma, type RuleContext } from "./rounding.js";
import type { Pool } from "./writers.js";

type Pair = readonly [number, number];
type Names = "takeLargest" | "scatterLargest";

interface Windows {
  /** [n, height, width, channels] */
  readonly images: Shape;
  readonly size: Pair;
  readonly options: Required<f.PoolOptions>;
}

/** Images, and windows that fit them. */
const drawn: fc.Arbitrary<Windows> = fc
  .tuple(...[2, 4, 3, 2].map((max) => fc.integer({ min: 1, max })))
  .chain((images) => {
    const pair = (draw: (axis: number) => fc.Arbitrary<number>) => fc.tuple(draw(0), draw(1));
    return pair((axis) => fc.integer({ min: 1, max: Math.min(3, images[axis + 1]) })).chain((size) =>
      fc.record({
        images: fc.constant(images),
        size: fc.constant(size),
        options: fc.record({
          strides: pair(() => fc.integer({ min: 1, max: 3 })),
          before: pair((axis) => fc.nat(size[axis] - 1)),
          after: pair((axis) => fc.nat(size[axis] - 1)),
        }),
      }),
    );
  });

/** A selector without ties, and an operand. */
const cases = (
  fn: (selector: Value, x: Value, size: Pair, options: f.PoolOptions) => Value,
  operand: (windows: Windows) => Shape,
): fc.Arbitrary<OperationCase> =>
  drawn.chain((windows) =>
    fc.record({
      fn: fc.constant((selector: Value, x: Value) => fn(selector, x, windows.size, windows.options)),
      args: fc.tuple(anyDistinct(windows.images), anyTensor(operand(windows))),
    }),
  );

export const poolFacts: FactsOf<Names> = {
  takeLargest: {
    cases: cases(f.takeLargest, ({ images }) => images),
    bound(context) {
      const {
        inputs: [, x],
        errors: [, e],
        value,
      } = context;
      return value.map((z, i) =>
        candidatesOf(context, context.shape)[i].reduce(
          (worst, at) => Math.max(worst, Math.abs(x[at] - z) + e[at]),
          0,
        ),
      );
    },
    writers: [
      (pool, choices) => {
        const x = imageOf(pool, choices[0]);
        if (x) pool.add(f.maxPool(x, ...windowsOn(x, choices)), pool.size(pool.at(choices[0])));
      },
      (pool, choices) => {
        const [given, x] = [pool.at(choices[0]), imageOf(pool, choices[0])];
        const other = pool.values.find((value) => sameShape(value.shape, given.shape)) as Value;
        if (x)
          pool.add(f.takeLargest(x, f.reshape(other, x.shape), ...windowsOn(x, choices)), pool.size(other));
      },
    ],
  },
  scatterLargest: {
    cases: cases(f.scatterLargest, ({ images, size, options }) => pooledShape(images, { size, ...options })),
    bound(context) {
      const {
        inputs: [, x],
        errors: [, e],
        shapes: [, out],
        value,
        precision,
        attributes: { size },
      } = context;
      const [spread, sums] = [new Float64Array(value.length), new Float64Array(value.length)];
      candidatesOf(context, out).forEach((candidates, i) => {
        for (const at of candidates) {
          spread[at] += candidates.length > 1 ? Math.abs(x[i]) + e[i] : e[i];
          sums[at] += Math.abs(x[i]) + e[i];
        }
      });
      return spread.map((s, at) => s + gamma(size[0] * size[1], precision) * sums[at]);
    },
    writers: [
      (pool, choices) => {
        const x = imageOf(pool, choices[0]);
        if (x === undefined) return;
        const [size, options] = windowsOn(x, choices);
        const taken = f.sin(f.maxPool(x, size, options));
        pool.add(f.scatterLargest(x, taken, size, options), size[0] * size[1]);
      },
    ],
  },
};

/** The places in each window that may have its largest element, given the errors. */
function candidatesOf(
  { inputs: [selector], errors: [e], shapes: [shape], attributes }: RuleContext<Names>,
  out: readonly number[],
): number[][] {
  return placesOfWindows(shape, out, attributes).map((places) => {
    const least = Math.max(...places.map((at) => selector[at] - e[at]));
    const possible = places.filter((at) => selector[at] + e[at] >= least);
    // without errors the first is certain
    return possible.every((at) => e[at] === 0) ? possible.slice(0, 1) : possible;
  });
}

/** A value as images, if its rows are in front. */
function imageOf(pool: Pool, choice: number): Value | undefined {
  const x = pool.at(choice);
  if (x.shape.slice(1).some((dim) => dim < 0)) return undefined;
  const [n = 1, ...rest] = hasRows(x.shape) || x.shape.length === 4 ? x.shape : [1, ...x.shape];
  return f.reshape(x, [n, ...rest, 1, 1, 1].slice(0, 4));
}

/** Windows that fit images. */
function windowsOn({ shape: [, height, width] }: Value, choices: readonly number[]): [Pair, f.PoolOptions] {
  const [, b, c, d] = choices;
  const size: Pair = [Math.min(1 + (b % 3), height), Math.min(1 + (c % 3), width)];
  const padding = (most: number): Pair => [Math.min(most, size[0] - 1), Math.min(most, size[1] - 1)];
  return [size, { strides: [1 + (d % 2), 1 + (b % 2)], before: padding(c % 2), after: padding(d % 3) }];
}
