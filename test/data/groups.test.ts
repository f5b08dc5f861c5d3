/** Groups stay whole in every division, and folds are as even as groups allow. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeTable } from "../../src/data/dataset.js";
import { numberGroups } from "../../src/data/groups.js";
import { groupKFold, groupSplit } from "../../src/data/split/groups.js";
import { readTable } from "../../src/data/table.js";
import { gridSearch } from "../../src/tune/gridSearch.js";
import { nestedCrossValidation } from "../../src/tune/nestedCv.js";
import { divideRows, type FoldSettings } from "../../src/tune/trial/folds.js";
import { tune } from "../../src/tune/tune.js";
import { cases } from "../cases.js";
import { logistic, rates, x, y } from "../tune/support.js";
import { refusal } from "./refusal.js";

const groupings = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 12, maxLength: 40 });
const sorted = (rows: ArrayLike<number>) => Array.from(rows).sort((a, b) => a - b);

describe("groupKFold", () => {
  it("validates each row once, divides no group, and depends on the seed alone", () => {
    fc.assert(
      fc.property(groupings, fc.integer({ min: 2, max: 5 }), fc.nat(1000), (groups, folds, seed) => {
        fc.pre(new Set(groups).size >= folds);
        const divided = groupKFold(groups, { folds, seed });
        expect(divided).toEqual(
          groupKFold(
            groups.map((group) => `g${group}`),
            { folds, seed },
          ),
        );
        expect(sorted(divided.flatMap(({ validation }) => [...validation]))).toEqual(groups.map((_, i) => i));
        for (const { train, validation } of divided) {
          expect(sorted([...train, ...validation])).toEqual(groups.map((_, i) => i));
          const held = new Set(Array.from(validation, (row) => groups[row]));
          expect([...train].some((row) => held.has(groups[row]))).toBe(false);
        }
        // greedy: the fullest fold has no more than the lightest and a largest group
        const sizes = divided.map(({ validation }) => validation.length);
        const largest = Math.max(...groups.map((group) => groups.filter((other) => other === group).length));
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(largest);
      }),
      { numRuns: cases(200) },
    );
  });

  it("divides as scikit-learn does where sizes differ", () => {
    // GroupKFold(n_splits=3).split(X, groups=g) of scikit-learn 1.4.2
    const groups = [0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4];
    const validation = groupKFold(groups, { folds: 3 }).map((fold) => [...fold.validation]);
    expect(validation).toEqual([
      [0, 1, 2, 3, 4],
      [5, 6, 7, 8, 14],
      [9, 10, 11, 12, 13],
    ]);
  });

  it.each<[string, () => unknown, string]>([
    [
      "fewer groups than folds",
      () => groupKFold([1, 1, 2], { folds: 3 }),
      "invalid_argument: folds must be at most 2, the number of groups; received 3",
    ],
    [
      "no array",
      () => groupKFold(5 as never),
      "invalid_argument: groups must be an array with the group of each row; received 5",
    ],
    [
      "a group that is none",
      () => numberGroups("groups", [1, Number.NaN], 2),
      "invalid_data: groups must hold words or numbers; received NaN at index 1",
    ],
    [
      "other rows",
      () => numberGroups("groups", [1], 2),
      "invalid_shape: groups must have the group of each of the 2 rows; received 1",
    ],
    [
      "one group to divide",
      () => groupSplit(Int32Array.of(3, 3), 0.5, 0),
      "invalid_argument: rows must belong to at least two groups to be divided; received 1",
    ],
  ])("refuses %s", (_, run, message) => {
    expect(refusal(run)).toBe(message);
  });
});

describe("a study of groups", () => {
  const lines = x.map((row, i) => [...row, `p${i % 13}`, y[i]].join(","));
  const data = encodeTable(readTable(["a,b,c,patient,y", ...lines].join("\n")), {
    target: "y",
    group: "patient",
  });

  it("divides none, in folds, in a part held out and in the test part", () => {
    expect(data.inputs.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    const plans = fc.record<FoldSettings>({
      validation: fc.oneof(
        fc.record({ folds: fc.integer({ min: 2, max: 5 }) }),
        fc.record({ split: fc.constantFrom(0.2, 0.4) }),
      ),
      testSize: fc.constantFrom(0, 0.2, 0.5),
      seed: fc.nat(10_000),
    });
    const groups = data.groups as Int32Array;
    fc.assert(
      fc.property(plans, (plan) => {
        const { folds } = divideRows(data, plan);
        const test = folds[folds.length - 1].validation;
        expect(test.length >= plan.testSize * data.rows).toBe(true);
        for (const { train, validation } of folds) {
          const held = new Set(Array.from(validation, (row) => groups[row]));
          expect(validation.length > 0 || plan.testSize === 0).toBe(true);
          expect([...train].some((row) => held.has(groups[row]))).toBe(false);
          expect([...train].some((row) => test.includes(row))).toBe(false);
        }
      }),
      { numRuns: cases(100) },
    );
  });

  it("scores what no group told, from a column or beside x and y", async () => {
    const common = {
      model: logistic,
      space: rates(0.3),
      jobs: 1,
      fit: { epochs: 5, batchSize: 8 },
      trials: 1,
    };
    const folds = { validation: { folds: 3 }, testSize: 0.2 };
    const fromColumn = await tune({ ...common, ...folds, data });
    const groups = x.map((_, i) => `p${i % 13}`);
    const beside = await tune({ ...common, ...folds, x, y, groups });
    const plain = await tune({ ...common, ...folds, x, y });
    expect(beside.best.scores).toEqual(fromColumn.best.scores);
    expect(beside.best.scores).not.toEqual(plain.best.scores);
    const { trials: _, ...rest } = common;
    const nested = await nestedCrossValidation(gridSearch, {
      ...rest,
      data,
      validation: { folds: 2 },
      outer: { folds: 3 },
    });
    expect(nested.scores.length).toBe(3);
  });
});
