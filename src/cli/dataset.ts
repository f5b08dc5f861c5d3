/** The table that a command works on: its flags, and its reading. */
import type { Command } from "commander";
import { type Dataset, encodeTable, type MissingRule, type Task } from "../data/dataset.js";
import { readTable, type Table } from "../data/table.js";
import { check } from "../errors.js";
import { inFile, readText } from "./files.js";
import { splitNames, texts } from "./flags.js";

/** The flags of a table, as commander gives them. */
export interface DatasetFlags {
  readonly target?: string;
  readonly task: Task | "auto";
  readonly missing: MissingRule;
  /** The text of each use. */
  readonly drop?: readonly string[];
}

/** Adds the argument and the flags of a table to a command. */
export function addDatasetFlags(command: Command): Command {
  return command
    .argument(
      "<data.csv>",
      "table with a header line, separated by commas, semicolons, tabs or |; - for standard input",
    )
    .optionsGroup("Data:")
    .option("--target <column>", "column to predict (required)")
    .option("--task <name>", "classification, regression, or auto: by the values of the target", "auto")
    .option("--missing <rule>", "missing cells: refuse them, drop their rows, or impute them", "refuse")
    .option("--drop <columns>", "columns to leave out, separated by commas", texts);
}

/** @throws FettleError naming the file, for one that cannot be read or holds no such table */
export function readDataset(file: string, { target, task, missing, drop = [] }: DatasetFlags): Dataset {
  const text = readText(file);
  return inFile(file, () => {
    const table = readTable(text);
    const columns = table.columns.map(({ name }) => name);
    check(
      target !== undefined,
      () => `choose the column to predict with --target; columns: ${columns.join(", ")}`,
    );
    return encodeTable(table, {
      target,
      task,
      missing,
      drop: drop.flatMap((given) => columnsIn(given, table)),
    });
  });
}

/** The columns that a text names: a column's name may have commas itself. */
function columnsIn(text: string, { columns }: Table): readonly string[] {
  return columns.some(({ name }) => name === text) ? [text] : splitNames(text);
}
