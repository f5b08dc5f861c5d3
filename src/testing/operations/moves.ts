/** Leaves and operations that move elements: where each is smooth, and its rounding errors. */
import fc from "fast-check";
import * as f from "../../graph/functions.js";
import { count } from "../../graph/operations/leaves.js";
import { hasRows, ROWS, type Shape, sameShape, sizeOf } from "../../graph/shape.js";
import { anyBroadcast, anyShape, numbers } from "../arbitraries/tensors.js";
import { cases, ofShape, unary } from "./case.js";
import type { FactsOf } from "./facts.js";
import { exact, gamma, moved } from "./rounding.js";
import {
  along,
  fixedAxes,
  onlyRowsOf,
  same,
  toMatrix,
  writeAlong,
  writeMove,
  writeUnary,
} from "./writers.js";

const { real } = numbers;
const anyVector = fc.integer({ min: 1, max: 4 });

/** Halfway between two row numbers, since a row number itself is where `floor` jumps. */
const id: fc.Arbitrary<number> = fc.integer({ min: -1, max: 3 }).map((n) => n + 0.5);

/** Three dimensions. */
const matrices = fc.tuple(anyVector, anyVector, anyVector);

type Leaf = "input" | "constant" | "count" | "randomUniform" | "step";
type Move = "broadcast" | "reshape" | "transpose" | "slice" | "pad" | "concat" | "takeRows" | "scatterRows";

export const moveFacts: FactsOf<Leaf | Move | "stopGradient" | "flushGradient"> = {
  input: { cases: undefined, bound: ({ attributes, errorOf }) => errorOf(attributes.name), writers: [] },
  constant: {
    cases: undefined,
    bound: ({ value, precision }) =>
      value.map((x) => (precision.round(x) === x ? 0 : Math.abs(precision.round(x) - x))),
    writers: [
      (pool, [a]) => pool.add(f.constant(pool.graph, [0.5, -1, 0.1, 2].slice(0, 1 + (a % 4))), 2),
      (pool, [a, b]) => pool.add(f.constant(pool.graph, ((a % 7) - 3) / ((b % 5) + 1)), 3),
    ],
  },
  count: {
    cases: undefined,
    bound: exact,
    writers: [(pool, [a]) => pool.add(f.div(count(pool.at(a)), 1000), 1)],
  },
  randomUniform: {
    cases: undefined,
    bound: exact,
    writers: [
      (pool, [a, b]) =>
        pool.add(f.randomUniform(pool.graph, [[ROWS, 3], [5], [2, ROWS], [ROWS, 1]][a % 4], b % 3), 1),
    ],
  },
  step: { cases: undefined, bound: exact, writers: [(pool) => pool.add(f.div(f.step(pool.graph), 16), 4)] },
  stopGradient: {
    cases: unary((x) => f.mul(f.stopGradient(f.constant(x.graph, 3)), x)),
    bound: moved("stopGradient"),
    writers: [writeUnary(f.stopGradient, same)],
  },
  flushGradient: {
    cases: unary(f.flushGradient),
    bound: moved("flushGradient"),
    writers: [writeUnary(f.flushGradient, same)],
  },
  broadcast: {
    cases: anyBroadcast().chain(([shape]) =>
      cases(fc.constant([shape]), () =>
        fc.constant((x) => f.broadcastTo(x, [2, ...shape.map((dim) => (dim === 1 ? 3 : dim))])),
      ),
    ),
    bound: moved("broadcast"),
    writers: [
      writeMove((x, b) =>
        f.broadcastTo(x, [1 + (b % 3), ...x.shape.map((dim) => (dim === 1 && b % 2 === 0 ? 3 : dim))]),
      ),
      // broadcast over the rows of the batch
      writeMove((x, b) =>
        f.broadcastTo(x, hasRows(x.shape) ? x.shape : [ROWS, ...(b % 2 === 0 ? [] : [1]), ...x.shape]),
      ),
    ],
  },
  reshape: {
    cases: ofShape((shape) =>
      fc.constantFrom([...shape].reverse(), [1, sizeOf(shape)]).map((to) => (x) => f.reshape(x, to)),
    ),
    bound: moved("reshape"),
    writers: [
      writeMove((x, b) => {
        const { shape } = x;
        const [rows, rest] = [onlyRowsOf(x).map(() => ROWS), sizeOf(shape)];
        const forms = [[...rows, rest], [rest, ...rows], [1, ...shape], [...shape, 1], rowsMerged(shape)];
        return f.reshape(x, forms[b % 5]);
      }),
    ],
  },
  transpose: {
    cases: ofShape(
      (shape) =>
        fc
          .shuffledSubarray([...shape.keys()], { minLength: shape.length })
          .map((permutation) => (x) => f.transpose(x, permutation)),
      fc.oneof(anyShape(), matrices, fc.tuple(anyVector, anyVector, anyVector, fc.constant(2))),
    ),
    bound: moved("transpose"),
    writers: [
      writeMove((x, b) => {
        const axes = [...x.shape.keys()];
        const turn = axes.length > 0 ? b % axes.length : 0;
        return f.transpose(x, b % 2 === 0 ? [...axes.slice(turn), ...axes.slice(0, turn)] : axes.reverse());
      }),
    ],
  },
  slice: {
    cases: ofShape((shape) =>
      fc
        .tuple(...shape.map((dim) => fc.integer({ min: 0, max: dim - 1 })))
        .chain((begin) =>
          fc
            .tuple(...shape.map((dim, i) => fc.integer({ min: 1, max: dim - begin[i] })))
            .map((size) => (x) => f.slice(x, begin, size)),
        ),
    ),
    bound: moved("slice"),
    writers: [
      writeAlong((x, axis, c, d) => {
        const begin = c % x.shape[axis];
        const length = 1 + (d % (x.shape[axis] - begin));
        return f.slice(x, along(x, axis, begin), x.shape.with(axis, length));
      }),
    ],
  },
  pad: {
    cases: ofShape((shape) =>
      fc.tuple(...shape.map(() => fc.tuple(fc.nat(2), fc.nat(2)))).map((ends) => {
        const [before, after] = [0, 1].map((end) => ends.map((both) => both[end]));
        return (x) => f.pad(x, before, after);
      }),
    ),
    bound: moved("pad"),
    writers: [writeAlong((x, axis, c, d) => f.pad(x, along(x, axis, c % 3), along(x, axis, d % 3)))],
  },
  concat: {
    cases: anyShape({ minRank: 1 })
      .chain((shape) =>
        fc.record({ axis: fc.nat(shape.length - 1), other: anyVector, shape: fc.constant(shape) }),
      )
      .chain(({ axis, other, shape }) =>
        cases(
          fc.constant([shape, shape.map((dim, i) => (i === axis ? other : dim))]),
          // the first occurs twice, so that its gradients add up
          () => fc.constant((x, y) => f.concat([x, y, x], axis)),
        ),
      ),
    bound: moved("concat"),
    writers: [
      (pool, [a, b, c]) => {
        const x = pool.at(a);
        const axes = fixedAxes(x);
        if (axes.length === 0) return;
        const parts = [x, f.neg(x), ...pool.values.filter((y) => sameShape(y.shape, x.shape)).slice(-2)];
        const axis = axes[b % axes.length];
        pool.add(
          f.concat(parts.slice(c % 2, 2 + (c % 3)), axis),
          Math.max(...parts.map((part) => pool.size(part))),
        );
      },
    ],
  },
  takeRows: {
    cases: cases(
      matrices.map(([rows, columns, count]) => [[rows, columns], [count]]),
      // anything but an id would be NaN
      ([[rows]]) =>
        fc.constant((table, ids) => f.takeRows(table, f.floor(f.maximum(f.minimum(ids, rows - 0.5), 0.5)))),
      real,
      fc.nat(3).map((n) => n + 0.25),
    ),
    bound({ inputs: [table, ids], errors: [e, eIds], shapes: [[, columns]], value }) {
      return value.map((z, k) => {
        const [i, j] = [Math.floor(k / columns), k % columns];
        let worst = 0;
        for (const row of rowsAround(ids[i], eIds[i])) {
          const at = row * columns + j;
          worst = Math.max(worst, Math.abs(table[at] - z) + e[at]);
        }
        return worst;
      });
    },
    writers: [
      (pool, [a], ids) => {
        const table = toMatrix(pool.at(a));
        // the rows of the batch cannot be a table
        const tall = table.shape[0] < 0 ? f.transpose(table) : table;
        if (tall.shape[1] < 0) return;
        pool.add(f.takeRows(tall, f.minimum(ids, sizeOf([tall.shape[0]]) - 1)), pool.size(pool.at(a)));
      },
    ],
  },
  scatterRows: {
    cases: cases(
      matrices.map(([, columns, count]) => [[count, columns], [count]]),
      () => fc.constant((x, ids) => f.scatterRows(x, f.floor(ids), 3)),
      real,
      id,
    ),
    bound({ inputs: [x, ids], errors: [e, eIds], shapes: [[, columns]], value, precision }) {
      const result = new Float64Array(value.length);
      const sums = new Float64Array(value.length);
      ids.forEach((id, i) => {
        const rows = rowsAround(id, eIds[i]);
        for (const row of rows) {
          for (let j = 0; j < columns; j++) {
            const at = row * columns + j;
            if (at < 0 || at >= result.length) continue;
            const size = Math.abs(x[i * columns + j]) + e[i * columns + j];
            result[at] += rows.length > 1 ? size : e[i * columns + j];
            sums[at] += size;
          }
        }
      });
      return result.map((spread, at) => spread + gamma(ids.length, precision) * sums[at]);
    },
    writers: [
      (pool, [a, b], ids) => {
        const x = toMatrix(pool.at(a));
        if (x.shape[0] !== ROWS || x.shape[1] < 0) return;
        // id 2 is outside a table of two rows, and is dropped
        pool.add(f.scatterRows(x, ids, 2 + (b % 2)), pool.size(pool.at(a)) * pool.rows);
      },
    ],
  },
};

/** The rows of the batch and the next axis joined, or split again. */
function rowsMerged(shape: Shape): Shape {
  const at = shape.findIndex((dim) => dim < 0);
  const [rows, next = ROWS] = shape.slice(at);
  const [before, after] = [shape.slice(0, at), shape.slice(at + 1)];
  if (at < 0 || (rows === ROWS && next < 0)) return shape;
  return rows === ROWS ? [...before, -next, ...after.slice(1)] : [...before, ROWS, -rows, ...after];
}

/** Every row that an uncertain id may mean. */
function rowsAround(id: number, error: number): number[] {
  const [first, last] = [Math.trunc(id - error), Math.trunc(id + error)];
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
