/** Early stopping on curves written here, and in a training that overfits. */
import { describe, expect, it } from "vitest";
import { metrics } from "../../../src/metrics/registry.js";
import { type EarlyStoppingOptions, earlyStopping } from "../../../src/nn/callbacks/earlyStopping.js";
import { dense } from "../../../src/nn/layers/index.js";
import { adam } from "../../../src/optim/adam.js";
import { compiled, randomRows, refusal, weightsOf } from "../support.js";
import { controlFor, follow as followed } from "./follow.js";

/**
 * Runs early stopping over a curve: the epochs that ran, and the epoch whose parameters are there at the end.
 */
async function follow(
  curve: readonly number[],
  options: EarlyStoppingOptions,
  name = options.monitor ?? "valLoss",
) {
  const logs = curve.map((value) => ({ loss: 0, [name]: value }));
  const { rates, kept } = await followed(earlyStopping(options), logs);
  return { ran: rates.length, kept };
}

describe("earlyStopping", () => {
  const curve = [5, 4, 4.5, 3, 3.5, 3.25, 3.1, 2, 1];

  it.each([
    // Keras: stops once `patience` epochs in a row brought nothing
    [0, { ran: 3, kept: 1 }],
    [1, { ran: 3, kept: 1 }],
    [2, { ran: 6, kept: 3 }],
    [3, { ran: 7, kept: 3 }],
    [4, { ran: 9, kept: 8 }],
  ])("with patience %i stops and restores as Keras does", async (patience, expected) => {
    expect(await follow(curve, { patience })).toEqual(expected);
  });

  it("counts only changes above minDelta", async () => {
    expect(await follow([5, 4.5, 4, 3.5, 3], { minDelta: 0.5 })).toEqual({ ran: 2, kept: 0 });
    expect(await follow([5, 4.5, 4, 3.5, 3], { minDelta: 0.25 })).toEqual({ ran: 5, kept: 4 });
    // small steps add up, since they are taken from the best that counted
    expect(await follow([5, 4.5, 4, 3.5, 3], { minDelta: 0.5, patience: 2 })).toEqual({ ran: 5, kept: 4 });
  });

  it("prefers smaller losses and errors, larger others, unless a mode is given", async () => {
    const rising = [1, 2, 3, 2];
    expect(await follow(rising, { monitor: "valAccuracy" })).toEqual({ ran: 4, kept: 2 });
    expect(await follow(rising, { monitor: "valMeanSquaredError" })).toEqual({ ran: 2, kept: 0 });
    expect(await follow(rising, { monitor: "valLogLoss" })).toEqual({ ran: 2, kept: 0 });
    expect(await follow(rising, { monitor: "valAccuracy", mode: "min" })).toEqual({ ran: 2, kept: 0 });
    expect(await follow(rising, { monitor: "valLoss", mode: "max" })).toEqual({ ran: 4, kept: 2 });
  });

  // as logs name them: of training and validation, of the only output and of one of several
  it.each(["", "val", "price", "valPrice"])("prefers what each metric does, after %j", async (before) => {
    const wrong: string[] = [];
    for (const { name, direction } of Object.values(metrics)) {
      const monitor = before === "" ? name : `${before}${name[0].toUpperCase()}${name.slice(1)}`;
      const { kept } = await follow([1, 2, 3, 2], { monitor: monitor as "valLoss" });
      if (kept !== (direction === "maximize" ? 2 : 0)) wrong.push(monitor);
    }
    expect(wrong).toEqual([]);
  });

  it("leaves the last parameters on request", async () => {
    expect(await follow(curve, { restoreBestWeights: false })).toEqual({ ran: 3, kept: 2 });
  });

  it("never treats NaN as best, not even at first", async () => {
    expect(await follow([Number.NaN, 3, 2, 2], { patience: 2 })).toEqual({ ran: 4, kept: 2 });
    expect(await follow([3, Number.NaN, 2, 2], { patience: 2 })).toEqual({ ran: 4, kept: 2 });
    expect(await follow([Number.NaN, Number.NaN, 1], { patience: 2 })).toEqual({ ran: 2, kept: 1 });
  });

  it("can be used again", async () => {
    const callback = earlyStopping();
    const model = () => compiled([dense(1)], { optimizer: "sgd", loss: "meanSquaredError" });
    const x = randomRows(10, 2, 1);
    const y = x.map(([a]) => a);
    const [first, second] = [model(), model()];
    const options = { epochs: 3, validationSplit: 0.3, callbacks: [callback] };
    expect(await first.fit(x, y, options)).toEqual(await second.fit(x, y, options));
  });

  it("restores the best weights of a real training", async () => {
    const x = randomRows(40, 6, 2);
    const noise = randomRows(40, 1, 3); // nothing to learn, so that validation soon gets worse
    const model = compiled([dense(32, { activation: "relu" }), dense(1)], {
      optimizer: adam({ learningRate: 0.02 }),
      loss: "meanSquaredError",
    });
    const { history } = await model.fit(x, noise, {
      epochs: 200,
      validationSplit: 0.5,
      callbacks: [earlyStopping({ patience: 5 })],
    });
    const best = Math.min(...history.valLoss);
    const at = history.valLoss.indexOf(best);
    expect(history.valLoss.length).toBeLessThan(200);
    expect(at).toBe(history.valLoss.length - 1 - 5);
    expect(model.evaluate(x.slice(20), noise.slice(20)).loss).toBe(best);
    const shorter = compiled([dense(32, { activation: "relu" }), dense(1)], {
      optimizer: adam({ learningRate: 0.02 }),
      loss: "meanSquaredError",
    });
    await shorter.fit(x, noise, { epochs: at + 1, validationSplit: 0.5 });
    expect(weightsOf(shorter)).toEqual(weightsOf(model));
  });

  it("refuses invalid options", async () => {
    expect(await refusal(() => earlyStopping({ patience: -1 }))).toBe(
      "invalid_argument: patience must be an integer of at least 0; received -1",
    );
    expect(await refusal(() => earlyStopping({ minDelta: -1 }))).toBe(
      "invalid_argument: minDelta must be a number of at least 0; received -1",
    );
    expect(await refusal(() => earlyStopping({ mode: "least" as never }))).toBe(
      'invalid_argument: mode must be "auto", "min" or "max"; received "least"',
    );
    expect(await refusal(() => earlyStopping({ patients: 3 } as never))).toMatch(
      /^unknown_name: unknown option of earlyStopping "patients"\. Did you mean "patience"\?/,
    );
    expect(await refusal(() => earlyStopping({ minDelta: "0.1" as never }))).toBe(
      'invalid_argument: minDelta must be a number of at least 0; received "0.1"',
    );
    expect(await refusal(() => earlyStopping({ monitor: 5 as never }))).toBe(
      "invalid_argument: monitor must be the name of a number of the logs; received 5",
    );
    expect(await refusal(() => earlyStopping({ restoreBestWeights: 1 as never }))).toBe(
      "invalid_argument: restoreBestWeights must be a boolean; received 1",
    );
    const model = compiled([dense(1)], { optimizer: "sgd", loss: "meanSquaredError" });
    const fit = () => model.fit([[1], [2]], [1, 2], { callbacks: [earlyStopping()] });
    expect(await refusal(fit)).toBe(
      "unknown_name: callbacks[0] (earlyStopping) failed in onEpochEnd of epoch 0: " +
        'unknown number to monitor "valLoss": fit has no validation rows; pass validationSplit or validationData. Known: loss.',
    );
  });

  it("types what it monitors, custom metrics by name", async () => {
    // @ts-expect-error a misspelt metric
    earlyStopping({ monitor: "valAcuracy" });
    // @ts-expect-error a custom metric that is not named as a type
    earlyStopping({ monitor: "valLargestError" });
    expect(await follow([1, 2, 1], { monitor: "valAccuracy" })).toEqual({ ran: 3, kept: 1 });
    const callback = earlyStopping<"valLargestError">({ monitor: "valLargestError" });
    const control = controlFor({});
    for (const [epoch, valLargestError] of [3, 1, 2].entries()) {
      await callback.onEpochEnd?.(epoch, { loss: 0, valLargestError }, control);
    }
    expect(callback.bestEpoch).toBe(1);
  });
});
