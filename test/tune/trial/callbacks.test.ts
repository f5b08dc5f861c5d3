/** Callbacks of trials: what `fit` does with the same callbacks, rows and seed is the oracle. */
import { describe, expect, it } from "vitest";
import { meanAbsoluteError } from "../../../src/metrics/index.js";
import type { CustomMetric } from "../../../src/metrics/metric.js";
import { modelCheckpoint } from "../../../src/model/checkpoint.js";
import { loadModel } from "../../../src/model/save.js";
import type { Callback, Logs } from "../../../src/nn/callbacks/callback.js";
import { earlyStopping } from "../../../src/nn/callbacks/earlyStopping.js";
import { learningRateScheduler } from "../../../src/nn/callbacks/learningRateScheduler.js";
import { reduceLROnPlateau } from "../../../src/nn/callbacks/reduceLROnPlateau.js";
import { dense, dropout } from "../../../src/nn/layers/index.js";
import type { LayersModel } from "../../../src/nn/models/layersModel.js";
import { sgd } from "../../../src/optim/sgd.js";
import { halving } from "../../../src/search/schedulers/halving.js";
import { choice, float } from "../../../src/search/space/builders.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { pbt } from "../../../src/search/strategies/pbt/pbt.js";
import { gridSearch } from "../../../src/tune/gridSearch.js";
import { nestedCrossValidation } from "../../../src/tune/nestedCv.js";
import { createTuner } from "../../../src/tune/resume/slices.js";
import type { CallbackMaker } from "../../../src/tune/trial/callbacks.js";
import { tune } from "../../../src/tune/tune.js";
import { memoryQueue } from "../../../src/workers/queue/memory.js";
import { compiled } from "../../nn/support.js";
import { quantity, rates, refusal, untimed, x } from "../support.js";

const model = ({ learningRate }: { readonly learningRate: number }) =>
  compiled([dense(4, { activation: "tanh" }), dropout(0.1), dense(1)], {
    optimizer: sgd({ learningRate, momentum: 0.5 }),
    loss: "meanSquaredError",
    metrics: ["meanAbsoluteError"],
  });
/** Exact in float32, as `fit` keeps targets, whereas `tune` scores them in float64. */
const y = quantity.map((value) => Math.fround((value - 1000) / 50));
const space = rates(0.1);
const fit = { epochs: 12, batchSize: 8 };
const base = {
  x,
  y,
  model,
  space,
  strategy: grid(),
  validation: { folds: 3 },
  seed: 3,
  fit,
  pipeline: { scale: "none", target: "none" },
} as const;
type Space = typeof space;
type Maker = CallbackMaker<Space>;

/** Keeps what it is called with. */
function logger() {
  const seen: unknown[] = [];
  const callback: Callback = {
    onTrainBegin: () => void seen.push("begin"),
    onEpochBegin: (epoch) => void seen.push(epoch),
    onBatchEnd: (batch, logs) => void seen.push([batch, logs]),
    onEpochEnd: (epoch, logs) => void seen.push([epoch, logs]),
    onTrainEnd: (control) => void seen.push(control.getParameters()),
  };
  return { seen, callback };
}

/** Stops, restores and sets rates. */
const acting = (): Callback[] => [
  earlyStopping({ patience: 1, minDelta: 0.005 }),
  learningRateScheduler((epoch, rate) => (epoch === 0 ? rate : rate * 0.9)),
];

describe("callbacks of tune", () => {
  it("do in each fold what they do in fit with its validation rows, to the same bits", async () => {
    const trainings: { readonly at: Parameters<Maker>[0]; readonly seen: unknown[] }[] = [];
    const seeds: number[] = [];
    const result = await tune({
      ...base,
      callbacks(at) {
        const { seen, callback } = logger();
        trainings.push({ at, seen });
        return [...acting(), callback];
      },
      onEvent: (event) => {
        if (event.type === "trialStarted") seeds.push(event.trial.seed);
      },
    });
    const [probe, ...called] = trainings;
    expect(probe.seen).toEqual([]);
    expect(called.map(({ at }) => at)).toEqual(
      [0, 1, 2, undefined].map((fold) => ({ params: { learningRate: 0.1 }, trial: 0, fold })),
    );
    const take = <T>(values: readonly T[], ids: Int32Array): T[] => Array.from(ids, (id) => values[id]);
    const epochs: number[] = [];
    for (const [fold, { train, validation }] of result.folds.entries()) {
      const { seen, callback } = logger();
      const own = model({ learningRate: 0.1 });
      const stopping = acting();
      const { epoch } = await own.fit(take(x, train), take(y, train), {
        ...fit,
        seed: seeds[0],
        validationData: [take(x, validation), take(y, validation)],
        callbacks: [...stopping, callback],
      });
      expect(called[fold].seen).toEqual(seen);
      const { bestEpoch } = stopping[0] as ReturnType<typeof earlyStopping>;
      epochs.push((bestEpoch as number) + 1);
      expect(epoch.length).toBeGreaterThan(bestEpoch as number);
      const predicted = own.predict(take(x, validation)).data;
      const mean = take(y, validation).reduce((sum, each) => sum + each, 0) / validation.length;
      const squares = (at: (i: number) => number) =>
        take(y, validation).reduce((sum, each, i) => sum + (each - at(i)) ** 2, 0);
      // r2 by its definition; sums of 20 float64 terms differ by rounding only
      const r2 = 1 - squares((i) => predicted[i]) / squares(() => mean);
      expect(result.best.scores?.[fold]).toBeCloseTo(r2, 12);
    }
    expect(new Set(epochs).size).toBeGreaterThan(1); // otherwise the mean below says little
    expect(result.best.attributes?.epochs).toEqual(epochs);
    // the final fit: as many epochs as the folds kept on average, with the schedule and without validation
    const { seen, callback } = logger();
    const own = model({ learningRate: 0.1 });
    await own.fit(x, y, {
      ...fit,
      epochs: Math.round(epochs.reduce((sum, each) => sum + each) / 3),
      seed: 3,
      callbacks: [...acting().slice(1), callback],
    });
    expect(called[3].seen).toEqual(seen);
    expect([...result.final.predict(x).data]).toEqual([...own.predict(x).data]);
  });

  it("change nothing if they only look, and do without methods for batches", async () => {
    const without = await tune({ ...base, jobs: 1 });
    for (const make of [() => [], () => [logger().callback], () => [{ onEpochEnd() {} }]]) {
      const watched = await tune({ ...base, callbacks: make });
      const withoutEpochs = untimed(watched.trials).map(({ attributes, ...rest }) => rest);
      expect(withoutEpochs).toEqual(untimed(without.trials));
      expect(watched.trials[0].attributes).toEqual({ epochs: [12, 12, 12] });
      expect([...watched.final.bytes()]).toEqual([...without.final.bytes()]);
    }
  });

  it("see metrics in the units of the target, and the model", async () => {
    const logs: Logs[] = [];
    const errors: number[] = [];
    const predictions: number[][] = [];
    const metric: CustomMetric = {
      name: "watched",
      direction: "minimize",
      compute(yTrue, yPred) {
        predictions.push([...yPred]);
        errors.push(meanAbsoluteError([...yTrue], [...yPred]));
        return 0;
      },
    };
    const { folds } = await tune({
      ...base,
      y: quantity,
      pipeline: {},
      metric,
      callbacks: ({ fold }) => [
        {
          async onEpochEnd(epoch, log, { model: seen }) {
            if (fold !== 0 || epoch < 11) return;
            logs.push(log);
            const { loss, meanAbsoluteError: own } = (seen as LayersModel).evaluate([[0, 0, 0]], [0]);
            expect([loss, own].every(Number.isFinite)).toBe(true);
          },
        },
      ],
    });
    expect(Object.keys(logs[0])).toEqual(["loss", "meanAbsoluteError", "valLoss", "valMeanAbsoluteError"]);
    expect(logs[0].valMeanAbsoluteError).toBe(errors[0]);
    // the loss is in the units that the network learns: targets divided by their deviation in the fold
    const train = Array.from(folds[0].train, (id) => quantity[id]);
    const mean = train.reduce((sum, each) => sum + each) / train.length;
    const variance = train.reduce((sum, each) => sum + (each - mean) ** 2, 0) / train.length;
    const held = Array.from(folds[0].validation, (id) => quantity[id]);
    const squares = held.reduce((sum, each, i) => sum + (each - predictions[0][i]) ** 2, 0) / held.length;
    // float32 predictions near 1000 with a deviation near 40 have an error of 6e-5 in 40
    expect(logs[0].valLoss / (squares / variance)).toBeCloseTo(1, 4);
  });

  it("see metrics without the weights of classes, as in fit", async () => {
    const logs = async (classWeight: Readonly<Record<string, number>>): Promise<Logs> => {
      const seen: Logs[] = [];
      await tune({
        ...base,
        y: y.map((value) => Number(value > 0.3)),
        pipeline: { scale: "none" },
        fit: { ...fit, epochs: 1, classWeight },
        model: () =>
          compiled([dense(1, { activation: "sigmoid" })], {
            optimizer: sgd({ learningRate: 0 }),
            loss: "binaryCrossentropy",
            metrics: ["logLoss"],
          }),
        callbacks: () => [{ onEpochEnd: (_, log) => void seen.push(log) }],
      });
      return seen[0];
    };
    const [equal, unequal] = [await logs({ 0: 1, 1: 1 }), await logs({ 0: 1, 1: 9 })];
    expect(unequal).toEqual({ ...equal, loss: unequal.loss });
    expect(unequal.loss).not.toBeCloseTo(equal.loss, 2);
    // float32 sums of 40 losses
    expect(equal.logLoss).toBeCloseTo(equal.loss, 5);
  });

  it("save checkpoints of a fold, and of no final fit that has no validation rows", async () => {
    const saved: [number | undefined, Uint8Array][] = [];
    const { folds, best } = await tune({
      ...base,
      callbacks: ({ fold }) => [
        modelCheckpoint((bytes) => void saved.push([fold, bytes]), { saveBestOnly: true }),
        earlyStopping({ patience: 12 }),
      ],
    });
    expect(new Set(saved.map(([fold]) => fold))).toEqual(new Set([0, 1, 2]));
    const last = saved.filter(([fold]) => fold === 2).pop() as [number, Uint8Array];
    const { validation } = folds[2];
    const rows = Array.from(validation, (id) => x[id]);
    const truths = Array.from(validation, (id) => y[id]);
    const loaded = await loadModel(last[1]);
    const predicted = loaded.predict(rows).data;
    const mean = truths.reduce((sum, each) => sum + each) / truths.length;
    const r2 =
      1 -
      truths.reduce((sum, each, i) => sum + (each - predicted[i]) ** 2, 0) /
        truths.reduce((sum, each) => sum + (each - mean) ** 2, 0);
    // the best epoch, whose weights early stopping restored, and by which the trial was scored
    expect(best.scores?.[2]).toBeCloseTo(r2, 12);
  });

  it("are made for each network of an ensemble, and for each interval of pbt()", async () => {
    const made: string[] = [];
    const callbacks = ({ trial, fold }: { trial: number; fold: number | undefined }) => {
      made.push(`${trial}/${fold}`);
      return acting();
    };
    const options = { ...base, space: { learningRate: choice([0.05, 0.1, 0.2]) } };
    const { ensemble } = await tune({ ...options, ensemble: { networks: 2, untuned: false }, callbacks });
    const finals = made
      .filter((each) => each.endsWith("/undefined"))
      .map((each) => Number.parseInt(each, 10));
    expect(finals.sort()).toEqual(ensemble?.members.flatMap(({ trial }) => trial ?? []).sort());

    made.length = 0;
    const line = await tune({
      ...base,
      space: { learningRate: float(0.01, 0.2, { log: true }) },
      strategy: pbt({ populationSize: 2 }),
      trials: 4,
      callbacks,
    });
    expect(made.slice(1, 13).sort()).toEqual(
      [0, 1, 2, 3].flatMap((trial) => [0, 1, 2].map((fold) => `${trial}/${fold}`)),
    );
    expect(line.trials.every(({ status }) => status === "complete")).toBe(true);
  });

  it("fail a trial with their name, place, method and epoch", async () => {
    const callbacks: Maker = ({ fold }) => [
      logger().callback,
      {
        name: "brittle",
        onEpochEnd(epoch) {
          if (fold === 1 && epoch === 2) throw new Error("no disk");
        },
      },
    ];
    expect(await refusal(() => tune({ ...base, callbacks }))).toMatch(
      /^trial_failed: .*callbacks\[1\] \(brittle\) failed in onEpochEnd of epoch 2: no disk/,
    );
  });

  it("resume a study with the same trials and final model", async () => {
    const options = {
      ...base,
      space: { learningRate: choice([0.05, 0.1, 0.2]) },
      callbacks: acting,
    };
    const whole = await tune(options);
    const part = await tune({ ...options, trials: 2 });
    const resumed = await tune({ ...options, study: JSON.parse(JSON.stringify(part.study)) });
    expect(untimed(resumed.trials)).toEqual(untimed(whole.trials));
    expect([...resumed.final.bytes()]).toEqual([...whole.final.bytes()]);
  });

  it("reach gridSearch and nestedCrossValidation", async () => {
    const { pipeline: _, strategy: __, ...options } = base;
    const stopped = {
      ...options,
      callbacks: () => [{ onEpochEnd: (_: number, __: Logs, c: { stop(): void }) => c.stop() }],
    };
    const { rows } = await gridSearch({ ...stopped, scoring: "r2" });
    expect(rows[0].curves?.history.loss.map((fold) => fold.length)).toEqual([1, 1, 1]);
    const { searches } = await nestedCrossValidation(gridSearch, { ...stopped, outer: { folds: 2 } });
    expect(searches[0].rows[0].curves?.history.loss.map((fold) => fold.length)).toEqual([1, 1, 1]);
  });
});

describe("callbacks of tune are refused", () => {
  const stop = () => [earlyStopping()];
  it.each<[string, object, RegExp]>([
    [
      "as a list",
      { callbacks: stop() },
      /^invalid_argument: callbacks must be a function that makes those of one training, since each needs its own: callbacks: \(\) => \[earlyStopping\(\)\]; received /,
    ],
    [
      "that are no list",
      { callbacks: () => earlyStopping() },
      /^invalid_argument: callbacks must be an array of callbacks; received /,
    ],
    [
      "with a method that nobody calls",
      { callbacks: () => [{ onEpochEnds() {} }] },
      /^unknown_name: unknown callback method "onEpochEnds"/,
    ],
    [
      "on threads",
      { callbacks: stop, jobs: 4 },
      /^invalid_argument: jobs with callbacks must be 1, or left out: they run in this thread; received 4$/,
    ],
    [
      "on all cores",
      { callbacks: stop, jobs: -1 },
      /^invalid_argument: jobs with callbacks must be 1, or left out: they run in this thread; received -1$/,
    ],
    [
      "with a queue",
      { callbacks: stop, queue: memoryQueue() },
      /^invalid_argument: queue with callbacks must be left out: they run in this thread; received /,
    ],
    [
      "with a scheduler",
      { callbacks: stop, scheduler: halving() },
      /^invalid_argument: callbacks cannot follow a training across the rungs of a scheduler; use one of them$/,
    ],
    [
      "that set rates by validation rows",
      { callbacks: () => [reduceLROnPlateau()] },
      /^invalid_argument: monitor of reduceLROnPlateau must be "loss" in a tuner, whose final fit has no validation rows; received "valLoss"$/,
    ],
  ])("%s", async (_, options, message) => {
    expect(await refusal(() => tune({ ...base, ...options } as never))).toMatch(message);
  });

  it("in a tuner of slices", async () => {
    const { jobs: _, ...options } = { ...base, jobs: 1, callbacks: stop };
    expect(await refusal(() => createTuner(options as never))).toMatch(
      /^invalid_argument: callbacks of createTuner must be left out, since no bytes have their states; use earlyStopping, reduceLROnPlateau or learningRateDecay of fit; received /,
    );
  });

  it("by their types", () => {
    const made: Maker = ({ params: { learningRate }, fold = -1 }) => [
      { onTrainBegin: (control) => control.setLearningRate(learningRate * fold) },
    ];
    // @ts-expect-error each training needs its own
    const listed: Maker = [earlyStopping()];
    // @ts-expect-error there is no such parameter
    const misspelt: Maker = ({ params: { rate } }) => [rate];
    expect([made, listed, misspelt]).toHaveLength(3);
  });

  it("allows a rate by validation rows without a final fit", async () => {
    const { pipeline: _, strategy: __, ...options } = base;
    const callbacks = () => [reduceLROnPlateau({ patience: 1, minDelta: 9 })];
    const { rows } = await gridSearch({ ...options, callbacks, refit: false });
    const without = await gridSearch({ ...options, refit: false });
    expect(rows[0].status).toBe("complete");
    expect(rows[0].scores.r2.mean).not.toBe(without.rows[0].scores.r2.mean);
  });
});
