/**
 * What every splitter promises, over random rows: how often each row is validated, and what is never on both
 * sides.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSplitter, splitterNames } from "../../../src/data/split/names.js";
import { trainTestSplit } from "../../../src/data/split/parts.js";
import type { FoldRows, RowsToSplit } from "../../../src/data/split/splitter.js";
import { timeSeriesSplit, timeSplit } from "../../../src/data/split/time.js";
import { cases } from "../../cases.js";

const seeds = fc.nat(2 ** 31 - 1);

/** Rows of two or three classes with at least 6 rows each, and of at least 5 groups. */
const tables = fc
  .record({ rows: fc.integer({ min: 24, max: 40 }), classes: fc.integer({ min: 2, max: 3 }), seed: seeds })
  .chain(({ rows, classes, seed }) =>
    fc.record({
      rows: fc.constant(rows),
      seed: fc.constant(seed),
      labels: fc
        .shuffledSubarray(
          Array.from({ length: rows }, (_, i) => i),
          { minLength: rows, maxLength: rows },
        )
        .map((order) => order.map((place) => Math.min(classes - 1, Math.floor(place / 7)))),
      groups: fc
        .array(fc.nat(7), { minLength: rows, maxLength: rows })
        .map((groups) => groups.map((group, i) => (i < 8 ? i : group))),
      time: fc.array(fc.integer({ min: -30, max: 30 }), { minLength: rows, maxLength: rows }),
    }),
  );

const choose = (n: number, p: number): number => (p === 0 ? 1 : (choose(n - 1, p - 1) * n) / p);

/** Options, and how often each row is validated by them; undefined where it depends on the draw. */
const promises: Readonly<
  Record<
    string,
    readonly [
      options: Readonly<Record<string, unknown>>,
      validated: (table: RowsToSplit) => number | undefined,
    ]
  >
> = {
  kFold: [{ folds: 4 }, () => 1],
  stratifiedKFold: [{ folds: 3 }, () => 1],
  groupKFold: [{ folds: 3 }, () => 1],
  stratifiedGroupKFold: [{ folds: 3 }, () => 1],
  repeatedKFold: [{ folds: 3, repeats: 4 }, () => 4],
  repeatedStratifiedKFold: [{ folds: 2, repeats: 3 }, () => 3],
  leaveOneOut: [{}, () => 1],
  leavePOut: [{ p: 2 }, ({ rows }) => rows - 1],
  leaveOneGroupOut: [{}, () => 1],
  leavePGroupsOut: [
    { p: 3 },
    ({ groups = [] }) => choose(new Set(Array.from<string | number>(groups)).size - 1, 2),
  ],
  shuffleSplit: [{ folds: 4, validationSize: 0.3 }, () => undefined],
  stratifiedShuffleSplit: [{ folds: 4, validationSize: 0.3 }, () => undefined],
  groupShuffleSplit: [{ folds: 4, validationSize: 0.3 }, () => undefined],
  timeSeriesSplit: [{ folds: 4, gap: 1 }, () => undefined],
};

const counts = (folds: readonly FoldRows[], rows: number): number[] => {
  const times = new Array<number>(rows).fill(0);
  for (const { validation } of folds) for (const row of validation) times[row]++;
  return times;
};

describe.each(splitterNames)("%s", (name) => {
  const [options, validated] = promises[name];
  const split = (table: RowsToSplit, more: object = {}): readonly FoldRows[] =>
    createSplitter(name, { ...options, ...more })(table);
  /** A table without what would make the splitter refuse random rows. */
  const fitting = tables.map((table) =>
    name === "timeSeriesSplit" ? { ...table, time: table.groups } : table,
  );

  it("has two parts in each fold that share no row, and validates each row as often as scikit-learn", () => {
    fc.assert(
      fc.property(tables, (table) => {
        const { time: _, ...rest } = table;
        const folds = split(rest);
        for (const { train, validation } of folds) {
          expect(Math.min(train.length, validation.length)).toBeGreaterThan(0);
          expect(new Set([...train, ...validation]).size).toBe(train.length + validation.length);
          expect([...train, ...validation].every((row) => row >= 0 && row < table.rows)).toBe(true);
          if (name !== "timeSeriesSplit") expect(train.length + validation.length).toBe(table.rows);
        }
        const times = validated(table);
        if (times !== undefined) expect(counts(folds, table.rows)).toEqual(new Array(table.rows).fill(times));
      }),
      { numRuns: cases(20) },
    );
  });

  it("gives row ids in ascending order, also of rows in the order of time, unless it draws them", () => {
    fc.assert(
      fc.property(fitting, (table) => {
        for (const part of split(table).flatMap(({ train, validation }) => [train, validation]))
          if (!/^shuffle|^stratifiedShuffle/.test(name))
            expect([...part]).toEqual([...part].sort((a, b) => a - b));
      }),
      { numRuns: cases(10) },
    );
  });

  it("depends on the seed alone: its own, or else that of the rows", () => {
    const draws = "seed" in (createSplitter(name).options ?? {}) || !/^leave|^time/.test(name);
    fc.assert(
      fc.property(fitting, seeds, ({ time: _, ...table }, seed) => {
        expect(split(table)).toEqual(split(table));
        if (!draws) return;
        expect(split(table, { seed })).toEqual(split({ ...table, seed }));
        expect(split({ ...table, seed: 7 }, { seed })).toEqual(split({ ...table, seed: 8 }, { seed }));
      }),
      { numRuns: cases(10) },
    );
    if (!draws) return;
    const table = {
      rows: 60,
      labels: Array.from({ length: 60 }, (_, i) => i % 2),
      groups: Array.from({ length: 60 }, (_, i) => i),
    };
    expect(split({ ...table, seed: 1 })).not.toEqual(split({ ...table, seed: 2 }));
  });
});

describe("groups", () => {
  it.each(splitterNames.filter((name) => /group/i.test(name)))("%s has none on both sides", (name) => {
    fc.assert(
      fc.property(tables, (table) => {
        for (const { train, validation } of createSplitter(name, promises[name][0])(table)) {
          const held = new Set(Array.from(validation, (row) => table.groups[row]));
          expect([...train].some((row) => held.has(table.groups[row]))).toBe(false);
        }
      }),
      { numRuns: cases(50) },
    );
  });
});

describe("classes", () => {
  it.each(["stratifiedKFold", "repeatedStratifiedKFold", "stratifiedShuffleSplit"])(
    "%s has each within one row of its share",
    (name) => {
      fc.assert(
        fc.property(tables, fc.boolean(), ({ rows, labels, seed }, shuffle) => {
          const options = { ...promises[name][0], ...(name === "stratifiedKFold" && { shuffle }) };
          for (const { validation } of createSplitter(name, options)({ rows, labels, seed })) {
            for (const label of new Set(labels)) {
              const all = labels.filter((other) => other === label).length;
              const held = [...validation].filter((row) => labels[row] === label).length;
              // the size of the part itself may be off by one row, of which a class has less than one
              const share =
                name === "stratifiedShuffleSplit"
                  ? validation.length / rows
                  : 1 / (name === "stratifiedKFold" ? 3 : 2);
              expect(Math.abs(held - share * all)).toBeLessThan(1);
            }
          }
        }),
        { numRuns: cases(40) },
      );
    },
  );

  it("are nearer to their shares with stratifiedGroupKFold than groups alone are, over many draws", () => {
    let [stratified, plain] = [0, 0];
    const unevenness = (folds: readonly FoldRows[], labels: readonly number[]) => {
      const ones = folds.map(({ validation }) => [...validation].filter((row) => labels[row] === 1).length);
      return Math.max(...ones) - Math.min(...ones);
    };
    fc.assert(
      fc.property(fc.array(fc.nat(1), { minLength: 120, maxLength: 120 }), seeds, (draw, seed) => {
        fc.pre(new Set(draw).size === 2);
        const groups = draw.map((_, i) => Math.floor(i / 6));
        // groups lean to one class
        const labels = draw.map((bit, i) => (groups[i] % 4 === 0 ? 1 : bit === 1 && i % 6 === 0 ? 1 : 0));
        const table = { rows: 120, labels, groups, seed };
        stratified += unevenness(
          createSplitter("stratifiedGroupKFold", { folds: 4 })(table) as FoldRows[],
          labels,
        );
        plain += unevenness(createSplitter("groupKFold", { folds: 4 })(table) as FoldRows[], labels);
      }),
      { numRuns: cases(50) },
    );
    expect(stratified).toBeLessThan(plain);
  });
});

describe("repetitions", () => {
  it.each([
    ["repeatedKFold", "kFold"],
    ["repeatedStratifiedKFold", "stratifiedKFold"],
  ])("%s begins with the folds of %s, and each repetition differs", (name, once) => {
    const table = { rows: 60, labels: Array.from({ length: 60 }, (_, i) => i % 3), seed: 5 };
    const folds = createSplitter(name, { folds: 4, repeats: 3 })(table);
    const parts = [0, 1, 2].map((repeat) => folds.slice(4 * repeat, 4 * repeat + 4));
    expect(parts[0]).toEqual(createSplitter(once, { folds: 4 })(table));
    expect(parts[1]).not.toEqual(parts[0]);
    expect(parts[2]).not.toEqual(parts[0]);
    expect(parts[2]).not.toEqual(parts[1]);
  });

  it.each(["shuffleSplit", "stratifiedShuffleSplit", "groupShuffleSplit"])(
    "%s draws every fold anew",
    (name) => {
      const rows = 60;
      const table = {
        rows,
        labels: Array.from({ length: rows }, (_, i) => i % 2),
        groups: [...Array(rows).keys()],
      };
      const parts = createSplitter(name, { folds: 8, seed: 1 })(table).map(({ validation }) =>
        [...validation].sort().join(),
      );
      expect(new Set(parts).size).toBe(8);
    },
  );

  it.each(["shuffleSplit", "stratifiedShuffleSplit", "groupShuffleSplit"])(
    "%s trains on as many as trainSize says, and validates the same rows",
    (name) => {
      fc.assert(
        fc.property(
          tables,
          fc.integer({ min: 3, max: 6 }),
          fc.integer({ min: 3, max: 5 }),
          (table, size, kept) => {
            const isGrouped = name === "groupShuffleSplit";
            const options = { folds: 3, validationSize: isGrouped ? 2 : size };
            const all = createSplitter(name, options)(table);
            const some = createSplitter(name, { ...options, trainSize: kept })(table);
            const groupOf = (row: number): number => (isGrouped ? table.groups[row] : row);
            for (const [i, { train, validation }] of some.entries()) {
              expect(validation).toEqual(all[i].validation);
              // all rows of a group, or none
              const groups = new Set(Array.from(train, groupOf));
              expect([...train].sort()).toEqual(
                [...all[i].train.filter((row) => groups.has(groupOf(row)))].sort(),
              );
              expect(groups.size).toBe(kept);
            }
            if (name !== "stratifiedShuffleSplit") return;
            for (const { train } of some)
              for (const label of new Set(table.labels)) {
                const share = table.labels.filter((other) => other === label).length / table.rows;
                const count = train.filter((row) => table.labels[row] === label).length;
                // in proportion to within a row, of rows that are so
                expect(Math.abs(count - share * kept)).toBeLessThan(2);
              }
          },
        ),
      );
    },
  );

  it("one fold of a shuffle split is trainTestSplit", () => {
    const [{ train, validation }] = createSplitter("shuffleSplit", { folds: 1, validationSize: 0.25 })({
      rows: 50,
      seed: 3,
    });
    const once = trainTestSplit(50, { testSize: 0.25, seed: 3 });
    expect([train, validation]).toEqual([once.train, once.test]);
  });
});

describe("time", () => {
  const orders = fc.record({
    time: fc.array(fc.double({ noNaN: true, min: -5, max: 5 }), { minLength: 12, maxLength: 40 }),
    folds: fc.integer({ min: 2, max: 4 }),
    gap: fc.nat(2),
    maxTrainSize: fc.integer({ min: 1, max: 40 }),
  });
  /** The ids by time, equal times by id. */
  const ordered = (time: readonly number[]) =>
    time.map((_, i) => i).sort((a, b) => time[a] - time[b] || a - b);

  it("no fold trains on rows that are not before all that it validates", () => {
    fc.assert(
      fc.property(orders, fc.boolean(), ({ time: given, ...options }, ties) => {
        const time = ties ? given.map((value) => Math.round(2 * value)) : given;
        let folds: readonly FoldRows[];
        try {
          folds = timeSeriesSplit({ rows: time.length, time }, options);
        } catch (error) {
          expect((error as Error).message).toMatch(
            /^fold \d must train on rows before the first that it validates/,
          );
          return;
        }
        const places = ordered(time);
        const last = places.slice(places.length - options.folds * folds[0].validation.length);
        expect(
          folds.flatMap(({ validation }) =>
            [...validation].sort((a, b) => places.indexOf(a) - places.indexOf(b)),
          ),
        ).toEqual(last);
        for (const { train, validation } of folds) {
          const latest = Math.max(...Array.from(train, (row) => time[row]));
          const first = Math.min(...Array.from(validation, (row) => time[row]));
          expect(latest).toBeLessThan(first);
          expect(train.length).toBeLessThanOrEqual(options.maxTrainSize);
          // the gap, in rows
          const between = places.indexOf(
            validation.reduce((a, b) => (places.indexOf(a) < places.indexOf(b) ? a : b)),
          );
          expect(between - Math.max(...Array.from(train, (row) => places.indexOf(row)))).toBeGreaterThan(
            options.gap,
          );
        }
      }),
      { numRuns: cases(200) },
    );
  });

  it("a part held out has the last rows, and all of the time at which it begins", () => {
    fc.assert(
      fc.property(orders, fc.double({ min: 0.05, max: 0.6, noNaN: true }), ({ time: given }, share) => {
        const time = given.map((value) => Math.round(3 * value));
        const sorted = ordered(time);
        const begin = time[sorted[time.length - Math.ceil(share * time.length)]];
        fc.pre(begin !== Math.min(...time));
        const { train, validation } = timeSplit(time, share);
        expect([...train]).toEqual(time.flatMap((value, i) => (value < begin ? [i] : [])));
        expect([...validation]).toEqual(time.flatMap((value, i) => (value >= begin ? [i] : [])));
      }),
      { numRuns: cases(100) },
    );
  });

  // times, gap, and how many rows are trained on before the last two, which are validated
  it.each([
    ["without ties", [0, 1, 2, 3, 4, 5, 6, 7], 2, 4],
    ["smaller than the ties", [0, 0, 1, 1, 2, 2, 2, 3], 1, 4],
    ["as large as the ties", [0, 0, 1, 1, 2, 2, 2, 3], 2, 4],
    ["that reaches beyond the ties", [0, 0, 1, 1, 2, 2, 2, 3], 3, 3],
  ])("a gap %s leaves out as many rows as it says, the tied ones among them", (_, time, gap, trained) => {
    const folds = timeSeriesSplit({ rows: 8, time }, { folds: 2, gap, validationSize: 2 });
    expect([...folds[1].train]).toEqual([0, 1, 2, 3].slice(0, trained));
  });

  it.each([
    [11, 0.2, 3],
    [7, 0.5, 4],
    [100, 0.07, 8],
    [12, 0.1, 2],
    [10, 0.2, 2],
  ])("of %i rows, a share of %d holds out the last %i, as of rows without a time", (rows, share, held) => {
    const { validation } = timeSplit(
      Array.from({ length: rows }, (_, row) => row),
      share,
    );
    expect([...validation]).toEqual(Array.from({ length: held }, (_, i) => rows - held + i));
    expect(trainTestSplit(rows, { testSize: share }).test.length).toBe(held);
  });
});
