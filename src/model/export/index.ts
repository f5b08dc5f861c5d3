/**
 * `fettle/export`: models in other formats, and networks from them.
 *
 * @packageDocumentation
 */
export {
  type Exported,
  type ExportFormat,
  exportFormats,
  exportModel,
  importKeras,
  importOnnx,
  importTfjs,
} from "./exportModel.js";
export type { ImportOnnxOptions } from "./importOnnx.js";
