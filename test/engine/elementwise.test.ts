/** The elementwise machine: every length of tail, every kind of operand, nothing written outside. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import * as f from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { cases } from "../cases.js";
import { runInBlock } from "./block.js";

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
/** All lengths of a few vectors, and those around one, two and three blocks of 512. */
const LENGTHS = [...range(1, 70), ...range(509, 516), ...range(1022, 1027), ...range(1535, 1538)];

/** Small multiples of 1/8: sums and products of a few are exact in float32. */
const some = (length: number, from = 0): number[] =>
  Array.from({ length }, (_, i) => (((i + from) * 11) % 31) / 8 - 2);

describe("a region of any length", () => {
  it("is computed to the last number and no further", () => {
    for (const n of LENGTHS) {
      const program = compileStep({ inputs: { x: [n], y: [n] } }, 1, ({ inputs: { x, y } }) => ({
        outputs: { sum: f.add(f.mul(x, y), 0.5), difference: f.sub(f.abs(x), y) },
      }));
      const [x, y] = [some(n), some(n, 5)];
      const { read, disturbed } = runInBlock(program, { x, y });
      expect([...read("sum")], `${n}`).toEqual(x.map((v, i) => v * y[i] + 0.5));
      expect([...read("difference")], `${n}`).toEqual(x.map((v, i) => Math.abs(v) - y[i]));
      expect(disturbed, `${n}`).toEqual([]);
    }
  });

  it("updates state over itself, though it is read after it was computed", () => {
    for (const n of LENGTHS) {
      const program = compileStep(
        { inputs: { g: [n] }, state: { w: [n], v: [n] } },
        1,
        ({ inputs: { g }, state }) => {
          const next = f.sub(f.mul(state.v, 0.5), g);
          // the old w and the old v are read after both have new values
          return {
            state: { v: next, w: f.add(state.w, next) },
            outputs: { y: f.sub(f.mul(next, state.w), state.v) },
          };
        },
      );
      const [g, w, v] = [some(n), some(n, 3), some(n, 9)];
      const { read, disturbed } = runInBlock(program, { g, w, v });
      const next = v.map((x, i) => x * 0.5 - g[i]);
      expect([...read("v")], `${n}`).toEqual(next);
      expect([...read("w")], `${n}`).toEqual(w.map((x, i) => x + next[i]));
      expect([...read("y")], `${n}`).toEqual(next.map((x, i) => x * w[i] - v[i]));
      // y's own region may keep a temporary in memory, but only inside of the block
      expect(
        disturbed.every((at) => at >= 0 && at < program.bytes),
        `${n}`,
      ).toBe(true);
    }
  });

  it("writes parts of a concatenation side by side", () => {
    for (const n of [1, 2, 3, 5, 7, 511, 513]) {
      const program = compileStep({ inputs: { x: [n] } }, 1, ({ inputs: { x } }) => ({
        outputs: { y: f.concat([f.neg(x), f.add(x, 1), f.mul(x, 2)]) },
      }));
      const x = some(n);
      const { read, disturbed } = runInBlock(program, { x });
      expect([...read("y")], `${n}`).toEqual([
        ...x.map((v) => -v),
        ...x.map((v) => v + 1),
        ...x.map((v) => v * 2),
      ]);
      expect(disturbed, `${n}`).toEqual([]);
    }
  });
});

describe("operands", () => {
  const anyShape = fc.tuple(
    fc.integer({ min: 1, max: 7 }),
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 12 }),
  );

  it("are read as they lie: transposed, spread, cut, and any of these at once", () => {
    fc.assert(
      fc.property(
        anyShape,
        fc.tuple(fc.nat(6), fc.nat(6), fc.nat(11)),
        fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
        fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
        (shape, cut, permutation, spread) => {
          const begin = shape.map((dim, i) => cut[i] % dim);
          const size = shape.map((dim, i) => dim - begin[i]);
          // y[i…] = x cut, transposed, and only its first element along an axis that is spread
          const view = (x: Value): Value => {
            const kept = permutation.map((axis, i) => (spread[i] ? 1 : size[axis]));
            const turned = f.transpose(f.slice(x, begin, size), permutation);
            return f.broadcastTo(
              f.slice(turned, [0, 0, 0], kept),
              permutation.map((axis) => size[axis]),
            );
          };
          const program = compileStep({ inputs: { x: shape, s: [] } }, 1, ({ inputs: { x, s } }) => ({
            outputs: { y: f.add(f.mul(view(x), s), f.add(view(x), 0.25)) },
          }));
          const x = some(shape[0] * shape[1] * shape[2]);
          const { read, disturbed } = runInBlock(program, { x, s: [2] });
          const expected: number[] = [];
          const dims = permutation.map((axis) => size[axis]);
          for (let i = 0; i < dims[0]; i++) {
            for (let j = 0; j < dims[1]; j++) {
              for (let k = 0; k < dims[2]; k++) {
                const at = [...begin];
                [i, j, k].forEach((index, axis) => {
                  at[permutation[axis]] += spread[axis] ? 0 : index;
                });
                expected.push(x[(at[0] * shape[1] + at[1]) * shape[2] + at[2]] * 3 + 0.25);
              }
            }
          }
          expect([...read("y")]).toEqual(expected);
          expect(disturbed).toEqual([]);
        },
      ),
      { numRuns: cases(150) },
    );
  });

  it("are columns in rows of every width around whole vectors, read and written, also over the ends of blocks", () => {
    for (const width of [12, 15, 16, 17, 32, 48, 496, 528, 1040]) {
      for (const rows of [1, 2, 35]) {
        const columns = width + 5;
        const program = compileStep({ inputs: { x: [rows, columns] } }, 1, ({ inputs: { x } }) => {
          const cut = f.slice(x, [0, 3], [rows, width]);
          const first = f.broadcastTo(f.slice(x, [0, 1], [1, width]), [rows, width]);
          return { outputs: { y: f.concat([f.neg(cut), f.add(cut, first)], 1) } };
        });
        const x = some(rows * columns);
        const { read, disturbed } = runInBlock(program, { x });
        const expected = range(0, rows - 1).flatMap((row) => {
          const from = row * columns + 3;
          const cut = x.slice(from, from + width);
          return [...cut.map((v) => -v), ...cut.map((v, i) => v + x[1 + i])];
        });
        expect([...read("y")], `${rows} × ${width}`).toEqual(expected);
        expect(disturbed, `${rows} × ${width}`).toEqual([]);
      }
    }
  });

  it("may be the same array twice, in two layouts", () => {
    const program = compileStep({ inputs: { x: [17, 17] } }, 1, ({ inputs: { x } }) => ({
      outputs: { y: f.sub(x, f.transpose(x)) },
    }));
    const x = some(289);
    const { read } = runInBlock(program, { x });
    expect([...read("y")]).toEqual(x.map((v, i) => v - x[(i % 17) * 17 + Math.floor(i / 17)]));
  });

  it("state that is read in another layout is not written over", () => {
    const program = compileStep({ state: { w: [5, 5] } }, 1, ({ state: { w } }) => ({
      state: { w: f.add(w, f.transpose(w)) },
    }));
    const w = some(25);
    expect([...runInBlock(program, { w }).read("w")]).toEqual(
      w.map((v, i) => v + w[(i % 5) * 5 + Math.floor(i / 5)]),
    );
  });
});
