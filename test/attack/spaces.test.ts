/**
 * Spaces of JSON that anyone may have written: each is refused with a FettleError, at once, or its points can
 * be asked for.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { FettleError } from "../../src/errors.js";
import { isShallow } from "../../src/json.js";
import { ready } from "../../src/numerics/kernels.js";
import { resolveSpace, spaceFromJson } from "../../src/search/space/space.js";
import { gp } from "../../src/search/strategies/gp/gp.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { random } from "../../src/search/strategies/random/random.js";
import { sobol } from "../../src/search/strategies/sobol/sobol.js";
import { tpe } from "../../src/search/strategies/tpe/tpe.js";
import { createStudy, restoreStudy } from "../../src/search/study/create.js";
import { anySpace } from "../../src/testing/arbitraries/space.js";
import { denseModel } from "../../src/tune/dense.js";
import { cases } from "../cases.js";
import { damaged } from "../damage.js";
import { faultIn } from "./support/points.js";

beforeAll(() => ready());

/**
 * What is thrown, `code: message`; anything but a FettleError is thrown on. It must be known soon, also where
 * others work.
 */
function refusalOf(work: () => unknown): string {
  const start = performance.now();
  try {
    work();
    return "accepted";
  } catch (error) {
    if (!(error instanceof FettleError)) throw error;
    expect(error.message.length).toBeLessThan(2000);
    return `${error.code}: ${error.message}`;
  } finally {
    expect(performance.now() - start).toBeLessThan(10_000);
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const flag = (when?: object): object => ({ type: "int", low: 0, high: 1, ...(when && { when }) });
/** Each parameter applies if the one before it is 1. */
const chain = (count: number): [string, object][] =>
  range(count).map((i) => [`p${i}`, flag(i > 0 ? { [`p${i - 1}`]: [1] } : undefined)]);
const nested = (open: string, close: string): unknown =>
  JSON.parse(`${open.repeat(100_000)}1${close.repeat(100_000)}`) as unknown;
const deepList = nested("[", "]");
const deepObject = nested('{"a":', "}");
const list = { type: "choice", values: [[1], { a: 1 }, 2] };

const threeFloats = spaceFromJson(
  Object.fromEntries(["a", "b", "c"].map((name) => [name, { type: "float", low: 0, high: 1 }])),
);

describe("what is too much of a kind", () => {
  it.each<[string, () => unknown, RegExp]>([
    ["a space of nothing but depth", () => spaceFromJson(deepObject), /^invalid_space: space must be nested/],
    ["a deep value", () => spaceFromJson({ a: { ...list, values: [deepList] } }), /nested at most 100 deep/],
    ["a deep default", () => spaceFromJson({ a: { ...list, default: deepList } }), /nested at most 100 deep/],
    ["a deep condition", () => spaceFromJson({ a: list, b: flag({ a: [deepList] }) }), /nested at most 100/],
    [
      "20,000 chained conditions",
      () => spaceFromJson(Object.fromEntries(chain(20_000))),
      /^invalid_space: the number of parameters of a space must be at most 1000; received 20000/,
    ],
    ["a chain backwards", () => spaceFromJson(Object.fromEntries(chain(1000).reverse())), /^accepted/],
    [
      "a circle of 1,000 conditions",
      () => spaceFromJson({ ...Object.fromEntries(chain(1000)), p0: flag({ p999: [1] }) }),
      /^invalid_space: conditions form a cycle: p0 → p999 → /,
    ],
    [
      "a choice of a million values",
      () => spaceFromJson({ a: { type: "choice", values: range(1e6) } }),
      /at most 10000; received 1000000/,
    ],
    [
      "a condition of a million values",
      () => spaceFromJson({ a: flag(), b: flag({ a: new Array(1e6).fill(1) }) }),
      /"a" in when must be at most 10000; received 1000000/,
    ],
    [
      "a condition that lists each of 10,000 values",
      () => spaceFromJson({ a: { type: "choice", values: range(1e4) }, b: flag({ a: range(1e4) }) }),
      /^accepted/,
    ],
    [
      "1e9 layers",
      () => denseModel({ task: "regression", outputs: 1 }, { layers: 1e9 }),
      /^invalid_argument: layers must be at most 499; received 1000000000/,
    ],
    [
      "a grid of 1e9 points",
      () => grid({ points: 1e9 }),
      /^invalid_argument: points of grid must be at most 100000; received 1000000000/,
    ],
    [
      "such a grid by name",
      () => grid({ points: { a: 1e9 } }),
      /points of grid for a must be at most 100000/,
    ],
    ["a grid of 1e15 combinations", () => grid({ points: 1e5 }).size(threeFloats), /^accepted/],
    [
      "a grid of 1e15 combinations with a constraint",
      () => grid({ points: 1e5 }).size(threeFloats, () => false),
      /^invalid_space: the number of combinations of a grid with a constraint must be at most 10000000/,
    ],
    [
      "conditions that tell 2^40 beginnings apart",
      () =>
        grid().size(
          spaceFromJson(
            Object.fromEntries([
              ...range(40).map((i) => [`a${i}`, flag()] as const),
              ...range(40).map((i) => [`b${i}`, flag({ [`a${i}`]: [1] })] as const),
            ]),
          ),
        ),
      /^invalid_space: conditions must not depend on each other in more than 50000 ways/,
    ],
    [
      "a Gaussian process of 10,000 values",
      () =>
        createStudy({
          space: spaceFromJson({ a: { type: "choice", values: range(1e4) } }),
          strategy: gp(),
          direction: "minimize",
        }).ask(),
      /^invalid_space: the number of coordinates .* must be at most 2000; received 10000/,
    ],
    [
      "a study of nothing but depth",
      () => restoreStudy({ format: "fettle-study", version: 1, space: deepObject }, { strategy: random() }),
      /^invalid_checkpoint: .*nested at most 100 deep/,
    ],
    [
      "a deep point",
      () =>
        createStudy({ space: spaceFromJson({ a: list }), strategy: random(), direction: "minimize" }).enqueue(
          { a: deepList } as never,
        ),
      /^invalid_argument/,
    ],
  ])("%s", (_, work, expected) => {
    expect(refusalOf(work)).toMatch(expected);
  });
});

/** Parts that a space may have in any place. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    ...[0, -0, 1, -1, 0.1, 5e-324, 1e-300, 1e300, 1.7e308, -1.7e308, 2 ** 53, 2 ** 53 - 1, 1 - 2 ** 53, 1e16],
    ...[null, true, false, "", "a", "1", "__proto__", "constructor", "toString", "float", "int", "choice"],
    ...[
      [],
      {},
      [1],
      [[1]],
      { low: 0 },
      { low: 1, high: 0 },
      { a: [1] },
      { a: { low: 0, high: 1 } },
      { length: 1e9 },
    ],
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
const name = fc.constantFrom("a", "b", "c", "constructor", "toString", "hasOwnProperty", "valueOf");
const number = fc.oneof(fc.integer({ min: -3, max: 9 }), fc.double({ noNaN: true }), odd);
const clause = fc.oneof(
  fc.array(number, { maxLength: 3 }),
  fc.record({ low: number, high: number }, { requiredKeys: [] }),
  odd,
);
const parameter = fc.record(
  {
    type: fc.oneof(fc.constantFrom("float", "int", "choice"), odd),
    low: number,
    high: number,
    step: number,
    default: number,
    log: fc.oneof(fc.boolean(), odd),
    values: fc.oneof(fc.array(number, { maxLength: 4 }), odd),
    when: fc.oneof(fc.dictionary(name, clause, { maxKeys: 2 }), odd),
  },
  { requiredKeys: ["type"] },
);
/** A number or a choice with the fields that it needs, so that many are accepted. */
const likely = fc.oneof(
  fc.record(
    {
      type: fc.constantFrom("float", "int"),
      low: fc.integer({ min: 1, max: 5 }),
      high: number,
      step: number,
      log: fc.boolean(),
      when: fc.dictionary(name, clause, { minKeys: 1, maxKeys: 1 }),
    },
    { requiredKeys: ["type", "low", "high"] },
  ),
  fc.record(
    {
      type: fc.constant("choice"),
      values: fc.uniqueArray(number, { minLength: 1, maxLength: 4 }),
      default: number,
    },
    { requiredKeys: ["type", "values"] },
  ),
);
const spaces = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.dictionary(name, fc.oneof({ weight: 5, arbitrary: likely }, parameter), {
      minKeys: 1,
      maxKeys: 4,
    }),
  },
  { weight: 2, arbitrary: anySpace().chain((space) => damaged(JSON.parse(JSON.stringify(space)), odd)) },
  odd,
);

describe("any JSON", () => {
  it("is refused, or is a space of which each asked point is one by the words of the JSON", () => {
    let accepted = 0;
    fc.assert(
      fc.property(spaces, fc.nat(3), (written, which) => {
        const json = JSON.parse(JSON.stringify(written ?? null)) as never;
        let space: ReturnType<typeof spaceFromJson>;
        try {
          space = spaceFromJson(json);
        } catch (error) {
          expect(error).toBeInstanceOf(FettleError);
          expect((error as FettleError).code).toBe("invalid_space");
          return;
        }
        accepted++;
        expect(resolveSpace(JSON.parse(JSON.stringify(space))).parameters).toEqual(space);
        const strategy = [random(), sobol(), tpe({ startupTrials: 2 }), grid({ points: 3 })][which];
        const study = createStudy({ space, strategy, direction: "minimize", seed: 7 });
        try {
          for (let i = 0; i < 5; i++) {
            const trial = study.ask();
            if (trial === undefined) break;
            expect(faultIn(json, trial.params)).toBeUndefined();
            study.tell(trial.number, { value: i % 3 });
          }
        } catch (error) {
          // points of a parameter that only a choice has
          if (!(error instanceof FettleError)) throw error;
          expect(error.code).toMatch(/^invalid_(space|argument)$/);
        }
      }),
      { numRuns: cases(500) },
    );
    expect(accepted).toBeGreaterThan(cases(500) / 20); // or nothing was shown
  });
});

it("the guard itself goes no deeper than it allows", () => {
  expect([deepList, deepObject].map((value) => isShallow(value))).toEqual([false, false]);
  const levels = (count: number): unknown => JSON.parse("[".repeat(count) + "]".repeat(count)) as unknown;
  expect([100, 101].map((count) => isShallow(levels(count)))).toEqual([true, false]);
});
