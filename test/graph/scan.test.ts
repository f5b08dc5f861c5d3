/**
 * Recurrences: sums so far, in both directions, a linear recurrence and its gradients against loops of
 * numbers; random ones written out.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gradients } from "../../src/autograd/grad.js";
import { compile } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import * as f from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { type ScanStep, scan } from "../../src/graph/scan.js";
import { cases } from "../cases.js";
import { anyBody, anyLoop, distance, outputsOf, recurrence } from "./recurrences.js";
import { writtenOut } from "./written.js";

const sums = (reverse: boolean) => (x: Value) => {
  const body = ({ carry, elements }: ScanStep) => {
    const sum = f.add(carry.sum, elements.x);
    return { carry: { sum }, stacks: { sum } };
  };
  const { carry, stacks } = scan({ carry: { sum: f.constant(x.graph, 0) }, sequences: { x }, reverse }, body);
  return [carry.sum, stacks.sum];
};

it.each([
  [false, [10, [1, 3, 6, 10]]],
  [true, [10, [10, 9, 7, 4]]],
])("sums so far, from the end: %s", (reverse, expected) => {
  const run = createEngine().load(compile(sums(reverse), [4]));
  const [last, all] = run([1, 2, 3, 4]) as unknown as [{ data: Float32Array }, { data: Float32Array }];
  expect([last.data[0], [...all.data]]).toEqual(expected);
});

it.each(["wasm", "reference"] as const)("a linear recurrence and its gradients, on %s", (executor) => {
  // hₜ = a hₜ₋₁ + xₜ; the loss is Σ hₜ²
  const step = compile(
    (x: Value, a: Value, start: Value) => {
      const { stacks } = scan(
        { carry: { h: start }, sequences: { x }, shared: { a } },
        ({ carry: { h }, elements, shared }) => {
          const next = f.add(f.mul(shared.a, h), elements.x);
          return { carry: { h: next }, stacks: { h: next } };
        },
      );
      const loss = f.sum(f.square(stacks.h));
      return [stacks.h, ...gradients(loss, [x, a, start])];
    },
    [3, 2],
    [],
    [2],
  );
  const [h, ofX, ofA, ofStart] = createEngine({ executor }).load(step)(
    [
      [1, 2],
      [3, -4],
      [5, 6],
    ],
    0.5,
    [8, 4],
  );
  const x = [
    [1, 2],
    [3, -4],
    [5, 6],
  ];
  const states = [[8, 4]];
  for (const each of x) states.push(each.map((v, i) => 0.5 * states[states.length - 1][i] + v));
  let back = [0, 0];
  let slope = 0;
  const slopes: number[][] = [];
  for (let t = 3; t > 0; t--) {
    back = states[t].map((v, i) => 2 * v + 0.5 * back[i]);
    slopes.unshift(back);
    slope += back.reduce((sum, b, i) => sum + b * states[t - 1][i], 0);
  }
  expect([...h.data]).toEqual(states.slice(1).flat());
  expect([...ofX.data]).toEqual(slopes.flat());
  expect(ofA.get()).toBe(slope);
  expect([...ofStart.data]).toEqual(back.map((b) => 0.5 * b));
});

describe("a loop is the recurrence written out", () => {
  it("to the bit in float32, but for sums of gradients in another order", () => {
    fc.assert(
      fc.property(anyBody, anyLoop, fc.nat(1000), (body, options, seed) => {
        const [actual, expected] = [scan, writtenOut].map((loop) =>
          outputsOf("wasm", recurrence(loop, body, options), seed),
        );
        // Products with shared values are added up after the loop. Where one value becomes both carries, the
        // gradients of each are added up first.
        const pool = 4 + body.instructions.length;
        const reordered = body.next[0] % pool === body.next[1] % pool ? /^gradient/ : /^gradient [ws]$/;
        expected.forEach((batch, i) => {
          for (const [name, values] of Object.entries(batch)) {
            if (reordered.test(name)) expect(distance(actual[i][name], values), name).toBeLessThan(2e-5);
            else expect(actual[i][name], `${name} of batch ${i}`).toEqual(values);
          }
        });
      }),
      { numRuns: cases(60) },
    );
  });

  it.each([1, 2] as const)("in float64, with gradients of order %d", (order) => {
    fc.assert(
      fc.property(anyBody, anyLoop, fc.nat(1000), (body, options, seed) => {
        const [actual, expected] = [scan, writtenOut].map((loop) =>
          outputsOf("reference", recurrence(loop, body, { ...options, order }), seed),
        );
        expected.forEach((batch, i) => {
          for (const [name, values] of Object.entries(batch))
            expect(distance(actual[i][name], values), name).toBeLessThan(1e-9);
        });
      }),
      { numRuns: cases(30) },
    );
  });

  it("with gradients of gradients in float32", () => {
    fc.assert(
      fc.property(anyBody, anyLoop, fc.nat(1000), (body, options, seed) => {
        const program = recurrence(scan, body, { ...options, order: 2 });
        const [actual, expected] = (["wasm", "reference"] as const).map((name) =>
          outputsOf(name, program, seed),
        );
        expected.forEach((batch, i) => {
          for (const [name, values] of Object.entries(batch))
            expect(distance(actual[i][name], values), name).toBeLessThan(1e-3);
        });
      }),
      { numRuns: cases(30) },
    );
  });
});
