/** Two operations in one pass: which pairs are found, and that both are rounded as if they were apart. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import * as f from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { Elementwise, Opcode } from "../../src/graph/opcodes.js";
import { cases } from "../cases.js";
import { decode, registersOf } from "./code.js";

const { fround, sqrt } = Math;
const flushed = (x: number): number => (Math.abs(x) < 2 ** -126 ? 0 : x);

/** Name, in words, in operations, and what it is with each operation rounded to float32. */
const pairs: readonly (readonly [
  name: keyof typeof Elementwise,
  words: string,
  write: (a: Value, b: Value, c: Value) => Value,
  oracle: (a: number, b: number, c: number) => number,
])[] = [
  ["SqrtAdd", "√a + b", (a, b) => f.add(f.sqrt(a), b), (a, b) => fround(sqrt(a)) + b],
  ["SqrtAdd", "b + √a", (a, b) => f.add(b, f.sqrt(a)), (a, b) => b + fround(sqrt(a))],
  ["AddSqrt", "√(a + b)", (a, b) => f.sqrt(f.add(a, b)), (a, b) => sqrt(fround(a + b))],
  ["MulAdd", "ab + c", (a, b, c) => f.add(f.mul(a, b), c), (a, b, c) => fround(a * b) + c],
  ["MulAdd", "c + ab", (a, b, c) => f.add(c, f.mul(a, b)), (a, b, c) => c + fround(a * b)],
  ["MulSub", "ab − c", (a, b, c) => f.sub(f.mul(a, b), c), (a, b, c) => fround(a * b) - c],
  ["MulSubFrom", "c − ab", (a, b, c) => f.sub(c, f.mul(a, b)), (a, b, c) => c - fround(a * b)],
  ["MulMul", "(ab)c", (a, b, c) => f.mul(f.mul(a, b), c), (a, b, c) => fround(a * b) * c],
  ["MulMul", "c(ab)", (a, b, c) => f.mul(c, f.mul(a, b)), (a, b, c) => c * fround(a * b)],
  ["MulDiv", "(ab)/c", (a, b, c) => f.div(f.mul(a, b), c), (a, b, c) => fround(a * b) / c],
  ["DivMul", "(a/b)c", (a, b, c) => f.mul(f.div(a, b), c), (a, b, c) => fround(a / b) * c],
  ["DivMul", "c(a/b)", (a, b, c) => f.mul(c, f.div(a, b)), (a, b, c) => c * fround(a / b)],
  ["GreaterMul", "(a > b)c", (a, b, c) => f.mul(f.greater(a, b), c), (a, b, c) => (a > b ? 1 : 0) * c],
  ["GreaterMul", "c(a > b)", (a, b, c) => f.mul(c, f.greater(a, b)), (a, b, c) => c * (a > b ? 1 : 0)],
  ["FlushMul", "flush(a)b", (a, b) => f.mul(f.flush(a), b), (a, b) => flushed(a) * b],
  ["FlushMul", "b flush(a)", (a, b) => f.mul(b, f.flush(a)), (a, b) => b * flushed(a)],
  [
    "FlushMulAdd",
    "flush(a)b + c",
    (a, b, c) => f.add(f.mul(f.flush(a), b), c),
    (a, b, c) => fround(flushed(a) * b) + c,
  ],
  [
    "FlushMulAdd",
    "c + flush(a)b",
    (a, b, c) => f.add(c, f.mul(f.flush(a), b)),
    (a, b, c) => c + fround(flushed(a) * b),
  ],
];

/** The elementwise operations of `write` on arrays of `length`, and what comes out. */
function compiled(
  length: number,
  write: (a: Value, b: Value, c: Value) => Record<string, Value>,
): { operations: Elementwise[]; call(arrays: readonly Float32Array[]): ArrayLike<number> } {
  const inputs = { a: [length], b: [length], c: [length] };
  const program = compileStep({ inputs }, 1, ({ inputs: { a, b, c } }) => ({ outputs: write(a, b, c) }));
  const regions = decode(program.code).filter(({ opcode }) => opcode === Opcode.Elementwise);
  return {
    operations: regions.flatMap((region) => registersOf(region).operations),
    call(arrays) {
      const run = createEngine().start(program);
      for (const [i, name] of ["a", "b", "c"].entries()) run.write(name, arrays[i]);
      run.advance(1);
      return run.read("y");
    },
  };
}

const float = fc.oneof(
  fc.float({ noNaN: true }),
  fc.double({ min: -4, max: 4, noNaN: true }).map(fround),
  fc.constantFrom(0, -0, 2 ** -126, -(2 ** -127), 2 ** -149, Infinity),
);

describe.each(pairs)("%s, %s", (name, _words, write, oracle) => {
  it("is one pass", () => {
    expect(compiled(5, (a, b, c) => ({ y: write(a, b, c) })).operations).toEqual([Elementwise[name]]);
  });

  it("rounds each operation, whatever the length", () => {
    // Around the vectors, the turns of the loop and the blocks of the machine.
    const lengths = fc.constantFrom(1, 3, 4, 15, 16, 17, 31, 36, 511, 512, 513, 1025);
    const triples = lengths.chain((length) =>
      fc.array(fc.tuple(float, float, float), { minLength: length, maxLength: length }),
    );
    fc.assert(
      fc.property(triples, (rows) => {
        const { call } = compiled(rows.length, (a, b, c) => ({ y: write(a, b, c) }));
        const columns = [0, 1, 2].map((column) => Float32Array.from(rows, (row) => row[column]));
        expect(call(columns)).toEqual(Float32Array.from(rows, (row) => oracle(...row)));
      }),
      { numRuns: cases(30) },
    );
  });
});

describe("two passes remain", () => {
  it.each<[string, (a: Value, b: Value, c: Value) => Record<string, Value>, Elementwise[]]>([
    [
      "where the first is a result",
      (a, b, c) => {
        const x = f.mul(a, b);
        return { x, y: f.add(x, c) };
      },
      [Elementwise.Mul, Elementwise.Add],
    ],
    [
      "where the first is read twice",
      (a, b, c) => {
        const x = f.mul(a, b);
        return { y: f.maximum(f.add(x, c), x) };
      },
      [Elementwise.Mul, Elementwise.Add, Elementwise.Maximum],
    ],
    [
      "where the second reads the first twice",
      (a, b) => {
        const x = f.mul(a, b);
        return { y: f.add(x, x) };
      },
      [Elementwise.Mul, Elementwise.Add],
    ],
    ["of other kinds", (a, b, c) => ({ y: f.div(c, f.mul(a, b)) }), [Elementwise.Mul, Elementwise.Div]],
  ])("%s", (_case, write, operations) => {
    expect(compiled(5, write).operations).toEqual(operations);
  });
});
