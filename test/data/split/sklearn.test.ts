/**
 * The folds of scikit-learn 1.4.2, by make_sklearn_folds.py: equal where it draws nothing, and of equal sizes
 * where it does.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { groupKFold, groupShuffleSplit, stratifiedGroupKFold } from "../../../src/data/split/groups.js";
import { kFold, repeatedStratifiedKFold, stratifiedKFold } from "../../../src/data/split/kFold.js";
import {
  leaveOneGroupOut,
  leaveOneOut,
  leavePGroupsOut,
  leavePOut,
} from "../../../src/data/split/leaveOut.js";
import { createSplitter, splitterNames } from "../../../src/data/split/names.js";
import { predefinedSplit } from "../../../src/data/split/own.js";
import { shuffleSplit } from "../../../src/data/split/shuffle.js";
import type { FoldRows } from "../../../src/data/split/splitter.js";
import { timeSeriesSplit } from "../../../src/data/split/time.js";

/** [train, test] of each fold. */
type Made = readonly (readonly [number[], number[]])[];

interface Case {
  readonly rows: number;
  readonly folds: number;
  readonly repeats: number;
  readonly p: number;
  readonly labels: readonly number[];
  readonly groups: readonly number[];
  readonly foldOf: readonly number[];
  readonly options: Readonly<Record<string, number>>;
  readonly made: Made;
  readonly sizes: readonly unknown[];
  readonly held: readonly (readonly number[])[];
  readonly count: number;
}

const stored = JSON.parse(readFileSync(new URL("./sklearn-folds.json", import.meta.url), "utf8")) as Readonly<
  Record<string, readonly Case[]>
> & { readonly names: readonly string[] };

const plain = (folds: readonly FoldRows[]) =>
  folds.map(({ train, validation }) => [[...train], [...validation]]);

const divisions: Readonly<Record<string, (given: Case) => FoldRows[]>> = {
  kFold: ({ rows, folds }) => kFold(rows, { folds, shuffle: false }),
  stratifiedKFold: ({ labels, folds }) => stratifiedKFold(labels, { folds, shuffle: false }),
  stratifiedGroupKFold: ({ labels, groups, folds }) =>
    stratifiedGroupKFold({ rows: labels.length, labels, groups }, { folds, shuffle: false }),
  timeSeriesSplit: ({ rows, options }) => timeSeriesSplit(rows, options),
  leaveOneOut: ({ rows }) => leaveOneOut(rows),
  leavePOut: ({ rows, p }) => leavePOut(rows, { p }),
  leaveOneGroupOut: ({ groups }) => leaveOneGroupOut(groups),
  leavePGroupsOut: ({ groups, p }) => leavePGroupsOut(groups, { p }),
  predefinedSplit: ({ foldOf }) => predefinedSplit(foldOf),
};

describe("the folds of scikit-learn", () => {
  it.each(Object.keys(divisions))("%s", (name) => {
    expect(stored[name].length).toBeGreaterThan(0);
    for (const given of stored[name]) expect(plain(divisions[name](given))).toEqual(given.made);
  });

  it("groupKFold has as many rows in each fold", () => {
    for (const { groups, folds, sizes } of stored.groupKFold) {
      expect(groupKFold(groups, { folds }).map(({ validation }) => validation.length)).toEqual(sizes);
    }
  });

  it("shuffle splits have the sizes of both parts", () => {
    for (const { rows, options, sizes } of stored.shuffleSplit) {
      const made = shuffleSplit(rows, options);
      expect(made.map(({ train, validation }) => [train.length, validation.length])).toEqual(sizes);
    }
    for (const { groups, options, held } of stored.groupShuffleSplit) {
      const made = groupShuffleSplit(groups, options);
      const counts = made.map(({ train, validation }) =>
        [train, validation].map((part) => new Set(Array.from(part, (row) => groups[row])).size),
      );
      expect(counts).toEqual(held);
    }
  });

  it("repeated folds are as many", () => {
    for (const { labels, folds, repeats, count } of stored.repeated) {
      expect(repeatedStratifiedKFold(labels, { folds, repeats })).toHaveLength(count);
    }
  });

  it("has all of its splitters, by name too but for the one that is folds itself", () => {
    const ours = stored.names.filter((name) => name !== "PredefinedSplit");
    expect(ours.map((name) => createSplitter(name).name).sort()).toEqual([...splitterNames].sort());
    expect(ours.map((name) => name.charAt(0).toLowerCase() + name.slice(1)).sort()).toEqual(
      [...splitterNames].sort(),
    );
  });
});
