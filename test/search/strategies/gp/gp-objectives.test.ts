/**
 * Several objectives of the Gaussian process: boxes beside cells, EHVI beside Monte Carlo, and what it finds.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../../src/numerics/random.js";
import { hypervolume } from "../../../../src/search/analysis/hypervolume.js";
import { choice, float } from "../../../../src/search/space/builders.js";
import { boxesOf } from "../../../../src/search/strategies/gp/boxes.js";
import { gp } from "../../../../src/search/strategies/gp/gp.js";
import { logEhvi } from "../../../../src/search/strategies/gp/objectives.js";
import type { Posterior } from "../../../../src/search/strategies/gp/posterior.js";
import { random } from "../../../../src/search/strategies/random/random.js";
import type { Strategy } from "../../../../src/search/strategies/strategy.js";
import { createStudy } from "../../../../src/search/study/create.js";
import { undominated, volumeOf } from "../../../../src/search/trial/volume.js";
import { cases } from "../../../cases.js";
import { prop } from "../../../prop.js";
import { caught } from "../../support.js";

type Point = readonly number[];

const anyFront = fc.integer({ min: 1, max: 4 }).chain((objectives) =>
  fc
    .array(fc.array(fc.nat({ max: 4 }), { minLength: objectives, maxLength: objectives }), {
      minLength: 1,
      maxLength: 7,
    })
    .map(undominated),
);

describe("boxes", () => {
  prop([anyFront], { numRuns: cases(60) })(
    "hold each cell that no point dominates once, and no other",
    (points) => {
      const corner = points[0].map(() => 5);
      const { cuts, lower, upper } = boxesOf(points, corner);
      const objectives = corner.length;
      for (let cell = 0; cell < 6 ** objectives; cell++) {
        // cells from -1, below all points, to 4
        const place = corner.map((_, k) => (Math.floor(cell / 6 ** k) % 6) - 1);
        const holding = lower.filter((edges, box) =>
          place.every((at, k) => cuts[k][edges[k]] <= at && at < cuts[k][upper[box][k]]),
        );
        const isDominated = points.some((point) => point.every((cost, k) => cost <= place[k]));
        expect(holding).toHaveLength(isDominated ? 0 : 1);
      }
    },
  );

  it("of two objectives are one more than the points", () => {
    const points = Array.from({ length: 30 }, (_, i) => [i, 30 - i]);
    expect(boxesOf(points, [31, 31]).lower).toHaveLength(31);
  });
});

/** A posterior of μ = a·x + b and σ² = (c·x + d)² of one coordinate. */
function line(a: number, b: number, c: number, d: number): Pick<Posterior, "predict"> {
  return {
    predict: ([x]) => ({
      mean: a * x + b,
      variance: (c * x + d) ** 2,
      meanGradient: Float64Array.of(a),
      varianceGradient: Float64Array.of(2 * c * (c * x + d)),
    }),
  };
}

/** Fronts, corners, and the posteriors of their objectives. */
const examples: readonly { front: Point[]; corner: Point; lines: readonly (readonly number[])[] }[] = [
  {
    front: [[0, 0]],
    corner: [1, 1],
    lines: [
      [1, -0.5, 0, 0.7],
      [-1, 0.4, 0.2, 0.3],
    ],
  },
  {
    front: [
      [-1, 0.5],
      [-0.4, 0],
      [0.3, -0.7],
    ],
    corner: [0.6, 0.8],
    lines: [
      [0.5, -0.4, 0.1, 0.5],
      [-0.7, 0.1, 0.3, 0.2],
    ],
  },
  {
    front: [
      [-1, 0.5, 0.2],
      [-0.4, 0, -0.5],
      [0.3, -0.7, 0],
    ],
    corner: [0.6, 0.8, 0.5],
    lines: [
      [0.5, -0.4, 0.1, 0.5],
      [-0.7, 0.1, 0.3, 0.2],
      [0.2, -0.2, 0, 0.6],
    ],
  },
];

describe("the expected hypervolume improvement", () => {
  it.each(examples)("of $corner.length objectives is that of many draws", ({ front, corner, lines }) => {
    const at = Float64Array.of(0.3);
    const posteriors = lines.map(([a, b, c, d]) => line(a, b, c, d));
    const beliefs = posteriors.map((posterior) => ({ ...posterior.predict(at) }));
    const before = volumeOf(front, corner);
    const stream = new RandomStream(5);
    const draws = 40_000;
    let [sum, squares] = [0, 0];
    for (let i = 0; i < draws; i++) {
      const drawn = beliefs.map(({ mean, variance }) => mean + Math.sqrt(variance) * stream.normal());
      const isInside = drawn.every((cost, k) => cost < corner[k]);
      const gain = isInside ? volumeOf([...front, drawn], corner) - before : 0;
      sum += gain;
      squares += gain * gain;
    }
    const mean = sum / draws;
    const error = Math.sqrt((squares / draws - mean * mean) / draws);
    const exact = Math.exp(logEhvi(posteriors, boxesOf(front, corner))(at));
    // four standard errors of the draws, which are at most a fiftieth of the mean
    expect(Math.abs(exact - mean)).toBeLessThan(4 * error);
    expect(error).toBeLessThan(mean / 50);
  });

  it("of one objective is the expected improvement", () => {
    const [mean, deviation, best] = [0.3, 0.8, -0.1];
    const found = logEhvi([line(0, mean, 0, deviation)], boxesOf([[best]], [2]))(Float64Array.of(0));
    const z = (best - mean) / deviation;
    // Φ(-0.5) and φ(-0.5), of tables
    expect(z).toBeCloseTo(-0.5, 15);
    const [cdf, density] = [0.3085375387259869, 0.3520653267642995];
    expect(found).toBeCloseTo(Math.log(deviation * (density + z * cdf)), 12);
  });

  it.each(examples)(
    "of $corner.length objectives has the slope of its differences",
    ({ front, corner, lines }) => {
      const merit = logEhvi(
        lines.map(([a, b, c, d]) => line(a, b, c, d)),
        boxesOf(front, corner),
      );
      for (const x of [-1, 0.1, 0.5, 3]) {
        const gradient = new Float64Array(1);
        merit(Float64Array.of(x), gradient);
        const h = 1e-5;
        const difference = (merit(Float64Array.of(x + h)) - merit(Float64Array.of(x - h))) / (2 * h);
        expect(Math.abs(gradient[0] - difference)).toBeLessThan(1e-7 * (1 + Math.abs(difference)));
      }
    },
  );

  it("is finite, and has a slope that leads back, where it would round to 0", () => {
    const merit = logEhvi([line(1, 0, 0, 0.01), line(1, 0, 0, 0.01)], boxesOf([[0, 0]], [1, 1]));
    const gradient = new Float64Array(1);
    const [near, far] = [5, 50].map((x) => merit(Float64Array.of(x), gradient));
    expect(far).toBeLessThan(near);
    expect(gradient[0]).toBeLessThan(0);
  });
});

describe("gp with several objectives", () => {
  const space = { a: float(-4, 4), b: float(-4, 4), kind: choice(["x", "y", "z"]) };
  /** The front is √f + √g = 2, between a = −1 and a = 1 with b = 0.7, for one kind. */
  const bowlsAt = ({ a, b, kind }: { a: number; b: number; kind: string }): [number, number] => {
    const rest = (b - 0.7) ** 2 + (kind === "y" ? 0 : 1);
    return [(a + 1) ** 2 + rest, (a - 1) ** 2 + rest];
  };
  const volumeAfter = (
    strategy: Strategy,
    seed: number,
    trials: number,
    direction: "minimize" | "maximize",
  ) => {
    const sign = direction === "minimize" ? 1 : -1;
    const study = createStudy({ space, strategy, seed, direction: [direction, "minimize"] });
    for (let i = 0; i < trials; i++) {
      const trial = study.ask();
      if (trial === undefined) break;
      const [f, g] = bowlsAt(trial.params);
      study.tell(trial.number, { values: [sign * f, g] });
    }
    return hypervolume(study.trials, study.directions, [sign * 6, 6]);
  };

  it("dominates nearly all that can be after 40 trials", () => {
    // all between the front and the corner: 36 − ∫₀⁴ (2 − √f)² df = 36 − 8/3, less what is beyond the ends
    const whole = 36 - 8 / 3;
    for (const seed of [1, 2, 3]) {
      const mine = volumeAfter(gp(), seed, 40, "minimize");
      expect(mine).toBeGreaterThan(0.96 * whole);
      expect(mine).toBeLessThanOrEqual(whole);
      expect(mine).toBeGreaterThan(volumeAfter(random(), seed, 160, "minimize"));
    }
  });

  it("follows an objective that is maximized, to the bit", () => {
    expect(volumeAfter(gp(), 4, 25, "maximize")).toBe(volumeAfter(gp(), 4, 25, "minimize"));
  });

  it("keeps apart from trials that run", () => {
    const study = createStudy({
      space,
      strategy: gp(),
      seed: 1,
      direction: ["minimize", "minimize"],
      lag: 5,
    });
    const asked: { a: number; b: number; kind: string }[] = [];
    for (let i = 0; i < 26; i++) {
      if (i >= 6) study.tell(i - 6, { values: bowlsAt(asked[i - 6]) });
      const trial = study.ask();
      if (trial) asked.push(trial.params);
    }
    const last = asked.slice(-6);
    const distances = last.flatMap((p, i) => last.slice(0, i).map((q) => Math.hypot(p.a - q.a, p.b - q.b)));
    expect(Math.min(...distances)).toBeGreaterThan(0.02);
  });

  it("refuses acquisition functions that have no form for them", () => {
    const study = createStudy({
      space,
      strategy: gp({ acquisition: "ei" }),
      direction: ["minimize", "minimize"],
    });
    expect(caught(() => study.ask()).message).toMatch(
      /acquisition of gp must be "logEi" with several objectives; received "ei"/,
    );
  });
});
