/** Parts of a concatenation along columns: computed where they end up, or copied there. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import * as f from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import * as Opcode from "../../src/graph/opcodes/program.js";
import { type ScanStep, scan } from "../../src/graph/scan.js";
import { dense, functional, gru, input, lstm } from "../../src/index.js";
import { architectureFrom } from "../../src/nn/programs/architecture.js";
import { programOf } from "../../src/nn/programs/programs.js";
import { cases } from "../cases.js";
import { decode } from "./code.js";

const copiesOf = (code: Int32Array): number =>
  decode(code).filter(({ opcode }) => opcode === Opcode.Copy).length;

/** Numbers whose products by small integers and sums with them are exact. */
const counted = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => (i % 97) - 48);

describe("parts along columns", () => {
  it("are written in their places by regions, whatever their widths and rows", () => {
    const widths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(widths, fc.integer({ min: 1, max: 60 }), (columns, rows) => {
        const parts = compile(
          (...values: Value[]) =>
            f.concat(
              values.map((value, i) => f.add(f.mul(value, i + 2), i)),
              -1,
            ),
          ...columns.map((count) => [rows, count]),
        );
        expect(copiesOf(parts.program.code)).toBe(0);
        const given = columns.map((count) => counted(rows * count));
        const found = createEngine().load(parts)(...given) as { data: Float32Array };
        const expected = Array.from({ length: rows }, (_, row) =>
          columns.flatMap((count, i) =>
            [...given[i].subarray(row * count, (row + 1) * count)].map((x) => x * (i + 2) + i),
          ),
        );
        expect([...found.data]).toEqual(expected.flat());
      }),
      { numRuns: cases(60) },
    );
  });

  // rows of a multiple of 16 numbers have a loop of their own
  it("are copied from inputs, whatever their widths and rows", () => {
    const width = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(16, 32, 48));
    const widths = fc.array(width, { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(widths, fc.integer({ min: 1, max: 9 }), (columns, rows) => {
        const whole = compile(
          (...values: Value[]) => f.concat(values, -1),
          ...columns.map((count) => [rows, count]),
        );
        expect(copiesOf(whole.program.code)).toBe(columns.length);
        const given = columns.map((count) => counted(rows * count));
        const found = createEngine().load(whole)(...given) as { data: Float32Array };
        const expected = Array.from({ length: rows }, (_, row) =>
          columns.flatMap((count, i) => [...given[i].subarray(row * count, (row + 1) * count)]),
        );
        expect([...found.data]).toEqual(expected.flat());
      }),
      { numRuns: cases(60) },
    );
  });

  it("are copied where a product wrote them, or something else reads them", () => {
    const ends = compile(
      (x: Value, w: Value) => {
        const read = f.mul(x, 2);
        const whole = f.concat([f.relu(f.matmul(x, w)), read], 1);
        return [whole, f.sum(read, 1), f.softmax(read)];
      },
      [2, 2],
      [2, 3],
    );
    expect(copiesOf(ends.program.code)).toBe(2);
    const [whole, sums] = createEngine().load(ends)(
      [
        [1, 2],
        [3, -4],
      ],
      [
        [1, 0, 1],
        [0, 1, 1],
      ],
    );
    expect([...(whole.data as Float32Array)]).toEqual([1, 2, 3, 2, 4, 3, 0, 0, 6, -8]);
    expect([...(sums.data as Float32Array)]).toEqual([6, -2]);
  });

  it("are in the first of two concatenations, and copied to the second", () => {
    const both = compile(
      (x: Value) => {
        const [a, b, c] = [2, 3, 4].map((times) => f.mul(x, times));
        return [f.concat([a, b], 1), f.concat([b, c, b], 1)];
      },
      [2, 2],
    );
    expect(copiesOf(both.program.code)).toBe(2);
    const [first, second] = createEngine().load(both)([
      [1, 2],
      [3, 4],
    ]);
    expect([...(first.data as Float32Array)]).toEqual([2, 4, 3, 6, 6, 8, 9, 12]);
    expect([...(second.data as Float32Array)]).toEqual([3, 6, 4, 8, 3, 6, 9, 12, 12, 16, 9, 12]);
  });

  it.each([false, true])("are in the places of a stack, at each step; reverse %s", (reverse) => {
    const loop = compile(
      (x: Value) => {
        const body = ({ carry, elements }: ScanStep) => {
          const next = f.add(carry.h, elements.x);
          const pair = f.concat([f.mul(elements.x, 2), f.mul(next, 3)], 1);
          return { carry: { h: next }, stacks: { pair } };
        };
        const h = f.broadcastTo(f.constant(x.graph, 0), [2, 1]);
        return scan({ carry: { h }, sequences: { x }, reverse }, body).stacks.pair;
      },
      [3, 2, 1],
    );
    const found = createEngine().load(loop)([
      [[1], [2]],
      [[3], [4]],
      [[5], [6]],
    ]) as { data: Float32Array };
    const sums = reverse ? [9, 12, 8, 10, 5, 6] : [1, 2, 4, 6, 9, 12];
    expect([...found.data]).toEqual([1, 2, 3, 4, 5, 6].flatMap((x, i) => [2 * x, 3 * sums[i]]));
  });
});

describe("the loops of recurrent layers", () => {
  it.each([
    ["lstm", lstm(8), 0],
    // a gradient of its gates is in two arrays: those of the inputs' product, and those of the state's
    ["gru", gru(8), 3],
  ])("%s: copy neither gates nor states", (_, layer, copies) => {
    const x = input([5, 3]);
    const model = functional({ inputs: x, outputs: dense(1).apply(layer.apply(x)) });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const { code } = programOf(architectureFrom(model.described(), 15), "train", 4);
    const instructions = decode(code);
    const within: number[] = [];
    let inside = false;
    // a loop is its own words, its table, its body and an end
    for (const { opcode } of instructions) {
      if (opcode === Opcode.Loop) inside = true;
      else if (opcode === Opcode.End) inside = false;
      else if (inside) within.push(opcode);
    }
    expect(within.filter((opcode) => opcode === Opcode.Copy)).toHaveLength(copies);
    expect(within.filter((opcode) => opcode === Opcode.Gemm)).toHaveLength(2);
  });
});
