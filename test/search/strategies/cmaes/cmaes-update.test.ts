/** How CMA-ES learns from a generation: by the published equations, written out a second time. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../../../src/numerics/random.js";
import { choice, float } from "../../../../src/search/space/builders.js";
import { resolveSpace, type Space } from "../../../../src/search/space/space.js";
import { layoutOf } from "../../../../src/search/strategies/cmaes/coordinates.js";
import {
  DiagonalCovariance,
  FullCovariance,
  identity,
} from "../../../../src/search/strategies/cmaes/covariance.js";
import { ratesOf } from "../../../../src/search/strategies/cmaes/rates.js";
import { advance, startRun } from "../../../../src/search/strategies/cmaes/run.js";
import { begin, learn } from "../../../../src/search/strategies/cmaes/update.js";
import { makeRecord } from "../../../../src/search/trial/trial.js";
import { cases } from "../../../cases.js";

/** A space of n numbers of the unit interval, so that points and vectors are the same. */
const cube = (n: number): Space =>
  Object.fromEntries(Array.from({ length: n }, (_, i) => [`x${i}`, float(0, 1)]));
const pointOf = (x: readonly number[]) => Object.fromEntries(x.map((xi, i) => [`x${i}`, xi]));

/**
 * What CMA-ES knows, by the names of N. Hansen, "The CMA evolution strategy: a tutorial", arXiv:1604.00772.
 */
interface Known {
  readonly m: readonly number[];
  readonly sigma: number;
  readonly C: readonly (readonly number[])[];
  readonly pathC: readonly number[];
  readonly pathSigma: readonly number[];
  readonly g: number;
}

/** Table 1 of the tutorial. */
function constants(n: number, lambda: number, speed = 1) {
  const mu = Math.floor(lambda / 2);
  const raw: number[] = [];
  for (let i = 1; i <= lambda; i++) raw.push(Math.log((lambda + 1) / 2) - Math.log(i));
  const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
  const effective = (list: readonly number[]) => sum(list) ** 2 / sum(list.map((w) => w * w));
  const [plus, minus] = [raw.slice(0, mu), raw.slice(mu)];
  const muEff = effective(plus);
  const c1 = (speed * 2) / ((n + 1.3) ** 2 + muEff);
  const cMu = Math.min(1 - c1, (speed * 2 * (1 / 4 + muEff + 1 / muEff - 2)) / ((n + 2) ** 2 + muEff));
  const total = Math.min(1 + c1 / cMu, 1 + (2 * effective(minus)) / (muEff + 2), (1 - c1 - cMu) / (n * cMu));
  const w = [...plus.map((x) => x / sum(plus)), ...minus.map((x) => (total * x) / -sum(minus))];
  const cSigma = (muEff + 2) / (n + muEff + 5);
  const dSigma = 1 + 2 * Math.max(0, Math.sqrt((muEff - 1) / (n + 1)) - 1) + cSigma;
  const cc = (4 + muEff / n) / (n + 4 + (2 * muEff) / n);
  const chi = Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
  return { w, mu, muEff, c1, cMu, cSigma, dSigma, cc, chi };
}

/** The inverse of a positive matrix, by Gauss and Jordan. */
function inverse(matrix: readonly (readonly number[])[]): number[][] {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => +(i === j))]);
  for (let p = 0; p < n; p++) {
    rows[p] = rows[p].map((x) => x / rows[p][p]);
    for (let i = 0; i < n; i++) {
      if (i !== p) rows[i] = rows[i].map((x, j) => x - rows[i][p] * rows[p][j]);
    }
  }
  return rows.map((row) => row.slice(n));
}

/**
 * C^-½ without eigenvectors: the limit of Z in Y ← (Y + Z⁻¹)/2, Z ← (Z + Y⁻¹)/2 (E. Denman and A. Beavers,
 * 1976).
 */
function inverseRoot(C: Known["C"]): number[][] {
  let Y = C.map((row) => [...row]);
  let Z = C.map((row, i) => row.map((_, j) => +(i === j)));
  for (let round = 0; round < 20; round++) {
    const [inverseY, inverseZ] = [inverse(Y), inverse(Z)];
    Y = Y.map((row, i) => row.map((x, j) => (x + inverseZ[i][j]) / 2));
    Z = Z.map((row, i) => row.map((x, j) => (x + inverseY[i][j]) / 2));
  }
  return Z;
}

/** Which rules were followed, so that a test can tell that it met them. */
const rules = ["stalled", "going on", "cut", "e-fold", "wide as the cube"] as const;
type Rule = (typeof rules)[number];

/**
 * What is known after a generation of points, best first: equations 41 to 47, and what Fettle adds to them.
 */
function after({ m, sigma, C, pathC, pathSigma, g }: Known, x: readonly number[][], met: Set<Rule>): Known {
  const n = m.length;
  const { w, mu, muEff, c1, cMu, cSigma, dSigma, cc, chi } = constants(n, x.length);
  const root = inverseRoot(C);
  const whiten = (v: readonly number[]) =>
    root.map((row) => row.reduce((total, r, j) => total + r * v[j], 0));

  // y = (x - m) / σ, but none longer than √n + 2n/(n+2) (Hansen, 2011)
  const y = x.map((xk) => {
    const step = xk.map((xi, i) => (xi - m[i]) / sigma);
    const excess = Math.hypot(...whiten(step)) / (Math.sqrt(n) + (2 * n) / (n + 2));
    if (excess > 1) met.add("cut");
    return step.map((yi) => yi / Math.max(1, excess));
  });
  const yw = new Array<number>(n).fill(0);
  for (let k = 0; k < mu; k++) for (let i = 0; i < n; i++) yw[i] += w[k] * y[k][i]; // (41)
  const mNext = m.map((mi, i) => mi + sigma * yw[i]); // (42)

  const white = whiten(yw);
  const toSigma = Math.sqrt(cSigma * (2 - cSigma) * muEff);
  const pathSigmaNext = pathSigma.map((p, i) => (1 - cSigma) * p + toSigma * white[i]); // (43)
  const length = Math.hypot(...pathSigmaNext);
  const growth = (cSigma / dSigma) * (length / chi - 1);
  if (growth > 1) met.add("e-fold");

  const h = length / Math.sqrt(1 - (1 - cSigma) ** (2 * (g + 1))) < (1.4 + 2 / (n + 1)) * chi ? 1 : 0;
  met.add(h === 1 ? "going on" : "stalled");
  const toC = h * Math.sqrt(cc * (2 - cc) * muEff);
  const pathCNext = pathC.map((p, i) => (1 - cc) * p + toC * yw[i]); // (45)
  let kept = 1 + c1 * (1 - h) * cc * (2 - cc) - c1;
  for (const wk of w) kept -= cMu * wk;
  const CNext = C.map((row, i) => row.map((c, j) => kept * c + c1 * pathCNext[i] * pathCNext[j]));
  for (let k = 0; k < w.length; k++) {
    let squared = 0;
    for (const z of whiten(y[k])) squared += z * z;
    const weight = w[k] >= 0 ? w[k] : squared > 0 ? (w[k] * n) / squared : 0; // (46)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) CNext[i][j] += cMu * weight * y[k][i] * y[k][j]; // (47)
  }

  // (44), but σ grows e-fold at most, and no coordinate is wider than the cube
  const widest = Math.sqrt(Math.max(...CNext.map((row, i) => row[i])));
  const grown = sigma * Math.exp(Math.min(1, growth));
  if (grown * widest > 1) met.add("wide as the cube");
  const sigmaNext = Math.min(grown, 1 / widest);
  return { m: mNext, sigma: sigmaNext, C: CNext, pathC: pathCNext, pathSigma: pathSigmaNext, g: g + 1 };
}

describe("the update", () => {
  test("has the constants of the tutorial", () => {
    // the figures of the package `cmaes` 0.11 for Python, which agrees with the tutorial on these
    const ten = ratesOf(10, 10);
    const positive = [
      0.45627264690340597, 0.2707530970017852, 0.1622311171586698, 0.08523354710016448, 0.025509591835974777,
    ];
    for (const [i, weight] of positive.entries()) expect(ten.weights[i]).toBeCloseTo(weight, 14);
    expect(ten.muEff).toBeCloseTo(3.1672992814107026, 13);
    expect(ten.cc).toBeCloseTo(0.29499038303562225, 14);
    expect(ten.c1).toBeCloseTo(0.015283824524751714, 14);
    expect(ten.cSigma).toBeCloseTo(0.2844285879463675, 14);
    expect(ten.dSigma).toBeCloseTo(1.2844285879463675, 14);
    expect(ten.chi).toBeCloseTo(3.0847265651690123, 13);
    const three = ratesOf(3, 7);
    expect(three.weights[3]).toBeCloseTo(0, 14);
    expect(three.muEff).toBeCloseTo(2.2548150822016044, 13);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 4, max: 80 }), (n, lambda) => {
        const { weights, c1, cMu } = ratesOf(n, lambda);
        const negative = weights.reduce((total, w) => total + Math.min(0, w), 0);
        // C stays positive definite: what negative weights can take away, n c_μ Σ|w⁻|, is at most what is
        // kept
        expect(c1 + cMu).toBeLessThanOrEqual(1 + 1e-15);
        expect(-negative * n * cMu).toBeLessThanOrEqual(1 - c1 - cMu + 1e-12);
        for (let i = 1; i < lambda; i++) expect(weights[i]).toBeLessThanOrEqual(weights[i - 1]);
      }),
    );
  });

  test("is that of the equations, generation after generation", () => {
    // all around the cube, or all on one side of it, so that the paths are short or long
    const anySearch = fc
      .record({ n: fc.integer({ min: 1, max: 4 }), lambda: fc.integer({ min: 4, max: 9 }) })
      .chain(({ n, lambda }) => {
        const unit = fc.integer({ min: 0, max: 1000 }).map((i) => i / 1000);
        const points = fc.array(fc.array(unit, { minLength: n, maxLength: n }), {
          minLength: lambda,
          maxLength: lambda,
        });
        const generation = fc
          .tuple(fc.constantFrom(0, 0.3, 0.9), points)
          .map(([low, all]) => all.map((x) => x.map((xi) => low + (1 - low) * xi)));
        return fc.record({
          lambda: fc.constant(lambda),
          mean: fc.constantFrom(0.1, 0.5).map((m) => new Array<number>(n).fill(m)),
          sigma: fc.constantFrom(0.05, 0.2, 1),
          generations: fc.array(generation, { minLength: 1, maxLength: 6 }),
        });
      });
    const met = new Set<Rule>();
    fc.assert(
      fc.property(anySearch, ({ lambda, mean, sigma, generations }) => {
        const zeros = mean.map(() => 0);
        const C = mean.map((_, i) => mean.map((_, j) => +(i === j)));
        let expected: Known = { m: mean, sigma, C, pathC: zeros, pathSigma: zeros, g: 0 };
        const layout = layoutOf(resolveSpace(cube(mean.length)));
        let state = begin(layout, Float64Array.from(mean), sigma, lambda);
        // some hundred roundings, magnified by the condition of C, which so few generations leave below a
        // hundred
        for (const points of generations) {
          expected = after(expected, points, met);
          state = learn(state, layout, points.map(pointOf));
          const { distribution } = state;
          expect(Math.abs(distribution.sigma / expected.sigma - 1)).toBeLessThan(1e-12);
          for (const [found, exact] of [
            [distribution.mean, expected.m],
            [(distribution.covariance as FullCovariance).matrix, expected.C.flat()],
            [state.pathC, expected.pathC],
            [state.pathSigma, expected.pathSigma],
          ]) {
            expect(found).toHaveLength(exact.length);
            const size = Math.max(1, ...exact.map(Math.abs));
            for (const [i, x] of exact.entries()) expect(Math.abs(found[i] - x) / size).toBeLessThan(1e-12);
          }
        }
      }),
      { numRuns: cases(375) },
    );
    expect([...met].sort()).toEqual([...rules].sort());
  });

  test("of more than 100 numbers keeps the diagonal of C, which learns (n + 2)/3 times as fast", () => {
    expect(identity(100)).toBeInstanceOf(FullCovariance);
    const [n, lambda] = [101, 12];
    const rates = constants(n, lambda, (n + 2) / 3);
    expect(ratesOf(n, lambda).c1 / rates.c1).toBeCloseTo(1, 14);
    expect(ratesOf(n, lambda).cMu / rates.cMu).toBeCloseTo(1, 14);
    const layout = layoutOf(resolveSpace(cube(n)));
    const stream = new RandomStream(7);
    let state = begin(layout, new Float64Array(n).fill(0.5), 0.05, lambda);
    let [m, sigma, pathC, pathSigma] = [Array(n).fill(0.5), 0.05, Array(n).fill(0), Array(n).fill(0)];
    let C: number[] = Array(n).fill(1);
    const { w, mu, muEff, c1, cMu, cSigma, dSigma, cc, chi } = rates;
    for (let g = 1; g <= 5; g++) {
      // near enough that no step is cut
      const points = Array.from({ length: lambda }, () =>
        m.map((mi, i) => mi + sigma * Math.sqrt(C[i]) * 0.9 * stream.normal()),
      );
      const y = points.map((x) => x.map((xi, i) => (xi - m[i]) / sigma));
      const norms = y.map((yk) => Math.sqrt(yk.reduce((sum, yi, i) => sum + (yi * yi) / C[i], 0)));
      expect(Math.max(...norms)).toBeLessThan(Math.sqrt(n) + (2 * n) / (n + 2));
      const shift = m.map((_, i) => y.slice(0, mu).reduce((sum, yk, k) => sum + w[k] * yk[i], 0));
      pathSigma = pathSigma.map(
        (p, i) => (1 - cSigma) * p + (Math.sqrt(cSigma * (2 - cSigma) * muEff) * shift[i]) / Math.sqrt(C[i]),
      );
      const length = Math.hypot(...pathSigma);
      const stalled = length >= Math.sqrt(1 - (1 - cSigma) ** (2 * g)) * (1.4 + 2 / (n + 1)) * chi;
      pathC = pathC.map((p, i) => (1 - cc) * p + (stalled ? 0 : Math.sqrt(cc * (2 - cc) * muEff) * shift[i]));
      const kept = 1 - c1 - cMu * w.reduce((a, b) => a + b) + (stalled ? c1 * cc * (2 - cc) : 0);
      C = C.map((c, i) =>
        y.reduce(
          (sum, yk, k) => sum + cMu * w[k] * yk[i] ** 2 * (w[k] < 0 ? n / norms[k] ** 2 : 1),
          kept * c + c1 * pathC[i] ** 2,
        ),
      );
      m = m.map((mi, i) => mi + sigma * shift[i]);
      sigma *= Math.exp(Math.min(1, (cSigma / dSigma) * (length / chi - 1)));
      state = learn(state, layout, points.map(pointOf));
      const { distribution } = state;
      expect(distribution.covariance).toBeInstanceOf(DiagonalCovariance);
      expect(distribution.sigma / sigma).toBeCloseTo(1, 12);
      for (let i = 0; i < n; i++) {
        expect(distribution.mean[i]).toBeCloseTo(m[i], 12);
        expect(distribution.covariance.variances[i] / C[i]).toBeCloseTo(1, 11);
        expect(state.pathC[i]).toBeCloseTo(pathC[i], 11);
      }
    }
    expect(Math.max(...C)).toBeGreaterThan(1.05 * Math.min(...C)); // they have learned something
  });

  test("pulls in points that no draw could have produced", () => {
    const layout = layoutOf(resolveSpace(cube(2)));
    const state = begin(layout, Float64Array.of(0.5, 0.5), 1e-3, 4);
    const { mean } = learn(
      state,
      layout,
      [1, 1, 1, 1].map((x) => pointOf([x, 0.5])),
    ).distribution;
    // √n + 2n/(n+2) standard deviations, with all positive weights on the same point
    expect(mean[0]).toBeCloseTo(0.5 + 1e-3 * (Math.SQRT2 + 1), 12);
  });

  test("leaves coordinates that do not apply where they are", () => {
    const space = resolveSpace({ kind: choice(["a", "b"]), x: float(0, 1, { when: { kind: ["a"] } }) });
    const run = startRun(space, 0.2, 4);
    const without = [1, 2, 3, 4].map((value, number) =>
      makeRecord({ number, params: { kind: "b" } }, { value }),
    );
    const next = advance(run, without, { space, direction: "minimize", directions: ["minimize"] }, 0.2);
    expect(next.distribution.mean).toEqual(Float64Array.of(0.5));
    // c₁ is all that fades where nothing is known of any step
    expect(next.distribution.covariance.variances[0]).toBeGreaterThan(0.5);
    expect(next.distribution.shares[0][1]).toBeGreaterThan(0.7);
  });

  test("moves shares by their rate towards the better half, whatever the others took", () => {
    const values = ["a", "b", "c", "d"];
    const layout = layoutOf(resolveSpace({ k: choice(values) }));
    const anyValue = fc.constantFrom(...values);
    fc.assert(
      fc.property(fc.array(anyValue, { minLength: 12, maxLength: 12 }), (taken) => {
        const { w, mu, muEff } = constants(1, taken.length);
        const points = taken.map((k) => ({ k }));
        const { shares } = learn(begin(layout, new Float64Array(0), 0.2, 12), layout, points).distribution;
        const rate = muEff / (muEff + 3);
        const exact = values.map((value) => {
          let frequency = 0;
          for (let k = 0; k < mu; k++) if (taken[k] === value) frequency += w[k];
          return 0.25 + rate * (frequency - 0.25);
        });
        // one that nobody takes keeps a share above the margin of 1/12 over three values, which thus raises
        // none
        expect(Math.min(...exact)).toBeGreaterThan(1 / 36);
        for (const [i, share] of exact.entries()) expect(shares[0][i]).toBeCloseTo(share, 14);
      }),
    );
  });

  test("keeps probabilities a distribution, each at least its margin", () => {
    const space = resolveSpace({ a: choice(["x", "y", "z"]), b: choice([1, 2]), c: float(0, 1) });
    const anyPoint = fc.record({
      a: fc.constantFrom("x", "y", "z"),
      b: fc.constantFrom(1, 2),
      c: fc.integer({ min: 0, max: 100 }).map((i) => i / 100),
    });
    fc.assert(
      fc.property(
        fc.array(anyPoint, { minLength: 5, maxLength: 5 }),
        fc.nat({ max: 30 }),
        (points, times) => {
          const layout = layoutOf(space);
          let state = begin(layout, Float64Array.of(0.5), 0.2, 5);
          for (let i = 0; i <= times; i++) state = learn(state, layout, points);
          for (const shares of state.distribution.shares) {
            expect(shares.reduce((total, share) => total + share)).toBeCloseTo(1, 12);
            for (const share of shares) expect(share).toBeGreaterThan(1 / 15 / (shares.length - 1) - 1e-12);
          }
        },
      ),
    );
  });
});

describe.each([
  ["full", (x: number, y: number) => new FullCovariance(Float64Array.of(x, 0, 0, y), 2)],
  ["diagonal", (x: number, y: number) => new DiagonalCovariance(Float64Array.of(x, y))],
])("a %s matrix", (_, make) => {
  test.each([1, 1e-30, 1e30])("of scale %d raises axes to 1e-10 of the longest alone", (scale) => {
    const round = make(scale, scale).whiten(Float64Array.of(Math.sqrt(scale), 0));
    expect(Math.hypot(...round)).toBeCloseTo(1, 12);
    expect(make(scale, scale * 1e-18).ratio / 1e9).toBeCloseTo(1, 9);
    expect(make(scale, scale * 1e-30).ratio / 1e10).toBeCloseTo(1, 9);
  });
});
