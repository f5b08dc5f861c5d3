/**
 * Every flag of `fettle tune` reaches what it is about: the table, the folds, or an option of `tune`. The
 * compiler asks for flags that are new.
 */
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { define } from "../../src/cli/tune.js";
import { heldFlags, type TuneFlags } from "../../src/cli/tuneFlags.js";
import { optionsOf } from "../../src/cli/tuneSearch.js";
import { readSetup, type TuneSetup } from "../../src/cli/tuneSetup.js";
import type { Space } from "../../src/search/space/space.js";
import type { FitSettings } from "../../src/tune/trial/settings.js";
import { tune } from "../../src/tune/tune.js";
import type { TuneOptions } from "../../src/tune/tuner/options.js";
import { folder } from "./fettle.js";

const ROWS = 60;
const cells = {
  a: (i: number) => (i * 7) % 61,
  b: (i: number) => (i * i) % 7,
  price: (i: number) => `${1 + (i % 9)},${100 + i}`,
  day: (i: number) => `0${1 + (i % 9)}/0${1 + (i % 5)}/2020`,
  when: (i: number) => `2020-01-${String(1 + (i % 28)).padStart(2, "0")}`,
  word: (i: number) => ["red", "Red", "blue", "zz", "NA"][i % 5],
  weight: (i: number) => 1 + (i % 3),
  group: (i: number) => `g${i % 12}`,
  gaps: (i: number) => (i % 4 === 0 ? "" : i),
  rare: (i: number) => (i < 2 ? "few" : i % 2 === 0 ? "p" : "q"),
  y: (i: number) => (i % 3 === 0 ? "low" : "high"),
};
const text = [
  Object.keys(cells).join(";"),
  ...Array.from({ length: ROWS }, (_, i) =>
    Object.values(cells)
      .map((cell) => cell(i))
      .join(";"),
  ),
].join("\n");
const files = folder({
  "data.csv": text,
  "latin.csv": Buffer.from("caf\u00e9,y\n1,2.5\n2,3.5\n3,1.5\n4,0.5\n5,2.25\n6,1.25\n7,0.75\n", "latin1"),
  "bare.csv": "1,2.5\n2,3.5\n3,1.5\n4,0.5\n5,2.25\n6,1.25\n7,0.75\n",
  "numbers.csv": "1,2\n1,2.5\n2,3.5\n3,1.5\n4,0.5\n5,2.25\n6,1.25\n7,0.75\n",
  "schema.json": JSON.stringify({
    na: ["zz"],
    columns: [
      { name: "a", kind: "number", categories: [] },
      { name: "b", kind: "number", categories: [] },
    ],
  }),
  "space.json": JSON.stringify({ units: { type: "int", low: 3, high: 5 } }),
});
const path = (name: string): string => `${files}/${name}`;

/** The flags that commander makes of words. */
async function flagsOf(words: readonly string[]): Promise<TuneFlags> {
  const command = new Command().exitOverride();
  define(command, () => {});
  let flags: TuneFlags | undefined;
  command.action((_file: string, given: TuneFlags) => {
    flags = given;
  });
  await command.parseAsync(words, { from: "user" });
  return flags as TuneFlags;
}

interface Seen {
  readonly flags: TuneFlags;
  readonly setup: TuneSetup;
  readonly options: TuneOptions<Space>;
  /** How a network of 40 epochs is trained. */
  readonly fit: FitSettings;
}

async function seenWith(words: readonly string[], file = "data.csv"): Promise<Seen> {
  const flags = await flagsOf([path(file), ...words]);
  const setup = await readSetup(path(file), flags);
  return { flags, setup, options: optionsOf(setup, flags), fit: setup.fit({}) };
}

/**
 * Words, what is looked at, what it is with them, and, unless it is another table, what is typed in both
 * cases.
 */
type Case = readonly [
  words: string,
  seen: (seen: Seen) => unknown,
  expected: unknown,
  more?: { readonly beside?: string; readonly file?: string },
];

const inputs = ({ setup: { data } }: Seen): string[] => data.inputs.map(({ name }) => name);
const kindOf =
  (column: string) =>
  ({ setup: { data } }: Seen): string | undefined =>
    data.inputs.find(({ name }) => name === column)?.kind;
const wordsOf = ({ setup: { data } }: Seen) => data.inputs.find(({ name }) => name === "word")?.categories;
const validation = ({ options }: Seen): unknown => {
  const how = options.validation;
  return typeof how === "function" ? { ...how.options, name: how.name } : how;
};
const splitter = (name: string, options: object) => ({ ...options, name });
/** The table without what needs a flag of its own to be read. */
const USUAL = "--drop gaps,rare,price,day,word";
const y = { beside: `--target y ${USUAL}` };
const price = { beside: "--target a --drop gaps,rare,y,day,word" };
const date = { beside: "--target a --drop gaps,rare,y,price,word" };
const words = { beside: "--target y --missing impute --drop gaps,rare,price,day" };
const beforeTarget = { beside: `--drop gaps,price,day,word` };

/**
 * Flags that say what becomes of a study, and of its results, rather than what it is; `heldFlags` leaves them
 * out.
 */
const OF_THE_COMMAND = "of the command";

const flags: Readonly<Record<keyof TuneFlags, Case | typeof OF_THE_COMMAND>> = {
  // the table
  target: ["--target b", ({ setup }) => setup.data.target, "b", { beside: USUAL }],
  weight: [
    "--weight weight",
    ({ setup }) => setup.data.sampleWeight?.slice(0, 3),
    Float64Array.of(1, 2, 3),
    y,
  ],
  group: ["--group group", ({ setup }) => setup.data.groups?.slice(0, 4), Int32Array.of(0, 1, 2, 3), y],
  time: ["--time a", ({ setup }) => setup.data.time?.slice(0, 3), Float64Array.of(0, 7, 14), y],
  task: [
    "--task regression",
    ({ setup }) => setup.data.task,
    "regression",
    { beside: `--target b ${USUAL}` },
  ],
  positive: ["--positive high", ({ setup }) => setup.data.classes, ["low", "high"], y],
  missing: [
    "--missing impute",
    ({ setup }) => setup.data.inputs.find(({ name }) => name === "gaps")?.gaps,
    true,
    { beside: "--target y --drop rare,price,day" },
  ],
  rare: [
    "--rare drop",
    ({ setup }) => setup.data.rows,
    ROWS - 2,
    { ...beforeTarget, beside: `${beforeTarget.beside} --target rare` },
  ],
  indicator: [
    "--no-indicator",
    ({ options }) => (options.pipeline as { indicator?: unknown }).indicator,
    false,
    { beside: "--target y --missing impute --drop rare,price,day" },
  ],
  drop: ["--drop a,b", inputs, ["when", "weight", "group"], y],
  header: ["--no-header", inputs, ["column 1"], { file: "bare.csv", beside: "--target column\u00a02" }],
  decimal: ["--decimal price=,", kindOf("price"), "number", price],
  dateOrder: ["--date-order mdy", kindOf("day"), "date", date],
  na: ["--na zz", wordsOf, ["Red", "blue", "red"], words],
  defaultNa: ["--no-default-na", wordsOf, ["NA", "Red", "blue", "red", "zz"], words],
  as: ["--as b=category", kindOf("b"), "category", y],
  ignoreCase: ["--ignore-case word", wordsOf, ["blue", "red", "zz"], words],
  schema: [`--schema ${path("schema.json")}`, inputs, ["b"], { beside: "--target a" }],
  unknown: ["--unknown missing", ({ options }) => options.unknown, "missing", y],
  encoding: ["--encoding latin1", inputs, ["café"], { file: "latin.csv", beside: "--target y" }],
  limits: ["--limits rows=70", ({ flags: own }) => own.limits, { rows: 70 }, y],
  // how trials are scored
  validation: ["--validation stratifiedKFold", validation, splitter("stratifiedKFold", {}), y],
  folds: ["--folds 3", validation, { folds: 3 }, y],
  repeats: [
    "--repeats 2",
    validation,
    splitter("repeatedKFold", { repeats: 2 }),
    { beside: `${y.beside} --validation repeatedKFold` },
  ],
  gap: ["--gap 2", validation, splitter("timeSeriesSplit", { gap: 2 }), { beside: `${y.beside} --time a` }],
  maxTrainSize: [
    "--max-train-size 9",
    validation,
    splitter("timeSeriesSplit", { maxTrainSize: 9 }),
    { beside: `${y.beside} --time a` },
  ],
  validationSize: [
    "--validation-size 0.3",
    validation,
    splitter("shuffleSplit", { validationSize: 0.3 }),
    { beside: `${y.beside} --validation shuffleSplit` },
  ],
  p: [
    "--p 2",
    validation,
    splitter("leavePGroupsOut", { p: 2 }),
    { beside: `${y.beside} --validation leavePGroupsOut --group group` },
  ],
  shuffle: [
    "--no-shuffle",
    validation,
    splitter("kFold", { shuffle: false }),
    { beside: `${y.beside} --validation kFold` },
  ],
  testSize: ["--test-size 0.3", ({ setup, options }) => [setup.sizes.test, options.testSize], [18, 0.3], y],
  searchRows: [
    "--search-rows 25",
    ({ setup, options }) => [setup.sizes.searched, options.searchRows],
    [25, 25],
    y,
  ],
  // the search
  metric: ["--metric f1", ({ options, setup }) => [options.metric, setup.metrics], [["f1"], ["f1"]], y],
  threshold: ["--threshold f1", ({ options }) => options.threshold, "f1", y],
  cost: ["--cost missed=5,false=2", ({ options }) => options.cost, { missed: 5, false: 2 }, y],
  space: [`--space ${path("space.json")}`, ({ options }) => Object.keys(options.space), ["units"], y],
  strategy: ["--strategy random", ({ options }) => options.strategy?.name, "random", y],
  points: [
    "--points 2",
    ({ options }) => options.strategy?.size?.({ units: { type: "int", low: 1, high: 9 } }, undefined),
    2,
    { beside: `${y.beside} --strategy grid` },
  ],
  scheduler: ["--scheduler asha", ({ options }) => [options.scheduler?.name, options.steps], ["asha", 40], y],
  seed: ["--seed 4", ({ options }) => options.seed, 4, y],
  epochs: ["--epochs 7", ({ fit }) => fit.epochs, 7, y],
  batchSize: ["--batch-size 6", ({ fit }) => fit.batchSize, 6, y],
  classWeight: ["--class-weight high=3", ({ fit }) => fit.classWeight, { high: 3 }, y],
  curves: ["--curves validation", ({ options }) => options.curves, "validation", y],
  jobs: ["--jobs 3", ({ options }) => options.jobs, 3, y],
  // the final model
  ensemble: ["--ensemble 2", ({ options }) => options.ensemble, { networks: 2 }, y],
  confirm: ["--confirm 1", ({ options }) => options.ensemble, { networks: 8, confirm: 1 }, y],
  calibrate: ["--no-calibrate", ({ options }) => options.calibrate, false, y],
  trials: OF_THE_COMMAND,
  seconds: OF_THE_COMMAND,
  allSeconds: OF_THE_COMMAND,
  out: OF_THE_COMMAND,
  resume: OF_THE_COMMAND,
  overwrite: OF_THE_COMMAND,
  watch: OF_THE_COMMAND,
  storage: OF_THE_COMMAND,
  study: OF_THE_COMMAND,
  queue: OF_THE_COMMAND,
  json: OF_THE_COMMAND,
  markdown: OF_THE_COMMAND,
  plot: OF_THE_COMMAND,
};

const cases = Object.entries(flags).flatMap(([name, own]) =>
  own === OF_THE_COMMAND ? [] : [[name, own] as const],
);
const split = (words: string): string[] => words.split(" ").map((word) => word.replaceAll("\u00a0", " "));

describe("the flag", () => {
  it.each(cases)("%s", async (name, [words, seen, expected, { beside = "", file } = {}]) => {
    const own = await seenWith([...split(words), ...split(beside)], file);
    expect(seen(own)).toEqual(expected);
    // and without it that is otherwise, or the table is refused
    const without = await seenWith(split(beside), file).then(seen, () => "refused");
    expect(without).not.toEqual(expected);
    // all that says what a study is is kept with it
    const command = ["jobs", "indicator"].includes(name) ? name : undefined;
    if (command === "jobs") return;
    const held = heldFlags(own.flags);
    expect(held).toHaveProperty(name);
    // by the contents of files, which may change later
    expect(JSON.stringify(held)).not.toContain(files);
  });
});

// the baselines are scored on the rows that the command divides
it.each([
  ["at random", ""],
  ["by groups", " --group group"],
  ["by time", " --time a"],
  ["by a splitter", " --validation shuffleSplit --folds 2"],
  ["with fewer for the trials", " --search-rows 20"],
])("rows are divided %s as the search divides them, by its seed", async (_, how) => {
  const { setup, options } = await seenWith(split(`--target y ${USUAL} --seed 5 --test-size 0.25${how}`));
  const fit = { epochs: 1, batchSize: 4 };
  const { folds, testRows } = await tune({ ...options, fit, trials: 1, jobs: 1, ensemble: 1 });
  const { rows, sizes } = setup;
  expect(rows.folds.slice(0, rows.scored)).toEqual(folds);
  expect(rows.folds[rows.scored].validation).toEqual(testRows);
  expect(sizes.test).toBe(testRows.length);
});

it("a population keeps its rates, which each interval would lower from the start", async () => {
  const rate = async (words: string) =>
    (await seenWith(split(`--target y ${USUAL} --epochs 5${words}`))).fit.learningRateDecay;
  expect(await rate(" --scheduler pbt")).toBe("none");
  expect(await rate("")).toBe("cosine");
});

it("metrics are named with the class to which they refer", async () => {
  const labels = async (words: string) =>
    (await seenWith(split(`--target y ${USUAL} --metric f1,logLoss${words}`))).setup.labels;
  expect(await labels(" --positive high")).toEqual(["f1 of high", "logLoss"]);
  expect(await labels(" --positive low")).toEqual(["f1 of low", "logLoss"]);
});
