/** `fettle inspect`: reads a table and prints the kind of each column, as text or as a schema in JSON. */
import type { Command } from "commander";
import { drift } from "../data/diagnosis/drift.js";
import type { Decimal } from "../data/numbers.js";
import { receiptOf, settlementOf } from "../data/receipt.js";
import type { Settlement } from "../data/schema.js";
import { check, show } from "../errors.js";
import { describeModel, modelJson } from "../report/model.js";
import { describeDrift, describeSchema } from "../report/schema.js";
import { defineCommand } from "./command.js";
import { readOtherFile, readTableFile, TABLE, TABLE_HELP } from "./dataset.js";
import { titleOf } from "./files.js";
import { type FlagsOf, grouped, namesOf, text, turnOn } from "./flags.js";
import { inFlags, quoted } from "./messages.js";
import { isModelFile, readModel } from "./modelFile.js";
import { mustBeLeftOut } from "./resume.js";
import { paintFor, printLines, widthOf } from "./streams.js";
import { WholeFile } from "./wholeFile.js";

const INSPECT = {
  ...TABLE,
  ...grouped("Output:", {
    json: turnOn("print the schema as JSON, with the receipt, or the differences"),
    fix: {
      ...text(
        "<schema.json>",
        "write the schema, with every doubt settled in the most likely way, for you to check",
      ),
      conflicts: ["json", "against"],
    },
    against: text("<other.csv>", "compare the columns of another table, read by the schema of this one"),
  }),
};
type InspectFlags = FlagsOf<typeof INSPECT>;

export const define = defineCommand({
  description:
    "Show for each column of a table its kind, the format of its numbers, its missing cells and what is in doubt. " +
    "The JSON output is a schema, which --schema applies to other tables; it may be edited.",
  arguments: [["<data.csv>", TABLE_HELP]],
  flags: INSPECT,
  after: `Examples:
  fettle inspect examples/data/breast-cancer.csv
  fettle inspect sales.csv --json > schema.json
  fettle inspect sales.csv --fix schema.json
  fettle inspect sales.csv --against new-sales.csv
  fettle tune new-sales.csv --schema schema.json --target price`,
  run,
});

async function run(file: string, flags: InspectFlags, command: Command): Promise<void> {
  if (isModelFile(file)) mustBeLeftOut(command, ["json"], "a model, whose schema is known");
  printLines(await (isModelFile(file) ? linesOfModel(file, flags) : linesOfTable(file, flags)));
}

async function linesOfModel(file: string, { json }: InspectFlags): Promise<string[]> {
  const model = await readModel(file);
  return json
    ? [JSON.stringify(modelJson(model), null, 2)]
    : describeModel(titleOf(file), model, widthOf(process.stdout), paintFor(process.stdout));
}

async function linesOfTable(file: string, flags: InspectFlags): Promise<string[]> {
  const [width, paint] = [widthOf(process.stdout), paintFor(process.stdout)];
  const table = await readTableFile(file, flags);
  if (flags.against !== undefined) {
    const other = await readOtherFile(flags.against, flags, table.schema);
    const drifts = drift(table, other);
    const names = [titleOf(file), titleOf(flags.against)] as const;
    return flags.json ? [JSON.stringify(drifts, null, 2)] : describeDrift(names, other.rows, drifts, width);
  }
  const receipt = receiptOf(table);
  if (flags.fix !== undefined) return writeFix(file, flags, settlementOf(receipt), flags.fix);
  if (flags.json) return [JSON.stringify({ ...table.schema, receipt }, null, 2)];
  return describeSchema(titleOf(file), table, width, paint, (doubt) => inFlags(doubt, namesOf(INSPECT)));
}

const marksOf = (decimal: Settlement["decimal"]): Readonly<Record<string, Decimal>> =>
  typeof decimal === "object" ? decimal : {};

/**
 * Reads the table again, by the options that settle doubts, and writes its schema.
 *
 * @returns what was settled, in lines
 */
async function writeFix(
  file: string,
  flags: InspectFlags,
  settle: Settlement,
  path: string,
): Promise<string[]> {
  check(flags.schema === undefined, "--fix must be left out with --schema, which leaves nothing in doubt");
  const { na, decimal, dateOrder, as, ignoreCase } = settle;
  const { schema } = await readTableFile(file, {
    ...flags,
    na: [...(flags.na ?? []), ...(na ?? [])],
    ...(typeof flags.decimal !== "string" && { decimal: { ...marksOf(decimal), ...marksOf(flags.decimal) } }),
    ...(dateOrder && { dateOrder: flags.dateOrder ?? dateOrder }),
    as: { ...as, ...flags.as },
    ignoreCase: [...(flags.ignoreCase ?? []), ...(ignoreCase ?? [])],
  });
  const whole = await WholeFile.open(path);
  try {
    whole.write(`${JSON.stringify(schema, null, 2)}\n`);
    whole.finish();
  } finally {
    whole.close();
  }
  const settled = Object.entries(settle).map(([option, value]) => `  ${option}: ${JSON.stringify(value)}`);
  return [
    `wrote ${show(path)}; check it, then use it as --schema ${quoted(path)}`,
    ...(settled.length > 0 ? ["settled:", ...settled] : ["nothing was in doubt"]),
  ];
}
