/**
 * The decay of the learning rate in trials: its equation on folds, across rungs, when stopped early, and in
 * the final fit.
 */
import { describe, expect, it } from "vitest";
import { r2 } from "../../../src/metrics/index.js";
import type { CustomMetric } from "../../../src/metrics/metric.js";
import { learningRateScheduler } from "../../../src/nn/callbacks/learningRateScheduler.js";
import { dense } from "../../../src/nn/layers/index.js";
import { cosineDecay } from "../../../src/optim/schedules.js";
import { sgd } from "../../../src/optim/sgd.js";
import { halving } from "../../../src/search/schedulers/halving.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { createBackend } from "../../../src/tune/jobs/backend.js";
import type { Job, JobResult } from "../../../src/tune/jobs/job.js";
import { fitFinal } from "../../../src/tune/trial/final.js";
import { shortenedBy } from "../../../src/tune/trial/finalLimits.js";
import type { FitSettings } from "../../../src/tune/trial/settings.js";
import { tune } from "../../../src/tune/tune.js";
import { runTuner } from "../../../src/tune/tuner/run.js";
import { scoringOf, setUpTuner } from "../../../src/tune/tuner/setup.js";
import { compiled } from "../../nn/support.js";
import { linear, quantity, rates, refusal, x } from "../support.js";

/** ½(1 + cos(πe/4)) at e = 0, …, 3 */
const SHARES = [1, (1 + Math.SQRT1_2) / 2, 0.5, (1 - Math.SQRT1_2) / 2];
/** ½(1 + cos(πe/6)) at e = 0, …, 5 */
const SIXTHS = Array.from({ length: 6 }, (_, epoch) => (1 + Math.cos((Math.PI * epoch) / 6)) / 2);
const RATE = 0.125;
const fit = { epochs: 4, batchSize: 8 };
const base = {
  x,
  y: quantity,
  model: linear,
  space: rates(RATE),
  strategy: grid(),
  jobs: 1,
  seed: 3,
  validation: { folds: 3 },
  pipeline: { scale: "none", target: "none" },
} as const;
const all = quantity.map((_, i) => i);

/**
 * The network, trained on rows for some epochs at the rates of the equation, and its predictions of others.
 */
async function trained(rows: readonly number[], seed: number, others: readonly number[], epochs = 4) {
  const model = linear({ learningRate: RATE });
  const callbacks = [learningRateScheduler((epoch) => RATE * SHARES[epoch])];
  const [xs, ys] = [rows.map((i) => x[i]), rows.map((i) => quantity[i])];
  await model.fit(xs, ys, { ...fit, epochs, seed, callbacks });
  return [...model.predict(others.map((i) => x[i])).data];
}

/** What a metric sees of each fold, and the seed of the trial. */
function watched() {
  const seen: { rows: number[]; prediction: number[] }[] = [];
  const metric: CustomMetric = {
    name: "watched",
    direction: "maximize",
    compute(yTrue, prediction) {
      seen.push({
        rows: Array.from(yTrue, (value) => quantity.indexOf(value)),
        prediction: [...prediction],
      });
      return r2([...yTrue], [...prediction]);
    },
  };
  return { seen, metric };
}

describe("learningRateDecay", () => {
  it("trains each fold, and the final model, at the rates of its equation", async () => {
    const { seen, metric } = watched();
    let seed = -1;
    const { final } = await tune({
      ...base,
      metric,
      fit: { ...fit, learningRateDecay: "cosine" },
      onEvent: (event) => {
        if (event.type === "trialStarted") seed = event.trial.seed;
      },
    });
    expect(seen.length).toBe(3);
    for (const { rows, prediction } of seen) {
      const rest = all.filter((i) => !rows.includes(i));
      expect(prediction).toEqual(await trained(rest, seed, rows));
    }
    expect([...final.predict(x).data]).toEqual(await trained(all, 3, all));
  });

  it("goes on where it was after a rung of a scheduler", async () => {
    const options = {
      ...base,
      space: rates(RATE, 0.0625),
      fit: { ...fit, learningRateDecay: "cosine" },
    } as const;
    const whole = await tune(options);
    const staged = await tune({ ...options, scheduler: halving({ reduction: 2 }) });
    expect(staged.trials.map(({ status }) => status).sort()).toEqual(["complete", "pruned"]);
    expect(staged.best.value).toBe(whole.best.value);
    expect(staged.best.scores).toEqual(whole.best.scores);
  });

  it("follows the planned epochs, also in a final fit that is as short as the folds were", async () => {
    // the loss of unscaled rows falls by less than that after the second epoch
    const earlyStopping = { patience: 1, minDelta: 1e9 };
    const { best, final } = await tune({
      ...base,
      fit: { ...fit, earlyStopping, learningRateDecay: "cosine" },
    });
    expect(best.attributes?.epochs).toEqual([1, 1, 1]);
    expect([...final.predict(x).data]).toEqual(await trained(all, 3, all, 1));
  });

  it.each<[string, object, RegExp]>([
    [
      "another curve",
      { fit: { learningRateDecay: "linear" } },
      /^invalid_argument: learningRateDecay must be "cosine" or "none"; received "linear"$/,
    ],
    [
      "a plateau beside it",
      { fit: { learningRateDecay: "cosine", reduceLROnPlateau: {} } },
      /^invalid_argument: reduceLROnPlateau and learningRateDecay both change the learning rate; use one of them$/,
    ],
    [
      "a schedule of the optimizer",
      {
        fit: { learningRateDecay: "cosine" },
        model: () =>
          compiled([dense(1)], {
            optimizer: sgd({ learningRate: cosineDecay({ initialLearningRate: 0.1, decaySteps: 9 }) }),
            loss: "meanSquaredError",
          }),
      },
      /^trial_failed: .*learningRateDecay and a schedule of the optimizer both change the learning rate; use one of them/,
    ],
  ])("refuses %s", async (_, options, message) => {
    expect(await refusal(() => tune({ ...base, ...options } as never))).toMatch(message);
  });

  it("is typed", () => {
    // @ts-expect-error no such curve
    const linear: FitSettings = { learningRateDecay: "linear" };
    expect(linear).toBeDefined();
  });
});

it.each([
  // what is planned, and what time leaves: rates that end with the last epoch
  ["that time cuts short", {}, [6, 6, 6], 3, 0, [1, 0.75, 0.25], { epochs: 3, of: 6 }],
  // as many epochs as the folds kept, at their rates
  ["of trials that stopped early", {}, [4, 3, 4], 4, 0, SIXTHS, undefined],
  ["of some of the rows", { searchRows: 20 }, [6, 6, 6], 6, 1, SIXTHS, { epochs: 6, of: 6, rows: 30 }],
] as const)(
  "ends with the epochs of a final fit %s",
  async (_, more, kept, left, smaller, shares, expected) => {
    const options = { ...base, ...more, fit: { ...fit, epochs: 6, learningRateDecay: "cosine" } } as const;
    const setup = await setUpTuner(options, scoringOf({}));
    const { rows } = setup.trialSetup;
    const backend = createBackend(rows, 1);
    await runTuner({ ...setup, refit: false }, backend, undefined);
    const jobs: Job[] = [];
    const watched = {
      concurrency: 1,
      run(job: Job) {
        jobs.push(job);
        return backend.run(job);
      },
      close: () => backend.close(),
    };
    const limits = {
      networks: () => 1,
      confirm: () => false,
      plan: () => ({ fold: rows.finals[smaller], prepare: 0 }),
      epochs: (_: number, planned: number) => Math.min(planned, left),
      until: () => 7e15,
    };
    const { seed, directions, trials } = setup.study;
    const { shortened } = await fitFinal<typeof base.space>(
      { ...setup.trialSetup, backend: watched as never },
      { seed, directions, trials: [{ ...trials[0], attributes: { epochs: kept } }] },
      0,
      limits,
    );
    expect(jobs.map(({ epochs, learningRates, until }) => ({ epochs, learningRates, until }))).toEqual([
      { epochs: left, learningRates: shares.map((share) => expect.closeTo(share * RATE, 12)), until: 7e15 },
    ]);
    expect(shortened).toEqual(expected);
    await watched.close();
  },
);

it.each<[string, readonly Partial<JobResult & { planned: number }>[], number | undefined, unknown]>([
  ["the smallest share of its epochs", [{ planned: 4 }, { planned: 9 }], undefined, { epochs: 3, of: 9 }],
  ["a cut in the last epoch", [{ planned: 3, cut: true }], undefined, { epochs: 3, of: 3 }],
  ["no network that diverged", [{ planned: 9, finite: false }, { planned: 3 }], undefined, undefined],
  ["rows, however many epochs", [{ planned: 3 }], 50, { epochs: 3, of: 3, rows: 50 }],
])("how far a final fit went is told by %s", (_, fits, rows, expected) => {
  const curves = { loss: new Float32Array(3) };
  const all = fits.map(({ planned = 0, ...result }) => ({
    planned,
    result: { finite: true, curves, ...result } as JobResult,
  }));
  expect(shortenedBy(all, rows)).toEqual(expected);
});

it("tells of the network that was cut the shortest, not of the first", async () => {
  const ensemble = { networks: 3, untuned: false, confirm: 0 };
  const setup = await setUpTuner({ ...base, fit: { ...fit, epochs: 6 }, ensemble }, scoringOf({}));
  const backend = createBackend(setup.trialSetup.rows, 1);
  await runTuner({ ...setup, refit: false }, backend, undefined);
  const given = [6, 4, 5];
  const final = {
    ...setup.trialSetup,
    backend: { ...backend, run: (job: Job) => backend.run({ ...job, epochs: given.shift() as number }) },
  };
  const limits = {
    networks: () => 3,
    confirm: () => false,
    plan: () => ({ fold: 3, prepare: 0 }),
    epochs: () => 6,
    until: () => undefined,
  };
  const { shortened } = await fitFinal<typeof base.space>(final, setup.study, 0, limits);
  expect([given, shortened]).toEqual([[], { epochs: 4, of: 6 }]);
  // a network that diverged is not among those that are averaged
  const run = async (job: Job) => ({ ...(await backend.run(job)), finite: given.push(0) !== 2 });
  const diverging = { ...final, backend: { ...backend, run } };
  const { ensemble: left } = await fitFinal<typeof base.space>(diverging, setup.study, 0, limits);
  expect(left?.members.reduce((sum, { networks }) => sum + networks, 0)).toBe(2);
  await backend.close();
});
