/** Losses by name, alias and function, and what is refused; the table of docs/losses-and-metrics.md. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { constant, mean, sub } from "../../../src/graph/functions.js";
import * as metrics from "../../../src/metrics/index.js";
import { dense } from "../../../src/nn/layers/index.js";
import { checkedLoss, type Loss, type LossName } from "../../../src/nn/losses/given.js";
import * as losses from "../../../src/nn/losses/index.js";
import type { BuiltInLoss, LossFunction } from "../../../src/nn/losses/loss.js";
import { getLoss, losses as registry } from "../../../src/nn/losses/registry.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { recipeOf } from "../../../src/recipe.js";
import { evaluateWithGradient, refusal, wasm } from "../support.js";

const { binaryCrossentropy, categoricalCrossentropy } = losses;

describe("a loss", () => {
  const known = Object.keys(registry).join(", ");

  it("has the names that Keras users type", () => {
    for (const [name, { aliases }] of Object.entries<BuiltInLoss<never>>(registry)) {
      expect(registry[name as keyof typeof registry].name).toBe(name);
      for (const loss of [name, ...aliases]) expect(checkedLoss(loss as Loss)).toBe(name);
    }
    expect(registry.meanSquaredError.aliases).toEqual([
      "mse",
      "MSE",
      "mean_squared_error",
      "MeanSquaredError",
    ]);
    // the function of a name of one word is the name
    expect(registry.huber.aliases).toEqual(["Huber"]);
    const all = Object.entries(registry).flatMap(([name, { aliases }]) => [name, ...aliases]);
    expect(new Set(all).size).toBe(all.length);
  });

  it("is the same by name, as the function, and as the function with default options", () => {
    for (const [name, loss] of Object.entries<BuiltInLoss<never>>(losses)) {
      const byName = recipeOf(getLoss(name as LossName));
      expect(byName).toBeDefined();
      for (const form of [loss, loss()]) expect(recipeOf(getLoss(form))).toBe(byName);
    }
    const byDefault = recipeOf(getLoss("binaryCrossentropy"));
    expect(recipeOf(binaryCrossentropy({ fromLogits: false }))).toBe(byDefault);
    expect(recipeOf(binaryCrossentropy({ fromLogits: true }))).not.toBe(byDefault);
    const custom: LossFunction = (yTrue, yPred) => losses.meanSquaredError(yTrue, yPred);
    expect(getLoss(custom)).toBe(custom);
  });

  it("can be called with values in a custom loss", () => {
    const custom: LossFunction = (yTrue, yPred) => losses.meanAbsoluteError(yTrue, yPred);
    const of = (x: Parameters<LossFunction>[1]) => custom(constant(x.graph, [1, 2], [2, 1]), x);
    expect(evaluateWithGradient(wasm, of, [[3], [2]])).toEqual({ value: [1], gradient: [0.5, 0] });
  });

  it.each<[string, () => unknown, string]>([
    [
      "an unknown name",
      () => getLoss("meanSquareError" as never),
      `unknown_name: unknown loss "meanSquareError". Did you mean "meanSquaredError"? Known: ${known}.`,
    ],
    [
      "a misspelled alias",
      () => getLoss("msee" as never),
      `unknown_name: unknown loss "msee". Did you mean "mse"? Known: ${known}.`,
    ],
    [
      "nothing",
      () => getLoss(undefined as never),
      "invalid_argument: loss must be a name, a function such as losses.meanSquaredError, or a function " +
        "(yTrue, yPred) => Value; received undefined",
    ],
    [
      "a metric that has the name of a loss",
      () => getLoss(metrics.meanSquaredError as never),
      "invalid_argument: loss must be a loss; received metrics.meanSquaredError, which is a metric; use losses.meanSquaredError",
    ],
    [
      "a metric that has no such name",
      () => getLoss(metrics.rocAuc as never),
      `invalid_argument: loss must be a loss; received metrics.rocAuc, which is a metric; known losses: ${known}`,
    ],
    [
      "an unknown option",
      () => binaryCrossentropy({ fromLogit: true } as never),
      'unknown_name: unknown option of losses.binaryCrossentropy "fromLogit". Did you mean "fromLogits"? Known: fromLogits, labelSmoothing, posWeight.',
    ],
    [
      "an option of a loss that has none",
      () => losses.meanSquaredError({ delta: 1 } as never),
      'unknown_name: unknown option of losses.meanSquaredError "delta". Known: none.',
    ],
    [
      "an option of another kind",
      () => categoricalCrossentropy({ fromLogits: "yes" } as never),
      'invalid_argument: fromLogits must be a boolean; received "yes"',
    ],
    [
      "a number out of its range",
      () => losses.huber({ delta: 0 }),
      "invalid_argument: delta of losses.huber must be a finite number in (0, ∞); received 0",
    ],
    [
      "the quantile 1",
      () => losses.quantile({ quantile: 1 }),
      "invalid_argument: quantile of losses.quantile must be a finite number in (0, 1); received 1",
    ],
    [
      "a number that is text",
      () => losses.binaryCrossentropy({ labelSmoothing: "0.1" as never }),
      'invalid_argument: labelSmoothing of losses.binaryCrossentropy must be a finite number in [0, 1]; received "0.1"',
    ],
    [
      "a list of numbers where there is one",
      () => losses.tversky({ alpha: [1] as never }),
      "invalid_argument: alpha of losses.tversky must be a finite number in [0, ∞); received [1]",
    ],
    [
      "a list with a number out of range",
      () => losses.categoricalFocalCrossentropy({ alpha: [1, -1] }),
      "invalid_argument: alpha of losses.categoricalFocalCrossentropy must be a finite number in [0, ∞); received -1",
    ],
    [
      "an average that is none of the two",
      () => losses.softF1({ average: "weighted" as never }),
      'invalid_argument: average must be "macro" or "micro"; received "weighted"',
    ],
    [
      "a loss of pairs of rows",
      () => getLoss("Circle" as never),
      'unknown_name: unknown loss "Circle". The nearest is losses.cosineSimilarity.',
    ],
    [
      "the name of a method of objects",
      () => getLoss("constructor" as never),
      `unknown_name: unknown loss "constructor". Known: ${known}.`,
    ],
    [
      "arrays",
      () => losses.meanSquaredError([1] as never, [1] as never),
      "invalid_argument: yTrue and yPred of losses.meanSquaredError must be values of a graph; received [1] and [1]; " +
        "to score arrays, use a function of metrics",
    ],
  ])("refuses %s", async (_, run, message) => {
    expect(await refusal(run)).toBe(message);
  });

  it("is typed by name", () => {
    const model = sequential([dense(1)]);
    const compile = (loss: Loss) => model.compile({ optimizer: "sgd", loss });
    compile("mse");
    compile(losses.meanSquaredError);
    compile(losses.binaryCrossentropy({ fromLogits: true }));
    compile((yTrue, yPred) => mean(sub(yPred, yTrue)));
    for (const wrong of [
      // @ts-expect-error a misspelt name
      () => compile("meanSquareError"),
      // @ts-expect-error a metric
      () => compile(metrics.meanSquaredError),
      // @ts-expect-error an unknown option
      () => compile(losses.binaryCrossentropy({ logits: true })),
      // @ts-expect-error an option of a loss that has none
      () => compile(losses.meanSquaredError({ delta: 1 })),
    ]) {
      expect(wrong).toThrow();
    }
  });
});

describe("docs/losses-and-metrics.md", () => {
  const page = readFileSync(new URL("../../../docs/losses-and-metrics.md", import.meta.url), "utf8");
  const section = page.slice(page.indexOf("## Losses"), page.indexOf("### Which truths"));
  /** Rows of the table: cells, without the marks of code. */
  const rows = section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim().replaceAll("`", "")));
  const words = (cell: string): string[] => cell.split(", ").filter((word) => word !== "");
  const known = rows.filter(([, name]) => Object.hasOwn(registry, name));

  it("lists every loss with its aliases and options", () => {
    const listed = Object.fromEntries(
      known.map(([, name, aliases, options]) => [name, [words(aliases), words(options)]]),
    );
    const actual = Object.entries<BuiltInLoss<never>>(registry).map(([name, loss]) => {
      const [, defaults] = JSON.parse(recipeOf(loss) as string);
      return [name, [loss.aliases, Object.keys(defaults)]];
    });
    expect(listed).toEqual(Object.fromEntries(actual));
  });

  /**
   * `keras.losses.get` of Keras 3.16: ALL_OBJECTS_DICT of keras/src/losses/__init__.py, and exported classes
   * and functions.
   */
  const classes =
    "KLDivergence Poisson BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy CategoricalFocalCrossentropy " +
    "SparseCategoricalCrossentropy MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError " +
    "MeanSquaredLogarithmicError CosineSimilarity LogCosh Huber Hinge SquaredHinge CategoricalHinge Dice Tversky Circle CTC " +
    "CategoricalGeneralizedCrossEntropy";
  const functions =
    "kl_divergence poisson binary_crossentropy binary_focal_crossentropy categorical_crossentropy " +
    "categorical_focal_crossentropy sparse_categorical_crossentropy mean_squared_error mean_absolute_error " +
    "mean_absolute_percentage_error mean_squared_logarithmic_error cosine_similarity log_cosh huber hinge squared_hinge " +
    "categorical_hinge dice tversky circle ctc categorical_generalized_cross_entropy";
  const short =
    "bce BCE kld KLD mae MAE mse MSE mape MAPE msle MSLE " +
    // of earlier releases
    "logcosh kullback_leibler_divergence";
  // layersModel of TensorFlow.js: get of src/losses.ts
  const tfjs =
    "meanSquaredError meanAbsoluteError meanAbsolutePercentageError meanSquaredLogarithmicError squaredHinge hinge " +
    "categoricalHinge logcosh categoricalCrossentropy sparseCategoricalCrossentropy binaryCrossentropy " +
    "kullbackLeiblerDivergence poisson cosineProximity";

  it.each([classes, functions, short, tfjs].join(" ").split(" "))(
    "has Keras' name %s, known or refused with the nearest",
    async (name) => {
      expect(section).toContain(`\`${name}\``);
      const row = rows.find(([, first, aliases]) => [first, ...words(aliases)].includes(name)) ?? [];
      if (Object.hasOwn(registry, row[1])) expect(checkedLoss(name as Loss)).toBe(row[1]);
      else
        expect(await refusal(() => getLoss(name as never))).toBe(
          `unknown_name: unknown loss "${name}". The nearest is losses.${row[3]}.`,
        );
    },
  );
});
