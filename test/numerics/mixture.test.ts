/** Densities of mixtures against plain float64 loops, and masses of normal laws against Simpson's rule. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { logDensities, logMasses, type NormalFactor, type TableFactor } from "../../src/numerics/mixture.js";
import { cases } from "../cases.js";

/**
 * ln of the mass of a standard normal on [from, from + width], to 2e-13 and the rounding of z²/2: Simpson's
 * rule for e^(−(z² − z₀²)/2) with z₀ the end nearest to 0. Its steps h are below 1/(500·(1 + |z₀|)), and
 * h⁴/180 times the fourth derivative below 1e-13 of the integrand.
 */
function logMass(from: number, width: number): number {
  const to = from + width;
  const nearest = from > 0 ? from : Math.min(to, 0);
  // what lies further is below e^−40 of what is nearest
  const reach = Math.min(9, 45 / Math.abs(nearest));
  const [low, high] = [Math.max(from, nearest - reach), Math.min(to, nearest + reach)];
  const span = low === from && high === to ? width : high - low; // without what rounding takes of a narrow one
  const half = Math.max(2, Math.ceil(span * 250 * (1 + Math.abs(nearest))));
  const h = span / (2 * half);
  let sum = 0;
  for (let i = 0; i <= 2 * half; i++) {
    const beyond = low + i * h - nearest;
    const weight = i === 0 || i === 2 * half ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * Math.exp(-beyond * (nearest + beyond / 2));
  }
  return Math.log((sum * h) / 3) - (nearest * nearest) / 2 - 0.5 * Math.log(2 * Math.PI);
}

const logKept = (mean: number, sigma: number) => logMass(-mean / sigma, 1 / sigma);

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const width = fc.double({ min: -4.6, max: 0, noNaN: true }).map(Math.exp); // from 1/100 to 1

describe("logDensities", () => {
  const points = 3;
  const slots = 4;
  const places = 2;
  const normal = fc.record({ type: fc.constant("normal"), sigma: width });
  const table = fc.record({ type: fc.constant("table"), sigma: width });
  const mixture = fc.record({
    kernels: fc.integer({ min: 0, max: 40 }),
    kinds: fc.array(fc.oneof(normal, table), { maxLength: 4 }),
    seed: fc.infiniteStream(unit),
  });

  test("is the logarithm of a sum of products, to the stated bound", () => {
    const property = fc.property(mixture, ({ kernels, kinds, seed }) => {
      const next = () => seed.next().value as number;
      const draw = (n: number, f: () => number) => Float64Array.from({ length: n }, f);
      const weights = draw(kernels, () => -20 * next());
      const besides = draw(points, () => -30 * next());
      const factors = kinds.map(({ type, sigma }): NormalFactor | TableFactor =>
        type === "normal"
          ? { means: draw(kernels, next), sigma, at: draw(points, next) }
          : {
              slots: Int32Array.from({ length: kernels }, () => Math.floor(next() * slots) % slots),
              tables: Array.from({ length: places }, () => draw(slots, () => -50 * next())),
              places: Int32Array.from({ length: points }, () => Math.floor(next() * places) % places),
            },
      );
      const found = logDensities(weights, besides, factors);
      expect(found.length).toBe(points);
      for (let p = 0; p < points; p++) {
        let magnitude = 0;
        const logs = Array.from(weights, (weight, k) => {
          const terms = factors.map((factor) => {
            if ("tables" in factor) return factor.tables[factor.places[p]][factor.slots[k]];
            const { means, sigma, at } = factor;
            const z = (at[p] - means[k]) / sigma;
            return -z * z * 0.5 - 0.5 * Math.log(2 * Math.PI) - Math.log(sigma) - logKept(means[k], sigma);
          });
          magnitude = Math.max(
            magnitude,
            terms.reduce((sum, term) => sum + Math.abs(term), Math.abs(weight)),
          );
          return terms.reduce((sum, term) => sum + term, weight);
        });
        const largest = Math.max(besides[p], ...logs);
        const sum = [...logs, besides[p]].reduce((total, each) => total + Math.exp(each - largest), 0);
        const bound = 2 ** -48 * (kernels / 16 + (factors.length + 1) * (1 + magnitude));
        // and as much for the loop of this test, with 2e-13 for each of its integrals
        expect(Math.abs(found[p] - largest - Math.log(sum))).toBeLessThan(2 * bound + 2e-13 * factors.length);
      }
    });
    fc.assert(property, { numRuns: cases(60) });
  });

  test("counts a kernel far below the rest for nothing, and takes more kernels than the memory held before", () => {
    const n = 300_001;
    const found = logDensities(new Float64Array(n).fill(-2000), Float64Array.of(-3, 0), [
      { means: new Float64Array(n).fill(0.5), sigma: 0.01, at: Float64Array.of(0, 1) },
    ]);
    expect([...found]).toEqual([-3, 0]);
    const equal = logDensities(new Float64Array(n), Float64Array.of(0), []);
    expect(Math.abs(equal[0] - Math.log(n + 1))).toBeLessThan(2 ** -48 * (n / 16));
  });
});

describe("logMasses", () => {
  test("is the logarithm of the share of a normal law within the unit interval, to the stated bound", () => {
    const property = fc.property(
      fc.array(unit, { minLength: 1, maxLength: 5 }),
      width,
      unit,
      fc.double({ min: -9, max: 0, noNaN: true }).map(Math.exp),
      (means, sigma, place, part) => {
        const from = place * (1 - part);
        const found = logMasses(Float64Array.from(means), sigma)(from, part);
        means.forEach((mean, k) => {
          const a = (from - mean) / sigma;
          const w = part / sigma;
          const z = Math.abs(a + w / 2);
          const want = logMass(a, w) - logKept(mean, sigma);
          if (want < -700) return; // what float64 does not hold
          const series = w < 0.15 ? (w ** 6 * (z ** 6 + 6 * z ** 4 + 3 * z * z + 1)) / 180000 : 0;
          const bound = 2 ** -46 + 2 ** -51 * z * z + series;
          expect(Math.abs(found[k] - want)).toBeLessThan(bound + 4e-13 + 2 ** -51 * z * z);
        });
      },
    );
    fc.assert(property, { numRuns: cases(150) });
  });

  test("takes the series of narrow cells as far as it says", () => {
    for (const w of [0.01, 0.07, 0.1499]) {
      for (let z = 0; z < 4; z += 0.5) {
        const [mean, sigma] = [0.5, 0.1];
        const [found] = logMasses(Float64Array.of(mean), sigma)(mean + sigma * (z - w / 2), w * sigma);
        const want = logMass(z - w / 2, w) - logKept(mean, sigma);
        const bound = (w ** 6 * (z ** 6 + 6 * z ** 4 + 3 * z * z + 1)) / 180000;
        expect(Math.abs(found - want)).toBeLessThan(bound + 1e-12);
      }
    }
  });

  test("adds up to 1 over cells", () => {
    for (const [cells, sigma] of [
      [3, 1],
      [10, 0.1],
      [1000, 0.02],
    ]) {
      const means = Float64Array.of(0, 0.3, 1);
      const sums = [0, 0, 0];
      for (let c = 0; c < cells; c++) {
        logMasses(means, sigma)(c / cells, 1 / cells).forEach((mass, k) => {
          sums[k] += Math.exp(mass);
        });
      }
      for (const sum of sums) expect(Math.abs(sum - 1)).toBeLessThan(1e-7);
    }
  });
});
