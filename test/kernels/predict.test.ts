/**
 * `predict.wasm`, what pages download to predict, is `kernels.wasm` to the bit in all that it has: the same
 * exports on the same numbers.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as Elementwise from "../../src/graph/opcodes/elementwise.js";
import { NO_ACTIVATION } from "../../src/graph/opcodes/program.js";
import type { PredictorKernels } from "../../src/numerics/kernels.js";
import { cases } from "../cases.js";
import { bits, gemm, type Kernels, layout, noise, strict } from "./load.js";

const bytes = readFileSync(new URL("../../wasm/predict.wasm", import.meta.url));
const module = new WebAssembly.Module(bytes);
const part = new WebAssembly.Instance(module).exports as unknown as Kernels;
/** Both, with the functions of float64. */
const [all, few] = [strict, part] as unknown as readonly Readonly<Record<string, (x: number) => number>>[];

const FLOAT64 = ["exp", "expm1", "log", "log1p", "sin", "cos", "normQuantile"] as const;
const exported: readonly (keyof PredictorKernels)[] = [
  ...(["memory", "heap_base", "gemm", "softmax_f32", "unary_f32"] as const),
  ...FLOAT64.map((name) => `f64_${name}` as const),
];
const unary = Object.values(Elementwise).filter(
  (op) => typeof op === "number" && op > 0 && op < 32,
) as number[];

/** Any float32: all bits, and those of the sizes that networks have. */
const float32 = fc.oneof(
  fc
    .integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    .map((word) => new Float32Array(Int32Array.of(word).buffer)[0]),
  fc.float({ min: -100, max: 100, noNaN: true }),
  fc.constantFrom(0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN),
);

/** What one build leaves in `n` floats, when `run` is given where they are and where `x` is. */
function left(
  kernels: Kernels,
  x: ArrayLike<number>,
  n: number,
  run: (from: number, to: number) => void,
): number[] {
  const memory = layout(kernels);
  const [from, to] = [memory.put(x), memory.room(n)];
  run(from, to);
  return bits(memory.read(to, n));
}

describe("the kernels of predictors", () => {
  it("have what predictors call and nothing else, and import nothing", () => {
    expect(
      WebAssembly.Module.exports(module)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...exported].sort());
    expect(WebAssembly.Module.imports(module)).toEqual([]);
  });

  it.each(FLOAT64)("have the same %s in float64", (name) => {
    const function64 = `f64_${name}`;
    fc.assert(
      fc.property(
        fc.oneof(fc.double(), fc.double({ min: -1, max: 1 }), fc.double({ min: -800, max: 800 })),
        (x) => {
          expect(few[function64](x)).toBe(all[function64](x));
        },
      ),
      { numRuns: cases(500) },
    );
  });

  it("have the same unary operations", () => {
    fc.assert(
      fc.property(fc.constantFrom(...unary), fc.array(float32, { maxLength: 70 }), (op, x) => {
        const [own, other] = [part, strict].map((kernels) =>
          left(kernels, x, x.length, (from, to) => kernels.unary_f32(op, from, to, x.length)),
        );
        expect(own).toEqual(other);
      }),
      { numRuns: cases(300) },
    );
  });

  it("have the same softmax", () => {
    const shapes = fc.record({
      rows: fc.integer({ min: 0, max: 5 }),
      columns: fc.integer({ min: 1, max: 19 }),
    });
    fc.assert(
      fc.property(
        shapes,
        fc.array(float32, { minLength: 95, maxLength: 95 }),
        fc.boolean(),
        (shape, x, log) => {
          const { rows, columns } = shape;
          const [own, other] = [part, strict].map((kernels) =>
            left(kernels, x, rows * columns, (from, to) => kernels.softmax_f32(from, to, rows, columns, log)),
          );
          expect(own).toEqual(other);
        },
      ),
      { numRuns: cases(200) },
    );
  });

  it("have the same products", () => {
    const size = fc.integer({ min: 1, max: 40 });
    const products = fc.record({
      m: size,
      n: size,
      k: fc.oneof(size, fc.integer({ min: 250, max: 600 })),
      transA: fc.boolean(),
      transB: fc.boolean(),
      hasBias: fc.boolean(),
      seed: fc.nat(),
      activation: fc.constantFrom(NO_ACTIVATION, ...unary),
    });
    fc.assert(
      fc.property(products, ({ m, n, k, transA, transB, hasBias, seed, activation }) => {
        const [own, other] = [part, strict].map((kernels) => {
          const memory = layout(kernels);
          const [a, b, bias] = [m * k, k * n, n].map((length, i) => memory.put(noise(length, seed + i, 3)));
          const c = memory.room(m * n);
          const [lda, ldb] = [transA ? m : k, transB ? k : n];
          const at = { a, lda, b, ldb, c, ldc: n, bias: hasBias ? bias : undefined };
          gemm(kernels, { transA, transB, m, n, k, ...at, activation });
          return bits(memory.read(c, m * n));
        });
        expect(own).toEqual(other);
      }),
      { numRuns: cases(200) },
    );
  });
});
