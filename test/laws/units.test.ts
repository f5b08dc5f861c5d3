/**
 * What Adadelta is named for: its steps have the unit of the weights, which those of sgd have not (Zeiler, "ADADELTA: an
 * adaptive learning rate method", 2012, section 3.2). A weight in units 1/s as large is s times the number, and its
 * gradient 1/s times. In float64; scales are powers of two, so that what is equal is equal bit for bit.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adadelta } from "../../src/optim/adadelta.js";
import { sgd } from "../../src/optim/sgd.js";
import { drive } from "../../src/testing/drive.js";
import { cases } from "../cases.js";
import { reference, trajectory } from "../optim/drive.js";

const STEPS = 12;
const sizes = fc.double({ min: 1e-2, max: 1e2, noNaN: true });
const gradients = fc.tuple(sizes, fc.boolean()).map(([size, negative]) => (negative ? -size : size));
const pairs = fc.tuple(gradients, gradients).map((pair): readonly number[] => pair);
const gradientLists = fc.array(pairs, { minLength: STEPS, maxLength: STEPS });
/** Each coordinate's s, by its exponent. */
const exponents = fc.tuple(fc.integer({ min: -6, max: 6 }), fc.integer({ min: -6, max: 6 }));
const rhos = fc.double({ min: 0.5, max: 0.99, noNaN: true });

/** Times s to a power, in each coordinate. */
function scaled(x: readonly number[], s: readonly number[], power: number): number[] {
  return x.map((xi, i) => xi * s[i] ** power);
}

describe("adadelta", () => {
  it("without ε moves alike in any units, once it has seen gradients g² and steps u", () => {
    fc.assert(
      fc.property(
        gradientLists,
        pairs,
        exponents,
        fc.record({ g: pairs, u: pairs }),
        rhos,
        (list, start, powers, before, rho) => {
          const path = (s: readonly number[]): number[][] => {
            const optimizer = adadelta({ learningRate: 1, rho, epsilon: 0 });
            const { run, follow, point } = drive(reference, optimizer, scaled(start, s, 1));
            const squares = (x: readonly number[], power: number) => scaled(x, s, power).map((xi) => xi * xi);
            run.write("slot gradients", squares(before.g, -1));
            run.write("slot updates", squares(before.u, 1));
            const points = list.map((gradient) => {
              follow(scaled(gradient, s, -1));
              return point();
            });
            run.free();
            return points;
          };
          const s = powers.map((k) => 2 ** k);
          const points = path([1, 1]);
          expect(path(s)).toEqual(points.map((point) => scaled(point, s, 1)));
          expect(points[0]).not.toEqual(start);
        },
      ),
      { numRuns: cases(40) },
    );
  });

  // ε stands beside squared steps, which give it its unit, and beside squared gradients, where it must be nothing. They
  // are at least 1e-2/64, so that (1 − ρ)g² > 2e-10 and ε ≤ 1e-24 · 64² is a share of at most 2e-11. A step has the largest
  // relative error of those before it and half this share: 1.2e-10 after 12. No step is longer than twice the farthest
  // point, so their sum is off by at most 24 times as much.
  it("takes its unit from ε at first: with s²ε steps are s times as large, as ε goes to 0", () => {
    fc.assert(
      fc.property(gradientLists, fc.integer({ min: -6, max: 6 }), rhos, (list, exponent, rho) => {
        const s = 2 ** exponent;
        const path = (epsilon: number, times: number): number[][] => {
          const optimizer = adadelta({ learningRate: 1, rho, epsilon });
          const units = list.map((gradient) => gradient.map((g) => g / times));
          return trajectory(reference, optimizer, [0, 0], units, STEPS);
        };
        const points = path(1e-24, 1).map((point) => point.map((x) => x * s));
        const farthest = Math.max(...points.flat().map(Math.abs));
        path(1e-24 * s * s, s).forEach((point, t) => {
          point.forEach((x, i) => {
            expect(Math.abs(x - points[t][i])).toBeLessThanOrEqual(3e-9 * farthest);
          });
        });
        expect(farthest).toBeGreaterThan(0);
      }),
      { numRuns: cases(40) },
    );
  });
});

describe("sgd", () => {
  it("does not: in units 1/s as large it moves s times less far in number, s² times less far in truth", () => {
    fc.assert(
      fc.property(gradientLists, exponents, (list, powers) => {
        const s = powers.map((k) => 2 ** k);
        const units = list.map((gradient) => scaled(gradient, s, -1));
        const path = (of: readonly (readonly number[])[]): number[][] =>
          trajectory(reference, sgd({ learningRate: 0.1 }), [0, 0], of, STEPS);
        expect(path(units)).toEqual(path(list).map((point) => scaled(point, s, -1)));
      }),
      { numRuns: cases(20) },
    );
  });
});
