/** Code: what follows the rows of the batch, and what a region may use. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import type { Program } from "../../src/compile/program.js";
import { createEngine } from "../../src/engine/engine.js";
import * as f from "../../src/graph/functions.js";
import * as Opcode from "../../src/graph/opcodes/program.js";
import { anyRecipe, stepOf } from "../../src/testing/graphs.js";
import { FLOAT32 } from "../../src/testing/operations/rounding.js";
import { checkRun } from "../../src/testing/run.js";
import { cases } from "../cases.js";
import { decode, patched, registersOf } from "./code.js";

describe("code set to fewer rows", () => {
  it("is the code of a program for those rows, but for where things lie", () => {
    fc.assert(
      fc.property(anyRecipe(), fc.integer({ min: 1, max: 9 }), (recipe, other) => {
        const { signature, rows, write } = stepOf(recipe);
        const few = Math.min(rows, other);
        const sizes = (program: Program): unknown =>
          decode(patched(program.code, few)).map(({ opcode, words }) => ({
            opcode,
            words: words.map(({ kind, value }) => (kind === "place" ? "place" : value)),
          }));
        expect(sizes(compileStep(signature, rows, write))).toEqual(sizes(compileStep(signature, few, write)));
      }),
      { numRuns: cases(150) },
    );
  });

  it("comes back to what it was", () => {
    fc.assert(
      fc.property(anyRecipe(), fc.integer({ min: 1, max: 40 }), (recipe, other) => {
        const { signature, rows, write } = stepOf(recipe);
        const { code } = compileStep(signature, rows, write);
        expect(patched(patched(code, other), rows)).toEqual(code);
      }),
      { numRuns: cases(50) },
    );
  });
});

describe("places", () => {
  it("are inside the block, and multiples of 4", () => {
    fc.assert(
      fc.property(anyRecipe(), fc.integer({ min: 1, max: 9 }), (recipe, some) => {
        const { signature, rows, write } = stepOf(recipe);
        const { code, bytes } = compileStep(signature, rows, write);
        for (const { words } of decode(patched(code, Math.min(some, rows)))) {
          for (const { kind, value } of words) {
            if (kind !== "place") continue;
            expect(value % 4).toBe(0);
            expect(value).toBeGreaterThanOrEqual(64);
            expect(value).toBeLessThan(bytes);
          }
        }
      }),
      { numRuns: cases(100) },
    );
  });
});

describe("regions", () => {
  const REGISTERS = 64;

  /** Every region of a program fits the machine, and the program computes what it says. */
  function holds(program: Program, arrays: Record<string, number[]>): void {
    const regions = decode(program.code).filter(({ opcode }) => opcode === Opcode.Elementwise);
    for (const region of regions) {
      const { needed, named } = registersOf(region);
      expect(needed).toBeLessThanOrEqual(REGISTERS);
      expect(named).toBeLessThanOrEqual(needed);
    }
    const task = { streams: {}, arrays, dataRows: 0, shuffle: false, batchSize: 1, seed: 1, steps: 2 };
    checkRun(createEngine(), program, task, FLOAT32);
  }
  const numbers = (length: number): number[] => Array.from({ length }, (_, i) => ((i * 7) % 13) / 8 - 0.75);

  it.each([1, 3, 4, 513])("hold a chain of 200 operations on %i numbers", (n) => {
    const program = compileStep({ inputs: { x: [n] } }, 1, ({ inputs: { x } }) => {
      let y = x;
      for (let i = 0; i < 50; i++) y = f.mul(f.tanh(f.sub(f.add(y, x), i / 64)), 1.5);
      return { outputs: { y } };
    });
    holds(program, { x: numbers(n) });
  });

  it("hold 60 operands that are all read at the end", () => {
    const names = Array.from({ length: 60 }, (_, i) => `x${i}`);
    const program = compileStep(
      { inputs: Object.fromEntries(names.map((name) => [name, [5]])) },
      1,
      ({ inputs }) => {
        const changed = names.map((name) => f.abs(inputs[name]));
        return {
          outputs: { y: changed.reduceRight((sum, x) => f.add(x, sum)), z: changed.reduce(f.maximum) },
        };
      },
    );
    holds(program, Object.fromEntries(names.map((name, i) => [name, numbers(5 + i).slice(i)])));
  });

  it.each([10, 20, 26, 27, 40])("hold %i arrays of state that move on by one place at once", (count) => {
    const names = Array.from({ length: count }, (_, i) => `s${i}`);
    const program = compileStep(
      { inputs: { x: [6] }, state: Object.fromEntries(names.map((name) => [name, [6]])) },
      1,
      ({ inputs, state }) => {
        const shared = f.mul(inputs.x, 0.5);
        // each reads its neighbour's old value, which is written over in the same region
        const moved = names.map((name, i) => [name, f.add(shared, state[names[(i + count - 1) % count]])]);
        return { state: Object.fromEntries(moved) };
      },
    );
    const arrays = Object.fromEntries(names.map((name, i) => [name, numbers(6 + i).slice(i)]));
    holds(program, { ...arrays, x: numbers(6) });
  });

  it("hold results that are all kept", () => {
    const program = compileStep({ inputs: { x: [7] } }, 1, ({ inputs: { x } }) => {
      const kept = [x];
      for (let i = 0; i < 70; i++) kept.push(f.sin(f.add(kept[i], 0.25)));
      return { outputs: Object.fromEntries(kept.map((value, i) => [`y${i}`, value])) };
    });
    holds(program, { x: numbers(7) });
  });

  it("are one where they can be: a chain of 20 is one instruction", () => {
    const program = compileStep({ inputs: { x: [4] } }, 1, ({ inputs: { x } }) => {
      let y = x;
      for (let i = 0; i < 20; i++) y = f.sin(y);
      return { outputs: { y } };
    });
    expect(decode(program.code).map(({ opcode }) => opcode)).toEqual([Opcode.Elementwise, Opcode.End]);
  });
});

it("refuses a batch that is no positive integer", () => {
  for (const rows of [0, -1, 1.5, Number.NaN]) {
    expect(() =>
      compileStep({ streams: { x: 1 } }, rows, ({ streams: { x } }) => ({ streams: { y: x } })),
    ).toThrow(
      expect.objectContaining({ code: "invalid_argument", message: expect.stringContaining(String(rows)) }),
    );
  }
});
