/** Reduction of the learning rate in trials: the callback's rule, on folds and in the final fit. */
import { describe, expect, it } from "vitest";
import { r2 } from "../../../src/metrics/index.js";
import type { CustomMetric } from "../../../src/metrics/metric.js";
import { reduceLROnPlateau } from "../../../src/nn/callbacks/reduceLROnPlateau.js";
import { dense } from "../../../src/nn/layers/index.js";
import { cosineDecay } from "../../../src/optim/schedules.js";
import { sgd } from "../../../src/optim/sgd.js";
import { asha } from "../../../src/search/schedulers/asha.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import type { FitSettings } from "../../../src/tune/trial/settings.js";
import { tune } from "../../../src/tune/tune.js";
import { compiled } from "../../nn/support.js";
import { linear, quantity, rates, refusal, x } from "../support.js";

// without a pipeline the first losses are near 10⁶, those after them fall by less than 5000 with an epoch
const plateau = { factor: 0.5, patience: 2, minDelta: 5000 };
const space = rates(0.1);
const base = {
  x,
  y: quantity,
  model: linear,
  space,
  strategy: grid(),
  jobs: 1,
  validation: { folds: 3 },
  seed: 3,
  pipeline: { scale: "none", target: "none" },
} as const;
const fit = { epochs: 10, batchSize: 8 };

/** The network of the trial, trained on rows by `fit` with the callback, and its predictions of others. */
async function trained(rows: readonly number[], seed: number, others: readonly number[]) {
  const model = linear({ learningRate: 0.1 });
  const { history } = await model.fit(
    rows.map((i) => x[i]),
    rows.map((i) => quantity[i]),
    { ...fit, seed, callbacks: [reduceLROnPlateau({ ...plateau, monitor: "loss" })] },
  );
  return { rates: history.learningRate, prediction: model.predict(others.map((i) => x[i])).data };
}

describe("reduceLROnPlateau in a trial", () => {
  it("trains each fold, and the final model, as the callback does", async () => {
    const seen: { rows: number[]; prediction: number[] }[] = [];
    const metric: CustomMetric = {
      name: "watched",
      direction: "maximize",
      compute(yTrue, prediction) {
        const rows = Array.from(yTrue, (value) => quantity.indexOf(value));
        seen.push({ rows, prediction: [...prediction] });
        return r2([...yTrue], [...prediction]);
      },
    };
    let seed = -1;
    const { final } = await tune({
      ...base,
      metric,
      fit: { ...fit, reduceLROnPlateau: plateau },
      onEvent: (event) => {
        if (event.type === "trialStarted") seed = event.trial.seed;
      },
    });
    expect(seen.length).toBe(3);
    const all = quantity.map((_, i) => i);
    for (const { rows, prediction } of seen) {
      const rest = all.filter((i) => !rows.includes(i));
      const own = await trained(rest, seed, rows);
      expect(new Set(own.rates).size).toBeGreaterThan(2); // the rate was reduced, more than once
      expect(prediction).toEqual([...own.prediction]);
    }
    expect([...final.predict(x).data]).toEqual([...(await trained(all, 3, all)).prediction]);
  });

  it.each<[string, object, RegExp]>([
    [
      "a validation number",
      { fit: { reduceLROnPlateau: { monitor: "valLoss" } } },
      /^invalid_argument: monitor of reduceLROnPlateau must be "loss" in a tuner, whose final fit has no validation rows; received "valLoss"$/,
    ],
    [
      "an unknown option",
      { fit: { reduceLROnPlateau: { minLr: 0.1 } } },
      /^unknown_name: unknown option of reduceLROnPlateau "minLr"/,
    ],
    [
      "a callback",
      { fit: { reduceLROnPlateau: reduceLROnPlateau() } },
      /^unknown_name: unknown option of reduceLROnPlateau "name"/,
    ],
    [
      "callbacks",
      { fit: { callbacks: [reduceLROnPlateau()] } },
      /^invalid_argument: fit of a tuner accepts no callbacks; give tune callbacks: \(\) => \[earlyStopping\(\)\], a function that makes those of one training$/,
    ],
    [
      "a scheduler",
      { fit: { epochs: 4, reduceLROnPlateau: {} }, scheduler: asha(), steps: 4 },
      /^trial_failed: .*reduceLROnPlateau cannot follow a loss across the rungs of a scheduler; use one of them/,
    ],
    [
      "a schedule",
      {
        fit: { reduceLROnPlateau: {} },
        model: () =>
          compiled([dense(1)], {
            optimizer: sgd({ learningRate: cosineDecay({ initialLearningRate: 0.1, decaySteps: 9 }) }),
            loss: "meanSquaredError",
          }),
      },
      /^trial_failed: .*reduceLROnPlateau and a schedule of the optimizer both change the learning rate; use one of them/,
    ],
  ])("refuses %s", async (_, options, message) => {
    expect(await refusal(() => tune({ ...base, ...options } as never))).toMatch(message);
  });

  it("is typed", () => {
    // @ts-expect-error it follows the training loss
    const monitored: FitSettings = { reduceLROnPlateau: { monitor: "valLoss" } };
    // @ts-expect-error functions do not reach other threads
    const called: FitSettings = { callbacks: [] };
    expect([monitored, called]).toHaveLength(2);
  });
});
