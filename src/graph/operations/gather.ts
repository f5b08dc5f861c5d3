/**
 * Rows of a table by number, and the adjoint: sums of rows by number.
 *
 * @example
 * ```ts
 * createEngine().load(compile(takeRows, [2, 2], [3]))([[1, 2], [3, 4]], [1, 0, 1]); // [[3, 4], [1, 2], [3, 4]]
 * ```
 */
import { check } from "../../errors.js";
import type { Value } from "../graph.js";
import * as Opcode from "../opcodes/program.js";
import { checkShape, extent, showShape } from "../shape.js";
import { append } from "./append.js";
import { reshape } from "./broadcast.js";
import { equal, floor, greater, greaterEqual, mul, select } from "./elementwise.js";
import leafRows from "./leaves.js";
import type { Rows } from "./operation.js";

const rows: Rows<"takeRows" | "scatterRows"> = {
  /** Rows of a table [n, columns] by ids [m] → [m, columns]; an invalid id gives a row of NaN. */
  takeRows: {
    shape([table, ids]) {
      check(
        table.length === 2 && ids.length === 1,
        () =>
          `the operands of takeRows must be a table [n, columns] and ids [m]; received ${showShape(table)} and ${showShape(ids)}`,
        "invalid_shape",
      );
      return [ids[0], table[1]];
    },
    gradient: ({ g, inputs: [table, ids] }) => [scatterRows(g, ids, table.shape[0]), undefined],
    reference({ inputs: [table, ids], shapes: [[, columns]] }) {
      const at = (id: number, j: number): number =>
        Number.isInteger(id) ? (table[id * columns + j] ?? Number.NaN) : Number.NaN;
      return Float64Array.from({ length: ids.length * columns }, (_, k) =>
        at(ids[Math.floor(k / columns)], k % columns),
      );
    },
    lowering: {
      instruction: Opcode.TakeRows,
      operands: ({ shapes: [[rows, columns], ids] }) => ({
        [Opcode.TakeTarget]: "result",
        [Opcode.TakeTable]: { input: 0 },
        [Opcode.TakeRowCount]: extent([rows]),
        [Opcode.TakeColumns]: extent([columns]),
        [Opcode.TakeIds]: { input: 1 },
        [Opcode.TakeCount]: extent(ids),
      }),
    },
  },

  /**
   * Rows [m, columns] added up into a table [rows, columns] of zeros by ids [m]; rows without an id of the
   * table are dropped.
   */
  scatterRows: {
    shape([x, ids], { rows }) {
      check(
        x.length === 2 && ids.length === 1 && x[0] === ids[0],
        () =>
          `the operands of scatterRows must be rows [m, columns] and ids [m]; received ${showShape(x)} and ${showShape(ids)}`,
        "invalid_shape",
      );
      checkShape([rows], "scatterRows");
      return [rows, x[1]];
    },
    gradient({ g, inputs: [x, ids], attributes: { rows } }) {
      // a row that was dropped has gradient 0
      const end = append("count", leafRows.count, [], { of: [rows] }, g.graph);
      const kept = mul(equal(ids, floor(ids)), mul(greaterEqual(ids, 0), greater(end, ids)));
      return [select(reshape(kept, [x.shape[0], 1]), takeRows(g, ids), 0), undefined];
    },
    reference({ inputs: [x, ids], shapes: [[, columns]], shape: [rows] }) {
      const result = new Float64Array(rows * columns);
      x.forEach((value, k) => {
        const id = ids[Math.floor(k / columns)];
        // a typed array ignores writes outside its bounds
        if (Number.isInteger(id)) result[id * columns + (k % columns)] += value;
      });
      return result;
    },
    lowering: {
      instruction: Opcode.ScatterRows,
      operands: ({ shape: [rows, columns], shapes: [, ids] }) => ({
        [Opcode.ScatterTarget]: "result",
        [Opcode.ScatterSource]: { input: 0 },
        [Opcode.ScatterRowCount]: extent([rows]),
        [Opcode.ScatterColumns]: extent([columns]),
        [Opcode.ScatterIds]: { input: 1 },
        [Opcode.ScatterCount]: extent(ids),
      }),
    },
  },
};

export default rows;

/**
 * Rows of a table by number: [n, columns] and ids [m] → [m, columns]. Anything but an integer in [0, n), such
 * as a fraction, gives a row of NaN. Ids have no gradient.
 */
export const takeRows = (table: Value, ids: Value): Value =>
  append("takeRows", rows.takeRows, [table, ids], {});

/**
 * The sums of the rows with each id, the adjoint of `takeRows`: x [m, columns] and ids [m] → [rowCount,
 * columns]. Rows whose id is not an integer in [0, rowCount) are left out.
 */
export const scatterRows = (x: Value, ids: Value, rowCount: number): Value =>
  append("scatterRows", rows.scatterRows, [x, ids], { rows: rowCount });
