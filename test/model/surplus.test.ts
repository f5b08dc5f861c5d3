/** Arguments that would be ignored: a caller in JavaScript gets no error of types. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Model } from "../../src/model/model.js";
import { loadModel, saveModel } from "../../src/model/save.js";
import { dense } from "../../src/nn/layers/index.js";
import type { Sequential } from "../../src/nn/models/sequential.js";
import { loadPredictor, type Predictor } from "../../src/predict/predictor.js";
import { gridSearch, randomSearch } from "../../src/tune/gridSearch.js";
import { sweep } from "../../src/tune/sweep.js";
import { tune } from "../../src/tune/tune.js";
import { compiled, refusal } from "../nn/support.js";

const [x, y] = [
  [[0], [1]],
  [0, 1],
];
let network: Sequential;
let model: Model;
let predictor: Predictor;
beforeAll(async () => {
  network = compiled([dense(1)], { optimizer: "sgd", loss: "meanSquaredError" }) as Sequential;
  await network.fit(x, y);
  const bytes = saveModel(network);
  model = await loadModel(bytes);
  predictor = await loadPredictor(bytes);
});

const further = { batch_size: 32, verbose: 0 } as never;
const batches = "rows are computed in batches anyway, and nothing is printed";
const threshold = "the threshold of the model decides";
const one = "one object of options";
/** A call by a name, and what it takes. */
const calls: readonly (readonly [string, (extra: []) => unknown, string])[] = [
  ["predict", (extra) => network.predict(x, ...extra), `x alone: ${batches}`],
  ["evaluate", (extra) => network.evaluate(x, y, [1, 1], ...extra), `x, y and sampleWeight: ${batches}`],
  ["fit", (extra) => network.fit(x, y, {}, ...extra), "x, y and options"],
  ["trainOnBatch", (extra) => network.trainOnBatch(x, y, {}, ...extra), "x, y and options"],
  ["fitDataset", (extra) => network.fitDataset([{ x, y }], {}, ...extra), "a dataset and options"],
  ["build", (extra) => network.build(1, {}, ...extra), "row and options"],
  ["part", (extra) => network.part({ to: "dense_1" }, ...extra), one],
  ["predict", (extra) => model.predict(x, ...extra), `rows alone: ${batches}`],
  ["answers", (extra) => model.answers(x, ...extra), `rows alone: ${threshold}`],
  ["predict", (extra) => predictor.predict(x, ...extra), `rows alone: ${batches}`],
  ["answers", (extra) => predictor.answers(x, ...extra), `rows alone: ${threshold}`],
  ["compile", (extra) => network.compile({ optimizer: "sgd", loss: "mse" }, ...extra), one],
];
/** Calls that are refused for another reason without a surplus. */
const refused: typeof calls = [
  ["classify", (extra) => model.classify(x, ...extra), `rows alone: ${threshold}`],
  ["classify", (extra) => predictor.classify(x, ...extra), `rows alone: ${threshold}`],
  [
    "evaluate",
    (extra) => model.evaluate(x as never, {}, ...extra),
    "rows, which have the targets, and options",
  ],
  ["save", (extra) => model.save("", {}, ...extra), "a path and options"],
  ["tune", (extra) => tune({} as never, ...extra), one],
  ["gridSearch", (extra) => gridSearch({} as never, ...extra), one],
  ["randomSearch", (extra) => randomSearch({} as never, ...extra), one],
  ["sweep", (extra) => sweep({} as never, ...extra), one],
];

describe("an argument too many is refused", () => {
  it.each([...calls, ...refused])("by %s, number %#", async (name, call, taken) => {
    expect(await refusal(() => call([further] as never))).toBe(
      `invalid_argument: the arguments of ${name} must be ${taken}; received {"batch_size":32,"verbose":0}`,
    );
    expect(await refusal(() => call([undefined, further] as never))).toMatch(
      /^invalid_argument: the arguments of /,
    );
  });

  it.each(calls)("but not one that is undefined: %s, number %#", async (_, call) => {
    await call([undefined] as never);
  });

  it("by the types, too", () => {
    // @ts-expect-error predict takes no options
    const predicted = () => network.predict(x, { batchSize: 32 });
    // @ts-expect-error nor does that of a predictor
    const answered = () => predictor.answers(x, 0.5);
    expect([predicted, answered]).toHaveLength(2);
  });

  it("or read as the weights of rows, it says what they are", async () => {
    expect(await refusal(() => network.evaluate(x, y, { batchSize: 32 } as never))).toBe(
      'invalid_argument: sampleWeight must be an array of numbers, one for each row; received {"batchSize":32}',
    );
  });
});
