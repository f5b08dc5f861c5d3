/** The Gaussian process as a strategy: the contract, its own rules, and whether it finds minima. */
import { describe, expect, test, vi } from "vitest";
import { RandomStream } from "../../../../src/numerics/random.js";
import { choice, float, int } from "../../../../src/search/space/builders.js";
import { type Params, resolveSpace, type Space } from "../../../../src/search/space/space.js";
import { type GpOptions, gp } from "../../../../src/search/strategies/gp/gp.js";
import { movesOf } from "../../../../src/search/strategies/gp/moves.js";
import { remainingRegret } from "../../../../src/search/strategies/gp/regret.js";
import { random } from "../../../../src/search/strategies/random/random.js";
import type { Strategy } from "../../../../src/search/strategies/strategy.js";
import { createStudy } from "../../../../src/search/study/create.js";
import { makeRecord, type Trial, type TrialRecord } from "../../../../src/search/trial/trial.js";
import { checkStrategyLaw, strategyLaws } from "../../../../src/testing/strategy.js";
import { cases } from "../../../cases.js";
import { caught } from "../../support.js";

// two startup trials, so that the model speaks in most of the others
test.each(Object.keys(strategyLaws))("gp keeps the contract of strategies: %s", (law) =>
  checkStrategyLaw(gp({ startupTrials: 2 }), law, { numRuns: cases(6), trials: 8 }),
);

describe("gp begins", () => {
  const space = { x: float(0, 10, { default: 3 }), n: int(1, 5), kind: choice(["a", "b"], { default: "b" }) };

  test("at the point of defaults, others in the middle", () => {
    const study = createStudy({ space, strategy: gp(), direction: "minimize" });
    expect(study.ask()?.params).toEqual({ x: 3, n: 3, kind: "b" });
  });

  describe("in the middle of many numbers", () => {
    const numbers = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`x${i}`, float(0, 10)]));
    const middle: Params = Object.fromEntries(Object.keys(numbers(8)).map((name) => [name, 5]));
    /** The first suggestion, after trials of the points that come before. */
    const firstOf = (space: Space, { seed = 0, before = [] as readonly Params[], from = 0 } = {}): Params => {
      const constraint = ({ x0 }: Params) => (x0 as number) >= from;
      const study = createStudy({ space, strategy: gp(), direction: "minimize", constraint, seed });
      for (const point of before) study.enqueue(point);
      for (const value of before.keys()) study.tell((study.ask() as Trial).number, { value });
      return (study.ask() as Trial).params;
    };

    test("of eight and more, at any seed", () => {
      for (let seed = 0; seed < 3; seed++) {
        expect(firstOf(numbers(8), { seed })).toEqual(middle);
        expect(Object.values(firstOf(numbers(7), { seed }))).not.toContain(5);
      }
    });

    test("without counting choices and numbers under conditions, and with defaults", () => {
      const kind = choice(["a", "b", "c"]);
      const dependent = { ...numbers(7), kind, more: float(0, 10, { when: { kind: ["b"] } }) };
      expect(Object.values(firstOf(dependent))).not.toContain(5);
      const given = { ...numbers(8), x3: float(0, 10, { default: 1 }), kind };
      expect(firstOf(given)).toEqual({ ...middle, x3: 1, kind: "b" });
      expect(firstOf({ ...numbers(8), kind })).toEqual({ ...middle, kind: "b" });
    });

    test("unless it is forbidden or was tried, or six trials are there", () => {
      expect(firstOf(numbers(8), { from: 5.5 }).x0).toBeGreaterThanOrEqual(5.5);
      expect(firstOf(numbers(8), { before: [middle] })).not.toEqual(middle);
      const others = Array.from({ length: 6 }, (_, i) => ({ ...middle, x0: i / 2 }));
      expect(firstOf(numbers(8), { before: others })).not.toEqual(middle);
      expect(firstOf(numbers(8), { before: others.slice(1) })).toEqual(middle);
    });
  });

  test("in every part of each range without defaults, as many times as told", () => {
    const plain = { x: float(0, 8), y: float(0, 8) };
    // one stratum of eight is met twice with a probability of 0.998 by points drawn at random
    for (let seed = 0; seed < 3; seed++) {
      const study = createStudy({
        space: plain,
        strategy: gp({ startupTrials: 8 }),
        direction: "minimize",
        seed,
      });
      const first = Array.from({ length: 8 }, (_, value) => {
        const { number, params } = study.ask() as Trial<{ x: number; y: number }>;
        study.tell(number, { value });
        return params;
      });
      for (const name of ["x", "y"] as const) {
        expect(first.map((params) => Math.floor(params[name])).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      }
    }
  });

  test("with six such trials by default, and then with the model", () => {
    const first = (strategy: Strategy, trials: number) => {
      const study = createStudy({ space: { x: float(0, 10) }, strategy, direction: "minimize", seed: 3 });
      return Array.from({ length: trials }, () => {
        const trial = study.ask();
        study.tell(trial?.number ?? 0, { value: trial?.params.x ?? 0 });
        return trial?.params.x;
      });
    };
    const [six, seven] = [6, 7].map((startupTrials) => first(gp({ startupTrials }), 7));
    expect(first(gp(), 7)).toEqual(six);
    expect(six[6]).not.toBe(seven[6]);
  });
});

describe("gp refuses", () => {
  test.each<[unknown, RegExp]>([
    [{ acquisition: "logEI" }, /unknown acquisition function "logEI". Did you mean "logEi"/],
    [{ startupTrials: 0 }, /startupTrials of gp must be a positive integer; received 0/],
    [{ kappa: 1 }, /kappa of gp must be left out unless acquisition is "lcb"; received 1 with "logEi"/],
    [{ acquisition: "lcb", kappa: -1 }, /kappa of gp must be a number of at least 0; received -1/],
    [{ trials: 3 }, /unknown option of gp "trials"/],
  ])("%j", (options, message) => {
    expect(caught(() => gp(options as GpOptions)).message).toMatch(message);
  });
});

test("gp saves the options that recreate it", () => {
  expect(gp().options).toEqual({ acquisition: "logEi", startupTrials: 6 });
  expect(gp({ acquisition: "lcb", kappa: 1 }).options).toEqual({
    acquisition: "lcb",
    startupTrials: 6,
    kappa: 1,
  });
});

test.each([0, 1, 2])("two trials that run side by side, with one history, are apart (seed %i)", (seed) => {
  const { space, value } = functions.branin;
  const study = createStudy({ space, strategy: random(), direction: "minimize", seed });
  for (let i = 0; i < 12; i++) {
    const trial = study.ask();
    if (trial !== undefined) study.tell(i, { value: value(trial.params) });
  }
  const history = study.trials as readonly TrialRecord[];
  const earlier = history.map(({ params }) => params);
  const [first, second] = [12, 13].map((number) => {
    // the same draws both times, so that only the running trial can make a difference
    const given = { space: resolveSpace(space), number, suggested: number, history, earlier };
    const [draws, studyRandom] = [new RandomStream(1), new RandomStream(2)];
    const next =
      gp().suggest({
        ...given,
        direction: study.direction,
        directions: study.directions,
        random: draws,
        studyRandom,
      }) ?? {};
    earlier.push(next);
    return next;
  });
  const distances = ["x", "y"].map(
    (name) => Math.abs((first[name] as number) - (second[name] as number)) / 15,
  );
  // to a model that knows nothing of the first, the next best point is beside it
  expect(Math.max(...distances)).toBeGreaterThan(0.1);
});

test("gp looks around the five best trials", () => {
  const space = resolveSpace({ x: float(0, 1), y: float(0, 1) });
  const stream = new RandomStream(5);
  const history = Array.from({ length: 12 }, (_, number) =>
    makeRecord(
      { number, params: { x: stream.uniform(), y: stream.uniform() } },
      { value: (5 * number) % 12 },
    ),
  );
  const moves = movesOf(space);
  const vary = vi.spyOn(moves, "vary");
  gp().suggest({
    space,
    number: 12,
    suggested: 12,
    history,
    earlier: history.map(({ params }) => params),
    direction: "maximize",
    directions: ["maximize"],
    random: new RandomStream(1),
    studyRandom: new RandomStream(2),
  });
  const centers = vary.mock.calls.map(([center]) => center.join());
  // values 7 to 11
  const best = history.filter(({ value }) => (value as number) > 6);
  expect([...new Set(centers)].sort()).toEqual(best.map(({ params: { x, y } }) => `${x},${y}`).sort());
});

/** Functions to be minimised, each with where its minimum is. */
const functions = {
  branin: {
    space: { x: float(-5, 10), y: float(0, 15) },
    value: ({ x, y }: { x: number; y: number }) =>
      (y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6) ** 2 +
      10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) +
      10,
  },
  sphere: {
    space: { x: float(-5, 5), y: float(-5, 5), z: float(-5, 5) },
    value: ({ x, y, z }: { x: number; y: number; z: number }) => (x - 1) ** 2 + (y + 2) ** 2 + z * z,
  },
  mixed: {
    space: {
      rate: float(1e-5, 1, { log: true }),
      units: int(1, 128, { log: true }),
      kind: choice(["a", "b", "c"]),
      momentum: float(0, 1, { when: { kind: ["a"] } }),
    },
    value: ({
      rate,
      units,
      kind,
      momentum,
    }: {
      rate: number;
      units: number;
      kind: string;
      momentum?: number;
    }) =>
      (Math.log10(rate) + 2.5) ** 2 +
      0.3 * (Math.log2(units) - 5) ** 2 +
      (kind === "a" ? 2 * ((momentum ?? 0) - 0.8) ** 2 : kind === "b" ? 0.5 : 1),
  },
};

/** The best value after 30 trials. */
function bestOf(name: keyof typeof functions, strategy: Strategy, seed: number): number {
  const { space, value } = functions[name];
  const study = createStudy({ space, strategy, direction: "minimize", seed });
  for (let i = 0; i < 30; i++) {
    const trial = study.ask();
    if (trial === undefined) break;
    study.tell(trial.number, { value: value(trial.params as never) });
  }
  return study.best.value ?? Number.POSITIVE_INFINITY;
}

test.each(["branin", "sphere", "mixed"] as const)("gp beats random search on %s", (name) => {
  // seven pairs, all won: one chance in 128 for two strategies that are alike (sign test, p < 0.01)
  for (let seed = 0; seed < 7; seed++) {
    expect(bestOf(name, gp(), seed)).toBeLessThan(bestOf(name, random(), seed));
  }
});

test.each<GpOptions>([{ acquisition: "ei" }, { acquisition: "pi" }, { acquisition: "lcb", kappa: 1.5 }])(
  "gp finds the minimum of a bowl with %j",
  (options) => {
    expect(bestOf("sphere", gp(options), 1)).toBeLessThan(0.05);
  },
);

describe("what is left to win", () => {
  const space = { x: float(0, 1), y: float(0, 1) };
  const bowl = ({ x, y }: { x: number; y: number }) => 100 * ((x - 0.3) * (x - 0.3) + (y - 0.6) * (y - 0.6));
  const studyAfter = (trials: number, sign: 1 | -1) => {
    const direction = sign === 1 ? "minimize" : "maximize";
    const study = createStudy({ space, strategy: gp(), direction, seed: 1 });
    for (let i = 0; i < trials; i++) {
      const trial = study.ask();
      if (trial !== undefined) study.tell(trial.number, { value: sign * bowl(trial.params) });
    }
    return study;
  };

  test("falls as trials come, to next to nothing on a smooth function", () => {
    const [early, late] = [12, 30].map((trials) => remainingRegret(studyAfter(trials, 1)));
    expect(early.bound).toBeGreaterThan(10 * late.bound);
    expect(late.bound).toBeLessThan(0.01);
    expect(late.expectedImprovement).toBeLessThan(early.bound);
    expect(late.expectedImprovement).toBeGreaterThanOrEqual(0);
  });

  test("bounds what there was to win, on a function that the model suits", () => {
    const study = studyAfter(12, 1);
    // the minimum is 0
    expect(remainingRegret(study).bound).toBeGreaterThanOrEqual(study.best.value);
  });

  test("is the same for the negative, maximised, and does not depend on who asked before", () => {
    const study = studyAfter(15, 1);
    const mirrored = studyAfter(15, -1);
    const { trials, direction } = study;
    expect(remainingRegret(mirrored)).toEqual(remainingRegret(study));
    expect(remainingRegret({ space: { ...space }, trials, direction })).toEqual(remainingRegret(study));
  });

  test("is 0 if all values are equal, and refuses no trials", () => {
    const study = createStudy({ space, strategy: random(), direction: "minimize" });
    expect(caught(() => remainingRegret(study)).message).toMatch(
      /trials must be at least one finished trial; received \[\]/,
    );
    for (let i = 0; i < 5; i++) {
      study.ask();
      study.tell(i, { value: 7 });
    }
    expect(remainingRegret(study)).toEqual({ bound: 0, expectedImprovement: 0 });
  });
});

test("gp follows its model after the startup trials, however few of them have ended", () => {
  const asked = (values: readonly number[], number: number): Params => {
    const study = createStudy({
      space: { x: float(0, 10), y: float(0, 10) },
      strategy: gp({ startupTrials: 4 }),
      direction: "minimize",
      lag: 3,
      seed: 5,
    });
    let params: Params = {};
    for (let i = 0; i <= number; i++) {
      params = (study.ask() as Trial).params;
      if (i < values.length) study.tell(i, { value: values[i] });
    }
    return params;
  };
  expect(asked([1, 5], 3)).toEqual(asked([5, 1], 3));
  expect(asked([1, 5], 5)).not.toEqual(asked([5, 1], 5));
});
