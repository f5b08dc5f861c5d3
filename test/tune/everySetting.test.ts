/** Every setting within an option of `tune`, and every option of the functions next to it, has an effect. */

import { encodeTable } from "../../src/data/dataset.js";
import type { ColumnOptions, PipelineOptions } from "../../src/data/pipeline/options.js";
import { kFold } from "../../src/data/split/kFold.js";
import { shuffleSplit } from "../../src/data/split/shuffle.js";
import { readTable } from "../../src/data/table.js";
import { dense, dropout } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { sgd } from "../../src/optim/sgd.js";
import { float } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import type { StopRules } from "../../src/search/study/contract.js";
import { type BaselineOptions, compareBaselines } from "../../src/tune/baselines/compare.js";
import { findLearningRate, type RateFinderOptions } from "../../src/tune/rateFinder.js";
import type { EnsembleOptions } from "../../src/tune/trial/ensembleOptions.js";
import type { FitSettings } from "../../src/tune/trial/settings.js";
import { tune } from "../../src/tune/tune.js";
import type { TuneOptions } from "../../src/tune/tuner/options.js";
import { everyOption } from "../everyOption.js";
import { x as allRows, linear, logistic, randomRows, untimed } from "./support.js";

const ROWS = 36;
const space = { learningRate: float(0.01, 0.5, { log: true }) };
type Options = TuneOptions<typeof space>;
const x = allRows.slice(0, ROWS);
const y = x.map(([a, b, c]) => Number(a - b + 0.5 * c > 0));
const base: Options = {
  x,
  y,
  space,
  model: logistic,
  strategy: random(),
  trials: 2,
  seed: 1,
  jobs: 1,
  fit: { epochs: 2, batchSize: 9 },
  validation: { folds: 2 },
};

/** The trials and the final model of a search, in plain data. */
async function outcomeOf(options: Options) {
  const { trials, ensemble, final } = await tune(options);
  return { trials: untimed(trials), ensemble, bytes: Buffer.from(final.bytes()).toString("base64") };
}

// a rate so large that the loss rises and falls
const restless = () => logistic({ learningRate: 9 });
const inFit = (fit: FitSettings) => outcomeOf({ ...base, model: restless, trials: 1, fit });
const epochs = { epochs: 8, batchSize: 9 };

everyOption<FitSettings>("fit", epochs, inFit, {
  epochs: [{ epochs: 3 }],
  batchSize: [{ batchSize: 4 }],
  earlyStopping: [{ earlyStopping: { patience: 1 } }],
  reduceLROnPlateau: [{ reduceLROnPlateau: { patience: 1 } }],
  learningRateDecay: [{ learningRateDecay: "cosine" }],
  classWeight: [{ classWeight: { 0: 1, 1: 9 } }],
});

type Stopping = NonNullable<FitSettings["earlyStopping"]>;
everyOption<Stopping>(
  "earlyStopping",
  { patience: 1 },
  (earlyStopping) => inFit({ ...epochs, epochs: 20, earlyStopping }),
  {
    patience: [{ patience: 5 }],
    minDelta: [{ minDelta: 0.5 }, { patience: 3 }],
    restoreBestWeights: [{ restoreBestWeights: false }],
    monitor: [{ monitor: "loss" }],
    mode: [{ mode: "max" }, { patience: 3 }],
  },
);

type Plateau = NonNullable<FitSettings["reduceLROnPlateau"]>;
everyOption<Plateau>(
  "reduceLROnPlateau",
  { patience: 1, factor: 0.5 },
  (reduceLROnPlateau) => inFit({ ...epochs, epochs: 20, reduceLROnPlateau }),
  {
    patience: [{ patience: 3 }],
    factor: [{ factor: 0.1 }],
    minDelta: [{ minDelta: 0.5 }],
    cooldown: [{ cooldown: 3 }],
    minLearningRate: [{ minLearningRate: 4 }],
  },
);

everyOption<EnsembleOptions>(
  "ensemble",
  { networks: 3 },
  (ensemble) => outcomeOf({ ...base, trials: 4, ensemble }),
  {
    networks: [{ networks: 2 }],
    selection: [{ selection: "best" }],
    untuned: [{ untuned: false }],
    confirm: [{ confirm: 1 }],
  },
);

// the second is worse
const enqueue = [{ learningRate: 0.5 }, { learningRate: 0.01 }];
everyOption<StopRules>("stop", {}, (stop) => outcomeOf({ ...base, trials: 5, enqueue, stop }), {
  target: [{ target: 9 }],
  patience: [{ patience: 1 }],
  standardErrors: "../search/study/stopping.test.ts",
  steps: [{ steps: 3 }],
  rule: [{ rule: (trials) => trials.length === 2 }],
});

const words = ["lo", "hi", "mid", ""];
const cells = randomRows(ROWS, 2, 9).map(([a, b], i) => {
  const word = words[(i * i + i) % 5 > 3 ? 2 : i % 3];
  return [i % 7 === 0 ? "" : a, i % 2 === 0 ? "yes" : "no", i === 4 ? "rare" : word, 3 * a - b + i / 9].join(
    ",",
  );
});
const table = readTable(["a,flag,word,y", ...cells].join("\n"));
const data = encodeTable(table, { target: "y", missing: "impute" });
const inPipeline = (pipeline: PipelineOptions) =>
  outcomeOf({
    ...base,
    x: undefined as never,
    y: undefined as never,
    data,
    model: linear,
    trials: 1,
    pipeline,
  });

const inColumn: { readonly [Name in keyof ColumnOptions]-?: readonly [ColumnOptions, ColumnOptions?] } = {
  impute: [{ impute: 7 }],
  indicator: [{ indicator: true }],
  encode: [{ encode: "ordinal" }],
  buckets: [{ buckets: 3 }, { encode: "hashed" }],
  minFrequency: [{ minFrequency: 2 }],
  scale: [{ scale: "minMax" }],
};
everyOption<PipelineOptions>("pipeline", {}, inPipeline, {
  ...inColumn,
  scaleOneHot: [{ scaleOneHot: false }],
  target: [{ target: "none" }],
  padding: "../data/pipeline/padding.test.ts",
  moments: "trial/forms.test.ts",
  columns: [{ columns: { a: { scale: "minMax" } } }],
});
const ofColumns = (own: ColumnOptions) => inPipeline({ columns: { a: own, word: own } });
everyOption<ColumnOptions>("a column of the pipeline", {}, ofColumns, {
  ...inColumn,
  impute: [{ impute: 7 }],
});

type Splits = Readonly<Record<"folds" | "split" | "splitter" | "ids", NonNullable<Options["validation"]>>>;
const ids = (k: number) => [...x.keys()].filter((row) => row % 3 !== k);
const divisions: Splits = {
  folds: { folds: 3 },
  split: { split: 0.4 },
  splitter: kFold({ folds: 2, shuffle: true, seed: 5 }),
  ids: [0, 1].map((k) => ({ train: ids(k), validation: [...x.keys()].filter((row) => row % 3 === k) })),
};
everyOption<{ validation: Options["validation"] } & Partial<Record<keyof Splits, unknown>>>(
  "validation",
  { validation: shuffleSplit({ folds: 2, seed: 1 }) },
  ({ validation }) => outcomeOf({ ...base, validation: validation as never }),
  {
    validation: [{ validation: { folds: 2 } }],
    ...(Object.fromEntries(
      Object.entries(divisions).map(([name, validation]) => [name, [{ [name]: 1, validation }]]),
    ) as unknown as Record<keyof Splits, [object]>),
  },
);

const gaps = x.map((row, i) => (i % 9 === 0 ? [Number.NaN, ...row.slice(1)] : row));
everyOption<RateFinderOptions>(
  "findLearningRate",
  { x, y, steps: 8, batchSize: 9, model: logistic },
  (options) => findLearningRate(options).catch(({ message }: Error) => message),
  {
    x: [{ x: randomRows(ROWS, 3, 4) }],
    y: [{ y: y.map((label) => 1 - label) }],
    data: [
      {
        data: encodeTable(table, { target: "flag", missing: "impute" }),
        x: undefined as never,
        y: undefined as never,
      },
    ],
    missing: [{ missing: "refuse" }, { x: gaps, pipeline: { impute: 3 } }],
    task: [{ task: "regression" }, { model: linear }],
    sampleWeight: [{ sampleWeight: x.map((_, i) => 1 + (i % 5)) }],
    model: [
      {
        model({ learningRate }) {
          const model = sequential([dense(2), dropout(0.5), dense(1, { activation: "sigmoid" })]);
          model.compile({ optimizer: sgd({ learningRate }), loss: "binaryCrossentropy" });
          return model;
        },
      },
    ],
    low: [{ low: 1e-3 }],
    high: [{ high: 1 }],
    steps: [{ steps: 5 }],
    batchSize: [{ batchSize: 5 }],
    smoothing: [{ smoothing: 0.5 }],
    seed: [{ seed: 3 }],
    pipeline: [{ pipeline: { scale: "minMax" } }],
  },
);

const cost = { missed: 1, false: 2 };
const tested = tune({ ...base, testSize: 0.4, trials: 1, cost });
type Compared = BaselineOptions<typeof space>;
everyOption<Compared>(
  "compareBaselines",
  { x, y, cost },
  async (options) =>
    compareBaselines<typeof space>(await tested, options).catch(({ message }: Error) => message),
  {
    x: [{ x: randomRows(ROWS, 3, 4) }],
    y: [{ y: y.map((label) => 1 - label) }],
    data: "docs/validation.test.ts",
    task: "baselines/compare.test.ts",
    positive: [{ positive: "0" }],
    sampleWeight: [{ sampleWeight: x.map((_, i) => 1 + (i % 5)) }],
    missing: [{ missing: "refuse" }, { x: gaps, pipeline: { impute: 3 } }],
    validationData: "validationData.test.ts",
    groups: "one of the options of tune that are not read",
    time: "one of the options of tune that are not read",
    pipeline: [{ pipeline: { scale: "quantile" } }],
    fit: [{ fit: { classWeight: { 0: 1, 1: 20 } } }],
    metric: [{ metric: { name: "accuracy", direction: "maximize", compute: () => 0.5 } }],
    cost: [{ cost: { missed: 9, false: 1 } }],
  },
);
