/** `convLstm2d` against Keras' `ConvLSTM2D` in float64: stored, with the script that made it; and its states. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Sizes } from "../../../../src/nn/layers/geometry.js";
import {
  type ConvLstm2dOptions,
  convLstm2d,
  lstm,
  masking,
  reshape,
} from "../../../../src/nn/layers/index.js";
import { functional, input } from "../../../../src/nn/models/functional.js";
import { compiled, randomRows, reference, refusal, wasm } from "../../support.js";
import { difference, type Evaluated, evaluated, type Given } from "./support.js";

interface Case extends Given, Evaluated {
  readonly options: ConvLstm2dOptions & { readonly filters: number; readonly kernelSize: Sizes };
}
const { cases } = JSON.parse(readFileSync(new URL("convLstm.json", import.meta.url), "utf8")) as {
  cases: Case[];
};

// float64 and the special functions of the reference; on wasm three steps in float32, sums of 45 products
describe.each([
  ["reference", reference, 1e-12],
  ["wasm", wasm, 64 * 2 ** -24],
] as const)("on %s", (_, executor, bound) => {
  it.each(cases.map((each) => [JSON.stringify(each.options), each] as const))(
    "with %s: value and every gradient",
    (_options, of) => {
      const { filters, kernelSize, ...options } = of.options;
      const ours = evaluated(executor, convLstm2d(filters, kernelSize, options), of);
      expect(difference(ours.value, of.value), "value").toBeLessThanOrEqual(bound);
      expect(Object.keys(ours.gradients).sort()).toEqual(Object.keys(of.gradients).sort());
      for (const [name, values] of Object.entries(of.gradients))
        expect(difference(ours.gradients[name], values), name).toBeLessThanOrEqual(bound);
    },
  );
});

const options = { optimizer: "sgd", loss: "meanSquaredError" } as const;

it("over images of one number is an lstm, also with dropout", async () => {
  const x = randomRows(6, 8, 2);
  const y = randomRows(6, 3, 3);
  const rates = { dropout: 0.3, recurrentDropout: 0.4 };
  const images = compiled([reshape([4, 1, 1, 2]), convLstm2d(3, 1, rates), reshape([3])], options);
  const vectors = compiled([reshape([4, 2]), lstm(3, rates), reshape([3])], options);
  await images.build([8]);
  await vectors.build([8]);
  const weights = images.getWeights();
  vectors.setWeights(
    Object.fromEntries(
      Object.entries(weights).map(([path, { data, shape }]) => [
        path.replace("convLstm2d", "lstm"),
        { data, shape: shape.slice(-2) },
      ]),
    ),
  );
  const histories = [];
  for (const model of [images, vectors]) {
    const { history } = await model.fit(x, y, { epochs: 3, batchSize: 3, seed: 4 });
    histories.push(history);
  }
  expect(histories[0]).toEqual(histories[1]);
  expect(images.predict(x).data).toEqual(vectors.predict(x).data);
});

it("goes on from both states where a sequence was cut, side by side or one by one", async () => {
  const [first, second, whole] = [2, 3, 5].map((steps) => input([steps, 3, 3, 1]));
  const layer = convLstm2d(2, 2, { padding: "same", returnState: true });
  const outputs = { cut: layer.apply(second, layer.apply(first)), whole: layer.apply(whole) };
  const model = functional({ inputs: { first, second, whole }, outputs });
  model.compile(options);
  await model.build();
  const rows = randomRows(4, 45, 1);
  const { data } = model.predict({
    first: { data: rows.flatMap((row) => row.slice(0, 18)), shape: [4, 2, 3, 3, 1] },
    second: { data: rows.flatMap((row) => row.slice(18)), shape: [4, 3, 3, 3, 1] },
    whole: { data: rows.flat(), shape: [4, 5, 3, 3, 1] },
  });
  for (let at = 0; at < data.length; at++) if (at % 72 < 36) expect(data[at]).toBeCloseTo(data[at + 36], 6);
  const [h, c] = [input([3, 3, 2]), input([3, 3, 2])];
  expect(convLstm2d(2, 2, { padding: "same" }).apply(second, h, c).shape).toEqual([3, 3, 2]);
  expect(await refusal(() => convLstm2d(2, 2).apply(second, h, c))).toBe(
    "invalid_shape: convLstm2d must take a sequence, and optionally its first state h [2, 2, 2], c [2, 2, 2]; received [3, 3, 2], [3, 3, 2] in addition to the sequence",
  );
});

it("has no mask for its last state, even if that has as many lines as there are steps", async () => {
  const x = randomRows(4, 27, 5).map((row) => row.map((value, at) => (at < 18 ? value : 0)));
  const whole = [reshape([3, 9]), masking(0), reshape([3, 3, 3, 1]), convLstm2d(1, 1), reshape([9])];
  const [masked, short] = [whole, [reshape([2, 3, 3, 1]), convLstm2d(1, 1), reshape([9])]].map((layers) =>
    compiled(layers, options),
  );
  await masked.build([27]);
  await short.build([18]);
  short.setWeights(masked.getWeights());
  const { data } = masked.predict(x);
  expect(data).toEqual(short.predict(x.map((row) => row.slice(0, 18))).data);
  expect(data.every((value) => value !== 0)).toBe(true);
});

it.each<[string, () => unknown, string]>([
  [
    "rows that are no sequences of images",
    () => convLstm2d(2, 2).outputShape([4, 4, 1]),
    "invalid_shape: convLstm2d must take rows of shape [steps, height, width, channels]; received [4, 4, 1]. Put reshape([4, 4, 1, 1]) before it for one channel",
  ],
  [
    "images smaller than a window",
    () => convLstm2d(2, 3).outputShape([4, 2, 5, 1]),
    'invalid_shape: convLstm2d with windows of [3, 3] must take rows of at least that; received [2, 5]. Use padding "same" or smaller windows.',
  ],
  ["no filters", () => convLstm2d(0, 3), "invalid_argument: filters must be a positive integer; received 0"],
  [
    "an unknown padding",
    () => convLstm2d(1, 3, { padding: "causal" as never }),
    'unknown_name: unknown padding "causal". Known: valid, same.',
  ],
])("refuses %s", async (_, run, message) => {
  expect(await refusal(run)).toBe(message);
});
