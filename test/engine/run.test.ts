/** Runs: which rows a step sees, and that a run may be stopped anywhere. The same laws on both executors. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import type { Executor, Run } from "../../src/engine/executor.js";
import * as f from "../../src/graph/functions.js";
import { count } from "../../src/graph/operations/leaves.js";
import { shuffle, splitSeed } from "../../src/numerics/philox.js";
import { anyRunChoices, runCaseOf } from "../../src/testing/arbitraries/runs.js";
import { anyRecipe, stepOf } from "../../src/testing/graphs.js";
import { cases } from "../cases.js";

/** Copies what a batch holds: row numbers come in as data and go out as the order of visits. */
const visits = compileStep(
  { streams: { x: 2 }, state: { total: [], steps: [] } },
  7,
  ({ streams: { x }, state }) => ({
    streams: { seen: x },
    state: { total: f.add(state.total, f.sum(x)), steps: f.add(state.steps, 1) },
    outputs: { rows: f.div(count(x), 2), batch: x },
  }),
);

const anyVisit = fc.record({
  rows: fc.integer({ min: 1, max: 30 }),
  batchSize: fc.integer({ min: 1, max: 7 }),
  seed: fc.oneof(fc.nat(50), fc.maxSafeNat()),
  shuffled: fc.boolean(),
  subset: fc.option(fc.array(fc.nat(29), { minLength: 1, maxLength: 20 }), { nil: undefined }),
});

/** The first columns of what an epoch wrote: the rows in the order of their visit. */
const firstColumn = (numbers: ArrayLike<number>): number[] =>
  Array.from(numbers).filter((_, i) => i % 2 === 0);

describe.each(["wasm", "reference"] as const)("on %s", (executor) => {
  const engine = createEngine({ executor });

  it("a matrix knows whether its numbers are finite, until it is freed", () => {
    for (const [numbers, expected] of [
      [[1, -2, 0, 3e38, 5, 6], true],
      [[1, -2, 0, 3, 5, Number.NaN], false],
      [[Infinity, -2, 0, 3, 5, 6], false],
    ] as const) {
      const matrix = engine.matrix(3, 2, numbers);
      expect(matrix.isFinite()).toBe(expected);
      matrix.free();
      expect(() => matrix.isFinite()).toThrow("this matrix was freed and can no longer be used");
    }
  });

  it("an epoch visits each row once, in an order that seed and epoch alone decide, ragged end included", () => {
    fc.assert(
      fc.property(anyVisit, ({ rows, batchSize, seed, shuffled, subset }) => {
        const ids = subset?.map((id) => id % rows) ?? Array.from({ length: rows }, (_, i) => i);
        const data = Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? i / 2 : 0.5));
        const [x, seen] = [engine.matrix(rows, 2, data), engine.matrix(ids.length, 2)];
        const run = engine.start(visits, {
          streams: { x, seen },
          batchSize,
          seed,
          shuffle: shuffled,
          ...(subset && { rows: Int32Array.from(ids) }),
        });
        const steps = Math.ceil(ids.length / batchSize);
        expect(run.stepsPerEpoch).toBe(steps);
        for (let epoch = 0; epoch < 3; epoch++) {
          const order = Int32Array.from(ids);
          if (shuffled) shuffle(order, epoch, ...splitSeed(seed));
          for (let step = 0; step < steps; step++) {
            expect(run.progress).toEqual({ step: epoch * steps + step, epoch, cursor: step * batchSize });
            run.advance(1);
            const size = Math.min(batchSize, ids.length - step * batchSize);
            expect(run.read("rows")[0]).toBe(size);
            expect(firstColumn(run.read("batch"))).toEqual(
              [...order].slice(step * batchSize, step * batchSize + size),
            );
          }
          expect(firstColumn(seen.read())).toEqual([...order]);
          expect([...order].sort((a, b) => a - b)).toEqual([...ids].sort((a, b) => a - b));
        }
        const expected = 3 * ids.reduce((sum, id) => sum + id + 0.5, 0);
        expect(run.read("total")[0]).toBe(expected);
        expect(run.read("steps")[0]).toBe(3 * steps);
        for (const held of [run, x, seen]) held.free();
      }),
      { numRuns: cases(60) },
    );
  });

  it("a shuffle differs between epochs and between seeds", () => {
    const order = (seed: number, epochs: number): string => {
      const [x, seen] = [
        engine.matrix(
          20,
          2,
          Array.from({ length: 40 }, (_, i) => i / 2),
        ),
        engine.matrix(20, 2),
      ];
      const run = engine.start(visits, { streams: { x, seen }, seed, shuffle: true });
      run.advance(3 * epochs);
      return String(firstColumn(seen.read()));
    };
    expect(new Set([order(1, 1), order(1, 2), order(2, 1), order(2 ** 40 + 1, 1)]).size).toBe(4);
    expect(order(1, 2)).toBe(order(1, 2));
  });

  it("may be stopped after any step and go on in another run, or on another engine, to the same bits", () => {
    const elsewhere = createEngine({ executor });
    fc.assert(
      fc.property(anyRecipe(12), anyRunChoices, fc.nat(7), fc.nat(7), (recipe, choices, before, after) => {
        const { signature, rows, write } = stepOf(recipe);
        const program = compileStep(signature, rows, write);
        const task = runCaseOf(choices, program);
        const begin = (on: Executor): [Run, () => string] => {
          const streams = Object.fromEntries(
            program.streams.map(({ name, columns, direction }) => [
              name,
              direction === "in"
                ? on.matrix(task.dataRows, columns, task.streams[name])
                : on.matrix(task.rows?.length ?? task.dataRows, columns),
            ]),
          );
          const { batchSize, seed, shuffle } = task;
          const ids = task.rows && { rows: Int32Array.from(task.rows) };
          const run = on.start(program, { streams, batchSize, seed, shuffle, ...ids });
          const state = (): string =>
            JSON.stringify([
              run.progress,
              // outputs are those of the last step, so a run that was only restored has none yet
              ...[...program.state, ...(after > 0 ? program.outputs : [])].map(({ name }) =>
                [...run.read(name)].map((x) => (Object.is(x, -0) ? "-0" : String(x))),
              ),
            ]);
          return [run, state];
        };
        const [whole, wholeState] = begin(engine);
        for (const { name } of [...program.inputs, ...program.state]) whole.write(name, task.arrays[name]);
        whole.advance(before);
        const saved = structuredClone(whole.save());
        whole.advance(after);
        for (const on of [engine, elsewhere]) {
          const [rest, restState] = begin(on);
          // what ran before must not matter
          rest.advance(3);
          rest.restore(saved);
          rest.advance(after);
          expect(restState()).toBe(wholeState());
        }
      }),
      { numRuns: cases(40) },
    );
  });

  it("two runs at once do not touch each other, however they take turns", () => {
    const program = compileStep(
      { streams: { x: 3 }, state: { w: [3] }, inputs: { rate: [] } },
      4,
      (values) => {
        const { graph, streams, state, inputs } = values;
        const noise = f.sum(f.mul(streams.x, f.randomUniform(graph, streams.x.shape, 1)), 0);
        return { state: { w: f.add(state.w, f.mul(inputs.rate, noise)) } };
      },
    );
    const x = engine.matrix(
      10,
      3,
      Array.from({ length: 30 }, (_, i) => i / 8),
    );
    const start = (seed: number): Run => {
      const run = engine.start(program, { streams: { x }, seed, shuffle: true, batchSize: 1 + (seed % 4) });
      run.write("rate", 1 / (seed + 1));
      return run;
    };
    const alone = [1, 2].map((seed) => {
      const run = start(seed);
      run.advance(12);
      return String([...run.read("w")]);
    });
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 24, maxLength: 24 }), (turns) => {
        const runs = [start(1), start(2)];
        const left = [12, 12];
        for (const first of turns) {
          const turn = first ? 0 : 1;
          if (left[turn] === 0) continue;
          left[turn]--;
          runs[turn].advance(1);
        }
        runs.forEach((run, i) => {
          run.advance(left[i]);
          expect(String([...run.read("w")])).toBe(alone[i]);
          run.free();
        });
      }),
      { numRuns: cases(25) },
    );
  });

  it("without data a step has a whole batch and no epoch ends", () => {
    const program = compileStep({ state: { n: [] } }, 5, ({ graph, state }) => ({
      state: { n: f.add(state.n, 1) },
      streams: { out: f.add(f.randomUniform(graph, [-1, 2], 0), f.step(graph)) },
    }));
    const out = engine.matrix(5, 2);
    const run = engine.start(program, { streams: { out } });
    run.advance(3);
    expect(run.progress).toEqual({ step: 3, epoch: 0, cursor: 0 });
    expect(run.stepsPerEpoch).toBe(1);
    expect([...out.read()].every((x) => x >= 3 && x < 4)).toBe(true);
  });

  it("advances by any number of steps at once", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 6 }), (parts) => {
        const results = [parts, [parts.reduce((a, b) => a + b, 0)]].map((counts) => {
          const x = engine.matrix(
            9,
            2,
            Array.from({ length: 18 }, (_, i) => i / 4),
          );
          const seen = engine.matrix(9, 2);
          const run = engine.start(visits, { streams: { x, seen }, batchSize: 2, shuffle: true, seed: 4 });
          for (const count of counts) run.advance(count);
          const end = [run.progress, [...run.read("total")], [...seen.read()]];
          for (const held of [run, x, seen]) held.free();
          return end;
        });
        expect(results[0]).toEqual(results[1]);
      }),
      { numRuns: cases(25) },
    );
  });

  it("outputs and state of one value are arrays of their own: writing one leaves the other", () => {
    const program = compileStep(
      { inputs: { x: [2] }, state: { v: [2], w: [2] } },
      1,
      ({ inputs: { x }, state }) => {
        const next = f.add(state.w, x);
        return { state: { v: next, w: next }, outputs: { y: next, x2: x } };
      },
    );
    const run = engine.start(program);
    run.write("x", 3);
    run.advance(1);
    for (const name of ["v", "w"]) run.write(name, 7);
    run.write("x", 5);
    expect(["v", "w", "y", "x2"].map((name) => run.read(name)[1])).toEqual([7, 7, 3, 3]);
    run.free();
  });

  it("holds memory until it is freed", () => {
    const before = engine.bytesInUse;
    const x = engine.matrix(100, 2, new Array(200).fill(1));
    const withData = engine.bytesInUse;
    expect(withData - before).toBeGreaterThanOrEqual(800);
    const seen = engine.matrix(100, 2);
    const run = engine.start(visits, { streams: { x, seen } });
    expect(engine.bytesInUse).toBeGreaterThan(withData + 800);
    for (const held of [run, seen, x]) held.free();
    expect(engine.bytesInUse).toBe(before);
  });
});
