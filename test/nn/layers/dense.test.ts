/** Dense layers, penalties and dropout, seen through models and through programs. */
import { describe, expect, it } from "vitest";
import { dense, dropout } from "../../../src/nn/layers/index.js";
import { l1, l1l2, l2, type Regularizer } from "../../../src/nn/weights/regularizers.js";
import { sgd } from "../../../src/optim/sgd.js";
import { compiled, randomRows, refusal, startFrom, weightsOf } from "../support.js";

describe("dense", () => {
  it("is activation(x · kernel + bias), with and without a bias", async () => {
    const parameters = [1, -2, 0.5, 3, 0.25, -4]; // kernel [2, 2], bias [2]
    const x = [
      [1, 2],
      [-3, 0.5],
    ];
    const fitted = async (useBias: boolean) => {
      const model = compiled([dense(2, { activation: "relu", useBias })], {
        optimizer: "sgd",
        loss: "meanSquaredError",
      });
      const start = startFrom(useBias ? parameters : parameters.slice(0, 4));
      await model.fit(x, x, { epochs: 0, callbacks: [start] });
      return model;
    };
    // all numbers are small multiples of 1/8, so float32 is exact
    expect([...(await fitted(true)).predict(x).data]).toEqual([2.25, 0, 0, 3.5]);
    expect([...(await fitted(false)).predict(x).data]).toEqual([2, 4, 0, 7.5]);
    expect(weightsOf(await fitted(true))).toEqual({
      "dense_1.kernel": parameters.slice(0, 4),
      "dense_1.bias": parameters.slice(4),
    });
    expect(Object.keys(weightsOf(await fitted(false)))).toEqual(["dense_1.kernel"]);
  });

  it("refuses invalid units, options and weights", async () => {
    const cases: [() => unknown, string][] = [
      [() => dense(0), "invalid_argument: `units` must be a positive integer; received 0"],
      [() => dense(0.5), "invalid_argument: `units` must be a positive integer; received 0.5"],
      [() => dense("4" as never), 'invalid_argument: `units` must be a positive integer; received "4"'],
      [
        () => dense(1, { useBias: "no" as never }),
        'invalid_argument: useBias must be true or false; received "no"',
      ],
      [
        () => dense(1, { kernelRegularizer: "L3" as never }),
        'unknown_name: unknown regularizer "L3". Did you mean "l1"? Known: l1, l2.',
      ],
      [
        () => dense(1, { kernelRegularizer: 0.1 as never }),
        "invalid_argument: the options of a regularizer must be an object; received 0.1",
      ],
      [() => dense(2.5), "invalid_argument: `units` must be a positive integer; received 2.5"],
      [() => dense(1, { units: 2 } as never), 'unknown_name: unknown option of dense "units".'],
      [() => dense(1, { activation: "swosh" as never }), 'unknown_name: unknown activation "swosh".'],
      [
        () => dense(1, { kernelInitializer: "heNormall" as never }),
        'unknown_name: unknown initializer "heNormall".',
      ],
      [
        () => dense(1, { biasInitializer: 1 as never }),
        "invalid_argument: initializer must be a name or a function; received 1",
      ],
      [() => l2(-1), "invalid_argument: l2 must be a finite number of at least 0; received -1"],
      [() => l1(Number.NaN), "invalid_argument: l1 must be a finite number of at least 0; received NaN"],
      [
        () => l1l2({ l3: 1 } as never),
        'unknown_name: unknown option of a regularizer "l3". Did you mean "l1"? Known: l1, l2.',
      ],
      [
        () => l2(Number.POSITIVE_INFINITY),
        "invalid_argument: l2 must be a finite number of at least 0; received Infinity",
      ],
      [() => l1("1" as never), 'invalid_argument: l1 must be a finite number of at least 0; received "1"'],
    ];
    for (const [run, message] of cases) expect((await refusal(run)).startsWith(message), message).toBe(true);
  });
});

describe("penalties", () => {
  it.each(["l1", "L1", "l2", "L2"] as const)(
    "by the name %s have the default weight, as in Keras",
    (name) => {
      expect(dense(1, { kernelRegularizer: name }).hyperparameters).toEqual({
        [`kernel.${name.toLowerCase()}`]: 0.01,
      });
    },
  );

  const start = [0.5, -0.25, 1, -2, 0.75, 0]; // kernel [5, 1] and bias
  const x = randomRows(8, 5, 1);
  const y = randomRows(8, 1, 2);

  const lossWith = async (kernelRegularizer?: Regularizer, biasRegularizer?: Regularizer) => {
    const layer = dense(1, {
      ...(kernelRegularizer ? { kernelRegularizer } : {}),
      ...(biasRegularizer ? { biasRegularizer } : {}),
    });
    const model = compiled([layer], { optimizer: sgd({ learningRate: 0 }), loss: "meanSquaredError" });
    const { history } = await model.fit(x, y, { callbacks: [startFrom(start)], batchSize: 3 });
    return { trained: history.loss[0], evaluated: model.evaluate(x, y).loss };
  };

  it("are λ₁ Σ|w| + λ₂ Σw² in the loss, of training and of evaluation", async () => {
    const plain = await lossWith();
    const kernel = start.slice(0, 5);
    const sumOfAbs = kernel.reduce((sum, w) => sum + Math.abs(w), 0); // 4.5
    const sumOfSquares = kernel.reduce((sum, w) => sum + w * w, 0); // 5.875
    for (const [regularizer, penalty] of [
      [l1(0.5), 0.5 * sumOfAbs],
      [l2(0.25), 0.25 * sumOfSquares],
      [l1l2({ l1: 0.5, l2: 0.25 }), 0.5 * sumOfAbs + 0.25 * sumOfSquares],
      [l2(0), 0],
    ] as const) {
      const penalised = await lossWith(regularizer);
      // losses up to 16, some 16 roundings of the sum over batches
      const bound = 16 * 16 * 2 ** -24;
      expect(Math.abs(penalised.trained - plain.trained - penalty)).toBeLessThanOrEqual(bound);
      expect(Math.abs(penalised.evaluated - plain.evaluated - penalty)).toBeLessThanOrEqual(bound);
    }
    // the bias is 0, so its penalty is too
    expect(await lossWith(undefined, l2(3))).toEqual(plain);
  });

  it("pull by λ₁ sign(w) + 2λ₂w, also once a batch that is not full", async () => {
    // inputs of 0: nothing else has a gradient in the kernel
    const zeros = Array.from({ length: 5 }, () => [0, 0, 0, 0]);
    const kernel = [0.5, -0.25, 0, 2];
    const layer = dense(1, { useBias: false, kernelRegularizer: l1l2({ l1: 0.125, l2: 0.0625 }) });
    const model = compiled([layer], { optimizer: sgd({ learningRate: 0.5 }), loss: "meanSquaredError" });
    await model.fit(zeros, [0, 0, 0, 0, 0], { batchSize: 4, callbacks: [startFrom(kernel)] }); // 4 rows, then 1
    const step = (w: number): number => w - 0.5 * (0.125 * Math.sign(w) + 2 * 0.0625 * w);
    const expected = kernel.map((w) => step(step(w)));
    weightsOf(model)["dense_1.kernel"].forEach((w, i) => {
      expect(Math.abs(w - expected[i])).toBeLessThanOrEqual(8 * 2 ** -24 * 2);
    });
  });

  it("of the bias count too", async () => {
    const layer = dense(1, { biasInitializer: "ones", biasRegularizer: l2(0.25) });
    const model = compiled([layer], { optimizer: sgd({ learningRate: 1 }), loss: "meanSquaredError" });
    await model.fit([[0]], [1], { epochs: 0 });
    expect(model.evaluate([[0]], [1]).loss).toBe(0.25); // the prediction is the bias, 1; the penalty 0.25 · 1²
    await model.fit([[0]], [1]);
    expect(weightsOf(model)["dense_1.bias"]).toEqual([0.5]); // 1 − 2 · 0.25 · 1
  });
});

describe("dropout", () => {
  it("of two layers of one model are independent", async () => {
    // the output is 4 where both keep and 0 elsewhere: 1 in the mean, but 2 if both had the same mask
    const layers = [dropout(0.5), dropout(0.5), dense(1, { kernelInitializer: "ones", useBias: false })];
    const model = compiled(layers, { optimizer: sgd({ learningRate: 0 }), loss: "meanAbsoluteError" });
    const ones = Array.from({ length: 20_000 }, () => [1]);
    const { history } = await model.fit(ones, new Float32Array(20_000), { batchSize: 1000 });
    const deviation = Math.sqrt((16 * 0.25 * 0.75) / 20_000);
    expect(Math.abs(history.loss[0] - 1)).toBeLessThanOrEqual(5 * deviation);
  });

  it("does nothing in evaluate and predict", async () => {
    const layers = [dropout(0.9), dense(1, { kernelInitializer: "ones" })];
    const model = compiled(layers, { optimizer: "sgd", loss: "meanSquaredError" });
    const x = randomRows(50, 4, 3);
    const sums = x.map((row) => row.reduce((sum, value) => sum + value, 0)); // exact: multiples of 2^-10
    await model.fit(x, sums, { epochs: 0 });
    expect([...model.predict(x).data]).toEqual(sums);
    expect(model.evaluate(x, sums).loss).toBe(0);
  });

  it("keeps everything at rate 0", async () => {
    const layers = [dropout(0), dense(1, { kernelInitializer: "ones" })];
    const model = compiled(layers, { optimizer: sgd({ learningRate: 0 }), loss: "meanSquaredError" });
    const x = randomRows(50, 4, 3);
    const sums = x.map((row) => row.reduce((sum, value) => sum + value, 0));
    expect((await model.fit(x, sums)).history.loss).toEqual([0]);
  });
});
