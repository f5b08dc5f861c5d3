import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as Elementwise from "../../src/graph/opcodes/elementwise.js";
import { NO_ACTIVATION } from "../../src/graph/opcodes/program.js";
import { cases } from "../cases.js";
import { bits, builds, gemm, type Kernels, layout, noise, strict } from "./load.js";

interface Product {
  transA: boolean;
  transB: boolean;
  m: number;
  n: number;
  k: number;
  /** Columns beyond the last in the rows of A, B and C. */
  gaps: readonly [number, number, number];
  bias: boolean;
  activation: number;
  seed: number;
}

const KC = 256;
const u = 2 ** -24;

const dimension = fc.oneof(
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 70 }) },
);
const gap = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5 }));
const product: fc.Arbitrary<Product> = fc.record({
  transA: fc.boolean(),
  transB: fc.boolean(),
  m: dimension,
  n: dimension,
  k: fc.oneof(
    { weight: 9, arbitrary: dimension },
    { weight: 1, arbitrary: fc.integer({ min: 250, max: 600 }) },
  ),
  gaps: fc.tuple(gap, gap, gap),
  bias: fc.boolean(),
  activation: fc.constantFrom(NO_ACTIVATION, Elementwise.Relu),
  seed: fc.nat(),
});

/**
 * Sizes that meet every block, panel and path: several blocks of k, of rows and of columns, packed and not.
 */
const large: readonly Product[] = [
  [130, 270, 300],
  [70, 600, 40],
  [40, 256, 30],
  [3, 300, 520],
  [200, 9, 513],
  [1, 70, 600],
  [150, 1, 600],
].flatMap(([m, n, k]) =>
  [0, 1, 2, 3].map((kind) => ({
    transA: kind % 2 === 1,
    transB: kind > 1,
    m,
    n,
    k,
    gaps: [kind, 0, kind] as const,
    bias: kind !== 2,
    activation: kind === 3 ? Elementwise.Relu : NO_ACTIVATION,
    seed: m + kind,
  })),
);

interface Operands {
  /** op(A) at row i and depth p, op(B) at depth p and column j. */
  a(i: number, p: number): number;
  b(p: number, j: number): number;
  bias: Float32Array;
  lda: number;
  ldb: number;
  ldc: number;
  storedA: Float32Array;
  storedB: Float32Array;
}

/** Operands as stored, gaps filled with NaN, which must not be seen in C. */
function operands({ transA, transB, m, n, k, gaps, seed }: Product): Operands {
  const store = (rows: number, columns: number, ld: number, salt: number) => {
    const values = noise(rows * ld, seed + salt);
    return values.map((x, at) => (at % ld < columns ? x : Number.NaN));
  };
  const lda = (transA ? m : k) + gaps[0];
  const ldb = (transB ? k : n) + gaps[1];
  const storedA = store(transA ? k : m, transA ? m : k, lda, 1);
  const storedB = store(transB ? n : k, transB ? k : n, ldb, 2);
  return {
    a: (i, p) => storedA[transA ? p * lda + i : i * lda + p],
    b: (p, j) => storedB[transB ? j * ldb + p : p * ldb + j],
    bias: noise(n, seed + 3),
    lda,
    ldb,
    ldc: n + gaps[2],
    storedA,
    storedB,
  };
}

/** C[m, n] without its gaps, from the kernel; every operand begins `offset` floats off 16 bytes. */
function multiply(kernels: Kernels, p: Product, o: Operands, offset = 0): Float32Array {
  const memory = layout(kernels, offset);
  const a = memory.put(o.storedA);
  const b = memory.put(o.storedB);
  const bias = memory.put(o.bias);
  const c = memory.room(p.m * o.ldc);
  const rows = Array.from({ length: p.m }, (_, i) => [c + i * o.ldc * 4, p.n] as const);
  memory.untouched();
  gemm(kernels, { ...p, a, lda: o.lda, b, ldb: o.ldb, c, ldc: o.ldc, bias: p.bias ? bias : undefined });
  expect(memory.untouched(...rows)).toBe(true);
  return memory.read(c, p.m * o.ldc).filter((_, at) => at % o.ldc < p.n);
}

/** Compares with float64 under the bound that kernels/gemm/gemm.ts states. */
function expectWithinBound(p: Product, o: Operands, c: Float32Array): void {
  const s = Math.min(p.k, KC) + Math.ceil(p.k / KC) + 1;
  const gamma = (s * u) / (1 - s * u);
  for (let i = 0; i < p.m; i++) {
    for (let j = 0; j < p.n; j++) {
      let exact = p.bias ? o.bias[j] : 0;
      let size = Math.abs(exact);
      for (let d = 0; d < p.k; d++) {
        const term = o.a(i, d) * o.b(d, j);
        exact += term;
        size += Math.abs(term);
      }
      if (p.activation === Elementwise.Relu && exact < 0) exact = 0;
      const got = c[i * p.n + j];
      if (Number.isNaN(exact) || !Number.isFinite(exact)) {
        if (!Object.is(got, exact)) expect({ i, j, got }).toEqual({ i, j, got: exact });
      } else if (!(Math.abs(got - exact) <= gamma * size)) {
        expect.fail(`C[${i}, ${j}] is ${got}, not ${exact} within ${gamma * size}`);
      }
    }
  }
}

/** The sum of the products x[p] y[p], in the order and with the roundings that gemm.ts documents. */
function orderedSum(k: number, x: (p: number) => number, y: (p: number) => number, dots: boolean): number {
  const f = Math.fround;
  let total = 0;
  for (let start = 0; start < k; start += KC) {
    const depth = Math.min(KC, k - start);
    const sums = new Float32Array(dots ? 8 : 1);
    for (let p = 0; p < depth; p++) {
      const lane = !dots ? 0 : p < depth - (depth % 4) ? p % 8 : 4;
      sums[lane] += f(x(start + p) * y(start + p));
    }
    const [s0, s1, s2, s3] = dots ? [0, 1, 2, 3].map((l) => f(sums[l] + sums[l + 4])) : [sums[0], 0, 0, 0];
    const sum = f(f(s0 + s1) + f(s2 + s3));
    total = start === 0 ? sum : f(total + sum);
  }
  return total;
}

describe.each(builds)("gemm, %s build", (_, kernels) => {
  it("is within its bound of float64, for every transpose, stride and path", () => {
    fc.assert(
      fc.property(product, (p) => {
        const o = operands(p);
        expectWithinBound(p, o, multiply(kernels, p, o));
      }),
      { numRuns: cases(150) },
    );
    for (const p of large) {
      const o = operands(p);
      expectWithinBound(p, o, multiply(kernels, p, o));
    }
  });

  it("propagates NaN and infinity as IEEE 754 does, and only along their row and column", () => {
    const special = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0);
    fc.assert(
      fc.property(product, special, special, fc.nat(), fc.nat(), (p, x, y, at, there) => {
        const o = operands({ ...p, gaps: [0, 0, 0] });
        o.storedA[at % o.storedA.length] = x;
        o.storedB[there % o.storedB.length] = y;
        expectWithinBound(p, o, multiply(kernels, { ...p, gaps: [0, 0, 0] }, o));
      }),
      { numRuns: cases(75) },
    );
  });

  it("gives the same bits wherever the operands lie", () => {
    fc.assert(
      fc.property(product, fc.integer({ min: 1, max: 3 }), (p, offset) => {
        const o = operands(p);
        expect(bits(multiply(kernels, p, o, offset))).toEqual(bits(multiply(kernels, p, o)));
      }),
      { numRuns: cases(100) },
    );
  });

  it("gives a row the same bits alone as in a batch", () => {
    fc.assert(
      fc.property(product, fc.nat(), (given, pick) => {
        const p: Product = { ...given, transA: false };
        const o = operands(p);
        const i = pick % p.m;
        const all = multiply(kernels, p, o);
        const alone = multiply(
          kernels,
          { ...p, m: 1 },
          { ...o, storedA: o.storedA.slice(i * o.lda, i * o.lda + p.k) },
        );
        expect(bits(alone)).toEqual(bits(all.slice(i * p.n, (i + 1) * p.n)));
      }),
      { numRuns: cases(75) },
    );
  });

  it("applies an activation as unary_f32 would, to the bit", () => {
    const unary = Object.values(Elementwise).filter(
      (op) => typeof op === "number" && op > 0 && op < 32,
    ) as number[];
    fc.assert(
      fc.property(product, fc.constantFrom(...unary), (given, activation) => {
        const p = { ...given, activation: NO_ACTIVATION };
        const o = operands(p);
        const plain = multiply(kernels, p, o);
        const activated = multiply(kernels, { ...p, activation }, o);
        const memory = layout(kernels);
        const c = memory.put(plain);
        kernels.unary_f32(activation, c, c, plain.length);
        expect(bits(activated)).toEqual(bits(memory.read(c, plain.length)));
      }),
      { numRuns: cases(75) },
    );
  });

  it("is the activated bias where k is 0", () => {
    for (const n of [1, 7, 40]) {
      for (const bias of [false, true]) {
        const p: Product = {
          transA: false,
          transB: true,
          m: 3,
          n,
          k: 0,
          gaps: [1, 1, 1],
          bias,
          activation: Elementwise.Relu,
          seed: n,
        };
        const o = operands(p);
        const row = [...o.bias].map((x) => (bias ? Math.max(x, 0) : 0));
        expect([...multiply(kernels, p, o)]).toEqual([...row, ...row, ...row]);
      }
    }
  });

  it("reads nothing past the end of memory", () => {
    fc.assert(
      fc.property(product, fc.constantFrom("a", "b", "bias", "c"), (given, last) => {
        const p: Product = { ...given, gaps: [0, 0, 0], bias: true };
        const o = operands(p);
        const expected = multiply(kernels, p, o);
        const memory = layout(kernels);
        const at = {
          a: memory.put(o.storedA),
          b: memory.put(o.storedB),
          bias: memory.put(o.bias),
          c: memory.room(p.m * p.n),
        };
        const bytes = { a: o.storedA, b: o.storedB, bias: o.bias, c: expected }[last].byteLength;
        const end = kernels.memory.buffer.byteLength - bytes;
        expect(end).toBeGreaterThan(at.c + p.m * p.n * 4);
        new Uint8Array(kernels.memory.buffer).copyWithin(end, at[last], at[last] + bytes);
        at[last] = end;
        gemm(kernels, { ...p, ...at, lda: o.lda, ldb: o.ldb, ldc: p.n });
        expect(bits(memory.read(at.c, p.m * p.n))).toEqual(bits(expected));
      }),
      { numRuns: cases(100) },
    );
  });
});

describe("gemm's order of summation", () => {
  it("is the documented one, to the bit, in the strict build", () => {
    fc.assert(
      fc.property(product, (p) => {
        const o = operands(p);
        const c = multiply(strict, p, o);
        const dots = p.n === 1 && !p.transA;
        const expected = c.map((_, at) => {
          const [i, j] = [Math.floor(at / p.n), at % p.n];
          const sum = orderedSum(
            p.k,
            (d) => o.a(i, d),
            (d) => o.b(d, j),
            dots,
          );
          const biased = p.bias ? Math.fround(sum + o.bias[j]) : sum;
          return p.activation === Elementwise.Relu ? Math.max(biased, 0) : biased;
        });
        expect(bits(c)).toEqual(bits(expected));
      }),
      { numRuns: cases(150) },
    );
  });
});
