/** `validationData`: every trial is scored on fixed rows, of which none is trained on. */
import { describe, expect, it } from "vitest";
import { type Dataset, encodeTable } from "../../src/data/dataset.js";
import { kFold } from "../../src/data/split/kFold.js";
import { readTable } from "../../src/data/table.js";
import type { Model } from "../../src/model/model.js";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { sgd } from "../../src/optim/sgd.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { compareBaselines } from "../../src/tune/baselines/compare.js";
import { gridSearch } from "../../src/tune/gridSearch.js";
import { nestedCrossValidation } from "../../src/tune/nestedCv.js";
import { createTuner, restoreTuner, type Tuner } from "../../src/tune/resume/slices.js";
import { tune } from "../../src/tune/tune.js";
import type { TuneOptions } from "../../src/tune/tuner/options.js";
import { linear, logistic, quantity, rates, refusal, untimed, x, y } from "./support.js";

const TRAIN = 45;
const space = rates(0.5, 0.05, 0.005);
type Options = TuneOptions<typeof space>;
const rows = { train: [...x.keys()].slice(0, TRAIN), validation: [...x.keys()].slice(TRAIN) };
const [own, held] = [x.slice(0, TRAIN), x.slice(TRAIN)];
const words = y.map((label) => (label ? "yes" : "no"));
const weights = x.map((_, i) => 1 + (i % 3));
const base = { space, strategy: grid(), jobs: 1, seed: 2, fit: { epochs: 4, batchSize: 9 } };

/** The parameters of the final network. */
const weightsOf = ({ model }: Model): unknown =>
  Object.values(model.getWeights()).map(({ data }) => Array.from(data));

const csvOf = (ids: readonly number[]): string =>
  ["a,b,c,colour,kind", ...ids.map((i) => [...x[i], ["red", "blue", "green"][i % 3], words[i]].join())].join(
    "\n",
  );
const table = readTable(csvOf([...x.keys()]));
const encoded = (ids: readonly number[]): Dataset =>
  encodeTable(readTable(csvOf(ids), { schema: table.schema }), { target: "kind", positive: "yes" });
const weighted = (ids: readonly number[]): Dataset => ({
  ...encoded(ids),
  sampleWeight: Float64Array.from(ids, (i) => weights[i]),
});

const cases: [string, fixed: Options, inFolds: Options][] = [
  [
    "numbers of classes",
    { ...base, x: own, y: y.slice(0, TRAIN), model: logistic, validationData: [held, y.slice(TRAIN)] },
    { ...base, x, y, model: logistic },
  ],
  [
    "words, with weights",
    {
      ...base,
      x: own,
      y: words.slice(0, TRAIN),
      model: logistic,
      sampleWeight: weights.slice(0, TRAIN),
      validationData: [held, words.slice(TRAIN), weights.slice(TRAIN)],
    },
    { ...base, x, y: words, model: logistic, sampleWeight: weights },
  ],
  [
    "quantities, with weights of these rows alone",
    {
      ...base,
      x: own,
      y: quantity.slice(0, TRAIN),
      model: linear,
      validationData: [held, quantity.slice(TRAIN), weights.slice(TRAIN)],
    },
    {
      ...base,
      x,
      y: quantity,
      model: linear,
      sampleWeight: weights.map((weight, i) => (i < TRAIN ? 1 : weight)),
    },
  ],
  [
    "tables",
    { ...base, data: encoded(rows.train), model: logistic, validationData: encoded(rows.validation) },
    { ...base, data: encoded([...x.keys()]), model: logistic },
  ],
  [
    "tables, with weights",
    {
      ...base,
      data: weighted(rows.train),
      model: logistic,
      validationData: weighted(rows.validation),
    },
    { ...base, data: weighted([...x.keys()]), model: logistic },
  ],
];

it("of a table is read by the names of columns and classes, in whichever order they are", async () => {
  const schema = { ...table.schema, columns: [...table.schema.columns].reverse() };
  const turned = encodeTable(readTable(csvOf(rows.validation), { schema }), {
    target: "kind",
    positive: "no",
    missing: "impute",
  });
  const data = { ...encoded(rows.train), imputes: true } as const;
  expect([turned.inputs[0].name, ...turned.classes]).not.toEqual([data.inputs[0].name, ...data.classes]);
  const options = { ...base, data, model: logistic };
  const usual = { ...encoded(rows.validation), imputes: true } as const;
  const [own, other] = [usual, turned].map((validationData) => tune({ ...options, validationData }));
  expect(untimed((await other).trials)).toEqual(untimed((await own).trials));
});

describe.each(cases)("validationData of %s", (_, fixed, inFolds) => {
  it("scores trials as the one fold of these rows does, in the calling thread and in others", async () => {
    const result = await tune(fixed);
    const same = await tune({ ...inFolds, validation: [rows] });
    expect(untimed(result.trials)).toEqual(untimed(same.trials));
    const ids = result.folds.map(({ train, validation }) => ({
      train: [...train],
      validation: [...validation],
    }));
    expect(ids).toEqual([rows]);
    const threads = await tune({ ...fixed, jobs: -1 });
    expect(untimed(threads.trials)).toEqual(untimed(result.trials));
    expect(threads.final.bytes()).toEqual(result.final.bytes());
  });

  it("trains the final model on none of these rows", async () => {
    const trials = 1;
    const { final } = await tune({ ...fixed, trials });
    const other = await tune({ ...inFolds, trials, validation: [rows] });
    expect(weightsOf(final)).not.toEqual(weightsOf(other.final));
    const { validationData, ...others } = fixed;
    // its epochs are fixed, so that folds of the same rows decide nothing
    const alone = await tune({ ...others, trials, validation: kFold({ folds: 3 }) });
    expect(weightsOf(final)).toEqual(weightsOf(alone.final));
  });

  it("is saved and restored with a tuner, which other rows do not fit", async () => {
    const { jobs: _, ...options } = fixed;
    const result = await tune(fixed);
    let tuner: Tuner<typeof space> = await createTuner(options);
    let saved = tuner.save();
    while (tuner.result === undefined) {
      await tuner.advance({ steps: 7 });
      if (tuner.result) break;
      saved = tuner.save();
      tuner = await restoreTuner(saved, options);
    }
    expect(untimed(tuner.result.trials)).toEqual(untimed(result.trials));
    expect(weightsOf(tuner.result.final)).toEqual(weightsOf(result.final));
    const { validationData, ...others } = options;
    expect(await refusal(() => restoreTuner(saved, others))).toContain("the tuner was saved with ");
  });

  it("scores a grid", async () => {
    const { strategy, ...options } = fixed;
    const { rows: found, final } = await gridSearch(options);
    const result = await tune(fixed);
    const scores = found.map((row) => Object.values(row.scores)[0].folds);
    expect(scores).toEqual(result.trials.map(({ value }) => [value]));
    expect(weightsOf(final)).toEqual(weightsOf(result.final));
  });
});

describe("validationData", () => {
  const options: Options = {
    ...base,
    x: own,
    y: words.slice(0, TRAIN),
    model: logistic,
    validationData: [held, words.slice(TRAIN)],
  };

  it("holds test rows out of x alone", async () => {
    const result = await tune({ ...options, testSize: 0.2 });
    expect(result.testRows.length).toBe(9);
    expect(Math.max(...result.testRows)).toBeLessThan(TRAIN);
    expect(result.folds[0].train.length).toBe(TRAIN - 9);
    const report = await compareBaselines<typeof space>(result, options);
    expect(report.rows).toBe(9);
    // the constant: the share of a class among the rows that the final model is trained on
    const yes = [...result.folds[0].train].filter((row) => words[row] === "yes").length / (TRAIN - 9);
    const truths = [...result.testRows].map((row) => words[row]);
    const isYes = result.final.positive === "yes" ? yes : 1 - yes;
    const loss = truths.map((word) => -Math.log(word === result.final.positive ? isYes : 1 - isYes));
    const mean = loss.reduce((sum, each) => sum + each, 0) / 9;
    expect(report.scores.logLoss.constant).toBeCloseTo(mean, 6);
  });

  it("fits pipelines to the rows of x alone", async () => {
    const far = held.map((row) => row.map((value) => value + 1000));
    const of = (rows: readonly number[][]) =>
      tune({ ...options, trials: 1, validationData: [rows, words.slice(TRAIN)] });
    const [one, other] = [await of(held), await of(far)];
    expect(weightsOf(one.final)).toEqual(weightsOf(other.final));
    expect(one.trials[0].value).not.toBe(other.trials[0].value);
  });

  const arrays = (more: readonly unknown[]): Options => ({ ...options, validationData: more }) as never;
  const refusals: [string, Options, string][] = [
    [
      "with validation",
      { ...options, validation: { folds: 3 } },
      'validation must be left out with validationData, on which every trial is scored; received {"folds":3}',
    ],
    [
      "with groups",
      { ...options, groups: own.map((_, i) => i % 4) },
      "groups must be left out with validationData, whose rows are divided from the others already",
    ],
    [
      "with a time",
      { ...options, time: own.map((_, i) => i) },
      "time must be left out with validationData, whose rows are divided from the others already",
    ],
    [
      "one array",
      arrays([held]),
      "validationData must be an array [x, y] or [x, y, sampleWeight]; with data, the result of encodeTable; received [[[",
    ],
    [
      "a table with arrays",
      { ...options, validationData: encoded(rows.validation) },
      "validationData must be an array [x, y] or [x, y, sampleWeight]; with data, the result of encodeTable; received {",
    ],
    [
      "arrays with a table",
      { ...base, model: logistic, data: encoded(rows.train), validationData: [held, words.slice(TRAIN)] },
      "validationData must be the result of encodeTable, as data is; received [",
    ],
    [
      "other columns",
      arrays([[[1, 2]], ["yes"]]),
      "x of validationData must have rows of shape [3], as x; received [2]",
    ],
    [
      "other targets",
      arrays([held, y.slice(TRAIN)]),
      "y of validationData must hold words, as y; received numbers",
    ],
    [
      "fewer targets",
      arrays([held, ["yes"]]),
      "y of validationData must have as many rows as its inputs, 15; received 1",
    ],
    [
      "a class that is not trained on",
      arrays([held, held.map(() => "perhaps")]),
      'validationData must hold classes that the rows to train on have; received "perhaps"',
    ],
    [
      "a missing cell",
      arrays([[[1, 2, Number.NaN]], ["yes"]]),
      "x of validationData must hold finite numbers; received NaN",
    ],
    [
      "fewer weights",
      arrays([held, words.slice(TRAIN), [1]]),
      "sampleWeight of validationData must have one weight for each of the 15 rows; received 1",
    ],
    [
      "a table of other categories",
      {
        ...base,
        model: logistic,
        data: encoded(rows.train),
        validationData: encodeTable(readTable(csvOf(rows.validation).replaceAll("red", "grey")), {
          target: "kind",
        }),
      },
      "validationData must be encoded as data is: the same task, target, columns and categories; column colour differs",
    ],
  ];
  it.each(refusals)("is refused %s", async (_, given, message) => {
    const refused = await refusal(() => tune(given));
    expect(refused.slice(refused.indexOf(": ") + 2)).toContain(message);
  });

  it("is refused by nested cross-validation", async () => {
    const { strategy, ...rest } = options;
    expect(await refusal(() => nestedCrossValidation(gridSearch, rest))).toContain(
      "validationData must be left out of nestedCrossValidation, whose outer folds score the search",
    );
  });

  it("names its rows in errors", async () => {
    const model = ({ learningRate }: { learningRate: number }) => {
      const made = sequential([dense(1, { activation: "softplus" })]);
      made.compile({ optimizer: sgd({ learningRate }), loss: "poisson" });
      return made;
    };
    const counts = x.map((_, i) => (i === 50 ? -1 : i % 4));
    const given = {
      ...base,
      x: own,
      y: counts.slice(0, TRAIN),
      model,
      pipeline: { target: "none" as const },
    };
    expect(await refusal(() => tune({ ...given, validationData: [held, counts.slice(TRAIN)] }))).toContain(
      "in row 5 of validationData",
    );
  });
});
