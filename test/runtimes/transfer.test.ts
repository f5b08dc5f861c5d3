/**
 * The example of transfer learning without a browser: its network of TensorFlow.js learns digits that it was
 * not trained on. What its page does is tested in Chromium, by `npm run test:runtimes`.
 */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
// @ts-expect-error: a page's module, without types
import {
  accuracyOf,
  EPOCHS,
  fineTune,
  newDigits,
  withNewEnd,
} from "../../examples/transfer-learning/learning.js";

const read = (file: string): Buffer => readFileSync(new URL(`../../examples/${file}`, import.meta.url));

it("the example of transfer learning keeps the convolutions and learns from 100 images", async () => {
  const [json, weights] = ["model.json", "weights.bin"].map((file) => read(`transfer-learning/${file}`));
  expect(json.length + weights.length).toBeLessThan(100_000);
  const model = await withNewEnd(json.toString(), weights);
  const { train, test } = newDigits(read("data/digits.csv").toString());
  const before = model.layers[0].getWeights();
  const epochs: number[] = [];
  await fineTune(model, train, (epoch: number) => {
    epochs.push(epoch);
    return false;
  });
  expect(epochs).toEqual(Array.from({ length: EPOCHS }, (_, i) => i + 1));
  expect(model.layers[0].getWeights()).toEqual(before);
  expect(accuracyOf(model, test)).toBeGreaterThan(0.8);
});
