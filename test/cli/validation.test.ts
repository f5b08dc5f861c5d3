/** How trials are scored, by flags of `fettle tune`: as `tune` scores them. Needs `dist/`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeTable } from "../../src/data/dataset.js";
import { createSplitter } from "../../src/data/split/names.js";
import { readTable } from "../../src/data/table.js";
import { float } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import { denseFit, denseModel } from "../../src/tune/dense.js";
import type { Validation } from "../../src/tune/trial/folds.js";
import { tune } from "../../src/tune/tune.js";
import { fettle, folder } from "./fettle.js";

const ROWS = 48;
const rows = Array.from({ length: ROWS }, (_, i) => {
  const day = new Date(Date.UTC(2024, 0, 1 + ((i * 11) % ROWS))).toISOString().slice(0, 10);
  return `${day},p${i % 8},${((i * 37) % 101) / 50},${i % 5 < 2 ? "yes" : "no"}`;
});
const text = `day,patient,size,sold\n${rows.join("\n")}\n`;
const lists = [
  { train: [0, 1, 2, 3, 4, 5, 6, 7], validation: [8, 9, 10] },
  { train: [20, 21, 22, 23, 24, 25, 26], test: [1, 2, 3] },
];
const files = {
  "data.csv": text,
  "space.json": '{ "learningRate": { "type": "float", "low": 0.01, "high": 0.1 } }',
  "folds.json": JSON.stringify(lists),
};
const COMMON =
  "tune data.csv --target sold --metric accuracy --space space.json --strategy random --trials 2 --epochs 2 --batch-size 4 --jobs 1".split(
    " ",
  );

/** The values of the trials that `tune` has. */
async function valuesBy(
  validation: Validation,
  columns: { group?: string; time?: string },
  testSize: number,
) {
  const data = encodeTable(readTable(text), { target: "sold", ...columns });
  const { trials } = await tune({
    data,
    validation,
    testSize,
    strategy: random(),
    trials: 2,
    seed: 0,
    jobs: 1,
    metric: "accuracy",
    space: { learningRate: float(0.01, 0.1) },
    model: (params) => denseModel(data, params),
    fit: (params) => denseFit(params, { epochs: 2, batchSize: 4 }),
  });
  return trials.map(({ value }) => value);
}

describe("fettle tune", () => {
  it.each<[string, Validation, { group?: string; time?: string }?, number?]>([
    ["", { folds: 5 }],
    ["--folds 3", { folds: 3 }],
    ["--validation kFold --no-shuffle --folds 4", createSplitter("kFold", { shuffle: false, folds: 4 })],
    ["--validation StratifiedKFold", createSplitter("stratifiedKFold")],
    [
      "--validation repeatedStratifiedKFold --folds 2 --repeats 3",
      createSplitter("repeatedStratifiedKFold", { folds: 2, repeats: 3 }),
    ],
    ["--validation leaveOneOut", createSplitter("leaveOneOut")],
    [
      "--validation shuffleSplit --folds 1 --validation-size 0.25",
      createSplitter("shuffleSplit", { folds: 1, validationSize: 0.25 }),
    ],
    ["--group patient --folds 3", { folds: 3 }, { group: "patient" }],
    [
      "--group patient --validation leavePGroupsOut --p 1",
      createSplitter("leavePGroupsOut", { p: 1 }),
      { group: "patient" },
    ],
    ["--time day --folds 3", { folds: 3 }, { time: "day" }],
    [
      "--time day --folds 3 --gap 2 --max-train-size 12 --validation-size 6",
      createSplitter("timeSeriesSplit", { folds: 3, gap: 2, maxTrainSize: 12, validationSize: 6 }),
      { time: "day" },
    ],
    [
      "--validation TimeSeriesSplit --folds 2 --gap 1",
      createSplitter("timeSeriesSplit", { folds: 2, gap: 1 }),
    ],
    ["--validation folds.json --test-size 0", lists, {}, 0],
  ])("%s", async (flags, validation, columns = {}, testSize = 0.2) => {
    const given = flags === "" ? [] : flags.split(" ");
    const { stdout, stderr } = await fettle([...COMMON, ...given, "--json"], folder(files));
    expect(stderr).toBe("");
    const { trials } = JSON.parse(stdout) as { trials: { value: number }[] };
    expect(trials.map(({ value }) => value)).toEqual(await valuesBy(validation, columns, testSize));
  });

  it("says how trials are scored", async () => {
    const { stdout } = await fettle([...COMMON, "--validation", "leaveOneOut"], folder(files));
    expect(stdout).toContain("2 trials, each by 38 folds of leaveOneOut on 38 rows");
    expect(stdout).toContain("(mean ± std of 38 folds)");
  });

  it("goes on with the folds of a file that has changed since, and recomputes them", async () => {
    const cwd = folder(files);
    const words = [...COMMON, "--validation", "folds.json", "--test-size", "0"];
    await fettle([...words, "--out", "study"], cwd);
    writeFileSync(join(cwd, "folds.json"), "[]");
    const resumed = await fettle("tune --resume study --trials 3 --json".split(" "), cwd);
    expect(resumed.stderr).toBe("");
    const all = await fettle(
      [...COMMON, "--validation", "folds.json", "--test-size", "0", "--trials", "3", "--json"],
      folder(files),
    );
    const valuesOf = (printed: string) =>
      (JSON.parse(printed) as { trials: { value: number }[] }).trials.map(({ value }) => value);
    expect(valuesOf(resumed.stdout)).toEqual(valuesOf(all.stdout));
    const verified = await fettle(["verify", "study/model.fettle", "data.csv"], cwd);
    expect(verified.stdout).toMatch(/folds +same/);
    expect(verified.code).toBe(0);
  });

  it.each<[string, RegExp]>([
    ["--gap 2", /^error: --gap needs --validation, the splitter to which it belongs/m],
    ["--no-shuffle", /^error: --no-shuffle needs --validation/m],
    ["--validation kfold", /unknown splitter "kfold". Did you mean "kFold"\?/],
    ["--validation PredefinedSplit", /unknown splitter "predefinedSplit"/],
    ["--validation leaveOneOut --folds 3", /unknown option of leaveOneOut "folds"/],
    ["--validation folds.json --folds 3", /--folds must be left out with a file of folds/],
    [
      "--validation folds.json",
      /--validation must not use test rows; received row \d+ in both; leave --test-size out/,
    ],
    ["--validation none.json", /none\.json/],
    [
      "--validation groupKFold",
      /rows must have groups, the option groups or a group column; received none; choose kFold without/,
    ],
    ["--validation leaveOneOut --metric rocAuc", /--metric must be defined on every fold; received rocAuc, /],
    ["--group patient --validation kFold", /fold 1 of validation must not divide a group/],
    ["--time sold", /time "sold" must be a column of dates or numbers; received "(category|boolean)"/],
    ["--time never", /unknown column "never"/],
  ])("refuses %s", async (flags, message) => {
    const { stderr } = await fettle([...COMMON, ...flags.split(" ")], folder(files));
    expect(stderr).toMatch(message);
  });
});
