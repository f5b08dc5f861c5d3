/** `fettle export`: writes a saved model in another format. */
import { basename, dirname, extname, join } from "node:path";
import { must } from "../errors.js";
import type { ExportFormat } from "../model/export/exportModel.js";
import { defineCommand } from "./command.js";
import { isFolder } from "./files.js";
import { type FlagsOf, required, text } from "./flags.js";
import { lockFolder } from "./lock.js";
import { readModel } from "./modelFile.js";
import { checkWritable, makeFolder, namesFolder, writeWhole } from "./output.js";
import { note, printLines } from "./streams.js";

const EXPORT = {
  to: required(text<ExportFormat>("<format>", "tfjs, onnx, safetensors or js")),
  out: text("<where>", "folder to write the files to; or the file, if the format has only one", "."),
};
type ExportFlags = FlagsOf<typeof EXPORT>;

export const define = defineCommand({
  description:
    "Write a saved model for TensorFlow.js, for ONNX Runtime, as safetensors, or as a JavaScript module without dependencies.",
  arguments: [["<model>", "model file, such as study/model.fettle"]],
  flags: EXPORT,
  after: `Examples:
  fettle export study/model.fettle --to onnx --out digits.onnx
  fettle export study/model.fettle --to tfjs --out public/model
  fettle export study/model.fettle --to js --out price.mjs`,
  run,
});

/**
 * The folder and the files in it.
 *
 * @throws FettleError `invalid_argument` for a file if the format has several, or for another ending
 */
function placed<F>(
  files: Readonly<Record<string, F>>,
  where: string,
): readonly [folder: string, files: Readonly<Record<string, F>>] {
  const endings = Object.keys(files).map(extname);
  const ending = extname(where).toLowerCase();
  if (namesFolder(where) || isFolder(where) || !ENDINGS.includes(ending)) return [where, files];
  const [first, ...others] = Object.keys(files);
  must(
    others.length === 0 && endings[0] === ending,
    "--out",
    others.length > 0
      ? `a folder, for ${1 + others.length} files`
      : `a folder, or a file that ends in ${endings[0]}`,
    where,
  );
  return [dirname(where), { [basename(where)]: files[first] }];
}

/** Names with these endings are files. */
const ENDINGS = [".onnx", ".safetensors", ".mjs", ".js", ".cjs", ".json", ".bin"];

async function run(path: string, { to, out: where }: ExportFlags): Promise<void> {
  const model = await readModel(path);
  const { exportModel } = await import("../model/export/exportModel.js");
  const { files: made, notes } = exportModel(model, to);
  const [out, files] = placed(made, where);
  makeFolder(out);
  checkWritable(out, Object.keys(files));
  const lock = await lockFolder(out);
  try {
    for (const [name, contents] of Object.entries(files)) writeWhole(join(out, name), contents);
  } finally {
    lock.release();
  }
  printLines([
    `Written: ${Object.keys(files)
      .map((name) => join(out, name))
      .join(", ")}`,
  ]);
  for (const each of notes) note(`note: ${each}`);
}
