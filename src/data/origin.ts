/** How errors name the rows of data: as they are numbered where the user has them. */

/** Where the rows of a data set come from. Plain data. */
export interface RowOrigin {
  /** Whether they are rows of a table, which errors count from 1 below its header; others from 0. */
  readonly isTable?: true;
  /** `[rows]`: the number of each there, from 0. @defaultValue the same rows */
  readonly rows?: Int32Array;
  /** @internal The rows behind these: those of `validationData`. */
  readonly validation?: { readonly from: number; readonly origin: RowOrigin };
}

/** The number of a row where it comes from, for an error that says `row ${rowIn(origin, row)}`. */
export function rowIn(origin: RowOrigin | undefined, row: number): number | string {
  const { isTable, rows, validation } = origin ?? {};
  if (validation && row >= validation.from)
    return `${rowIn(validation.origin, row - validation.from)} of validationData`;
  const there = rows?.[row] ?? row;
  return isTable ? belowHeader(there) : there;
}

/** A row of a table, from 0, as errors count it. */
export const belowHeader = (row: number): string => `${row + 1} below the header`;

/** The origin of some rows of those that come from `of`. */
export function originOf(of: RowOrigin | undefined, rows: Int32Array): RowOrigin {
  const { validation: _, ...origin } = of ?? {};
  return { ...origin, rows: rows.map((row) => origin.rows?.[row] ?? row) };
}
