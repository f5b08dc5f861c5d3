/** The error bounds that executors are held to: small enough to mean something, and able to fail. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import type { Executor } from "../../src/engine/executor.js";
import * as f from "../../src/graph/functions.js";
import { operations } from "../../src/graph/operations/index.js";
import { anyRunChoices, runCaseOf } from "../../src/testing/arbitraries/runs.js";
import { errorBounds } from "../../src/testing/bounds.js";
import { anyRecipe, stepOf } from "../../src/testing/graphs.js";
import { FLOAT32, FLOAT64 } from "../../src/testing/operations/rounding.js";
import { checkRun } from "../../src/testing/run.js";
import { cases } from "../cases.js";

describe("bounds of random graphs", () => {
  const recipes = fc.sample(fc.tuple(anyRecipe(), anyRunChoices), { numRuns: cases(150), seed: 5 });

  it("are finite and below 1e-4 in nine of ten numbers, and never NaN", () => {
    let [all, tight] = [0, 0];
    for (const [recipe, choices] of recipes) {
      const { signature, rows, write } = stepOf(recipe);
      const program = compileStep(signature, rows, write);
      const task = runCaseOf(choices, program);
      const take = (name: string): Float64Array =>
        Float64Array.from(
          task.arrays[name] ?? task.streams[name].slice(0, task.streams[name].length / task.dataRows),
        );
      const { errors, values } = errorBounds(
        { nodes: [...program.graph.nodes] },
        { rows: 1, seed: 1, step: 0, input: take },
      );
      for (const id of [
        ...Object.values(program.graph.outputs),
        ...Object.values(program.graph.state).map((s) => s.output),
      ]) {
        errors[id].forEach((error, i) => {
          expect(error).toBeGreaterThanOrEqual(0);
          expect(Math.abs(values[id][i])).toBeLessThan(100);
          all++;
          if (error < 1e-4) tight++;
        });
      }
    }
    expect(tight / all).toBeGreaterThan(0.9);
  });

  it("meet every operation", () => {
    const seen = new Set<string>();
    for (const recipe of fc.sample(anyRecipe(), { numRuns: cases(400), seed: 5 })) {
      const { signature, rows, write } = stepOf(recipe);
      for (const { op } of compileStep(signature, rows, write).graph.nodes) seen.add(op);
    }
    const missing = Object.keys(operations).filter((op) => !seen.has(op));
    // the compiler alone writes copies
    expect(missing).toEqual(["copy"]);
  });
});

describe("checkRun", () => {
  const program = compileStep(
    { streams: { x: 1 }, state: { w: [] } },
    2,
    ({ streams: { x }, state: { w } }) => ({
      state: { w: f.add(w, f.mean(f.tanh(x))) },
      streams: { y: f.exp(x) },
    }),
  );
  const task = {
    streams: { x: [0.5, 1, 2] },
    arrays: { w: [1] },
    dataRows: 3,
    shuffle: true,
    batchSize: 2,
    seed: 3,
    steps: 4,
  };

  it("accepts both executors, and wasm not as one of float64", () => {
    checkRun(createEngine(), program, task, FLOAT32);
    checkRun(createEngine({ executor: "reference" }), program, task, FLOAT64);
    expect(() => checkRun(createEngine(), program, task, FLOAT64)).toThrow(/"w" after step 1, element 0, is/);
  });

  it("finds an executor that is off by 1e-6, and one that forgets a number", () => {
    const broken = (change: (numbers: Float32Array) => Float32Array): Executor => {
      const engine = createEngine();
      return Object.create(engine, {
        matrix: { value: engine.matrix.bind(engine) },
        start: {
          value: (...args: Parameters<Executor["start"]>) => {
            const run = engine.start(...args);
            return Object.assign(run, {
              read: new Proxy(run.read, {
                apply: (read, self, names) => change(Reflect.apply(read, self, names)),
              }),
            });
          },
        },
      });
    };
    checkRun(
      broken((numbers) => numbers),
      program,
      task,
      FLOAT32,
    );
    const off = broken((numbers) => numbers.map((x) => x * (1 + 1e-6)));
    expect(() => checkRun(off, program, task, FLOAT32)).toThrow(/"w" after step 1/);
    const short = broken((numbers) => numbers.slice(1));
    expect(() => checkRun(short, program, task, FLOAT32)).toThrow(/has 0 numbers, not 1/);
  });
});
