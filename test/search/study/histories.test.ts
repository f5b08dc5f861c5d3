/** What strategies remember from ask to ask: a study suggests what strategies that remember nothing would. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../../src/numerics/random.js";
import { float } from "../../../src/search/space/builders.js";
import { createStrategy } from "../../../src/search/strategies/index.js";
import type { Strategy } from "../../../src/search/strategies/strategy.js";
import type { Study } from "../../../src/search/study/contract.js";
import { createStudy, restoreStudy } from "../../../src/search/study/create.js";
import type { Direction } from "../../../src/search/trial/trial.js";
import { anyHistory } from "../../../src/testing/arbitraries/history.js";
import { anySpace } from "../../../src/testing/arbitraries/space.js";
import { cases } from "../../cases.js";

const SEED = 3;

/**
 * A strategy by name that checks each suggestion against one made afresh, from copies of the space and the
 * lists.
 */
function checked(name: string, options: Readonly<Record<string, unknown>>): Strategy {
  const strategy = createStrategy(name, options);
  const afresh: Strategy["suggest"] = (context) => {
    const { space, history, earlier, number } = context;
    return createStrategy(name, options).suggest({
      ...context,
      space: { ...space },
      history: [...history],
      earlier: [...earlier],
      random: new RandomStream(SEED, 0, number),
      studyRandom: new RandomStream(SEED, 2),
    });
  };
  return {
    ...strategy,
    suggest(context) {
      const expected = afresh(context);
      const params = strategy.suggest(context);
      expect(params).toEqual(expected);
      return params;
    },
  };
}

describe("suggestions from what is remembered are those made afresh", () => {
  test.each([
    ["random", {}, 1],
    ["sobol", {}, 1],
    ["grid", { points: 3 }, 1],
    ["tpe", { startupTrials: 3, gamma: 0.4 }, 3],
    ["tpe", {}, 1, 1014], // blocks of 4 trials, then of 8
    ["tpe", {}, 3, 150], // more than the fronts that are kept have
    ["tpe", { multivariate: false }, 1, 1014],
    ["cmaes", {}, 1],
    ["genetic", { populationSize: 4 }, 1],
    ["nsga2", { populationSize: 4 }, 3],
    ["nsga2", { populationSize: 6, offspring: 4 }, 3],
    ["gp", {}, 2],
  ] as const)("by %s %o", (name, options, objectives, before?: number) => {
    fc.assert(
      fc.property(
        anySpace({ maxParameters: 4 }),
        fc.array(fc.constantFrom<Direction>("maximize", "minimize"), { minLength: 1, maxLength: objectives }),
        anyHistory(40, 3),
        fc.nat({ max: 4 }),
        fc.array(fc.nat({ max: 19 }), { minLength: 1, maxLength: 60 }),
        (given, direction, outcomes, lag, steps) => {
          // of many trials, a finite space would hold too few
          const space = before ? { ...given, more: float(0, 1) } : given;
          let study: Study = createStudy({
            space,
            strategy: checked(name, options),
            seed: SEED,
            direction,
            lag,
          });
          const running: number[] = [];
          const outcomeOf = (number: number) => {
            const { values, ...rest } = outcomes[number % outcomes.length];
            const own = values?.slice(0, direction.length);
            return { ...rest, ...(own && (own.length === 1 ? { value: own[0] } : { values: own })) };
          };
          const ask = (): void => {
            const trial = study.canAsk() ? study.ask() : undefined;
            if (trial) running.push(trial.number);
          };
          const end = (place: number, how: (number: number) => unknown): void => {
            const [number] = running.splice(place % running.length, 1);
            if (number !== undefined) how(number);
          };
          const others = createStudy({ space, strategy: createStrategy("random"), direction: "minimize" });
          for (let k = 0; k < (before ?? 0); k++) study.add(others.ask()?.params ?? {}, outcomeOf(k));
          for (const step of [0, 0, 10, 0, ...steps]) {
            if (step === 19)
              study = restoreStudy(JSON.parse(JSON.stringify(study)), { strategy: checked(name, options) });
            if (step === 19) running.length = 0;
            else if (step === 18) end(0, (number) => study.release(number));
            else if (step === 17) study.add(point(study, space), outcomeOf(step));
            else if (step === 16) study.enqueue(point(study, space));
            else if (step >= 10) end(step, (number) => study.tell(number, outcomeOf(number)));
            else {
              ask();
              if (step >= 4) end(step, (number) => study.tell(number, outcomeOf(number)));
            }
          }
        },
      ),
      { numRuns: cases(name === "gp" ? 6 : before ? 4 : 25) },
    );
  });
});

/** A point of the space: one that random search would try next. */
function point(study: Study, space: Study["space"]) {
  const others = createStudy({
    space,
    strategy: createStrategy("sobol"),
    direction: "minimize",
    seed: study.asked,
  });
  return others.ask()?.params ?? {};
}

test("lists of a study refuse to be changed, and grow", () => {
  const lists: (readonly unknown[])[] = [];
  const strategy: Strategy = {
    ...createStrategy("tpe"),
    suggest(context) {
      lists.push(context.history, context.earlier);
      expect(context.earlier).toHaveLength(context.number);
      expect(context.history).toHaveLength(context.number);
      return { x: context.number };
    },
  };
  const space = { x: { type: "int", low: 0, high: 9 } } as const;
  const study = createStudy({ space, strategy, direction: "minimize" });
  for (let n = 0; n < 3; n++) study.tell(study.ask()?.number ?? -1, { value: n });
  const [history, earlier] = lists;
  expect(lists).toEqual([history, earlier, history, earlier, history, earlier]);
  expect(lists.every((list, i) => list === lists[i % 2])).toBe(true);
  expect(earlier).toEqual([{ x: 0 }, { x: 1 }, { x: 2 }]);
  for (const list of [history, earlier] as unknown[][]) {
    const copy = [...list];
    for (const change of ["push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill"] as const) {
      expect(() => (list[change] as (...items: unknown[]) => unknown)(0, 1)).toThrow(
        /must not be changed; received a call that changes them\. Change a copy/,
      );
    }
    expect(list).toEqual(copy);
    expect(list.map((item) => item).push(0)).toBe(copy.length + 1); // what is made of it is a list like any other
  }
});
