/**
 * Trials that still run: a strategy that models them sees each, however many there are, and in each of its
 * models.
 */
import { expect, it } from "vitest";
import { RandomStream } from "../../../src/numerics/random.js";
import { float } from "../../../src/search/space/builders.js";
import { resolveSpace } from "../../../src/search/space/space.js";
import { createStrategy } from "../../../src/search/strategies/index.js";
import { createStudy } from "../../../src/search/study/create.js";
import { makeRecord, type TrialOutcome } from "../../../src/search/trial/trial.js";

const space = { a: float(0, 1), b: float(0, 1) };
const directions = ["minimize", "minimize"] as const;

it.each<[string, Readonly<Record<string, unknown>>, number, number, (a: number, b: number) => TrialOutcome]>([
  ["tpe", {}, 40, 8, (a, b) => ({ value: a + b })],
  ["tpe", {}, 600, 60, (a, b) => ({ value: a + b })],
  ["tpe", { multivariate: false }, 600, 60, (a, b) => ({ value: a + b })],
  ["tpe", {}, 40, 8, (a, b) => ({ values: [a, b] })],
  ["gp", {}, 10, 3, (a, b) => ({ value: a * b })],
  ["gp", {}, 10, 3, (a, b) => ({ values: [a - b, b * b] })],
  ["gp", {}, 10, 3, (a, b) => ({ value: a, constraints: [0.5 - a * b] })],
])("%s %o sees each trial that runs, of %i and %i more", (name, options, finished, running, outcomeOf) => {
  const stream = new RandomStream(3, 9);
  const points = Array.from({ length: finished + running }, () => {
    return { a: stream.uniform(), b: stream.uniform() };
  });
  const history = points.slice(0, finished).map(({ a, b }, number) => {
    const outcome = outcomeOf(a, b);
    return makeRecord({ number, params: { a, b } }, outcome, outcome.values?.length ?? 1);
  });
  const several = history[0].values ? directions : directions.slice(1);
  const { suggest } = createStrategy(name, options);
  const fresh = resolveSpace(space);
  /** What is suggested for several streams of random numbers, of these points. */
  const suggestions = (earlier: typeof points): string =>
    JSON.stringify(
      Array.from({ length: name === "gp" ? 1 : 24 }, (_, seed) =>
        suggest({
          space: { ...fresh },
          number: earlier.length,
          suggested: earlier.length,
          history,
          earlier,
          direction: several[0],
          directions: several,
          random: new RandomStream(seed, 0),
          studyRandom: new RandomStream(seed, 2),
        }),
      ),
    );
  const before = suggestions(points);
  const next = JSON.parse(before)[0] as { a: number; b: number };
  const some = Array.from({ length: 6 }, (_, i) => Math.floor((i * running) / 6));
  const unseen = [...new Set(some)].filter((place) => {
    const moved = points.with(finished + place, { ...next, a: next.a + 1e-6 });
    return suggestions(moved) === before;
  });
  expect(unseen).toEqual([]);
});

it.each([true, false])(
  "tpe, multivariate %s, spreads trials until enough have finished, whatever runs",
  (multivariate) => {
    const strategy = createStrategy("tpe", { multivariate, startupTrials: 10 });
    const study = createStudy({ space, strategy, direction: "minimize", lag: 9 });
    const points = Array.from({ length: 19 }, () => {
      const { number, params } = study.ask() as { number: number; params: { a: number; b: number } };
      study.tell(number, { value: params.a + params.b });
      return params;
    });
    for (const name of ["a", "b"] as const) {
      const tenths = points.map((point) => Math.floor(10 * point[name]));
      expect(new Set(tenths.slice(0, 10)).size).toBe(10);
      expect(new Set(tenths.slice(10)).size).toBe(9);
    }
  },
);
