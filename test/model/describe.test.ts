/** Pieces as plain data: names that are saved. What becomes of whole models is in save.test.ts. */
import { expect, it } from "vitest";
import { describePiece } from "../../src/model/describe.js";
import { activation, bidirectional, defineLayer, dense, gru, prelu } from "../../src/nn/layers/index.js";

const optionsOf = (layer: Parameters<typeof describePiece>[1]) => describePiece("layer", layer).options;

it("an activation is saved under its first name, wherever it is given", () => {
  expect(optionsOf(dense(1, { activation: "swish" }))).toEqual({ units: 1, activation: "silu" });
  expect(optionsOf(activation("hardSwish"))).toEqual({ activation: "hardSilu" });
  const both = bidirectional(gru(2, { activation: "swish", recurrentActivation: "hardSwish" }));
  expect(optionsOf(both).layer).toMatchObject({
    name: "gru",
    options: { activation: "silu", recurrentActivation: "hardSilu" },
  });
  expect(optionsOf(dense(1, { activation: "relu" }))).toEqual({ units: 1, activation: "relu" });
});

it("options of the user's own layers stay as they are, also those with such a name", () => {
  const options = { activation: "swish", other: { activation: "hardSwish" } };
  const own = defineLayer({
    type: "own",
    options,
    hyperparameters: {},
    outputShape: (shape) => shape,
    parameters: () => [],
    call: ({ x }) => x,
  });
  expect(optionsOf(own)).toEqual(options);
});

it("shared axes are saved", () => {
  expect(optionsOf(prelu({ sharedAxes: [1, 2], alphaInitializer: "ones" }))).toEqual({
    sharedAxes: [1, 2],
    alphaInitializer: "ones",
  });
});
