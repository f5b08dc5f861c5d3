/** Trainings in slices: however one is cut, saved and restored, it equals one `fit` to the bit. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { modelCheckpoint } from "../../src/model/checkpoint.js";
import { saveModel } from "../../src/model/save.js";
import { createTraining, restoreTraining, type Training } from "../../src/model/training.js";
import type { ModelData } from "../../src/nn/arguments/modelData.js";
import type { FitOptions } from "../../src/nn/arguments/options.js";
import type { Callback } from "../../src/nn/callbacks/callback.js";
import { csvLogger } from "../../src/nn/callbacks/csvLogger.js";
import { earlyStopping } from "../../src/nn/callbacks/earlyStopping.js";
import type { History } from "../../src/nn/callbacks/history.js";
import { learningRateScheduler } from "../../src/nn/callbacks/learningRateScheduler.js";
import { reduceLROnPlateau } from "../../src/nn/callbacks/reduceLROnPlateau.js";
import { batchNormalization, dense, dropout, gru, masking } from "../../src/nn/layers/index.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import { adam } from "../../src/optim/adam.js";
import { cosineDecay } from "../../src/optim/schedules.js";
import { sgd } from "../../src/optim/sgd.js";
import { cases } from "../cases.js";
import { compiled, randomRows, refusal } from "../nn/support.js";

const ROWS = 22;
const x = randomRows(ROWS, 3, 1);
const y = x.map(([a, b]) => a * b);
const loss = "meanSquaredError";

/** A training: callbacks may write what they saw. */
interface Kind {
  readonly model: () => LayersModel;
  readonly x?: ModelData;
  readonly y?: ModelData;
  readonly options: (seen: string[]) => FitOptions;
}

const network = (optimizer = adam({ learningRate: 0.05 })): LayersModel =>
  compiled([dense(5, { activation: "relu" }), dropout(0.3), batchNormalization(), dense(1)], {
    optimizer,
    loss,
    metrics: ["meanAbsoluteError"],
  });

function twoOfEach(): LayersModel {
  const [left, right] = [input(2), input(1)];
  const hidden = dense(4, { activation: "tanh" });
  const model = functional({
    inputs: { left, right },
    outputs: {
      sum: dense(1).apply(hidden.apply(left)),
      sign: dense(1, { activation: "sigmoid" }).apply(right),
    },
  });
  model.compile({
    optimizer: adam({ learningRate: 0.05, useEma: true, emaMomentum: 0.9 }),
    loss: { sum: loss, sign: "binaryCrossentropy" },
    metrics: { sign: ["accuracy"] },
  });
  return model;
}

/** Every call, with what it was called with. */
const recorder = (seen: string[]): Callback => ({
  onEpochBegin: (epoch) => void seen.push(`epoch ${epoch}`),
  onBatchEnd: (batch, logs) => void seen.push(`batch ${batch} ${JSON.stringify(logs)}`),
  onEpochEnd: (epoch, logs) => void seen.push(`ended ${epoch} ${JSON.stringify(logs)}`),
  onTrainEnd: () => void seen.push("end"),
});

const kinds: Readonly<Record<string, Kind>> = {
  "dropout, batch normalisation, shuffled, validated": {
    model: network,
    options: () => ({ epochs: 4, batchSize: 5, validationSplit: 0.3, seed: 3 }),
  },
  "early stopping with the best weights, and its checkpoints": {
    model: () => network(adam({ learningRate: 0.3 })),
    options: (seen) => ({
      epochs: 30,
      batchSize: 6,
      validationSplit: 0.3,
      seed: 5,
      callbacks: [
        earlyStopping({ patience: 3 }),
        modelCheckpoint((_, epoch) => void seen.push(`saved ${epoch}`), { saveBestOnly: true }),
      ],
    }),
  },
  "a rate that falls on plateaus, a log": {
    model: () => compiled([dense(1)], { optimizer: sgd({ learningRate: 0.9, momentum: 0.8 }), loss }),
    options: (seen) => ({
      epochs: 9,
      batchSize: 9,
      shuffle: false,
      callbacks: [
        reduceLROnPlateau({ monitor: "loss", patience: 1, factor: 0.5, cooldown: 1, minDelta: 0.05 }),
        csvLogger((line) => void seen.push(line)),
      ],
    }),
  },
  "a rate of each epoch, every call": {
    model: network,
    options: (seen) => ({
      epochs: 3,
      batchSize: 7,
      callbacks: [learningRateScheduler((epoch, rate) => (epoch === 0 ? rate : rate / 3)), recorder(seen)],
    }),
  },
  "a schedule, weights of rows and classes": {
    model: () =>
      compiled([dense(3, { activation: "tanh" }), dense(1, { activation: "sigmoid" })], {
        optimizer: adam({ learningRate: cosineDecay({ initialLearningRate: 0.2, decaySteps: 12 }) }),
        loss: "binaryCrossentropy",
        metrics: ["accuracy"],
      }),
    y: x.map(([a]) => Number(a > 0)),
    options: () => ({
      epochs: 3,
      batchSize: 6,
      sampleWeight: x.map((_, row) => 1 + (row % 3)),
      classWeight: "balanced",
      validationData: [x.slice(0, 6), x.slice(0, 6).map(([a]) => Number(a > 0)), [1, 2, 3, 1, 2, 3]],
    }),
  },
  "several inputs and outputs, averaged weights": {
    model: twoOfEach,
    x: { left: x.map(([a, b]) => [a, b]), right: x.map(([, , c]) => [c]) },
    y: { sum: y, sign: x.map(([, , c]) => Number(c > 0)) },
    options: () => ({ epochs: 3, batchSize: 8, validationSplit: 0.2 }),
  },
  "sequences with masked steps": {
    model: () =>
      compiled([masking(0), gru(3, { dropout: 0.2, recurrentDropout: 0.1 }), dense(1)], {
        optimizer: "rmsprop",
        loss: "huber",
      }),
    x: x.map(([a, b, c], row) => [[a], [b], [row % 3 === 0 ? 0 : c]]),
    options: () => ({ epochs: 2, batchSize: 5, validationSplit: 0.2 }),
  },
};

interface Outcome {
  readonly history: History;
  /** A model file: weights, slots and position. */
  readonly bytes: Uint8Array;
  readonly seen: readonly string[];
  readonly stopping: readonly unknown[];
}

const stoppingOf = ({ callbacks = [] }: FitOptions): unknown[] =>
  callbacks.map((callback) => (callback as { bestEpoch?: number }).bestEpoch);

async function whole({ model: build, options: make, ...data }: Kind): Promise<Outcome> {
  const seen: string[] = [];
  const model = build();
  const options = make(seen);
  const history = await model.fit(data.x ?? x, data.y ?? y, options);
  return { history, bytes: saveModel(model, { optimizer: true }), seen, stopping: stoppingOf(options) };
}

/** In slices of so many steps, each by a new model from the bytes of the one before; then to the end. */
async function inSlices(
  { model: build, options: make, ...data }: Kind,
  sizes: Iterable<number>,
): Promise<Outcome & { readonly slices: number }> {
  const seen: string[] = [];
  let slices = 0;
  const open = async (bytes?: Uint8Array) => {
    const [model, options] = [build(), make(seen)];
    const given = [model, data.x ?? x, data.y ?? y, options] as const;
    const training = bytes ? await restoreTraining(bytes, ...given) : await createTraining(...given);
    return { model, options, training };
  };
  let at = await open();
  for (const steps of sizes) {
    if (at.training.result) break;
    await at.training.advance({ steps });
    const bytes = at.training.save();
    if (!at.training.result) await at.training.free();
    at = await open(bytes);
    slices++;
  }
  await at.training.advance();
  const { result } = at.training;
  return {
    history: result as History,
    bytes: saveModel(at.model, { optimizer: true }),
    seen,
    stopping: stoppingOf(at.options),
    slices,
  };
}

describe.each(Object.entries(kinds))("%s", (_, kind) => {
  let expected: Outcome;
  beforeAll(async () => {
    expected = await whole(kind);
  });

  it("equals one fit, saved once after any step", async () => {
    const steps = expected.history.epoch.length * 5;
    const property = fc.asyncProperty(fc.integer({ min: 1, max: steps }), async (cut) => {
      const { slices, ...outcome } = await inSlices(kind, [cut]);
      expect(slices).toBe(1);
      // a training that has ended calls no callback again, which could tell its best epoch
      if (outcome.stopping.some((best) => best !== undefined)) expect(outcome).toEqual(expected);
      else expect({ ...outcome, stopping: [] }).toEqual({ ...expected, stopping: [] });
    });
    await fc.assert(property, { numRuns: cases(40) });
  });

  it("equals one fit, saved in between however often", async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 60 });
    const property = fc.asyncProperty(sizes, async (cuts) => {
      const { history, bytes, seen } = await inSlices(kind, cuts);
      expect({ history, bytes, seen }).toEqual({
        history: expected.history,
        bytes: expected.bytes,
        seen: expected.seen,
      });
    });
    await fc.assert(property, { numRuns: cases(10) });
  });
});

const kind = kinds["early stopping with the best weights, and its checkpoints"];
const open = (options = kind.options([]), model = kind.model()) => createTraining(model, x, y, options);

describe("a training", () => {
  it("equals one fit when it is saved after each of its steps, and before the first", async () => {
    for (const each of [kind, kinds["a rate of each epoch, every call"]]) {
      const expected = await whole(each);
      const { slices, stopping: _, ...outcome } = await inSlices(each, new Array(1000).fill(1));
      expect(slices).toBeGreaterThan(expected.history.epoch.length * 2);
      expect({ ...outcome, stopping: expected.stopping }).toEqual(expected);
      const options = each.options([]);
      const model = each.model();
      const training = await restoreTraining(
        (await createTraining(each.model(), x, y, options)).save(),
        model,
        x,
        y,
        options,
      );
      await training.advance();
      expect(training.result).toEqual(expected.history);
    }
  });

  it("calls no callback before its first slice, counts its steps, and measures within the last of an epoch", async () => {
    const seen: string[] = [];
    const callback: Callback = {
      onTrainBegin: () => void seen.push("begin"),
      onEpochBegin: (epoch) => void seen.push(`epoch ${epoch}`),
      onEpochEnd: (epoch) => void seen.push(`ended ${epoch}`),
      onTrainEnd: () => void seen.push("end"),
    };
    const training = await open({ epochs: 2, batchSize: 11, callbacks: [callback] }, network());
    expect(seen).toEqual([]);
    expect(await training.advance({ steps: 1 })).toEqual({ steps: 1 });
    expect(seen).toEqual(["begin", "epoch 0"]);
    expect(await training.advance({ steps: 1 })).toEqual({ steps: 1 });
    expect(seen).toEqual(["begin", "epoch 0", "ended 0", "epoch 1"]);
    expect(training.result).toBeUndefined();
    expect(await training.advance({ steps: 50 })).toEqual({ steps: 2 });
    expect(seen.slice(4)).toEqual(["ended 1", "end"]);
    expect(training.result?.epoch).toEqual([0, 1]);
    expect(await training.advance()).toEqual({ steps: 0 });
  });

  it("keeps to a time by its clock, in which at least one step runs", async () => {
    let now = 0;
    const training = await open({ epochs: 50, batchSize: 2 }, network());
    const clock = () => now++;
    expect(await training.advance({ maxMilliseconds: 0.5, clock })).toEqual({ steps: 1 });
    // a reading takes 1 ms: 1, 1, 1… steps fit in half of what is left of 4
    const { steps } = await training.advance({ maxMilliseconds: 4, clock });
    expect(steps).toBe(4);
    await training.free();
  });

  it("lends its model the weights so far, and leaves it as it was when it is freed", async () => {
    const model = network();
    await model.fit(x, y, { epochs: 1 });
    const predicted = () => Array.from(model.predict(x).data as Float32Array);
    const before = predicted();
    const training = await open({ epochs: 3 }, model);
    await training.advance({ steps: 1 });
    expect(predicted()).not.toEqual(before);
    expect(await refusal(() => model.fit(x, y))).toMatch(
      /^invalid_state: the model must not be changed while/,
    );
    await training.free();
    expect(predicted()).toEqual(before);
    await training.free();
    const freed = "aborted: the training was freed; the model is as it was before";
    expect(await refusal(() => training.advance())).toBe(freed);
    expect(await refusal(() => training.save())).toBe(freed);
    await model.fit(x, y);
  });

  it("ends with an error of a signal or a callback, and leaves the model as it was", async () => {
    const failing = (options: FitOptions): Promise<[string, number[]]> =>
      open({ epochs: 5, batchSize: 8, ...options }, model).then(async (training) => {
        await training.advance({ steps: 1 });
        stop.aborted = true;
        const message = await refusal(() => training.advance());
        expect(await refusal(() => training.save())).toBe(message);
        return [message, Array.from(model.predict(x).data as Float32Array)];
      });
    const model = network();
    const stop = { aborted: false };
    await model.fit(x, y);
    const before = Array.from(model.predict(x).data as Float32Array);
    expect(await failing({ signal: stop })).toEqual([
      "aborted: the training was aborted; the model is as it was before",
      before,
    ]);
    const wrong: Callback = {
      name: "wrong",
      onEpochEnd() {
        throw new Error("no");
      },
    };
    expect(await failing({ callbacks: [wrong] })).toEqual([
      "callback_failed: callbacks[0] (wrong) failed in onEpochEnd of epoch 0: no",
      before,
    ]);
  });

  it("ends in its next step after a stop that was saved", async () => {
    const holds: { stop?: () => void } = {};
    const options: FitOptions = {
      epochs: 5,
      batchSize: 4,
      callbacks: [{ onTrainBegin: ({ stop }) => void Object.assign(holds, { stop }) }],
    };
    const training = await open(options, network());
    await training.advance({ steps: 2 });
    holds.stop?.();
    const restored = await restoreTraining(training.save(), network(), x, y, options);
    expect(await training.advance({ steps: 1 })).toEqual({ steps: 1 });
    expect(await restored.advance({ steps: 1 })).toEqual({ steps: 1 });
    expect(restored.result).toEqual(training.result);
    expect(restored.result?.epoch).toEqual([0]);
  });

  it("continues a model that was trained before, with its seed", async () => {
    const trained = async (): Promise<LayersModel> => {
      const model = network();
      await model.fit(x, y, { epochs: 1, seed: 8 });
      return model;
    };
    const options = { epochs: 2, batchSize: 4, seed: 1 };
    const model = await trained();
    const history = await model.fit(x, y, options);
    const training = await open(options, await trained());
    await training.advance({ steps: 3 });
    const fresh = network();
    const restored = await restoreTraining(training.save(), fresh, x, y, options);
    await restored.advance();
    expect(restored.result).toEqual(history);
    expect(saveModel(fresh, { optimizer: true })).toEqual(saveModel(model, { optimizer: true }));
  });

  it("refuses calls during a slice, bounds, and anything but a model", async () => {
    const training: Training = await open({ epochs: 30, batchSize: 1 }, network());
    const running = training.advance({ steps: 200 });
    const busy = "was called while a slice is running; await the slice first";
    expect(await refusal(() => training.advance())).toBe(`invalid_state: advance ${busy}`);
    expect(await refusal(() => training.save())).toBe(`invalid_state: save ${busy}`);
    expect(await refusal(() => training.free())).toBe(`invalid_state: free ${busy}`);
    expect(await running).toEqual({ steps: 200 });
    expect(await refusal(() => training.advance({ steps: 0 }))).toBe(
      "invalid_argument: steps of advance must be a positive integer; received 0",
    );
    await training.free();
    expect(await refusal(() => createTraining({} as LayersModel, x, y))).toMatch(
      /^invalid_argument: model must be made by sequential\(\) or functional\(\); received/,
    );
    expect(await refusal(() => createTraining(network(), x, y.slice(1)))).toMatch(/^invalid_shape: /);
  });
});
