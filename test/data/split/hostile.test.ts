/** What splitters refuse, and folds that a user made. */
import { describe, expect, it } from "vitest";
import { groupKFold, groupShuffleSplit, stratifiedGroupKFold } from "../../../src/data/split/groups.js";
import { kFold, repeatedKFold, stratifiedKFold } from "../../../src/data/split/kFold.js";
import {
  leaveOneGroupOut,
  leaveOneOut,
  leavePGroupsOut,
  leavePOut,
} from "../../../src/data/split/leaveOut.js";
import { createSplitter } from "../../../src/data/split/names.js";
import { checkedFolds, predefinedSplit } from "../../../src/data/split/own.js";
import { trainTestSplit } from "../../../src/data/split/parts.js";
import { shuffleSplit, stratifiedShuffleSplit } from "../../../src/data/split/shuffle.js";
import { timeSeriesSplit } from "../../../src/data/split/time.js";
import { refusal } from "../refusal.js";

describe("a splitter refuses", () => {
  it.each<[string, () => unknown, string | RegExp]>([
    [
      "leave-one-out of ten thousand rows",
      () => leaveOneOut(10_000),
      "memory_limit: folds must be at most 65536, with 67108864 row ids together (256 MiB); received 10000 with 100000000; choose fewer",
    ],
    [
      "too many choices to count",
      () => leavePOut(5000, { p: 2500 }),
      /^memory_limit: .*received Infinity with/,
    ],
    [
      "a million repetitions",
      () => repeatedKFold(4, { folds: 2, repeats: 1e6 }),
      /^memory_limit: .*received 2000000 with/,
    ],
    [
      "pairs of few groups of many rows",
      () =>
        leavePGroupsOut(
          Array.from({ length: 200_000 }, (_, i) => i % 60),
          { p: 2 },
        ),
      "memory_limit: folds must be at most 65536, with 67108864 row ids together (256 MiB); received 1770 with 354000000; choose fewer",
    ],
    ["a million folds", () => shuffleSplit(10, { folds: 1e6 }), /^memory_limit: .*received 1000000 with/],
    ["as many folds as a million rows", () => kFold(1e6, { folds: 1e6 }), /^memory_limit: /],
    [
      "two billion rows to deal",
      () => trainTestSplit(2 ** 31),
      "memory_limit: rows must be at most 67108864, whose ids take 256 MiB; received 2147483648",
    ],
    [
      "choices of two billion rows",
      () => leavePOut(2 ** 31),
      "memory_limit: rows must be at most 67108864, whose ids take 256 MiB; received 2147483648",
    ],
    [
      "p of all rows",
      () => leavePOut(3, { p: 3 }),
      "invalid_argument: p must be below 3, of which some must be trained on; received 3",
    ],
    ["p of 0", () => leavePOut(3, { p: 0 }), "invalid_argument: p must be a positive integer; received 0"],
    [
      "one group",
      () => leaveOneGroupOut([1, 1]),
      /^invalid_argument: rows must belong to at least two groups to be divided; received 1$/,
    ],
    ["one row", () => leaveOneOut(1), "invalid_argument: rows must be an integer of at least 2; received 1"],
    [
      "NaN rows",
      () => leaveOneOut(Number.NaN),
      "invalid_argument: rows must be an integer of at least 2; received NaN",
    ],
    [
      "labels of other rows",
      () => stratifiedKFold({ rows: 4, labels: [0, 1] }),
      "invalid_shape: labels must have a value for each of the 4 rows; received 2",
    ],
    [
      "rows without classes",
      () => stratifiedShuffleSplit({ rows: 4 }),
      "invalid_argument: rows must have labels, their classes; received none; choose shuffleSplit for a quantity",
    ],
    [
      "rows without groups",
      () => stratifiedGroupKFold({ rows: 4, labels: [0, 1, 0, 1] }),
      /^invalid_argument: rows must have groups, .*; received none; choose stratifiedKFold without$/,
    ],
    [
      "rows without groups, all of which would be left out",
      () => leavePGroupsOut({ rows: 4 }),
      /^invalid_argument: rows must have groups, .*; received none; choose leavePOut without$/,
    ],
    [
      "rows without groups, one of which would be left out",
      () => leaveOneGroupOut({ rows: 4 }),
      /^invalid_argument: rows must have groups, .*; received none; choose leaveOneOut without$/,
    ],
    [
      "more folds than groups",
      () => groupKFold([1, 2, 1, 2], { folds: 3 }),
      "invalid_argument: folds must be at most 2, the number of groups; received 3",
    ],
    [
      "all groups in the validation part",
      () => groupShuffleSplit([1, 2, 3], { validationSize: 3 }),
      "invalid_argument: validationSize must be below all 3 groups; received 3",
    ],
    [
      "a size of 1.5",
      () => shuffleSplit(9, { validationSize: 1.5 }),
      "invalid_argument: validationSize must be a number above 0 and below 1, or a positive integer; received 1.5",
    ],
    [
      "all rows in the validation part",
      () => shuffleSplit(9, { validationSize: 9 }),
      /^invalid_argument: each part must have at least 1 of the 9 rows; received parts of 0, 9 rows; change validationSize$/,
    ],
    [
      "a trainSize beyond what validation leaves",
      () => shuffleSplit(9, { validationSize: 3, trainSize: 7 }),
      "invalid_argument: trainSize must be 1 to 6 of all 9, as many as validation leaves; received 7",
    ],
    [
      "a trainSize of no row",
      () => stratifiedShuffleSplit([0, 0, 1, 1], { trainSize: 0.2 }),
      "invalid_argument: trainSize must be 1 to 3 of all 4, as many as validation leaves; received 0.2",
    ],
    [
      "a trainSize of no number",
      () => groupShuffleSplit([1, 2, 3], { trainSize: "half" } as never),
      'invalid_argument: trainSize must be a number above 0 and below 1, or a positive integer; received "half"',
    ],
    [
      "a trainSize of fewer rows than classes",
      () => stratifiedShuffleSplit([0, 0, 0, 1, 1, 1], { validationSize: 2, trainSize: 1 }),
      /^invalid_argument: each part must have at least 2 of the 6 rows, one for each class; received parts of 1, 2 rows; change /,
    ],
    [
      "a gap that leaves nothing to train on",
      () => timeSeriesSplit(10, { folds: 3, gap: 4 }),
      "invalid_argument: folds must leave rows to train on; received 3 folds of 2 validation rows, and a gap of 4, for 10 rows",
    ],
    [
      "one time for all rows",
      () => timeSeriesSplit({ rows: 6, time: [1, 1, 1, 1, 1, 1] }),
      /^invalid_argument: fold 1 must train on rows before the first that it validates; received no row of an earlier time$/,
    ],
    [
      "a time of NaN",
      () => timeSeriesSplit({ rows: 3, time: [1, Number.NaN, 2] }, { folds: 2 }),
      "invalid_data: time[1] must be a finite number; received NaN",
    ],
    [
      "a fraction of repetitions",
      () => repeatedKFold(9, { repeats: 1.5 }),
      "invalid_argument: repeats must be a positive integer; received 1.5",
    ],
    [
      "an unknown name",
      () => createSplitter("kfold"),
      /^unknown_name: unknown splitter "kfold". Did you mean "kFold"\? Known: kFold, /,
    ],
    [
      "an option of another",
      () => kFold({ gap: 2 } as never),
      'unknown_name: unknown option of kFold "gap". Known: folds, seed, shuffle.',
    ],
    [
      "null",
      () => kFold(null as never),
      /^invalid_argument: rows must be an integer of at least 2; received null$/,
    ],
  ])("%s", (_, run, message) => {
    if (typeof message === "string") expect(refusal(run)).toBe(message);
    else expect(refusal(run)).toMatch(message);
  });

  it.each([
    ["kFold", "nSplits", "folds"],
    ["kFold", "n_splits", "folds"],
    ["kFold", "random_state", "seed"],
    ["repeatedKFold", "n_repeats", "repeats"],
    ["timeSeriesSplit", "testSize", "validationSize"],
    ["shuffleSplit", "test_size", "validationSize"],
    ["groupShuffleSplit", "train_size", "trainSize"],
    ["leavePGroupsOut", "n_groups", "p"],
  ])("scikit-learn's names of options, saying its own: %s, %s", (name, option, ours) => {
    expect(refusal(() => createSplitter(name, { [option]: 3 }))).toMatch(
      new RegExp(`^unknown_name: unknown option of ${name} "${option}". Did you mean "${ours}"\\? Known: `),
    );
  });
});

describe("folds that a user made", () => {
  it("may call the validation part test, be any arrays, and list a row several times", () => {
    const folds = checkedFolds(
      "validation",
      [
        { train: [0, 0, 1], validation: Int32Array.of(2) },
        { train: Float64Array.of(2), test: [1, 1] },
      ],
      3,
    );
    expect(folds).toEqual([
      { train: Int32Array.of(0, 0, 1), validation: Int32Array.of(2) },
      { train: Int32Array.of(2), validation: Int32Array.of(1, 1) },
    ]);
  });

  it.each<[string, unknown, string]>([
    [
      "no list",
      5,
      "validation must be a list of at least one fold, { train, validation }, by row ids; received 5",
    ],
    [
      "no fold",
      [],
      "validation must be a list of at least one fold, { train, validation }, by row ids; received []",
    ],
    ["a number", [3], "validation[0] must be { train, validation } by row ids; received 3"],
    [
      "one part",
      [{ train: [1] }],
      'validation[0] must be { train, validation } by row ids; received {"train":[1]}',
    ],
    [
      "both validation and test",
      [{ train: [1], validation: [0], test: [0] }],
      'validation[0] must be { train, validation } by row ids; received {"train":[1],"validation":[0],"test":[0]}',
    ],
    [
      "an empty part",
      [
        { train: [1], validation: [0] },
        { train: [], validation: [0] },
      ],
      "validation[1].train must be an array of at least one row id; received []",
    ],
    [
      "an id that no row has",
      [{ train: [0, 3], validation: [1] }],
      "validation[0].train must hold row ids from 0 to 2; received 3 at index 1",
    ],
    [
      "a negative id",
      [{ train: [0], validation: [-1] }],
      "validation[0].validation must hold row ids from 0 to 2; received -1 at index 0",
    ],
    [
      "half a row",
      [{ train: [0.5], test: [1] }],
      "validation[0].train must hold row ids from 0 to 2; received 0.5 at index 0",
    ],
    [
      "a row on both sides",
      [
        { train: [0, 1], validation: [2] },
        { train: [0, 2], test: [1, 2] },
      ],
      "validation[1] must have no row in both parts; received row 2 in train and test",
    ],
  ])("are refused with %s", (_, folds, message) => {
    expect(refusal(() => checkedFolds("validation", folds, 3))).toBe(`invalid_argument: ${message}`);
  });

  it.each<[string, unknown, string]>([
    ["a number", 3, "foldOf must be an array with the fold of each row; received 3"],
    ["only -1", [-1, -1], "foldOf must have a fold of at least one row; received no number of at least 0"],
    ["one fold for all", [2, 2], "foldOf must leave rows to train on; received one fold for all rows"],
    ["a word", [0, "a"], 'foldOf[1] must be an integer of at least -1; received "a"'],
  ])("by a column are refused with %s", (_, foldOf, message) => {
    expect(refusal(() => predefinedSplit(foldOf as number[]))).toBe(`invalid_argument: ${message}`);
  });
});
