import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { groupSplit } from "../../../src/data/split/groups.js";
import {
  kFold,
  repeatedKFold,
  repeatedStratifiedKFold,
  stratifiedKFold,
} from "../../../src/data/split/kFold.js";
import { trainTestSplit, trainValidationTestSplit } from "../../../src/data/split/parts.js";
import { stratifiedShuffleSplit } from "../../../src/data/split/shuffle.js";
import { refusal } from "../refusal.js";

const ids = (n: number) => Array.from({ length: n }, (_, i) => i);
const sorted = (rows: Iterable<number>) => [...rows].sort((a, b) => a - b);
const countIn = (rows: Iterable<number>, labels: readonly number[]) =>
  sorted(new Set(labels)).map((label) => [...rows].filter((row) => labels[row] === label).length);
const labelled = (...counts: number[]) =>
  counts.flatMap((count, label) => new Array<number>(count).fill(label));

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const folding = fc
  .integer({ min: 2, max: 60 })
  .chain((rows) =>
    fc.record({ rows: fc.constant(rows), folds: fc.integer({ min: 2, max: rows }), seed: seeds }),
  );
/** Labels of classes that all have at least 6 rows. */
const labels = fc
  .array(fc.integer({ min: 6, max: 30 }), { minLength: 2, maxLength: 4 })
  .map((counts) => labelled(...counts).sort((a, b) => ((a * 7 + 3) % 5) - ((b * 7 + 3) % 5)));

describe("trainTestSplit", () => {
  it("has the sizes of scikit-learn's train_test_split", () => {
    // rows, testSize, train and test rows of scikit-learn 1.4.2; 0.07 × 100 is above 7 in binary
    for (const [rows, testSize, train, test] of [
      [10, 0.25, 7, 3],
      [150, 0.2, 120, 30],
      [178, 0.33, 119, 59],
      [7, 0.5, 3, 4],
      [100, 0.07, 92, 8],
      [5, 0.1, 4, 1],
    ]) {
      const parts = trainTestSplit(rows, { testSize });
      expect([parts.train.length, parts.test.length]).toEqual([train, test]);
    }
  });

  it("has the class counts of scikit-learn's stratified split of wine and breast-cancer", () => {
    for (const [counts, train, test] of [
      [
        [59, 71, 48],
        [47, 57, 38],
        [12, 14, 10],
      ],
      [
        [357, 212],
        [285, 170],
        [72, 42],
      ],
    ]) {
      const stratify = labelled(...counts);
      const parts = trainTestSplit(stratify.length, { stratify, seed: 3 });
      expect(countIn(parts.train, stratify)).toEqual(train);
      expect(countIn(parts.test, stratify)).toEqual(test);
    }
  });

  it("puts each row in one part, and classes within 1 of their share", () => {
    fc.assert(
      fc.property(
        labels,
        seeds,
        fc.double({ min: 0.2, max: 0.8, noNaN: true }),
        (stratify, seed, testSize) => {
          const { train, test } = trainTestSplit(stratify.length, { stratify, seed, testSize });
          expect(sorted([...train, ...test])).toEqual(ids(stratify.length));
          const total = countIn(ids(stratify.length), stratify);
          countIn(test, stratify).forEach((count, label) => {
            expect(Math.abs(count - (total[label] * test.length) / stratify.length)).toBeLessThan(1);
          });
        },
      ),
    );
  });

  it("depends on the seed alone, and shuffles both parts", () => {
    const split = (seed: number) => trainTestSplit(100, { seed });
    expect(split(5)).toEqual(split(5));
    expect(split(5)).not.toEqual(split(6));
    for (const part of Object.values(split(5))) expect([...part]).not.toEqual(sorted(part));
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "a size of 0",
      () => trainTestSplit(10, { testSize: 0 }),
      /^invalid_argument: testSize must be a number above 0 and below 1; received 0$/,
    ],
    ["a size of 1", () => trainTestSplit(10, { testSize: 1 }), /^invalid_argument: testSize/],
    ["a size of NaN", () => trainTestSplit(10, { testSize: NaN }), /^invalid_argument: testSize/],
    [
      "a single row",
      () => trainTestSplit(1),
      /^invalid_argument: each part must have at least 1 of the 1 rows; received parts of 0, 1 rows/,
    ],
    [
      "an empty training part",
      () => trainTestSplit(3, { testSize: 0.9 }),
      /^invalid_argument: .*parts of 0, 3 rows/,
    ],
    [
      "half a row",
      () => trainTestSplit(1.5),
      /^invalid_argument: rows must be a positive integer; received 1.5$/,
    ],
    [
      "a class of one row",
      () => trainTestSplit(4, { stratify: [0, 0, 0, 1] }),
      /^invalid_argument: .*received class 1 with 1; /,
    ],
    [
      "fewer test rows than classes",
      () => trainTestSplit(6, { testSize: 0.1, stratify: [0, 0, 1, 1, 2, 2] }),
      /^invalid_argument: each part must have at least 3 of the 6 rows, one for each class; received parts of 5, 1 rows/,
    ],
    [
      "labels for other rows",
      () => trainTestSplit(3, { stratify: [0, 1] }),
      /^invalid_shape: stratify must have the class of each of 3 rows; received 2 classes/,
    ],
    [
      "labels that are not integers",
      () => trainTestSplit(2, { stratify: [0.5, 1] }),
      /^invalid_data: classes must be integers; received 0.5 in row 0/,
    ],
  ])("refuses %s", (_, run, message) => {
    expect(refusal(run)).toMatch(message);
  });
});

it("a repeat of one seed is no repeat of the next", () => {
  const labels = [0, 0, 0, 0, 1, 1, 1, 1];
  const of = (seed: number) => [
    repeatedStratifiedKFold(labels, { folds: 2, repeats: 3, seed }),
    repeatedKFold(labels.length, { folds: 2, repeats: 3, seed }),
  ];
  for (let seed = 0; seed < 4; seed++)
    for (const [kind, folds] of of(seed).entries())
      expect(of(seed + 1)[kind].slice(0, 4)).not.toEqual(folds.slice(2));
});

it("a part of few groups leaves one to train on, however large a share is held out", () => {
  for (let seed = 0; seed < 8; seed++)
    expect(groupSplit([7, 7, 3], 0.99, seed).train.length).toBeGreaterThan(0);
});

describe("divisions", () => {
  it("name the classes that have too few rows", () => {
    const classes = ["cat", "dog", "fox"];
    expect(refusal(() => trainTestSplit(5, { stratify: [0, 1, 1, 1, 2], classes }))).toMatch(
      /each class must have at least 2 rows; received class "cat" with 1, class "fox" with 1; leave/,
    );
    expect(refusal(() => stratifiedKFold([0, 0, 1, 1, 1, 2], { folds: 3, classes }))).toMatch(
      /each class must have at least 3 rows; received class "cat" with 2, class "fox" with 1; use fewer folds/,
    );
    const rows = { rows: 6, labels: [0, 0, 1, 1, 1, 2], classes };
    for (const split of [
      stratifiedKFold({ folds: 2 }),
      repeatedStratifiedKFold({ folds: 2, repeats: 2 }),
      stratifiedShuffleSplit({ folds: 2, validationSize: 0.5 }),
    ])
      expect([split.name, refusal(() => split(rows))]).toEqual([
        split.name,
        expect.stringContaining('each class must have at least 2 rows; received class "fox" with 1;'),
      ]);
  });

  it.each<[string, () => unknown, string]>([
    [
      "a share as text",
      () => trainTestSplit(10, { testSize: "0.2" as never }),
      'invalid_argument: testSize must be a number above 0 and below 1; received "0.2"',
    ],
    [
      "a share for validation as text",
      () => trainValidationTestSplit(10, { validationSize: "0.2" as never }),
      'invalid_argument: validationSize must be a number above 0 and below 1; received "0.2"',
    ],
    [
      "rows as text",
      () => kFold("10" as never),
      'invalid_argument: rows must be an integer of at least 2; received "10"',
    ],
    [
      "folds as text",
      () => kFold(10, { folds: "5" as never }),
      'invalid_argument: folds must be an integer from 2 to the number of rows, 10; received "5"',
    ],
    [
      "a shuffle that is not a boolean",
      () => kFold(10, { shuffle: "no" as never }),
      'invalid_argument: shuffle must be a boolean; received "no"',
    ],
    [
      "no labels",
      () => stratifiedKFold(10 as never),
      "invalid_argument: labels must be an array with the class of each row; received 10",
    ],
    [
      "a class that is not in a list",
      () => trainTestSplit(10, { stratify: 1 as never }),
      "invalid_argument: stratify must be an array with the class of each row; received 1",
    ],
    [
      "an unknown option",
      () => trainTestSplit(10, { test_size: 0.2 } as never),
      'unknown_name: unknown option of trainTestSplit "test_size". Did you mean "testSize"? Known: testSize, seed, stratify, classes.',
    ],
    [
      "an option of another division",
      () => stratifiedKFold([0, 0, 1, 1], { repeats: 2 } as never),
      'unknown_name: unknown option of stratifiedKFold "repeats". Known: folds, seed, shuffle, classes.',
    ],
    [
      "options that are not an object",
      () => trainValidationTestSplit(10, 0.2 as never),
      "invalid_argument: the options of trainValidationTestSplit must be an object; received 0.2",
    ],
  ])("refuse %s", (_, run, message) => {
    expect(refusal(run)).toBe(message);
  });
});

describe("trainValidationTestSplit", () => {
  it("puts each row in one part, the test part being trainTestSplit's", () => {
    fc.assert(
      fc.property(labels, seeds, fc.boolean(), (classes, seed, stratified) => {
        const options = { testSize: 0.25, seed, ...(stratified && { stratify: classes }) };
        const { train, validation, test } = trainValidationTestSplit(classes.length, {
          ...options,
          validationSize: 0.3,
        });
        expect(sorted([...train, ...validation, ...test])).toEqual(ids(classes.length));
        expect(validation.length).toBe(Math.ceil(0.3 * classes.length));
        expect(test).toEqual(trainTestSplit(classes.length, options).test);
        if (stratified) {
          const total = countIn(ids(classes.length), classes);
          // 1 for its own rounding and 1 for that of the test part before it
          countIn(validation, classes).forEach((count, label) => {
            expect(Math.abs(count - (total[label] * validation.length) / classes.length)).toBeLessThan(2);
          });
        }
      }),
    );
  });

  it("refuses sizes that leave nothing to train on", () => {
    expect(refusal(() => trainValidationTestSplit(10, { testSize: 0.5, validationSize: 0.5 }))).toMatch(
      /^invalid_argument: .*parts of 0, 5, 5 rows; change testSize or validationSize/,
    );
  });
});

describe("kFold", () => {
  it("puts each row in one validation part, sizes as scikit-learn's", () => {
    fc.assert(
      fc.property(folding, fc.boolean(), ({ rows, folds, seed }, shuffle) => {
        const made = kFold(rows, { folds, seed, shuffle });
        expect(sorted(made.flatMap(({ validation }) => [...validation]))).toEqual(ids(rows));
        made.forEach(({ train, validation }, fold) => {
          expect(sorted([...train, ...validation])).toEqual(ids(rows));
          expect(validation.length).toBe(Math.floor(rows / folds) + (fold < rows % folds ? 1 : 0));
          expect([...train]).toEqual(sorted(train));
          expect([...validation]).toEqual(sorted(validation));
        });
      }),
    );
  });

  it("keeps neighbours together without shuffling, as scikit-learn's KFold(3).split of 11 rows", () => {
    expect(kFold(11, { folds: 3, shuffle: false }).map(({ validation }) => [...validation])).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10],
    ]);
  });

  it("depends on the seed alone", () => {
    expect(kFold(50, { seed: 5 })).toEqual(kFold(50, { seed: 5 }));
    expect(kFold(50, { seed: 5 })).not.toEqual(kFold(50, { seed: 6 }));
    expect(kFold(50)).toHaveLength(5);
  });

  it.each([1, 0, 2.5, 11, NaN])("refuses %s folds of 10 rows", (folds) => {
    const message = /^invalid_argument: folds must be an integer from 2 to the number of rows, 10; received /;
    expect(refusal(() => kFold(10, { folds }))).toMatch(message);
    expect(refusal(() => stratifiedKFold(ids(10), { folds }))).toMatch(message);
  });
});

describe("stratifiedKFold", () => {
  it("has the class counts of scikit-learn's StratifiedKFold on wine and breast-cancer", () => {
    const counts = (classes: number[], folds: number) =>
      stratifiedKFold(classes, { folds, seed: 1 }).map(({ validation }) => countIn(validation, classes));
    const wine = labelled(59, 71, 48);
    expect(counts(wine, 3)).toEqual([
      [20, 24, 16],
      [20, 23, 16],
      [19, 24, 16],
    ]);
    expect(counts(wine, 5)).toEqual([
      [12, 14, 10],
      [12, 14, 10],
      [12, 14, 10],
      [12, 14, 9],
      [11, 15, 9],
    ]);
    // scikit-learn takes classes by first appearance, malignant before benign
    expect(counts(labelled(212, 357), 5)).toEqual([
      [43, 71],
      [43, 71],
      [42, 72],
      [42, 72],
      [42, 71],
    ]);
  });

  it("puts each row in one validation part, with sizes and class counts within 1 of each other", () => {
    fc.assert(
      fc.property(labels, fc.integer({ min: 2, max: 6 }), seeds, (classes, folds, seed) => {
        const made = stratifiedKFold(classes, { folds, seed });
        expect(sorted(made.flatMap(({ validation }) => [...validation]))).toEqual(ids(classes.length));
        for (const { train, validation } of made)
          expect(sorted([...train, ...validation])).toEqual(ids(classes.length));
        const counts = made.map(({ validation }) => [validation.length, ...countIn(validation, classes)]);
        counts[0].forEach((_, k) => {
          const column = counts.map((row) => row[k]);
          expect(Math.max(...column) - Math.min(...column)).toBeLessThanOrEqual(1);
        });
      }),
    );
  });

  it("depends on the seed alone", () => {
    const classes = labelled(20, 30);
    expect(stratifiedKFold(classes, { seed: 5 })).toEqual(stratifiedKFold(classes, { seed: 5 }));
    expect(stratifiedKFold(classes, { seed: 5 })).not.toEqual(stratifiedKFold(classes, { seed: 6 }));
  });

  it("refuses a class with fewer rows than folds", () => {
    expect(refusal(() => stratifiedKFold(labelled(9, 2), { folds: 3 }))).toMatch(
      /^invalid_argument: with 3 folds, each class must have at least 3 rows; received class 1 with 2; /,
    );
  });
});
