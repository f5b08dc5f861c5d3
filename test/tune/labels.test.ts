/** Targets as people have them: words, booleans, integers. */
import { describe, expect, it } from "vitest";
import { encodeLabels, oneHot } from "../../src/data/classes.js";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { float } from "../../src/search/space/builders.js";
import { findLearningRate } from "../../src/tune/rateFinder.js";
import { tune } from "../../src/tune/tune.js";
import type { TuneOptions } from "../../src/tune/tuner/options.js";
import { refusal } from "../data/refusal.js";

const x = Array.from({ length: 60 }, (_, i) => [Math.sin(i), Math.cos(i)]);
const ids = x.map((_, i) => i % 3);

const space = { learningRate: float(0.01, 0.1) };
type Y = Pick<TuneOptions<typeof space>, "y" | "task" | "positive"> & { readonly x?: Float32Array };

async function values(units: number, given: Y): Promise<readonly (number | null | undefined)[]> {
  const model = () => {
    const built = sequential([dense(units, { activation: units > 1 ? "softmax" : "sigmoid" })]);
    built.compile({ optimizer: "adam", loss: units > 1 ? "categoricalCrossentropy" : "binaryCrossentropy" });
    return built;
  };
  const { trials, final } = await tune({ x, space, model, trials: 2, testSize: 0.2, ...given });
  return [...trials.map(({ value }) => value), final.test.accuracy, ...final.predict(x).data];
}

describe("tune", () => {
  it("takes three classes as words, integers of any value and typed arrays, as it does one-hot rows", async () => {
    const byHand = await values(3, { y: { data: oneHot(ids, 3), shape: [60, 3] } });
    expect(await values(3, { y: ids.map((id) => ["ant", "bee", "cat"][id]) })).toEqual(byHand);
    expect(await values(3, { y: ids, task: "classification" })).toEqual(byHand);
    expect(await values(3, { y: ids.map((id) => [-5, 2, 10][id]), task: "classification" })).toEqual(byHand);
    expect(await values(3, { y: Int32Array.from(ids), task: "classification" })).toEqual(byHand);
  });

  it("takes two classes as words and booleans, as it does 0 and 1", async () => {
    const y = x.map(([a]) => Number(a > 0));
    const byHand = await values(1, { y });
    expect(await values(1, { y: y.map((v) => v === 1) })).toEqual(byHand);
    expect(await values(1, { y: y.map((v) => ["no", "yes"][v]) })).toEqual(byHand);
    expect(await values(1, { y: y.map((v) => [3, 7][v]), task: "classification", positive: "7" })).toEqual(
      byHand,
    );
  });

  it.each<[string, number, Y, string]>([
    [
      "words as quantities",
      1,
      { y: ids.map(String), task: "regression" },
      'y must hold numbers for regression; received "0"; choose task: "classification"',
    ],
    [
      "words and numbers together",
      3,
      { y: ["a", ...ids.slice(1)] as never },
      "y must be all words, all integers or all booleans; received 1 at index 1",
    ],
    [
      "fractions as classes",
      3,
      { y: ids.map((id) => id / 2), task: "classification" },
      "y must be all words, all integers or all booleans; received 0.5 at index 1",
    ],
    ["one word", 1, { y: ids.map(() => "a") }, "y holds one class only; classification needs at least two"],
    ["other rows than x", 3, { y: ["a", "b", "c"] }, "x has 60 rows and y 3; they must have as many"],
    [
      "rows of several columns that are not one-hot",
      2,
      { y: ids.map((id) => [id, id]), task: "classification" },
      "classes in y must be one column of classes, or one-hot rows",
    ],
    [
      "three classes for a model of one unit",
      1,
      { y: ids.map(String) },
      "units of the model's last layer must be 3: as many as classes if there are more than two, otherwise as many as " +
        "columns of y; received 1",
    ],
  ])("refuses %s", async (_, units, given, message) => {
    await expect(values(units, given)).rejects.toThrow(message);
  });
});

it("findLearningRate takes words, and refuses a model of other units", async () => {
  const rates = (units: number, y: NonNullable<Y["y"]>) =>
    findLearningRate({
      x,
      y,
      steps: 5,
      model: ({ learningRate: _ }) => {
        const model = sequential([dense(units, { activation: "softmax" })]);
        model.compile({ optimizer: "sgd", loss: "categoricalCrossentropy" });
        return model;
      },
    });
  const words = await rates(3, ids.map(String));
  expect(words.losses).toEqual((await rates(3, { data: oneHot(ids, 3), shape: [60, 3] })).losses);
  await expect(rates(2, ids.map(String))).rejects.toThrow("units of the model's last layer must be 3");
});

describe("encodeLabels", () => {
  it("numbers words by code unit, integers by value, and false before true", () => {
    expect(encodeLabels(["b", "B", "a", "b"])).toEqual({
      labels: Int32Array.of(2, 0, 1, 2),
      classes: ["B", "a", "b"],
    });
    expect(encodeLabels([10, -2, 9])).toEqual({ labels: Int32Array.of(2, 0, 1), classes: ["-2", "9", "10"] });
    expect(encodeLabels([true, false])).toEqual({ labels: Int32Array.of(1, 0), classes: ["false", "true"] });
  });

  it("refuses what are no classes, by the name given", () => {
    expect(refusal(() => encodeLabels("ab" as never))).toBe(
      'invalid_argument: labels must be an array of classes; received "ab"',
    );
    expect(
      refusal(() =>
        encodeLabels(
          Array.from({ length: 1001 }, (_, i) => i),
          "port",
        ),
      ),
    ).toBe("invalid_data: port must have at most 1000 distinct values; received 1001");
    expect(refusal(() => encodeLabels([null, null] as never))).toMatch(
      /^invalid_data: labels must be all words/,
    );
  });
});
