/**
 * Callbacks that change the learning rate: against Keras' rule, in trainings, and from one fit to the next.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mean } from "../../../src/graph/functions.js";
import { loadModel, saveModel } from "../../../src/model/save.js";
import type { Callback } from "../../../src/nn/callbacks/callback.js";
import { learningRateScheduler } from "../../../src/nn/callbacks/learningRateScheduler.js";
import {
  type ReduceLROnPlateauOptions,
  reduceLROnPlateau,
} from "../../../src/nn/callbacks/reduceLROnPlateau.js";
import { dense } from "../../../src/nn/layers/index.js";
import { adam } from "../../../src/optim/adam.js";
import { cosineDecay } from "../../../src/optim/schedules.js";
import { sgd } from "../../../src/optim/sgd.js";
import { cases } from "../../cases.js";
import { compiled, randomRows, refusal, weightsOf } from "../support.js";
import { follow } from "./follow.js";

const x = randomRows(20, 3, 1);
const y = randomRows(20, 1, 2);

/** A loss that is linear in one bias: each step moves it by the learning rate. */
const line = (learningRate: number) =>
  compiled([dense(1, { kernelInitializer: "zeros" })], {
    optimizer: sgd({ learningRate }),
    loss: (_, prediction) => mean(prediction),
  });
const biasOf = (model: ReturnType<typeof line>): number => weightsOf(model)["dense_1.bias"][0];

describe("reduceLROnPlateau", () => {
  const ratesOf = async (curve: readonly number[], options: ReduceLROnPlateauOptions) =>
    (
      await follow(
        reduceLROnPlateau({ factor: 0.5, minDelta: 0, ...options }),
        curve.map((valLoss) => ({ loss: 0, valLoss })),
      )
    ).rates;

  it.each<[string, number[], ReduceLROnPlateauOptions, number[]]>([
    ["waits for patience", [4, 3, 3, 3, 3, 3], { patience: 2 }, [1, 1, 1, 1, 0.5, 0.5]],
    ["begins to wait anew when it improves", [4, 4, 3, 3, 3, 3], { patience: 2 }, [1, 1, 1, 1, 1, 0.5]],
    // improvements of 0.25 are none; from the best that counted, two of them are one
    [
      "counts only changes above minDelta",
      [4, 3.75, 3.5, 3.25, 3],
      { patience: 1, minDelta: 0.25 },
      [1, 1, 0.5, 0.5, 0.25],
    ],
    // reduced after epoch 1; epochs 2 and 3 cool, of which the last is counted again
    ["cools down", [4, 4, 4, 4, 4, 4], { patience: 1, cooldown: 2 }, [1, 1, 0.5, 0.5, 0.25, 0.25]],
    ["stops at the least rate", [4, 4, 4, 4], { patience: 1, minLearningRate: 0.4 }, [1, 1, 0.5, 0.4]],
    ["never raises the rate to the least", [4, 4, 4], { patience: 1, minLearningRate: 2 }, [1, 1, 1]],
    ["takes patience 0 for 1", [4, 4, 4], { patience: 0 }, [1, 1, 0.5]],
    ["takes larger for better on request", [1, 2, 2, 3], { patience: 1, mode: "max" }, [1, 1, 1, 0.5]],
    [
      "never takes NaN for an improvement",
      [Number.NaN, Number.NaN, 4, 4],
      { patience: 1 },
      [1, 0.5, 0.25, 0.25],
    ],
  ])("%s", async (_, curve, options, rates) => {
    expect(await ratesOf(curve, options)).toEqual(rates);
  });

  it("has the rates of Keras' rule on 40 random curves", async () => {
    const stored = gunzipSync(readFileSync(new URL("plateau.json.gz", import.meta.url)));
    const { cases: curves } = JSON.parse(stored.toString()) as {
      cases: { options: ReduceLROnPlateauOptions; values: number[]; rates: number[]; last: number }[];
    };
    expect(curves.length).toBe(40);
    for (const { options, values, rates, last } of curves) {
      const logs = values.map((valLoss) => ({ loss: 0, valLoss }));
      const ours = await follow(reduceLROnPlateau(options), logs, 0.1);
      // Keras rounds each of at most 19 rates to float32, this control does not
      [...rates, last].forEach((rate, i) => {
        const own = [...ours.rates, ours.last][i];
        expect(Math.abs(own - rate), JSON.stringify(options)).toBeLessThanOrEqual(20 * 2 ** -24 * rate);
      });
    }
  });

  it("changes the steps of a training, and the history has the rate of each epoch", async () => {
    // each epoch's loss is the bias before its step: 0, −0.25, −0.5, −0.625; the second is not below −0.3,
    // the third is
    const model = line(0.25);
    const plateau = reduceLROnPlateau({ monitor: "loss", factor: 0.5, patience: 1, minDelta: 0.3 });
    const { history } = await model.fit([[0]], [0], { epochs: 4, callbacks: [plateau] });
    expect(history).toEqual({ loss: [0, -0.25, -0.5, -0.625], learningRate: [0.25, 0.25, 0.125, 0.125] });
    expect(biasOf(model)).toBe(-0.75);
  });

  it("refuses invalid options", async () => {
    const refused = (options: object) => refusal(() => reduceLROnPlateau(options));
    expect(await refused({ factor: 1 })).toBe(
      "invalid_argument: factor must be a number in (0, 1); received 1",
    );
    expect(await refused({ factor: Number.NaN })).toMatch(/^invalid_argument: factor must be/);
    expect(await refused({ patience: 1.5 })).toMatch(/^invalid_argument: patience must be an integer/);
    expect(await refused({ cooldown: -1 })).toMatch(/^invalid_argument: cooldown must be an integer/);
    expect(await refused({ minDelta: -1 })).toMatch(/^invalid_argument: minDelta must be a number/);
    expect(await refused({ minLearningRate: Number.POSITIVE_INFINITY })).toMatch(
      /^invalid_argument: minLearningRate must be a finite number of at least 0; received Infinity/,
    );
    expect(await refused({ minLr: 0.1 })).toMatch(
      /^unknown_name: unknown option of reduceLROnPlateau "minLr"\. /,
    );
    // @ts-expect-error a misspelt metric
    reduceLROnPlateau({ monitor: "valAcuracy" });
    reduceLROnPlateau<"valLargestError">({ monitor: "valLargestError" });
  });
});

describe("learningRateScheduler", () => {
  it("gives the schedule each epoch with the rate of before, and trains by what it returns", async () => {
    const calls: [number, number][] = [];
    const scheduler = learningRateScheduler((epoch, rate) => {
      calls.push([epoch, rate]);
      return 2 ** -epoch;
    });
    const model = line(0.3);
    const { history } = await model.fit([[0]], [0], { epochs: 3, callbacks: [scheduler] });
    expect(calls).toEqual([
      [0, 0.3],
      [1, 1],
      [2, 0.5],
    ]);
    expect(history.learningRate).toEqual([1, 0.5, 0.25]);
    expect(biasOf(model)).toBe(-1.75);
  });

  it("equals training for an epoch at each rate", async () => {
    const rates = [0.1, 0.03, 0.3];
    const scheduled = compiled([dense(2), dense(1)], { optimizer: adam(), loss: "meanSquaredError" });
    const scheduler = learningRateScheduler((epoch) => rates[epoch]);
    await scheduled.fit(x, y, { epochs: 3, callbacks: [scheduler] });
    const stepped = compiled([dense(2), dense(1)], { optimizer: adam(), loss: "meanSquaredError" });
    for (const rate of rates) {
      const set: Callback = { onTrainBegin: (control) => control.setLearningRate(rate) };
      await stepped.fit(x, y, { epochs: 1, callbacks: [set] });
    }
    expect(weightsOf(stepped)).toEqual(weightsOf(scheduled));
  });

  it("by a rule of the rate before alone, cut anywhere into fits, on files between them, trains the same", async () => {
    const options = { batchSize: 6, callbacks: [learningRateScheduler((_, rate) => rate * 0.9)] };
    const whole = compiled([dense(2), dense(1)], { optimizer: adam(), loss: "meanSquaredError" });
    const { history } = await whole.fit(x, y, { ...options, epochs: 6 });
    for (let cut = 0; cut <= 6; cut++) {
      const first = compiled([dense(2), dense(1)], { optimizer: adam(), loss: "meanSquaredError" });
      const before = await first.fit(x, y, { ...options, epochs: cut });
      const { model } = await loadModel(saveModel(first, { optimizer: true }));
      const after = await model.fit(x, y, { ...options, epochs: 6 - cut });
      expect(weightsOf(model)).toEqual(weightsOf(whole));
      const rates = [before, after].flatMap((part) => part.history.learningRate ?? []);
      expect(rates).toEqual(history.learningRate);
    }
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, "0.1", undefined])(
    "refuses a rate of %s",
    async (rate) => {
      const scheduler = learningRateScheduler(() => rate as number);
      const fit = () => line(0.1).fit([[0]], [0], { callbacks: [scheduler] });
      expect(await refusal(fit)).toMatch(
        /^invalid_argument: callbacks\[0\] \(learningRateScheduler\) failed in onEpochBegin of epoch 0: the learning rate must be/,
      );
    },
  );

  it("must be a function", async () => {
    expect(await refusal(() => learningRateScheduler(0.1 as never))).toBe(
      "invalid_argument: schedule must be a function of epoch and learning rate; received 0.1",
    );
    // @ts-expect-error it returns a number
    learningRateScheduler((epoch) => String(epoch));
  });
});

describe("the learning rate", () => {
  const rateOf = async (model: ReturnType<typeof line>): Promise<number> => {
    let rate = Number.NaN;
    const read: Callback = {
      onTrainBegin(control) {
        rate = control.getLearningRate();
      },
    };
    await model.fit([[0]], [0], { epochs: 0, callbacks: [read] });
    return rate;
  };
  const set = (rate: number): Callback => ({ onTrainEnd: (control) => control.setLearningRate(rate) });

  it("stays as a callback left it, in files too, until the model is compiled", async () => {
    const model = compiled([dense(1)], { optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
    expect(await rateOf(model)).toBe(0.1);
    await model.fit([[0]], [0], { callbacks: [set(0.07)] });
    expect(await rateOf(model)).toBe(0.07);
    const { model: loaded } = await loadModel(saveModel(model, { optimizer: true }));
    expect(await rateOf(loaded)).toBe(0.07);
    model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
    expect(await rateOf(model)).toBe(0.1);
  });

  it("is the shortest number of its float32", async () => {
    await fc.assert(
      fc.asyncProperty(fc.float({ min: 0, max: 2 ** 100, noNaN: true }), async (rate) => {
        const model = line(0.1);
        await model.fit([[0]], [0], { epochs: 0, callbacks: [set(rate)] });
        const read = await rateOf(model);
        expect(Math.fround(read)).toBe(rate);
        expect(String(read).length).toBeLessThanOrEqual(String(rate).length);
      }),
      // just below a power of 2 and above one of 10, nine digits are needed
      { numRuns: cases(30), examples: [[0], [Math.fround(1000.00006)]] },
    );
  });

  it("is in all logs once it was set, also of the epochs before", async () => {
    const late: Callback = {
      onEpochEnd: (epoch, _, control) => void (epoch === 1 && control.setLearningRate(0.5)),
    };
    const { history } = await line(0.25).fit([[0]], [0], { epochs: 4, callbacks: [late] });
    expect(history.learningRate).toEqual([0.25, 0.25, 0.5, 0.5]);
    const { history: without } = await line(0.25).fit([[0]], [0], { epochs: 2, callbacks: [{}] });
    expect(Object.keys(without)).toEqual(["loss"]);
  });

  it("cannot be changed under a schedule", async () => {
    const schedule = cosineDecay({ initialLearningRate: 0.1, decaySteps: 10 });
    for (const callback of [reduceLROnPlateau(), learningRateScheduler(() => 0.1), set(0.1)]) {
      const model = compiled([dense(1)], {
        optimizer: sgd({ learningRate: schedule }),
        loss: "meanSquaredError",
      });
      expect(await refusal(() => model.fit(x, y, { callbacks: [callback] }))).toMatch(
        /^invalid_state: .*the learning rate must be a number for callbacks to read and set it; the optimizer has a schedule$/,
      );
    }
  });
});
