/** `fettle export`: writes a saved model in another format. */
import { join } from "node:path";
import type { Command } from "commander";
import type { ExportFormat } from "../model/export/exportModel.js";
import { EXIT } from "./exit.js";
import { lockFolder } from "./lock.js";
import { readModel } from "./modelFile.js";
import { checkWritable, makeFolder, writeWhole } from "./output.js";
import { note, printLines } from "./streams.js";

/** The flags, as commander gives them. */
interface ExportFlags {
  readonly to: ExportFormat;
  readonly out: string;
}

/** Adds the command; `done` receives the exit code. */
export function addExportCommand(program: Command, done: (exitCode: number) => void): void {
  program
    .command("export")
    .summary("write a saved model in another format")
    .description(
      "Write a saved model for TensorFlow.js, for ONNX Runtime, as safetensors, or as a JavaScript module without dependencies.",
    )
    .argument("<model>", "model file, such as study/model.fettle")
    .requiredOption("--to <format>", "tfjs, onnx, safetensors or js")
    .option("--out <folder>", "folder that the files are written to", ".")
    .addHelpText(
      "after",
      `
Examples:
  fettle export study/model.fettle --to onnx
  fettle export study/model.fettle --to tfjs --out public/model`,
    )
    .action(async (model: string, flags: ExportFlags) => done(await run(model, flags)));
}

/** @returns the exit code */
async function run(path: string, { to, out }: ExportFlags): Promise<number> {
  const model = await readModel(path);
  const { exportModel } = await import("../model/export/exportModel.js");
  const { files, notes } = exportModel(model, to);
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
  return EXIT.success;
}
