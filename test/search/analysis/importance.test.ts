/** Importances and marginals: against the analysis of variance of the function itself, and against Optuna. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../src/numerics/random.js";
import { growForest } from "../../../src/search/analysis/forest.js";
import { bestSoFar, importances, marginals } from "../../../src/search/analysis/importance.js";
import { choice, float, int } from "../../../src/search/space/builders.js";
import { fromUnit } from "../../../src/search/space/scale.js";
import type { Params, Space } from "../../../src/search/space/space.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { createStudy } from "../../../src/search/study/create.js";
import { makeRecord, type TrialOutcome, type TrialRecord } from "../../../src/search/trial/trial.js";
import { cases } from "../../cases.js";
import { caught } from "../support.js";

/**
 * Every point of a finite space `times` times. The chance that a tree's sample lacks one of `points` points
 * is below points · e^-times, so at 60 times every tree has all of them, fits the function exactly, and
 * importances are those of the function but for rounding.
 */
function everyPoint(space: Space, value: (params: Params) => number, times = 60): TrialRecord[] {
  const strategy = grid();
  const { size } = strategy;
  const study = createStudy({ space, strategy, direction: "minimize" });
  const points = Array.from({ length: size(space) }, () => study.ask()?.params as Params);
  return Array.from({ length: times }, () => points)
    .flat()
    .map((params, number) => makeRecord({ number, params }, { value: value(params) }));
}

async function randomTrials(space: Space, value: (params: Params) => number, trials: number) {
  const study = createStudy({ space, strategy: random(), direction: "minimize", seed: 5 });
  await study.optimize(value, { trials });
  return study.trials;
}

const few = { trees: 8 };
const EXACT = 12;

describe("importances", () => {
  it("of 4a + b are 16/17 and 1/17", () => {
    const space = { b: int(0, 4), a: int(0, 4) };
    const value = ({ a, b }: Params) => 4 * (a as number) + (b as number);
    const { main, pairs } = importances(everyPoint(space, value), space, { ...few, pairs: true });
    expect(Object.keys(main)).toEqual(["a", "b"]); // the most important first
    expect(main.a).toBeCloseTo(16 / 17, EXACT);
    expect(main.b).toBeCloseTo(1 / 17, EXACT);
    expect(pairs.map(({ parameters }) => parameters)).toEqual([["b", "a"]]);
    expect(pairs[0].share).toBeCloseTo(0, EXACT);
  });

  it("of a pure interaction belong to the pair, and a parameter without effect has none", () => {
    const space = { a: choice(["x", "y"]), idle: int(1, 5), b: int(0, 1) };
    const value = ({ a, b }: Params) => Number((a === "x") === (b === 1));
    const { main, pairs } = importances(everyPoint(space, value), space, { ...few, pairs: true });
    for (const share of Object.values(main)) expect(share).toBeCloseTo(0, EXACT);
    expect(pairs[0].parameters).toEqual(["a", "b"]);
    expect(pairs[0].share).toBeCloseTo(1, EXACT);
    for (const { share } of pairs.slice(1)) expect(share).toBeCloseTo(0, EXACT);
  });

  it("are those of the function, for any function on a grid", () => {
    const space = { a: int(1, 3), b: choice(["p", "q", "r"]), c: float(0, 1, { step: 0.5 }) };
    const levels = [
      [1, 2, 3],
      ["p", "q", "r"],
      [0, 0.5, 1],
    ];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 27, maxLength: 27 }), (table) => {
        const at = (k: readonly number[]) => table[9 * k[0] + 3 * k[1] + k[2]];
        const value = ({ a, b, c }: Params) =>
          at([a, b, c].map((v, j) => (levels[j] as unknown[]).indexOf(v)));
        const { main, pairs } = importances(everyPoint(space, value), space, { trees: 2, pairs: true });
        const every = [0, 1, 2];
        const cells = every.flatMap((i) => every.flatMap((j) => every.map((k) => [i, j, k])));
        const mean = (of: readonly number[][]) => of.reduce((sum, k) => sum + at(k), 0) / of.length;
        const total = mean(cells);
        const spread = (means: readonly number[]) =>
          means.reduce((sum, m) => sum + (m - total) ** 2, 0) / means.length;
        const variance = spread(cells.map(at));
        const alone = every.map((j) => spread(every.map((v) => mean(cells.filter((k) => k[j] === v)))));
        const both = (i: number, j: number) =>
          spread(every.flatMap((v) => every.map((w) => mean(cells.filter((k) => k[i] === v && k[j] === w)))));
        ["a", "b", "c"].forEach((name, j) => {
          expect(main[name]).toBeCloseTo(variance && alone[j] / variance, 10);
        });
        for (const { parameters, share } of pairs) {
          const [i, j] = parameters.map((name) => ["a", "b", "c"].indexOf(name));
          expect(share).toBeCloseTo(variance && (both(i, j) - alone[i] - alone[j]) / variance, 10);
        }
      }),
      { numRuns: cases(10) },
    );
  });

  it("weigh the values of a log int by how likely they are", () => {
    const space = { n: int(1, 6, { log: true }), b: int(0, 1) };
    const step = (n: number) => Number(n > 2);
    const { main } = importances(
      everyPoint(space, ({ n, b }) => step(n as number) + (b as number)),
      space,
      few,
    );
    // P(n > 2), by its definition: a uniform draw on the unit interval, in cells of 1e-5
    const cells = 1e5;
    let p = 0;
    for (let i = 0; i < cells; i++) p += step(fromUnit(space.n, (i + 0.5) / cells) as number) / cells;
    expect(p).toBeLessThan(0.4); // where it would be 4/6 if each were as likely
    const variance = p * (1 - p); // of the step; that of b is 1/4
    expect(Math.abs(main.n - variance / (variance + 1 / 4))).toBeLessThan(4 / cells);
  });

  it("of a parameter under a condition count as far as it applies", () => {
    const space = { kind: choice(["off", "on"]), x: int(0, 3, { when: { kind: ["on"] } }) };
    const trials = everyPoint(space, ({ kind, x }) => (kind === "on" ? (x as number) : 1.5), 120);
    const { main, pairs } = importances(trials, space, { ...few, pairs: true });
    // the mean of x is that of "off", so kind does nothing by itself; x moves the mean by half of what it
    // moves where it applies, a variance of (5/4)/4 of (5/4)/2 in all; the other half is in the pair
    expect(main.kind).toBeCloseTo(0, EXACT);
    expect(main.x).toBeCloseTo(1 / 2, EXACT);
    expect(pairs[0].share).toBeCloseTo(1 / 2, EXACT);
  });

  it("come from complete trials alone", () => {
    const space = { a: int(0, 4), b: int(0, 4) };
    const trials = everyPoint(space, ({ a }) => a as number, 20);
    const number = trials.length;
    const others = (
      [{ status: "failed" }, { status: "diverged" }, { status: "pruned", value: 1e6 }] as TrialOutcome[]
    ).map((outcome) => makeRecord({ number, params: { a: 0, b: 4 } }, outcome));
    expect(importances([...others, ...trials], space, few)).toEqual(importances(trials, space, few));
  });

  it("have the same bits for the same seed and others for another", async () => {
    const space = { a: float(0, 1), b: choice([1, 2]) };
    const trials = await randomTrials(space, ({ a, b }) => (a as number) * (b as number), 30);
    const first = importances(trials, space, { ...few, seed: 1, pairs: true });
    expect(importances(trials, space, { ...few, seed: 1, pairs: true })).toEqual(first);
    expect(importances(trials, space, { ...few, seed: 2, pairs: true })).not.toEqual(first);
  });

  it("are all 0 where values do not differ", () => {
    const space = { a: int(0, 1), b: int(0, 1) };
    expect(
      importances(
        everyPoint(space, () => 7, 2),
        space,
      ).main,
    ).toEqual({ a: 0, b: 0 });
  });

  it("rank parameters as Optuna does, and are nearer to the truth", async () => {
    const { trials, importances: theirs } = JSON.parse(
      readFileSync(new URL("./fixtures/fanova-optuna.json", import.meta.url), "utf8"),
    ) as { trials: [Params, number][]; importances: Record<string, number> };
    const records = trials.map(([params, value], number) => makeRecord({ number, params }, { value }));
    const { main } = importances(records, optunaSpace);
    expect(Object.keys(main)).toEqual(Object.keys(theirs));
    // Variances by arithmetic: of w² over (-2, 2), of 0.4 times (2, 7), of three values, of 0.05 times 1, 2,
    // 3.
    const truth = {
      rate: 16 / 5 - 16 / 9,
      units: (0.16 * 25) / 12,
      kind: 0.58 / 3 - 1 / 9,
      layers: 0.0025 * (2 / 3),
    };
    const total = Object.values(truth).reduce((sum, variance) => sum + variance, 0);
    const off = (found: Record<string, number>) =>
      Object.entries(truth).reduce(
        (sum, [name, variance]) => sum + Math.abs(found[name] - variance / total),
        0,
      );
    expect(off(main)).toBeLessThan(off(theirs));
  });

  it("refuse invalid trials, spaces and options", () => {
    const space = { a: int(0, 1) };
    const trials = everyPoint(space, ({ a }) => a as number, 1);
    const refusals: [() => unknown, RegExp][] = [
      [
        () => importances(trials.slice(1), space),
        /complete trials among 1 must be at least 2, to fit a forest; received 1/,
      ],
      [() => importances(trials, { a: int(1, 2) }), /"a" must be an integer from 1 to 2; received 0/],
      [
        () => importances(trials, { a: int(0, 1), b: int(0, 1) }),
        /"b" must be an integer from 0 to 1; received undefined/,
      ],
      [() => importances(trials, space, { trees: 0 }), /trees must be a positive integer; received 0/],
      [() => importances(trials, space, { minSamplesLeaf: 1.5 }), /minSamplesLeaf.*1\.5/],
      [() => importances(trials, space, { seed: -1 }), /-1/],
      [() => importances(trials, space, { tree: 3 } as object), /unknown option of importances "tree"/],
      [() => importances(trials, {}), /at least one parameter/],
      [() => marginals(trials, space, "b"), /unknown parameter "b"/],
      [
        () => marginals(trials, space, "a", { points: 1 }),
        /points of marginals must be an integer of at least 2; received 1/,
      ],
    ];
    for (const [run, message] of refusals) expect(caught(run).message).toMatch(message);
  });
});

const optunaSpace = {
  rate: float(1e-4, 1, { log: true }),
  units: int(4, 128, { log: true }),
  kind: choice(["sgd", "adam", "rms"]),
  layers: int(1, 3),
};

describe("marginals", () => {
  it("are means of the function over the other parameters, in the values' own units", () => {
    const space = { a: int(10, 12), b: choice(["x", "y"]) };
    const value = ({ a, b }: Params) => (a as number) ** 2 * (b === "x" ? 1 : 3);
    const trials = everyPoint(space, value);
    expect(rounded(marginals(trials, space, "a", few))).toEqual([
      [10, 200, 0],
      [11, 242, 0],
      [12, 288, 0],
    ]);
    const squares = (100 + 121 + 144) / 3;
    const [x, y] = marginals(trials, space, "b", few);
    expect([x.value, y.value]).toEqual(["x", "y"]);
    expect(x.mean).toBeCloseTo(squares, 9);
    expect(y.mean).toBeCloseTo(3 * squares, 9);
  });

  it("of a parameter under conditions are taken where it applies", () => {
    const space = {
      depth: int(1, 4),
      rate: float(0, 1, { step: 0.25 }),
      kind: choice(["off", "on"], { when: { depth: { low: 2, high: 3 }, rate: [0.25, 1] } }),
      x: int(0, 2, { when: { kind: ["on"] } }),
    };
    const value = ({ depth, rate, x = 0 }: Params) =>
      100 * (depth as number) + 10 * (rate as number) + (x as number);
    const trials = everyPoint(space, value, 100);
    // depth is 2 or 3, rate 0.25 or 1, each as likely
    expect(rounded(marginals(trials, space, "x", few))).toEqual([0, 1, 2].map((x) => [x, 250 + 6.25 + x, 0]));
    expect(rounded(marginals(trials, space, "depth", few)).map(([v]) => v)).toEqual([1, 2, 3, 4]);
  });

  it("keep bounds of a condition that are between two values", () => {
    const space = { n: int(0, 3), x: int(0, 1, { when: { n: { low: 0.5, high: 1.5 } } }) };
    const trials = everyPoint(space, ({ n, x = 0 }) => 100 * (n as number) + (x as number));
    expect(rounded(marginals(trials, space, "x", few))).toEqual([
      [0, 100, 0],
      [1, 101, 0],
    ]);
  });

  it.each<[string, { low?: number; high?: number }, number]>([
    ["from", { low: 0.85 }, 10],
    ["to", { high: 0.15 }, 1000],
    ["within", { low: 0.82, high: 0.9 }, 10],
  ])("of a parameter under a condition on a quantity are taken %s its bounds", (_, bounds, expected) => {
    const space = { a: float(0, 1), x: int(0, 1, { when: { a: bounds } }) };
    const { low = 0, high = 1 } = bounds;
    // wherever between 0.3 and 0.8 the trees divide
    const trials = [0.1, 0.12, 0.2, 0.3, 0.8, 0.86, 0.88, 1].flatMap((a, i) =>
      [0, 1].map((x, j) => {
        const params = low <= a && a <= high ? { a, x } : { a };
        return makeRecord({ number: 2 * i + j, params }, { value: a < 0.5 ? 1000 : 10 });
      }),
    );
    const everyTree = { trees: 4, minSamplesLeaf: 1 };
    for (const { mean } of marginals(Array.from({ length: 40 }, () => trials).flat(), space, "x", everyTree))
      expect(mean).toBeCloseTo(expected, 9);
  });

  it("take parameters whole where a condition leaves nothing of them that could be measured", () => {
    const trials = [0.25, 0.75].map((a, number) =>
      makeRecord({ number, params: { a, kind: "off" } }, { value: 7 }),
    );
    const space = {
      a: float(0, 1),
      kind: choice(["off", "on"]),
      atOnePoint: int(0, 1, { when: { a: { low: 0.5, high: 0.5 } } }),
      on: int(0, 1, { when: { kind: ["on"] } }),
      never: int(0, 1, { when: { kind: ["off"], on: [1] } }),
    };
    for (const name of ["atOnePoint", "never"]) {
      expect(rounded(marginals(trials, space, name, few))).toEqual([
        [0, 7, 0],
        [1, 7, 0],
      ]);
    }
  });

  it("tell how far the trees differ", () => {
    const space = { a: int(0, 1) };
    const trials = [0, 1, 5].map((value, number) => makeRecord({ number, params: { a: 0 } }, { value }));
    const [at0, at1] = marginals(trials, space, "a");
    expect(at0.std).toBeGreaterThan(0.5); // means of three numbers drawn from 0, 1, 5: deviation √(14/9) = 1.25
    expect(at0.std).toBeLessThan(2);
    expect(at1).toEqual({ ...at0, value: 1 });
  });

  it.each([2, 7, 64])("are the mean and the deviation of %d trees, tree by tree", (trees) => {
    const space = { a: choice(["p", "q", "r"]), b: choice([1, 2, 3, 4]), c: choice([true, false]) };
    const study = createStudy({ space, strategy: random(), direction: "minimize", seed: trees });
    const stream = new RandomStream(trees);
    for (let i = 0; i < 15; i++) {
      study.ask();
      study.tell(i, { value: stream.normal() });
    }
    const options = { trees, seed: 9, minSamplesLeaf: 2 };
    // the same trees: each is grown from a fork of one stream, over the places of choices
    const counts = [3, 4, 2];
    const columns = Object.values(space).map(({ values }, k) =>
      Float64Array.from(study.trials, ({ params }) =>
        (values as readonly unknown[]).indexOf(Object.values(params)[k]),
      ),
    );
    const values = Float64Array.from(study.trials, ({ value }) => value as number);
    const forest = growForest(
      counts.map((categories) => ({ categories })),
      () => columns,
      values,
      trees,
      {
        minSamplesLeaf: 2,
        random: new RandomStream(9, 0x666f),
      },
    );
    const mean = (list: readonly number[]) => list.reduce((sum, x) => sum + x, 0) / list.length;
    Object.keys(space).forEach((name, k) => {
      const found = marginals(study.trials, space, name, options);
      expect(found).toHaveLength(counts[k]);
      found.forEach((at, place) => {
        const means = forest.map((tree) => {
          const predicted: number[] = [];
          for (let a = 0; a < 3; a++)
            for (let b = 0; b < 4; b++)
              for (let c = 0; c < 2; c++) if ([a, b, c][k] === place) predicted.push(tree.predict([a, b, c]));
          return mean(predicted);
        });
        expect(at.mean).toBeCloseTo(mean(means), 12);
        expect(at.std).toBeCloseTo(Math.sqrt(mean(means.map((x) => (x - mean(means)) ** 2))), 12);
      });
    });
  });

  it("take points evenly on the parameter's scale, each value once", async () => {
    const space = { rate: float(1e-4, 1, { log: true }), n: int(1, 50, { log: true }) };
    const trials = await randomTrials(space, ({ rate }) => Math.log10(rate as number), 60);
    const rates = marginals(trials, space, "rate", { ...few, points: 5 });
    rates.forEach(({ value, mean, std }, i) => {
      expect(Math.abs((value as number) / 10 ** (i - 4) - 1)).toBeLessThan(1e-12);
      expect(Math.abs(mean - (i - 4))).toBeLessThan(0.5); // a gap between 60 trials is 4/60 on average
      expect(std).toBeGreaterThan(0);
    });
    const ns = marginals(trials, space, "n", { ...few, points: 20 }).map(({ value }) => value as number);
    expect([ns[0], ns.at(-1)]).toEqual([1, 50]);
    expect(ns).toEqual([...new Set(ns)].sort((a, b) => a - b));
    const all = marginals(trials, space, "n", { ...few, points: 50 }).map(({ value }) => value);
    expect(all).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });

  const rounded = (list: ReturnType<typeof marginals>) =>
    list.map(({ value, mean, std }) => [value, Number(mean.toFixed(9)), Number(std.toFixed(9))]);
});

describe("the best so far", () => {
  const outcomes: TrialOutcome[] = [
    { status: "failed" },
    { value: 2 },
    { value: 1, status: "pruned" },
    { value: 3 },
    { value: Number.NaN },
    { value: 1.5 },
  ];
  const trials = outcomes.map((outcome, number) => makeRecord({ number, params: {} }, outcome));

  it("is the best value of complete trials, by number", () => {
    const shuffled = [3, 0, 5, 1, 4, 2].map((i) => trials[i]);
    expect(bestSoFar(shuffled, "minimize")).toEqual([
      { number: 0, value: null, best: null },
      { number: 1, value: 2, best: 2 },
      { number: 2, value: 1, best: 2 },
      { number: 3, value: 3, best: 2 },
      { number: 4, value: null, best: 2 },
      { number: 5, value: 1.5, best: 1.5 },
    ]);
    expect(bestSoFar(trials, "maximize").map(({ best }) => best)).toEqual([null, 2, 2, 3, 3, 3]);
    expect(bestSoFar([], "maximize")).toEqual([]);
  });
});
