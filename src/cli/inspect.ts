/** `fettle inspect`: reads a table and prints what its columns are, for people or as a schema in JSON. */
import type { Command } from "commander";
import { drift } from "../data/diagnosis/drift.js";
import { describeModel, modelJson } from "../report/model.js";
import { describeDrift, describeSchema } from "../report/schema.js";
import { addTableFlags, readOtherFile, readTableFile, type TableFlags } from "./dataset.js";
import { EXIT } from "./exit.js";
import { inFlags } from "./explain.js";
import { titleOf } from "./files.js";
import { isModelFile, readModel } from "./modelFile.js";
import { paintFor, printLines, widthOf } from "./streams.js";

/** The flags, as commander gives them. */
interface InspectFlags extends TableFlags {
  readonly against?: string;
  readonly json?: true;
}

/** Adds the command; `done` receives the exit code. */
export function addInspectCommand(program: Command, done: (exitCode: number) => void): void {
  const command = program
    .command("inspect")
    .summary("show how a table is read")
    .description(
      "Show what each column of a table is: its kind, how its numbers are written, its missing cells and what is in doubt. " +
        "As JSON it is a schema, which --schema applies to other tables, edited or not.",
    );
  addTableFlags(command)
    .optionsGroup("Output:")
    .option("--json", "print the schema as JSON, or the differences")
    .option("--against <other.csv>", "compare the columns of another table, read by the schema of this one")
    .addHelpText(
      "after",
      `
Examples:
  fettle inspect examples/data/breast-cancer.csv
  fettle inspect sales.csv --json > schema.json
  fettle inspect sales.csv --against new-sales.csv
  fettle tune new-sales.csv --schema schema.json --target price`,
    )
    .action(async (file: string, flags: InspectFlags) => {
      if (isModelFile(file)) {
        const model = await readModel(file);
        printLines(
          flags.json
            ? [JSON.stringify(modelJson(model), null, 2)]
            : describeModel(titleOf(file), model, widthOf(process.stdout), paintFor(process.stdout)),
        );
        done(EXIT.success);
        return;
      }
      const table = await readTableFile(file, flags);
      const names = command.options.map((option) => option.attributeName());
      if (flags.against !== undefined) {
        const other = await readOtherFile(flags.against, flags, table.schema);
        const drifts = drift(table, other);
        const names = [titleOf(file), titleOf(flags.against)] as const;
        printLines(
          flags.json
            ? [JSON.stringify(drifts, null, 2)]
            : describeDrift(names, other.rows, drifts, widthOf(process.stdout)),
        );
        done(EXIT.success);
        return;
      }
      printLines(
        flags.json
          ? [JSON.stringify(table.schema, null, 2)]
          : describeSchema(titleOf(file), table, widthOf(process.stdout), paintFor(process.stdout), (doubt) =>
              inFlags(doubt, names),
            ),
      );
      done(EXIT.success);
    });
}
