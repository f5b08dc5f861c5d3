/** Elements by the largest of windows: where they are smooth, and how far rounding may take them. */
import fc from "fast-check";
import * as f from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { placesOfWindows, type WindowOptions, windowsOf, windowsShape } from "../../graph/operations/pool.js";
import { type Shape, sameShape } from "../../graph/shape.js";
import { anyDistinct, anyTensor } from "../arbitraries/tensors.js";
import type { OperationCase } from "./case.js";
import type { FactsOf } from "./facts.js";
import { gamma, type RuleContext } from "./rounding.js";
import type { Pool } from "./writers.js";

type Names = "takeLargest" | "scatterLargest";

/** Images and windows that fit into them. */
const drawn: fc.Arbitrary<{ shape: Shape; windows: WindowOptions }> = fc
  .tuple(...[2, 4, 3, 2].map((max) => fc.integer({ min: 1, max })))
  .chain((shape) => {
    const pair = (draw: (axis: number) => fc.Arbitrary<number>) => fc.tuple(draw(0), draw(1));
    return pair((axis) => fc.integer({ min: 1, max: Math.min(3, shape[axis + 1]) })).chain((size) =>
      fc.record({
        shape: fc.constant(shape),
        windows: fc.record({
          size: fc.constant(size),
          strides: pair(() => fc.integer({ min: 1, max: 3 })),
          before: pair((axis) => fc.nat(size[axis] - 1)),
          after: pair((axis) => fc.nat(size[axis] - 1)),
        }),
      }),
    );
  });

/** A selector without ties, and an operand. */
const cases = (
  fn: (selector: Value, x: Value, windows: WindowOptions) => Value,
  operand: (shape: Shape, windows: WindowOptions) => Shape,
): fc.Arbitrary<OperationCase> =>
  drawn.chain(({ shape, windows }) =>
    fc.record({
      fn: fc.constant((selector: Value, x: Value) => fn(selector, x, windows)),
      args: fc.tuple(anyDistinct(shape), anyTensor(operand(shape, windows))),
    }),
  );

export const poolFacts: FactsOf<Names> = {
  takeLargest: {
    cases: cases(f.takeLargest, (shape) => shape),
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
        const [x, windows] = [imageOf(pool, choices), windowsFor(pool, choices)];
        if (x === undefined || windows === undefined) return;
        pool.add(f.maxPool(x, windows), pool.size(pool.at(choices[0])));
      },
      (pool, choices) => {
        const [x, windows] = [imageOf(pool, choices), windowsFor(pool, choices)];
        if (x === undefined || windows === undefined) return;
        const other = pool.values.find((value) => sameShape(value.shape, pool.at(choices[0]).shape)) as Value;
        pool.add(f.takeLargest(x, f.reshape(other, x.shape), windows), pool.size(other));
      },
    ],
  },
  scatterLargest: {
    cases: cases(f.scatterLargest, (shape, windows) => windowsShape(shape, windowsOf(windows))),
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
        const [x, windows] = [imageOf(pool, choices), windowsFor(pool, choices)];
        if (x === undefined || windows === undefined) return;
        const g = f.sin(f.maxPool(x, windows));
        pool.add(f.scatterLargest(x, g, windows), windows.size[0] * windows.size[1]);
      },
    ],
  },
};

/** The places in each window that may be of its largest element, for all that errors may do. */
function candidatesOf(
  { inputs: [selector], errors: [e], shapes: [shape], attributes }: RuleContext<Names>,
  out: readonly number[],
): number[][] {
  return placesOfWindows(shape, out, attributes).map((places) => {
    const least = Math.max(...places.map((at) => selector[at] - e[at]));
    const possible = places.filter((at) => selector[at] + e[at] >= least);
    // of exact ones the first is certain
    return possible.every((at) => e[at] === 0) ? possible.slice(0, 1) : possible;
  });
}

/** A value as images, if its rows are in front. */
function imageOf(pool: Pool, [a]: readonly number[]): Value | undefined {
  const { shape } = pool.at(a);
  if (shape.slice(1).some((dim) => dim < 0)) return undefined;
  const [n = 1, ...rest] =
    shape[0] === undefined || shape[0] < 0 || shape.length === 4 ? shape : [1, ...shape];
  return f.reshape(pool.at(a), [n, ...rest, 1, 1, 1].slice(0, 4));
}

/** Windows that fit into it. */
function windowsFor(pool: Pool, choices: readonly number[]): WindowOptions | undefined {
  const [, b, c, d] = choices;
  const x = imageOf(pool, choices);
  if (x === undefined) return undefined;
  const size = [1 + (b % 3), 1 + (c % 3)].map((n, i) => Math.min(n, x.shape[i + 1]));
  return {
    size,
    strides: [1 + (d % 2), 1 + (b % 2)],
    before: size.map((n) => Math.min(c % 2, n - 1)),
    after: size.map((n) => Math.min(d % 3, n - 1)),
  };
}
