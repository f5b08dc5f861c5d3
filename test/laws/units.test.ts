/**
 * Steps under a change of units of the loss and of the weights. If a loss is s times as large, its gradients
 * are s times as large: rules that divide by their size do not depend on it (Kingma and Ba, "Adam: a method
 * for stochastic optimization", 2015, section 2.1). In units 1/s as large, a weight is s times the number,
 * and its gradient 1/s times: Adadelta's steps grow by the same factor, those of sgd do not (Zeiler,
 * "ADADELTA: an adaptive learning rate method", 2012, section 3.2). In float64; scales are powers of two, so
 * that equality holds to the bit.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adadelta } from "../../src/optim/adadelta.js";
import { adagrad } from "../../src/optim/adagrad.js";
import { adam } from "../../src/optim/adam.js";
import { adamax } from "../../src/optim/adamax.js";
import { lion } from "../../src/optim/lion.js";
import { nadam } from "../../src/optim/nadam.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { rmsprop } from "../../src/optim/rmsprop.js";
import { sgd } from "../../src/optim/sgd.js";
import { drive } from "../../src/testing/drive.js";
import { cases } from "../cases.js";
import { reference, trajectory } from "../optim/drive.js";

const STEPS = 12;
const sizes = fc.double({ min: 1e-2, max: 1e2, noNaN: true });
const gradients = fc.tuple(sizes, fc.boolean()).map(([size, negative]) => (negative ? -size : size));
const pairs = fc.tuple(gradients, gradients).map((pair): readonly number[] => pair);
const gradientLists = fc.array(pairs, { minLength: STEPS, maxLength: STEPS });
/** The s of a loss, by its exponent. */
const scales = fc.integer({ min: -20, max: 20 }).map((k) => 2 ** k);
/** Each coordinate's s, by its exponent. */
const exponents = fc.tuple(fc.integer({ min: -6, max: 6 }), fc.integer({ min: -6, max: 6 }));
const rhos = fc.double({ min: 0.5, max: 0.99, noNaN: true });

/** Times s to a power, in each coordinate. */
function scaled(x: readonly number[], s: readonly number[], power: number): number[] {
  return x.map((xi, i) => xi * s[i] ** power);
}

/** From 0. */
function path(optimizer: Optimizer, list: readonly (readonly number[])[]): number[][] {
  return trajectory(reference, optimizer, [0, 0], list, STEPS);
}

/** Those that divide by the size of gradients, without the ε that has its unit. */
const scaleFree: readonly (readonly [string, (convention: "keras" | "torch") => Optimizer])[] = [
  ["adagrad", (convention) => adagrad({ initialAccumulatorValue: 0, epsilon: 0, convention })],
  ["adam", (convention) => adam({ epsilon: 0, convention })],
  ["adam with amsgrad", (convention) => adam({ epsilon: 0, amsgrad: true, convention })],
  ["nadam", (convention) => nadam({ epsilon: 0, convention })],
  ["adamax", (convention) => adamax({ epsilon: 0, convention })],
  ["lion", (convention) => lion({ convention })],
  ["rmsprop", (convention) => rmsprop({ epsilon: 0, convention })],
  ["rmsprop with momentum", (convention) => rmsprop({ epsilon: 0, momentum: 0.9, convention })],
];

describe("a loss s times as large", () => {
  it.each(scaleFree)("leads %s the same way, bit for bit, without ε", (_, make) => {
    fc.assert(
      fc.property(gradientLists, scales, fc.constantFrom("keras", "torch"), (list, s, convention) => {
        const larger = list.map((g) => g.map((x) => x * s));
        expect(path(make(convention), larger)).toEqual(path(make(convention), list));
      }),
      { numRuns: cases(20) },
    );
  });

  it("leads sgd s times as far", () => {
    fc.assert(
      fc.property(gradientLists, scales, (list, s) => {
        const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 });
        const larger = list.map((g) => g.map((x) => x * s));
        expect(path(optimizer, larger)).toEqual(
          path(optimizer, list).map((point) => point.map((x) => x * s)),
        );
      }),
      { numRuns: cases(20) },
    );
  });
});

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
          const led = (s: readonly number[]): number[][] => {
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
          const points = led([1, 1]);
          expect(led(s)).toEqual(points.map((point) => scaled(point, s, 1)));
          expect(points[0]).not.toEqual(start);
        },
      ),
      { numRuns: cases(40) },
    );
  });

  // ε stands beside squared steps, which give it its unit, and beside squared gradients, where it must be
  // nothing. They are at least 1e-2/64, so that (1 − ρ)g² > 2e-10 and ε ≤ 1e-24 · 64² is a share of at most
  // 2e-11. A step has the largest relative error of those before it and half this share: 1.2e-10 after 12. No
  // step is longer than twice the farthest point, so their sum is off by at most 24 times as much.
  it("takes its unit from ε at first: with s²ε steps are s times as large, as ε goes to 0", () => {
    fc.assert(
      fc.property(gradientLists, fc.integer({ min: -6, max: 6 }), rhos, (list, exponent, rho) => {
        const s = 2 ** exponent;
        const led = (epsilon: number, times: number): number[][] => {
          const units = list.map((gradient) => gradient.map((g) => g / times));
          return path(adadelta({ learningRate: 1, rho, epsilon }), units);
        };
        const points = led(1e-24, 1).map((point) => point.map((x) => x * s));
        const farthest = Math.max(...points.flat().map(Math.abs));
        led(1e-24 * s * s, s).forEach((point, t) => {
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
        const optimizer = sgd({ learningRate: 0.1 });
        expect(path(optimizer, units)).toEqual(path(optimizer, list).map((point) => scaled(point, s, -1)));
      }),
      { numRuns: cases(20) },
    );
  });
});
