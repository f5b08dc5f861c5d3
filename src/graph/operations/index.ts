/**
 * All operations, exhaustive by type: an operation of the intermediate form without a row, or a row without a
 * gradient, does not compile. For tests and laws; the library reads only the rows of operations in use, see
 * `table.ts`.
 */
import type { OperationName } from "../graph.js";
import type { Rows } from "./operation.js";
import patchRows from "./patches.js";
import poolRows from "./pool.js";
import scanRows from "./scan.js";
import { commonRows } from "./table.js";

export const operations: Rows<OperationName> = { ...commonRows, ...patchRows, ...poolRows, ...scanRows };
