/**
 * Population-based training of models: intervals go on from states, to the bits of a training that was never
 * interrupted. Who goes on from whom: test/search/pbt.test.ts. Needs `dist/` for the threads.
 */
import { describe, expect, it } from "vitest";
import { createEngine } from "../../src/engine/engine.js";
import { recent } from "../../src/memo.js";
import { accuracy } from "../../src/metrics/index.js";
import { getMetric } from "../../src/metrics/registry.js";
import { dense, dropout } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { architectureFrom, hyperparametersOf } from "../../src/nn/programs/architecture.js";
import { programOf } from "../../src/nn/programs/programs.js";
import { EVALUATION_BATCH } from "../../src/nn/training/scores.js";
import { runEvaluation } from "../../src/nn/training/trainer.js";
import { RandomStream } from "../../src/numerics/random.js";
import { adam } from "../../src/optim/adam.js";
import { sgd } from "../../src/optim/sgd.js";
import { asha } from "../../src/search/schedulers/asha.js";
import { choice, float, int } from "../../src/search/space/builders.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { type PbtOptions, pbt } from "../../src/search/strategies/pbt/pbt.js";
import { random } from "../../src/search/strategies/random/random.js";
import type { Study, StudyEvent } from "../../src/search/study/contract.js";
import { createStudy, restoreStudy } from "../../src/search/study/create.js";
import { ancestry } from "../../src/search/trial/ancestry.js";
import type { TrialRecord } from "../../src/search/trial/trial.js";
import { createBackend } from "../../src/tune/jobs/backend.js";
import { type FoldExamples, loadFold } from "../../src/tune/jobs/fold.js";
import { toDataset } from "../../src/tune/trial/data.js";
import { createFoldsFor, divideRows } from "../../src/tune/trial/folds.js";
import { lineageOf } from "../../src/tune/trial/lineage.js";
import type { TrialSetup } from "../../src/tune/trial/setup.js";
import { evaluateTrial } from "../../src/tune/trial/trials.js";
import { tune } from "../../src/tune/tune.js";
import { foldsOf, linear, logistic, quantity, rates, untimed, x, y } from "./support.js";

const EPOCHS = 3;
const SEED = 4;
const BATCH = 16;

const space = { rate: float(1e-3, 0.3, { log: true }), drop: float(0.05, 0.4), units: int(3, 8) };
/** Its points. */
interface P {
  readonly rate: number;
  readonly drop: number;
  readonly units: number;
}
const model = ({ rate, drop, units }: P) => {
  const built = sequential([
    dense(units, { activation: "tanh" }),
    dropout(drop),
    dense(1, { activation: "sigmoid" }),
  ]);
  built.compile({ optimizer: adam({ learningRate: rate }), loss: "binaryCrossentropy" });
  return built;
};
const options = {
  x,
  y,
  space,
  model,
  metric: "logLoss" as const,
  seed: SEED,
  jobs: 1,
  validation: { folds: 3 },
  testSize: 0.2,
  fit: { epochs: EPOCHS, batchSize: BATCH },
};
const train = (settings: PbtOptions, more: object = {}) =>
  tune({ ...options, strategy: pbt({ populationSize: 4, ...settings }), trials: 20, ...more });

/**
 * Predictions of a fold's held-out part after the intervals of a line of trials, in one run that never stops.
 */
function predictAfter(
  fold: FoldExamples,
  line: readonly TrialRecord<P>[],
  seed: number,
  epochsOf: (trial: TrialRecord<P>) => number = () => EPOCHS,
) {
  const engine = createEngine();
  const loaded = loadFold(engine, fold);
  const first = architectureFrom(model(line[0].params).described(), fold.features);
  const init = engine.start(programOf(first, "initialize", 1), { seed });
  const { x, y } = loaded.train;
  const run = engine.start(programOf(first, "train", BATCH), {
    streams: { x, y },
    batchSize: BATCH,
    shuffle: true,
    seed,
  });
  const write = (target: typeof run, params: P) => {
    for (const [name, value] of Object.entries(
      hyperparametersOf(architectureFrom(model(params).described(), fold.features)),
    ))
      target.write(name, value);
  };
  write(init, line[0].params);
  init.advance(1);
  for (const { name } of init.program.outputs) run.write(name, init.read(name));
  for (const trial of line) {
    write(run, trial.params);
    run.advance(epochsOf(trial) * run.stepsPerEpoch);
  }
  const program = programOf(first, "evaluate", EVALUATION_BATCH);
  return runEvaluation(engine, program, loaded.validation as typeof loaded.train, run.read("parameters"), {
    ...hyperparametersOf(first),
  }).prediction;
}

/** As `tune` divides the data: the stream is its SPLIT_STREAM. */
const planOf = (seed: number) => ({
  validation: { folds: 3 },
  testSize: 0.2,
  seed: new RandomStream(seed, 0x7370).integer(2 ** 31),
});
const divided = foldsOf(toDataset({ x, y }), planOf(SEED));

describe("intervals", () => {
  it("without replacement are one long training, to the bit", async () => {
    const { trials, best, final } = await train({ quantile: 0 });
    const long = await tune({
      ...options,
      strategy: random(),
      trials: 4,
      fit: { epochs: 5 * EPOCHS, batchSize: BATCH },
    });
    expect(trials.slice(16).map(({ params, value, scores }) => ({ params, value, scores }))).toEqual(
      long.trials.map(({ params, value, scores }) => ({ params, value, scores })),
    );
    expect(trials.map(({ parent, steps }) => [parent, steps])).toEqual(
      trials.map((_, number) => [number < 4 ? undefined : number - 4, EPOCHS]),
    );
    // the final model is that of the best trial's intervals
    const { number, params } = best;
    const epochs = ancestry(trials, number).length * EPOCHS;
    const alone = await tune({ ...options, enqueue: [params], trials: 1, fit: { epochs, batchSize: BATCH } });
    expect(epochs).toBeGreaterThan(EPOCHS);
    expect(final.test).toEqual(alone.final.test);
    expect(final.predict(x).data).toEqual(alone.final.predict(x).data);
  });

  it("continue from states with new numbers, as a run that never stopped would", async () => {
    const seeds: number[] = [];
    const onEvent = (event: StudyEvent) =>
      void (event.type === "trialStarted" && seeds.push(event.trial.seed));
    const { trials, best, final } = await train({ quantile: 0.5 }, { onEvent });
    const replaced = trials.filter(({ number, parent }) => parent !== undefined && parent !== number - 4);
    expect(replaced.length).toBeGreaterThanOrEqual(8);
    const logLoss = getMetric("logLoss");
    for (const { number, scores } of trials) {
      const line = ancestry(trials, number);
      const seed = seeds[line[0].number];
      const expected = divided.folds.map((fold) =>
        logLoss.compute(fold.yTrue, predictAfter(fold, line, seed), 1),
      );
      expect(scores).toEqual(expected);
    }
    const line = ancestry(trials, best.number as number);
    expect(new Set(line.map(({ params }) => params.rate)).size).toBeGreaterThan(1);
    const prediction = predictAfter(divided.finalFold, line, SEED);
    expect(final.test.logLoss).toBe(logLoss.compute(divided.finalFold.yTrue, prediction, 1));
    expect(final.test.accuracy).toBe(accuracy(divided.finalFold.yTrue, prediction));
  });

  it.each([2, 3])("are the same on %i threads", async (jobs) => {
    const [alone, together] = [await train({}), await train({}, { jobs })];
    expect(untimed(together.trials)).toEqual(untimed(alone.trials));
    expect(together.final.test).toEqual(alone.final.test);
    expect(together.final.predict(x).data).toEqual(alone.final.predict(x).data);
  });

  it("stop early by themselves, and the final fit runs as many epochs of each", async () => {
    const noise = y.map((label, i) => (i % 4 === 0 ? 1 - label : label)); // so much to learn and no more
    const fit = { epochs: 6, batchSize: BATCH, earlyStopping: { patience: 1 } };
    const { best, trials, final } = await train({}, { y: noise, fit, seed: 2 });
    const line = ancestry(trials, best.number as number);
    expect(line.length).toBeGreaterThan(1);
    const { finalFold } = foldsOf(toDataset({ x, y: noise }), planOf(2));
    const kept = ({ attributes }: TrialRecord<P>) => {
      const epochs = attributes?.epochs as readonly number[];
      return Math.round(epochs.reduce((sum, each) => sum + each, 0) / epochs.length);
    };
    expect(line.some((trial) => kept(trial) < 6)).toBe(true);
    const prediction = predictAfter(finalFold, line, 2, kept);
    expect(final.test.logLoss).toBe(getMetric("logLoss").compute(finalFold.yTrue, prediction, 1));
  });
});

describe("a study that is restored from its JSON", () => {
  /**
   * Runs the trials of a study as `tune` does, in a process that knows of none before; says how many jobs it
   * took.
   */
  async function resume(study: Study<typeof space>, trials: number): Promise<number> {
    const rows = divideRows(toDataset({ x, y }), planOf(SEED));
    const inner = createBackend(rows, 1);
    let jobs = 0;
    const setup: TrialSetup<typeof space> = {
      unknown: "refuse",
      model,
      fit: options.fit,
      rows,
      foldsFor: createFoldsFor(rows),
      kinds: recent(1),
      task: "classification",
      detailed: false,
      curves: true,
      identities: new Map(),
      metrics: [getMetric("logLoss")],
      objectives: 1,
      backend: {
        ...inner,
        run(job) {
          jobs++;
          return inner.run(job);
        },
      },
    };
    const lineage = lineageOf(setup, study);
    await study.optimize(
      (params, trial) => evaluateTrial<typeof space>({ ...setup, lineage }, params, trial),
      { trials },
    );
    return jobs;
  }
  const begin = () =>
    createStudy({
      space,
      strategy: pbt({ populationSize: 3, quantile: 0.4 }),
      direction: "minimize",
      seed: SEED,
    });

  it("trains the ancestors again, and continues to the same bits", async () => {
    const whole = begin();
    expect(await resume(whole, 15)).toBe(15 * 3);
    for (const stop of [1, 6, 8, 11]) {
      const stopped = begin();
      await resume(stopped, stop);
      const again = restoreStudy(JSON.parse(JSON.stringify(stopped)), {
        strategy: pbt({ populationSize: 3, quantile: 0.4 }),
        space,
      });
      const jobs = await resume(again, 15);
      expect(again.trials).toEqual(whole.trials);
      if (stop > 3) expect(jobs).toBeGreaterThan((15 - stop) * 3);
      // at most every trial once again, and no ancestor twice
      expect(jobs).toBeLessThanOrEqual(15 * 3);
    }
  });
});

describe("a trial that fails", () => {
  it("is replaced by one that did not, with other numbers", async () => {
    const { trials } = await tune({
      x,
      y: quantity,
      model: linear,
      seed: SEED,
      jobs: 1,
      validation: { folds: 2 },
      metric: "rmse",
      space: { learningRate: float(1e-3, 1e12, { log: true }) },
      enqueue: [0.01, 0.02, 1e11, 0.2].map((learningRate) => ({ learningRate })),
      strategy: pbt({ populationSize: 4, quantile: 0, resample: 0 }),
      fit: ({ learningRate }) => ({ epochs: learningRate === 0.2 ? -1 : 5 }),
      trials: 8,
    });
    expect(trials.map(({ status }) => status)).toEqual([
      ...["complete", "complete", "diverged", "failed"],
      ...["complete", "complete", "complete", "complete"],
    ]);
    const best = (trials[0].value as number) < (trials[1].value as number) ? 0 : 1;
    expect(trials.slice(4).map(({ parent }) => parent)).toEqual([0, 1, best, best]);
    const ratios = trials
      .slice(6)
      .map(({ params }) => params.learningRate / trials[best].params.learningRate);
    for (const ratio of ratios) expect([0.8, 1.2]).toContain(Math.round(ratio * 1e12) / 1e12);
  });

  it("because it would change the network, says so", async () => {
    const { trials } = await train({ explore: ["units"], quantile: 0.5 }, { trials: 8 });
    const failed = trials.filter(({ status }) => status === "failed");
    expect(failed).toHaveLength(2);
    for (const { parent, params, error } of failed) {
      expect(error).toBe(
        "a training that continues may change numbers such as rates, but not its layers, optimizer or pipeline, nor a number " +
          `from or to 0 where 0 removes an operation; received {"units":${params.units}} after {"units":${trials[parent as number].params.units}}`,
      );
    }
  });

  it("because its optimizer would have other slots, too", async () => {
    const { trials } = await tune({
      x,
      y,
      seed: SEED,
      jobs: 1,
      validation: { folds: 2 },
      fit: { epochs: 1 },
      space: { momentum: float(0, 0.9) },
      model: ({ momentum }) => {
        const built = sequential([dense(1, { activation: "sigmoid" })]);
        built.compile({ optimizer: sgd({ learningRate: 0.1, momentum }), loss: "binaryCrossentropy" });
        return built;
      },
      enqueue: [{ momentum: 0 }, { momentum: 0 }],
      strategy: pbt({ populationSize: 2, quantile: 0.5 }),
      trials: 4,
    });
    const failed = trials.filter(({ error }) => error);
    expect(failed).toHaveLength(1);
    expect(failed[0].error).toMatch(
      /from or to 0 where 0 removes an operation; received {"momentum":0\.\d+} after {"momentum":0}$/,
    );
  });
});

describe("a training", () => {
  it("may change its batch size, and functions that a model creates each time", async () => {
    const { trials } = await tune({
      x,
      y,
      seed: SEED,
      jobs: 1,
      validation: { folds: 2 },
      metric: "logLoss",
      space: { batchSize: choice([4, 8, 16]), rate: float(0.01, 1, { log: true }) },
      model: ({ rate }) => {
        const built = sequential([
          dense(1, { activation: (value) => value }),
          dense(1, { activation: "sigmoid" }),
        ]);
        built.compile({ optimizer: adam({ learningRate: rate }), loss: "binaryCrossentropy" });
        return built;
      },
      fit: ({ batchSize }) => ({ epochs: 2, batchSize }),
      strategy: pbt({ populationSize: 4, quantile: 0.5, explore: ["batchSize"], resample: 1 }),
      trials: 16,
    });
    expect(trials.map(({ status }) => status)).toEqual(new Array(16).fill("complete"));
    const changed = trials.filter(
      ({ params, parent }) => parent !== undefined && params.batchSize !== trials[parent].params.batchSize,
    );
    expect(changed.length).toBeGreaterThan(0);
  });

  it("takes neither a scheduler nor trials of another study", async () => {
    await expect(train({}, { scheduler: asha() })).rejects.toThrow(
      'strategy "pbt" itself decides which trials resume, and works without a scheduler; received "asha"',
    );
    const warmStart = [{ params: { rate: 0.1, drop: 0.1, units: 4 }, value: 1, status: "complete" }];
    await expect(train({}, { warmStart })).rejects.toThrow(
      'strategy "pbt" continues trainings, and the trials of warmStart have none; enqueue their parameters',
    );
  });

  it("that starts with a grid has it in its options", async () => {
    const { study } = await tune({
      x,
      y,
      model: logistic,
      space: rates(0.1, 0.2),
      jobs: 1,
      validation: { folds: 2 },
      fit: { epochs: 1 },
      strategy: pbt({ start: grid(), populationSize: 2 }),
      trials: 4,
    });
    expect(study.toJSON().strategy).toEqual({
      name: "pbt",
      options: { start: { name: "grid", options: {} }, populationSize: 2 },
    });
    expect(study.trials.map(({ params }) => params.learningRate).slice(0, 2)).toEqual([0.1, 0.2]);
  });
});
