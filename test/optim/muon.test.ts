/** Muon makes its momentum nearly orthogonal, in the way that its coefficients say. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Executor } from "../../src/engine/executor.js";
import { dense, dropout, embedding, flatten, reshape, timeDistributed } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { adamw } from "../../src/optim/adamw.js";
import { muon } from "../../src/optim/muon.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { drive } from "../../src/testing/drive.js";
import { cases } from "../cases.js";
import { reference, wasm } from "./drive.js";

type Matrix = readonly (readonly number[])[];

/** What one gradient makes of a kernel of zeros, with the sign turned: X itself. */
function stepOf(executor: Executor, gradient: Matrix, options = {}): number[][] {
  const [rows, columns] = [gradient.length, gradient[0].length];
  const optimizer = muon({ learningRate: 1, rmsRate: 0, weightDecay: 0, ...options });
  const zeros = Array.from({ length: rows * columns }, () => 0);
  const { run, follow, point } = drive(executor, optimizer, zeros, { layout: [[rows, columns]] });
  follow(gradient.flat());
  const all = point();
  run.free();
  return gradient.map((_, i) => all.slice(i * columns, (i + 1) * columns).map((w) => -w));
}

const transposed = (a: Matrix): number[][] => a[0].map((_, j) => a.map((row) => row[j]));

/** Singular values, ascending, by Jacobi rotations of columns (M. Hestenes, 1958). */
function singularValues(a: Matrix): number[] {
  const columns = a.length < a[0].length ? a.map((row) => [...row]) : transposed(a);
  const product = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, xi, i) => sum + xi * y[i], 0);
  for (let sweep = 0; sweep < 60; sweep++) {
    for (let p = 0; p < columns.length; p++) {
      for (let q = p + 1; q < columns.length; q++) {
        const [x, y] = [columns[p], columns[q]];
        const mixed = product(x, y);
        if (Math.abs(mixed) < 1e-300) continue;
        const zeta = (product(y, y) - product(x, x)) / (2 * mixed);
        const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const c = 1 / Math.sqrt(1 + t * t);
        columns[p] = x.map((xi, i) => c * (xi - t * y[i]));
        columns[q] = x.map((xi, i) => c * (t * xi + y[i]));
      }
    }
  }
  return columns.map((x) => Math.sqrt(product(x, x))).sort((x, y) => x - y);
}

/** Five times s ← as + bs³ + cs⁵, with the coefficients of the paper. */
function mapped(s: number): number {
  let x = s;
  for (let i = 0; i < 5; i++) x = 3.4445 * x - 4.775 * x ** 3 + 2.0315 * x ** 5;
  return x;
}

const anyKernel = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
  .chain(([rows, columns]) =>
    fc.array(
      fc.array(
        fc.integer({ min: -64, max: 64 }).map((n) => n / 16),
        { minLength: columns, maxLength: columns },
      ),
      { minLength: rows, maxLength: rows },
    ),
  );

describe("the step of a kernel", () => {
  it("has the singular values that the coefficients make of those of the gradient over its norm", () => {
    fc.assert(
      fc.property(anyKernel, (gradient) => {
        const norm = Math.sqrt(gradient.flat().reduce((sum, g) => sum + g * g, 0));
        if (norm === 0) return;
        // so that ε = 1e-7, whose effect five slopes of at most 3.4445 enlarge, is below the tolerance
        fc.pre(norm >= 1);
        const expected = singularValues(gradient).map((s) => mapped(s / norm));
        const actual = singularValues(stepOf(reference, gradient));
        expected
          .sort((a, b) => a - b)
          .forEach((s, i) => {
            expect(Math.abs(actual[i] - s)).toBeLessThan(2e-5);
          });
      }),
      { numRuns: cases(40) },
    );
  });

  it("has singular values from 0.68 to 1.14 where those of the gradient are at least 0.01 of its norm", () => {
    // the map itself, on a grid of 1e-5
    let [low, high] = [Number.POSITIVE_INFINITY, 0];
    for (let s = 0.01; s <= 1; s += 1e-5) {
      low = Math.min(low, mapped(s));
      high = Math.max(high, mapped(s));
    }
    expect([low, high].map((s) => Math.round(s * 1000) / 1000)).toEqual([0.682, 1.134]);
    fc.assert(
      fc.property(anyKernel, (gradient) => {
        const norm = Math.sqrt(gradient.flat().reduce((sum, g) => sum + g * g, 0));
        fc.pre(norm >= 1 && singularValues(gradient)[0] >= 0.011 * norm);
        for (const s of singularValues(stepOf(wasm, gradient))) {
          expect(s).toBeGreaterThan(0.68);
          expect(s).toBeLessThan(1.14);
        }
      }),
      { numRuns: cases(40) },
    );
  });

  it("is the transpose of the step of the transposed kernel, and does not depend on the gradient's scale", () => {
    fc.assert(
      fc.property(anyKernel, fc.integer({ min: 0, max: 20 }), (gradient, power) => {
        fc.pre(gradient.flat().some((g) => g !== 0));
        const step = stepOf(reference, gradient);
        const turned = transposed(stepOf(reference, transposed(gradient)));
        const larger = stepOf(
          reference,
          gradient.map((row) => row.map((g) => g * 2 ** power)),
        );
        step.flat().forEach((x, i) => {
          expect(Math.abs(turned.flat()[i] - x)).toBeLessThan(1e-12);
          // ε of 1e-7 against a norm of at least 1/16, five slopes of at most 3.4445
          expect(Math.abs(larger.flat()[i] - x)).toBeLessThan(1e-3);
        });
      }),
      { numRuns: cases(25) },
    );
  });
});

it("is at the point of Keras' own test after a step", () => {
  // keras/src/optimizers/muon_test.py, test_muon_single_step, where the tolerance is 1e-2 too
  const optimizer = muon({ learningRate: 0.5, weightDecay: 0 });
  const { run, follow, point } = drive(reference, optimizer, [1, 2, 3, 4], { layout: [[2, 2]] });
  follow([1, 6, 7, 2]);
  [0.988775, 1.887053, 2.873428, 3.97035].forEach((w, i) => {
    expect(Math.abs(point()[i] - w)).toBeLessThan(1e-2 + 1e-2 * w);
  });
  run.free();
});

it("reaches a well-conditioned minimum of a kernel to within its constant steps, in any shape", () => {
  for (const layout of [[[4, 4]], [[2, 6]], [[6, 2]], [[5, 1]]]) {
    const size = layout[0][0] * layout[0][1];
    const center = Array.from({ length: size }, (_, i) => ((i * 5) % 7) / 4 - 0.5);
    const optimizer = muon({ learningRate: 0.01, weightDecay: 0 });
    const { run, follow, point } = drive(
      wasm,
      optimizer,
      center.map(() => 0),
      { layout },
    );
    for (let t = 0; t < 1000; t++) follow(point().map((w, i) => w - center[i]));
    // a step has singular values of at most 1.14 · 0.01 · 0.2 · √max(m, n), and momentum swings over a few
    const bound = 20 * 1.14 * 0.01 * 0.2 * Math.sqrt(Math.max(...layout[0]));
    point().forEach((w, i) => {
      expect(Math.abs(w - center[i])).toBeLessThan(bound);
    });
    run.free();
  }
});

it.each([null, "adam", 3])("refuses %j as its options", (options) => {
  expect(() => muon(options as never)).toThrow(
    "the options of muon must be an object, such as { learningRate: 0.01 }; received",
  );
});

it.each([
  ["embedding", () => [embedding(6, 4)]],
  ["timeDistributed", () => [reshape([1, 2]), timeDistributed(embedding(6, 4))]],
])("takes AdamW's step for the vectors of ids in %s, as Keras does", async (type, layers) => {
  const rate = { learningRate: 0.01, weightDecay: 0.004 };
  const after = async (optimizer: Optimizer) => {
    const model = sequential([...layers(), flatten(), dense(3), dense(1)]);
    model.compile({ optimizer, loss: "meanSquaredError" });
    await model.fit(
      [
        [0, 1],
        [2, 3],
        [5, 1],
      ],
      [1, -1, 2],
      { seed: 2 },
    );
    const weights = model.getWeights();
    const numbersOf = (path: string) => Array.from(weights[path].data);
    return { vectors: numbersOf(`${type}_1.embeddings`), kernel: numbersOf("dense_1.kernel") };
  };
  const [orthogonal, plain] = [await after(muon(rate)), await after(adamw(rate))];
  // they differ by the order of two sums of numbers below 0.1
  for (const [i, number] of orthogonal.vectors.entries())
    expect(Math.abs(number - plain.vectors[i])).toBeLessThan(2 ** -27);
  const moved = orthogonal.kernel.map((number, i) => Math.abs(number - plain.kernel[i]));
  expect(Math.max(...moved)).toBeGreaterThan(1e-4);
});

describe("excludeLayers", () => {
  it.each([[1], ["dense_1"], [[1]], [null]])("refuses %j", (excludeLayers) => {
    expect(() => muon({ excludeLayers } as never)).toThrow(
      'excludeLayers of muon must be an array of names of layers, such as ["dense_3"]; received',
    );
  });

  it("refuses a layer that the model does not train, and names the nearest", async () => {
    const trained = (excludeLayers: string[]) => {
      const model = sequential([dense(2), dropout(0.1), dense(1)]);
      model.compile({ optimizer: muon({ excludeLayers }), loss: "meanSquaredError" });
      return model.fit([[1], [2]], [1, 2]);
    };
    for (const [layer, hint] of [
      ["dense_3", ' Did you mean "dense_1"?'],
      ["Dense_2", ' Did you mean "dense_2"?'],
      ["dropout_1", ""],
      ["dense_1.kernel", ""],
    ])
      await expect(trained(["dense_2", layer])).rejects.toThrow(
        `unknown trained layer in excludeLayers of muon "${layer}".${hint} Known: dense_1, dense_2.`,
      );
    await expect(trained(["dense_2", "dense_1"])).resolves.toBeDefined();
  });
});
