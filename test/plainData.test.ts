/**
 * What is plain data, in any realm, and how refusals show what is not; and functions of users that decide or
 * measure.
 */
import { createContext, runInContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPlainObject, show } from "../src/errors.js";
import { getMetric } from "../src/metrics/registry.js";
import { defineLayer } from "../src/nn/layers/layer.js";
import { defineOptimizer } from "../src/optim/define.js";
import { asha } from "../src/search/schedulers/asha.js";
import type { Scheduler } from "../src/search/schedulers/scheduler.js";
import { float } from "../src/search/space/builders.js";
import { random } from "../src/search/strategies/random/random.js";
import type { Objective } from "../src/search/study/contract.js";
import { createStudy } from "../src/search/study/create.js";
import { tune } from "../src/tune/tune.js";
import * as casesModule from "./cases.js";
import { cases } from "./cases.js";
import { refusal } from "./nn/support.js";

const elsewhere = (code: string): unknown => runInContext(code, createContext({}));
class Foo {
  readonly a = 1;
}
const revoked = Proxy.revocable({}, {});
revoked.revoke();

describe("plain data", () => {
  it.each<[string, unknown]>([
    ["a literal", { a: 1 }],
    ["what JSON.parse returns", JSON.parse('{"__proto__":1}')],
    ["an object without a prototype", Object.create(null)],
    ["what structuredClone returns", structuredClone({ a: new Map() })],
    ["a literal of another realm", elsewhere("({ a: 1 })")],
    ["what JSON.parse of another realm returns", elsewhere('JSON.parse("{}")')],
    ["a proxy of a literal", new Proxy({ a: 1 }, {})],
    ["a frozen object", Object.freeze({ a: 1 })],
    ["a module", casesModule],
  ])("is %s", (_, value) => expect(isPlainObject(value)).toBe(true));

  it.each<[string, unknown, string]>([
    ["a promise", Promise.resolve(1), "a Promise: did you forget `await`?"],
    ["a promise of another realm", elsewhere("Promise.resolve(1)"), "a Promise: did you forget `await`?"],
    ["a proxy of a promise", new Proxy(Promise.resolve(1), {}), "a Promise: did you forget `await`?"],
    [
      "a promise of a class",
      new (class Query extends Promise<void> {})(() => {}),
      "a Promise: did you forget `await`?",
    ],
    ["a map", new Map(), "a Map: use Object.fromEntries(map)"],
    ["a map of another realm", elsewhere("new Map()"), "a Map: use Object.fromEntries(map)"],
    ["a set", new Set(), "a Set"],
    ["a date", new Date(0), 'a Date, "1970-01-01T00:00:00.000Z"'],
    ["an invalid date", new Date(Number.NaN), "a Date, null"],
    ["an instance", new Foo(), "an instance of Foo"],
    ["an instance of a class without a name", new (class {})(), "an instance of a class"],
    ["an error", new RangeError("x"), "an instance of RangeError"],
    ["an object made of an instance", Object.create(new Foo()), "an instance of Foo"],
    ["a revoked proxy", revoked.proxy, "an object that is too deep, or contains itself"],
    ["a list", [1, 2], "[1,2]"],
    ["a typed array", new Float32Array(3), "Float32Array(3)"],
    ["a function", function fit() {}, "function fit"],
    ["null", null, "null"],
  ])("is not %s", (_, value, shown) => {
    expect(isPlainObject(value)).toBe(false);
    expect(show(value)).toBe(shown);
  });

  it("is whatever JSON has as an object", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text);
        const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
        expect(isPlainObject(value)).toBe(isObject);
      }),
      { numRuns: cases(500) },
    );
  });
});

const space = { a: float(0, 1) };
const base = { space, objective: () => 1, direction: "minimize", strategy: random(), trials: 3 } as const;
/** What is no answer of a function that decides. */
const answers: readonly (readonly [unknown, string])[] = [
  ["no", 'true or false; received "no"'],
  [undefined, "true or false; received undefined"],
  [1, "true or false; received 1"],
  [Number.NaN, "true or false; received NaN"],
  [
    Promise.resolve(false),
    "true or false, and the function not async; received a Promise: did you forget `await`?",
  ],
];

describe.each(answers)("a function that answers %o", (answer, rule) => {
  const decide = () => answer as boolean;

  it("is refused as a constraint", async () => {
    const message = `what constraint returns must be ${rule}`;
    await expect(tune({ ...base, constraint: decide })).rejects.toThrow(message);
    const study = createStudy({ space, direction: "minimize", strategy: random(), constraint: decide });
    expect(await refusal(() => study.ask())).toBe(`invalid_argument: ${message}`);
    expect(await refusal(() => study.enqueue({ a: 0.5 }))).toBe(`invalid_argument: ${message}`);
  });

  it("is refused as a rule that ends a search", async () => {
    await expect(tune({ ...base, stop: { rule: decide } })).rejects.toThrow(
      `what rule of stop returns must be ${rule}`,
    );
  });

  it("is refused as a scheduler's decision", async () => {
    const scheduler: Scheduler = { ...asha({ reduction: 2 }), promotes: decide };
    const objective: Objective<typeof space> = async ({ a }, trial) => {
      for (let step = 1; step <= 4; step++) if (!(await trial.report(a, step))) return a;
      return a;
    };
    await expect(tune({ ...base, objective, scheduler, steps: 4 })).rejects.toThrow(
      `what \`promotes\` of scheduler "asha" returns must be ${rule}`,
    );
  });
});

describe("a function that is async where it must answer at once", () => {
  const promise = "; received a Promise: did you forget `await`?";
  const sgdLike = (traits: () => Promise<Record<string, boolean>>) =>
    defineOptimizer({
      name: "own",
      hyperparameters: { learningRate: 0.1 },
      traits: traits as never,
      update: () => ({ update: 0 as never }),
    });

  it.each<[string, () => unknown, string]>([
    [
      "a clock",
      () =>
        createStudy({
          space,
          direction: "minimize",
          strategy: random(),
          clock: (async () => 1) as never,
        }).ask(),
      `what clock returns must be a finite number of milliseconds, and the function not async${promise}`,
    ],
    [
      "a metric",
      () =>
        getMetric({ name: "own", direction: "minimize", compute: (async () => 1) as never }).compute(
          Float64Array.of(1),
          Float64Array.of(1),
          1,
        ),
      `what metric "own" returns must be a number, and the function not async${promise}`,
    ],
    [
      "the traits of an optimizer",
      () => sgdLike(async () => ({ fast: true }))(),
      `what \`traits\` of optimizer "own" returns must be an object of booleans${promise}`,
    ],
    [
      "the shape of a layer",
      () => defineLayer(Promise.resolve({}) as never),
      `the layer must be a layer, such as dense(1)${promise}`,
    ],
  ])("is refused: %s", async (_, run, message) =>
    expect(await refusal(run)).toBe(`invalid_argument: ${message}`),
  );

  it("is refused as a clock whose time is no number", async () => {
    for (const clock of [() => Number.NaN, () => "now" as never, () => undefined as never])
      await expect(tune({ ...base, clock })).rejects.toThrow(
        "what clock returns must be a finite number of milliseconds; received ",
      );
  });

  it("is refused as the rungs of a scheduler", async () => {
    const scheduler = { ...asha(), rungs: (async () => [1]) as never };
    const objective = async (
      _: unknown,
      trial: { report(value: number, step: number): Promise<boolean> },
    ) => {
      await trial.report(1, 1);
      return 1;
    };
    const { trials } = await tune({ ...base, objective, scheduler, steps: 4 }).catch(
      ({ cause, message }) => ({
        trials: [{ error: `${message} ${cause}` }],
      }),
    );
    expect(trials[0].error).toMatch(
      /what `rungs` of scheduler "asha" returns must be a list of steps; received a Promise/,
    );
  });
});
