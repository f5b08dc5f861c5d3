/**
 * `ctc` in models: labels of `fit`, masked steps, several outputs, weights, and what is refused.
 * `test/laws/ctc.test.ts` and `losses/torch.test.ts` have its values.
 */
import { describe, expect, it } from "vitest";
import { mixup } from "../../src/nn/arguments/mixup.js";
import { activation, dense, flatten, type Layer, lstm, masking } from "../../src/nn/layers/index.js";
import { ctc } from "../../src/nn/losses/index.js";
import { functional, input } from "../../src/nn/models/functional.js";
import type { Sequential } from "../../src/nn/models/sequential.js";
import { adam } from "../../src/optim/adam.js";
import { compiled, randomRows, refusal, weightsOf } from "./support.js";

const [ROWS, STEPS, CLASSES] = [24, 6, 4];
/** Rows of steps of one feature. */
const x = randomRows(ROWS, STEPS, 3).map((row) => row.map((value) => [value]));
const y = x.map((_, i) => [1 + (i % 3), i % 4 === 0 ? 0 : 1 + ((i + 1) % 3)]);
const options = { epochs: 3, batchSize: 8, seed: 5 };
const of = (...layers: Layer[]): Sequential =>
  compiled(layers.length > 0 ? layers : [dense(CLASSES)], { optimizer: "adam", loss: "ctc" });

it("learns to spell, from labels without their places", async () => {
  // each step shows a label or nothing
  const shown = Array.from({ length: 60 }, (_, i) =>
    Array.from({ length: 6 }, (_, t) => (Math.imul(i + 7, 40503 * (t + 3)) >>> 9) % 4),
  );
  const inputs = shown.map((ids) => ids.map((id) => [1, 2, 3].map((label) => Number(id === label))));
  const labels = shown.map((ids) => {
    const own = ids.filter((id, t) => id > 0 && id !== ids[t - 1]);
    return Array.from({ length: 6 }, (_, n) => own[n] ?? 0);
  });
  const model = compiled([dense(CLASSES)], { optimizer: adam({ learningRate: 0.1 }), loss: "CTC" });
  const { history } = await model.fit(inputs, labels, { epochs: 60, batchSize: 20, seed: 1 });
  expect(history.loss[59]).toBeLessThan(history.loss[0] / 10);
  const { data } = model.predict(inputs);
  const lines = Array.from({ length: 360 }, (_, line) => data.slice(line * CLASSES, (line + 1) * CLASSES));
  expect(lines.map((line) => line.indexOf(Math.max(...line)))).toEqual(shown.flat());
});

it("reads padding of any width, and evaluates, in whole, in batches and by rows of weight 0", async () => {
  const [narrow, wide, batches] = [of(), of(), of()];
  const once = { batchSize: 8, epochs: 1, shuffle: false };
  await narrow.fit(x, y, once);
  await wide.fit(
    x,
    y.map((row) => [...row, 0, 0, 0, 0, 0, 0]),
    once,
  );
  expect(weightsOf(wide)).toEqual(weightsOf(narrow));
  for (const at of [0, 8, 16]) await batches.trainOnBatch(x.slice(at, at + 8), y.slice(at, at + 8));
  expect(batches.predict(x)).toEqual(narrow.predict(x));
  const odd = [[-1, 7], ...y.slice(1)];
  const sampleWeight = y.map((_, i) => Number(i > 0));
  expect(narrow.evaluate(x, odd, sampleWeight)).toEqual(narrow.evaluate(x, y, sampleWeight));
  expect(narrow.evaluate(x, y, sampleWeight).loss).toBeCloseTo(
    narrow.evaluate(x.slice(1), y.slice(1)).loss,
    5,
  );
});

it("leaves masked steps out, and rows whose labels do not fit into the rest", async () => {
  const short = x.map((row, i) => row.map((step, t) => (t < 2 + (i % 4) ? step : [0])));
  const masked = of(masking(), lstm(3, { returnSequences: true }), dense(CLASSES));
  await masked.fit(short, y, options);
  const weights = masked.getWeights();
  const without = async (i: number): Promise<number> => {
    const steps = 2 + (i % 4);
    const alone = of(lstm(3, { returnSequences: true }), dense(CLASSES));
    await alone.build([steps, 1]);
    alone.setWeights(weights);
    return alone.evaluate([short[i].slice(0, steps)], [y[i]]).loss;
  };
  const losses = await Promise.all(x.map((_, i) => without(i)));
  losses.forEach((loss, i) => {
    // losses below 16 of some hundred roundings
    expect(Math.abs(masked.evaluate([short[i]], [y[i]]).loss - loss)).toBeLessThan(100 * 16 * 2 ** -24);
  });
  const mean = losses.reduce((a, b) => a + b) / ROWS;
  expect(Math.abs(masked.evaluate(short, y).loss - mean)).toBeLessThan(100 * 16 * 2 ** -24);
  // three labels and a blank do not fit into the two steps of every fourth row
  const three = y.map((row) => [...row.map((id) => id || 1), row[1] || 1]);
  expect(masked.evaluate([short[0]], [three[0]])).toEqual({ loss: 0 });
  expect(masked.evaluate([short[3]], [three[3]]).loss).toBeGreaterThan(0);
});

it("is one of several losses, with labels by name", async () => {
  const steps = input([STEPS, 1]);
  const spelled = dense(CLASSES).apply(steps);
  const model = functional({
    inputs: steps,
    outputs: { text: spelled, size: dense(1).apply(flatten().apply(steps)) },
  });
  model.compile({ optimizer: "adam", loss: { text: ctc(), size: "mse" }, metrics: { size: ["mae"] } });
  const size = x.map((row) => row[0][0]);
  await model.fit(x, { text: y, size }, options);
  const { loss } = model.evaluate(x, { text: y, size });
  const alone = of();
  await alone.build([STEPS, 1]);
  const own = Object.entries(model.getWeights()).filter(([path]) => path.startsWith("dense_1."));
  alone.setWeights(Object.fromEntries(own));
  const sizes = model.predict(x).data.filter((_, at) => at % (STEPS * CLASSES + 1) === STEPS * CLASSES);
  const squares = size.reduce((sum, value, i) => sum + (value - sizes[i]) ** 2, 0) / ROWS;
  expect(Math.abs(loss - alone.evaluate(x, y).loss - squares)).toBeLessThan(100 * 16 * 2 ** -24);
  expect(await refusal(() => model.fit(x, x, options))).toBe(
    "invalid_argument: y must have an array for each output by its name for ctc; received one array",
  );
});

describe("refuses", () => {
  const changed = (row: number[]): number[][] => y.map((each, i) => (i === 5 ? row : each));
  it.each<[string, Sequential, unknown, string]>([
    [
      "ids of no label",
      of(),
      changed([4, 0]),
      "invalid_data: y must be integers from 0 to 3; received 4 in row 5; 0 pads rows, and the last layer has a unit for the blank and one for each label",
    ],
    [
      "a zero between labels",
      of(),
      changed([0, 2]),
      "invalid_data: y must hold labels, then zeros; received [0,2] in row 5; ids of labels start at 1",
    ],
    [
      "labels that do not fit",
      of(),
      y.map(() => [1, 1, 2, 2, 3]),
      "invalid_data: y must hold at most 6 labels, and blanks between equal ones, as there are 6 steps; received [1,1,2,2,3] in row 0; they need 7 steps",
    ],
    [
      "more labels than maxLabels",
      compiled([dense(CLASSES)], { optimizer: "adam", loss: ctc({ maxLabels: 1 }) }),
      y,
      "invalid_data: y must hold at most 1 labels; received 2 in row 1; raise maxLabels of the loss",
    ],
    [
      "one label a row without an axis",
      of(),
      y.map(([id]) => id),
      "invalid_shape: y must hold a row of labels, padded with zeros, for each sequence; received shape [24]",
    ],
    [
      "fewer rows than inputs",
      of(),
      y.slice(1),
      "invalid_shape: y must have as many rows as its inputs, 24; received 23",
    ],
    [
      "one unit",
      of(dense(1)),
      y,
      "invalid_shape: units of the last layer for ctc must be at least 2, the first of which is for the blank; received 1",
    ],
    [
      "an output without steps",
      of(flatten(), dense(CLASSES)),
      y,
      "invalid_shape: rows of the output for ctc must be of shape [steps, classes]; received [4]",
    ],
    [
      "probabilities",
      of(dense(CLASSES), activation("softmax")),
      y,
      'invalid_argument: the activation of the last layer must be "linear" for ctc; received "softmax"',
    ],
    [
      "metrics",
      compiled([dense(CLASSES)], { optimizer: "adam", loss: "ctc", metrics: ["accuracy"] }),
      y,
      'invalid_argument: metrics for ctc must be left out, and labels scored after decoding; received "accuracy"',
    ],
    [
      "mixed rows",
      compiled([dense(CLASSES)], { optimizer: "sgd", loss: "ctc", augmentation: mixup(0.2) }),
      y,
      "invalid_argument: augmentation of compile must be left out for ctc, whose targets cannot be mixed",
    ],
  ])("%s", async (_, model, given, message) => {
    expect(await refusal(() => model.fit(x, given as number[], options))).toBe(message);
  });

  it("an option that is no number of labels", async () => {
    expect(await refusal(() => ctc({ maxLabels: 0 }))).toBe(
      "invalid_argument: maxLabels of losses.ctc must be a positive integer; received 0",
    );
  });
});
