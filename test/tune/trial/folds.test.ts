/** How data is divided for a study, and that nothing leaks from validation and test rows. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Dataset, Input } from "../../../src/data/dataset.js";
import {
  divideRows,
  type FoldSettings,
  foldsOfDivision,
  inOrder,
  sizesOf,
} from "../../../src/tune/trial/folds.js";
import { cases } from "../../cases.js";
import { refusal } from "../../data/refusal.js";
import { columnsFrom } from "../../data/rows.js";
import { foldsOf, randomRows } from "../support.js";

const ROWS = 40;
const inputs: Input[] = [
  ...["a", "b", "c"].map((name) => ({ name, kind: "number" as const, categories: [], gaps: true })),
  { name: "d", kind: "boolean", categories: ["no", "yes"], gaps: true },
];

/** A table whose inputs are `x`, two classes or a quantity. */
function table(task: Dataset["task"], x: Float64Array, y?: Float64Array): Dataset {
  const labels = Int32Array.from({ length: ROWS }, (_, i) => Number(i % 3 === 0));
  return {
    task,
    target: "y",
    rows: ROWS,
    inputs,
    // the last is of codes
    columns: columnsFrom(x, 4).map((cells, j) =>
      j === 3 ? cells.map((cell) => Math.abs(Math.trunc(cell)) % 2) : cells,
    ),
    outputs: 1,
    y:
      y ??
      (task === "classification" ? Float64Array.from(labels) : Float64Array.from(labels, (_, i) => 3 * i)),
    labels: task === "classification" ? labels : new Int32Array(0),
    classes: task === "classification" ? ["no", "yes"] : [],
  };
}

it("a splitter of rows in the order of time does not put that order in place of times that are known", () => {
  const data = table("regression", new Float64Array(ROWS * 4));
  const ordered = Object.assign(() => [], { ordered: true }) as never;
  expect(inOrder(data, ordered).time?.slice(0, 3)).toEqual(Float64Array.of(0, 1, 2));
  const time = Float64Array.from({ length: ROWS }, (_, row) => -row);
  expect(inOrder({ ...data, time }, ordered).time).toBe(time);
  expect(inOrder(data, () => []).time).toBeUndefined();
  expect(inOrder({ ...data, groups: new Int32Array(ROWS) }, ordered).time).toHaveLength(ROWS);
});

/** Inputs that say which row they are in; not scaled, they name the rows of each part. */
const ids = Float64Array.from({ length: ROWS * 4 }, (_, k) => Math.floor(k / 4));
const idsOf = (part: { rows: number; x: Float32Array } | undefined): number[] =>
  part === undefined ? [] : Array.from({ length: part.rows }, (_, i) => part.x[4 * i]);

const plans = fc.record<FoldSettings>({
  validation: fc.oneof(
    fc.record({ folds: fc.integer({ min: 2, max: 6 }) }),
    fc.record({ split: fc.constantFrom(0.2, 0.3, 0.5) }),
  ),
  testSize: fc.constantFrom(0, 0.1, 0.25),
  seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
});
const tasks = fc.constantFrom<Dataset["task"]>("classification", "regression");

/** The row ids of each part. */
function divide(task: Dataset["task"], plan: FoldSettings) {
  const { folds, finalFold } = foldsOf(table(task, ids), plan, { scale: "none", target: "none" });
  return {
    folds: folds.map(({ train, validation }) => ({ train: idsOf(train), validation: idsOf(validation) })),
    test: idsOf(finalFold.validation),
    development: idsOf(finalFold.train),
  };
}

const sorted = (rows: readonly number[]): number[] => [...rows].sort((a, b) => a - b);

describe("the folds of a study", () => {
  it("divides the rows into test and development, and these into folds; test rows appear nowhere else", () => {
    fc.assert(
      fc.property(tasks, plans, (task, plan) => {
        const { folds, test, development } = divide(task, plan);
        expect(sorted([...test, ...development])).toEqual(Array.from({ length: ROWS }, (_, i) => i));
        for (const { train, validation } of folds) {
          expect(sorted([...train, ...validation])).toEqual(sorted(development));
        }
        if ("folds" in plan.validation) {
          expect(folds.length).toBe(plan.validation.folds);
          expect(sorted(folds.flatMap(({ validation }) => validation))).toEqual(sorted(development));
        } else expect(folds.length).toBe(1);
        const sizes = sizesOf(divideRows(table(task, ids), plan));
        expect(test.length).toBe(Math.ceil(plan.testSize * ROWS));
        expect(sizes.test).toBe(test.length);
        expect(sizes.development).toBe(development.length);
        expect(sizes.training).toBe(Math.min(...folds.map(({ train }) => train.length)));
      }),
      { numRuns: cases(60) },
    );
  });

  it("uses some of the development rows for trials, and all for the final model", () => {
    fc.assert(
      fc.property(tasks, plans, fc.integer({ min: 12, max: 50 }), (task, plan, searchRows) => {
        const whole = divide(task, plan);
        const { folds, test, development } = divide(task, { ...plan, searchRows });
        expect([test, development]).toEqual([whole.test, whole.development]);
        if (searchRows >= development.length) expect(folds).toEqual(whole.folds);
        const used = sorted([...folds[0].train, ...folds[0].validation]);
        expect(used.length).toBe(Math.min(searchRows, development.length));
        expect(new Set(used).size).toBe(used.length);
        expect(used.filter((row) => !development.includes(row))).toEqual([]);
        for (const { train, validation } of folds) expect(sorted([...train, ...validation])).toEqual(used);
        const sizes = sizesOf(divideRows(table(task, ids), { ...plan, searchRows }));
        expect(sizes.searched).toBe(used.length);
        if (task === "regression") return;
        // by class, within a row
        const ones = (rows: readonly number[]): number => rows.filter((row) => row % 3 === 0).length;
        const share = ones(development) / development.length;
        expect(Math.abs(ones(used) - share * used.length)).toBeLessThan(1);
      }),
      { numRuns: cases(60) },
    );
  });

  it("halves the development rows for final folds, down to those of trials", () => {
    const plan = { validation: { split: 0.25 }, testSize: 0.2, seed: 3 };
    const finals = (searchRows?: number, validation: FoldSettings["validation"] = plan.validation) => {
      const given = { ...plan, validation, divisions: 2, ...(searchRows !== undefined && { searchRows }) };
      const divided = divideRows(table("classification", ids), given);
      return { ...divided, of: divided.finals.map((fold) => divided.folds[fold]) };
    };
    const sizes = (searchRows?: number) => finals(searchRows).of.map(({ train }) => train.length);
    expect([sizes(), sizes(32), sizes(20), sizes(5)]).toEqual([[32], [32], [32, 20], [32, 16, 8, 5]]);
    const { of, folds, scored } = finals(5);
    for (const [i, { train, validation }] of of.entries()) {
      expect(validation).toEqual(of[0].validation);
      expect(new Set(train).size).toBe(train.length);
      expect(train.filter((row) => !of[0].train.includes(row))).toEqual(new Int32Array(0));
      if (i > 0) expect(train).not.toEqual(of[0].train.slice(0, train.length));
    }
    expect(sorted([...of[3].train])).toEqual(sorted([...folds[0].train, ...folds[0].validation]));
    // after the folds of further divisions
    const divided = finals(12, { folds: 3 });
    expect(divided.finals).toEqual([3, 10, 11]);
    expect([scored, divided.scored, divided.folds.length]).toEqual([1, 3, 12]);
    // of the rows of trials, each time in another order
    const divisions = [0, 1, 2].map((division) => foldsOfDivision(divided, division));
    expect(divisions.flat()).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9]);
    const partsOf = (fold: number) => [...divided.folds[fold].train, ...divided.folds[fold].validation];
    for (const fold of divisions.flat()) expect(sorted(partsOf(fold))).toEqual(sorted(partsOf(0)));
    expect(new Set(divisions.map(([first]) => String(divided.folds[first].validation))).size).toBe(3);
  });

  it("uses the last rows in time, and whole groups", () => {
    const plan = { validation: { split: 0.25 }, testSize: 0.1, seed: 3, searchRows: 12 };
    const usedOf = (data: Partial<Dataset>) => {
      const [{ train, validation }] = divideRows({ ...table("regression", ids), ...data }, plan).folds;
      return sorted([...train, ...validation]);
    };
    const time = Float64Array.from({ length: ROWS }, (_, row) => row);
    // the last 4 of 40 are test rows
    expect(usedOf({ time })).toEqual(Array.from({ length: 12 }, (_, i) => 24 + i));
    const groups = Int32Array.from({ length: ROWS }, (_, row) => row >> 2);
    const used = usedOf({ groups });
    expect(used.length).toBe(12);
    for (const row of used) expect(used.filter((each) => each >> 2 === row >> 2).length).toBe(4);
  });

  it("gives a function the rows of trials in their order, and refuses its test rows in any part", () => {
    const data = table("regression", ids);
    const plan = { testSize: 0.25, seed: 3 };
    const halves = ({ rows }: { readonly rows: number }) => {
      const all = Array.from({ length: rows }, (_, i) => i);
      return [{ train: all.slice(0, rows / 2), validation: all.slice(rows / 2) }];
    };
    const { folds } = divideRows(data, { ...plan, validation: halves, searchRows: 12 });
    const used = [...folds[0].train, ...folds[0].validation];
    expect([used.length, used]).toEqual([12, sorted(used)]);
    const [test] = folds[1].validation;
    const [first, second] = folds[1].train;
    for (const [train, validation] of [
      [test, first],
      [first, test],
    ])
      expect(
        refusal(() =>
          divideRows(data, { ...plan, validation: [{ train: [train, second], validation: [validation] }] }),
        ),
      ).toMatch(`validation must not use test rows; received row ${test} in both`);
  });

  it("refuses rows for trials that are not a number of at least 2, or beside folds of ids", () => {
    const data = table("regression", ids);
    const of = (more: Partial<FoldSettings>) =>
      refusal(() => divideRows(data, { validation: { split: 0.5 }, testSize: 0, seed: 0, ...more }));
    expect(of({ searchRows: 1 })).toBe(
      "invalid_argument: searchRows must be an integer of at least 2; received 1",
    );
    expect(of({ searchRows: 4, validation: [{ train: [0], validation: [1] }] })).toBe(
      "invalid_argument: searchRows must be left out with folds of row ids, which choose the rows of trials",
    );
  });

  it("keeps the classes' proportions in every part, within one row of each class", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const { folds, test, development } = divide("classification", plan);
        const share = table("classification", ids).y.reduce((a, b) => a + b) / ROWS;
        const ones = (rows: readonly number[]): number => rows.filter((row) => row % 3 === 0).length;
        expect(Math.abs(ones(test) - share * test.length)).toBeLessThan(1);
        const rest = ones(development) / development.length;
        for (const { validation } of folds) {
          expect(Math.abs(ones(validation) - rest * validation.length)).toBeLessThan(2); // the size itself may be off by 1
        }
        const counts = folds.map(({ validation }) => ones(validation));
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
      { numRuns: cases(60) },
    );
  });

  it("learns imputation and scaling from the training rows alone: other rows change no bit", () => {
    fc.assert(
      fc.property(tasks, plans, fc.integer({ min: 0, max: 5 }), (task, plan, which) => {
        const { folds: parts, test } = divide(task, plan);
        const x = Float64Array.from(randomRows(ROWS, 4, plan.seed % 1000).flat());
        for (let k = 0; k < x.length; k++) if ((k * 7) % 11 === 0 && k % 4 === 0) x[k] = Number.NaN;
        const y = table(task, x).y;
        const before = foldsOf(table(task, x, y), plan);

        const k = which % parts.length;
        const [wild, wildY] = [Float64Array.from(x), Float64Array.from(y)];
        for (const row of [...parts[k].validation, ...test]) {
          for (let j = 0; j < 4; j++) wild[4 * row + j] = row % 2 === 0 ? Number.NaN : 1e6 * (row + 1);
          if (task === "regression") wildY[row] = -1e5 * (row + 1);
        }
        const after = foldsOf(table(task, wild, wildY), plan);
        expect(after.folds[k].train).toEqual(before.folds[k].train);
        expect(after.folds[k].target).toEqual(before.folds[k].target);
        // while the parts that hold these rows do change
        expect(after.folds[k].validation).not.toEqual(before.folds[k].validation);
        expect(after.finalFold.train).not.toEqual(before.finalFold.train);

        const onlyTest = Float64Array.from(x);
        for (const row of test) onlyTest.fill(1e6, 4 * row, 4 * row + 4);
        const final = foldsOf(table(task, onlyTest, y), plan);
        const plain = ({ folds }: typeof before) =>
          folds.map(({ trained, ...fold }) => ({ ...fold, trained: trained() }));
        expect(plain(final)).toEqual(plain(before));
        expect(final.finalFold.train).toEqual(before.finalFold.train);
      }),
      { numRuns: cases(60) },
    );
  });

  it("imputes missing cells: every number that reaches a model is finite", () => {
    const x = Float64Array.from(randomRows(ROWS, 4, 3).flat(), (value, k) =>
      k % 3 === 0 ? Number.NaN : value,
    );
    const plan = { validation: { folds: 3 }, testSize: 0.2, seed: 1 };
    const { folds, finalFold } = foldsOf(table("classification", x), plan);
    for (const { train, validation } of [...folds, finalFold]) {
      expect(train.x.every(Number.isFinite)).toBe(true);
      expect(validation?.x.every(Number.isFinite)).toBe(true);
    }
  });

  it("standardizes a quantity and keeps yTrue in its own units", () => {
    const plan = { validation: { folds: 4 }, testSize: 0, seed: 2 };
    const { folds, finalFold } = foldsOf(table("regression", ids), plan);
    expect(finalFold.validation).toBeUndefined();
    for (const { train, yTrue, validation, target } of folds) {
      const mean = train.y.reduce((sum, v) => sum + v, 0) / train.rows;
      const variance = train.y.reduce((sum, v) => sum + v * v, 0) / train.rows;
      // float32 numbers of deviation 1
      expect(Math.abs(mean)).toBeLessThanOrEqual(4 * 2 ** -24);
      expect(Math.abs(variance - 1)).toBeLessThanOrEqual(8 * 2 ** -24);
      validation?.y.forEach((z, i) => {
        const restored = z * target.outputs[0].scale + target.outputs[0].center;
        expect(Math.abs(restored - yTrue[i])).toBeLessThanOrEqual(200 * 2 ** -24);
      });
    }
    expect(sorted(folds.flatMap(({ yTrue }) => [...yTrue]))).toEqual(
      Array.from({ length: ROWS }, (_, i) => 3 * i),
    );
    const classes = foldsOf(table("classification", ids), plan);
    expect(
      classes.folds.every(
        ({ target, train }) => target.outputs[0].scale === 1 && train.y.every((v) => v === 0 || v === 1),
      ),
    ).toBe(true);
  });

  it("depends on the seed alone", () => {
    const plan = { validation: { folds: 4 }, testSize: 0.25, seed: 2 };
    expect(divide("regression", plan)).toEqual(divide("regression", plan));
    expect(divide("regression", { ...plan, seed: 3 })).not.toEqual(divide("regression", plan));
  });
});
