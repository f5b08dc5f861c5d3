import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cases } from "../cases.js";
import { bits, builds, layout, noise } from "./load.js";

/** Rows of a few floats, and rows long enough for a block copy. */
const columns = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 60, max: 70 }));
const rows = fc.integer({ min: 1, max: 12 });
const idOf = (n: number) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: n - 1 }) },
    { weight: 1, arbitrary: fc.float({ min: -3, max: n + 2 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(-1, n, -0.5, n - 0.5, -1e30, 1e30, Number.NaN, Infinity, -Infinity),
    },
  );
/** Ids that follow each other, up to more than one copy of short rows. */
const runOfIds = fc
  .tuple(fc.nat(20), fc.integer({ min: 1, max: 8 }))
  .map(([first, length]) => Array.from({ length }, (_, i) => first + i));
/** [rows, columns, ids] with ids in and out of range. */
const lookup = fc
  .tuple(rows, columns)
  .chain(([n, width]) => fc.tuple(fc.constant(n), fc.constant(width), fc.array(idOf(n), { maxLength: 15 })));

/** The row that an id names, or undefined. */
function rowOf(id: number, n: number): number | undefined {
  const row = Math.fround(id) + 0;
  return Number.isInteger(row) && row >= 0 && row < n ? row : undefined;
}

describe.each(builds)("rows, %s build", (_, kernels) => {
  it("takes rows by integer", () => {
    fc.assert(
      fc.property(rows, columns, fc.array(runOfIds, { maxLength: 15 }), (n, width, picks) => {
        const ids = picks.flat().map((pick) => pick % n);
        const values = noise(n * width, n + width);
        const memory = layout(kernels);
        const [table, list] = [memory.put(values), memory.putInts(ids)];
        const dst = memory.room(ids.length * width);
        memory.untouched();
        kernels.take_rows(table, width, list, ids.length, dst);
        expect(memory.untouched([dst, ids.length * width])).toBe(true);
        const expected = ids.flatMap((id) => [...values.subarray(id * width, (id + 1) * width)]);
        expect([...memory.read(dst, ids.length * width)]).toEqual(expected);
      }),
    );
  });

  it("takes rows by float: NaN for a fraction, and for a row that is not there", () => {
    fc.assert(
      fc.property(lookup, ([n, width, ids]) => {
        const values = noise(n * width, n + width);
        const memory = layout(kernels);
        const [table, list] = [memory.put(values), memory.put(ids)];
        const dst = memory.room(ids.length * width);
        new Float32Array(kernels.memory.buffer).fill(7, dst / 4, dst / 4 + ids.length * width);
        memory.untouched();
        kernels.take_rows_f32(table, n, width, list, ids.length, dst);
        expect(memory.untouched([dst, ids.length * width])).toBe(true);
        const expected = ids.flatMap((id) => {
          const row = rowOf(id, n);
          if (row === undefined) return new Array<number>(width).fill(Number.NaN);
          return [...values.subarray(row * width, (row + 1) * width)];
        });
        expect([...memory.read(dst, ids.length * width)]).toEqual(expected);
      }),
      { numRuns: cases(300) },
    );
  });

  it("scatters rows: zeroes, then adds in the order of the ids, leaving out fractions and rows that are not there", () => {
    fc.assert(
      fc.property(lookup, ([n, width, ids]) => {
        const values = noise(ids.length * width, n + width);
        const memory = layout(kernels);
        const [src, list] = [memory.put(values), memory.put(ids)];
        const dst = memory.room(n * width);
        memory.untouched();
        kernels.scatter_rows_f32(src, width, list, ids.length, dst, n);
        expect(memory.untouched([dst, n * width])).toBe(true);
        const expected = new Float32Array(n * width);
        ids.forEach((id, i) => {
          const row = rowOf(id, n);
          if (row === undefined) return;
          for (let j = 0; j < width; j++) expected[row * width + j] += values[i * width + j];
        });
        expect(bits(memory.read(dst, n * width))).toEqual(bits(expected));
      }),
      { numRuns: cases(300) },
    );
  });
});
