/** Rows of a table whose targets are known, read for a saved model. */
import { rowsWithTargets } from "../data/columns.js";
import { type EncodedRows, encodeRows, weightsOfRows } from "../data/dataset.js";
import type { RowOrigin } from "../data/origin.js";
import { columnNamed, type Table } from "../data/table.js";
import { check, show } from "../errors.js";
import type { Model } from "../model/model.js";
import type { TableDescription } from "../predict/description.js";
import { count } from "../report/format.js";
import { readOtherFile } from "./dataset.js";
import { inFile } from "./files.js";
import { type FlagsOf, text } from "./flags.js";
import { ROWS } from "./modelFile.js";
import { note } from "./streams.js";

/** The flags of reading them. */
export const SCORED = { ...ROWS, weight: text("<column>", "column with each row's weight in the scores") };
type ScoredFlags = FlagsOf<typeof SCORED>;

/** @throws FettleError `invalid_argument` for a network without a table */
export function tableOf({ table }: Model, path: string): TableDescription {
  check(table !== undefined, () => `${show(path)} must be a model of a table; it contains only a network`);
  return table;
}

/** Every row of a table, by the schema of the model. */
export function readRowsFor(
  table: TableDescription,
  model: Model,
  file: string,
  { weight, unknown, ...flags }: ScoredFlags,
): Promise<Table> {
  const { columns } = table.schema;
  // the model has no column of weights
  const isRead = weight === undefined || columns.some(({ name }) => name === weight);
  const more = isRead ? [] : [{ name: weight, kind: "number" as const, categories: [] }];
  const schema = { ...table.schema, columns: [...columns, ...more] };
  return readOtherFile(file, flags, schema, unknown ?? model.unknown);
}

/** Rows whose targets are known. */
export interface ScoredRows extends EncodedRows {
  readonly sampleWeight?: Float64Array;
  readonly origin: RowOrigin;
}

/**
 * Those of its rows that have the targets; a note says how many have not.
 *
 * @returns also how many are left out
 */
export function scoredRows(
  all: Table,
  table: TableDescription,
  file: string,
  { weight }: Pick<ScoredFlags, "weight">,
): { readonly rows: ScoredRows; readonly leftOut: number } {
  const { table: read, rows: kept } = rowsWithTargets(all, table.targets ?? [table.target]);
  const leftOut = all.rows - read.rows;
  if (leftOut > 0)
    note(`${leftOut} of ${count(all.rows, "row")} lack target ${show(table.target)} and are left out.`);
  return inFile(file, () => {
    const sampleWeight = weight === undefined ? undefined : weightsOfRows(columnNamed(all, weight), kept);
    const rows = encodeRows(read, table);
    check(
      rows.y !== undefined,
      () => `the column ${show(table.target)} must be present, to score against`,
      "invalid_data",
    );
    return {
      rows: { ...rows, origin: { isTable: true, rows: kept }, ...(sampleWeight && { sampleWeight }) },
      leftOut,
    };
  });
}
