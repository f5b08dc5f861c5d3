/**
 * `fettle/export`: models in the formats of others, and networks from there.
 *
 * @packageDocumentation
 */
export { FettleError } from "../../errors.js";
export { type Exported, type ExportFormat, exportFormats, exportModel, importTfjs } from "./exportModel.js";
