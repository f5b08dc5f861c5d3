/**
 * Curves of trials of models: what `fit` reports on the same rows, for as many epochs as were run, however a
 * trial ends.
 */
import { describe, expect, it } from "vitest";
import type { CustomMetric } from "../../../src/metrics/metric.js";
import { type EarlyStoppingOptions, earlyStopping } from "../../../src/nn/callbacks/earlyStopping.js";
import { halving } from "../../../src/search/schedulers/halving.js";
import { choice, float } from "../../../src/search/space/builders.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { pbt } from "../../../src/search/strategies/pbt/pbt.js";
import { seedOfTrial } from "../../../src/search/study/ledger.js";
import { ancestry } from "../../../src/search/trial/ancestry.js";
import type { Curves } from "../../../src/search/trial/curves.js";
import type { TrialRecord } from "../../../src/search/trial/trial.js";
import { gridSearch } from "../../../src/tune/gridSearch.js";
import type { JobBackend } from "../../../src/tune/jobs/backend.js";
import type { Job, JobResult } from "../../../src/tune/jobs/job.js";
import { toDataset } from "../../../src/tune/trial/data.js";
import { divideRows } from "../../../src/tune/trial/folds.js";
import { trainOnFolds } from "../../../src/tune/trial/training.js";
import { tune } from "../../../src/tune/tune.js";
import type { TuneOptions } from "../../../src/tune/tuner/options.js";
import { splitSeed } from "../../../src/tune/tuner/setup.js";
import {
  foldsOf,
  linear,
  logistic,
  quantity,
  randomRows,
  rates,
  refusal,
  untimed,
  x,
  y,
} from "../support.js";

const SEED = 5;
const validation = { folds: 3 };
const space = rates(0.5, 0.05);
type S = typeof space;
const base: TuneOptions<S> = {
  x,
  y,
  space,
  model: logistic,
  strategy: grid(),
  validation,
  testSize: 0.2,
  seed: SEED,
  jobs: 1,
  fit: { epochs: 7, batchSize: 8 },
};
/** Nothing to learn, so that validation gets worse. */
const noise = randomRows(60, 1, 5).map(([value]) => Number(value > 0));

const listed = (curves: Curves | undefined) =>
  Object.fromEntries(
    Object.entries(curves?.history ?? {}).map(([name, folds]) => [name, folds.map((fold) => [...fold])]),
  );

/** By hand: what `fit` reports, with the seed of a trial, on each fold of a study; rounded to float32. */
async function byHand(
  options: TuneOptions<S>,
  trial: number,
  epochs: number,
  metrics: readonly ("accuracy" | "logLoss" | "meanAbsoluteError")[] = [],
  stopping?: EarlyStoppingOptions,
) {
  const data = toDataset(options);
  const { folds } = foldsOf(data, { validation, testSize: 0.2, seed: splitSeed(SEED) });
  const all: Record<string, number[][]> = {};
  for (const { train, validation: held, features, outputs } of folds) {
    const model = options.model({ learningRate: space.learningRate.values[trial] });
    const { optimizer, losses } = model.compiledWith();
    model.compile({ optimizer, loss: losses[0], metrics });
    const matrix = (data: Float32Array, columns: number) => ({
      data,
      shape: [data.length / columns, columns],
    });
    const { history } = await model.fit(matrix(train.x, features), matrix(train.y, outputs), {
      epochs,
      batchSize: 8,
      seed: seedOfTrial(SEED, trial),
      ...(held && { validationData: [matrix(held.x, features), matrix(held.y, outputs)] as const }),
      callbacks: stopping ? [earlyStopping(stopping)] : [],
    });
    for (const [name, values] of Object.entries(history)) {
      all[name] = [...(all[name] ?? []), values.map(Math.fround)];
    }
  }
  return all;
}

describe("the curves of a trial", () => {
  it("are the losses of fit, and nothing else where nothing else was measured", async () => {
    const { trials } = await tune(base);
    for (const { number, curves, steps } of trials) {
      const { loss } = await byHand(base, number, 7);
      expect(listed(curves)).toEqual({ loss });
      expect([steps, curves?.epochs]).toEqual([7, [7, 7, 7]]);
    }
  });

  it.each<[EarlyStoppingOptions, string[]]>([
    [{ patience: 2 }, ["loss", "valLoss"]],
    [{ patience: 1, monitor: "valLogLoss" }, ["loss", "valLoss", "valLogLoss"]],
    [{ patience: 2, monitor: "valAccuracy", restoreBestWeights: false }, ["loss", "valLoss", "valAccuracy"]],
    [{ patience: 3, monitor: "loss", minDelta: 0.002 }, ["loss"]],
  ])("have what early stopping measured, for the epochs that each fold ran: %j", async (stopping, names) => {
    const options = { ...base, y: noise, fit: { epochs: 40, batchSize: 8, earlyStopping: stopping } };
    const { trials } = await tune(options);
    const lengths = new Set<number>();
    for (const { number, curves, steps } of trials) {
      const all = await byHand(options, number, 40, ["accuracy", "logLoss"], stopping);
      expect(listed(curves)).toEqual(Object.fromEntries(names.map((name) => [name, all[name]])));
      expect(curves?.names).toEqual(names);
      expect(curves?.epochs).toEqual(all.loss.map(({ length }) => length));
      expect(steps).toBe(Math.max(...(curves?.epochs ?? [])));
      for (const length of curves?.epochs ?? []) lengths.add(length);
    }
    expect(lengths.size).toBeGreaterThan(1);
  });

  it("have the validation rows after every epoch on demand, and the trials are otherwise the same", async () => {
    const options = { ...base, metric: ["logLoss", "accuracy"] as const };
    const { trials } = await tune({ ...options, curves: "validation" });
    const plain = await tune(options);
    const without = (all: typeof trials) => untimed(all).map(({ curves, ...rest }) => rest);
    expect(without(trials)).toEqual(without(plain.trials));
    for (const { number, curves } of trials) {
      const { loss, valLoss, valLogLoss, valAccuracy } = await byHand(base, number, 7, [
        "logLoss",
        "accuracy",
      ]);
      expect(listed(curves)).toEqual({ loss, valLoss, valLogLoss, valAccuracy });
    }
  });

  it("end in the scores of the trial, in the units of the target", async () => {
    const options: TuneOptions<S> = {
      ...base,
      y: quantity,
      model: linear,
      metric: "meanAbsoluteError",
      curves: "validation",
      sampleWeight: quantity.map((_, i) => 1 + (i % 3)),
    };
    const { trials } = await tune(options);
    const { sampleWeight: _, ...unweighted } = options;
    const { trials: same } = await tune(unweighted);
    const { folds } = foldsOf(toDataset(unweighted), { validation, testSize: 0.2, seed: splitSeed(SEED) });
    for (const all of [trials, same]) {
      for (const { curves, scores = [] } of all) {
        const last = curves?.history.valMeanAbsoluteError.map((fold) => fold[6]);
        expect(last).toEqual(scores.map((score) => Math.fround(score as number)));
      }
    }
    const { valMeanAbsoluteError } = await byHand(unweighted, 0, 7, ["meanAbsoluteError"]);
    for (const [fold, values] of (same[0].curves?.history.valMeanAbsoluteError ?? []).entries()) {
      const { scale } = folds[fold].target.outputs[0];
      expect(scale).toBeGreaterThan(20); // far from the network's own units
      // a prediction is rounded to float32 in the network's units, of order 1: an error of 2⁻²⁴, and as much
      // for y and sums
      for (const [epoch, value] of values.entries())
        expect(Math.abs(value - scale * valMeanAbsoluteError[fold][epoch])).toBeLessThan(scale * 2 ** -21);
    }
  });

  it("stop where training diverged, with what the loss was there", async () => {
    const options = { ...base, y: quantity, model: linear, space: rates(5, 1e-3) as unknown as S };
    const { trials } = await tune({ ...options, fit: { epochs: 400, batchSize: 8 } });
    expect(trials.map(({ status }) => status)).toEqual(["diverged", "complete"]);
    const { loss } = (trials[0].curves as Curves).history;
    for (const fold of loss) {
      expect(fold.length).toBeLessThan(400);
      expect(Number.isFinite(fold[fold.length - 1])).toBe(false);
      expect(fold.slice(0, -1).every(Number.isFinite)).toBe(true);
    }
    expect(trials[0].steps).toBe(Math.max(...loss.map(({ length }) => length)));
    expect(trials[1].curves?.epochs).toEqual([400, 400, 400]);
  });
});

describe("under a scheduler", () => {
  const rungs = rates(1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.2, 0.5, 1, 2) as unknown as S;
  const scheduled: TuneOptions<S> = {
    ...base,
    space: rungs,
    metric: "logLoss",
    scheduler: halving(),
    fit: { epochs: 9, batchSize: 8 },
  };

  it.each([["logLoss"], ["logLoss", "accuracy"]] as const)(
    "a trial that goes on continues its curves, with its scores at the rungs: %s %s",
    async (...metric) => {
      const { trials } = await tune({ ...scheduled, metric });
      const whole = await tune({ ...scheduled, metric, scheduler: undefined, curves: "validation" } as never);
      const names = metric.map((name) => `val${name[0].toUpperCase()}${name.slice(1)}`);
      expect(new Set(trials.map(({ steps }) => steps))).toEqual(new Set([1, 3, 9]));
      for (const [i, { curves, steps = 0, status }] of trials.entries()) {
        expect(status).toBe(steps === 9 ? "complete" : "pruned");
        const all = listed(whole.trials[i].curves);
        const atRungs = (fold: number[]) =>
          fold.slice(0, steps).map((value, epoch) => ([1, 3, 9].includes(epoch + 1) ? value : Number.NaN));
        expect(listed(curves)).toEqual({
          loss: all.loss.map((fold) => fold.slice(0, steps)),
          ...Object.fromEntries(names.map((name) => [name, all[name].map(atRungs)])),
        });
        expect(curves?.names).toEqual(["loss", ...names]);
      }
    },
  );

  it("every epoch is measured on demand", async () => {
    const { trials } = await tune({ ...scheduled, curves: "validation" });
    const whole = await tune({ ...scheduled, scheduler: undefined, curves: "validation" } as never);
    for (const [i, { curves, steps }] of trials.entries()) {
      const all = listed(whole.trials[i].curves);
      expect(Object.keys(all)).toEqual(["loss", "valLoss", "valLogLoss"]);
      for (const name of Object.keys(all)) {
        expect(listed(curves)[name]).toEqual(all[name].map((fold) => fold.slice(0, steps)));
      }
    }
  });
});

it("the intervals of pbt are parts of one curve", async () => {
  const [learningRate] = space.learningRate.values;
  // what pbt explores is not in the model, so that a line is one training of 12 epochs with the seed of its
  // first trial
  const idle = { learningRate: choice([learningRate]), idle: float(0, 1) };
  const options = { ...base, space: idle as unknown as S };
  const { trials } = await tune({
    ...options,
    strategy: pbt({ populationSize: 2, quantile: 0.5 }),
    trials: 8,
    fit: { epochs: 3, batchSize: 8 },
  });
  const line = ancestry(trials, 7);
  expect(line.length).toBe(4);
  const parts = line.map(({ curves }) => listed(curves).loss);
  const joined = [0, 1, 2].map((fold) => parts.flatMap((loss) => loss[fold]));
  const one = await tune({
    ...options,
    fit: { epochs: 12, batchSize: 8 },
    trials: 2,
    strategy: pbt({ populationSize: 2 }),
  });
  expect(joined).toEqual(listed(one.trials[line[0].number].curves).loss);
});

describe("a trial that fails", () => {
  const metric = (failsAt: number): CustomMetric => {
    let calls = 0;
    return {
      name: "fragile",
      direction: "maximize",
      compute() {
        if (++calls === failsAt) throw new Error("no score");
        return calls;
      },
    };
  };

  it("by its metric keeps the curves until then", async () => {
    const good = await tune(base);
    const { trials } = await tune({ ...base, metric: metric(2) }); // the second fold of the first trial
    expect(trials.map(({ status, error }) => [status, error])).toEqual([
      ["failed", "no score"],
      ["complete", undefined],
    ]);
    expect(trials.map(({ curves }) => listed(curves))).toEqual(
      good.trials.map(({ curves }) => listed(curves)),
    );
  });

  it("at a rung keeps the curves of the stages before", async () => {
    const options: TuneOptions<S> = {
      ...base,
      space: rates(0.5, 0.05, 0.1) as unknown as S,
      scheduler: halving(),
      fit: { epochs: 9, batchSize: 8 },
    };
    // three trials at the first rung, then one of them goes on to the second and fails there
    const { trials } = await tune({ ...options, metric: metric(3 * 3 + 2) });
    const failed = trials.find(({ status }) => status === "failed");
    expect(failed?.steps).toBe(1); // what it had reported
    expect(failed?.curves?.epochs).toEqual([3, 3, 3]);
    expect(failed?.curves?.names).toEqual(["loss", "valFragile"]);
    for (const [, second, third] of failed?.curves?.history.valFragile ?? []) {
      expect([second, third]).toEqual([Number.NaN, Number.NaN]);
    }
    expect(failed?.curves?.history.valFragile.every(([first]) => first > 0)).toBe(true);
  });

  it("on one fold keeps those of the others", async () => {
    // the rows of other folds cannot scale it, where it is a validation row
    const wild = quantity.map((value, i) => (i === 10 ? 1e60 : value));
    const seen: TrialRecord<unknown>[] = [];
    const options: TuneOptions<S> = {
      ...base,
      y: wild,
      model: linear,
      testSize: 0,
      onEvent: (event) => void (event.type === "trialEnded" && seen.push(event.record)),
    };
    await expect(tune(options)).rejects.toMatchObject({ code: "trial_failed" });
    const { folds } = divideRows(toDataset({ x, y: wild }), {
      validation,
      testSize: 0,
      seed: splitSeed(SEED),
    });
    const failing = folds.findIndex(({ validation }) => validation.includes(10));
    expect(seen.map(({ status, error }) => [status, error])).toEqual(
      [0, 1].map(() => [
        "failed",
        "row 10: the target must be near enough to the training rows to be scaled; received 1e+60",
      ]),
    );
    for (const { curves } of seen)
      expect(curves?.epochs).toEqual([0, 1, 2].map((fold) => (fold === failing ? 0 : 7)));
  });

  it("on several folds fails as the first of them did, whichever ended first", async () => {
    const ended: number[] = [];
    const backend: JobBackend = {
      concurrency: 3,
      async run({ fold }) {
        await new Promise((resolve) => setTimeout(resolve, 20 - 5 * fold));
        ended.push(fold);
        if (fold > 0) throw new Error(`fold ${fold}`);
        return { epochs: 1 } as JobResult;
      },
      close: async () => {},
    };
    const rows = divideRows(toDataset({ x, y }), { validation, testSize: 0, seed: 1 });
    const results: number[] = [];
    const course = { add: (fold: number) => void results.push(fold), grow() {} };
    const work = trainOnFolds({ rows, backend }, {} as Job, [], course);
    await expect(work).rejects.toThrow("fold 1");
    expect([ended, results]).toEqual([[2, 1, 0], [0]]);
  });

  it("before it trains has none, and the cause of a search without a value is what was thrown", async () => {
    const broken = new Error("no network");
    const model = (): never => {
      throw broken;
    };
    await expect(tune({ ...base, model })).rejects.toMatchObject({ code: "trial_failed", cause: broken });
    const late = new Error("too late");
    const constraints = (): never => {
      throw late;
    };
    await expect(tune({ ...base, constraints })).rejects.toMatchObject({ code: "trial_failed", cause: late });
    const { trials } = await tune({
      ...base,
      model: ({ learningRate }) => (learningRate === 0.5 ? model() : logistic({ learningRate })),
    });
    expect(trials.map(({ status, curves }) => [status, curves === undefined])).toEqual([
      ["failed", true],
      ["complete", false],
    ]);
  });
});

it("are in events and in the rows of a grid search", async () => {
  const seen: (Curves | undefined)[] = [];
  const { trials } = await tune({
    ...base,
    onEvent: (event) => void (event.type === "trialEnded" && seen.push(event.record.curves)),
  });
  expect(seen).toEqual(trials.map(({ curves }) => curves));
  expect(seen.every((curves) => curves !== undefined)).toBe(true);
  const { strategy, ...rest } = base;
  const { rows } = await gridSearch(rest);
  expect(rows.map(({ curves }) => listed(curves))).toEqual(trials.map(({ curves }) => listed(curves)));
});

it("are the same on threads", async () => {
  for (const options of [
    { ...base, curves: "validation" as const },
    { ...base, y: noise, fit: { epochs: 40, batchSize: 8, earlyStopping: { patience: 2 } } },
  ]) {
    const alone = await tune(options);
    const together = await tune({ ...options, jobs: 2 });
    expect(together.trials.map(({ curves }) => listed(curves))).toEqual(
      alone.trials.map(({ curves }) => listed(curves)),
    );
  }
});

describe("the option", () => {
  it("leaves nothing behind when it is false", async () => {
    const events: unknown[] = [];
    const options: TuneOptions<S> = { ...base, curves: false, onEvent: (event) => void events.push(event) };
    const { trials, study } = await tune({
      ...options,
      scheduler: halving(),
      fit: { epochs: 3, batchSize: 8 },
    });
    expect(trials.length).toBe(2);
    for (const trial of trials) expect(Object.keys(trial)).not.toContain("curves");
    expect(JSON.stringify([study, events])).not.toContain('"curves"');
    // nor in a trial that failed
    const { trials: failed } = await tune({
      ...options,
      constraints: (_, { learningRate }) => {
        if (learningRate === 0.5) throw new Error("no");
        return [0];
      },
    });
    expect(failed.map(({ status, curves }) => [status, curves])).toEqual([
      ["failed", undefined],
      ["complete", undefined],
    ]);
  });

  it("is refused if it is anything else, or asks workers for what they do not know", async () => {
    expect(await refusal(() => tune({ ...base, curves: "all" as never }))).toBe(
      'invalid_argument: curves must be true, false or "validation"; received "all"',
    );
    const metric: CustomMetric = { name: "mine", direction: "maximize", compute: () => 1 };
    expect(await refusal(() => tune({ ...base, metric, curves: "validation" }))).toBe(
      'invalid_argument: metric with curves: "validation" must be built-in; received "mine"',
    );
  });
});
