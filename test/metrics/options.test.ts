import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  confusionMatrix,
  precisionRecallCurve,
  precisionRecallFScore,
  rocCurve,
} from "../../src/metrics/index.js";
import type { MetricFunction } from "../../src/metrics/metric.js";
import { isBuiltIn } from "../../src/metrics/names.js";
import { findMetric, getMetric, getMetrics, metrics } from "../../src/metrics/registry.js";
import { getLoss } from "../../src/nn/losses/registry.js";
import { cases } from "../cases.js";
import { refusal } from "../data/refusal.js";

/** Values of every option of every metric that has some. */
const averages = fc.constantFrom("macro", "micro", "weighted", "samples");
const areas = fc.constantFrom("macro", "micro", "weighted");
const multiLabel = fc.boolean();
const some = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<object>;
const averaged = some({ average: averages, multiLabel });
const options: Readonly<Partial<Record<keyof typeof metrics, fc.Arbitrary<object>>>> = {
  accuracy: some({ multiLabel }),
  precision: averaged,
  recall: averaged,
  f1: averaged,
  jaccard: averaged,
  fBeta: some({ beta: fc.double({ min: 0, max: 1e9, noNaN: true }), average: averages, multiLabel }),
  cohenKappa: some({ weights: fc.constantFrom("linear", "quadratic") }),
  rocAuc: fc.oneof(
    some({ multiClass: fc.constant("ovr"), average: areas, multiLabel }),
    some({ multiClass: fc.constant("ovo"), average: fc.constantFrom("macro", "weighted") }),
  ),
  averagePrecision: some({ average: areas, multiLabel }),
  topKAccuracy: some({ k: fc.integer({ min: 1, max: 1000 }) }),
  meanPinballLoss: some({ alpha: fc.double({ min: 0, max: 1, noNaN: true }) }),
  d2Pinball: some({ alpha: fc.double({ min: 0, max: 1, noNaN: true }) }),
  meanTweedieDeviance: some({
    power: fc.oneof(fc.double({ min: -9, max: 0, noNaN: true }), fc.double({ min: 1, max: 9, noNaN: true })),
  }),
  d2Tweedie: some({ power: fc.constantFrom(-1.5, 0, 1, 2, 3) }),
};
const configured = fc
  .constantFrom(...(Object.keys(options) as (keyof typeof metrics)[]))
  .chain((name) =>
    (options[name] as fc.Arbitrary<object>).map((given) =>
      (metrics[name] as (o: object) => MetricFunction)(given),
    ),
  );
const rows = fc.array(
  fc.tuple(fc.nat({ max: 2 }), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 3 })),
  {
    minLength: 1,
    maxLength: 9,
  },
);

describe("a metric with options", () => {
  it("has a name from which it is made again, to the bit", () => {
    fc.assert(
      fc.property(configured, rows, (metric, cases) => {
        const again = findMetric(metric.name) as MetricFunction;
        expect(again.name).toBe(metric.name);
        const truth = Float64Array.from(
          cases.flatMap(([label]) => [0, 1, 2].map((j) => Number(j === label))),
        );
        const guess = Float64Array.from(cases.flatMap(([, scores]) => scores.map((score) => score / 10)));
        // deviances are of quantities above 0
        const y = metric.tasks.includes("regression") ? truth.map((value) => value + 1) : truth;
        expect(again.compute(y, guess, 3)).toEqual(metric.compute(y, guess, 3));
        expect([again.direction, again.decides, again.tasks]).toEqual([
          metric.direction,
          metric.decides,
          metric.tasks,
        ]);
      }),
      { numRuns: cases(300) },
    );
  });

  it("is named by what differs from the default", () => {
    expect(metrics.f1({}).name).toBe("f1");
    expect(metrics.f1().name).toBe("f1");
    expect(metrics.f1({ average: undefined as never, multiLabel: false }).name).toBe("f1");
    expect(metrics.rocAuc({ multiClass: "ovr", average: "macro" }).name).toBe("rocAuc");
    expect(metrics.fBeta({ average: "weighted", beta: 0.5 }).name).toBe("fBeta0.5Weighted");
    expect(metrics.f1({ multiLabel: true, average: "micro" }).name).toBe("f1MicroMultiLabel");
    expect(metrics.meanTweedieDeviance({ power: -1.5 }).name).toBe("meanTweedieDeviance-1.5");
    expect(metrics.meanPinballLoss({ alpha: 1e-7 }).name).toBe("meanPinballLoss1e-7");
    for (const beta of [1e-7, 1e21]) {
      const { name } = metrics.fBeta({ beta });
      expect(findMetric(name)?.name).toBe(name);
    }
  });

  it("is a metric wherever one is given, and different from that without", () => {
    const micro = metrics.f1({ average: "micro" });
    expect(getMetric(micro)).toBe(micro);
    expect(isBuiltIn(micro)).toBe(true);
    expect(isBuiltIn({ ...micro })).toBe(false);
    expect(getMetrics("metrics", ["f1", micro, "f1_macro"]).map(({ name }) => name)).toEqual([
      "f1",
      "f1Micro",
      "f1Macro",
    ]);
    expect(refusal(() => getMetrics("metrics", ["f1_micro", micro]))).toBe(
      'invalid_argument: metrics must be different metrics; received "f1Micro" twice (as "f1_micro" and metrics.f1Micro)',
    );
    expect(refusal(() => getLoss(micro as never))).toMatch("received metrics.f1Micro, which is a metric");
    expect({ ...micro, direction: "minimize" }.name).toBe("f1Micro");
  });

  it.each<[string, () => unknown, string]>([
    [
      "an option of another",
      () => metrics.f1({ beta: 2 } as never),
      'unknown_name: unknown option of metrics.f1 "beta"',
    ],
    [
      "an option of one without",
      () => metrics.r2({ power: 1 } as never),
      'unknown_name: unknown option of metrics.r2 "power"',
    ],
    [
      "a word",
      () => metrics.f1({ average: "mean" as never }),
      'invalid_argument: average of metrics.f1 must be "macro" or "micro" or "weighted" or "samples"; received "mean"',
    ],
    ["null", () => metrics.f1({ average: null as never }), "invalid_argument: average of metrics.f1 must be"],
    [
      "a flag",
      () => metrics.f1({ multiLabel: 1 as never }),
      "invalid_argument: multiLabel of metrics.f1 must be true or false; received 1",
    ],
    [
      "beta",
      () => metrics.fBeta({ beta: -1 }),
      "invalid_argument: beta of metrics.fBeta must be a number of at least 0; received -1",
    ],
    [
      "a text",
      () => metrics.fBeta({ beta: "2" as never }),
      "invalid_argument: beta of metrics.fBeta must be",
    ],
    ["infinity", () => metrics.fBeta({ beta: Infinity }), "invalid_argument: beta of metrics.fBeta must be"],
    [
      "k",
      () => metrics.topKAccuracy({ k: 0 }),
      "invalid_argument: k of metrics.topKAccuracy must be a positive integer; received 0",
    ],
    [
      "k in a name",
      () => getMetric("topKAccuracy1.5"),
      "invalid_argument: k of metrics.topKAccuracy must be a positive integer; received 1.5",
    ],
    [
      "alpha",
      () => metrics.meanPinballLoss({ alpha: 2 }),
      "invalid_argument: alpha of metrics.meanPinballLoss must be a number from 0 to 1; received 2",
    ],
    [
      "power",
      () => metrics.d2Tweedie({ power: 0.5 }),
      "invalid_argument: power of metrics.d2Tweedie must be a number of at most 0, or of at least 1; received 0.5",
    ],
    [
      "pairs",
      () => metrics.rocAuc({ multiClass: "ovo", average: "micro" }),
      'invalid_argument: average of metrics.rocAuc must be "macro" or "weighted"',
    ],
    [
      "no options",
      () => metrics.f1(null as never),
      "invalid_argument: the options of metrics.f1 must be an object; received null",
    ],
    [
      "a text for options",
      () => metrics.f1("macro" as never),
      "invalid_argument: the options of metrics.f1 must be an object",
    ],
    ["no prediction", () => metrics.f1([0, 1] as never), "invalid_data: yPred must be an array"],
    [
      "no prediction beside",
      () => metrics.f1(Float64Array.of(1), undefined as never),
      "invalid_data: yPred must be an array",
    ],
    [
      "an array with a shape",
      () => metrics.f1({ data: [1], shape: [1] } as never),
      "invalid_data: yPred must be an array",
    ],
  ])("refuses %s", (_, run, message) => {
    expect(refusal(run)).toContain(message);
  });

  it.each([
    "f1macro",
    "f1MacroMacro",
    "f1MultiLabelMicro",
    "fBeta",
    "f12",
    "topKAccuracy-",
    "accuracyTrue",
    "f1Macro ",
    "__proto__",
    "",
    "f1constructor",
  ])("is not named %j", (name) => {
    if (name === "fBeta") expect(findMetric(name)).toBe(metrics.fBeta);
    else expect(findMetric(name)).toBeUndefined();
  });

  it("is typed by name and by option", () => {
    for (const wrong of [
      // @ts-expect-error not an average
      () => getMetric("f1Mean"),
      // @ts-expect-error not an option
      () => metrics.f1({ beta: 2 }),
      // @ts-expect-error not an average of areas
      () => metrics.rocAuc({ average: "samples" }),
      // @ts-expect-error a metric without options
      () => metrics.matthewsCorrcoef({ average: "macro" }),
    ])
      expect(refusal(wrong)).toMatch(/^(unknown_name|invalid_argument)/);
    for (const name of [
      "fBeta2",
      "fBeta0.5Macro",
      "topKAccuracy3",
      "neg_mean_absolute_percentage_error",
      "rocAucOvoWeighted",
      "R2Score",
    ] as const)
      expect(getMetric(name).name).toBe(getMetric(name).name);
  });
});

describe("labels", () => {
  const truth = [
    [1, 1, 0],
    [0, 0, 0],
  ];
  const guess = [
    [0.9, 0.2, 0.6],
    [0.1, 0.2, 0.3],
  ];

  it("are refused by metrics that do not expect them, and that know none", () => {
    expect(refusal(() => metrics.f1(truth, guess))).toBe(
      "invalid_data: yTrue must hold 0 or 1, one-hot rows, or class ids for f1; received [1,1,0] in row 0; " +
        "for rows of several labels, use a metric with multiLabel: true",
    );
    expect(refusal(() => metrics.logLoss(truth, guess))).toMatch("[1,1,0] in row 0");
    expect(refusal(() => metrics.balancedAccuracy({ multiLabel: true } as never))).toMatch(
      'option of metrics.balancedAccuracy "multiLabel"',
    );
  });

  it("must be 0 or 1, a column for each", () => {
    const f1 = metrics.f1({ multiLabel: true });
    expect(refusal(() => f1([[1, 0.5]], [[1, 0]]))).toBe(
      "invalid_data: yTrue must hold labels of 0 and 1 for f1MultiLabel; received [1,0.5] in row 0; round probabilities to labels first",
    );
    expect(refusal(() => f1([1, 2], guess))).toMatch(
      "invalid_shape: yTrue and yPred must have the same number of columns",
    );
    expect(f1([[1, 0]], [[NaN, 0]])).toBeNaN();
  });

  it("are those of two classes where there is one", () => {
    const [y, p] = [
      [1, 0, 1, 1],
      [0.9, 0.8, 0.2, 0.7],
    ];
    for (const name of ["precision", "recall", "f1", "jaccard"] as const) {
      expect(metrics[name]({ multiLabel: true })(y, p)).toBe(metrics[name](y, p));
      expect(metrics[name]({ multiLabel: true, average: "macro" })(y, p)).toBe(metrics[name](y, p));
    }
    expect(metrics.accuracy({ multiLabel: true })(y, p)).toBe(metrics.accuracy(y, p));
  });

  it("have tables too", () => {
    const { precision, support } = precisionRecallFScore(truth, guess, { multiLabel: true });
    expect([[...precision], [...support]]).toEqual([
      [1, 0, 0],
      [1, 1, 0],
    ]);
  });
});

describe("curves and tables", () => {
  it("refuse what they cannot draw", () => {
    expect(
      refusal(() =>
        rocCurve(
          [0, 2],
          [
            [0.5, 0.2, 0.3],
            [0.1, 0.2, 0.7],
          ],
        ),
      ),
    ).toBe("invalid_shape: yPred of a curve must have one column, the score of class 1; received 3");
    expect(refusal(() => rocCurve([0, 1], [NaN, 1]))).toMatch("invalid_data: yPred of a curve must have");
    expect(refusal(() => precisionRecallFScore([0, 1], [0, 1], { beta: -1 }))).toMatch(
      "beta must be a number of at least 0",
    );
    expect(refusal(() => precisionRecallFScore([0, 1], [0, 1], [1, 1] as never))).toMatch(
      "the options of metrics.precisionRecallFScore must be",
    );
    expect(refusal(() => confusionMatrix([0, 1], [0, 1], [1]))).toMatch(
      "sampleWeight must have one weight for each of the 2 rows",
    );
  });

  it("count rows by their weights", () => {
    expect(confusionMatrix([0, 1, 1], [0, 1, 0], [1, 2, 0.5])).toEqual([
      [1, 0],
      [0.5, 2],
    ]);
  });

  // errors 1, 2, 3 and 4, whose middle is between two of weight
  it.each([
    [[1, 1, 1, 1], 2.5],
    [[1, 0, 0, 1], 2.5],
    [[1, 1, 0, 2], 3],
    [[1, 0, 1, 0], 2],
    [[0, 1, 0, 1], 3],
  ])("have a median of rows of weights %j that is %d", (weights, expected) => {
    const [truth, off] = [
      [0, 0, 0, 0],
      [1, 2, 3, 4],
    ];
    const counted = (values: readonly number[]) => values.filter((_, i) => weights[i] > 0);
    expect(metrics.medianAbsoluteError(truth, off, weights)).toBe(expected);
    expect(metrics.medianAbsoluteError(counted(truth), counted(off), counted(weights))).toBe(expected);
    // half of the absolute errors, beside those of the median itself
    const share = metrics.d2Pinball({ alpha: 0.5 });
    expect(share(off, truth, weights)).toBe(share(counted(off), counted(truth), counted(weights)));
  });

  it("leave out scores that only rows of weight 0 have, as scikit-learn does", () => {
    const of = [
      [0, 1, 1, 0],
      [0.1, 0.9, 0.5, 0.3],
      [1, 1, 0, 1],
    ] as const;
    expect(rocCurve(...of).thresholds).toEqual(Float64Array.of(Infinity, 0.9, 0.1));
    expect(precisionRecallCurve(...of).thresholds).toEqual(Float64Array.of(0.1, 0.3, 0.9));
    // a pair of classes without weight has no area
    const scores = [
      [0.5, 0.3, 0.2],
      [0.1, 0.6, 0.3],
      [0.2, 0.5, 0.3],
      [0.1, 0.2, 0.7],
    ];
    const pairs = metrics.rocAuc({ multiClass: "ovo", average: "weighted" });
    expect(pairs([0, 1, 0, 2], scores, [1, 1, 1, 0])).toBe(pairs([0, 1, 0], scores.slice(0, 3)));
    expect(pairs([0, 1, 0, 2], scores, [0, 0, 0, 1])).toBeNaN();
  });

  it("have as many points as there are rows, and infinities", () => {
    const rows = 200_000;
    const scores = Float64Array.from({ length: rows }, (_, i) =>
      i === 0 ? Infinity : i === 1 ? -Infinity : i,
    );
    const truth = scores.map((_, i) => i % 2);
    expect(rocCurve(truth, scores).thresholds.length).toBe(rows + 1);
    expect(precisionRecallCurve(truth, scores).precision.length).toBe(rows + 1);
    expect(rocCurve([0, 1, 1], [0, -0, 1]).thresholds).toHaveLength(3); // -0 and 0 tie
  });
});
