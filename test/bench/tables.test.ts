/** The benchmark of tables: its list, its divisions, its scores and its statistics. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { scoresOf } from "../../bench/tables/score.js";
import { divide } from "../../bench/tables/split.js";
import { compare, wilcoxonTest } from "../../bench/tables/statistics.js";
import { selectTables, tables } from "../../bench/tables/tables.js";

test("tables for claims are at least 20, and none is for choosing", () => {
  const named = (set: string) => selectTables(set, undefined).map(({ name }) => name);
  expect(named("claims").length).toBeGreaterThanOrEqual(20);
  expect(new Set([...named("claims"), ...named("choosing")]).size).toBe(tables.length);
  const objects = tables.map((table) => `${table.package} ${table.object}`);
  expect(new Set(objects).size).toBe(tables.length);
  expect(() => selectTables("claims", ["Sonar"])).toThrow("is of the set for choosing");
});

test("no table by which the pages say that defaults were chosen is kept for claims", () => {
  const page = readFileSync(new URL("../../docs/tuning.md", import.meta.url), "utf8").replace(/\s+/g, " ");
  const lists = [...page.matchAll(/(?:chosen on|16 random points)[^:]*: ([^.]*) for regression/g)];
  const used = lists.flatMap(([, list]) => list.replace(" for classification;", ",").split(/,| and /));
  expect(used.length).toBe(17 + 15);
  const plain = (name: string) => name.toLowerCase().replace(/[^a-z]/g, "");
  const claims = selectTables("claims", undefined).map(({ name }) => plain(name));
  expect(used.filter((name) => claims.some((claim) => claim.startsWith(plain(name))))).toEqual([]);
});

test("a division has each row once, a quarter of each class for the test, and depends on the seed", () => {
  const rows = Array.from({ length: 60 }, (_, i) => `${i},${i < 20 ? "a" : "b"}`);
  const text = `x,y\n${rows.join("\n")}\n`;
  const parts = (seed: number) => {
    const { train, test } = divide(text, { target: "y", task: "classification" }, seed);
    return [train, test].map((part) => part.trimEnd().split("\n").slice(1));
  };
  const [train, held] = parts(0);
  expect([...train, ...held].sort()).toEqual([...rows].sort());
  expect(held.filter((row) => row.endsWith("a")).length).toBe(5);
  expect(held.filter((row) => row.endsWith("b")).length).toBe(10);
  expect(parts(0)).toEqual([train, held]);
  expect(parts(1)).not.toEqual([train, held]);
});

test("scores are those of their definitions", () => {
  const probabilities = [
    [0.8, 0.2],
    [0.4, 0.6],
    [1, 0],
  ];
  const scores = scoresOf({ classes: ["n", "y"], probabilities }, ["n", "n", "y"]);
  expect(scores).toEqual({
    logLoss: -(Math.log(0.8) + Math.log(0.4) + Math.log(1e-15)) / 3,
    accuracy: 1 / 3,
  });
  expect(scoresOf({ values: [1, 2, 6] }, ["1", "2", "3"])).toEqual({ rmse: Math.sqrt(3), r2: 1 - 9 / 2 });
  expect(() => scoresOf({ values: [1] }, ["1", "2"])).toThrow("there must be 2 predictions");
  expect(() => scoresOf({ classes: ["n"], probabilities: [[1]] }, ["m"])).toThrow("was not learnt");
});

test("Wilcoxon's test counts all signs", () => {
  // of 3 differences, all positive: one of 8 signs on either side
  expect(wilcoxonTest([1, 2, 3])).toBe(2 / 8);
  // the rank 1 is negative: sums of at most 1 are those of no sign and of that one
  expect(wilcoxonTest([-1, 2, 3])).toBe(4 / 8);
  expect(wilcoxonTest([1, -1])).toBe(1);
  expect(wilcoxonTest([0, 0])).toBe(1);
  expect(wilcoxonTest([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toBe(2 / 1024);
});

test("contestants are compared by medians over seeds", () => {
  const losses = Array.from({ length: 6 }, (_, i) => [
    [1 + i, 1 + i, 100],
    [2 + 2 * i, 2 + 2 * i, 0],
  ]);
  const names = ["ours", "other"];
  const table = { tables: losses.map((_, i) => `t${i}`), contestants: names, losses };
  const { meanRanks, pairs } = compare(table, "ours");
  expect(meanRanks.map(({ mean }) => mean)).toEqual([1, 2]);
  expect(pairs).toMatchObject([{ contestant: "other", better: 6, worse: 0, wilcoxonP: 2 / 64 }]);
  expect(pairs[0].ratio).toBeCloseTo(0.5, 14);
  expect(pairs[0].signP).toBeCloseTo(2 / 64, 12);
});

test("a table tells two contestants apart if the interval over its seeds does", () => {
  // intervals of the mean logarithm by scipy.stats 1.17: [-.279, -.041], [-.29, .21] and [.041, .279]
  const of = (logs: readonly number[]) => [logs.map(Math.exp), logs.map(() => 1)];
  const clear = [-0.1, -0.2, -0.15, -0.3, -0.05];
  const losses = [of(clear), of([0.1, -0.2, 0.15, -0.3, 0.05]), of(clear.map((log) => -log))];
  const table = { tables: ["a", "b", "c"], contestants: ["ours", "other"], losses };
  expect(compare(table, "ours").pairs[0].tables).toEqual({ better: 1, level: 1, worse: 1 });
  // of two seeds: [-.39, .89] and [.24, .37]
  const two = {
    tables: ["a", "b"],
    contestants: ["ours", "other"],
    losses: [of([0.3, 0.2]), of([0.3, 0.31])],
  };
  expect(compare(two, "ours").pairs[0].tables).toEqual({ better: 0, level: 1, worse: 1 });
  const one = { ...two, losses: [of([0.3]), of([-0.3])] };
  expect(compare(one, "ours").pairs[0].tables).toEqual({ better: 0, level: 2, worse: 0 });
});
