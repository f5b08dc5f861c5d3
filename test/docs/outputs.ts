/** What the blocks of code on the pages print. Not a test itself. */
import { expect } from "vitest";
import { type Block, blockWith } from "./blocks.js";

/** The numbers in the last line of an output. */
const numbers = (output: string): number[] =>
  (
    output
      .trim()
      .split("\n")
      .at(-1)
      ?.match(/(?<![a-z])-?\d+(\.\d+)?(e-?\d+)?/g) ?? []
  ).map(Number);

const distance = (output: string): number => {
  const [x, y] = numbers(output);
  return Math.hypot(x - 1, y + 2);
};

/** What blocks print. */
export const outputs = new Map<Block, (output: string) => void>([
  [blockWith("docs/validation.md", "const later"), (output) => expect(output).toBe("[ 1, 1 ]\n")],
  [
    blockWith("docs/training.md", "async function* batches"),
    (output) => expect(output).toBe("loss meanAbsoluteError valLoss valMeanAbsoluteError\n"),
  ],
  [
    blockWith("docs/losses-and-metrics.md", "predictDistribution(x)"),
    (output) => expect(output).toBe("gaussianNll\n"),
  ],
  [blockWith("docs/training.md", "lines.length"), (output) => expect(output).toBe("2 77\n")],
  [
    blockWith("docs/training.md", "trainOnBatch([[1], [2]]"),
    (output) => expect(output).toBe("{ loss: 10, meanAbsoluteError: 3 }\n"),
  ],
  [blockWith("docs/training.md", "ensemble: 4"), (output) => expect(output).toBe("true\naverage\n")],
  [blockWith("docs/training.md", "calibrate: true"), (output) => expect(output).toBe("true\ntrue\n2\n")],
  [
    blockWith("docs/layers.md", "model.summary()"),
    (output) => {
      expect(output).toContain("batchNormalization_1  [rows, 32]    128\n");
      expect(output).toContain("Total parameters: 257, 64 of them not trained");
    },
  ],
  [
    blockWith("docs/layers.md", "const shared"),
    (output) => expect(output.trim()).toBe("loss priceMeanAbsoluteError kindAccuracy\n3 60"),
  ],
  [
    blockWith("docs/layers.md", "notes[0]"),
    (output) => expect(output).toBe('embedding_1 reads ids in "x0" to "x1": they are not scaled\n'),
  ],
  [blockWith("docs/layers.md", "first.part("), (output) => expect(output).toBe("[ 40, 8 ]\n")],
  [blockWith("docs/layers.md", "averageMembers()"), (output) => expect(output).toBe("200,8,1 200,1\n")],
  [blockWith("docs/layers.md", "lines across"), (output) => expect(output.trim()).toBe("true")],
  [blockWith("docs/layers.md", "maxNorm({"), (output) => expect(output.trim()).toBe("true true")],
  [blockWith("docs/layers.md", "history.valR2"), (output) => expect(output.trim()).toBe("true")],
  [blockWith("docs/layers.md", "weight_hh_l0"), (output) => expect(output.trim()).toBe("0.540133")],
  [
    blockWith("docs/layers.md", "softsign"),
    (output) => expect(output).toBe("Float32Array(2) [ -3.75, 3.75 ]\n"),
  ],
  [blockWith("docs/layers.md", "gate_1.open"), (output) => expect(output).toBe("[ 4 ]\n")],
  [blockWith("docs/layers.md", "divideByLargest_1"), (output) => expect(output.trim()).toBe("40")],
  [
    blockWith("docs/layers.md", "meanOfSteps"),
    (output) => expect(output).toBe("Float32Array(3) [ 2, 4, 4 ]\n"),
  ],
  [
    blockWith("docs/testing.md", 'type: "largest"'),
    (output) =>
      expect(output.trim()).toBe(
        'layer "largest" breaks the law "how much padding follows a sequence moves nothing"',
      ),
  ],
  [
    blockWith("README.md", "final.test.accuracy"),
    (output) => {
      const [crossValidated, test] = numbers(output).slice(-2);
      expect(crossValidated).toBeLessThan(0.15); // log loss
      expect(test).toBeGreaterThan(0.9);
    },
  ],
  [
    blockWith("docs/training.md", "history.accuracy"), // XOR
    (output) => {
      const [accuracy, prediction] = numbers(output);
      expect(accuracy).toBe(1);
      expect(prediction).toBeGreaterThan(0.5);
    },
  ],
  [
    blockWith("docs/tuning-anything.md", "trials: 200,"),
    // 200 random points of a square of area 100: the chance that none is within 1 of (1, −2) is (1 −
    // π/100)^200 < 0.002
    (output) => expect(distance(output)).toBeLessThan(1),
  ],
  [blockWith("docs/strategies.md", "asha()"), (output) => expect(distance(output)).toBeLessThan(0.5)],
  [
    blockWith("docs/strategies.md", "bestTrials"),
    (output) => {
      // points of a front: a larger area has a longer fence
      const front = (JSON.parse(output) as [number, number][]).sort(([a], [b]) => a - b);
      expect(front.length).toBeGreaterThan(1);
      expect(front.map(([, fence]) => fence)).toEqual(front.map(([, fence]) => fence).sort((a, b) => a - b));
    },
  ],
  [
    blockWith("docs/runtimes.md", "restoreTuner"),
    (output) => expect([1, 2, 3, 4, 5, 6, 7, 8]).toContain(numbers(output)[0]),
  ],
  [
    blockWith("docs/optimizers.md", "cosineDecay({"),
    // the parabola's variance is 4/45, which a constant would leave
    (output) => expect(numbers(output)[0]).toBeLessThan(1e-3),
  ],
  [
    blockWith("docs/tables.md", "let message"),
    (output) => {
      expect(output).toMatch(
        /^column "price" can be read in two ways, "1,234" as 1234 or 1.234; choose decimal: "\." or /,
      );
      expect(output).toMatch(/\[ 1234, 2500, 3100 \] \]\n$/);
    },
  ],
  [
    blockWith("docs/tables.md", "receiptOf(sales)"),
    (output) =>
      expect(output.trim().split("\n")).toEqual([
        'missing: "?" is read as missing in 1 cell of "size"; choose defaultNa: false to read it as a word',
        'spellings: "sold" has 3 words, 2 without case and spaces, such as "Yes", "yes"; choose ignoreCase: ["sold"] to read them as one',
        'units: read as numbers: "paid" in $, negative in brackets; choose as: {"paid":"category"} to read words',
      ]),
  ],
  [
    blockWith("docs/tables.md", "other.ignored"),
    (output) =>
      expect(output.replaceAll(/\s+/g, "")).toBe("['note'][Float32Array(2)[3,1],Float32Array(2)[1,2]]"),
  ],
  [
    blockWith("docs/tables.md", "final.predict(rows)"),
    (output) => {
      expect(output).toMatch(/^yes 0\.\d+$/m);
      expect(numbers(output)[0]).toBeLessThan(1);
    },
  ],
  [
    blockWith("docs/tables.md", "console.log(best.params"),
    (output) =>
      expect(output.replaceAll(/\s+/g, " ")).toMatch(
        /^\{ scale: '\w+', target: '\w+' \} \[ 'income', 'income \(missing\)', 'region=A', 'region=B', 'region=C' \] $/,
      ),
  ],
  [
    blockWith("docs/tables.md", 'encode: "ordinal"'),
    (output) => expect(output).toBe("Float32Array(4) [ 0, 0, 1, 1 ]\nFloat32Array(2) [ 2, 0 ]\n"),
  ],
  [
    blockWith("docs/tables.md", "classWeight: { fraud }"),
    (output) => expect(output).toMatch(/^0\.\d+\n\[ 'fraud', 'fine' \]\n$/),
  ],
  [
    blockWith("docs/tuning.md", "fit: denseFit"),
    (output) => {
      const [loss, crossValidated, test, testLoss] = (output.match(/[\d.]+/g) ?? []).map(Number);
      expect(output).toMatch(/^logLoss /);
      expect([crossValidated > 0.8, crossValidated <= 1, test > 0.8, test <= 1]).toEqual(Array(4).fill(true));
      expect(Math.max(loss, testLoss)).toBeLessThan(0.5);
    },
  ],
  [
    blockWith("docs/tables.md", "drift(table, other)[0]"),
    (output) => expect(output).toBe('column "size" has another distribution: its median is 80 and was 50\n'),
  ],
  [
    blockWith("docs/models.md", "loadPredictor(bytes)"),
    (output) => expect(output.replaceAll(/\s+/g, "")).toBe("['yes','no']yes"),
  ],
  [
    blockWith("docs/explaining.md", "explainRow(final"),
    (output) => expect(output).toBe("[ 'age', 'port' ]\nno [ 'age' ]\nage\n"),
  ],
  [blockWith("docs/models.md", "epochs: 12"), (output) => expect(output).toBe("true\n")],
  ...["four.best.value", "JSON.parse(saved)"].map(
    (part) =>
      [
        blockWith("docs/tuning-anything.md", part),
        (output: string) => expect(output).toBe("true\n"),
      ] as const,
  ),
  [
    blockWith("docs/tuning-anything.md", "trialTimeout: 500"),
    (output) => expect(output).toBe("the trial took longer than trialTimeout, 500 ms\n5\n"),
  ],
  [
    blockWith("docs/tuning-anything.md", "NaN below 0"),
    (output) => expect(output.match(/'\w+'/g)?.sort()).toEqual(["'complete'", "'diverged'"]),
  ],
  [blockWith("docs/training.md", "modelCheckpoint("), (output) => expect(output).toBe("true true\n")],
  [blockWith("docs/training.md", "onEpochBegin("), (output) => expect(output).toBe("true true\n")],
  [blockWith("docs/training.md", "AbortSignal.timeout(50)"), (output) => expect(output).toBe("aborted\n")],
  [blockWith("docs/training.md", "const whole = build()"), (output) => expect(output).toBe("true\n")],
  [blockWith("docs/training.md", "class Counter"), (output) => expect(output).toBe("5\n")],
  [blockWith("docs/runtimes.md", "async function slice("), (output) => expect(output).toBe("50\n")],
  [
    blockWith("docs/training.md", "earlyStopping: { patience: 5 }"),
    (output) => expect(output).toBe("true\n"),
  ],
  [
    blockWith("docs/optimizers.md", "gradientAccumulationSteps: 4"),
    (output) => expect(output).toBe("true\n"),
  ],
  [blockWith("docs/optimizers.md", "perArray: true"), (output) => expect(output).toBe("true\n")],
  [
    blockWith("docs/coming-from-scikit-learn.md", "search.bestParams"),
    (output) => {
      const [crossValidated, test] = (output.match(/(?<![\w.])[01]\.?\d*$/gm) ?? []).map(Number);
      expect(output).toMatch(/^\{ units: (8|32), learningRate: 0\.0[13] \} /);
      expect(Math.min(crossValidated, test)).toBeGreaterThan(0.85);
    },
  ],
  [
    blockWith("docs/coming-from-keras.md", "tune({"),
    (output) => expect(Number(output)).toBeGreaterThan(0.85),
  ],
  [
    blockWith("docs/coming-from-keras.md", "epochs: 3, validationSplit: 0.25"),
    (output) => expect(output).toBe("loss meanAbsoluteError valLoss valMeanAbsoluteError\n"),
  ],
  ...(
    [
      [
        "keras",
        "Object.keys(model.evaluate",
        "loss accuracy rocAuc valLoss valAccuracy valRocAuc\nloss accuracy rocAuc\n[ 3, 1 ]\n",
      ],
      ["keras", "lossWeights", "loss kindAccuracy valLoss valKindAccuracy\n3 3\n[ 3 ]\n"],
      ["keras", "batchesPerEpoch: 3", "3\ntrue\n"],
      ["scikit-learn", 'errorScore: "raise"', "2 1\n3 3\n"],
      ["scikit-learn", "learningRateScheduler", "true\ntrue\n"],
    ] as const
  ).map(
    ([page, part, printed]) =>
      [
        blockWith(`docs/coming-from-${page}.md`, part),
        (output: string) => expect(output).toBe(printed),
      ] as const,
  ),
  ...["tf.sequential", "prediction.get("].map(
    (part) =>
      [
        blockWith("docs/coming-from-tensorflow-js.md", part),
        (output: string) => expect(output.trim().split("\n").at(-1)).toBe("true true"),
      ] as const,
  ),
  [
    blockWith("docs/coming-from-optuna.md", "medianStopping()"),
    (output) => {
      // without momentum, a rate from 0.08 to 0.92 leaves less than 0.01 of 9: a quarter of the space
      expect(output).toMatch(/^\{ rate: 0\.\d+, kind: '(plain|momentum)'/);
      expect(Number(/\} ([\d.e-]+)\n/.exec(output)?.[1])).toBeLessThan(0.01);
      expect(output).toMatch(/rate: 0\.\d+/);
    },
  ],
  [
    blockWith("docs/validation.md", "timeSeriesSplit({ folds: 3, gap: 2 }),"),
    (output) => expect(output).toBe("[ [ 13, 15 ], [ 28, 15 ], [ 43, 15 ] ]\n"),
  ],
  [
    blockWith("docs/validation.md", "compareBaselines("),
    (output) => expect(output).toBe("linear true true\n"),
  ],
  [
    blockWith("docs/validation.md", "leaveOneGroupOut(["),
    (output) =>
      expect(output).toBe(
        "Int32Array(3) [ 0, 1, 2 ]\nInt32Array(3) [ 0, 1, 2 ]\nInt32Array(2) [ 0, 2 ]\n2\n",
      ),
  ],
  [blockWith("docs/tables.md", "encodeLabels(y)"), (output) => expect(output).toBe("east\n")],
  [
    blockWith("docs/testing.md", "checkStrategy(stuck"),
    (output) => expect(output).toBe(blockWith("docs/testing.md", 'strategy "stuck" breaks').code),
  ],
]);
