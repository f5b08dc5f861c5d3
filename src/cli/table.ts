/** The table that a command works on: the options that say how to read it, and the reading. */
import type { Command } from "commander";
import { type Dataset, encodeTable, type MissingRule, type Task } from "../data/dataset.js";
import { readTable } from "../data/table.js";
import { inFile, readText } from "./files.js";
import { names } from "./options.js";

/** What commander hands over of them. */
export interface TableOptions {
  readonly target: string;
  readonly task: Task | "auto";
  readonly missing: MissingRule;
  readonly drop?: readonly string[];
}

/** Adds the argument and the options of a table to a command. */
export function addTableOptions(command: Command): Command {
  return command
    .argument("<data.csv>", "a table with a header line, its cells separated by , ; tab or |")
    .requiredOption("--target <column>", "the column to predict")
    .option("--task <name>", "classification, regression, or auto by the target's values", "auto")
    .option("--missing <rule>", "refuse missing cells, drop their rows, or impute them", "refuse")
    .option("--drop <columns>", "columns to leave out, between commas", names);
}

/** @throws FettleError naming the file, for one that cannot be read or holds no such table */
export function readDataset(file: string, { target, task, missing, drop = [] }: TableOptions): Dataset {
  const text = readText(file);
  return inFile(file, () => encodeTable(readTable(text), { target, task, missing, drop }));
}
