/** What executors refuse, on both alike, before anything has happened. */
import ndarray from "ndarray";
import { describe, expect, it } from "vitest";
import { compile, compileStep } from "../../src/compile/compile.js";
import type { Program } from "../../src/compile/program.js";
import type { ArrayInput } from "../../src/engine/arrays.js";
import { createEngine, type EngineOptions } from "../../src/engine/engine.js";
import type { Executor, RunOptions, SavedRun } from "../../src/engine/executor.js";
import type { ErrorCode } from "../../src/errors.js";
import * as f from "../../src/graph/functions.js";

const fails = (code: ErrorCode, message: RegExp): unknown =>
  expect.objectContaining({ name: "FettleError", code, message: expect.stringMatching(message) });

const program = compileStep(
  { streams: { x: 3, y: 1 }, state: { w: [3] }, inputs: { rate: [] } },
  4,
  (values) => {
    const { streams, state, inputs } = values;
    const error = f.mul(streams.y, inputs.rate);
    return {
      state: { w: f.add(state.w, f.sum(f.mul(streams.x, error), 0)) },
      outputs: { mean: f.mean(error) },
      streams: { error },
    };
  },
);

describe.each(["wasm", "reference"] as const)("on %s", (executor) => {
  const engine = createEngine({ executor });
  const streams = {
    x: engine.matrix(6, 3, new Array(18).fill(1)),
    y: engine.matrix(6, 1, new Array(6).fill(1)),
    error: engine.matrix(6, 1),
  };

  it.each<[string, (on: Executor) => RunOptions, ErrorCode, RegExp]>([
    [
      "a misspelt option",
      () => ({ streams, batchsize: 2 }) as RunOptions,
      "unknown_name",
      /unknown option of a run "batchsize"\. Did you mean "batchSize"\?/,
    ],
    ["no matrices", () => ({}), "invalid_argument", /streams\.x must be a matrix.*received undefined/],
    [
      "a matrix of other columns",
      () => ({ streams: { ...streams, y: streams.x } }),
      "invalid_shape",
      /columns of matrix "y" must be 1; received 3/,
    ],
    [
      "matrices of different rows",
      (on) => ({ streams: { ...streams, y: on.matrix(5, 1) } }),
      "invalid_shape",
      /6 and 5/,
    ],
    [
      "too little room for what is written",
      (on) => ({ streams: { ...streams, error: on.matrix(5, 1) } }),
      "invalid_shape",
      /rows of matrix "error" must be at least 6; received 5/,
    ],
    [
      "a matrix of another engine",
      () => ({ streams: { ...streams, y: createEngine({ executor }).matrix(6, 1) } }),
      "invalid_argument",
      /"y" must belong to this engine/,
    ],
    [
      "a matrix of another executor",
      () => ({
        streams: {
          ...streams,
          y: createEngine({ executor: executor === "wasm" ? "reference" : "wasm" }).matrix(6, 1),
        },
      }),
      "invalid_argument",
      /"y" must belong to this engine/,
    ],
    [
      "a batch of 0",
      () => ({ streams, batchSize: 0 }),
      "invalid_argument",
      /batchSize must be an integer from 1 to 4,.*received 0/,
    ],
    [
      "a batch above the program's",
      () => ({ streams, batchSize: 5 }),
      "invalid_argument",
      /batchSize must be an integer from 1 to 4,.*received 5/,
    ],
    ["half a row", () => ({ streams, batchSize: 1.5 }), "invalid_argument", /received 1\.5/],
    ["a negative seed", () => ({ streams, seed: -1 }), "invalid_argument", /seed.*-1/],
    ["a seed above 2⁵³", () => ({ streams, seed: 2 ** 53 }), "invalid_argument", /seed/],
    ["no rows", () => ({ streams, rows: new Int32Array(0) }), "invalid_data", /at least one row/],
    [
      "a row outside",
      () => ({ streams, rows: Int32Array.of(0, 6) }),
      "invalid_argument",
      /of the 6 rows of the data, from 0; received 6/,
    ],
    ["a negative row", () => ({ streams, rows: Int32Array.of(-1) }), "invalid_argument", /received -1/],
  ])("a run with %s is refused", (_name, options, code, message) => {
    const given = options(engine);
    const before = engine.bytesInUse;
    expect(() => engine.start(program, given)).toThrow(fails(code, message));
    expect(engine.bytesInUse).toBe(before);
  });

  it("a run without data needs room for a whole batch", () => {
    const alone = compileStep({}, 4, ({ graph }) => ({ streams: { u: f.randomUniform(graph, [-1, 2], 0) } }));
    const u = engine.matrix(3, 2);
    expect(() => engine.start(alone, { streams: { u } })).toThrow(
      fails("invalid_shape", /rows of matrix "u" must be at least 4; received 3/),
    );
    engine.start(alone, { streams: { u }, batchSize: 3 }).advance(1);
    expect(u.read().every((x) => x >= 0 && x < 1)).toBe(true);
  });

  it("names and sizes of arrays are checked", () => {
    const run = engine.start(program, { streams });
    expect(() => run.write("v", 1)).toThrow(
      fails("unknown_name", /no inputs or state "v"\. Known: rate, w\./),
    );
    expect(() => run.write("mean", 1)).toThrow(fails("unknown_name", /"mean"/));
    expect(() => run.read("v")).toThrow(fails("unknown_name", /"v"/));
    expect(() => run.write("w", [1, 2])).toThrow(
      fails("invalid_shape", /"w" must be \[3\], 3 numbers; received 2/),
    );
    run.write("w", 2);
    expect([...run.read("w")]).toEqual([2, 2, 2]);
    expect([...run.read("mean")]).toEqual([0]);
    run.free();
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 31, "2" as unknown as number])("does not advance by %s", (steps) => {
    const run = engine.start(program, { streams });
    expect(() => run.advance(steps)).toThrow(
      fails("invalid_argument", /steps must be an integer from 0 to 2147483647/),
    );
    run.advance(0);
    expect(run.progress.step).toBe(0);
    run.free();
  });

  it("a freed run or matrix may not be used", () => {
    const run = engine.start(program, { streams });
    const saved = run.save();
    run.free();
    const uses = [
      () => run.advance(1),
      () => run.read("w"),
      () => run.write("w", 1),
      () => run.save(),
      () => run.restore(saved),
      () => run.free(),
    ];
    for (const use of uses) expect(use).toThrow(fails("invalid_state", /freed/));
    const matrix = engine.matrix(6, 1);
    matrix.free();
    // its memory may be another's by now
    const other = engine.matrix(6, 1, [1, 2, 3, 4, 5, 6]);
    for (const use of [() => matrix.free(), () => matrix.read()])
      expect(use).toThrow(fails("invalid_state", /freed/));
    expect(() => engine.start(program, { streams: { ...streams, y: matrix } })).toThrow(
      fails("invalid_state", /freed/),
    );
    expect([...other.read()]).toEqual([1, 2, 3, 4, 5, 6]);
    const running = engine.start(program, { streams: { ...streams, y: other } });
    running.advance(1);
    other.free();
    expect(() => running.advance(1)).toThrow(fails("invalid_state", /matrix was freed/));
    running.free();
  });

  it.each<[string, (saved: SavedRun) => unknown]>([
    ["lacks an array", ({ arrays: { w: _w, ...arrays }, ...saved }) => ({ ...saved, arrays })],
    [
      "has an array of another size",
      (saved) => ({ ...saved, arrays: { ...saved.arrays, w: new Float32Array(4) } }),
    ],
    ["is beyond the data", (saved) => ({ ...saved, progress: { ...saved.progress, cursor: 6 } })],
    ["is before the data", (saved) => ({ ...saved, progress: { ...saved.progress, cursor: -1 } })],
    ["has half a step", (saved) => ({ ...saved, progress: { ...saved.progress, step: 0.5 } })],
    ["has no epoch", (saved) => ({ ...saved, progress: { ...saved.progress, epoch: undefined } })],
    ["has no progress", ({ progress: _, ...saved }) => saved],
    ["has no arrays", ({ arrays: _, ...saved }) => saved],
    ["has null for an array", (saved) => ({ ...saved, arrays: { ...saved.arrays, w: null } })],
    [
      "has more steps than a word holds",
      (saved) => ({ ...saved, progress: { ...saved.progress, step: 2 ** 32 } }),
    ],
    ["has no seed", (saved) => ({ ...saved, seed: Number.NaN })],
  ])("a saved run that %s is refused, and nothing of it is taken", (_name, damage) => {
    const run = engine.start(program, { streams, seed: 4 });
    run.write("rate", 0.5);
    run.advance(1);
    const saved = run.save();
    run.advance(1);
    const before = run.save();
    expect(() => run.restore(damage(saved) as SavedRun)).toThrow(fails("invalid_checkpoint", /./));
    expect(run.save()).toEqual(before);
    run.free();
  });

  it.each<[string, number, number, number[] | undefined]>([
    ["half a row", 1.5, 2, undefined],
    ["negative rows", -1, 2, undefined],
    ["no columns", 2, 0, undefined],
    ["too few numbers", 2, 2, [1, 2, 3]],
    ["too many numbers", 2, 2, [1, 2, 3, 4, 5]],
  ])("a matrix of %s is refused", (_name, rows, columns, data) => {
    const before = engine.bytesInUse;
    expect(() => engine.matrix(rows, columns, data)).toThrow(fails("invalid_shape", /./));
    expect(engine.bytesInUse).toBe(before);
  });

  describe("a loaded function", () => {
    const call = engine.load(compile((x, s) => [f.mul(x, s), f.sum(x)], [2, 3], []));
    const six = [1, 2, 3, 4, 5, 6];
    it.each<[string, ArrayInput]>([
      [
        "nested arrays",
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ],
      ["a flat array", six],
      ["a typed array", Float64Array.from(six)],
      ["integers", Int32Array.from(six)],
      ["rows that are typed arrays", [Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6)]],
      ["an ndarray", ndarray(Float32Array.from(six), [2, 3])],
      ["a transposed ndarray", ndarray(Float32Array.of(1, 4, 2, 5, 3, 6), [3, 2]).transpose(1, 0)],
      ["a part of an ndarray", ndarray(Float64Array.of(0, 1, 2, 3, 0, 4, 5, 6), [2, 4]).lo(0, 1)],
    ])("takes %s", (_name, x) => {
      const [scaled, total] = call(x, 2);
      expect([...scaled.shape]).toEqual([2, 3]);
      expect([scaled.get(0, 0), scaled.get(0, 2), scaled.get(1, 0), scaled.get(1, 2)]).toEqual([2, 6, 8, 12]);
      expect([...total.shape]).toEqual([]);
      expect(total.get()).toBe(21);
    });

    it.each<[string, unknown, ErrorCode, RegExp]>([
      [
        "the other way round",
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        "invalid_shape",
        /argument 0 must be \[2, 3\], 6 numbers; received \[\[1,2\]/,
      ],
      [
        "ragged",
        [
          [1, 2, 3, 4],
          [5, 6],
        ],
        "invalid_shape",
        /argument 0/,
      ],
      [
        "too deep",
        [
          [[1], [2], [3]],
          [[4], [5], [6]],
        ],
        "invalid_shape",
        /argument 0/,
      ],
      ["too short", [1, 2, 3], "invalid_shape", /argument 0/],
      ["one number", 3, "invalid_shape", /received 3/],
      [
        "an ndarray of another shape",
        ndarray(Float32Array.from(six), [3, 2]),
        "invalid_shape",
        /an ndarray \[3, 2\]/,
      ],
      ["words", ["1", "2", "3", "4", "5", "6"], "invalid_shape", /argument 0/],
      ["a word among numbers", [1, 2, 3, 4, 5, "6"], "invalid_data", /received "6"/],
      ["a string", "123456", "invalid_data", /received "123456"/],
      ["nothing", undefined, "invalid_data", /undefined/],
      [
        "null in a row",
        [
          [1, 2, 3],
          [4, null, 6],
        ],
        "invalid_data",
        /null/,
      ],
    ])("refuses what is %s", (_name, x, code, message) => {
      expect(() => call(x as number, 1)).toThrow(fails(code, message));
    });

    it("counts its arguments and gives its memory back", () => {
      const own = createEngine({ executor });
      const one = own.load(compile((x) => f.neg(x), [2]));
      expect(() => one()).toThrow(fails("invalid_argument", /called with 1 arguments; received 0/));
      expect(() => one(1, 2)).toThrow(fails("invalid_argument", /received 2/));
      // results are copies, not windows on memory that the next call writes
      const first = one([1, 2]);
      one([3, 4]);
      expect([first.get(0), first.get(1)]).toEqual([-1, -2]);
      one.free();
      expect(own.bytesInUse).toBe(0);
      expect(() => one([1, 2])).toThrow(fails("invalid_state", /freed/));
    });
  });
});

it("wasm refuses a program of another format", () => {
  const other: Program = { ...program, format: 0 };
  expect(() => createEngine().start(other)).toThrow(
    fails("invalid_checkpoint", /format 4 for this engine; received format 0/),
  );
});

it("an executor that does not exist is named", () => {
  expect(() => createEngine({ executor: "wasn" as "wasm" })).toThrow(
    fails("unknown_name", /"wasn".*Did you mean "wasm"/),
  );
});

it("an engine refuses a misspelt option", () => {
  const options = { memorylimit: 2 ** 20 } as EngineOptions;
  expect(() => createEngine(options)).toThrow(
    fails("unknown_name", /unknown option of createEngine "memorylimit"\. Did you mean "memoryLimit"\?/),
  );
});
