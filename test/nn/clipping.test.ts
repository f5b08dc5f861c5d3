/** Clipping in a model: each array of each layer by itself, or all of them together. */
import { describe, expect, it } from "vitest";
import { dense } from "../../src/nn/layers/index.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { sgd } from "../../src/optim/sgd.js";
import { compiled, randomRows, weightsOf } from "./support.js";

const x = randomRows(20, 3, 1);
const y = randomRows(20, 2, 2);

/** What one step at rate 1 takes off each array, by path. */
async function step(optimizer: Optimizer): Promise<Record<string, number[]>> {
  const weights = async (epochs: number): Promise<Record<string, number[]>> => {
    const layers = [dense(4, { activation: "tanh" }), dense(2)];
    const model = compiled(layers, { optimizer, loss: "meanSquaredError" });
    await model.fit(x, y, { epochs, batchSize: x.length });
    return Object.fromEntries(Object.entries(weightsOf(model)).map(([path, w]) => [path, w]));
  };
  const [before, after] = [await weights(0), await weights(1)];
  return Object.fromEntries(
    Object.entries(before).map(([path, w]) => [path, w.map((value, i) => value - after[path][i])]),
  );
}

const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
/**
 * Differences of weights below 2 carry two roundings of 2^-24, and clipped gradients 7 of themselves, which
 * are smaller.
 */
const TOLERANCE = 2 ** -22;

function expectScaled(actual: number[], gradient: number[], scale: number): void {
  actual.forEach((value, i) => {
    expect(Math.abs(value - gradient[i] * scale)).toBeLessThanOrEqual(TOLERANCE);
  });
}

describe("clipping in a model", async () => {
  const gradients = await step(sgd({ learningRate: 1 }));
  const norms = Object.values(gradients)
    .map(norm)
    .sort((a, b) => a - b);
  /** Between the norms of the arrays, so that some are clipped and some are not. */
  const bound = (norms[1] + norms[2]) / 2;

  it("by norm bounds each array of each layer by itself", async () => {
    expect(norms[1] * 1.01).toBeLessThan(bound);
    const clipped = await step(sgd({ learningRate: 1, clipNorm: bound }));
    for (const [path, gradient] of Object.entries(gradients)) {
      expectScaled(clipped[path], gradient, Math.min(1, bound / norm(gradient)));
    }
  });

  it("by global norm scales all arrays alike", async () => {
    const clipped = await step(sgd({ learningRate: 1, globalClipNorm: bound }));
    const scale = bound / norm(Object.values(gradients).flat());
    expect(scale).toBeLessThan(0.9);
    for (const [path, gradient] of Object.entries(gradients)) expectScaled(clipped[path], gradient, scale);
  });

  it("by value bounds each number", async () => {
    const clipped = await step(sgd({ learningRate: 1, clipValue: 0.05 }));
    for (const [path, gradient] of Object.entries(gradients)) {
      expectScaled(
        clipped[path],
        gradient.map((g) => Math.min(Math.max(g, -0.05), 0.05)),
        1,
      );
    }
    expect(
      Object.values(gradients)
        .flat()
        .filter((g) => Math.abs(g) > 0.06).length,
    ).toBeGreaterThan(3);
  });
});
