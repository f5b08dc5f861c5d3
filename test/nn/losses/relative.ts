/**
 * What the tests of a loss's digits share: its value and gradient for one row, and the relative error that
 * each executor may have. Not a test itself.
 */
import { expect } from "vitest";
import { constant } from "../../../src/graph/functions.js";
import type { Value } from "../../../src/graph/graph.js";
import type { LossFunction } from "../../../src/nn/losses/loss.js";
import { evaluateWithGradient, reference, wasm } from "../support.js";

export type Row = readonly number[];
/** A loss of one row, and its gradient by each number of the row. */
export interface Expected {
  readonly value: number;
  readonly gradient: Row;
}

export const plain = (x: Value): Value => x;
export const evaluate = (
  executor: typeof wasm,
  loss: LossFunction,
  from: (x: Value) => Value,
  y: Row,
  x: Row,
) => {
  const { value, gradient } = evaluateWithGradient(
    executor,
    (v) => loss(constant(v.graph, y, [1, y.length]), from(v)),
    [x],
  );
  return { value: value[0], gradient };
};

/**
 * Relative errors: in float64 to 1e-12. In float32 a difference d of logits is rounded to d·2⁻²⁴, and eᵈ is
 * wrong by as much, as long as it is not below 2⁻¹²⁶ (|d| < 88); with the errors of the functions themselves,
 * at most 160 units of 2⁻²⁴, and as much again for each power of a probability, of which there are at most 3.
 * What is below 2⁻¹²⁶ counts as 0.
 */
export const executors = [
  [reference, 3e-12],
  [wasm, 3 * 160 * 2 ** -24],
] as const;

export function expectRelative(received: Expected, expected: Expected, relative: number): void {
  const pairs = [[received.value, expected.value]];
  expected.gradient.forEach((g, k) => void pairs.push([received.gradient[k], g]));
  for (const [got, wanted] of pairs)
    expect(Math.abs(got - wanted), `${got} for ${wanted}`).toBeLessThanOrEqual(
      relative * Math.abs(wanted) + 2 ** -126,
    );
}

export const squash = (x: number): number =>
  x > 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
export const total = (values: Row): number => values.reduce((a, b) => a + b, 0);
export const hot = (k: number, z: Row): number[] => z.map((_, j) => Number(j === k));
