/** Columns as tests write and compare them: in one block, row by row. */

/** `[rows, columns]` */
export function rowByRow({ columns }: { readonly columns: readonly ArrayLike<number>[] }): number[] {
  return Array.from({ length: columns[0].length }, (_, i) => columns.map((values) => values[i])).flat();
}

/** The columns of a block that is row by row. */
export const columnsFrom = (x: ArrayLike<number>, width: number): Float64Array[] =>
  Array.from({ length: width }, (_, j) => Float64Array.from(x).filter((_value, i) => i % width === j));
