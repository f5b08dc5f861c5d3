/**
 * Planted faults in strategies: each is a true one but for what it suggests, and breaks a law of
 * `fettle/testing`.
 */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/numerics/random.js";
import { type Params, resolveSpace } from "../../src/search/space/space.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { random } from "../../src/search/strategies/random/random.js";
import type { Strategy, SuggestContext } from "../../src/search/strategies/strategy.js";
import { checkStrategy, checkStrategyLaw, strategyLaws } from "../../src/testing/strategy.js";

const SPACE = "suggests only points of the space";
const CONSTRAINT = "suggests only points that the constraint allows";
const SEED = "suggests the same sequence for the same seed";
const SAVED = "resumes from a saved study as if it had never stopped";
const REPEATS = "repeats no point of a finite space before all are used";
const ORDER = "does not depend on the order in which trials end, within the lag";
const SURVIVES = "accepts a history of equal values, failed trials and non-finite values";

/** A random point, with one number changed. */
function withNumber(
  context: SuggestContext,
  change: (value: number, name: string) => number,
): Params | undefined {
  const params = random().suggest(context);
  if (params === undefined) return undefined;
  const name = Object.keys(params).find((key) => context.space.parameters[key].type !== "choice");
  return name === undefined ? params : { ...params, [name]: change(params[name] as number, name) };
}

const rangeOf = (context: SuggestContext, name: string): { low: number; high: number } =>
  context.space.parameters[name] as never;

/** What is wrong, how it suggests, and the law that says so. */
const faults: readonly (readonly [what: string, parts: () => Partial<Strategy>, law: string])[] = [
  [
    "a name for a number",
    () => ({ suggest: (context) => ({ ...random().suggest(context), [context.space.names[0]]: "nowhere" }) }),
    SPACE,
  ],
  [
    "a parameter of its own",
    () => ({ suggest: (context) => ({ ...random().suggest(context), invented: 1 }) }),
    SPACE,
  ],
  [
    "an index for a value",
    () => ({
      suggest(context) {
        const params = random().suggest(context);
        return (
          params &&
          Object.fromEntries(
            Object.entries(params).map(([name, value]) => {
              const parameter = context.space.parameters[name];
              return [name, parameter.type === "choice" ? parameter.values.indexOf(value) : value];
            }),
          )
        );
      },
    }),
    SPACE,
  ],
  [
    "a number beyond the range",
    () => ({
      suggest: (context) =>
        withNumber(
          context,
          (value, name) => value + rangeOf(context, name).high - rangeOf(context, name).low,
        ),
    }),
    SPACE,
  ],
  [
    "a number between the steps",
    () => ({
      suggest: (context) =>
        withNumber(context, (value, name) => value + (rangeOf(context, name).high - value) / 3),
    }),
    SPACE,
  ],
  [
    "ignored conditions",
    () => ({
      suggest(context) {
        const unconditional = Object.entries(context.space.parameters).map(([name, { when, ...rest }]) => [
          name,
          rest,
        ]);
        return random().suggest({ ...context, space: resolveSpace(Object.fromEntries(unconditional)) });
      },
    }),
    SPACE,
  ],
  [
    "a parameter left out",
    () => ({
      suggest(context) {
        const { [context.space.names[0]]: _, ...rest } = random().suggest(context) ?? {};
        return rest;
      },
    }),
    SPACE,
  ],
  [
    "an ignored constraint",
    () => ({
      suggest: (context) => random().suggest({ ...context, space: resolveSpace(context.space.parameters) }),
    }),
    CONSTRAINT,
  ],
  [
    "a count of its calls",
    () => {
      let calls = 0;
      return {
        suggest: (context) =>
          random().suggest({ ...context, earlier: [], random: context.random.fork(calls++) }),
      };
    },
    SEED,
  ],
  [
    "a stream of its own",
    () => {
      const stream = new RandomStream(7);
      return { suggest: (context) => random().suggest({ ...context, random: stream }) };
    },
    SEED,
  ],
  [
    "a memory of the last value that it saw",
    () => {
      let last = 0;
      return {
        adaptive: true,
        suggest(context) {
          const stream = context.random.fork(Math.trunc(last));
          for (const { value } of context.history)
            if (typeof value === "number" && Number.isFinite(value)) last = Math.abs(value);
          return random().suggest({ ...context, random: stream });
        },
      };
    },
    SEED,
  ],
  [
    "a memory of what was asked since it was made",
    () => {
      // at number 0 it begins anew, so that the same study gives the same sequence unless it is opened in
      // between
      let asked = 0;
      return {
        suggest(context) {
          asked = context.number === 0 ? 0 : asked + 1;
          return random().suggest({ ...context, random: context.random.fork(asked) });
        },
      };
    },
    SAVED,
  ],
  [
    "no memory of what was used",
    () => ({ suggest: (context) => random().suggest({ ...context, earlier: [] }) }),
    REPEATS,
  ],
  [
    "an end before all is used",
    () => ({ suggest: (context) => (context.number > 2 ? undefined : random().suggest(context)) }),
    REPEATS,
  ],
  [
    "a number from NaN",
    () => ({
      adaptive: true,
      suggest(context) {
        const values = context.history.map(({ value }) => value as number);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
        return withNumber(context, (value) =>
          values.length < 2 ? value : value + 0 * ((values[0] - mean) / spread),
        );
      },
    }),
    "(suggests only points of|accepts a history)",
  ],
  [
    "a division by how far values are apart",
    () => ({
      adaptive: true,
      suggest(context) {
        const values = context.history.flatMap(({ value }) =>
          typeof value === "number" && Number.isFinite(value) ? [value] : [],
        );
        const range = Math.max(...values) - Math.min(...values);
        return withNumber(context, (value) =>
          values.length < 2 ? value : value + (0 * (values[0] - values[1])) / range,
        );
      },
    }),
    "(suggests only points of|accepts a history)",
  ],
  [
    "a choking on failures",
    () => ({
      adaptive: true,
      suggest(context) {
        const values = context.history.map(({ value }) => (value as number).toFixed(1));
        return random().suggest({ ...context, random: context.random.fork(values.length) });
      },
    }),
    "(suggests|accepts)",
  ],
  ["a size that it does not keep", () => ({ size: () => 1 }), REPEATS],
];

describe("the laws of strategies catch", () => {
  it.each(faults)("%s", (_, parts, law) => {
    expect(() => checkStrategy({ ...random(), ...parts() }, { seed: 11 })).toThrow(
      new RegExp(`breaks the law "${law}`),
    );
  });

  it("a grid without its last combination, by its size", () => {
    const whole = grid({ points: 3 });
    const short: Strategy = {
      ...whole,
      suggest: (context) =>
        context.number + 1 === whole.size(context.space.parameters, context.space.constraint)
          ? undefined
          : whole.suggest(context),
    };
    expect(() => checkStrategyLaw(short, REPEATS, { seed: 11 })).toThrow(`breaks the law "${REPEATS}`);
  });

  it("what depends on the order of ends, through what it keeps", () => {
    let calls = 0;
    const suggest: Strategy["suggest"] = (context) =>
      random().suggest({ ...context, random: context.random.fork(calls++ % 3) });
    expect(() => checkStrategyLaw({ ...random(), suggest }, ORDER, { seed: 11 })).toThrow(
      `breaks the law "${ORDER}`,
    );
  });

  it("each of them some fault", () => {
    const named = [...faults.map(([, , law]) => law), ORDER].join();
    expect(
      Object.keys(strategyLaws).filter((law) => ![SURVIVES].includes(law) && !named.includes(law)),
    ).toEqual([]);
  });
});
