/** `fit` yields to its host, and a signal ends it. */
import { describe, expect, it } from "vitest";
import type { FitOptions } from "../../src/nn/arguments/options.js";
import { dense, dropout } from "../../src/nn/layers/index.js";
import { adam } from "../../src/optim/adam.js";
import { compiled, randomRows, refusal } from "./support.js";

const x = randomRows(40, 3, 1);
const y = x.map(([a, b]) => a * b);
const network = () =>
  compiled([dense(8, { activation: "relu" }), dropout(0.3), dense(1)], {
    optimizer: adam({ learningRate: 0.05 }),
    loss: "meanSquaredError",
    metrics: ["meanAbsoluteError"],
  });
/** A signal that is aborted once it was looked at so many times, of which the first is its check. */
const abortedAfter = (looks: number) => ({
  get aborted() {
    return looks-- <= 0;
  },
});
const aborted = "aborted: the training was aborted; the model is as it was before";

describe("fit", () => {
  it("lets timers of the host run, and ends within some steps of an abort", async () => {
    await network().fit(x, y); // loads the code of trainings, which takes turns of its own
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 1);
    // by ticks and not by time, so that a busy machine takes longer and no more
    const signal = {
      get aborted() {
        return ticks > 3;
      },
    };
    const options = { epochs: 1_000_000, signal };
    expect(await refusal(() => network().fit(x, y, options))).toBe(aborted);
    clearInterval(ticking);
  });

  it("that was aborted, in a training or in what is measured after it, leaves the model as it was", async () => {
    const options: FitOptions = { epochs: 3, batchSize: 32, validationSplit: 0.2, seed: 3 };
    const model = network();
    await model.fit(x, y, options);
    const before = Array.from(model.predict(x).data as Float32Array);
    const whole = network();
    await whole.fit(x, y, options);
    const next = await whole.fit(x, y, options);
    // a step of training, one of what is measured in its rows, one in those held out
    for (const looks of [1, 2, 3]) {
      const signal = abortedAfter(looks);
      expect(await refusal(() => model.fit(x, y, { ...options, epochs: 1, signal }))).toBe(aborted);
      expect(Array.from(model.predict(x).data as Float32Array)).toEqual(before);
    }
    expect(await model.fit(x, y, { ...options, signal: abortedAfter(20) })).toEqual(next);
  });

  it("measures in pieces what evaluate measures at once", async () => {
    const [rows, held] = [randomRows(700, 3, 2), randomRows(600, 3, 3)]; // three batches of an evaluation each
    const targets = (of: number[][]) => of.map(([a, b]) => a * b);
    const model = network();
    const validationData = [held, targets(held)] as const;
    const { history } = await model.fit(rows, targets(rows), { validationData });
    const { loss, meanAbsoluteError } = model.evaluate(...validationData);
    expect([history.valLoss, history.valMeanAbsoluteError]).toEqual([[loss], [meanAbsoluteError]]);
    const ofTraining = model.evaluate(rows, targets(rows));
    expect(history.meanAbsoluteError).toEqual([ofTraining.meanAbsoluteError]);
  });

  it("refuses anything but a signal", async () => {
    const given = { signal: true } as unknown as FitOptions;
    expect(await refusal(() => network().fit(x, y, given))).toBe(
      "invalid_argument: signal must be an AbortSignal, or an object with a boolean `aborted`; received true",
    );
  });
});
