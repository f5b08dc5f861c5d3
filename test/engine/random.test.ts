/** Random nodes: the same bits as the Philox of `src/numerics`, which is written apart from the kernels'. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import * as f from "../../src/graph/functions.js";
import { ROWS } from "../../src/graph/shape.js";
import { splitSeed, uniformF32 } from "../../src/numerics/philox.js";
import { cases } from "../cases.js";
import { runInBlock } from "./block.js";

const anySeed = fc.oneof(fc.nat(99), fc.maxSafeNat(), fc.constantFrom(2 ** 32, 2 ** 53 - 1));
const anyStream = fc.oneof(fc.nat(9), fc.constantFrom(2 ** 31, 2 ** 32 - 2));

describe("random nodes", () => {
  it("are a function of seed, stream, step and index alone", () => {
    fc.assert(
      fc.property(
        anySeed,
        anyStream,
        fc.integer({ min: 1, max: 67 }),
        fc.integer({ min: 1, max: 3 }),
        (seed, stream, n, steps) => {
          const program = compileStep({}, 1, ({ graph }) => ({
            outputs: { u: f.randomUniform(graph, [n], stream) },
          }));
          const { read, disturbed } = runInBlock(program, {}, { seed, steps });
          const [lo, hi] = splitSeed(seed);
          expect([...read("u")]).toEqual(
            Array.from({ length: n }, (_, i) => uniformF32(i, stream, steps - 1, lo, hi)),
          );
          expect(disturbed).toEqual([]);
        },
      ),
      { numRuns: cases(60) },
    );
  });

  it("give dropout the same masks on both executors, for ragged batches too", () => {
    const program = compileStep(
      { streams: { x: 5 }, inputs: { rate: [] } },
      4,
      ({ graph, streams: { x }, inputs: { rate } }) => {
        const mask = f.greaterEqual(f.randomUniform(graph, x.shape, 2), rate);
        return { streams: { mask, dropped: f.mul(x, mask) } };
      },
    );
    const data = Array.from({ length: 50 }, (_, i) => i - 25);
    const results = (["wasm", "reference"] as const).map((executor) => {
      const engine = createEngine({ executor });
      const [x, mask, dropped] = [engine.matrix(10, 5, data), engine.matrix(10, 5), engine.matrix(10, 5)];
      const run = engine.start(program, { streams: { x, mask, dropped }, shuffle: true, seed: 12 });
      run.write("rate", 0.375);
      run.advance(3);
      return [mask, dropped].map((matrix) => [...matrix.read()]);
    });
    expect(results[0]).toEqual(results[1]);
    // by hand: steps 0, 1 and 2 have 4, 4 and 2 rows
    const expected = [4, 4, 2].flatMap((rows, step) =>
      Array.from({ length: rows * 5 }, (_, i) => (uniformF32(i, 2, step, 12, 0) >= 0.375 ? 1 : 0)),
    );
    expect(results[0][0]).toEqual(expected);
  });

  it("of one stream are one node, of two streams two", () => {
    const program = compileStep({}, 1, ({ graph }) => {
      const [a, b, c] = [1, 1, 2].map((stream) => f.randomUniform(graph, [64], stream));
      return { outputs: { same: f.sub(a, b), other: f.sub(a, c) } };
    });
    const { read } = runInBlock(program, {}, { seed: 3 });
    expect(read("same").every((x) => x === 0)).toBe(true);
    expect(read("other").some((x) => x !== 0)).toBe(true);
  });

  it.each([-1, 0.5, 2 ** 32 - 1, Number.NaN])("refuses stream %d", (stream) => {
    expect(() =>
      compileStep({}, 1, ({ graph }) => ({ outputs: { u: f.randomUniform(graph, [ROWS], stream) } })),
    ).toThrow(
      expect.objectContaining({ code: "invalid_argument", message: expect.stringContaining(String(stream)) }),
    );
  });
});
