/** Curves over seeds, and what is drawn of a plane, against the runs that they are made of. */
import { beforeAll, describe, expect, it } from "vitest";
import { analyzeBenchmark } from "../../src/benchmark/analysis.js";
import { contestant } from "../../src/benchmark/contestant.js";
import { learningCurves } from "../../src/benchmark/curves.js";
import { landscapeOf, pathsOf, scenesOf } from "../../src/benchmark/landscape.js";
import { type BenchmarkResult, runBenchmark } from "../../src/benchmark/runBenchmark.js";
import { adam } from "../../src/optim/adam.js";
import { sgd } from "../../src/optim/sgd.js";
import { bowl } from "./support.js";

const plane = { x: [-1, 3], y: [0, 4], minima: [[0, 0]] } as const;
const drawn = { ...bowl, plane };
const optimizers = [contestant("sgd", sgd), contestant("adam", adam)];

describe("what there is to draw", () => {
  let result: BenchmarkResult;
  beforeAll(async () => {
    const sizes = { seeds: 3, trials: 2, rates: 2, jobs: 1 };
    result = await runBenchmark({
      problems: [drawn, { ...bowl, name: "flat" }],
      optimizers,
      ...sizes,
    });
  });

  it("has curves whose points are the quartiles of the measured scores", async () => {
    const { setup, runs } = result;
    const curves = learningCurves(setup, runs);
    const { default: defaults, tuned } = await analyzeBenchmark(result);
    expect(
      curves.map(({ phase, problem, optimizer }) => `${phase} ${problem} ${optimizer}`).slice(0, 5),
    ).toEqual([
      ...["default bowl sgd", "default bowl adam", "default flat sgd", "default flat adam"],
      "tuned bowl sgd",
    ]);
    const ends = curves.map(({ points }) => points.at(-1));
    const finals = [...defaults.cells, ...tuned.cells].map(({ final }) => ({ step: 20, ...final }));
    expect(ends).toEqual(finals);
    // 2.5 (1 − 0.01)²ᵗ from every seed
    const { points } = curves[0];
    expect(points.map(({ step }) => step)).toEqual([0, 5, 10, 15, 20]);
    points.forEach(({ step, median }) => {
      expect(Math.abs((median as number) / (2.5 * 0.99 ** (2 * step)) - 1)).toBeLessThan(1e-5);
    });
  });

  it("has null where a run has diverged", () => {
    const { setup, runs } = result;
    const cut = runs.map((run) =>
      run.phase === "default" && run.index === 1 && run.optimizer === "sgd"
        ? { ...run, curve: run.curve?.slice(0, 2) }
        : run,
    ) as typeof runs;
    const { points } = learningCurves(setup, cut)[0];
    expect(points.map(({ upper }) => upper === null)).toEqual([false, false, true, true, true]);
    expect(points.every(({ median }) => median !== null)).toBe(true);
  });

  it("has the heights of the plane, row by row from below", () => {
    const { columns, rows, heights } = landscapeOf(drawn, 5);
    expect([columns, rows]).toEqual([5, 5]);
    // ½ |w|², exact in float32
    const expected = [0, 1, 2, 3, 4].flatMap((y) => [-1, 0, 1, 2, 3].map((x) => (x * x + y * y) / 2));
    expect(heights).toEqual(expected);
    expect(() => landscapeOf(bowl, 5)).toThrow(/no plane/);
  });

  it("has the paths of the first seed, after each step, to the ends of the runs", () => {
    const paths = pathsOf(drawn, optimizers, result.runs);
    expect(paths.map(({ phase, optimizer }) => `${phase} ${optimizer}`)).toEqual([
      ...["default sgd", "default adam", "tuned sgd", "tuned adam"],
    ]);
    for (const { phase, optimizer, points } of paths) {
      const run = result.runs.find(
        (one) =>
          one.problem === "bowl" && one.phase === phase && one.optimizer === optimizer && one.index === 0,
      );
      expect(points).toHaveLength(21);
      const [x, y] = points[20];
      // the record has six digits
      expect(Math.abs((x * x + y * y) / 2 / (run?.final as number) - 1)).toBeLessThan(5.2e-6);
      expect(points[0]).toEqual([1, 2]);
    }
    // w ← 0.99 w
    expect(paths[0].points[1]).toEqual([Math.fround(0.99), Math.fround(1.98)]);
  });

  it("is of problems with a plane alone", () => {
    const scenes = scenesOf([drawn, { ...bowl, name: "flat" }], optimizers, result.runs);
    expect([...scenes.keys()]).toEqual(["bowl"]);
    expect(scenes.get("bowl")?.landscape.heights).toHaveLength(121 * 121);
  });
});
