/**
 * How far training in float32 is from training in exact numbers: within a bound that is carried forward from
 * operation to operation and from step to step (N. J. Higham, "Accuracy and stability of numerical
 * algorithms", 2nd ed., 2002, section 3.3), for networks with any optimizer as `fit` trains them. The bound
 * itself is in `src/testing/bounds.ts`.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { OptimizerName } from "../../src/optim/names.js";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import { anyModel } from "../../src/testing/arbitraries/models.js";
import { FLOAT32 } from "../../src/testing/operations/rounding.js";
import { checkRun } from "../../src/testing/run.js";
import { cases } from "../cases.js";
import { wasm } from "../nn/support.js";
import { anyParameters, architectureOf, stepped, trainingOf } from "./steps.js";

it.each(Object.keys(optimizers) as OptimizerName[])(
  "networks trained by %s in float32 are within the bound of float64, step by step",
  (name) => {
    fc.assert(
      fc.property(
        anyModel({ maxRows: 10, dropout: true }),
        fc.constantFrom("keras", "torch"),
        fc.nat({ max: 9 }),
        (given, convention, pick) => {
          const architecture = architectureOf(given, getOptimizer(name, { convention }), { l2: 0.125 });
          const options = { batchSize: 1 + (pick % given.x.length), shuffle: true, steps: 3 };
          const { program, task } = trainingOf(given, architecture, anyParameters(given), options);
          checkRun(wasm, program, task, FLOAT32);
        },
      ),
      { numRuns: cases(10) },
    );
  },
);

it("the bound of a step down the gradient is 50 roundings in nine of ten numbers, and 1000 in none, so that it can tell", () => {
  const bounds = fc.sample(anyModel({ maxRows: 10 }), { numRuns: cases(100), seed: 3 }).flatMap((given) => {
    const { values, errors } = stepped(given, anyParameters(given)).parameters;
    return values.map((w, k) => errors[k] / Math.max(1, Math.abs(w)) / 2 ** -24);
  });
  expect(bounds.filter((bound) => bound > 50).length).toBeLessThan(bounds.length / 10);
  expect(Math.max(...bounds)).toBeLessThan(1000);
});
