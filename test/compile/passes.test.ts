/** Several operations in one pass: which are found, and that each is rounded as if it were alone. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import * as f from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import * as Elementwise from "../../src/graph/opcodes/elementwise.js";
import * as Passes from "../../src/graph/opcodes/passes.js";
import * as Opcode from "../../src/graph/opcodes/program.js";
import { instantiate, kernelsModule } from "../../src/numerics/kernels.js";
import { cases } from "../cases.js";
import { decode, registersOf } from "./code.js";

const { fround, sqrt } = Math;
const flushed = (x: number): number => (Math.abs(x) < 2 ** -126 ? 0 : x);
const squarable = (x: number): number => (Math.abs(x) < 2 ** -63 ? 0 : x);
const share = (x: number, y: number): number => (y === 0 ? 0 : x * y);
const softplus = alone(Elementwise.Softplus);
const sigmoid = alone(Elementwise.Sigmoid);

/** One operation of the machine on one number. */
function alone(code: number): (x: number) => number {
  const kernels = instantiate(kernelsModule());
  const place = kernels.heap_base();
  const cell = new Float32Array(kernels.memory.buffer, place, 1);
  return (x) => {
    cell[0] = x;
    kernels.unary_f32(code, place, place, 1);
    return cell[0];
  };
}

/** Writes an expression of up to four operands. */
type Write<T> = (a: T, b: T, c: T, d: T) => T;

/**
 * In words, the machine's operation, in operations, and what it is with each operation rounded to float32.
 */
type Row = readonly [words: string, code: number, write: Write<Value>, oracle: Write<number>];

const ofArrays: readonly Row[] = [
  ["√a + b", Passes.SqrtAdd, (a, b) => f.add(f.sqrt(a), b), (a, b) => fround(sqrt(a)) + b],
  ["b + √a", Passes.SqrtAdd, (a, b) => f.add(b, f.sqrt(a)), (a, b) => b + fround(sqrt(a))],
  ["√(a + b)", Passes.AddSqrt, (a, b) => f.sqrt(f.add(a, b)), (a, b) => sqrt(fround(a + b))],
  ["ab + c", Passes.MulAdd, (a, b, c) => f.add(f.mul(a, b), c), (a, b, c) => fround(a * b) + c],
  ["c + ab", Passes.MulAdd, (a, b, c) => f.add(c, f.mul(a, b)), (a, b, c) => c + fround(a * b)],
  ["ab − c", Passes.MulSub, (a, b, c) => f.sub(f.mul(a, b), c), (a, b, c) => fround(a * b) - c],
  ["c − ab", Passes.MulSubFrom, (a, b, c) => f.sub(c, f.mul(a, b)), (a, b, c) => c - fround(a * b)],
  ["(ab)/c", Passes.MulDiv, (a, b, c) => f.div(f.mul(a, b), c), (a, b, c) => fround(a * b) / c],
  ["(a/b)c", Passes.DivMul, (a, b, c) => f.mul(f.div(a, b), c), (a, b, c) => fround(a / b) * c],
  ["c(a/b)", Passes.DivMul, (a, b, c) => f.mul(c, f.div(a, b)), (a, b, c) => c * fround(a / b)],
  ["(a > b)c", Passes.GreaterMul, (a, b, c) => f.mul(f.greater(a, b), c), (a, b, c) => (a > b ? 1 : 0) * c],
  ["c(a > b)", Passes.GreaterMul, (a, b, c) => f.mul(c, f.greater(a, b)), (a, b, c) => c * (a > b ? 1 : 0)],
  [
    "flushRoot(c − a flushRoot(b))",
    Passes.FlushRootMulSubFrom,
    (a, b, c) => f.flushRoot(f.sub(c, f.mul(a, f.flushRoot(b)))),
    (a, b, c) => squarable(fround(c - fround(a * squarable(b)))),
  ],
  [
    "flushRoot(a − b)",
    Passes.FlushRootSub,
    (a, b) => f.flushRoot(f.sub(a, b)),
    (a, b) => squarable(fround(a - b)),
  ],
  [
    "flushRoot(a + b)",
    Passes.FlushRootAdd,
    (a, b) => f.flushRoot(f.add(a, b)),
    (a, b) => squarable(fround(a + b)),
  ],
  ["a flushRoot(b)", Passes.FlushRootMul, (a, b) => f.mul(a, f.flushRoot(b)), (a, b) => a * squarable(b)],
  [
    "a flushRoot(b)/c",
    Passes.FlushRootMulDiv,
    (a, b, c) => f.div(f.mul(a, f.flushRoot(b)), c),
    (a, b, c) => fround(a * squarable(b)) / c,
  ],
  [
    "flush(ab − c)",
    Passes.FlushMulSub,
    (a, b, c) => f.flush(f.sub(f.mul(a, b), c)),
    (a, b, c) => flushed(fround(fround(a * b) - c)),
  ],
  [
    "flushRoot(d − (a/b)c)",
    Passes.FlushRootDivMulSubFrom,
    (a, b, c, d) => f.flushRoot(f.sub(d, f.mul(f.div(a, b), c))),
    (a, b, c, d) => squarable(fround(d - fround(fround(a / b) * c))),
  ],
  [
    "d − (a/b)c",
    Passes.DivMulSubFrom,
    (a, b, c, d) => f.sub(d, f.mul(f.div(a, b), c)),
    (a, b, c, d) => d - fround(fround(a / b) * c),
  ],
  [
    "d − c(a/b)",
    Passes.DivMulSubFrom,
    (a, b, c, d) => f.sub(d, f.mul(c, f.div(a, b))),
    (a, b, c, d) => d - fround(c * fround(a / b)),
  ],
  [
    "√((a + b)/(c + b))d",
    Passes.RatioRoot,
    (a, b, c, d) => f.mul(f.sqrt(f.div(f.add(a, b), f.add(c, b))), d),
    (a, b, c, d) => fround(sqrt(fround(fround(a + b) / fround(c + b)))) * d,
  ],
  [
    "a(b(c − b))",
    Passes.LogisticSlope,
    (a, b, c) => f.mul(a, f.mul(b, f.sub(c, b))),
    (a, b, c) => a * fround(b * fround(c - b)),
  ],
  [
    "((c − b)b)(ad)",
    Passes.LogisticSlopeOfProduct,
    (a, b, c, d) => f.mul(f.mul(f.sub(c, b), b), f.mul(a, d)),
    (a, b, c, d) => fround(fround(c - b) * b) * fround(a * d),
  ],
  [
    "a(c − b²)",
    Passes.TanhSlope,
    (a, b, c) => f.mul(a, f.sub(c, f.mul(b, b))),
    (a, b, c) => a * fround(c - fround(b * b)),
  ],
  [
    "(ad)(c − b²)",
    Passes.TanhSlopeOfProduct,
    (a, b, c, d) => f.mul(f.mul(a, d), f.sub(c, f.mul(b, b))),
    (a, b, c, d) => fround(a * d) * fround(c - fround(b * b)),
  ],
  [
    "softplus(−b)a + softplus(b)c, without 0 · ∞",
    Passes.CrossEntropy,
    (a, b, c) => f.add(f.mulNoNan(f.softplus(f.neg(b)), a), f.mulNoNan(f.softplus(b), c)),
    (a, b, c) => fround(share(softplus(-b), a)) + fround(share(softplus(b), c)),
  ],
  [
    "softplus(b)c + softplus(−b)a, without 0 · ∞",
    Passes.CrossEntropy,
    (a, b, c) => f.add(f.mulNoNan(f.softplus(b), c), f.mulNoNan(f.softplus(f.neg(b)), a)),
    (a, b, c) => fround(share(softplus(b), c)) + fround(share(softplus(-b), a)),
  ],
  [
    "flushRoot(a sigmoid(b) − c sigmoid(−b))",
    Passes.FlushRootCrossEntropySlope,
    (a, b, c) => f.flushRoot(f.sub(f.mul(a, f.sigmoid(b)), f.mul(c, f.sigmoid(f.neg(b))))),
    (a, b, c) => squarable(fround(fround(a * sigmoid(b)) - fround(c * sigmoid(-b)))),
  ],
];

/** Those of which b and d are one number each. */
const ofNumbers: readonly Row[] = [
  [
    "flush(ab + flushRoot(c)d)",
    Passes.FlushAxpby,
    (a, b, c, d) => f.flush(f.add(f.mul(a, b), f.mul(f.flushRoot(c), d))),
    (a, b, c, d) => flushed(fround(fround(a * b) + fround(squarable(c) * d))),
  ],
  [
    "flush(d flushRoot(c) + ba)",
    Passes.FlushAxpby,
    (a, b, c, d) => f.flush(f.add(f.mul(d, f.flushRoot(c)), f.mul(b, a))),
    (a, b, c, d) => flushed(fround(fround(d * squarable(c)) + fround(b * a))),
  ],
  [
    "flush(ab + flushRoot(c)²d)",
    Passes.FlushAxpbySquare,
    (a, b, c, d) => f.flush(f.add(f.mul(a, b), f.mul(f.square(f.flushRoot(c)), d))),
    (a, b, c, d) => flushed(fround(fround(a * b) + fround(fround(squarable(c) ** 2) * d))),
  ],
];

/**
 * The elementwise operations of `write` on arrays, with numbers for b and d if `numbers`, and what comes out.
 */
function compiled(
  length: number,
  write: (a: Value, b: Value, c: Value, d: Value) => Record<string, Value>,
  numbers = false,
): { operations: number[]; call(arrays: readonly Float32Array[], output?: string): ArrayLike<number> } {
  const other = numbers ? [] : [length];
  const inputs = { a: [length], b: other, c: [length], d: other };
  const program = compileStep({ inputs }, 1, ({ inputs: { a, b, c, d } }) => ({
    outputs: write(a, b, c, d),
  }));
  const regions = decode(program.code).filter(({ opcode }) => opcode === Opcode.Elementwise);
  return {
    operations: regions.flatMap((region) => registersOf(region).operations),
    call(arrays, output = "y") {
      const run = createEngine().start(program);
      for (const [i, name] of ["a", "b", "c", "d"].entries()) run.write(name, arrays[i]);
      run.advance(1);
      return run.read(output);
    },
  };
}

const float = fc.oneof(
  fc.float({ noNaN: true }),
  fc.double({ min: -4, max: 4, noNaN: true }).map(fround),
  fc.double({ min: -110, max: 110, noNaN: true }).map(fround), // where exponentials begin and end
  fc.constantFrom(0, -0, 2 ** -126, -(2 ** -127), 2 ** -149, Infinity),
);

describe.each([
  ...ofArrays.map((row) => [...row, false] as const),
  ...ofNumbers.map((row) => [...row, true] as const),
])("%s", (_words, code, write, oracle, numbers) => {
  it("is one pass", () => {
    const { operations } = compiled(5, (...operands) => ({ y: write(...operands) }), numbers);
    expect(operations).toEqual([code]);
  });

  it("rounds each operation, whatever the length", () => {
    // Around the vectors, the turns of the loop and the blocks of the machine.
    const lengths = fc.constantFrom(1, 3, 4, 5, 8, 15, 16, 17, 31, 36, 511, 512, 513, 1025);
    const tuples = lengths.chain((length) =>
      fc.array(fc.tuple(float, float, float, float), { minLength: length, maxLength: length }),
    );
    fc.assert(
      fc.property(tuples, (rows) => {
        const { call } = compiled(rows.length, (...operands) => ({ y: write(...operands) }), numbers);
        const [a, b, c, d] = [0, 1, 2, 3].map((column) => Float32Array.from(rows, (row) => row[column]));
        const values = rows.map((row) => (numbers ? ([row[0], b[0], row[2], d[0]] as const) : row));
        expect(call(numbers ? [a, b.slice(0, 1), c, d.slice(0, 1)] : [a, b, c, d])).toEqual(
          Float32Array.from(values, (row) => oracle(...row)),
        );
      }),
      { numRuns: cases(30) },
    );
  });
});

/**
 * The first of a pair, the second from it and c, with b and d one number each, and both with each operation
 * rounded.
 */
const pairs: readonly (readonly [words: string, codes: number[], Write<Value>[], Write<number>[]])[] = [
  [
    "a moving average of squares and its root",
    [Passes.FlushAxpbySquareSqrtAdd, Passes.SqrtAdd],
    [
      (a, b, c, d) => f.flush(f.add(f.mul(a, b), f.mul(f.square(f.flushRoot(c)), d))),
      (x, b) => f.add(f.sqrt(x), b),
    ],
    [
      (a, b, c, d) => flushed(fround(fround(a * b) + fround(fround(squarable(c) ** 2) * d))),
      (x, b) => fround(sqrt(x)) + b,
    ],
  ],
  [
    "a moving average and what a quotient of it is taken from",
    [Passes.FlushAxpbyFlushRootDivMulSubFrom, Passes.FlushRootDivMulSubFrom],
    [
      (a, b, c, d) => f.flush(f.add(f.mul(a, b), f.mul(f.flushRoot(c), d))),
      (x, b, c, d) => f.flushRoot(f.sub(c, f.mul(f.div(x, b), d))),
    ],
    [
      (a, b, c, d) => flushed(fround(fround(a * b) + fround(squarable(c) * d))),
      (x, b, c, d) => squarable(fround(c - fround(fround(x / b) * d))),
    ],
  ],
];

describe.each(pairs)("%s", (_words, codes, [first, second], oracles) => {
  const write: Parameters<typeof compiled>[1] = (a, b, c, d) => {
    const x = first(a, b, c, d);
    return { x, y: second(x, b, c, d) };
  };

  it("are one loop, and each operation is rounded", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 3, 4, 5, 17, 511, 512, 513, 1025),
        float,
        float,
        fc.infiniteStream(fc.tuple(float, float)),
        (length, b, d, stream) => {
          const rows = [...stream.take(length)];
          const [a, c] = [0, 1].map((column) => Float32Array.from(rows, (row) => row[column]));
          const { operations, call } = compiled(length, write, true);
          expect(operations).toEqual(codes);
          const arrays = [a, Float32Array.of(b), c, Float32Array.of(d)];
          const x = a.map((ai, i) => oracles[0](ai, b, c[i], d));
          expect(call(arrays, "x")).toEqual(x);
          expect(call(arrays)).toEqual(x.map((xi, i) => oracles[1](xi, b, c[i], d)));
        },
      ),
      { numRuns: cases(100) },
    );
  });
});

describe("passes remain apart", () => {
  it.each<[string, (a: Value, b: Value, c: Value, d: Value) => Record<string, Value>, readonly number[]]>([
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
    [
      "where what is added twice differs",
      (a, b, c, d) => ({ y: f.mul(f.sqrt(f.div(f.add(a, b), f.add(c, d))), d) }),
      [Elementwise.Add, Elementwise.Add, Elementwise.Div, Elementwise.Sqrt, Elementwise.Mul],
    ],
    [
      "where another reads the first of a pair before the second does",
      (a, b, c, d) => {
        const average = f.flush(f.add(f.mul(f.sum(a), b), f.mul(f.flushRoot(c), f.sum(d))));
        return { y: f.flushRoot(f.sub(d, f.mul(f.div(average, f.sqrt(average)), a))) };
      },
      [Passes.FlushAxpby, Elementwise.Sqrt, Passes.FlushRootDivMulSubFrom],
    ],
    [
      "where weights are arrays",
      (a, b, c, d) => ({ y: f.flush(f.add(f.mul(a, b), f.mul(f.flushRoot(c), d))) }),
      [Passes.FlushRootMul, Passes.MulAdd, Elementwise.Flush],
    ],
  ])("%s", (_case, write, operations) => {
    expect(compiled(5, write).operations).toEqual(operations);
  });
});

it("takes what is flushed into each moving average that reads it", () => {
  const { operations, call } = compiled(
    2,
    (a, b, c, d) => {
      const x = f.flushRoot(c);
      const average = f.flush(f.add(f.mul(a, b), f.mul(x, d)));
      return { y: f.flush(f.add(f.mul(average, b), f.mul(f.square(x), d))) };
    },
    true,
  );
  expect(operations).toEqual([Passes.FlushAxpby, Passes.FlushAxpbySquare]);
  const columns = [[3, 2], [5], [2 ** -64, 4], [7]].map((column) => Float32Array.from(column));
  expect(call(columns)).toEqual(Float32Array.of(3 * 5 * 5, (2 * 5 + 4 * 7) * 5 + 16 * 7));
});

it("takes what is negated into each pass that reads it, and a loss with its slope is two passes", () => {
  const { operations, call } = compiled(2, (a, b, c, d) => {
    const [plus, minus] = [b, f.neg(b)];
    const loss = f.add(f.mulNoNan(f.softplus(minus), a), f.mulNoNan(f.softplus(plus), c));
    const slope = f.flushRoot(f.sub(f.mul(c, f.sigmoid(plus)), f.mul(a, f.sigmoid(minus))));
    return { y: f.maximum(f.mul(d, loss), slope) };
  });
  expect(operations).toEqual([
    Passes.CrossEntropy,
    Passes.FlushRootCrossEntropySlope,
    Elementwise.Mul,
    Elementwise.Maximum,
  ]);
  const columns = [
    [1, 0],
    [-3, 0],
    [0, 1],
    [2, 0.5],
  ].map((column) => Float32Array.from(column));
  expect(call(columns)).toEqual(Float32Array.of(2 * softplus(3), 0.5));
});
