/**
 * `fettle/export`: models in other formats, and networks from them.
 *
 * @packageDocumentation
 */
export { type Exported, type ExportFormat, exportFormats, exportModel, importTfjs } from "./exportModel.js";
