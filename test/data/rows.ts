/** Columns as tests write and compare them: in one block, row by row. */
import { columnsOf } from "../../src/data/matrix.js";

/** `[rows, columns]` */
export function rowByRow({ columns }: { readonly columns: readonly ArrayLike<number>[] }): number[] {
  return Array.from({ length: columns[0].length }, (_, i) => columns.map((values) => values[i])).flat();
}

/** The columns of a block that is row by row. */
export const columnsFrom = (x: ArrayLike<number>, width: number): Float64Array[] =>
  columnsOf({ data: Float64Array.from(x), rows: x.length / width, columns: width });
