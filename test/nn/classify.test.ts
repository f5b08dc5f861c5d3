/**
 * Class ids, outputs by name and nested arrays out of models. The oracle is NumPy's rule, written here once
 * more on the numbers of `predict`: of the largest the first, or above a threshold.
 */
import fc from "fast-check";
import ndarray from "ndarray";
import { describe, expect, it } from "vitest";
import {
  type ActivationName,
  activation,
  averageMembers,
  dense,
  embedding,
  ensembleDense,
  functional,
  gru,
  input,
  type LayersModel,
  type Loss,
  metrics,
  reshape,
  sequential,
  timeDistributed,
  toNested,
} from "../../src/index.js";
import {
  binaryCrossentropy,
  categoricalCrossentropy,
  hinge,
  ordinalCrossentropy,
} from "../../src/nn/losses/index.js";
import { cases } from "../cases.js";
import { randomRows, refusal } from "./support.js";

/** One layer that gives its inputs as they are, through an activation. */
async function identity(
  units: number,
  activation: ActivationName,
  loss?: string | Loss,
): Promise<LayersModel<"output">> {
  const model = sequential([dense(units, { activation, kernelInitializer: "identity" })]);
  if (loss) model.compile({ optimizer: "sgd", loss: loss as "meanSquaredError" });
  await model.build(units);
  return model;
}

const idsOf = (model: LayersModel, x: number[][]) => Array.from(model.classify(x).data);

describe("class ids", () => {
  it("are the places of the largest probabilities, of equal ones the first", async () => {
    const model = await identity(3, "softmax");
    const ids = model.classify([
      [0, 2, 1],
      [3, 0, 3],
      [-1, -1, 0],
    ]);
    expect([ids.shape, ids.dtype, Array.from(ids.data)]).toEqual([[3], "int32", [1, 0, 2]]);
  });

  it.each<[string, "linear" | "sigmoid" | "tanh", string | Loss | undefined, number[]]>([
    // at the threshold it is class 0; the inputs are -1, 0, 0.25 and 0.75
    ["a sigmoid, above ½", "sigmoid", undefined, [0, 0, 1, 1]],
    ["probabilities, above ½", "linear", "binaryCrossentropy", [0, 0, 0, 1]],
    ["logits, above 0", "linear", binaryCrossentropy({ fromLogits: true }), [0, 0, 1, 1]],
    ["scores, above 0", "tanh", hinge, [0, 0, 1, 1]],
    ["scores that are probabilities, above ½", "sigmoid", hinge, [0, 0, 1, 1]],
  ])("of one unit are those of %s", async (_, activation, loss, ids) => {
    expect(idsOf(await identity(1, activation, loss), [[-1], [0], [0.25], [0.75]])).toEqual(ids);
  });

  it("of levels are the number that are passed", async () => {
    const x = [
      [0.9, 0.6, 0.2],
      [0.5, 0.4, 0.1],
      [0.9, 0.8, 0.7],
      [-0.1, -0.2, 0.3],
    ];
    expect(idsOf(await identity(3, "linear", "ordinalCrossentropy"), x)).toEqual([2, 0, 3, 0]);
    const logits = await identity(3, "linear", ordinalCrossentropy({ fromLogits: true }));
    expect(idsOf(logits, x)).toEqual([3, 3, 3, 1]);
  });

  it("of logits of several classes need the loss that says so", async () => {
    const x = [[-3, -1, -2]];
    expect(idsOf(await identity(3, "linear", categoricalCrossentropy({ fromLogits: true })), x)).toEqual([1]);
    expect(await refusal(async () => (await identity(3, "linear")).classify(x))).toBe(
      'invalid_state: classify needs an output of classes: a "softmax", one unit of "sigmoid", or a loss of ' +
        'classes; received 3 units of "linear"; use predict for quantities and labels',
    );
  });

  it.each<["linear" | "logSoftmax", string | undefined]>([
    ["linear", "categoricalHinge"],
    ["logSoftmax", undefined],
  ])("of several units are the largest of %s with %s", async (activation, loss) => {
    expect(
      idsOf(await identity(3, activation, loss), [
        [-3, -1, -2],
        [5, 5, 9],
      ]),
    ).toEqual([1, 2]);
  });

  it("of labels of sequences have the blank among them", async () => {
    const model = sequential([dense(3, { activation: "linear", kernelInitializer: "identity" })]);
    model.compile({ optimizer: "sgd", loss: "ctc" });
    await model.build([2, 3]);
    const ids = model.classify([
      [
        [0, 0, 1],
        [2, 1, 0],
      ],
    ]);
    expect(toNested(ids)).toEqual([[2, 0]]);
  });

  it.each<[number, "linear" | "sigmoid", string | undefined]>([
    [1, "linear", "meanSquaredError"],
    [3, "sigmoid", "binaryCrossentropy"],
    [2, "linear", "gaussianNll"],
    [1, "linear", "coxPartialLikelihood"],
  ])("%i units of %s with %s are refused: they are no classes", async (units, activation, loss) => {
    const model = await identity(units, activation, loss);
    expect(await refusal(() => model.classify([Array(units).fill(1)]))).toMatch(
      /^invalid_state: classify needs an output of classes/,
    );
  });

  it("of steps have a class each, and none where a step is masked", async () => {
    const layers = [
      embedding(4, 2, { maskZero: true }),
      gru(3, { returnSequences: true }),
      dense(3, { activation: "softmax" }),
    ];
    const model = sequential(layers);
    await model.build(4, { seed: 2 });
    const x = [
      [1, 2, 3, 0],
      [3, 0, 0, 0],
    ];
    const ids = model.classify(x);
    const expected = toNested(model.predict(x), 3).map((steps, row) =>
      steps.map((shares, step) => (x[row][step] === 0 ? -1 : shares.indexOf(Math.max(...shares)))),
    );
    expect(toNested(ids, 2)).toEqual(expected);
    expect(new Set(expected.flat()).size).toBeGreaterThan(2);
  });

  it("of two outputs of steps are masked each by its own mask, in lines of several positions too", async () => {
    const ids = { a: input(2), b: input(3) };
    const [a, b] = [ids.a, ids.b].map((value) => embedding(4, 6, { maskZero: true }).apply(value));
    const last = activation("softmax");
    const model = functional({
      inputs: ids,
      outputs: {
        lines: last.apply(timeDistributed(reshape([3, 2])).apply(a)),
        shares: last.apply(b),
      },
    });
    await model.build(undefined, { seed: 1 });
    const x = { a: [[1, 0]], b: [[0, 2, 3]] };
    const { lines, shares } = model.predictOutputs(x);
    const largest = (own: number[]) => own.indexOf(Math.max(...own));
    const [, second, third] = toNested(shares, 3)[0];
    expect(toNested(model.classify(x, { output: "shares" }))).toEqual([
      [-1, largest(second), largest(third)],
    ]);
    const expected = [[toNested(lines, 4)[0][0].map(largest), [-1, -1, -1]]];
    expect(toNested(model.classify(x, { output: "lines" }))).toEqual(expected);
  });

  it("of members are those of their mean, or of each", async () => {
    const model = sequential([
      ensembleDense(3, { members: 4, shared: false, activation: "softmax" }),
      averageMembers(),
    ]);
    await model.build(3, { seed: 2 });
    const x = randomRows(20, 3, 4);
    const members = model.part({ to: model.layers[0] });
    const shares = toNested(members.predict(x), 3);
    const largest = (own: number[]) => own.indexOf(Math.max(...own));
    expect(toNested(members.classify(x), 2)).toEqual(shares.map((row) => row.map(largest)));
    const means = shares.map((row) => row[0].map((_, j) => row.reduce((sum, each) => sum + each[j], 0)));
    expect(idsOf(model, x)).toEqual(means.map(largest));
  });

  it("give the accuracy that the metric gives", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.nat(), async (units, seed) => {
        const x = randomRows(20, 3, seed);
        const model = sequential([dense(units, { activation: units === 1 ? "sigmoid" : "softmax" })]);
        await model.build(3, { seed });
        const truths = x.map(([a]) => (a > 0 ? 1 : 0) * (units === 1 ? 1 : units - 1));
        const right = idsOf(model, x).filter((id, row) => id === truths[row]).length;
        expect(metrics.accuracy(truths, model.predict(x))).toBe(right / 20);
      }),
      { numRuns: cases(25) },
    );
  });

  it("of a prediction that is not a number are refused, with the row", async () => {
    const [model, steps] = [1, 2].map(() =>
      sequential([dense(2, { kernelInitializer: "ones", activation: "softmax" })]),
    );
    await model.build(2);
    // the sum is infinite, and ∞ − ∞ no number
    expect(
      await refusal(() =>
        model.classify([
          [1, 1],
          [3e38, 3e38],
        ]),
      ),
    ).toBe("invalid_data: predictions of classes must be numbers; received NaN for row 1");
    await steps.build([2, 2]);
    const late = [1, 1, 1, 3e38].map((number) => Array(2).fill([number, number]));
    expect(await refusal(() => steps.classify(late))).toMatch(/received NaN for row 3$/);
  });

  it("refuse what they would ignore", async () => {
    const model = await identity(2, "softmax");
    const call = model.classify.bind(model) as (...given: unknown[]) => unknown;
    expect(await refusal(() => call([[1, 2]], { outputs: "a" }))).toBe(
      'unknown_name: unknown option of classify "outputs". Did you mean "output"? Known: output.',
    );
    expect(await refusal(() => call([[1, 2]], {}, 0.3))).toBe(
      "invalid_argument: the arguments of classify must be x and options; received 0.3",
    );
  });
});

describe("several outputs", () => {
  const x = randomRows(7, 2, 5);
  async function several() {
    const value = input(2);
    const hidden = dense(4, { activation: "tanh" }).apply(value);
    const model = functional({
      inputs: value,
      outputs: {
        price: dense(1).apply(hidden),
        kind: dense(3, { activation: "softmax" }).apply(hidden),
        sold: dense(1, { activation: "sigmoid" }).apply(hidden),
      },
    });
    await model.build(undefined, { seed: 3 });
    return model;
  }

  it("come by name, with the numbers that are side by side in predict", async () => {
    const model = await several();
    const { price, kind, sold } = model.predictOutputs(x);
    expect([price.shape, kind.shape, sold.shape]).toEqual([
      [7, 1],
      [7, 3],
      [7, 1],
    ]);
    const sideBySide = toNested(price, 2).map((row, i) => [
      ...row,
      ...toNested(kind, 2)[i],
      ...toNested(sold, 2)[i],
    ]);
    expect(sideBySide).toEqual(toNested(model.predict(x), 2));
  });

  it("have classes each by its own rule, and need a name", async () => {
    const model = await several();
    const all = toNested(model.predict(x), 2);
    expect(Array.from(model.classify(x, { output: "kind" }).data)).toEqual(
      all.map(([, ...shares]) => shares.slice(0, 3).indexOf(Math.max(...shares.slice(0, 3)))),
    );
    expect(Array.from(model.classify(x, { output: "sold" }).data)).toEqual(
      all.map((row) => Number(row[4] > 0.5)),
    );
    expect(await refusal(() => model.classify(x))).toBe(
      'invalid_argument: output of classify must be one of "price", "kind", "sold", since there are several; received undefined',
    );
    expect(await refusal(() => model.classify(x, { output: "price" }))).toMatch(
      /^invalid_state: .* received 1 unit of "linear"/,
    );
    // @ts-expect-error there is no such output
    expect(await refusal(() => model.classify(x, { output: "kinds" }))).toBe(
      'unknown_name: unknown output of classify "kinds". Did you mean "kind"? Known: price, kind, sold.',
    );
  });

  it("of a model with one is `output`, or the name it was given", async () => {
    const model = await identity(2, "softmax");
    expect(toNested(model.predictOutputs([[1, 1]]).output, 2)).toEqual([[0.5, 0.5]]);
    const value = input(2);
    const named = functional({ inputs: value, outputs: { share: dense(1).apply(value) } });
    await named.build();
    expect(Object.keys(named.predictOutputs([[1, 1]]))).toEqual(["share"]);
  });
});

describe("nested arrays", () => {
  it("hold the numbers of every view of an ndarray, of any rank and type", () => {
    const array = ndarray(new Float64Array([0, 1, 2, 3, 4, 5]), [2, 3]);
    const rows: number[][] = toNested(array, 2);
    expect(rows).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(toNested(array.transpose(1, 0))).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(toNested(array.step(1, -2))).toEqual([
      [2, 0],
      [5, 3],
    ]);
    expect(toNested(array.pick(1), 1)).toEqual([3, 4, 5]);
    expect(toNested(array.pick(1, 2), 0)).toBe(5);
    expect(toNested(ndarray(new Int32Array([7]), [1, 1, 1]))).toEqual([[[7]]]);
    expect(toNested(ndarray(new Float32Array(0), [0, 2]))).toEqual([]);
  });

  it("are refused of anything else, and of another rank", async () => {
    expect(await refusal(() => toNested([1] as never))).toBe(
      "invalid_argument: array must be an ndarray, such as the result of predict; received [1]",
    );
    expect(await refusal(() => toNested(ndarray(new Float32Array(6), [2, 3]), 1))).toBe(
      "invalid_shape: the shape of array must be of rank 1; received [2,3]",
    );
  });
});
