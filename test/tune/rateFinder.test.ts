/** The learning-rate range test, against a plain loop over the equations of a linear model. */
import { describe, expect, it } from "vitest";
import { conv2d, dense, flatten } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { cosineDecay } from "../../src/optim/schedules.js";
import { sgd } from "../../src/optim/sgd.js";
import { findLearningRate, type RateFinderOptions } from "../../src/tune/rateFinder.js";
import { linear, logistic, quantity, randomRows, refusal, x, y } from "./support.js";

const rows = randomRows(40, 2, 7);
const targets = rows.map(([a, b], i) => 3 * a - 2 * b + 0.5 + ((i * 7) % 5) / 10);

/** A linear model that begins at zero, so that its path follows from the data alone. */
const zeros: RateFinderOptions["model"] = ({ learningRate }) => {
  const model = sequential([dense(1, { kernelInitializer: "zeros" })]);
  model.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError" });
  return model;
};
const whole = {
  x: rows,
  y: targets,
  model: zeros,
  batchSize: 40,
  pipeline: { scale: "none", target: "none" } as const,
  seed: 3,
};

/**
 * Losses of gradient descent on the mean squared error over all rows, in float64: w ← w − rate · 2/n Xᵀ(Xw −
 * y).
 */
function descend(rates: readonly number[]): number[] {
  const inputs = rows.map(([a, b]) => [a, b, 1]);
  let w = [0, 0, 0];
  return rates.map((rate) => {
    const errors = inputs.map((row, i) => row.reduce((sum, v, j) => sum + v * w[j], 0) - targets[i]);
    const gradient = w.map(
      (_, j) => (2 / rows.length) * inputs.reduce((sum, row, i) => sum + row[j] * errors[i], 0),
    );
    w = w.map((v, j) => v - rate * gradient[j]);
    return errors.reduce((sum, e) => sum + e * e, 0) / rows.length;
  });
}

/** The greatest eigenvalue of the Hessian 2/n XᵀX, by power iteration. */
function greatestCurvature(): number {
  const inputs = rows.map(([a, b]) => [a, b, 1]);
  let v = [1, 1, 1];
  let length = 0;
  for (let i = 0; i < 500; i++) {
    const xv = inputs.map((row) => row.reduce((sum, value, j) => sum + value * v[j], 0));
    const next = v.map((_, j) => (2 / rows.length) * inputs.reduce((sum, row, i) => sum + row[j] * xv[i], 0));
    length = Math.hypot(...next);
    v = next.map((value) => value / length);
  }
  return length;
}

describe("the learning-rate finder", () => {
  it("takes one step at each rate: the losses are those of gradient descent", async () => {
    const { rates, losses, reason } = await findLearningRate({
      ...whole,
      low: 1e-4,
      high: 0.5,
      steps: 60,
      smoothing: 0,
    });
    expect(reason).toBe("finished");
    expect([rates[0], rates[59]]).toEqual([1e-4, 0.5]);
    rates.forEach((rate, i) => {
      expect(Math.abs(rate / (1e-4 * 5000 ** (i / 59)) - 1)).toBeLessThan(1e-13);
    });
    // Losses from 5 down to 0.02. A float32 step errs by some 40 roundings of 6e-8, and descent does not add
    // to errors.
    const expected = descend(rates);
    losses.forEach((loss, i) => {
      expect(Math.abs(loss - expected[i])).toBeLessThan(60 * 40 * 6e-8 * expected[0]);
    });
    expect(expected[59]).toBeLessThan(expected[0] / 50);
  });

  it("stops where descent diverges, beyond 2 / L, and suggests less than that", async () => {
    const bound = 2 / greatestCurvature();
    const { rates, losses, suggested, belowMinimum, reason } = await findLearningRate({
      ...whole,
      low: bound / 1000,
      high: bound * 1000,
      steps: 301,
      smoothing: 0,
    });
    expect(reason).toBe("diverged");
    const last = rates.at(-1) as number;
    expect(last).toBeGreaterThan(bound);
    expect(last).toBeLessThan(10 * bound);
    expect(losses.at(-1)).toBeGreaterThan(4 * Math.min(...losses));
    for (const [i, loss] of losses.slice(0, -1).entries()) {
      expect(loss).toBeLessThanOrEqual(4 * Math.min(...losses.slice(0, i + 1)));
    }
    expect(suggested).toBeGreaterThan(bound / 1000);
    expect(suggested).toBeLessThan(bound);
    expect(belowMinimum).toBe(rates[losses.indexOf(Math.min(...losses))] / 10);
  });

  it.each([
    ["logistic, to rates that diverge", { x, y, model: logistic, steps: 80, low: 1e-3, high: 100 }],
    ["linear, to rates at which it still falls", { ...whole, steps: 60, low: 1e-3, high: 0.1 }],
    ["in few steps", { x, y, model: logistic, steps: 10, low: 0.01, high: 10 }],
  ])(
    "suggests where the smoothed loss falls most steeply over the logarithm of the rate: %s",
    async (_, options) => {
      const smoothing = 0.8;
      const { rates, losses, smoothed, suggested, belowMinimum } = await findLearningRate({
        ...options,
        smoothing,
      });
      // the bias-corrected average written as the weighted mean that it is
      losses.forEach((_, i) => {
        const weights = Array.from({ length: i + 1 }, (_, k) => smoothing ** (i - k));
        const mean =
          weights.reduce((sum, weight, k) => sum + weight * losses[k], 0) / weights.reduce((a, b) => a + b);
        expect(smoothed[i]).toBeCloseTo(mean, 12);
      });
      const reach = Math.min(5, options.steps / 10); // 5 = 1 / (1 - 0.8)
      const lowest = smoothed.indexOf(Math.min(...smoothed.slice(reach)));
      const slopes = smoothed.slice(0, lowest - reach + 1).map((_, i) => {
        if (i < reach) return 0;
        return (smoothed[i + reach] - smoothed[i - reach]) / Math.log(rates[i + reach] / rates[i - reach]);
      });
      expect(suggested).toBe(rates[slopes.indexOf(Math.min(...slopes))]);
      expect(belowMinimum).toBe(rates[lowest] / 10);
    },
  );

  it("takes the loss of the batch, of the last and smaller one too", async () => {
    // Rates so small that nothing is learnt: an epoch's losses, weighed by rows, give the loss over all rows
    // at zero.
    const { losses } = await findLearningRate({ ...whole, batchSize: 16, low: 1e-12, high: 1e-11, steps: 6 });
    const all = targets.reduce((sum, t) => sum + t * t, 0) / 40;
    for (const epoch of [0, 3]) {
      const [a, b, c] = losses.slice(epoch, epoch + 3);
      expect(Math.abs((16 * a + 16 * b + 8 * c) / 40 - all)).toBeLessThan(1e-5);
      expect(new Set([a, b, c]).size).toBe(3);
    }
    expect(losses.slice(0, 3)).not.toEqual(losses.slice(3)); // another order
  });

  it("begins as fit does, with the same bits for the same seed", async () => {
    const options = {
      x,
      y,
      model: logistic,
      pipeline: { scale: "none", target: "none" } as const,
      low: 0.01,
      batchSize: 60,
    };
    const first = await findLearningRate(options);
    expect(await findLearningRate(options)).toEqual(first);
    expect((await findLearningRate({ ...options, seed: 1 })).losses).not.toEqual(first.losses);
    const { history } = await logistic({ learningRate: 0.01 }).fit(x, y, { batchSize: 60 });
    expect(first.losses[0]).toBe(history.loss[0]);
  });

  it("reads the shape of rows, as fit does", async () => {
    const images = x.map(([a, b]) => [
      [[a], [b]],
      [[b], [a + b]],
    ]);
    const model = ({ learningRate }: { learningRate: number }) => {
      const network = sequential([conv2d(2, 2), flatten(), dense(1, { activation: "sigmoid" })]);
      network.compile({ optimizer: sgd({ learningRate }), loss: "binaryCrossentropy" });
      return network;
    };
    const pipeline = { scale: "none", target: "none" } as const;
    const { losses } = await findLearningRate({ x: images, y, model, pipeline, low: 0.01, batchSize: 60 });
    const { history } = await model({ learningRate: 0.01 }).fit(images, y, { batchSize: 60 });
    expect(losses[0]).toBe(history.loss[0]);
  });

  it("standardizes as trials do, so that the scale of the target does not matter", async () => {
    const scaled = (factor: number) =>
      findLearningRate({ x, y: quantity.map((q) => 2 ** factor * q), model: linear });
    const [one, thousand] = [await scaled(0), await scaled(10)];
    expect(thousand.losses).toEqual(one.losses); // powers of two: no rounding
    expect(one.losses[0]).toBeLessThan(20);
  });

  it("ends at a loss that is not finite, and suggests nothing where the loss never falls", async () => {
    const beyond = await findLearningRate({ ...whole, low: 1e19, high: 1e30, steps: 5, smoothing: 0.99 });
    expect(beyond.reason).not.toBe("finished");
    expect(beyond).toMatchObject({ suggested: undefined, belowMinimum: undefined });
    expect(beyond.losses.every(Number.isFinite)).toBe(true);
    const missing = await findLearningRate({ ...whole, low: 1e25, high: 1e30, steps: 5 });
    expect([missing.reason, missing.losses.length]).toEqual(["notFinite", 1]);
  });

  it("refuses invalid options, models and data", async () => {
    const cases: [Partial<RateFinderOptions> & object, RegExp][] = [
      [{ low: 0 }, /low must be a finite number above 0; received 0/],
      [{ low: 1, high: 1 }, /low must be below high, 1; received 1/],
      [{ high: Number.POSITIVE_INFINITY }, /high must be a finite number above 0; received Infinity/],
      [{ steps: 1 }, /steps must be an integer of at least 2; received 1/],
      [{ smoothing: 1 }, /smoothing must be a number of at least 0 and below 1; received 1/],
      [{ batchSize: 41 }, /batchSize must be at most 40, the number of rows to train on; received 41/],
      [{ seed: -1 }, /seed.*-1/],
      [{ model: (() => 3) as never }, /what model returns must be a compiled model/],
      [
        {
          model({ learningRate }) {
            const model = sequential([dense(1)]);
            const decay = cosineDecay({ initialLearningRate: learningRate, decaySteps: 10 });
            model.compile({ optimizer: sgd({ learningRate: decay }), loss: "meanSquaredError" });
            return model;
          },
        },
        /must take the number learningRate; received the schedule cosineDecay/,
      ],
      [{ model: 3 as never }, /model must be a function of \{ learningRate \}; received 3/],
      [{ epochs: 3 } as object, /unknown option of findLearningRate "epochs"/],
      [
        {
          model({ learningRate }) {
            const model = sequential([dense(1)]);
            model.compile({ optimizer: sgd({ learningRate }), loss: "binaryCrossentropy" });
            return model;
          },
        },
        /binaryCrossentropy/,
      ],
      [{ x: rows.slice(1) }, /x has 39 rows and y 40/],
      [{ model: () => sequential([dense(1)]) }, /invalid_state: the model is not compiled/],
    ];
    for (const [options, message] of cases) {
      expect(await refusal(() => findLearningRate({ ...whole, ...options }))).toMatch(message);
    }
  });
});
