/**
 * Soft constraints of the Gaussian process: what it finds under them, its slopes beside differences, and
 * trials of which little is known.
 */
import { describe, expect, it } from "vitest";
import { ready } from "../../../../src/numerics/kernels.js";
import { RandomStream } from "../../../../src/numerics/random.js";
import { float } from "../../../../src/search/space/builders.js";
import { type Params, resolveSpace } from "../../../../src/search/space/space.js";
import { vectorsOf } from "../../../../src/search/space/vectors.js";
import {
  type Acquisition,
  acquisitions,
  logBelow,
} from "../../../../src/search/strategies/gp/acquisition.js";
import { areConstrained, constrained } from "../../../../src/search/strategies/gp/constraints.js";
import { gp } from "../../../../src/search/strategies/gp/gp.js";
import { type Model, modelOf } from "../../../../src/search/strategies/gp/model.js";
import { createStudy } from "../../../../src/search/study/create.js";
import { makeRecord, type TrialOutcome, type TrialRecord } from "../../../../src/search/trial/trial.js";

await ready();

const space = { x: float(-2, 2), y: float(-2, 2) };

describe("gp finds the least that keeps all constraints", () => {
  it.each([0, 1, 2, 3, 4])("of two, at a corner of their edges, with seed %i", async (seed) => {
    // −x − y is least at (1, 1/2), where both constraints are exactly kept
    const study = createStudy({ space, strategy: gp(), direction: "minimize", seed });
    await study.optimize(({ x, y }) => ({ value: -x - y, constraints: [x - 1, y - x / 2] }), { trials: 30 });
    expect(study.best.value).toBeGreaterThanOrEqual(-1.5);
    expect(study.best.value).toBeLessThan(-1.49);
  });

  it.each(["ei", "pi"] as const)("by %s too", async (acquisition) => {
    const study = createStudy({ space, strategy: gp({ acquisition }), direction: "maximize", seed: 3 });
    await study.optimize(({ x, y }) => ({ value: -x * x - y * y, constraints: [1 - x - y] }), { trials: 30 });
    expect(study.best.value).toBeGreaterThan(-0.52);
    expect(study.best.value).toBeLessThanOrEqual(-0.5);
  });

  it("where hardly any point keeps them, which the first trials do not", async () => {
    // a disc of 0.4 % of the square
    const kept = ({ x, y }: { x: number; y: number }) => (x - 1.5) ** 2 + (y + 1.2) ** 2 - 0.02;
    const study = createStudy({ space, strategy: gp(), direction: "minimize", seed: 1 });
    await study.optimize((at) => ({ value: at.x, constraints: [kept(at)] }), { trials: 40 });
    expect(study.trials.slice(0, 6).every(({ params }) => kept(params) > 0)).toBe(true);
    expect(study.best.value).toBeLessThan(1.5 - Math.sqrt(0.02) + 0.01);
  });
});

const random = new RandomStream(5, 1);
/** Trials at random points. */
const history = (outcomeOf: (x: number, y: number, i: number) => TrialOutcome, count = 14) =>
  Array.from({ length: count }, (_, i) => {
    const [x, y] = [4 * random.uniform() - 2, 4 * random.uniform() - 2];
    return makeRecord({ number: i, params: { x, y } }, outcomeOf(x, y, i));
  });
const problem = () => ({
  space: resolveSpace(space),
  direction: "minimize" as const,
  directions: ["minimize" as const],
});

describe("the merit under constraints", () => {
  it("sees a failed trial, which told none, as it sees a running one", () => {
    // where no trial keeps them, the models of the constraints alone decide
    const told = history((x, y) => ({ value: x + y, constraints: [3 + x * y, 2 - Math.sin(2 * x)] }));
    const failed = history(() => ({ status: "failed", error: "" }), 3);
    const meritOf = (trials: typeof told, running: readonly { x: number; y: number }[]) =>
      constrained(trials, running, problem(), acquisitions.logEi()).merit;
    const [known, running] = [
      meritOf([...told, ...failed], []),
      meritOf(
        told,
        failed.map(({ params }) => params),
      ),
    ];
    const without = meritOf(told, []);
    const points = [...failed, ...told].map(({ params }) => vectorsOf(resolveSpace(space)).encode(params));
    for (const point of points) expect(known(point)).toBe(running(point));
    expect(known(points[0])).not.toBe(without(points[0]));
  });

  it.each<[string, (x: number, y: number, i: number) => TrialOutcome]>([
    [
      "where some trials keep them",
      (x, y) => ({ value: x * x + y, constraints: [Math.sin(4 * x) - y, Math.cos(5 * y)] }),
    ],
    ["where none does", (x, y) => ({ value: x * x + y, constraints: [3 + x * y, 1] })],
    [
      "where some failed",
      (x, y, i) => (i % 5 === 0 ? { status: "failed", error: "" } : { value: x, constraints: [x * y] }),
    ],
    [
      "where some have infinite ones",
      (x, y) => ({ value: Math.sin(3 * x + y), constraints: [x > 1 ? Infinity : Math.sin(4 * y)] }),
    ],
  ])("has the slopes that differences have, %s", (_, outcomeOf) => {
    const trials = history(outcomeOf);
    expect(areConstrained(trials)).toBe(true);
    const { merit, ranked } = constrained(trials, [{ x: 0.3, y: -0.4 }], problem(), acquisitions.logEi());
    expect(ranked).toHaveLength(15);
    const gradient = new Float64Array(2);
    const points = Array.from({ length: 20 }, () => Float64Array.of(random.uniform(), random.uniform()));
    for (const at of points) {
      expect(merit(at, gradient)).toBe(merit(at));
      for (const c of [0, 1]) {
        const [above, below] = [1e-5, -1e-5].map((step) => {
          const moved = at.slice();
          moved[c] += step;
          return merit(moved);
        });
        const slope = (above - below) / 2e-5;
        expect(Math.abs(gradient[c] - slope)).toBeLessThanOrEqual(1e-4 * Math.max(1, Math.abs(slope)));
      }
    }
  });

  it.each(["minimize", "maximize"] as const)(
    "is the sum of the logarithms of its formula, to %s",
    (direction) => {
      const failed = history(() => ({ status: "failed", error: "" }), 2);
      const told = history((x, y) => ({
        value: x * x + y,
        // neither the least nor the largest values keep the first
        constraints: [Math.abs(x * x + y - 1.5) - 1, Math.cos(5 * y) - 0.5],
      }));
      const [trials, running] = [[...told, ...failed], [{ x: 0.3, y: -0.4 }]];
      const { merit } = constrained(
        trials,
        running,
        { space: resolveSpace(space), direction, directions: [direction] },
        acquisitions.logEi(),
      );
      // each function by itself: its trials, those of which it is not known, and its direction
      const alone = (own: readonly TrialRecord[], others: readonly Params[], to: typeof direction) =>
        modelOf(own, others, { space: resolveSpace(space), direction: to, directions: [to] });
      const valueAlone = ({ constraints: _, ...record }: TrialRecord): TrialRecord => record;
      const objective = alone(trials.map(valueAlone), running, direction);
      const limits = [0, 1].map((k) =>
        alone(
          told.map((record) => ({ ...valueAlone(record), value: record.constraints?.[k] as number })),
          [...failed.map(({ params }) => params), ...running],
          "minimize",
        ),
      );
      const { encode } = vectorsOf(resolveSpace(space));
      const keeps = told.filter(({ constraints = [] }) => constraints.every((g) => (g as number) <= 0));
      const means = (among: readonly TrialRecord[]) =>
        among.map(({ params }) => objective.posterior.predict(encode(params)).mean);
      const incumbent = Math.min(...means(keeps));
      expect(incumbent).toBeGreaterThan(Math.min(...means(told)));
      for (let i = 0; i < 10; i++) {
        const at = Float64Array.of(random.uniform(), random.uniform());
        const termOf = ({ posterior }: Model, of: Acquisition, bound: number) => {
          const { mean, variance } = posterior.predict(at);
          return of(mean, Math.sqrt(Math.max(variance, 1e-12)), bound).value;
        };
        const expected = limits.reduce(
          (sum, model) => sum + termOf(model, logBelow, model.targetOf(0)),
          termOf(objective, acquisitions.logEi(), incumbent),
        );
        expect(merit(at)).toBeCloseTo(expected, 9);
      }
    },
  );

  it("is none where all trials keep them, or have other numbers of them", () => {
    expect(areConstrained(history((x) => ({ value: x, constraints: [-1] })))).toBe(false);
    expect(areConstrained(history((x, _, i) => ({ value: x, constraints: i > 3 ? [1] : [1, 1] })))).toBe(
      false,
    );
    expect(areConstrained([])).toBe(false);
  });
});
