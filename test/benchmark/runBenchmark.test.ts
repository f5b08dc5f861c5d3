/**
 * Runs: each against a closed form, and all of a benchmark on any number of threads. Threads need `dist/`.
 */
import { describe, expect, it } from "vitest";
import { contestant, samplePoints, standardOptimizers } from "../../src/benchmark/contestant.js";
import { defineProblem } from "../../src/benchmark/problem.js";
import { standardProblems } from "../../src/benchmark/problems/index.js";
import { programsFor } from "../../src/benchmark/programs.js";
import {
  checkSameSetup,
  leastValidation,
  parseLines,
  type RunRecord,
  setupOf,
} from "../../src/benchmark/record.js";
import { doRun, RunWorker } from "../../src/benchmark/run.js";
import { type BenchmarkOptions, ratesTried, runBenchmark } from "../../src/benchmark/runBenchmark.js";
import { createEngine } from "../../src/engine/engine.js";
import { add, constant, mean, mul, neg, randomUniform, square, sub } from "../../src/graph/functions.js";
import { adam } from "../../src/optim/adam.js";
import { defineOptimizer } from "../../src/optim/define.js";
import { optimizers } from "../../src/optim/registry.js";
import { sgd } from "../../src/optim/sgd.js";
import { bowl, texts, untimed } from "./support.js";

const small = standardProblems(texts).filter(({ name }) =>
  ["noisy-quadratic", "linear-iris", "dense-wine"].includes(name),
);
const options: BenchmarkOptions = {
  problems: small.map((problem) => ({ ...problem, steps: 2 * problem.every })),
  optimizers: [contestant("sgd", sgd), contestant("adam", adam)],
  seeds: 2,
  trials: 3,
  rates: 2,
};

describe("a run", () => {
  const job = (learningRate: number) => {
    const made = sgd({ learningRate });
    const programs = programsFor(bowl)(made);
    const hyperparameters = made.hyperparameters;
    return { problem: 0, programs, hyperparameters, seed: 0, steps: 20, every: 5, batchSize: 1 };
  };

  it("measures the score before the first step and after every few", () => {
    const { test, validation, finite, metric } = doRun(createEngine(), {}, job(0.25));
    // ½ |w|² (1 − r)²ᵗ, and each of 20 steps rounds twice
    const expected = [0, 5, 10, 15, 20].map((t) => 2.5 * 0.75 ** (2 * t));
    expect(test).toHaveLength(5);
    test.forEach((score, i) => {
      expect(Math.abs(score / expected[i] - 1)).toBeLessThan(80 * 2 ** -24);
    });
    expect(validation).toEqual(test);
    expect([finite, metric]).toEqual([true, []]);
  });

  it("ends at the first score that is not finite", () => {
    // |1 − r| = 1e15: float32 overflows at the second step
    const { test, finite } = doRun(createEngine(), {}, job(1e15));
    expect(test).toEqual([2.5]);
    expect(finite).toBe(false);
  });

  it("gives its memory back", () => {
    const engine = createEngine();
    doRun(engine, {}, job(0.25));
    expect(engine.bytesInUse).toBe(0);
  });
});

describe("a benchmark", () => {
  it("makes the same runs in the same order on any number of threads", async () => {
    const alone = await runBenchmark({ ...options, jobs: 1 });
    expect(alone.complete).toBe(true);
    expect(alone.runs).toHaveLength(3 * 2 * (2 + 3 + 2 + 2));
    expect(new Set(alone.runs.map(({ final }) => final)).size).toBeGreaterThan(40);
    for (const jobs of [2, 3]) {
      const { runs, setup } = await runBenchmark({ ...options, jobs });
      expect(untimed(runs)).toEqual(untimed(alone.runs));
      expect(setup).toEqual(alone.setup);
    }
  });

  it("begins alike for all optimizers, from a seed, and not from another", async () => {
    const { runs } = await runBenchmark({ ...options, jobs: 1 });
    for (const { name } of small) {
      const starts = runs.filter(({ problem, curve }) => problem === name && curve);
      for (const index of [0, 1]) {
        const scores = starts.filter((run) => run.index === index).map(({ curve }) => curve?.[0]);
        expect(scores).toHaveLength(4);
        expect(new Set(scores).size).toBe(1);
      }
      expect(new Set(starts.map(({ curve }) => curve?.[0])).size).toBe(2);
    }
  });

  it("resumes from earlier runs, and makes only the others", async () => {
    const whole = await runBenchmark({ ...options, jobs: 1 });
    const made: RunRecord[] = [];
    const earlier = whole.runs.filter((_, i) => i % 3 !== 1);
    const { runs, complete } = await runBenchmark({
      ...options,
      jobs: 1,
      earlier,
      onRun: (run) => void made.push(run),
    });
    expect(made).toHaveLength(whole.runs.length - earlier.length);
    expect(complete).toBe(true);
    expect(untimed(runs)).toEqual(untimed(whole.runs));
  });

  it.each<[string, Partial<BenchmarkOptions>]>([
    ["another problem", { problems: options.problems.slice(1) }],
    ["another optimizer", { optimizers: options.optimizers.slice(1) }],
    ["a seed beyond them", { seeds: 1 }],
  ])("counts none of the earlier runs of %s", async (_, fewer) => {
    const { runs: all } = await runBenchmark({ ...options, jobs: 1 });
    const own = await runBenchmark({ ...options, ...fewer, jobs: 1 });
    const counts: number[][] = [];
    // all but the last run of the smaller benchmark
    const last = JSON.stringify(untimed(own.runs).at(-1));
    const earlier = all.filter((run) => JSON.stringify(untimed([run])[0]) !== last);
    const { runs, complete } = await runBenchmark({
      ...options,
      ...fewer,
      jobs: 1,
      earlier,
      onRun: (_run, finished, total) => void counts.push([finished, total]),
    });
    expect(counts).toEqual([[own.runs.length, own.runs.length]]);
    expect(complete).toBe(true);
    expect(untimed(runs)).toEqual(untimed(own.runs));
  });

  it("ends with what a listener rejects with", async () => {
    const onRun = (): void => Promise.reject(new Error("disk full")) as never;
    await expect(runBenchmark({ ...options, jobs: 1, onRun })).rejects.toThrow("disk full");
  });

  it("stops between runs, and resumes later to the same result", async () => {
    const signal = { aborted: false };
    const kept: RunRecord[] = [];
    const stopped = await runBenchmark({
      ...options,
      jobs: 2,
      signal,
      onRun: (run, finished, total) => {
        kept.push(run);
        expect(finished).toBe(kept.length);
        expect(total).toBe(54);
        if (kept.length === 10) signal.aborted = true;
      },
    });
    expect(stopped.complete).toBe(false);
    expect(kept.length).toBeLessThan(54);
    expect(stopped.runs).toHaveLength(kept.length);
    const { runs } = await runBenchmark({ ...options, jobs: 2, earlier: kept });
    expect(untimed(runs)).toEqual(untimed((await runBenchmark({ ...options, jobs: 1 })).runs));
  });

  it("tunes by the validation score after the last step, and repeats the best trial from each seed", async () => {
    const { runs } = await runBenchmark({ ...options, jobs: 1 });
    for (const { name } of small) {
      for (const optimizer of ["sgd", "adam"]) {
        const own = runs.filter((run) => run.problem === name && run.optimizer === optimizer);
        const trials = own.filter(({ phase }) => phase === "trial");
        const least = Math.min(...trials.map(({ validation }) => validation ?? Number.POSITIVE_INFINITY));
        const best = trials.find(({ validation }) => validation === least);
        const tuned = own.filter(({ phase }) => phase === "tuned");
        expect(tuned.map(({ numbers }) => numbers)).toEqual([best?.numbers, best?.numbers]);
        for (const run of tuned) expect(run.final).toBe(run.curve?.at(-1));
      }
    }
  });

  it("records runs that diverge as such, and where the target was reached", async () => {
    const { runs } = await runBenchmark({
      problems: [bowl],
      optimizers: [contestant("sgd", sgd)],
      seeds: 1,
      trials: 1,
      rates: 2,
      jobs: 1,
    });
    const [, , , slow, fast] = runs;
    expect(slow).toMatchObject({ phase: "rate", numbers: { learningRate: 1e-5 }, status: "complete" });
    expect(slow.stepsToTarget).toBeNull();
    // (1 − 10)²: 2.5 · 81²⁰ = 4e38 is beyond float32
    expect(fast).toMatchObject({
      numbers: { learningRate: 10 },
      status: "diverged",
      final: null,
      validation: null,
    });
    expect(fast.best).toBeNull();
    const { runs: good } = await runBenchmark({
      problems: [bowl],
      optimizers: [contestant("sgd", (numbers) => sgd({ learningRate: 0.25, ...numbers }))],
      seeds: 1,
      trials: 1,
      rates: 2,
      jobs: 1,
    });
    // 2.5 · 0.75²ᵗ ≤ 0.01 from t = 9.6; it is measured every 5
    expect(good[0].stepsToTarget).toBe(10);
  });

  const names = Object.keys(optimizers) as (keyof typeof optimizers)[];
  it.each(names.filter((name) => name !== "scheduleFreeAdamW"))(
    "measures the averages that %s keeps",
    (name) => {
      const part = (target: number) => ({
        rows: 2,
        x: new Float32Array(2),
        y: Float32Array.of(target, target),
      });
      const problem = defineProblem({
        name: "parts",
        steps: 6,
        every: 1,
        batchSize: 2,
        target: 0,
        data: { train: part(3), validation: part(1), test: part(2) },
        start: (graph) => ({ w: constant(graph, [0.5], [1]) }),
        loss: ({ parameters, streams }) => mean(square(sub(streams.y, parameters.w))),
      });
      const programs = programsFor(problem);
      const measured = (more: object) => {
        const made = optimizers[name]({ learningRate: 0.2, ...more });
        const { path = [], ...scores } = new RunWorker(createEngine(), [problem.data]).run({
          problem: 0,
          programs: programs(made),
          hyperparameters: made.hyperparameters,
          seed: 0,
          steps: 6,
          every: 1,
          batchSize: 2,
          path: true,
        });
        return { path: path.map(([w]) => w), ...scores };
      };
      const trained = measured({}).path;
      const { path, validation, test } = measured({ useEma: true, emaMomentum: 0.5 });
      expect(path).toHaveLength(7);
      expect(trained.at(-1)).not.toBe(trained[0]);
      for (const [i, w] of path.entries()) {
        expect(w).toBeCloseTo(i < 2 ? trained[i] : 0.5 * path[i - 1] + 0.5 * trained[i], 5);
        expect(validation[i]).toBeCloseTo((1 - w) ** 2, 4);
        expect(test[i]).toBeCloseTo((2 - w) ** 2, 4);
      }
    },
  );

  it("takes the test score where validation is least, and not where the test score is", async () => {
    const part = (target: number) => ({ rows: 1, x: new Float32Array(1), y: Float32Array.of(target) });
    const problem = defineProblem({
      name: "parts",
      steps: 4,
      every: 1,
      batchSize: 1,
      target: 0,
      data: { train: part(4), validation: part(2), test: part(3) },
      start: (graph) => ({ w: constant(graph, [0], [1]) }),
      loss: ({ parameters, streams }) => mean(square(sub(streams.y, parameters.w))),
    });
    const { runs } = await runBenchmark({
      problems: [problem],
      optimizers: [contestant("sgd", (numbers) => sgd({ learningRate: 0.25, ...numbers }))],
      seeds: 1,
      trials: 1,
      rates: 2,
      jobs: 1,
    });
    // w is 0, 2, 3, 3.5, 3.75
    expect(runs[0].curve).toEqual([9, 1, 0, 0.25, 0.5625]);
    expect(runs[0]).toMatchObject({ best: 1, final: 0.5625, validation: 3.0625 });
  });

  it("counts scores below a problem's floor as the floor", async () => {
    const { runs } = await runBenchmark({
      problems: [{ ...bowl, floor: 0.005 }],
      optimizers: [contestant("sgd", (numbers) => sgd({ learningRate: 0.25, ...numbers }))],
      seeds: 1,
      trials: 1,
      rates: 2,
      jobs: 1,
    });
    expect(runs[0].curve?.slice(2)).toEqual([0.00792803, 0.005, 0.005]);
    expect(runs[0]).toMatchObject({ final: 0.005, best: 0.005, validation: 0.005 });
  });

  it("takes custom optimizers", async () => {
    const half = defineOptimizer({
      name: "half",
      hyperparameters: { learningRate: 0.5 },
      update: ({ gradient, hyperparameters: { learningRate } }) => ({
        update: neg(mul(learningRate, gradient)),
      }),
    });
    const { runs } = await runBenchmark({
      problems: [bowl],
      optimizers: [contestant("half", half)],
      seeds: 1,
      trials: 1,
      rates: 2,
      jobs: 2,
    });
    expect(runs[0].curve?.map((score) => Math.log2(score / 2.5))).toEqual(
      [0, -10, -20, -30, -40].map((x) => expect.closeTo(x, 4)),
    );
  });

  it("throws what a problem throws, once all running jobs have ended", async () => {
    const broken = defineProblem({
      name: "broken",
      start: (graph) => ({ w: randomUniform(graph, [2], 0) }),
      loss: ({ parameters: { w } }) => add(w, 1),
      steps: 10,
      target: 1,
    });
    await expect(runBenchmark({ ...options, problems: [broken] })).rejects.toMatchObject({
      code: "invalid_shape",
    });
  });

  it.each([
    [{ problems: [] }, "invalid_argument", /problems must be a list/],
    [{ problems: [bowl, bowl] }, "invalid_argument", /names of problems must differ/],
    [
      { optimizers: ["adam"] },
      "invalid_argument",
      /each of optimizers must be an object with a name, not only a name; received "adam"/,
    ],
    [{ seeds: 0 }, "invalid_argument", /seeds must be a positive integer/],
    [{ rates: 1 }, "invalid_argument", /rates must be an integer of at least 2/],
    [{ jobs: 0.5 }, "invalid_argument", /jobs must be a positive integer/],
    [{ sedes: 3 }, "unknown_name", /seeds/],
  ])("refuses %o", async (change, code, message) => {
    await expect(runBenchmark({ ...options, ...change } as BenchmarkOptions)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

describe("the space of an optimizer", () => {
  it("is that of its numbers' names, for every built-in one", () => {
    const standard = standardOptimizers();
    expect(standard.map(({ name }) => name)).toEqual(Object.keys(optimizers));
    for (const { space, create } of standard) {
      const tuned = ["learningRate", "momentum", "beta1", "beta2", "rho"];
      expect(Object.keys(space)).toEqual(
        Object.keys(create().hyperparameters).filter((name) => tuned.includes(name)),
      );
      for (const point of samplePoints({ space }, 20, 0)) create(point); // throws for a number outside its range
    }
  });

  it("is covered evenly: of 16 rates, one in each sixteenth of the range", () => {
    const { space } = contestant("adam", adam);
    const points = samplePoints({ space }, 16, 3);
    const cells = points.map(({ learningRate }) => Math.floor((16 * (Math.log10(learningRate) + 4)) / 5));
    expect([...cells].sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, i) => i));
    for (const { beta1, beta2 } of points) {
      expect(beta1).toBeGreaterThanOrEqual(0);
      expect(beta1).toBeLessThanOrEqual(0.99);
      expect(beta2).toBeGreaterThanOrEqual(0.9);
      expect(beta2).toBeLessThanOrEqual(0.999);
    }
    expect(samplePoints({ space }, 16, 3)).toEqual(points);
    expect(samplePoints({ space }, 16, 4)).not.toEqual(points);
  });

  it("may be given, and is refused if it does not fit", () => {
    const space = { learningRate: { low: 0.1, high: 1 } };
    expect(contestant("sgd", sgd, space).space).toBe(space);
    expect(() => contestant("sgd", sgd, { rate: { low: 0.1, high: 1 } })).toThrow(/learningRate/);
    expect(() => contestant("sgd", sgd, { learningRate: { low: 0, high: 1 } })).toThrow(/above 0/);
    expect(() => contestant("my sgd", sgd)).toThrow(/hyphens/);
  });

  it("comes with learning rates from 1e-5 to 10", () => {
    expect(ratesTried(4)).toEqual([1e-5, 1e-3, 0.1, 10]);
    expect(ratesTried(19)[9]).toBeCloseTo(0.01, 8);
  });
});

describe("the lines of a benchmark", async () => {
  const { setup, runs } = await runBenchmark({ ...options, jobs: 1 });
  const text = `${[setup, ...runs].map((line) => JSON.stringify(line)).join("\n")}\n`;

  it("are read back", () => {
    const read = parseLines(text);
    expect(read.setup).toEqual(JSON.parse(JSON.stringify(setup)));
    expect(read.runs).toEqual(runs);
    expect(read.whole).toBe(Buffer.byteLength(text));
    expect(parseLines("")).toEqual({ setup: undefined, runs: [], whole: 0 });
  });

  it("lose an unfinished last line, and nothing else", () => {
    const cut = `${text}{"type":"run","problem":"linéar`;
    expect(parseLines(cut).runs).toEqual(runs);
    expect(parseLines(cut).whole).toBe(Buffer.byteLength(text));
  });

  it.each([
    ["not JSON\n", /line 1/],
    ['{"type":"study"}\n', /first line/],
    [`${text}{"type":"run","problem":"x"}\n`, /line \d+ of the runs must be a run/],
    [text.replace('"status":"complete"', '"status":"lost"'), /line \d+ of the runs must be a run/],
  ])("that are damaged are refused (%#)", (damaged, message) => {
    expect(() => parseLines(damaged)).toThrow(expect.objectContaining({ code: "invalid_checkpoint" }));
    expect(() => parseLines(damaged)).toThrow(message);
  });

  it("of another benchmark are refused", () => {
    const { problems, optimizers: contestants } = options;
    const size = { seeds: 2, trials: 3, rates: 2 };
    const same = setupOf(problems, contestants, size);
    expect(() => checkSameSetup(parseLines(text).setup as typeof same, same)).not.toThrow();
    const other = setupOf(problems.slice(1), contestants, { ...size, seeds: 3 });
    expect(() => checkSameSetup(same, other)).toThrow(/other seeds, problems/);
  });
});

it("the run of least validation score is the first of equals, and the first of all if none ended", () => {
  const trial = (index: number, validation: number | null) => ({ index, validation }) as RunRecord;
  expect(leastValidation([trial(0, null), trial(1, 2), trial(2, 1), trial(3, 1)]).index).toBe(2);
  expect(leastValidation([trial(0, null), trial(1, null)]).index).toBe(0);
});
