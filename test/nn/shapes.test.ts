/** Rows of any shape, in and out of models: every layout of an array is the same data, and a shape that does not fit is refused. */
import fc from "fast-check";
import ndarray from "ndarray";
import { describe, expect, it } from "vitest";
import type { TensorLike } from "../../src/arrays.js";
import { toTensor } from "../../src/data/tensor.js";
import { constant, mul, softmax } from "../../src/graph/functions.js";
import type { Graph, Value } from "../../src/graph/graph.js";
import { broadcastTo } from "../../src/graph/operations/broadcast.js";
import { loadModel, saveModel } from "../../src/model/save.js";
import { functional, input } from "../../src/nn/functional.js";
import { activation, defineLayer, dense, flatten, type Layer, merge } from "../../src/nn/layers/index.js";
import type { LayersModel } from "../../src/nn/layersModel.js";
import { sequential } from "../../src/nn/sequential.js";
import { RandomStream } from "../../src/numerics/random.js";
import { choice } from "../../src/search/space/builders.js";
import { gridSearch } from "../../src/tune/gridSearch.js";
import { cases } from "../cases.js";
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

describe("toTensor", () => {
  const anyTensor = fc
    .array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 })
    .chain((shape) => {
      const size = shape.reduce((product, length) => product * length, 1);
      const float = fc.float({ noNaN: true, noDefaultInfinity: true });
      return fc.tuple(fc.constant(shape), fc.array(float, { minLength: size, maxLength: size }));
    });
  const nest = (
    data: readonly number[],
    [length, ...rest]: number[],
    leaf: (x: number[]) => unknown,
  ): unknown =>
    rest.length === 0
      ? leaf([...data])
      : Array.from({ length }, (_, i) =>
          nest(data.slice((i * data.length) / length, ((i + 1) * data.length) / length), rest, leaf),
        );

  it("reads every layout of the same array alike", () => {
    fc.assert(
      fc.property(anyTensor, ([shape, data]) => {
        const axes = shape.map((_, axis) => axis).reverse();
        const turned = ndarray(new Float32Array(data.length), [...shape].reverse()).transpose(...axes);
        const padded = ndarray(
          new Float64Array(3 + 2 * data.length).fill(Number.NaN),
          shape,
          ndarray(new Float32Array(data.length), shape).stride.map((step) => 2 * step),
          3,
        );
        const generic = ndarray(new Array<number>(data.length), shape);
        for (const array of [turned, padded, generic])
          data.forEach((value, k) => {
            let rest = k;
            const place = [...shape].reverse().map((length) => {
              const i = rest % length;
              rest = (rest - i) / length;
              return i;
            });
            array.set(...place.reverse(), value);
          });
        const layouts: unknown[] = [
          nest(data, shape, (row) => row),
          nest(data, shape, (row) => Float64Array.from(row)),
          { data, shape },
          { data: Float32Array.from(data), shape },
          { data: Float64Array.from(data), shape },
          ...[ndarray(Float32Array.from(data), shape), turned, padded, generic],
          ndarray(Float32Array.from([9, ...data, 9]), shape, undefined, 1),
        ];
        const expected = {
          data: Float32Array.from(data),
          rows: shape[0],
          columns: data.length / shape[0],
          shape: shape.slice(1),
        };
        for (const layout of layouts)
          for (const borrow of [true, false])
            expect(toTensor(layout as TensorLike, { borrow })).toEqual(expected);
      }),
      { numRuns: cases(50) },
    );
  });

  it("copies, unless it may borrow", () => {
    expect(toTensor(images).data).not.toBe(numbers);
    expect(toTensor(images, { borrow: true }).data).toBe(numbers);
    expect(toTensor(ndarray(numbers, images.shape), { borrow: true }).data).toBe(numbers);
  });

  it("takes a matrix with as many columns for rows of a shape", () => {
    expect(toTensor(matrix, { shape: [3, 2] })).toEqual({ ...toTensor(matrix), shape: [3, 2] });
    expect(toTensor([1, 2], { shape: [1, 1] }).shape).toEqual([1, 1]);
  });

  it.each<[string, unknown, string]>([
    [
      "a row of another shape",
      [[[1, 2]], [[3, 4]], [[5]]],
      "invalid_data: every row of x must have shape [1,2], as the first begins; received length 1 in x[2][0]",
    ],
    [
      "a row of fewer parts",
      [[[1], [2]], [[3]]],
      "invalid_data: every row of x must have shape [2,1], as the first begins; received length 1 in x[1]",
    ],
    [
      "a first row that is not regular",
      [[[1], [2, 3]]],
      "invalid_data: every row of x must have shape [2,1], as the first begins; received length 2 in x[0][1]",
    ],
    [
      "a number in place of an array",
      [[[1]], [2]],
      "invalid_data: every row of x must have shape [1,1], as the first begins; received length undefined in x[1][0]",
    ],
    [
      "an array in place of a number",
      [[[1]], [[[2]]]],
      "invalid_data: x must hold finite numbers; received [2] at x[1][0][0]",
    ],
    [
      "NaN",
      [[[1, 2]], [[3, Number.NaN]]],
      "invalid_data: x must hold finite numbers; received NaN at x[1][0][1]",
    ],
    ["a word", [[[1, "2"]]], 'invalid_data: x must hold finite numbers; received "2" at x[0][0][1]'],
    [
      "what float32 does not hold",
      { data: Float64Array.of(1, 1e39), shape: [1, 2, 1] },
      "invalid_data: x must hold finite numbers; received 1e+39 at x[0][1][0]",
    ],
    [
      "infinity that is borrowed",
      { data: Float32Array.of(1, 2, 3, 4, 5, -Infinity), shape: [3, 2, 1] },
      "invalid_data: x must hold finite numbers; received -Infinity at x[2][1][0]",
    ],
    ["no rows", { data: [], shape: [0, 8, 8] }, "invalid_shape: x must not be empty; received shape [0,8,8]"],
    ["rows of nothing", [[[]], [[]]], "invalid_shape: x must not be empty; received shape [2,1,0]"],
    [
      "a shape that does not fit",
      { data: [1, 2, 3], shape: [1, 2, 2] },
      "invalid_shape: x of shape [1,2,2] must hold 4 numbers; received 3",
    ],
    [
      "big integers",
      { data: new BigInt64Array(40), shape: [40, 1] },
      "invalid_data: x must hold finite numbers; received 0n at x[0][0]",
    ],
    [
      "an ndarray without strides",
      { get: () => 1, shape: [1] },
      'invalid_data: x must be an array, an ndarray or { data, shape }; received {"shape":[1]}',
    ],
  ])("refuses %s", async (_, x, message) => {
    expect(await refusal(() => toTensor(x as TensorLike, { borrow: true }))).toBe(message);
  });

  it("refuses an array that holds itself, and one too large for its parts, before it takes memory", async () => {
    const self: unknown[] = [];
    self.push(self);
    expect(await refusal(() => toTensor(self as never))).toBe(
      "invalid_shape: x must have at most 16 dimensions; received more",
    );
    const huge = [new Float32Array(1e6), ...new Array(1e6).fill([])];
    expect(await refusal(() => toTensor(huge as never))).toBe(
      "invalid_data: every row of x must have 1000000 numbers, as the first has; received 0 in x[1]",
    );
  });
});

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
    const scale = defineLayer({
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
        const model = stack(scale);
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
    const prediction = final?.predict(images);
    expect(prediction?.data).toEqual(flatResult.final?.predict(matrix).data);
    expect(final?.predict(nested()).data).toEqual(prediction?.data);
    expect(final?.model.predict(images).shape).toEqual([n, 1]);
  });
});
