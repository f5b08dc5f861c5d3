/** Points as vectors and back, costs, and the fold over generations. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoizeGenerations } from "../../../src/search/memo/generations.js";
import { choice, float, int } from "../../../src/search/space/builders.js";
import { fromUnit } from "../../../src/search/space/scale.js";
import { buildParams, resolveSpace } from "../../../src/search/space/space.js";
import { vectorsOf } from "../../../src/search/space/vectors.js";
import { costsOf } from "../../../src/search/trial/costs.js";
import { makeRecord, type TrialOutcome, type TrialRecord } from "../../../src/search/trial/trial.js";
import { anySpace } from "../../../src/testing/arbitraries/space.js";

const record = (number: number, outcome: TrialOutcome): TrialRecord =>
  makeRecord({ number, params: { x: number } }, outcome);

describe("vectors", () => {
  const space = resolveSpace({
    rate: float(1e-4, 1, { log: true }),
    kind: choice(["a", "b", "c"]),
    depth: int(1, 4),
    extra: float(0, 10, { when: { kind: ["b"] } }),
  });

  it("have a coordinate for a number and one for each value of a choice", () => {
    const { size, axes, encode } = vectorsOf(space);
    expect(size).toBe(6);
    expect(axes.map(({ name, offset, width, count }) => [name, offset, width, count])).toEqual([
      ["rate", 0, 1, Number.POSITIVE_INFINITY],
      ["kind", 1, 3, 3],
      ["depth", 4, 1, 4],
      ["extra", 5, 1, Number.POSITIVE_INFINITY],
    ]);
    expect([...encode({ rate: 1e-4, kind: "b", depth: 1, extra: 2.5 })]).toEqual([0, 0, 1, 0, 0.125, 0.25]);
    expect([...encode({ rate: 1, kind: "a", depth: 4 })]).toEqual([1, 1, 0, 0, 0.875, 0.5]);
    expect(vectorsOf(space)).toBe(vectorsOf(space));
  });

  it("are read as the nearest point", () => {
    const { decode } = vectorsOf(space);
    expect(decode([-1, 0.2, 0.1, 0.3, 0.6, 0.9])).toEqual({ rate: 1e-4, kind: "c", depth: 3 });
    expect(decode([0.9, 0.1, 0.5, 0.7, 0.6, 0.9])).toMatchObject({ kind: "c" });
    expect(decode([0, 0.1, 0.5, 0.4, 0.6, 0.9])).toMatchObject({ kind: "b" });
    expect(decode([2, 0.4, 0.4, 0.2, 1, 1])).toEqual({ rate: 1, kind: "a", depth: 4 });
    expect(decode([1, 0, 1, 0, 0, 0.5])).toEqual({ rate: 1, kind: "b", depth: 1, extra: 5 });
  });

  it("give every point back, continuous numbers to 1e-9 of their range", () => {
    fc.assert(
      fc.property(anySpace(), fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (given, us) => {
        const anyOf = resolveSpace(given);
        const { encode, decode } = vectorsOf(anyOf);
        const params = buildParams(anyOf, (parameter) => fromUnit(parameter, us.next().value));
        const again = decode(encode(params));
        expect(Object.keys(again)).toEqual(Object.keys(params));
        for (const [name, value] of Object.entries(params)) {
          const parameter = anyOf.parameters[name];
          if (parameter.type === "float" && parameter.step === undefined) {
            const scale = Math.max(Math.abs(parameter.low), Math.abs(parameter.high));
            expect(Math.abs((again[name] as number) - (value as number)) / (scale || 1)).toBeLessThan(1e-9);
          } else expect(again[name]).toEqual(value);
        }
      }),
    );
  });
});

describe("costs", () => {
  const history = [
    { value: 3 },
    { status: "failed" },
    { value: -2 },
    { value: Number.NaN },
    { status: "pruned", value: 1 },
  ].map((outcome, number) => record(number, outcome as TrialOutcome));

  it("are values to minimise, failures as bad as the worst", () => {
    expect([...costsOf(history, "minimize")]).toEqual([3, 3, -2, 3, 1]);
    expect([...costsOf(history, "maximize")]).toEqual([-3, 2, 2, 2, -1]);
    expect([...costsOf(history.slice(1, 2), "maximize")]).toEqual([0]);
    expect([...costsOf([], "minimize")]).toEqual([]);
  });
});

describe("a fold over generations", () => {
  const search = {
    space: resolveSpace({ x: float(0, 1) }),
    direction: "minimize",
    directions: ["minimize"],
  } as const;
  const history = Array.from({ length: 40 }, (_, i) => record(i, { value: i }));

  function sums() {
    let steps = 0;
    // blocks of 2, 3, 4…, each state the sum of all values before it
    const fold = memoizeGenerations<{ blocks: number; sum: number }>({
      start: () => ({ blocks: 0, sum: 0 }),
      size: ({ blocks }) => blocks + 2,
      step: ({ blocks, sum }, block) => {
        steps++;
        return { blocks: blocks + 1, sum: block.reduce((total, { value }) => total + (value ?? 0), sum) };
      },
    });
    return { fold, steps: () => steps };
  }

  it("takes whole blocks, and each once", () => {
    const { fold, steps } = sums();
    for (let n = 0; n <= 40; n++) {
      const { state, used } = fold(history.slice(0, n), search);
      expect(used).toBe([35, 27, 20, 14, 9, 5, 2, 0].find((end) => end <= n));
      expect(state.sum).toBe(history.slice(0, used).reduce((sum, { value }) => sum + (value ?? 0), 0));
    }
    expect(steps()).toBe(7);
  });

  it("is not misled by a history that differs before its last trial, or by another direction", () => {
    const { fold, steps } = sums();
    expect(fold(history.slice(0, 5), search).state.sum).toBe(10);
    const other = [record(0, { value: 100 }), ...history.slice(1, 5)];
    expect(fold(other, search).state.sum).toBe(110);
    expect(fold(history.slice(0, 5), search).state.sum).toBe(10);
    const before = steps();
    expect(
      fold(history.slice(0, 5), { ...search, direction: "maximize", directions: ["maximize"] }).state.sum,
    ).toBe(10);
    expect(steps()).toBe(before + 2);
  });
});
