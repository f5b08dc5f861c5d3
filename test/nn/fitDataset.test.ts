/** `fitDataset`: training on batches that are read one at a time. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultEngine } from "../../src/engine/wasmEngine.js";
import type { Batch, Batches, CompileOptions, FitDatasetOptions } from "../../src/nn/arguments/options.js";
import type { Callback } from "../../src/nn/callbacks/callback.js";
import { earlyStopping } from "../../src/nn/callbacks/earlyStopping.js";
import { dense, dropout, embedding } from "../../src/nn/layers/index.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import { adam } from "../../src/optim/adam.js";
import { sgd } from "../../src/optim/sgd.js";
import { cases } from "../cases.js";
import { compiled, randomRows, refusal, weightsOf } from "./support.js";

const x = randomRows(30, 3, 1);
const y = x.map(([a, b]) => Number(a > b));
const held = [randomRows(9, 3, 2), Array.from({ length: 9 }, (_, i) => i % 2)] as const;
/** Their mean is exactly 1, so that `fit` keeps them as they are. */
const weights = x.map((_, i) => (i < 28 ? [0, 0.5, 2, 1.5][i % 4] : 1));

const classifier = (options: Partial<CompileOptions> = {}) =>
  compiled([dense(5, { activation: "relu" }), dropout(0.25), dense(1, { activation: "sigmoid" })], {
    optimizer: adam({ learningRate: 0.05 }),
    loss: "binaryCrossentropy",
    ...options,
  });

/** The batches of `fit`, without shuffling. */
function batchesOf(batchSize: number, sampleWeight?: number[]): Batch[] {
  return Array.from({ length: Math.ceil(x.length / batchSize) }, (_, i) => {
    const [begin, end] = [i * batchSize, (i + 1) * batchSize];
    const counts = sampleWeight && { sampleWeight: sampleWeight.slice(begin, end) };
    return { x: x.slice(begin, end), y: y.slice(begin, end), ...counts };
  });
}

/** Yields copies in arrays that it fills again and again. */
async function* refilled(batches: readonly Batch[]): AsyncGenerator<Batch> {
  const most = Math.max(...batches.map((batch) => (batch.y as number[]).length));
  const [ofX, ofY, counts] = [3, 1, 1].map((columns) => new Float64Array(columns * most));
  for (const batch of batches) {
    const rows = (batch.y as number[]).length;
    await Promise.resolve();
    for (const all of [ofX, ofY, counts]) all.fill(Number.NaN);
    ofX.set((batch.x as number[][]).flat());
    ofY.set(batch.y as number[]);
    if (batch.sampleWeight) counts.set(batch.sampleWeight);
    const part = { data: ofX.subarray(0, 3 * rows), shape: [rows, 3] };
    const own = batch.sampleWeight && { sampleWeight: counts.subarray(0, rows) };
    yield { x: part, y: ofY.subarray(0, rows), ...own };
  }
}

describe("fitDataset", () => {
  it("has the bits of fit without shuffling, in its history too", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.nat(2 ** 40),
        fc.boolean(),
        fc.constantFrom<[string, (batches: Batch[]) => Batches | (() => Batches)]>(
          ["an array", (batches) => batches],
          ["a generator", (batches) => () => batches[Symbol.iterator]()],
          ["arrays filled again", (batches) => () => refilled(batches)],
        ),
        async (batchSize, seed, isWeighted, [, datasetOf]) => {
          const [one, other] = [classifier(), classifier()];
          const sampleWeight = isWeighted ? weights : undefined;
          const options = { epochs: 3, seed, validationData: held };
          const dataset = datasetOf(batchesOf(batchSize, sampleWeight));
          const rows = { batchSize, shuffle: false, ...(sampleWeight && { sampleWeight }) };
          // and once more, from there
          for (let round = 0; round < 2; round++) {
            const streamed = await one.fitDataset(dataset, options);
            expect(streamed).toEqual(await other.fit(x, y, { ...options, ...rows }));
            expect(weightsOf(one)).toEqual(weightsOf(other));
            // slots, and the places in random streams and in the order of rows
            const next = { epochs: 2, batchSize: 7 };
            expect(await one.fit(x, y, next)).toEqual(await other.fit(x, y, next));
          }
        },
      ),
      { numRuns: cases(25) },
    ));

  it("trains on batches of any sizes, and frees the room of all", async () => {
    const [one, other] = [classifier(), classifier()];
    await one.trainOnBatch(x, y);
    await other.trainOnBatch(x, y);
    const sizes = [3, 1, 8, 2, 16];
    let first = 0;
    const batches = sizes.map((size) => {
      first += size;
      return { x: x.slice(first - size, first), y: y.slice(first - size, first) };
    });
    const before = defaultEngine().bytesInUse;
    const { history } = await one.fitDataset(batches, { epochs: 2 });
    expect(defaultEngine().bytesInUse).toBe(before);
    const losses: number[] = [];
    for (const epoch of [0, 1]) {
      losses.push(0);
      for (const { x, y } of batches)
        losses[epoch] += (await other.trainOnBatch(x, y)).loss * (y.length / 30);
    }
    expect(weightsOf(one)).toEqual(weightsOf(other));
    // the bound of running sums in float32, see optim/terms.ts
    for (const epoch of [0, 1])
      expect(Math.abs(history.loss[epoch] / losses[epoch] - 1)).toBeLessThan(2 ** -23);
  });

  it("scores each batch before its step, and takes the mean by how much its rows count", async () => {
    const model = () =>
      compiled([dense(1, { kernelInitializer: "ones" })], {
        optimizer: sgd({ learningRate: 0 }),
        loss: "meanSquaredError",
        metrics: ["meanAbsoluteError"],
      });
    // errors 1 and 3; 5
    const batches = [
      { x: [[1], [2]], y: [0, -1] },
      { x: [[5]], y: [0] },
    ];
    const { history } = await model().fitDataset(batches, { epochs: 2 });
    expect(history.meanAbsoluteError).toEqual([3, 3]);
    const counted = batches.map((batch, i) => ({ ...batch, sampleWeight: [[1, 3], [0]][i] }));
    const weighted = await model().fitDataset([...counted, { x: [[1]], y: [0], sampleWeight: [4] }]);
    expect(weighted.history.meanAbsoluteError).toEqual([(1 + 9 + 4) / 8]);
    const moving = compiled([dense(1, { kernelInitializer: "ones" })], {
      optimizer: sgd({ learningRate: 0.25 }),
      loss: "meanSquaredError",
      metrics: ["meanAbsoluteError"],
    });
    expect((await moving.fitDataset(batches.slice(0, 1))).history.meanAbsoluteError).toEqual([2]);
  });

  it("reads on over epochs of so many batches, and asks a function for each epoch", async () => {
    const batches = batchesOf(5); // 6
    const [one, other] = [classifier(), classifier()];
    let [reads, ended] = [0, 0];
    function* counted(): Generator<Batch> {
      try {
        for (const batch of batches) {
          reads++;
          yield batch;
        }
      } finally {
        ended++;
      }
    }
    const options = { epochs: 2, batchesPerEpoch: 2 };
    await one.fitDataset(counted(), options);
    expect([reads, ended]).toEqual([4, 1]);
    await other.fit(x.slice(0, 20), y.slice(0, 20), { batchSize: 5, shuffle: false });
    expect(weightsOf(one)).toEqual(weightsOf(other));
    const epochs: number[] = [];
    const third = classifier();
    const dataset = async (epoch: number) => {
      epochs.push(epoch);
      return counted();
    };
    await third.fitDataset(dataset, options);
    expect([epochs, reads, ended]).toEqual([[0, 1], 8, 3]);
    const fourth = classifier();
    await fourth.fit(x.slice(0, 10), y.slice(0, 10), { epochs: 2, batchSize: 5, shuffle: false });
    expect(weightsOf(third)).toEqual(weightsOf(fourth));
  });

  it("calls callbacks as fit does, which may stop after a batch", async () => {
    const calls: unknown[] = [];
    const watch: Callback = {
      onTrainBegin: ({ model }) => void calls.push((model as LayersModel).predict(x).shape),
      onEpochBegin: (epoch) => void calls.push(`epoch ${epoch}`),
      onBatchEnd(batch, { loss, size }, control) {
        calls.push([batch, loss > 0, size]);
        if (calls.length > 7) control.stop();
      },
      onEpochEnd: (epoch, logs) => void calls.push([epoch, Object.keys(logs)]),
      onTrainEnd: () => void calls.push("end"),
    };
    let ended = 0;
    function* batches(): Generator<Batch> {
      try {
        yield* batchesOf(14);
      } finally {
        ended++;
      }
    }
    const model = classifier();
    const { epoch } = await model.fitDataset(batches, { epochs: 5, callbacks: [watch] });
    expect(epoch).toEqual([0, 1]);
    expect(ended).toBe(2);
    expect(calls).toEqual([
      ...[[30, 1], "epoch 0", [0, true, 14], [1, true, 14], [2, true, 2], [0, ["loss"]]],
      ...["epoch 1", [0, true, 14], [1, ["loss"]], "end"],
    ]);
    const other = classifier();
    await other.fit(x, y, { batchSize: 14, shuffle: false });
    await other.trainOnBatch(x.slice(0, 14), y.slice(0, 14));
    expect(weightsOf(model)).toEqual(weightsOf(other));
  });

  it("stops early on validation rows, by the bits of fit", async () => {
    const [one, other] = [classifier(), classifier()];
    const options = () => ({ epochs: 30, validationData: held, callbacks: [earlyStopping({ patience: 2 })] });
    const streamed = await one.fitDataset(batchesOf(8), options());
    const history = await other.fit(x, y, { ...options(), batchSize: 8, shuffle: false });
    expect(streamed).toEqual(history);
    expect(history.epoch.length).toBeLessThan(30);
    expect(weightsOf(one)).toEqual(weightsOf(other));
  });

  it("trains no epoch, but has parameters then", async () => {
    const [one, other] = [classifier(), classifier()];
    expect(await one.fitDataset(batchesOf(8), { epochs: 0 })).toEqual({ epoch: [], history: { loss: [] } });
    await other.fit(x, y, { epochs: 0 });
    expect(weightsOf(one)).toEqual(weightsOf(other));
  });

  it("that was aborted leaves the model as it was, and ends the dataset", async () => {
    let [ended, looks] = [0, 4];
    async function* batches(): AsyncGenerator<Batch> {
      try {
        yield* batchesOf(8);
      } finally {
        ended++;
      }
    }
    const signal = {
      get aborted() {
        return looks-- <= 0;
      },
    };
    const model = classifier();
    await model.fitDataset(batches());
    const before = weightsOf(model);
    expect(await refusal(() => model.fitDataset(batches, { epochs: 9, signal }))).toBe(
      "aborted: the training was aborted; the model is as it was before",
    );
    expect(ended).toBe(2);
    expect(weightsOf(model)).toEqual(before);
  });

  it("throws the dataset's own error, even if its end fails too", async () => {
    const fault = new Error("the disk is gone");
    function* batches(): Generator<Batch> {
      yield* batchesOf(8);
      throw fault;
    }
    const model = classifier();
    await model.fitDataset(batchesOf(8));
    const before = weightsOf(model);
    await expect(model.fitDataset(batches)).rejects.toBe(fault);
    expect(weightsOf(model)).toEqual(before);
    const close = { next: () => ({ done: false, value: {} }), return: () => Promise.reject(fault) };
    const both = refusal(() => model.fitDataset({ [Symbol.asyncIterator]: () => close } as never));
    expect(await both).toBe(
      "invalid_data: dataset[0].x must be an array, an ndarray or { data, shape }; received undefined",
    );
  });

  const batches = batchesOf(10);
  const generator = (): Generator<Batch> =>
    (function* () {
      yield* batches;
    })();
  const refusals: [string, unknown, FitDatasetOptions, string][] = [
    [
      "no iterable",
      { x, y },
      {},
      'invalid_argument: dataset must be an iterable or async iterable of batches { x, y }, or a function that makes one for each epoch; received {"x":',
    ],
    [
      "a function of no iterable",
      () => 3,
      {},
      "invalid_argument: what dataset returns must be an iterable or async iterable of batches { x, y }; received 3",
    ],
    [
      "a generator for two epochs",
      generator(),
      { epochs: 2 },
      "invalid_argument: dataset must start again for each of 2 epochs; received an iterator, which yields its batches once; pass a function that makes the batches of an epoch, such as () => batches()",
    ],
    [
      "the same generator for each epoch",
      (
        (once) => () =>
          once
      )(generator()),
      { epochs: 2 },
      "invalid_data: dataset must have at least one batch for each of 2 epochs; it ended in epoch 1 after 0 of them; pass a function that makes the batches of an epoch, such as () => batches()",
    ],
    [
      "no batch",
      [],
      {},
      "invalid_data: dataset must have at least one batch for each of 1 epochs; it ended in epoch 0 after 0 of them; pass a function that makes the batches of an epoch, such as () => batches()",
    ],
    [
      "too few batches for all epochs",
      generator(),
      { epochs: 2, batchesPerEpoch: 2 },
      "invalid_data: dataset must have 2 batches for each of 2 epochs; it ended in epoch 1 after 1 of them; pass a function that makes the batches of an epoch, such as () => batches()",
    ],
    [
      "too few batches for an epoch",
      generator,
      { batchesPerEpoch: 4 },
      "invalid_data: dataset must have 4 batches for each of 1 epochs; it ended in epoch 0 after 3 of them",
    ],
    [
      "TensorFlow.js' names",
      [...batches, { xs: x, ys: y }],
      {},
      'unknown_name: unknown array of dataset[3] "xs". Did you mean "x"? Known: x, y, sampleWeight.',
    ],
    [
      "Keras' tuples",
      [[[[1]], [1]]],
      {},
      "invalid_argument: dataset[0] must be an object { x, y } or { x, y, sampleWeight }; received [[[1]],[1]]",
    ],
    [
      "an empty batch",
      [...batches, { x: [], y: [] }],
      {},
      "invalid_shape: dataset[3].x must not be empty; received shape [0]",
    ],
    [
      "other columns than before",
      [...batches, { x: [[1, 2]], y: [1] }],
      {},
      "invalid_shape: dataset[3].x must have 3 columns; received shape [1,2]",
    ],
    [
      "targets that the loss does not accept",
      [...batches, { x: [[1, 2, 3]], y: [2] }],
      {},
      "invalid_data: dataset[3].y ",
    ],
    [
      "numbers that are not finite",
      [...batches, { x: Float32Array.of(1, Number.NaN, 3), y: [1, 1, 1] }].map((batch, i) =>
        i < 3 ? batch : { ...batch, x: { data: batch.x, shape: [1, 3] }, y: [1] },
      ),
      {},
      "invalid_data: dataset[3].x must hold finite numbers; received NaN at dataset[3].x[0][1]",
    ],
    [
      "weights in some batches only",
      [...batches, { ...batches[0], sampleWeight: y.slice(0, 10) }],
      {},
      "invalid_data: dataset[3].sampleWeight must be left out, as in the first batch",
    ],
    [
      "weights in the first batches only",
      [{ ...batches[0], sampleWeight: y.slice(0, 10) }, ...batches],
      {},
      "invalid_data: dataset[1].sampleWeight must be given, as the first batch has it",
    ],
    [
      "no batches an epoch",
      batches,
      { batchesPerEpoch: 0 },
      "invalid_argument: batchesPerEpoch must be a positive integer; received 0",
    ],
    [
      "options of fit",
      batches,
      { batchSize: 3 } as never,
      'unknown_name: unknown option of fitDataset "batchSize". Known: epochs, batchesPerEpoch, ',
    ],
    ["no signal", batches, { signal: true } as never, "invalid_argument: signal must be an AbortSignal"],
    [
      "validation data of other columns",
      batches,
      { validationData: [[[1]], [1]] },
      "invalid_shape: validation x must have 3 columns; received shape [1,1]",
    ],
  ];
  it.each(refusals)("refuses %s, and leaves the model as it was", async (_, dataset, options, message) => {
    const model = classifier();
    await model.fitDataset(batches);
    const before = weightsOf(model);
    const inUse = defaultEngine().bytesInUse;
    const refused = await refusal(() => model.fitDataset(dataset as Batches, options));
    expect(refused.slice(0, message.length)).toBe(message);
    expect(weightsOf(model)).toEqual(before);
    expect(defaultEngine().bytesInUse).toBe(inUse);
  });

  it("refuses ids out of range in any batch", async () => {
    const model = compiled([embedding(4, 2), dense(1)], { optimizer: "sgd", loss: "meanSquaredError" });
    const batch = (id: number): Batch => ({ x: [[id]], y: [[[1]]] });
    expect(await refusal(() => model.fitDataset([batch(3), batch(4)]))).toContain(
      "row 0, column 0 of dataset[1].x must be an id of embedding_1, an integer from 0 to 3",
    );
  });
});
