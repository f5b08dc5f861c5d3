/**
 * Parquet files as records, by the optional package hyparquet. It does not interpret columns; see
 * `readRecords`.
 */
import { limitsOf, mustFit } from "../data/limits.js";
import type { RecordValue } from "../data/read.js";
import { FettleError } from "../errors.js";
import { reasonOf } from "./fileErrors.js";
import { firstBytes, inFile, nameOf } from "./files.js";

type Hyparquet = Pick<
  typeof import("hyparquet"),
  "asyncBufferFromFile" | "parquetMetadataAsync" | "parquetReadObjects"
>;

/** Whether a file begins like a Parquet file. */
export const isParquet = (path: string): boolean => firstBytes(path, 4) === "PAR1";

/**
 * All rows of a Parquet file, as objects.
 *
 * @param load - default: imports the package `hyparquet`
 * @throws FettleError `unsupported` if it is not installed; `invalid_data` for a file that it cannot read;
 * `memory_limit` for a file whose header exceeds a limit, before anything is unpacked
 */
export async function parquetRecords(
  path: string,
  limits = limitsOf(),
  load: () => Promise<Hyparquet> = () => import("hyparquet"),
): Promise<Record<string, RecordValue>[]> {
  let hyparquet: Hyparquet;
  try {
    hyparquet = await load();
  } catch (error) {
    const message = `${nameOf(path)} is a Parquet file, which needs the package hyparquet; run npm install hyparquet`;
    throw new FettleError("unsupported", message, { cause: error });
  }
  let rows: Record<string, unknown>[];
  try {
    const file = await hyparquet.asyncBufferFromFile(path);
    const metadata = await hyparquet.parquetMetadataAsync(file);
    const columns = metadata.schema.filter(({ num_children }) => !num_children).length;
    const count = Number(metadata.num_rows);
    const bytes = metadata.row_groups.reduce((sum, group) => sum + Number(group.total_byte_size), 0);
    inFile(path, () => {
      mustFit(limits, "rows", count);
      mustFit(limits, "columns", columns);
      mustFit(limits, "cells", count * columns);
      mustFit(limits, "length", bytes);
    });
    rows = await hyparquet.parquetReadObjects({ file, metadata });
  } catch (error) {
    if (error instanceof FettleError) throw error;
    const message = `${nameOf(path)} cannot be read as Parquet: ${reasonOf(error)}; write it again, uncompressed or compressed with Snappy`;
    throw new FettleError("invalid_data", message, { cause: error });
  }
  for (const row of rows)
    for (const name of Object.keys(row)) {
      // an integer beyond 2^53 is rounded as a number, and exact as text
      if (typeof row[name] === "bigint") row[name] = String(row[name]);
    }
  return rows as Record<string, RecordValue>[];
}
