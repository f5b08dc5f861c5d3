import { expect, expectTypeOf, test } from "vitest";
import { choice, float, int } from "../../../src/search/space/builders.js";
import type { NumericOptions } from "../../../src/search/space/parameter.js";
import { type Params, type ParamsOf, type Space, spaceFromJson } from "../../../src/search/space/space.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { createStudy } from "../../../src/search/study/create.js";

const space = {
  units: int(8, 128, { log: true }),
  learningRate: float(1e-4, 1e-1, { log: true, default: 1e-2 }),
  optimizer: choice(["sgd", "adam"]),
  hidden: choice([[64], [64, 32], null]),
  momentum: float(0, 0.99, { when: { optimizer: ["sgd"] } }),
  nesterov: choice([true, false], { when: { optimizer: ["sgd"] } }),
};

// These are checked by the compiler; running them only shows that the values agree.
test("the parameters of a space have the types of its values", () => {
  expectTypeOf<ParamsOf<typeof space>>().toEqualTypeOf<{
    readonly units: number;
    readonly learningRate: number;
    readonly optimizer: "sgd" | "adam";
    readonly hidden: readonly [64] | readonly [64, 32] | null;
    readonly momentum?: number;
    readonly nesterov?: boolean;
  }>();
  expectTypeOf(space).toExtend<Space>();

  const params: ParamsOf<typeof space> = { units: 8, learningRate: 0.1, optimizer: "adam", hidden: null };
  // @ts-expect-error a choice has the values listed and no others
  const wrongChoice: ParamsOf<typeof space> = { ...params, optimizer: "lion" };
  // @ts-expect-error a parameter without a condition is always there
  const missing: ParamsOf<typeof space> = { units: 8, optimizer: "adam", hidden: null };
  // @ts-expect-error parameters are not to be changed
  const assign = (given: ParamsOf<typeof space>) => (given.units = 9);
  expect([params, wrongChoice, missing, assign]).toHaveLength(4);
});

test("studies carry the types to objectives and records", async () => {
  const study = createStudy({ space, strategy: random(), direction: "maximize" });
  await study.optimize(
    (params, trial) => {
      expectTypeOf(params).toEqualTypeOf<ParamsOf<typeof space>>();
      expectTypeOf(trial.params).toEqualTypeOf<ParamsOf<typeof space>>();
      // @ts-expect-error the space has no such parameter
      expect(params.dropout).toBeUndefined();
      return params.units + (params.momentum ?? 0);
    },
    { trials: 3 },
  );
  expectTypeOf(study.best.params.optimizer).toEqualTypeOf<"sgd" | "adam">();
  expectTypeOf(study.best.value).toEqualTypeOf<number>();
  // @ts-expect-error an objective returns a number or an outcome
  await study.optimize(() => "high", { trials: 1 });
});

test("what is known only when it runs is typed loosely, never wrongly", () => {
  expectTypeOf<ParamsOf<Space>>().toEqualTypeOf<Params>();
  expectTypeOf(spaceFromJson({ a: { type: "int", low: 0, high: 1 } })).toEqualTypeOf<Space>();
  const maybeConditional: NumericOptions = {};
  const loose = { a: float(0, 1, maybeConditional) };
  expectTypeOf<ParamsOf<typeof loose>>().toEqualTypeOf<{ readonly a?: number }>();
});

test("mistakes in a description do not compile", () => {
  // @ts-expect-error a condition lists values
  expect(() => float(0, 1, { when: { optimizer: "sgd" } })).toThrow();
  // @ts-expect-error a default is one of the values
  expect(() => choice(["a", "b"], { default: "c" })).toThrow();
  // @ts-expect-error a choice has values of JSON
  expect(() => choice([() => 1])).toThrow();
  // @ts-expect-error the option is called log
  expect(() => float(1, 2, { logarithmic: true })).toThrow();
});
