/** What a factory has made does not change with the object that it was given. */
import { expect, it } from "vitest";
import { relu6 } from "../../src/graph/activations.js";
import { conv2d, dense, reshape, zeroPadding2d } from "../../src/nn/layers/index.js";
import { losses } from "../../src/nn/losses/registry.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { maxNorm } from "../../src/nn/weights/constraints.js";
import { optimizers } from "../../src/optim/registry.js";
import { cosineDecay, piecewiseConstantDecay } from "../../src/optim/schedules.js";
import { madeOf, recipeOf } from "../../src/recipe.js";

const copied = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(copied)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, field]) => [key, copied(field)]))
      : value;

/** Changes every number, text and list within a value. */
function spoil(value: object): void {
  const fields = value as Record<string, unknown>;
  for (const [key, field] of Object.entries(fields)) {
    if (typeof field === "number") fields[key] = field / 2;
    else if (typeof field === "string") fields[key] = "dense_2";
    else if (typeof field === "object" && field !== null) spoil(field);
  }
  if (Array.isArray(value)) value.push(value[0]);
}

const cases: readonly (readonly [string, object, (options: never) => object])[] = [
  ...Object.entries(optimizers).map(
    ([name, factory]) => [name, { learningRate: 0.5, weightDecay: 0.25 }, factory as never] as const,
  ),
  ["muon, without layers", { excludeLayers: ["dense_1"] }, optimizers.muon],
  ["cosineDecay", { initialLearningRate: 0.5, decaySteps: 8 }, cosineDecay],
  ["piecewiseConstantDecay", { boundaries: [2, 4], values: [0.5, 0.25, 0.125] }, piecewiseConstantDecay],
  ["dense", { kernelRegularizer: { l1: 0.5, l2: 0.25 } }, (options: object) => dense(2, options)],
  [
    "dense, with a function",
    { activation: relu6, kernelRegularizer: { l2: 0.5 } },
    (options: object) => dense(2, options),
  ],
  ["conv2d", { strides: [2, 2] }, (options: object) => conv2d(2, [3, 3], options)],
  ["reshape", [4, 2], (shape: number[]) => reshape(shape)],
  [
    "zeroPadding2d",
    [
      [2, 4],
      [2, 4],
    ],
    (padding: [[number, number], [number, number]]) => zeroPadding2d(padding),
  ],
  ["focal loss", { gamma: 4, alpha: [0.5, 0.25] }, losses.categoricalFocalCrossentropy as never],
  ["maxNorm", { maxValue: 4, axis: 1 }, (options: object) => maxNorm(options)],
];

it.each(cases)("%s", (_, options, make) => {
  const untouched = copied(options);
  const piece = make(options as never);
  const equal = make(untouched as never);
  const factsOf = (made: object) => [recipeOf(made), JSON.stringify(madeOf(made))];
  expect(factsOf(piece)).toEqual(factsOf(equal));
  spoil(options);
  expect(options).not.toEqual(untouched);
  expect(factsOf(piece)).toEqual(factsOf(equal));
});

it("muon trains the layers that it was given, whatever becomes of the list", async () => {
  const train = async (change: boolean) => {
    const options = { excludeLayers: ["dense_1"] };
    const model = sequential([dense(3), dense(1)]);
    model.compile({ optimizer: optimizers.muon(options), loss: "meanSquaredError" });
    if (change) options.excludeLayers[0] = "dense_2";
    await model.fit(
      [
        [1, 2],
        [2, 1],
      ],
      [1, 2],
      { epochs: 2 },
    );
    return Object.values(model.getWeights()).map(({ data }) => [...data]);
  };
  expect(await train(true)).toEqual(await train(false));
});
