/**
 * The instructions of random steps (`graphs.ts`): every operation of the table, and combinations that the
 * compiler treats specially.
 */
import * as f from "../graph/functions.js";
import { operationFacts } from "./operations/index.js";
import { rotate, same, type Writer, writeBinary, writeReduction, writeUnary } from "./operations/writers.js";

/** An instruction's number and four choices, whose meaning depends on it. */
export type Instruction = readonly [operation: number, a: number, b: number, c: number, d: number];

const combinations: readonly Writer[] = [
  writeUnary(f.gelu, same),
  writeUnary(f.square, (m) => m * m),
  writeBinary(
    (x, y) => f.add(f.sub(x, y), f.neg(f.sub(y, x))),
    (m, n) => 2 * (m + n),
  ),
  (pool, [a]) => {
    const x = pool.at(a);
    if (x.shape.length > 0 && x.shape[0] > 0) pool.add(rotate(x, f.sin), 1);
  },
  (pool, [a]) => {
    // dropout
    const x = pool.at(a);
    pool.add(
      f.mul(f.mul(x, f.greaterEqual(f.randomUniform(pool.graph, x.shape, 7), 0.5)), 2),
      2 * pool.size(x),
    );
  },
  writeReduction(f.mean, same),
];

export const writers: readonly Writer[] = [
  ...Object.values(operationFacts).flatMap(({ writers }) => writers),
  ...combinations,
];
