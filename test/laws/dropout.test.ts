/**
 * Dropout keeps the mean: each unit is kept with probability 1 − r and divided by it, so that the output of a
 * linear layer has the mean that it has without dropout, and the variance Σ(wᵢxᵢ)² r/(1 − r) (N. Srivastava
 * and others, "Dropout: a simple way to prevent neural networks from overfitting", 2014, who mention scaling
 * while training); masks are independent of each other. Means of masks are within five standard deviations:
 * one in 1.7 million by chance, and the seeds are fixed.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import { dropout } from "../../src/nn/layers/index.js";
import { cases } from "../cases.js";
import { wasm } from "../nn/support.js";

const [ROWS, UNITS] = [500, 40];
const rates = fc.double({ min: 0.05, max: 0.95, noNaN: true }).map(Math.fround);
const seeds = fc.nat({ max: 2 ** 31 - 1 });

/** What dropout while training makes of ROWS rows of ones, [ROWS, UNITS], one array a step. */
function masks(rate: number, seed: number, stream: number, steps: number): Float32Array[] {
  const layer = dropout(rate);
  const program = compileStep(
    { inputs: { rate: [] }, streams: { x: UNITS } },
    ROWS,
    ({ inputs, streams }) => ({
      streams: {
        y: layer.call({
          inputs: [streams.x],
          x: streams.x,
          parameters: {},
          hyperparameters: inputs,
          training: true,
          trainable: true,
          stream,
          update: () => {},
        }),
      },
    }),
  );
  const x = wasm.matrix(ROWS, UNITS, new Float32Array(ROWS * UNITS).fill(1));
  const y = wasm.matrix(ROWS, UNITS);
  const run = wasm.start(program, { streams: { x, y }, seed });
  run.write("rate", rate);
  const seen = Array.from({ length: steps }, () => {
    run.advance(1);
    return y.read() as Float32Array;
  });
  for (const held of [run, x, y]) held.free();
  return seen;
}

const average = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

describe("dropout", () => {
  it("drops its share of units and scales the others by 1/(1 − rate)", () => {
    fc.assert(
      fc.property(rates, seeds, (rate, seed) => {
        const [mask] = masks(rate, seed, 0, 1);
        const kept = Math.fround(1 / Math.fround(1 - rate));
        expect(new Set(mask)).toEqual(new Set([0, kept]));
        const dropped = average(mask.map((value) => Number(value === 0)));
        expect(Math.abs(dropped - rate)).toBeLessThanOrEqual(
          5 * Math.sqrt((rate * (1 - rate)) / mask.length),
        );
      }),
      { numRuns: cases(10) },
    );
  });

  it("leaves the mean of what a linear layer makes of its units", () => {
    const weights = fc.array(
      fc.integer({ min: -1024, max: 1024 }).map((n) => n / 1024),
      { minLength: UNITS, maxLength: UNITS },
    );
    fc.assert(
      fc.property(rates, seeds, weights, (rate, seed, w) => {
        const [mask] = masks(rate, seed, 0, 1);
        const outputs = Array.from({ length: ROWS }, (_, row) =>
          w.reduce((sum, wi, i) => sum + wi * mask[row * UNITS + i], 0),
        );
        const expected = w.reduce((sum, wi) => sum + wi, 0);
        const variance = (w.reduce((sum, wi) => sum + wi * wi, 0) * rate) / (1 - rate);
        expect(Math.abs(average(outputs) - expected)).toBeLessThanOrEqual(5 * Math.sqrt(variance / ROWS));
      }),
      { numRuns: cases(20) },
    );
  });

  it("is new at each step, for each layer and each seed, and the same for the same", () => {
    fc.assert(
      fc.property(rates, seeds, (rate, seed) => {
        const [first, second] = masks(rate, seed, 0, 2);
        /** The share of units on which two independent masks agree: both kept or both dropped. */
        const agreement = rate * rate + (1 - rate) * (1 - rate);
        for (const other of [second, masks(rate, seed, 1, 1)[0], masks(rate, seed + 1, 0, 1)[0]]) {
          const same = average(first.map((value, i) => Number((value === 0) === (other[i] === 0))));
          const deviation = Math.sqrt((agreement * (1 - agreement)) / first.length);
          expect(Math.abs(same - agreement)).toBeLessThanOrEqual(5 * deviation);
        }
        expect(masks(rate, seed, 0, 2)).toEqual([first, second]);
      }),
      { numRuns: cases(5) },
    );
  });
});
