/**
 * Every option of `tune` changes what it names, and means the same wherever it is given: to `tune`, to a
 * tuner in slices that is saved between them, and to the searches that are `tune` with a strategy of their
 * own. The compiler asks for options that are new.
 */
import { describe, expect, it } from "vitest";
import { encodeTable } from "../../src/data/dataset.js";
import { readTable } from "../../src/data/table.js";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { halving } from "../../src/search/schedulers/halving.js";
import { choice, float } from "../../src/search/space/builders.js";
import { gp } from "../../src/search/strategies/gp/gp.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { random } from "../../src/search/strategies/random/random.js";
import { tpe } from "../../src/search/strategies/tpe/tpe.js";
import type { Study } from "../../src/search/study/contract.js";
import type { TrialRecord } from "../../src/search/trial/trial.js";
import { gridSearch, randomSearch } from "../../src/tune/gridSearch.js";
import { createTuner, restoreTuner, type Tuner } from "../../src/tune/resume/slices.js";
import { sweep } from "../../src/tune/sweep.js";
import { tune } from "../../src/tune/tune.js";
import type { TuneOptions } from "../../src/tune/tuner/options.js";
import { x as allRows, logistic, randomRows, untimed } from "./support.js";

const ROWS = 36;
const space = { learningRate: float(0.01, 0.5, { log: true }) };
type Options = TuneOptions<typeof space>;
const x = allRows.slice(0, ROWS);
const y = x.map(([a, b, c]) => Number(a - b + 0.5 * c > 0));
const table = readTable(
  [
    "a,b,c,y",
    ...randomRows(ROWS, 3, 9).map((row) => [...row, row[0] > row[1] ? "up" : "down"].join(",")),
  ].join("\n"),
);

/**
 * What a search came to: its trials, and its final model; or why it could not. What a clock says counts where
 * one is given.
 */
async function outcomeOf(search: (options: Options) => Promise<unknown>, given: Options): Promise<unknown> {
  const records = new Map<number, TrialRecord<unknown>>();
  // a search by cross-validation keeps the scores by every metric as attributes
  const add = (record: TrialRecord<unknown>) => records.set(record.number, { ...record, attributes: {} });
  const onEvent: NonNullable<Options["onEvent"]> = (event) => {
    if (event.type === "studyStarted") (event.study as Study<typeof space>).trials.forEach(add);
    if (event.type === "trialEnded") add(event.record);
  };
  const trials = () => [...records.values()].sort((a, b) => a.number - b.number);
  try {
    const found = await search({ onEvent, ...given });
    const { final, ensemble, calibration, finalError } = found as Awaited<ReturnType<typeof tuned>>;
    const beside = {
      ensemble,
      calibration,
      bytes: finalError?.message ?? Buffer.from(final.bytes()).toString("base64"),
    };
    return { records: given.clock ? trials() : untimed(trials()), ...beside };
  } catch (error) {
    return { records: untimed(trials()), error: (error as Error).message };
  }
}

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
const tuned = (options: Options) => tune(options);
const known = new Map<Options, Promise<unknown>>();
/** What `tune` comes to; of the same options once. */
function outcomeOfTune(options: Options): Promise<unknown> {
  const outcome = known.get(options) ?? outcomeOf(tuned, options);
  known.set(options, outcome);
  return outcome;
}

/**
 * A search, and the options with which `tune` is the same; undefined for one that an option has no meaning
 * for.
 */
interface Door {
  readonly search: (options: Options) => Promise<unknown>;
  readonly asTune: (options: Options, option: keyof Options) => Options | undefined;
}

const values = [0.02, 0.4];
const byRates = (options: Options): Options => ({
  ...options,
  space: { learningRate: choice(values) } as never,
});
const cv = ({ metric, strategy: _, ...options }: Options) => ({
  ...options,
  ...(metric !== undefined && { scoring: metric as "accuracy" }),
});
const doors: Readonly<Record<string, Door>> = {
  randomSearch: {
    search: (options) => randomSearch(cv(options)),
    asTune: (options, option) =>
      option === "strategy" || option === "lag" ? undefined : { ...options, strategy: random() },
  },
  gridSearch: {
    search: (options) => gridSearch(cv(byRates(options))),
    asTune: (options, option) =>
      ["strategy", "lag", "space", "enqueue"].includes(option)
        ? undefined
        : { ...byRates(options), strategy: grid() },
  },
  sweep: {
    search({ trials: _, enqueue: __, warmStart: ___, ...options }) {
      return sweep({ ...cv(options), parameter: "learningRate", values });
    },
    asTune: (options, option) =>
      ["strategy", "lag", "trials", "enqueue", "warmStart", "space", "constraint"].includes(option)
        ? undefined
        : {
            ...options,
            strategy: random(),
            trials: 2,
            enqueue: values.map((learningRate) => ({ learningRate })),
          },
  },
  "a tuner in slices that is saved and restored": {
    async search({ jobs: _, ...options }) {
      let tuner: Tuner<typeof space> = await createTuner(options);
      while (tuner.result === undefined) {
        await tuner.advance({ steps: 11 });
        if (!tuner.result) tuner = await restoreTuner(tuner.save(), options);
      }
      return tuner.result;
    },
    asTune: (options, option) =>
      ["signal", "clock", "onEvent", "callbacks"].includes(option) ? undefined : options,
  },
};

/** An option as it is otherwise, and what is given in both cases; or where it is held instead. */
type Change = readonly [change: Partial<Options>, beside?: Partial<Options>] | string;

const scheduled = { trials: 4, fit: { epochs: 4, batchSize: 9 } };
const changes: Readonly<Record<keyof Options, Change>> = {
  space: [{ space: { learningRate: float(0.2, 0.3) } }],
  strategy: [{ strategy: grid({ points: 2 }) }],
  constraint: [{ constraint: ({ learningRate }) => learningRate < 0.03 }],
  trials: [{ trials: 3 }],
  seed: [{ seed: 2 }],
  jobs: "threads change no result: weights.test.ts",
  queue: "resume/queued.test.ts",
  lag: [{ lag: 0 }, { strategy: tpe({ startupTrials: 1 }), trials: 5 }],
  onEvent: [
    {
      onEvent: () => {
        throw new Error("told");
      },
    },
  ],
  signal: [{ signal: { aborted: true } }],
  timeout: "tuner/time.test.ts",
  clock: [{ clock: () => 7 }],
  trialTimeout: "tuner/time.test.ts",
  stop: [{ stop: { steps: 3 } }, { trials: 8 }],
  scheduler: [{ scheduler: halving() }, scheduled],
  steps: [{ steps: 3 }, { ...scheduled, scheduler: halving(), fit: () => ({ epochs: 4, batchSize: 9 }) }],
  study: "resume/study.test.ts",
  enqueue: [{ enqueue: [{ learningRate: 0.3 }] }],
  warmStart: [{ warmStart: [{ params: { learningRate: 0.3 }, value: 0.5, status: "complete" }] }],
  x: [{ x: randomRows(ROWS, 3, 4) }],
  y: [{ y: y.map((label) => 1 - label) }],
  data: [{ data: encodeTable(table, { target: "y" }), x: undefined as never, y: undefined as never }],
  missing: [
    { missing: "impute" },
    { x: x.map((row, i) => (i % 9 === 0 ? [Number.NaN, ...row.slice(1)] : row)) },
  ],
  task: [{ task: "classification" }, { y: y.map((label) => 3 + 2 * label) }],
  positive: [
    { positive: y.reduce((sum, label) => sum + label, 0) > ROWS / 2 ? "1" : "0" },
    { metric: "recall", trials: 3 },
  ],
  sampleWeight: [{ sampleWeight: x.map((_, i) => 1 + (i % 5)) }],
  groups: [{ groups: x.map((_, i) => i % 5) }],
  time: [{ time: x.map((_, i) => (i * 7) % 31) }],
  model: [
    {
      model: ({ learningRate }) => {
        const model = sequential([dense(2), dense(1, { activation: "sigmoid" })]);
        model.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
        void learningRate;
        return model;
      },
    },
  ],
  fit: [{ fit: { epochs: 3, batchSize: 9 } }],
  callbacks: [{ callbacks: () => [{ onTrainBegin: (control) => control.setLearningRate(0.001) }] }],
  metric: [{ metric: "accuracy" }],
  threshold: [{ threshold: "recall" }],
  cost: [{ cost: { missed: 9, false: 1 } }],
  constraints: [{ constraints: ({ accuracy }) => [accuracy] }],
  validation: [{ validation: { split: 0.3 } }],
  validationData: "validationData.test.ts",
  testSize: [{ testSize: 0.3 }],
  searchRows: [{ searchRows: 20 }],
  pipeline: [{ pipeline: { scale: "minMax" } }],
  unknown: [{ unknown: "ignore" }],
  curves: [{ curves: false }],
  ensemble: [{ ensemble: 2 }],
  calibrate: [{ calibrate: true }],
};

const held = Object.entries(changes).filter(
  (entry): entry is [keyof Options, Exclude<Change, string>] => typeof entry[1] !== "string",
);

describe.each(held)("%s", (option, [change, beside]) => {
  const without = beside ? { ...base, ...beside } : base;
  const given = { ...without, ...change };

  it("changes what a search comes to", async () => {
    expect(await outcomeOfTune(given)).not.toEqual(await outcomeOfTune(without));
  });

  const own = Object.entries(doors).flatMap(([name, { search, asTune }]) => {
    const options = asTune(given, option);
    return options ? [[name, search, options] as const] : [];
  });
  it.each(own)("means the same to %s", async (_, search, options) => {
    expect(await outcomeOf(search, given)).toEqual(await outcomeOfTune(options));
  });
});

/** Options at their default, and what is given in both cases; searches also run under a scheduler. */
const defaults: readonly (readonly [given: Partial<Options>, both?: Partial<Options>])[] = [
  [{ strategy: gp() }, { trials: 3 }],
  [{ constraint: () => true }],
  [{ trials: 30 }, { fit: { epochs: 1, batchSize: 18 } }],
  [{ seed: 0 }],
  [{ lag: 2 }, { strategy: tpe({ startupTrials: 1 }), trials: 5 }],
  [{ stop: {} }],
  [{ steps: 4 }, scheduled],
  [{ steps: 20 }, { fit: () => ({ epochs: 20, batchSize: 18 }) }],
  [{ enqueue: [], warmStart: [] }],
  [{ missing: "refuse" }],
  [{ missing: "impute" }, { pipeline: { impute: "median" } }],
  [{ task: "classification", positive: "1" }],
  [{ fit: { epochs: 20 } }],
  [{ metric: "logLoss" }],
  [{ validation: { folds: 5 } }],
  [{ testSize: 0 }],
  [{ pipeline: {} }],
  [{ unknown: "refuse", curves: true, ensemble: 1, calibrate: false }],
];

describe.each([
  ["alone", {}],
  // of 9 trials that wait for each other, which is more than the lag
  ["under a scheduler", { scheduler: halving(), strategy: tpe({ startupTrials: 1 }), fit: { epochs: 9 } }],
] as const)("%s, a default that is given", (_, path) => {
  it.each(defaults.map(([given, both]) => [Object.keys(given).join(), given, both] as const))(
    "changes nothing: %s",
    async (_, given, both) => {
      const all = Object.entries<unknown>({ ...base, ...path, ...both });
      const without = Object.fromEntries(all.filter(([name]) => !(name in given))) as unknown as Options;
      const expected = await outcomeOfTune(without);
      expect(expected).not.toHaveProperty("error");
      expect(await outcomeOfTune({ ...without, ...given })).toEqual(expected);
    },
  );
});

describe("a trial of warmStart", () => {
  type Warm = NonNullable<Options["warmStart"]>[number];
  const params = { learningRate: 0.3 };
  /** By field, a trial of which it says something, and the directions of its study. */
  const trials: Readonly<Record<keyof Warm, readonly [Warm, readonly ("minimize" | "maximize")[]]>> = {
    params: [{ params, value: 1, status: "complete" }, ["minimize"]],
    value: [{ params, value: 3, status: "complete" }, ["minimize"]],
    values: [{ params, value: null, values: [3, 1], status: "complete" }, ["minimize", "maximize"]],
    constraints: [{ params, value: -9, constraints: [2, null], status: "complete" }, ["minimize"]],
    status: [{ params, value: 0.5, status: "pruned" }, ["minimize"]],
  };

  it.each(Object.entries(trials))("keeps its %s", async (_, [warm, directions]) => {
    const objective = () => (directions.length > 1 ? { values: [5, 5] } : 5);
    const { trials, bestTrials } = await tune({
      space,
      strategy: random(),
      trials: 1,
      objective: objective as () => number,
      direction: directions.length > 1 ? directions : directions[0],
      warmStart: [warm],
    });
    expect(trials[0]).toMatchObject(warm);
    // one that breaks a constraint, or was ended early, is not the best however low it is
    const isAble = warm.constraints === undefined && warm.status === "complete";
    expect(bestTrials.some(({ number }) => number === 0)).toBe(isAble);
  });
});
