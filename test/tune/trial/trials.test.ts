/** Trials of models: scores, failures, divergence, early stopping, the budget. */
import { describe, expect, it } from "vitest";
import { accuracy, logLoss, r2 } from "../../../src/metrics/index.js";
import type { CustomMetric } from "../../../src/metrics/metric.js";
import { type EarlyStoppingOptions, earlyStopping } from "../../../src/nn/callbacks/earlyStopping.js";
import { dense } from "../../../src/nn/layers/index.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { adam } from "../../../src/optim/adam.js";
import { float, int } from "../../../src/search/space/builders.js";
import { gp } from "../../../src/search/strategies/gp/gp.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import type { StudyEvent } from "../../../src/search/study/contract.js";
import { restoreStudy } from "../../../src/search/study/create.js";
import { tune } from "../../../src/tune/tune.js";
import { linear, logistic, quantity, randomRows, rates, refusal, untimed, x, y } from "../support.js";

const base = { x, y, model: logistic, fit: { epochs: 3 }, validation: { folds: 3 }, jobs: 1 };

describe("a trial", () => {
  it("scores what a model of the same seed, trained on the same rows, predicts", async () => {
    // Quantities differ from row to row, so a metric that keeps what it sees knows the rows.
    const seen: { rows: number[]; score: number }[] = [];
    const metric: CustomMetric = {
      name: "watched",
      direction: "maximize",
      compute(yTrue, prediction) {
        const score = r2([...yTrue], [...prediction]);
        seen.push({ rows: Array.from(yTrue, (value) => quantity.indexOf(value)), score });
        return score;
      },
    };
    const seeds: number[] = [];
    const { trials, best } = await tune({
      x,
      y: quantity,
      metric,
      jobs: 1,
      validation: { folds: 3 },
      pipeline: { scale: "none", target: "none" },
      space: { learningRate: float(0.01, 0.1), units: int(2, 5) },
      model: ({ learningRate, units }) => {
        const model = sequential([dense(units, { activation: "tanh" }), dense(1)]);
        model.compile({ optimizer: adam({ learningRate }), loss: "meanSquaredError" });
        return model;
      },
      fit: { epochs: 3, batchSize: 8 },
      trials: 2,
      onEvent: (event) => void (event.type === "trialStarted" && seeds.push(event.trial.seed)),
    });
    expect(seen.length).toBe(2 * 3);
    for (const [t, { params, scores, value, std }] of trials.entries()) {
      const own: number[] = [];
      for (const { rows } of seen.slice(3 * t, 3 * t + 3)) {
        const rest = quantity.map((_, i) => i).filter((i) => !rows.includes(i));
        const { learningRate, units } = params;
        const model = sequential([dense(units, { activation: "tanh" }), dense(1)]);
        model.compile({ optimizer: adam({ learningRate }), loss: "meanSquaredError" });
        await model.fit(
          rest.map((i) => x[i]),
          rest.map((i) => quantity[i]),
          { epochs: 3, batchSize: 8, seed: seeds[t] },
        );
        own.push(
          r2(
            rows.map((i) => quantity[i]),
            model.predict(rows.map((i) => x[i])),
          ),
        );
      }
      expect(scores).toEqual(own);
      const mean = own.reduce((a, b) => a + b) / 3;
      expect(Math.abs((value as number) - mean)).toBeLessThanOrEqual(1e-12 * Math.abs(mean));
      const deviation = Math.sqrt(own.reduce((sum, s) => sum + (s - mean) ** 2, 0) / 3);
      expect(Math.abs((std as number) - deviation)).toBeLessThanOrEqual(1e-12 * Math.abs(mean));
    }
    expect(best.value).toBe(Math.max(...trials.map(({ value }) => value as number)));
  });

  it("that fails, in the model or its settings, fails alone", async () => {
    const { trials, best } = await tune({
      ...base,
      space: rates(0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
      strategy: grid(),
      model: ({ learningRate }) => {
        if (learningRate === 0.1) throw new Error("from the user");
        if (learningRate === 0.2) return sequential([dense(1)]);
        if (learningRate === 0.3) return Promise.resolve() as never;
        if (learningRate === 0.4) {
          const model = sequential([dense(2)]);
          model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
          return model;
        }
        return logistic({ learningRate });
      },
      fit: ({ learningRate }) => ({ epochs: 2, batchSize: learningRate === 0.5 ? 1000 : 10 }),
    });
    expect(trials.map(({ status }) => status)).toEqual([...new Array(5).fill("failed"), "complete"]);
    expect(trials.slice(0, 5).map(({ error }) => error)).toEqual([
      "from the user",
      "the model is not compiled; call model.compile({ optimizer, loss }) first",
      "model must return a compiled model, not a promise; await what it needs before tuning",
      "units of the model's last layer must be 1: as many as classes if there are more than two, otherwise as many as columns of " +
        'y; received 2; integers are classes with task: "classification"',
      "batchSize must be at most 40, the number of rows to train on; received 1000",
    ]);
    expect(best.number).toBe(5);
  });

  it("that diverges has that status, and the study continues", async () => {
    const { trials, best, final } = await tune({
      ...base,
      y: quantity,
      model: linear,
      fit: { epochs: 40, batchSize: 8 },
      space: rates(1e10, 0.05),
      strategy: grid(),
      testSize: 0.2,
    });
    expect(trials.map(({ status, value }) => [status, value === null])).toEqual([
      ["diverged", true],
      ["complete", false],
    ]);
    expect(trials[0].scores).toEqual([null, null, null]);
    expect(best.number).toBe(1);
    expect(final.test.r2).toBeGreaterThan(0.9);
  });
});

describe("the metric", () => {
  it("may be several, which are as many objectives", async () => {
    const space = rates(0.001, 0.1, 1);
    const options = { ...base, space, strategy: grid(), fit: { epochs: 4 } };
    const both = await tune({ ...options, metric: ["recall", "logLoss"] });
    expect(both.study.directions).toEqual(["maximize", "minimize"]);
    for (const [k, metric] of (["recall", "logLoss"] as const).entries()) {
      const alone = await tune({ ...options, metric });
      expect(both.trials.map(({ values }) => values?.[k])).toEqual(alone.trials.map(({ value }) => value));
    }
    expect([both.finalError?.code, both.metric]).toEqual(["invalid_state", "recall"]);
    for (const name of ["best", "final"] as const)
      expect(() => both[name]).toThrow("best needs one objective; this study has 2. Use bestTrials");
    expect(both.bestTrials).toEqual(both.study.bestTrials);
    expect(both.trials.map(({ steps }) => steps)).toEqual([4, 4, 4]);
  });

  it("may be tuned for under constraints on others", async () => {
    const space = rates(0.001, 0.01, 0.1, 1);
    const options = { ...base, space, strategy: grid(), metric: "logLoss" as const };
    const free = await tune(options);
    const losses = free.trials.map(({ value }) => value as number);
    const bound = [...losses].sort((a, b) => a - b)[1];
    const rest = await tune({ ...options, constraints: ({ logLoss }) => [bound - logLoss] });
    expect(rest.trials.map(({ constraints }) => constraints)).toEqual(losses.map((loss) => [bound - loss]));
    expect(rest.best.value).toBe(bound);
    expect(rest.bestTrials).toEqual([rest.best]);
  });

  const space = rates(0.001, 0.1, 1);
  it("decides which way is better", async () => {
    const options = { ...base, space, strategy: grid() };
    const most = await tune({ ...options, metric: "accuracy" });
    expect(most.study.direction).toBe("maximize");
    const least = await tune({ ...options, metric: "logLoss" });
    expect(least.study.direction).toBe("minimize");
    expect(least.best.value).toBe(Math.min(...least.trials.map(({ value }) => value as number)));
    expect(least.best.number).toBe(2); // the largest rate learns most in three epochs
  });

  it("may be custom, and is then among the test scores", async () => {
    const metric: CustomMetric = {
      name: "negated",
      direction: "minimize",
      compute: (yTrue, prediction) => -accuracy([...yTrue], [...prediction]),
    };
    const own = await tune({ ...base, space, strategy: grid(), metric, testSize: 0.25 });
    const named = await tune({ ...base, space, strategy: grid(), metric: "accuracy", testSize: 0.25 });
    expect(own.trials.map(({ value }) => value)).toEqual(named.trials.map(({ value }) => -(value as number)));
    expect(own.final.test.negated).toBe(-own.final.test.accuracy);
  });
});

describe("the division", () => {
  it("may hold one share out", async () => {
    const sizes: number[] = [];
    const metric: CustomMetric = {
      name: "counted",
      direction: "minimize",
      compute(yTrue, prediction) {
        sizes.push(yTrue.length);
        return logLoss([...yTrue], [...prediction]);
      },
    };
    const { trials } = await tune({
      ...base,
      space: rates(0.1),
      strategy: grid(),
      metric,
      validation: { split: 0.2 },
    });
    expect(sizes).toEqual([12]); // of 60 rows
    expect(trials[0].std).toBe(0);
    expect(trials[0].scores?.length).toBe(1);
  });
});

describe("early stopping in a trial", () => {
  const space = rates(2);
  const EPOCHS = 10;
  const noise = randomRows(60, 1, 5).map(([value]) => Number(value > 0)); // nothing to learn, so validation gets worse
  const run = async (epochs: number, stopping?: EarlyStoppingOptions) => {
    const fit = { epochs, batchSize: 40, ...(stopping ? { earlyStopping: stopping } : {}) };
    const { trials } = await tune({ ...base, y: noise, space, strategy: grid(), metric: "logLoss", fit });
    return trials[0];
  };

  it("judges by the fold's own validation part, and restores the best epoch", async () => {
    const each: { scores?: readonly (number | null)[] }[] = [];
    for (let epochs = 1; epochs <= EPOCHS; epochs++) each.push(await run(epochs));
    const curves = [0, 1, 2].map((fold) => each.map(({ scores }) => scores?.[fold] as number));
    // what a trial of the best number of epochs scores, and it is not the last in every fold
    const best = curves.map((curve) => Math.min(...curve));
    expect(curves.some((curve, fold) => curve.at(-1) !== best[fold])).toBe(true);
    // without a penalty, the loss of the validation part is its log loss
    expect((await run(EPOCHS, { patience: EPOCHS })).scores).toEqual(best);
    expect((await run(EPOCHS, { patience: EPOCHS, monitor: "valLogLoss" })).scores).toEqual(best);
    // full batches and a small enough rate: the loss of training only falls
    const last = curves.map((curve) => curve.at(-1));
    expect((await run(EPOCHS, { patience: EPOCHS, monitor: "loss" })).scores).toEqual(last);
    const kept = curves.map((curve, fold) => curve.indexOf(best[fold]) + 1);
    expect((await run(EPOCHS, { patience: EPOCHS })).attributes).toEqual({ epochs: kept });
    expect((await run(EPOCHS)).attributes).toBeUndefined();
    // without patience it stops at the first epoch that is worse, so the best is the one before
    const first = curves.map((curve) => curve[curve.findIndex((value, i) => !(curve[i + 1] < value))]);
    expect((await run(EPOCHS, {})).scores).toEqual(first);
  });

  it("does not hide that the training diverged", async () => {
    const { trials } = await tune({
      ...base,
      y: quantity,
      model: linear,
      space: rates(5, 1e-3),
      strategy: grid(),
      fit: { epochs: 100, earlyStopping: { monitor: "loss", patience: 100 } },
    });
    expect(trials.map(({ status }) => status)).toEqual(["diverged", "complete"]);
  });

  it("takes options, not a callback", async () => {
    const fit = () => ({ epochs: 1, earlyStopping: earlyStopping() as never });
    expect(await refusal(() => tune({ ...base, space, strategy: grid(), fit }))).toMatch(
      /^trial_failed: .*unknown option of earlyStopping "bestEpoch"\./,
    );
  });
});

describe("the study", () => {
  it("has a grid's own size as its budget, and 30 trials at random", async () => {
    const cheap = {
      ...base,
      x: x.slice(0, 8),
      y: y.slice(0, 8),
      fit: { epochs: 1 },
      validation: { folds: 2 },
    };
    const all = await tune({
      ...cheap,
      space: { learningRate: float(0.1, 1) },
      strategy: grid({ points: 7 }),
    });
    expect(all.trials.length).toBe(7);
    const budgets: number[] = [];
    const large = await tune({
      space: { p: float(0, 1) },
      strategy: grid({ points: 41 }),
      direction: "minimize",
      objective: ({ p }) => p,
      onEvent: (event) => void (event.type === "studyStarted" && budgets.push(event.trials)),
    });
    expect(large.trials.length).toBe(41);
    expect(budgets).toEqual([41]);
    const drawn = await tune({ ...cheap, space: { learningRate: float(0.1, 1) } });
    expect(drawn.trials.length).toBe(30);
    const some = await tune({
      ...cheap,
      space: { learningRate: float(0.1, 1) },
      strategy: grid({ points: 7 }),
      trials: 3,
    });
    expect(untimed(some.trials)).toEqual(untimed(all.trials.slice(0, 3)));
  });

  it.each(["stop", "abort"])(
    "reports its events in order and keeps the trials that ended before a %s",
    async (how) => {
      const events: string[] = [];
      const signal = { aborted: false };
      let study: { stop(): void } | undefined;
      const onEvent = (event: StudyEvent<ReturnType<typeof rates>>): void => {
        const number = "trial" in event ? event.trial.number : "record" in event ? event.record.number : "";
        events.push(`${event.type} ${number}`.trim());
        if (event.type === "studyStarted") study = event.study;
        if (event.type !== "trialEnded" || event.record.number !== 1) return;
        if (how === "stop") study?.stop();
        else signal.aborted = true;
      };
      const result = await tune({
        ...base,
        space: rates(0.1, 0.2, 0.3, 0.4),
        strategy: grid(),
        onEvent,
        signal,
      });
      expect(events).toEqual([
        ...["studyStarted", "trialStarted 0", "trialEnded 0", "trialStarted 1", "trialEnded 1", "studyEnded"],
      ]);
      expect([result.trials.length, result.best.status]).toEqual([2, "complete"]);
      if (how === "stop") expect(result.final.predict(x).shape).toEqual([60, 1]);
      else expect(result.finalError?.code).toBe("aborted");
    },
  );

  it("is decided by its seed", async () => {
    const run = async (seed: number) =>
      untimed((await tune({ ...base, space: { learningRate: float(0.1, 1) }, trials: 3, seed })).trials);
    expect(await run(1)).toEqual(await run(1));
    expect(await run(2)).not.toEqual(await run(1));
  });

  it("is restored from JSON as it was, and can continue", async () => {
    const { study } = await tune({ ...base, space: { learningRate: float(0.1, 1) }, trials: 4, seed: 3 });
    const again = restoreStudy(JSON.parse(JSON.stringify(study)), { strategy: gp(), space: study.space });
    expect(again.trials).toEqual(study.trials);
    expect(again.best).toEqual(study.best);
    const [next, wanted] = [again.ask(), study.ask()];
    expect(next).toEqual(wanted);
  });
});
