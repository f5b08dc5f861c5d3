/** Copies of what a first `fit` is given: what is copied, and what is left to be refused as it is. */
import ndarray from "ndarray";
import { describe, expect, it } from "vitest";
import { copyPlain, defined } from "../src/options.js";

describe("a copy", () => {
  it("of arrays and of what holds them does not change with them", () => {
    const given = {
      nested: [[1, 2], Float64Array.of(3, 4)],
      shaped: { data: Uint8Array.of(1, 2), shape: [2, 1] },
      strided: ndarray(Float32Array.of(1, 2, 3, 4), [2, 2], [1, 2]),
    };
    const copy = copyPlain(given, true);
    (given.nested[0] as number[])[1] = 9;
    (given.nested[1] as Float64Array).fill(9);
    given.shaped.data.fill(9);
    given.strided.set(0, 1, 9);
    expect([copy.nested, copy.shaped]).toEqual([
      [[1, 2], Float64Array.of(3, 4)],
      { data: Uint8Array.of(1, 2), shape: [2, 1] },
    ]);
    expect([0, 1].map((i) => [0, 1].map((j) => copy.strided.get(i, j)))).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it("of a part of a buffer has that part alone", () => {
    const copy = copyPlain(new Float32Array(1000).subarray(10, 12), true);
    expect([copy.length, copy.buffer.byteLength]).toEqual([2, 8]);
  });

  it("is the same object where it is none of these", () => {
    class Table {
      readonly #rows = 3;
      get length() {
        return this.#rows;
      }
    }
    for (const other of [new Table(), new Map(), new DataView(new ArrayBuffer(4)), () => 1, "text", null])
      expect(copyPlain(other, true)).toBe(other);
  });

  it("ends where arrays hold themselves or have too many axes", () => {
    const loop: unknown[] = [];
    loop.push(loop, loop);
    const copy = copyPlain(loop, true);
    expect(copy).not.toBe(loop);
    expect(copy[1]).toBe(copy);
    let deep: unknown[] = [1];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(() => copyPlain(deep, true)).not.toThrow();
  });
});

it("keeps the options that are defined, whatever their value", () => {
  const own = defined({ none: undefined, off: false, zero: 0, empty: "", nothing: null });
  expect(Object.entries(own)).toEqual([
    ["off", false],
    ["zero", 0],
    ["empty", ""],
    ["nothing", null],
  ]);
});
