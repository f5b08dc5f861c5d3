/** The temperature: on rows whose true probabilities are known, and against every other one. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Validated } from "../../../src/tune/ensemble/select.js";
import { chooseTemperature, meanAt, temperatures, tempered } from "../../../src/tune/ensemble/temperature.js";
import { cases } from "../../cases.js";

const softmax = (z: readonly number[]): number[] => {
  const powers = z.map((each) => Math.exp(each - Math.max(...z)));
  const sum = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / sum);
};
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

const logit = fc.integer({ min: -24, max: 24 }).map((n) => n / 8);
const ofClasses = (classes: number) =>
  fc.array(fc.array(logit, { minLength: classes, maxLength: classes }), { minLength: 4, maxLength: 8 });

/**
 * Rows of logits whose true probabilities are those of the logits: each is there once for each class that it
 * may have, weighted by its probability, so that no chance is in it, in any of the parts.
 */
function certain(logits: readonly (readonly number[])[], sharpened: number) {
  const classes = Math.max(2, logits[0].length);
  const outputs = logits[0].length;
  const rows = [0, 1, 2].flatMap((part) =>
    logits.flatMap((z) => {
      const truth = outputs === 1 ? [1 - sigmoid(z[0]), sigmoid(z[0])] : softmax(z);
      const own = outputs === 1 ? [sigmoid(z[0] * sharpened)] : softmax(z.map((each) => each * sharpened));
      return Array.from({ length: classes }, (_, label) => ({ part, own, label, weight: truth[label] }));
    }),
  );
  const validated: Validated = {
    outputs,
    targets: Float64Array.from(
      rows.flatMap(({ label }) =>
        outputs === 1 ? [label] : Array.from({ length: classes }, (_, j) => Number(j === label)),
      ),
    ),
    weights: Float64Array.from(rows, ({ weight }) => weight),
    parts: Int32Array.from(rows, ({ part }) => part),
  };
  return { p: Float32Array.from(rows.flatMap(({ own }) => own)), validated };
}

describe("temperatures", () => {
  it("are from ¼ to 4, the nearest to 1 first", () => {
    const all = temperatures();
    expect(all.length).toBe(33);
    expect(all[0]).toBe(1);
    expect(Math.min(...all)).toBeCloseTo(0.25, 15);
    expect(Math.max(...all)).toBeCloseTo(4, 14);
    const distances = all.map((each) => Math.abs(Math.log2(each)));
    for (const [i, distance] of distances.slice(1).entries())
      expect(distance).toBeGreaterThan(distances[i] - 1e-12);
  });
});

describe("tempered", () => {
  it("is the softmax of the divided logits, and the sigmoid of one", () => {
    fc.assert(
      fc.property(ofClasses(3), fc.constantFrom(...temperatures()), (logits, t) => {
        const p = Float32Array.from(logits.flatMap(softmax));
        const expected = logits.flatMap((z) => softmax(z.map((each) => each / t)));
        // p is within 2⁻²⁴ of itself, which 1 / T ≤ 4 multiplies, twice, and the result is rounded
        for (const [k, own] of tempered(p, 3, t).entries())
          expect(Math.abs(own / expected[k] - 1)).toBeLessThan(9 * 2 ** -24);
        const one = Float32Array.from(logits, ([z]) => sigmoid(z));
        // 1 − p is within 2⁻²⁵ of at least 0.04
        for (const [k, own] of tempered(one, 1, t).entries())
          expect(Math.abs(own - sigmoid(logits[k][0] / t))).toBeLessThan(2 ** -21);
      }),
      { numRuns: cases(100) },
    );
  });

  it("keeps the most probable class, and certain ones finite", () => {
    const certainly = tempered(Float32Array.of(0, 1, 0, 0.25, 0.25, 0.5), 3, 4);
    expect(certainly.every((each) => each >= 0 && each <= 1)).toBe(true);
    // (2⁻¹²⁶)^¼ of 1
    expect(certainly[0]).toBeCloseTo(2 ** -31.5, 12);
    expect(certainly[1]).toBe(1);
    expect(certainly[5]).toBeGreaterThan(certainly[4]);
    const [zero, one] = tempered(Float32Array.of(0, 1), 1, 4);
    expect(zero).toBeCloseTo(2 ** -31.5, 12);
    expect(one).toBeCloseTo(1 - 2 ** -6.25 / (1 + 2 ** -6.25), 6);
  });

  it("leaves the bits at 1", () => {
    const p = Float32Array.of(0, 1e-40, 0.3, 1);
    expect([...tempered(p, 1, 1)]).toEqual([...p]);
  });
});

describe("chooseTemperature", () => {
  const spread = (logits: readonly (readonly number[])[]): boolean =>
    logits.every((z) => (z.length === 1 ? Math.abs(z[0]) > 0.5 : Math.max(...z) - Math.min(...z) > 0.5));

  it("finds by how much predictions were sharpened, exactly where that is tried", () => {
    const any = fc.tuple(fc.constantFrom(1, 3).chain(ofClasses), fc.integer({ min: -16, max: 16 }));
    fc.assert(
      fc.property(
        any.filter(([logits]) => spread(logits)),
        ([logits, step]) => {
          const { p, validated } = certain(logits, 2 ** (step / 8));
          expect(chooseTemperature([p], validated).temperature).toBeCloseTo(2 ** (step / 8), 12);
        },
      ),
      { numRuns: cases(50) },
    );
  });

  it("leaves predictions that are calibrated as they are", () => {
    fc.assert(
      fc.property(ofClasses(3), (logits) => {
        const { p, validated } = certain(logits, 1);
        const { temperature, crossFitted } = chooseTemperature([p, p], validated);
        expect(temperature).toBe(1);
        expect([...crossFitted]).toEqual([...p]);
      }),
      { numRuns: cases(50) },
    );
  });

  it("is better than every other temperature for the mean of networks, unless 1 is better apart", () => {
    const any = fc
      .record({ count: fc.integer({ min: 1, max: 3 }), rows: fc.integer({ min: 6, max: 12 }) })
      .chain(({ count, rows }) =>
        fc.record({
          networks: fc.array(
            fc.array(fc.array(logit, { minLength: 3, maxLength: 3 }), { minLength: rows, maxLength: rows }),
            { minLength: count, maxLength: count },
          ),
          labels: fc.array(fc.nat({ max: 2 }), { minLength: rows, maxLength: rows }),
        }),
      );
    let changed = 0;
    fc.assert(
      fc.property(any, ({ networks, labels }) => {
        const p = networks.map((own) => Float32Array.from(own.flatMap(softmax)));
        const parts = Int32Array.from(labels, (_, row) => row % 3);
        const targets = Float64Array.from(
          labels.flatMap((label) => [0, 1, 2].map((j) => Number(j === label))),
        );
        const loss = (t: number, of: (row: number) => boolean): number =>
          labels.reduce((sum, label, row) => {
            const chances = networks.map((own) => softmax(own[row].map((z) => z / t))[label]);
            const mean = chances.reduce((all, each) => all + each, 0) / chances.length;
            return of(row) ? sum - Math.log(mean) : sum;
          }, 0);
        const best = (of: (row: number) => boolean): number =>
          temperatures().reduce((a, b) => (loss(b, of) < loss(a, of) ? b : a));
        const apart = [0, 1, 2].reduce(
          (sum, part) =>
            sum +
            loss(
              best((row) => parts[row] !== part),
              (row) => parts[row] === part,
            ),
          0,
        );
        const gain = loss(1, () => true) - apart;
        fc.pre(Math.abs(gain) > 1e-4);
        const { temperature, crossFitted } = chooseTemperature(p, { outputs: 3, targets, parts });
        const own = labels.reduce((sum, label, row) => sum - Math.log(crossFitted[3 * row + label]), 0);
        if (gain < 0) {
          expect(temperature).toBe(1);
          expect([...crossFitted]).toEqual([...meanAt(p, 3, 1)]);
        } else {
          changed++;
          expect(loss(temperature, () => true)).toBeLessThan(
            loss(
              best(() => true),
              () => true,
            ) + 1e-4,
          );
          expect(own).toBeCloseTo(apart, 3);
        }
      }),
      { numRuns: cases(100) },
    );
    expect(changed).toBeGreaterThan(0);
  });
});
