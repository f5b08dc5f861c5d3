/**
 * How flags are declared, and flags that need others, or that exclude them: each is refused word for word
 * before anything runs.
 */
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createProgram } from "../../src/cli/main.js";
import { dense, saveModel, sequential } from "../../src/index.js";
import { folder, smallTable } from "./fettle.js";

const before = process.cwd();
beforeAll(() =>
  process.chdir(
    folder({
      "data.csv": smallTable(),
      "space.json": '{"x":{"type":"float","low":0,"high":1}}',
      "rows.json": '[{"a":1},{"a":2}]',
      "two.json": '{"x":{"type":"float","low":0,"high":1},"size":{"type":"int","low":1,"high":9}}',
    }),
  ),
);
beforeAll(async () => {
  copyFileSync(join(before, "test/cli/table.parquet"), "table.parquet");
  const model = sequential([dense(1)]);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  await model.fit([[1], [2]], [[1], [2]]);
  writeFileSync("model.fettle", saveModel(model));
});
afterAll(() => process.chdir(before));

async function refusalOf(words: readonly string[]): Promise<string> {
  const program = await createProgram(() => {});
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
  const error: unknown = await program.parseAsync(words, { from: "user" }).catch((reason) => reason);
  return error instanceof Error ? error.message : "accepted";
}

const OPTIMIZE = ["optimize", "--space", "space.json"];
const TUNE = ["tune", "data.csv", "--target", "y"];
const EXPORT = ["studies", "export", "--storage", "s.db", "--study", "one"];
const program = ["--", "echo", "{x}"];
const stored = "--storage needs --study, the name of the study in the storage";
const named = "--study needs --storage, the place that the study is in";
const replaced = "--overwrite needs --out, the folder of the study to replace";
const kept = "--resume must be left out with --storage, which keeps the study";

it.each([
  [TUNE, "--storage s.db", [], stored],
  [TUNE, "--study one", [], named],
  [TUNE, "--overwrite", [], replaced],
  [TUNE, "--storage s.db --study one --resume out", [], kept],
  [TUNE, "--queue storage", [], "--queue needs --storage and --study, from which workers read the study"],
  [TUNE, "--jobs 0", [], "--jobs must be at least 1 without --queue; received 0"],
  [TUNE, "--all-seconds", [], "--all-seconds needs --seconds; add --seconds 60, or leave it out"],
  [OPTIMIZE, "--storage s.db", program, stored],
  [OPTIMIZE, "--study one", program, named],
  [OPTIMIZE, "--overwrite", program, replaced],
  [OPTIMIZE, "--storage s.db --study one --resume out", [], kept],
  [["optimize"], "--resume out", program, /^the program must be left out with --resume/],
  [OPTIMIZE, "--resume out", [], /^--space must be left out with --resume/],
  [
    ["optimize"],
    "--space two.json",
    ["--", "echo"],
    'each parameter must reach the program, and "x" and "size" do not: write {x} and {size} into the command, or {params} for the path ' +
      "of a JSON file, or add --env for FETTLE_X and FETTLE_SIZE in its environment",
  ],
  [OPTIMIZE, "--points 3", program, "--points needs --strategy grid; received no strategy"],
  [OPTIMIZE, "--points 3 --strategy tpe", program, "--points needs --strategy grid; received tpe"],
  [OPTIMIZE, "--scheduler asha", program, /^--scheduler needs --steps/],
  [OPTIMIZE, "--steps 3", program, "--steps needs --scheduler"],
  [
    OPTIMIZE,
    "--steps 3 --scheduler asha --value exit-code",
    program,
    /^--scheduler reads steps from standard output, so --value must be left out; received "exit-code"/,
  ],
  [OPTIMIZE, "--strategy pbt", program, /^strategy pbt resumes earlier trainings/],
  [OPTIMIZE, "--metric a,a", program, '--metric must have each name once; received "a" twice'],
  [OPTIMIZE, "--metric a,b --value exit-code", program, /^--value exit-code is one value; received 2 names/],
  [
    OPTIMIZE,
    "--metric a --direction minimize,maximize",
    program,
    "--direction must be one word, or one for each of the 1 names of --metric; received 2",
  ],
  [["fit", "data.csv", "--target", "y"], "--set epochs=3", [], "--set must not hold epochs; use --epochs"],
  [["dashboard"], "--port 0", [], "one of --storage and --url must be given"],
  [["dashboard"], "--storage s.db --url http://a", [], "one of --storage and --url must be given"],
  [
    ["dashboard"],
    "--url ftp://a --token t",
    [],
    /^--url must be an address that begins with https:\/\/ or http:\/\//,
  ],
  [["dashboard"], "--url http://a --token t --token-file f", [], "--url needs --token or --token-file"],
  [["worker"], "--jobs 1", [], "--storage is missing: the file or the URL of the study"],
  [["dashboard"], "--storage s.db --token t", [], "--token needs --url, the address of a host"],
  [["dashboard"], "--storage s.db --token-file f", [], "--token-file needs --url, the address of a host"],
  [["dashboard"], "--storage s.db --study one", [], "--study needs --url, the address of a host"],
  [EXPORT, "--out o --as two", [], "--as needs --optuna, the database in which it names the study"],
  [EXPORT, "--optuna o.db --tensorboard", [], "--tensorboard needs --out, the folder that it is a part of"],
  [
    EXPORT,
    "--optuna o.db --out o",
    [],
    "export must have --out <folder>, or --optuna <file.db>, and not both",
  ],
  [
    ["verify", "m.fettle", "data.csv"],
    "--only gradients --seed 3",
    [],
    "--only and --seed must be left out with a model, whose study is recomputed",
  ],
  [
    ["inspect", "data.csv"],
    "--fix f.json --json",
    [],
    "error: option '--fix <schema.json>' cannot be used with option '--json'",
  ],
  [
    ["inspect", "data.csv"],
    "--fix f.json --against data.csv",
    [],
    "error: option '--fix <schema.json>' cannot be used with option '--against <other.csv>'",
  ],
  [
    ["inspect", "model.fettle"],
    "--fix f.json --na x",
    [],
    "--na and --fix must be left out with a model, whose schema is known",
  ],
  [
    [...TUNE, "--trials", "1"],
    "--metric accuracy,f1 --ensemble 3",
    [],
    "--ensemble needs a single metric, since several have no final model; received 2: accuracy, f1",
  ],
  [
    ["tune", "data.csv", "--target", "a"],
    "--task regression --rare drop",
    [],
    "--rare needs a classification target; received a regression target",
  ],
  [
    ["inspect", "rows.json"],
    "--no-header",
    [],
    '--no-header must be left out: "rows.json" is JSON or Parquet, whose records name their columns',
  ],
  [
    ["inspect", "table.parquet"],
    "--encoding latin1",
    [],
    '--encoding must be left out: "table.parquet" is Parquet, which has no encoding',
  ],
])("%j %s %j", async (command, flags, more, message) => {
  const refused = await refusalOf([...command, ...flags.split(" "), ...more]);
  if (typeof message === "string") expect(refused).toBe(message);
  else expect(refused).toMatch(message);
});

// all are strings, which commander accepts in any order
it.each((await createProgram(() => {})).commands.map((command) => [command.name(), command] as const))(
  "each flag and argument of %s is declared with its name first",
  (_, { options, commands, registeredArguments }) => {
    const all = [...options, ...commands.flatMap((each) => each.options)];
    for (const { flags, description } of all) {
      expect(flags).toMatch(/^(-\w, )?--[a-z][a-z-]*( <[\w.=-]+>)?$/);
      expect(description).toMatch(/^[a-z'"NJ]/);
    }
    for (const { name, description } of registeredArguments.map((each) => ({
      name: each.name(),
      description: each.description,
    }))) {
      expect(name).toMatch(/^[\w.-]+$/);
      expect(description).toMatch(/ /);
    }
  },
);
