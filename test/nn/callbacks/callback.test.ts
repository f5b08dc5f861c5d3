/** What a callback may be, when its methods are called, and what they can do. */

import { describe, expect, it } from "vitest";
import { FettleError } from "../../../src/errors.js";
import { saveModel } from "../../../src/model/save.js";
import type { FitOptions } from "../../../src/nn/arguments/options.js";
import { type Callback, checkCallbacks, type Logs } from "../../../src/nn/callbacks/callback.js";
import { csvLogger } from "../../../src/nn/callbacks/csvLogger.js";
import { earlyStopping } from "../../../src/nn/callbacks/earlyStopping.js";
import { reduceLROnPlateau } from "../../../src/nn/callbacks/reduceLROnPlateau.js";
import { terminateOnNaN } from "../../../src/nn/callbacks/terminateOnNaN.js";
import { dense, dropout } from "../../../src/nn/layers/index.js";
import * as training from "../../../src/nn/training/training.js";
import { adam } from "../../../src/optim/adam.js";
import { sgd } from "../../../src/optim/sgd.js";
import { compiled, randomRows, refusal, startFrom, weightsOf } from "../support.js";

const x = randomRows(10, 2, 1);
const y = x.map(([a, b]) => a - b);
const network = () =>
  compiled([dense(4, { activation: "relu" }), dropout(0.2), dense(1)], {
    optimizer: adam({ learningRate: 0.05 }),
    loss: "meanSquaredError",
  });
const line = () => compiled([dense(1)], { optimizer: "sgd", loss: "meanSquaredError" });

/** A callback whose methods are in its class. */
class Watching {
  epochs = 0;
  onEpochEnd(): void {
    this.epochs++;
  }
}
/** As it is meant, but for a name. */
class Misspelt {
  onEpochEnds(): void {}
}

describe("callbacks", () => {
  const trainWith = (callback: unknown) =>
    line().fit([[1], [2]], [1, 2], { epochs: 2, callbacks: [{}, callback as Callback] });

  it("may be instances of a class, with properties of their own", async () => {
    const watching = new Watching();
    await trainWith(watching);
    expect(watching.epochs).toBe(2);
  });

  const rule =
    "invalid_argument: callbacks[1] must be an object with methods such as onEpochEnd, or made by a function such as " +
    "earlyStopping(); received ";
  const known = "Known: onTrainBegin, onEpochBegin, onBatchEnd, onEpochEnd, onTrainEnd, save, restore.";
  it.each<[string, unknown, string]>([
    ["a function", () => 1, `${rule}function (anonymous)`],
    ["a name", "earlyStopping", `${rule}"earlyStopping"`],
    [
      "a misspelt method",
      { onEpochEnds: () => {} },
      `unknown_name: unknown callback method "onEpochEnds". Did you mean "onEpochEnd"? ${known}`,
    ],
    [
      "Keras' name of a method beside another",
      { onTrainBegin: () => {}, on_epoch_end: () => {} },
      `unknown_name: unknown callback method "on_epoch_end". Did you mean "onEpochEnd"? ${known}`,
    ],
    [
      "a misspelt method of a class",
      new Misspelt(),
      `unknown_name: unknown callback method "onEpochEnds". Did you mean "onEpochEnd"? ${known}`,
    ],
    [
      "a method without its beginning",
      { epochEnd: () => {} },
      `unknown_name: unknown callback method "epochEnd". Did you mean "onEpochEnd"? ${known}`,
    ],
    [
      "a method of Keras that is not called",
      { onEpochEnd: () => {}, onBatchBegin: () => {} },
      `unknown_name: unknown callback method "onBatchBegin". Did you mean "onEpochBegin"? ${known}`,
    ],
    [
      "a method that is not a function",
      { onEpochEnd: 5 },
      "invalid_argument: onEpochEnd of callbacks[1] must be a function; received 5",
    ],
  ])("refuse %s", async (_, callback, message) => {
    expect(await refusal(() => trainWith(callback))).toBe(message);
  });

  it("are typed", () => {
    const callbacks: readonly Callback[] = [
      { onEpochEnd: (epoch, logs, control) => void (logs.loss < epoch && control.stop()) },
      { onBatchEnd: async (batch, { loss }, control) => void (loss < batch && control.setLearningRate(0.1)) },
      // @ts-expect-error a misspelt method
      { onEpochEnds: () => {} },
      // @ts-expect-error not a function
      { onEpochEnd: 5 },
      // @ts-expect-error its first argument is a number
      { onEpochBegin: (epoch: string) => void epoch },
      // @ts-expect-error there is no such method of a control
      { onTrainEnd: (control) => control.halt() },
      // @ts-expect-error a function
      () => 1,
    ];
    expect(() => checkCallbacks(callbacks)).toThrow();
    // @ts-expect-error Keras has three
    const verbose: FitOptions = { verbose: 3 };
    expect(verbose).toBeDefined();
  });
});

describe("their methods", () => {
  /** Writes down its calls; each batch of 4, 4 and 2 rows. */
  function recorder(calls: string[]): Callback {
    return {
      onTrainBegin: () => void calls.push("begin"),
      onEpochBegin: (epoch) => void calls.push(`epoch ${epoch}`),
      async onBatchEnd(batch, { size }) {
        await Promise.resolve();
        calls.push(`batch ${batch} of ${size}`);
      },
      onEpochEnd: (epoch) => void calls.push(`ended ${epoch}`),
      onTrainEnd: () => void calls.push("end"),
    };
  }

  it("are called in Keras' order, and awaited", async () => {
    const calls: string[] = [];
    await network().fit(x, y, { epochs: 2, batchSize: 4, callbacks: [recorder(calls)] });
    const batches = ["batch 0 of 4", "batch 1 of 4", "batch 2 of 2"];
    expect(calls).toEqual([
      "begin",
      ...["epoch 0", ...batches, "ended 0"],
      ...["epoch 1", ...batches, "ended 1"],
      "end",
    ]);
  });

  it("change no bit by being called", async () => {
    const options = { epochs: 3, batchSize: 3, validationSplit: 0.2 };
    const [plain, watched] = [network(), network()];
    const alone = await plain.fit(x, y, options);
    const callbacks = [recorder([]), csvLogger(() => {}), terminateOnNaN(), {}];
    expect(await watched.fit(x, y, { ...options, callbacks })).toEqual(alone);
    expect(weightsOf(watched)).toEqual(weightsOf(plain));
    expect(saveModel(watched, { optimizer: true })).toEqual(saveModel(plain, { optimizer: true }));
  });

  it("see after a batch the mean loss of the epoch's rows so far", async () => {
    // with a rate of 0 the loss of a row is (y − 0)²
    const seen: number[] = [];
    const model = compiled([dense(1)], { optimizer: sgd({ learningRate: 0 }), loss: "meanSquaredError" });
    const watch: Callback = { onBatchEnd: (_, { loss }) => void seen.push(loss) };
    const options = { batchSize: 2, shuffle: false, callbacks: [startFrom([0, 0]), watch] };
    const { history } = await model.fit([[0], [0], [0], [0], [0]], [1, 1, 2, 2, 5], options);
    expect(seen).toEqual([1, 2.5, 7]);
    expect(history.loss).toEqual([7]);
  });

  it.each<[string, keyof Callback, string[]]>([
    ["before the first epoch", "onTrainBegin", ["begin", "end"]],
    ["before an epoch", "onEpochBegin", ["begin", "epoch 0", "end"]],
    ["after a batch", "onBatchEnd", ["begin", "epoch 0", "batch 0 of 4", "ended 0", "end"]],
    [
      "after an epoch",
      "onEpochEnd",
      ["begin", "epoch 0", "batch 0 of 4", "batch 1 of 4", "batch 2 of 2", "ended 0", "end"],
    ],
  ])("stop the training %s", async (_, method, expected) => {
    const calls: string[] = [];
    const stopping = {
      [method]: (...args: readonly { stop(): void }[]) => args[args.length - 1].stop(),
    } as Callback;
    await network().fit(x, y, { epochs: 5, batchSize: 4, callbacks: [recorder(calls), stopping] });
    expect(calls).toEqual(expected);
  });

  it("may stop within an epoch, which the next fit ends", async () => {
    const [whole, stopped] = [network(), network()];
    const options = { batchSize: 3, epochs: 2 };
    const { history } = await whole.fit(x, y, options);
    const stopping: Callback = { onBatchEnd: (batch, _, control) => void (batch === 1 && control.stop()) };
    const first = await stopped.fit(x, y, { ...options, callbacks: [stopping] });
    expect(first.epoch).toEqual([0]);
    const rest = await stopped.fit(x, y, options);
    expect(rest.history.loss).toEqual(history.loss);
    expect(weightsOf(stopped)).toEqual(weightsOf(whole));
  });

  it("can use the model with the parameters of the moment, and set them", async () => {
    const model = line();
    const losses: number[] = [];
    const watch: Callback = {
      onTrainBegin: () => model.setWeights({ "dense_1.kernel": [[1], [-1]], "dense_1.bias": [0] }),
      onEpochEnd: () => void losses.push(model.evaluate(x, y).loss),
    };
    await model.fit(x, y, { epochs: 2, callbacks: [watch] });
    expect(losses).toEqual([0, 0]); // y is first − second, so nothing is left to learn
    const bytes: number[] = [];
    await model.fit(x, y, { callbacks: [{ onBatchEnd: () => void bytes.push(saveModel(model).length) }] });
    expect(bytes).toEqual([saveModel(model).length]);
  });

  it("cannot change the model in other ways, nor can anything else while it trains", async () => {
    const model = line();
    const { row, saved } = await model.fit(x, y).then(() => model.trained());
    const refused: string[] = [];
    const rest = { optimizer: "sgd", loss: "meanSquaredError" } as const;
    const watch: Callback = {
      async onEpochEnd() {
        refused.push(await refusal(() => model.fit(x, y)));
        refused.push(await refusal(() => model.compile(rest)));
        refused.push(await refusal(() => model.restore({ training, row, saved })));
      },
    };
    const running = model.fit(x, y, { callbacks: [watch] });
    refused.push(await refusal(() => model.fit(x, y)));
    await running;
    const message = "invalid_state: the model must not be changed while it trains; await the training first";
    expect(refused).toEqual(Array(4).fill(message));
    await model.fit(x, y);
  });
});

describe("a callback that fails", () => {
  class Uploader {
    onEpochEnd(epoch: number): void {
      if (epoch === 2) throw new Error("no space left");
    }
  }
  const failing = (method: keyof Callback, error: unknown): Callback => ({
    [method]: () => Promise.reject(error),
  });

  it.each<[string, Callback, string]>([
    [
      "of a class",
      new Uploader(),
      "callback_failed: callbacks[1] (Uploader) failed in onEpochEnd of epoch 2: no space left",
    ],
    [
      "with a name",
      { ...failing("onEpochBegin", new Error("no")), name: "mine" },
      "callback_failed: callbacks[1] (mine) failed in onEpochBegin of epoch 0: no",
    ],
    [
      "without one",
      failing("onBatchEnd", new Error("no")),
      "callback_failed: callbacks[1] failed in onBatchEnd of epoch 0: no",
    ],
    [
      "before the first epoch",
      failing("onTrainBegin", new Error("no")),
      "callback_failed: callbacks[1] failed in onTrainBegin: no",
    ],
    [
      "with no error",
      failing("onTrainEnd", undefined),
      "callback_failed: callbacks[1] failed in onTrainEnd: undefined",
    ],
    [
      "without a prototype",
      Object.assign(Object.create(null), failing("onTrainEnd", "no")),
      'callback_failed: callbacks[1] failed in onTrainEnd: "no"',
    ],
    [
      "with an error of Fettle",
      failing("onTrainBegin", new FettleError("not_found", "no file")),
      "not_found: callbacks[1] failed in onTrainBegin: no file",
    ],
  ])("%s is named, and the model stays as it was", async (_, callback, message) => {
    const model = network();
    await model.fit(x, y);
    const before = saveModel(model, { optimizer: true });
    expect(await refusal(() => model.fit(x, y, { epochs: 4, callbacks: [{}, callback] }))).toBe(message);
    expect(saveModel(model, { optimizer: true })).toEqual(before);
    await model.fit(x, y); // and it can be trained on
  });

  it("is the cause's messenger", async () => {
    const cause = new Error("no");
    const fit = network().fit(x, y, { callbacks: [failing("onEpochEnd", cause)] });
    await expect(fit).rejects.toMatchObject({ code: "callback_failed", cause });
  });
});

describe("callbacks with a state", () => {
  it("begin anew with each fit", async () => {
    const plateau = reduceLROnPlateau({ monitor: "loss", patience: 1, minDelta: 1e9 });
    const options = { epochs: 3, callbacks: [plateau] };
    const [first, second] = [network(), network()];
    const { history } = await first.fit(x, y, options);
    expect(history.learningRate).toEqual([0.05, 0.05, 0.005]);
    expect(await second.fit(x, y, options)).toEqual({ epoch: [0, 1, 2], history });
  });

  it.each([earlyStopping({ monitor: "loss" }), reduceLROnPlateau({ monitor: "loss" }), csvLogger(() => {})])(
    "are refused to two fits at once: $name",
    async (callback) => {
      const fits = [network(), network()].map((model) =>
        model.fit(x, y, { epochs: 5, callbacks: [callback] }),
      );
      const [first, second] = await Promise.allSettled(fits);
      expect([first.status, second.status].sort()).toEqual(["fulfilled", "rejected"]);
      const { reason } = [first, second].find(({ status }) => status === "rejected") as PromiseRejectedResult;
      expect(reason.code).toBe("invalid_state");
      expect(reason.message).toMatch(/must be used by one fit at a time; make one for each$/);
    },
  );
});

describe("terminateOnNaN", () => {
  // a rate that makes the loss overflow after some epochs
  const diverging = () =>
    compiled([dense(1)], { optimizer: sgd({ learningRate: 1e4 }), loss: "meanSquaredError" });

  it("ends after the first epoch whose loss is not finite", async () => {
    const { history } = await diverging().fit([[1], [2]], [1, 2], {
      epochs: 100,
      callbacks: [terminateOnNaN()],
    });
    const finite = history.loss.map(Number.isFinite);
    expect(finite.slice(0, -1).every(Boolean)).toBe(true);
    expect(finite.length).toBeGreaterThan(2);
    expect(finite[finite.length - 1]).toBe(false);
  });

  it("leaves the parameters of the best epoch to earlyStopping, in either order", async () => {
    for (const reverse of [false, true]) {
      const callbacks = [terminateOnNaN(), earlyStopping({ monitor: "loss", patience: 100 })];
      const model = diverging();
      await model.fit([[1], [2]], [1, 2], {
        epochs: 100,
        callbacks: reverse ? callbacks.reverse() : callbacks,
      });
      expect(Object.values(weightsOf(model)).flat().every(Number.isFinite)).toBe(true);
    }
  });
});

describe("csvLogger", () => {
  it("writes names once, then numbers as JavaScript does, one line after another", async () => {
    const lines: string[] = [];
    const rows: Logs[] = [];
    const write = async (line: string): Promise<void> => {
      await Promise.resolve();
      lines.push(line);
    };
    const keep: Callback = { onEpochEnd: (_, logs) => void rows.push(logs) };
    const logger = csvLogger(write, { separator: ";" });
    await network().fit(x, y, { epochs: 2, validationSplit: 0.5, callbacks: [logger, keep] });
    expect(lines).toEqual([
      "epoch;loss;valLoss",
      ...rows.map(({ loss, valLoss }, i) => `${i};${loss};${valLoss}`),
    ]);
  });

  it("quotes names that would break a line, and refuses what it cannot use", async () => {
    const lines: string[] = [];
    const logger = csvLogger((line) => void lines.push(line));
    await logger.onEpochEnd?.(0, { 'a "b", c': 1, d: Number.NaN }, {} as never);
    expect(lines).toEqual(['epoch,"a ""b"", c",d', "0,1,NaN"]);
    expect(await refusal(() => csvLogger("log.csv" as never))).toBe(
      'invalid_argument: write must be a function of a line; received "log.csv"',
    );
    expect(await refusal(() => csvLogger(() => {}, { separator: "" }))).toMatch(
      /^invalid_argument: separator must be/,
    );
    expect(await refusal(() => csvLogger(() => {}, { append: true } as never))).toMatch(/^unknown_name: /);
  });
});
