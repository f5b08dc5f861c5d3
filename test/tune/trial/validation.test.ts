/** Every way in which trials are scored, through `tune` and the searches around it. */
import { describe, expect, it } from "vitest";
import type { Dataset } from "../../../src/data/dataset.js";
import { groupKFold, stratifiedGroupKFold } from "../../../src/data/split/groups.js";
import { kFold } from "../../../src/data/split/kFold.js";
import { leaveOneOut } from "../../../src/data/split/leaveOut.js";
import { createSplitter, splitterNames } from "../../../src/data/split/names.js";
import { predefinedSplit } from "../../../src/data/split/own.js";
import type { RowsToSplit, Splitter } from "../../../src/data/split/splitter.js";
import { timeSeriesSplit } from "../../../src/data/split/time.js";
import { f1 } from "../../../src/metrics/classification.js";
import type { CustomMetric } from "../../../src/metrics/metric.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { gridSearch } from "../../../src/tune/gridSearch.js";
import { nestedCrossValidation } from "../../../src/tune/nestedCv.js";
import type { Validation } from "../../../src/tune/trial/folds.js";
import type { Receipt } from "../../../src/tune/trial/receipt.js";
import { tune } from "../../../src/tune/tune.js";
import { linear, logistic, quantity, rates, refusal, untimed, x, y } from "../support.js";

const ROWS = x.length;
const base = {
  x,
  y,
  model: logistic,
  space: rates(0.1, 0.5),
  strategy: grid(),
  jobs: 1,
  fit: { epochs: 3, batchSize: 8 },
  metric: "accuracy" as const,
  seed: 3,
};
const regression = { ...base, y: quantity, model: linear, metric: "mae" as const };
const groups = x.map((_, i) => `g${i % 9}`);
const plain = (folds: readonly object[]) =>
  folds.map((fold) => Object.values(fold).map((part: Int32Array) => [...part]));
const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** A fold that validates different rows of the given classes, and trains on all others. */
const alike = (classes: readonly number[]) => {
  const validation = classes.map((label, i) => ids(0, ROWS).filter((row) => y[row] === label)[i]);
  return { train: ids(0, ROWS).filter((row) => !validation.includes(row)), validation };
};

describe("a splitter", () => {
  it.each(splitterNames)("%s scores trials as the list of its folds does, to the bit", async (name) => {
    const options = /^leaveP/.test(name) ? { p: 1 } : {};
    const grouped = /group/i.test(name);
    const given = { ...base, ...(grouped && { groups }) };
    const byName = await tune({ ...given, validation: createSplitter(name, options) });
    const byList = await tune({ ...given, validation: byName.folds });
    expect(byName.best.scores).toHaveLength(byName.folds.length);
    expect(untimed(byName.trials)).toEqual(untimed(byList.trials));
    expect(byName.final.predict(x).data).toEqual(byList.final.predict(x).data);
  });

  it("is any function of rows, which is called once, with the development rows in their order", async () => {
    const calls: RowsToSplit[] = [];
    const halves: Splitter = (rows) => {
      calls.push(rows);
      const middle = rows.rows / 2;
      return [{ train: ids(0, middle), validation: ids(middle, rows.rows) }];
    };
    // groups are on both sides of the middle
    expect(await refusal(() => tune({ ...base, groups, validation: halves, testSize: 0.2 }))).toMatch(
      /divide a group/,
    );
    const made = await tune({ ...base, validation: halves, testSize: 0.2 });
    expect(calls).toHaveLength(2);
    expect(calls[0].groups).toHaveLength(calls[0].rows);
    const { rows, labels = [], classes, seed } = calls[1];
    expect([rows, labels.length, classes, typeof seed]).toEqual([48, 48, ["0", "1"], "number"]);
    const [{ train, validation }] = made.folds;
    expect([...train, ...validation]).toEqual([...train, ...validation].sort((a, b) => a - b));
    expect([...train, ...validation].map((row) => y[row])).toEqual([...(labels as Int32Array)]);
  });

  it("is the default of tune where it is what the data ask for", async () => {
    for (const [data, validation] of [
      [{}, createSplitter("stratifiedKFold", { folds: 4 })],
      [{ groups }, groupKFold({ folds: 4 })],
      [{ time: ids(0, ROWS) }, timeSeriesSplit({ folds: 4 })],
    ] as const) {
      const asked = await tune({ ...base, ...data, validation: { folds: 4 } });
      const chosen = await tune({ ...base, ...data, validation });
      expect(plain(asked.folds)).toEqual(plain(chosen.folds));
      expect(untimed(asked.trials)).toEqual(untimed(chosen.trials));
    }
  });

  it("divides as scikit-learn where rows have groups and classes: stratifiedGroupKFold", async () => {
    const { folds } = await tune({
      ...base,
      groups,
      validation: stratifiedGroupKFold({ folds: 3, shuffle: false }),
    });
    const direct = stratifiedGroupKFold({ rows: ROWS, labels: y, groups }, { folds: 3, shuffle: false });
    expect(plain(folds)).toEqual(plain(direct));
  });

  it("is the same on threads", async () => {
    const options = {
      ...base,
      validation: createSplitter("repeatedStratifiedKFold", { folds: 3, repeats: 2 }),
    };
    const [one, two] = [await tune(options), await tune({ ...options, jobs: 2 })];
    expect(untimed(two.trials)).toEqual(untimed(one.trials));
    const receiptOf = ({ final }: typeof one) => final.notes.receipt as Receipt;
    expect(receiptOf(one).folds).toMatch(/^[0-9a-f]{64}$/);
    expect(receiptOf(two).folds).toBe(receiptOf(one).folds);
    expect(receiptOf(await tune({ ...options, seed: 4 })).folds).not.toBe(receiptOf(one).folds);
  });
});

describe("folds of row ids", () => {
  it("are those by which trials are scored; rows in none are trained on by the final model alone", async () => {
    const validation = [
      { train: ids(0, 20), validation: ids(20, 30) },
      { train: ids(10, 30), test: ids(30, 35) },
    ];
    const { best, folds, final } = await tune({ ...regression, validation });
    expect(best.scores).toHaveLength(2);
    expect(plain(folds)).toEqual([
      [ids(0, 20), ids(20, 30)],
      [ids(10, 30), ids(30, 35)],
    ]);
    const wild = {
      x: x.map((row, i) => (i < 35 ? row : row.map(() => 1e3))),
      y: quantity.map((q, i) => (i < 35 ? q : -1e5)),
    };
    const other = await tune({ ...regression, ...wild, validation });
    expect(untimed(other.trials)).toEqual(untimed((await tune({ ...regression, validation })).trials));
    expect(other.final.predict(x).data).not.toEqual(final.predict(x).data);
  });

  it("come from a column as well", async () => {
    const foldOf = x.map((_, i) => (i < 30 ? -1 : i % 3));
    const { folds } = await tune({ ...base, validation: predefinedSplit(foldOf) });
    expect(folds.map(({ validation }) => [...validation])).toEqual(
      [0, 1, 2].map((fold) => ids(30, ROWS).filter((row) => row % 3 === fold)),
    );
  });

  it("choose the threshold by the rows that they cover, each as often as it is validated", async () => {
    const seen: { yTrue: number[]; yPred: number[] }[] = [];
    const spy: CustomMetric = {
      name: "spy",
      direction: "maximize",
      compute(yTrue, yPred) {
        seen.push({ yTrue: [...yTrue], yPred: [...yPred] });
        return -seen.length;
      },
    };
    const validation = timeSeriesSplit({ folds: 3, validationSize: 9, gap: 2 });
    const { final } = await tune({ ...base, space: rates(0.3), metric: spy, threshold: "f1", validation });
    const yTrue = seen.flatMap((fold) => fold.yTrue);
    const yPred = seen.flatMap((fold) => fold.yPred);
    expect(yTrue).toEqual(y.slice(-27)); // the covered rows, in their order
    const score = (threshold: number) =>
      f1(
        yTrue,
        yPred.map((p) => Number(p > threshold)),
      );
    const best = Math.max(...yPred.map((p) => score(p - 1e-9)), score(0.5));
    expect(score(final.threshold)).toBe(best);
  });
});

describe("time", () => {
  // rows in another order than their times
  const time = x.map((_, i) => new Date(Date.UTC(2024, 0, 1 + ((i * 7) % ROWS))));
  const byTime = [...x.keys()].sort((a, b) => +time[a] - +time[b]);

  it("holds the last rows out for the test, and validates after all that it trains on", async () => {
    const { folds, final } = await tune({ ...regression, time, validation: { folds: 3 }, testSize: 0.2 });
    const place = new Map(byTime.map((row, i) => [row, i]));
    expect(folds.map(({ train, validation }) => [train.length, validation.length])).toEqual([
      [12, 12],
      [24, 12],
      [36, 12],
    ]);
    for (const { train, validation } of folds) {
      const places = [train, validation].map((part) => Array.from(part, (row) => place.get(row) as number));
      expect(Math.max(...places[0])).toBeLessThan(Math.min(...places[1]));
      expect(Math.max(...places[1])).toBeLessThan(48);
    }
    const last = byTime.slice(48).sort((a, b) => a - b);
    const predicted = final.predict(last.map((row) => x[row])).data as Float64Array;
    const mae = last.reduce((sum, row, i) => sum + Math.abs(quantity[row] - predicted[i]), 0) / last.length;
    expect(Math.abs((final.test.meanAbsoluteError as number) / mae - 1)).toBeLessThan(1e-12);
  });

  it("is that of the rows' order for timeSeriesSplit alone: the test rows are the last", async () => {
    const { folds } = await tune({
      ...regression,
      validation: timeSeriesSplit({ folds: 2 }),
      testSize: 0.25,
    });
    expect(plain(folds)).toEqual([
      [ids(0, 15), ids(15, 30)],
      [ids(0, 30), ids(30, 45)],
    ]);
  });

  it("lets no later row reach a score: what is after a fold changes none of its bits", async () => {
    const options = { ...regression, time, validation: { folds: 4 } };
    const before = await tune(options);
    const future = new Set(byTime.slice(36));
    const wild = {
      x: x.map((row, i) => (future.has(i) ? row.map((v) => 1e4 * v) : row)),
      y: quantity.map((q, i) => (future.has(i) ? -9 * q : q)),
    };
    const after = await tune({ ...options, ...wild });
    for (const [i, { scores = [] }] of before.trials.entries()) {
      expect(after.trials[i].scores?.slice(0, 2)).toEqual(scores.slice(0, 2));
      expect(after.trials[i].scores?.slice(2)).not.toEqual(scores.slice(2));
    }
  });

  it("and { split } hold the last share out", async () => {
    const { folds } = await tune({ ...regression, time, validation: { split: 0.3 } });
    expect(folds.map(({ validation }) => [...validation])).toEqual([byTime.slice(42).sort((a, b) => a - b)]);
  });

  it("orders the outer folds of nested cross-validation, and those within", async () => {
    const { metric: scoring, strategy: _, ...options } = { ...regression, fit: { epochs: 2, batchSize: 4 } };
    const seen: Dataset[] = [];
    const search: typeof gridSearch = (given) => {
      seen.push(given.data as Dataset);
      return gridSearch(given);
    };
    const searches = [
      { ...options, scoring, time, validation: { folds: 2 }, outer: { folds: 3 } },
      {
        ...options,
        scoring,
        validation: timeSeriesSplit({ folds: 2 }),
        outer: timeSeriesSplit({ folds: 3 }),
      },
      { ...options, scoring, validation: timeSeriesSplit({ folds: 2 }) },
    ];
    const lengths: number[] = [];
    for (const each of searches) {
      const { scores } = await nestedCrossValidation(search, each);
      lengths.push(scores.length);
    }
    expect(lengths).toEqual([3, 3, 5]);
    const times = byTime.map((row) => +time[row]);
    for (const [i, { rows, time: own = [] }] of seen.entries()) {
      expect(rows).toBe([15, 30, 45, 15, 30, 45, 10, 20, 30, 40, 50][i]);
      const sorted = Array.from(own).sort((a, b) => a - b);
      expect(sorted).toEqual(i < 3 ? times.slice(0, rows) : ids(0, rows));
    }
  });
});

describe("gridSearch", () => {
  it("has a score for each fold of a splitter, for trials that failed too", async () => {
    const { metric: _, strategy: __, ...options } = base;
    const { rows } = await gridSearch({
      ...options,
      validation: createSplitter("shuffleSplit", { folds: 7, validationSize: 0.2 }),
      scoring: ["accuracy", "rocAuc"],
      model: (params) => {
        if (params.learningRate > 0.3) throw new Error("no such network");
        return logistic(params);
      },
    });
    expect(rows.map(({ scores }) => scores.accuracy.folds.length)).toEqual([7, 7]);
    expect(rows[1].scores.accuracy.folds.every(Number.isNaN)).toBe(true);
  });
});

describe("tune refuses", () => {
  it.each<[string, object, string | RegExp]>([
    [
      "rocAuc of one row",
      { ...base, metric: "rocAuc", validation: leaveOneOut() },
      "invalid_argument: metric must be defined on every fold; received rocAuc, which is undefined on fold 1 (validation rows: 1); " +
        "choose accuracy or logLoss, or larger folds",
    ],
    [
      "rocAuc of rows of one class, of the last fold alone",
      {
        ...base,
        metric: "rocAuc",
        validation: [
          [1, 0],
          [0, 0],
        ].map(alike),
      },
      /received rocAuc, which is undefined on fold 2 \(validation rows: 2\)/,
    ],
    [
      "rocAuc of one class but for rows of weight 0",
      {
        ...base,
        metric: "rocAuc",
        sampleWeight: base.y.map((_, row) => Number(row !== alike([1, 0]).validation[0])),
        validation: [alike([1, 0])],
      },
      /received rocAuc, which is undefined on fold 1 \(validation rows: 2\)/,
    ],
    [
      "r2 of one row, as is the default",
      { ...regression, metric: undefined, validation: leaveOneOut },
      /received r2, which is undefined on fold 1 \(validation rows: 1\); choose meanAbsoluteError, or larger folds$/,
    ],
    [
      "folds that divide a group",
      { ...base, groups, validation: kFold() },
      /^invalid_argument: fold 1 of validation must not divide a group; received row \d+ in training; choose groupKFold\(\), or leave groups out$/,
    ],
    [
      "folds that train on the future",
      { ...base, time: ids(0, ROWS), validation: kFold() },
      /^invalid_argument: fold 1 of validation must validate on rows after all its training rows; received row \d+ in training; choose timeSeriesSplit\(\), or leave time out$/,
    ],
    [
      "folds that train on rows of the time at which they validate",
      {
        ...base,
        time: ids(0, ROWS).map((row) => (row === 30 ? 29 : row)),
        validation: [{ train: ids(0, 30), validation: ids(30, 40) }],
      },
      /^invalid_argument: fold 1 of validation must validate on rows after all its training rows; received row 29 in training;/,
    ],
    [
      "a test part that divides a group",
      {
        ...base,
        time: ids(0, ROWS),
        testSize: 0.2,
        validation: [{ train: ids(0, 20), validation: ids(20, 30) }],
        groups: ids(0, ROWS).map((row) => (row === 48 ? 47 : row)),
      },
      "invalid_argument: the test part must not divide a group; received row 47 in training; choose groupKFold(), or leave groups out",
    ],
    [
      "folds with test rows",
      { ...base, validation: [{ train: ids(0, 30), validation: ids(30, 60) }], testSize: 0.2 },
      /^invalid_argument: validation must not use test rows; received row \d+ in both; leave testSize out, or pass a function/,
    ],
    [
      "a name",
      { ...base, validation: "TimeSeriesSplit" },
      'invalid_argument: validation must be { folds }, { split }, a splitter such as timeSeriesSplit(), a function of rows, or folds of row ids; received "TimeSeriesSplit"',
    ],
    [
      "a number",
      { ...base, validation: 5 },
      /^invalid_argument: validation must be \{ folds \}, .*; received 5$/,
    ],
    [
      "both",
      { ...base, validation: { folds: 3, split: 0.2 } },
      /^invalid_argument: validation must be either \{ folds \} or \{ split \}; /,
    ],
    [
      "neither",
      { ...base, validation: {} },
      /^invalid_argument: validation must be either \{ folds \} or \{ split \}; received \{\}$/,
    ],
    [
      "nSplits",
      { ...base, validation: { nSplits: 3 } },
      'unknown_name: unknown option of validation "nSplits". Known: folds, split.',
    ],
    [
      "a split of all rows, by its own name",
      { ...base, validation: { split: 1 } },
      "invalid_argument: validation.split must be a number above 0 and below 1; received 1",
    ],
    [
      "a split of all groups",
      { ...base, groups, validation: { split: 2 } },
      "invalid_argument: validation.split must be a number above 0 and below 1; received 2",
    ],
    [
      "a promise",
      { ...base, validation: async () => [] },
      "invalid_argument: validation must return folds, not a promise; await what it needs before tuning",
    ],
    [
      "what a function returned",
      { ...base, validation: () => [{ train: [0], validation: [60] }] },
      "invalid_argument: validation()[0].validation must hold row ids from 0 to 59; received 60 at index 0",
    ],
    [
      "times of other rows",
      { ...base, time: [1, 2] },
      "invalid_data: time must be a finite number or a valid date for each of the 60 rows; received [1,2]",
    ],
    [
      "one time for all rows",
      { ...base, time: 5 },
      "invalid_argument: time must be an array with the time of each row; received 5",
    ],
    [
      "an invalid date",
      { ...base, time: x.map((_, i) => new Date(i === 7 ? "never" : i)) },
      /^invalid_data: time must be a finite number or a valid date for each of the 60 rows; received \["1970/,
    ],
    ...[null, true, "2"].map((none): [string, object, string | RegExp] => [
      `a time that is ${JSON.stringify(none)}`,
      { ...base, time: x.map((_, i) => (i === 1 ? none : i)) },
      new RegExp(
        `^invalid_data: time must be a finite number or a valid date .*received \\[0,${JSON.stringify(none)},2,`,
      ),
    ]),
  ])("%s", async (_, options, message) => {
    const said = await refusal(() => tune(options as typeof base & { validation?: Validation }));
    if (typeof message === "string") expect(said).toBe(message);
    else expect(said).toMatch(message);
  });

  it("a list within nested cross-validation, whose folds have other rows", async () => {
    const { metric: _, strategy: __, ...options } = base;
    const validation = [{ train: ids(0, 20), validation: ids(20, 30) }];
    await expect(nestedCrossValidation(gridSearch, { ...options, validation })).rejects.toThrow(
      "validation must be { folds }, { split } or a function of rows, since each outer fold has other rows; received folds of row ids",
    );
  });
});
