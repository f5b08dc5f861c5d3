/**
 * Rows of any shape, in and out of models: every layout of an array is the same data, and a shape that does
 * not fit is refused.
 */
import ndarray from "ndarray";
import { describe, expect, it } from "vitest";
import { constant, mul, softmax } from "../../src/graph/functions.js";
import type { Graph, Value } from "../../src/graph/graph.js";
import { broadcastTo } from "../../src/graph/operations/broadcast.js";
import { loadModel, saveModel } from "../../src/model/save.js";
import { activation, defineLayer, dense, flatten, type Layer, merge } from "../../src/nn/layers/index.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { LayersModel } from "../../src/nn/models/layersModel.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { RandomStream } from "../../src/numerics/random.js";
import { choice } from "../../src/search/space/builders.js";
import { gridSearch } from "../../src/tune/gridSearch.js";
import { refusal, weightsOf } from "./support.js";

const random = new RandomStream(3, 1);
const [n, height, width] = [24, 3, 2];
const numbers = Float32Array.from({ length: n * height * width }, () => (random.integer(2048) - 1024) / 1024);
const images = { data: numbers, shape: [n, height, width] };
const matrix = { data: numbers, shape: [n, height * width] };
const y = Float32Array.from({ length: n }, (_, i) => numbers[6 * i] - numbers[6 * i + 5]);
const nested = (from = 0): number[][][] =>
  Array.from({ length: n - from }, (_, i) =>
    Array.from({ length: height }, (_, h) =>
      Array.from({ length: width }, (_, w) => numbers[((from + i) * height + h) * width + w]),
    ),
  );
const fit = { epochs: 3, batchSize: 7, seed: 2 };
const compiled = <M extends LayersModel>(model: M): M => {
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  return model;
};
const stack = (...layers: Layer[]) => compiled(sequential(layers));
const flat = () => stack(flatten(), dense(4, { activation: "tanh" }), dense(1));

const broadcastOne = (graph: Graph, shape: readonly number[]): Value =>
  broadcastTo(constant(graph, 1), shape);

describe("a stack", () => {
  it("takes the shape of its data, and any layout of them gives the same bits", async () => {
    const [shaped, lists, array, columns] = [flat(), flat(), flat(), flat()];
    await shaped.fit(images, y, fit);
    await lists.fit(nested(), y, { ...fit, validationData: [nested(20), y.slice(20)] });
    await array.fit(ndarray(numbers, images.shape), y, fit);
    await columns.fit(matrix, y, fit);
    const expected = weightsOf(shaped);
    expect(weightsOf(lists)).toEqual(expected);
    expect(weightsOf(array)).toEqual(expected);
    expect(weightsOf(columns)).toEqual(expected);
    const predicted = columns.predict(matrix).data;
    for (const x of [images, matrix, nested(), ndarray(numbers, images.shape)])
      expect(shaped.predict(x).data).toEqual(predicted);
    expect(shaped.evaluate(nested(), y)).toEqual(columns.evaluate(matrix, y));
  });

  it("gives its layers rows of that shape", async () => {
    const seen: unknown[] = [];
    const look = defineLayer({
      type: "look",
      hyperparameters: {},
      outputShape: (shape) => {
        seen.push(shape);
        return shape;
      },
      parameters: () => [],
      call: ({ x }) => x,
    });
    await stack(look, flatten(), dense(1)).fit(images, y, fit);
    expect(seen[0]).toEqual([3, 2]);
  });

  it("predicts rows of the shape of its output, and takes targets of it", async () => {
    const scale = () =>
      defineLayer({
        type: "scale",
        hyperparameters: {},
        outputShape: (shape) => shape,
        parameters: (shape) => [
          { name: "factor", shape, initializer: (graph, shape) => broadcastOne(graph, shape) },
        ],
        call: ({ x, parameters }) => mul(x, parameters.factor),
      });
    const results = await Promise.all(
      [images, matrix, nested()].map(async (target) => {
        const model = stack(scale());
        await model.fit(images, target, fit);
        return model;
      }),
    );
    const [first] = results;
    const prediction = first.predict(images);
    expect(prediction.shape).toEqual([n, 3, 2]);
    // the identity from the start: nothing is left to learn
    expect(prediction.data).toEqual(numbers);
    for (const model of results) expect(weightsOf(model)).toEqual(weightsOf(first));
    expect(first.evaluate(images, { data: numbers.map((x) => x + 1), shape: [n, 3, 2] }).loss).toBe(1);
    expect(await refusal(() => first.evaluate(images, { data: numbers, shape: [n, 2, 3] }))).toBe(
      "invalid_shape: y must have rows of shape [3,2], or 6 columns; received shape [24,2,3]",
    );
  });

  it("refuses rows of another shape than it was fitted on, saying both", async () => {
    const model = flat();
    await model.fit(images, y, fit);
    const turned = { data: numbers, shape: [n, 2, 3] };
    const message = "invalid_shape: x must have rows of shape [3,2], or 6 columns; received shape [24,2,3]";
    expect(await refusal(() => model.predict(turned))).toBe(message);
    expect(await refusal(() => model.fit(turned, y))).toBe(message);
    expect(await refusal(() => model.predict([[1, 2]]))).toBe(
      "invalid_shape: x must have rows of shape [3,2], or 6 columns; received shape [1,2]",
    );
    const columns = flat();
    await columns.fit(matrix, y, fit);
    expect(await refusal(() => columns.predict(images))).toBe(
      "invalid_shape: x must have 6 columns; received shape [24,3,2]",
    );
  });

  it("names itself `input` where data have names", async () => {
    const model = flat();
    await model.fit({ input: images }, { output: y }, fit);
    expect(model.predict({ input: matrix }).data).toEqual(model.predict(images).data);
  });

  it("counts its layers by that shape in its summary", async () => {
    const model = flat();
    await model.fit(images, y, fit);
    const lines: string[] = [];
    model.summary((line) => lines.push(line));
    expect(lines).toContain("dense_1    [rows, 4]     28");
    model.summary((line) => lines.push(line), [5, 1]);
    expect(lines).toContain("dense_1    [rows, 4]     24");
  });
});

describe("a network with inputs of a shape", () => {
  const build = () => {
    const [left, right] = [input([3, 2]), input(2)];
    const parts = [dense(2).apply(flatten().apply(left)), dense(2).apply(right)];
    const sum = parts.map((part) => activation("tanh").apply(part));
    return compiled(
      functional({ inputs: { left, right }, outputs: dense(1).apply(merge("add").apply(...sum)) }),
    );
  };
  const right = { data: numbers.slice(0, 2 * n), shape: [n, 2] };

  it("takes images and columns by name, and both beside each other in a matrix", async () => {
    const [named, beside] = [build(), build()];
    await named.fit({ left: images, right }, y, fit);
    const rows = Array.from({ length: n }, (_, i) => [
      ...numbers.subarray(6 * i, 6 * i + 6),
      ...right.data.subarray(2 * i, 2 * i + 2),
    ]);
    await beside.fit(rows, y, fit);
    expect(weightsOf(beside)).toEqual(weightsOf(named));
    expect(named.predict({ left: matrix, right }).data).toEqual(beside.predict(rows).data);
  });

  it("refuses data of another shape, saying both", async () => {
    const model = build();
    expect(await refusal(() => model.fit({ left: { data: numbers, shape: [n, 2, 3] }, right }, y))).toBe(
      "invalid_shape: x.left must have rows of shape [3,2], or 6 columns; received shape [24,2,3]",
    );
    expect(await refusal(() => model.fit({ left: images, right: images }, y))).toBe(
      "invalid_shape: x.right must have 2 columns; received shape [24,3,2]",
    );
    expect(await refusal(() => model.fit(images, y))).toBe(
      "invalid_shape: x must have 8 columns; received shape [24,3,2]",
    );
    const alone = input([3, 2]);
    const one = compiled(functional({ inputs: alone, outputs: dense(1).apply(flatten().apply(alone)) }));
    expect(await refusal(() => one.fit({ data: numbers, shape: [n, 6, 1] }, y))).toBe(
      "invalid_shape: x must have rows of shape [3,2], or 6 columns; received shape [24,6,1]",
    );
    expect(await refusal(() => one.network([2, 3]))).toBe(
      "invalid_shape: x must have rows of shape [3, 2], as the model takes; received [2, 3]",
    );
  });
});

describe("classes of steps", () => {
  /** Softmax over the last axis of [steps, classes], of scaled inputs. */
  const steps = () =>
    defineLayer({
      type: "steps",
      hyperparameters: {},
      outputShape: (shape) => shape,
      parameters: (shape) => [
        { name: "factor", shape, initializer: (graph, shape) => broadcastOne(graph, shape) },
      ],
      call: ({ x, parameters }) => softmax(mul(x, parameters.factor)),
    });
  const ids = Float32Array.from({ length: n * height }, (_, i) =>
    Number(numbers[2 * i + 1] > numbers[2 * i]),
  );
  const build = (loss: "sparseCategoricalCrossentropy" | "categoricalCrossentropy") => {
    const model = sequential([steps()]);
    model.compile({ optimizer: "sgd", loss, metrics: ["accuracy"] });
    return model;
  };
  /** −log softmax of the true class, by hand. */
  const lossOf = (weight: (row: number) => number): number => {
    let total = 0;
    for (let i = 0; i < n * height; i++) {
      const [a, b] = [numbers[2 * i], numbers[2 * i + 1]];
      const chance = Math.exp(ids[i] ? b : a) / (Math.exp(a) + Math.exp(b));
      total -= weight(Math.floor(i / height)) * Math.log(chance);
    }
    return total / (n * height);
  };

  it("have a loss and metrics step by step, from ids or one-hot steps", async () => {
    const [sparse, oneHot] = [build("sparseCategoricalCrossentropy"), build("categoricalCrossentropy")];
    const y = { data: ids, shape: [n, height] };
    await sparse.fit(images, y, { epochs: 0 });
    const lines = Array.from({ length: n }, (_, i) =>
      Array.from({ length: height }, (_, h) => [1 - ids[i * height + h], ids[i * height + h]]),
    );
    await oneHot.fit(images, lines, { epochs: 0 });
    const scores = sparse.evaluate(images, y);
    expect(oneHot.evaluate(images, lines)).toEqual(scores);
    expect(sparse.evaluate(images, { ...y, shape: [n, height, 1] })).toEqual(scores);
    // the more probable class of each step is the true one
    expect(scores.accuracy).toBe(1);
    expect(scores.loss).toBeCloseTo(
      lossOf(() => 1),
      6,
    );
  });

  it("weigh by rows", async () => {
    const model = build("sparseCategoricalCrossentropy");
    const y = { data: ids, shape: [n, height] };
    await model.fit(images, y, { epochs: 0 });
    const weights = Array.from({ length: n }, (_, i) => 1 + (i % 3));
    const mean = weights.reduce((sum, weight) => sum + weight) / n;
    const { loss, accuracy } = model.evaluate(images, y, weights);
    expect(loss).toBeCloseTo(
      lossOf((row) => weights[row] / mean),
      6,
    );
    expect(accuracy).toBe(1);
    await model.fit(images, y, { epochs: 1, sampleWeight: weights });
  });

  it("refuse ids of another number of steps", async () => {
    expect(
      await refusal(() => build("sparseCategoricalCrossentropy").fit(images, { data: ids, shape: [36, 2] })),
    ).toBe("invalid_shape: y must have rows of shape [3,2], or 6 columns; received shape [36,2]");
  });
});

describe("a model of shaped rows through a file", () => {
  it("keeps the shape, predicts the same, and is trained on", async () => {
    const model = flat();
    await model.fit(images, y, fit);
    const bytes = saveModel(model, { optimizer: true });
    const { model: loaded } = await loadModel(bytes);
    expect(saveModel(loaded, { optimizer: true })).toEqual(bytes);
    expect(loaded.predict(images).data).toEqual(model.predict(images).data);
    expect(await refusal(() => loaded.predict({ data: numbers, shape: [n, 2, 3] }))).toBe(
      "invalid_shape: x must have rows of shape [3,2], or 6 columns; received shape [24,2,3]",
    );
    await Promise.all([model, loaded].map((each) => each.fit(images, y, { ...fit, epochs: 5 })));
    expect(weightsOf(loaded)).toEqual(weightsOf(model));
  });
});

describe("tuning", () => {
  it("gives models rows of the shape of x, and ends with one that takes them", async () => {
    const seen: unknown[] = [];
    const options = {
      y,
      space: { units: choice([2, 3]) },
      fit: { epochs: 2 },
      validation: { folds: 2 },
      model: ({ units }: { units: number }) => {
        const look = defineLayer({
          type: "look",
          hyperparameters: {},
          outputShape: (shape) => {
            seen.push(String(shape));
            return shape;
          },
          parameters: () => [],
          call: ({ x }) => x,
        });
        return stack(look, flatten(), dense(units), dense(1));
      },
    };
    const { bestScore, final } = await gridSearch({ ...options, x: images });
    expect(new Set(seen)).toEqual(new Set(["3,2"]));
    seen.length = 0;
    const flatResult = await gridSearch({ ...options, x: matrix });
    expect(new Set(seen)).toEqual(new Set(["6"]));
    expect(bestScore).toBe(flatResult.bestScore);
    const prediction = final.predict(images);
    expect(prediction?.data).toEqual(flatResult.final.predict(matrix).data);
    expect(final.predict(nested()).data).toEqual(prediction?.data);
    expect(final.model.predict(images).shape).toEqual([n, 1]);
  });
});
