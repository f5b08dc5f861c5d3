/** The standard problems: their formulas at points whose values are known, their noise, their data. */
import { describe, expect, it } from "vitest";
import { defineProblem, type Problem } from "../../src/benchmark/problem.js";
import { standardProblems } from "../../src/benchmark/problems/index.js";
import { learningProblem } from "../../src/benchmark/problems/learning.js";
import { programsFor } from "../../src/benchmark/programs.js";
import { doRun, loadData } from "../../src/benchmark/run.js";
import { encodeTable } from "../../src/data/dataset.js";
import { readTable } from "../../src/data/table.js";
import { createEngine } from "../../src/engine/engine.js";
import { ReferenceExecutor } from "../../src/engine/reference.js";
import { accuracy, r2 } from "../../src/metrics/index.js";
import { dense, dropout } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { sgd } from "../../src/optim/sgd.js";
import { bowl, texts } from "./support.js";

const problems = standardProblems(texts);
const named = (name: string): Problem => problems.find((problem) => problem.name === name) as Problem;

/** The score of parameters, in float64. */
function scoreAt(problem: Problem, w: readonly number[]): number {
  const run = new ReferenceExecutor().start(programsFor(problem)(sgd()).evaluate);
  run.write("parameters", w);
  run.advance(1);
  return run.read("score")[0];
}

describe("problems with a formula", () => {
  it.each([
    ["rosenbrock", [0, 0], 1],
    ["rosenbrock", [-1.2, 1], 24.2],
    ["beale", [0, 0], 14.203125],
    ["beale", [1, 1], 14.203125],
    ["himmelblau", [0, 0], 170],
    ["himmelblau", [1, 1], 106],
    ["rastrigin", [0.5, 0.5], 40.5],
    ["rastrigin", [1, 0], 1],
  ] as const)("%s at %s is %d", (name, w, value) => {
    // float32 constants (1.2, 2π) are off by 6e-8 of themselves
    expect(scoreAt(named(name), w)).toBeCloseTo(value, 5);
  });

  it("are 0 at the minima that pictures mark, to the digits given there", () => {
    const marked = problems.filter(({ plane }) => plane);
    expect(marked.map(({ name }) => name)).toEqual([
      ...["rosenbrock", "beale", "himmelblau", "rastrigin", "noisy-rosenbrock", "noisy-rastrigin"],
    ]);
    for (const problem of marked) {
      for (const minimum of problem.plane?.minima ?? []) expect(scoreAt(problem, minimum)).toBeLessThan(1e-9);
    }
  });

  it.each([
    ["quadratic-1", 1],
    ["quadratic-1e2", 1e2],
    ["quadratic-1e4", 1e4],
    ["quadratic-1e6", 1e6],
  ] as const)("%s has eigenvalues from 1 down to 1 / %d in equal ratios", (name, condition) => {
    const u = Array.from({ length: 10 }, (_, i) => (i + 1) / Math.sqrt(385));
    const values = u.map((_, i) => {
      // an eigenvector: the i-th axis, reflected
      const axis = u.map((x, j) => (i === j ? 1 : 0) - 2 * u[i] * x);
      return 2 * scoreAt(named(name), axis);
    });
    expect(values[0]).toBeCloseTo(1, 6);
    // float32 in the constants: an error of 1e-7 beside the largest eigenvalue
    values.forEach((value, i) => {
      expect(Math.abs(value - condition ** (-i / 9))).toBeLessThan(2e-6);
    });
  });

  it("add noise of mean 0 and the deviation stated to gradients, and none to scores", () => {
    const problem = named("noisy-quadratic");
    const calm = named("quadratic-1e2");
    const engine = createEngine();
    const step = (of: Problem, seed: number): readonly number[] => {
      const made = sgd({ learningRate: 1 });
      const job = { problem: 0, programs: programsFor(of)(made), hyperparameters: made.hyperparameters };
      const options = { seed, steps: 1, every: 1, batchSize: 1, path: true };
      return (doRun(engine, {}, { ...job, ...options }).path as number[][])[1];
    };
    const noise = Array.from({ length: 200 }, (_, seed) => {
      const [noisy, exact] = [step(problem, seed), step(calm, seed)];
      return noisy.map((w, i) => exact[i] - w);
    }).flat();
    const mean = noise.reduce((sum, x) => sum + x, 0) / noise.length;
    const deviation = Math.sqrt(noise.reduce((sum, x) => sum + (x - mean) ** 2, 0) / noise.length);
    // five standard errors of 2,000 draws: σ/√n, and of a uniform's σ √(0.8/4n)
    expect(Math.abs(mean)).toBeLessThan((5 * 0.1) / Math.sqrt(2000));
    expect(Math.abs(deviation - 0.1)).toBeLessThan(5 * 0.1 * Math.sqrt(0.8 / 8000));
    expect(scoreAt(problem, new Array(10).fill(1))).toBe(scoreAt(calm, new Array(10).fill(1)));
  });
});

describe("problems of learning", () => {
  const learning = problems.filter(({ data }) => data);

  it("are linear and dense models on five tables, a deep network and an autoencoder", () => {
    expect(problems).toHaveLength(23);
    expect(learning).toHaveLength(12);
    expect(named("linear-digits").size).toBe(64 * 10 + 10);
    expect(named("dense-diabetes").size).toBe(10 * 32 + 32 + 32 + 1);
    expect(named("deep-digits").size).toBe(64 * 16 + 16 + 9 * (16 * 16 + 16) + 16 * 10 + 10);
    const { data } = named("autoencoder-digits");
    expect(data?.test.y).toBe(data?.test.x);
  });

  it("keep training, validation and test rows apart", () => {
    for (const { data, name } of learning) {
      const { train, validation, test } = data as NonNullable<Problem["data"]>;
      const rows = train.rows + validation.rows + test.rows;
      expect(validation.rows / rows, name).toBeCloseTo(0.2, 1);
      expect(test.rows / rows, name).toBeCloseTo(0.2, 1);
      const columns = train.x.length / train.rows;
      // standardised by the training part: its mean is 0, which the others' are not
      const means = [train, validation, test].map(({ rows: count, x }) => {
        let largest = 0;
        for (let j = 0; j < columns; j++) {
          let sum = 0;
          for (let i = 0; i < count; i++) sum += x[i * columns + j];
          largest = Math.max(largest, Math.abs(sum / count));
        }
        return largest;
      });
      expect(means[0], name).toBeLessThan(1e-5);
      expect(Math.min(means[1], means[2]), name).toBeGreaterThan(1e-3);
    }
  });

  it("train as a model does, to the same bits, and are scored by the metrics", async () => {
    for (const [table, target] of [
      ["wine", "cultivar"],
      ["diabetes", "progression"],
      ["breast-cancer", "diagnosis"],
    ]) {
      const data = encodeTable(readTable(texts[table]), { target });
      const last = {
        regression: "linear",
        classification: data.outputs === 1 ? "sigmoid" : "softmax",
      } as const;
      const layers = [
        dense(6, { activation: "tanh" }),
        dropout(0.2),
        dense(data.outputs, { activation: last[data.task] }),
      ];
      const problem = learningProblem({ name: table, data, layers, steps: 60, batchSize: 10, target: 1 });
      const { train, test } = problem.data as NonNullable<Problem["data"]>;
      const engine = createEngine();
      const made = sgd({ learningRate: 0.1, momentum: 0.5 });
      const job = {
        problem: 0,
        programs: programsFor(problem)(made),
        hyperparameters: made.hyperparameters,
      };
      const perEpoch = Math.ceil(train.rows / 10);
      const options = { seed: 7, steps: 2 * perEpoch, every: perEpoch, batchSize: 10, path: true };
      const result = doRun(engine, loadData(engine, problem.data), { ...job, ...options });

      const model = sequential(layers);
      const loss = {
        regression: "meanSquaredError",
        classification: data.outputs === 1 ? "binaryCrossentropy" : "categoricalCrossentropy",
      } as const;
      model.compile({ optimizer: made, loss: loss[data.task] });
      const rowsOf = (values: Float32Array, rows: number): number[][] =>
        Array.from({ length: rows }, (_, i) => [
          ...values.subarray((i * values.length) / rows, ((i + 1) * values.length) / rows),
        ]);
      await model.fit(rowsOf(train.x, train.rows), rowsOf(train.y, train.rows), {
        epochs: 2,
        batchSize: 10,
        seed: 7,
      });
      const parameters = Object.values(model.getWeights()).flatMap(({ data }) => [...(data as Float32Array)]);
      expect(result.path?.[2]).toEqual(parameters);

      const x = rowsOf(test.x, test.rows);
      const truth = rowsOf(test.y, test.rows);
      const { loss: expected } = model.evaluate(x, truth);
      expect(result.test[2]).toBeCloseTo(expected, 6);
      const metric = data.task === "regression" ? r2 : accuracy;
      expect(result.metric[2]).toBeCloseTo(metric(truth, model.predict(x)), 6);
    }
  });
});

describe("a definition", () => {
  const definition = {
    name: "own",
    start: bowl.start,
    loss: bowl.loss,
    steps: 100,
    target: 1,
  };

  it("is filled in", () => {
    expect(defineProblem(definition)).toMatchObject({
      title: "own",
      every: 2,
      batchSize: 1,
      size: 2,
      shapes: { w: [2] },
    });
    expect(defineProblem({ ...definition, steps: 101 }).every).toBe(101);
    expect(defineProblem({ ...definition, steps: 30 }).every).toBe(1);
  });

  it.each([
    [{ name: "two words" }, "invalid_argument", "letters, digits and hyphens"],
    [{ loss: undefined }, "invalid_argument", "loss of problem"],
    [{ steps: 0 }, "invalid_argument", "steps of problem"],
    [{ every: 7 }, "invalid_argument", "a divisor of steps"],
    [{ batchSize: 2 }, "invalid_argument", "at most the number of training rows, 1"],
    [{ target: Number.NaN }, "invalid_argument", "finite number"],
    [{ floor: 2 }, "invalid_argument", "of at most the target"],
    [{ start: () => ({}) }, "invalid_argument", "at least one"],
    [
      { plane: { x: [0, 1], y: [0, 1], minima: [] }, start: named("quadratic-1").start },
      "invalid_shape",
      "two numbers",
    ],
    [{ speed: 1 }, "unknown_name", "speed"],
    [
      {
        data: {
          ...named("linear-iris").data,
          test: { rows: 2, x: new Float32Array(7), y: new Float32Array(6) },
        },
      },
      "invalid_shape",
      "test does not fit",
    ],
  ])("is refused with %o", (change, code, words) => {
    const make = () => defineProblem({ ...definition, ...change } as Parameters<typeof defineProblem>[0]);
    expect(make).toThrow(expect.objectContaining({ code, message: expect.stringContaining(words) }));
  });

  it("that does not fit its data is refused", () => {
    const data = encodeTable(readTable(texts.iris), { target: "species" });
    const options = { name: "own", data, layers: [dense(2)], steps: 10, target: 1 };
    expect(() => learningProblem(options)).toThrow(expect.objectContaining({ code: "invalid_shape" }));
    expect(() => standardProblems({ ...texts, iris: undefined as unknown as string })).toThrow(
      /tables\["iris"\]/,
    );
  });
});
