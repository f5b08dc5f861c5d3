/** Random steps on both executors, within the running error bound of their numbers. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { compileStep } from "../../src/compile/compile.js";
import { createEngine } from "../../src/engine/engine.js";
import { FLOAT32, FLOAT64 } from "../../src/testing/bounds.js";
import { checkExecutor } from "../../src/testing/executors.js";
import { anyRecipe, stepOf } from "../../src/testing/graphs.js";
import { anyTask, taskOf } from "./tasks.js";

describe.each([
  ["wasm", FLOAT32],
  ["reference", FLOAT64],
] as const)("%s", (executor, precision) => {
  it("does what random graphs say, for several steps", () => {
    const engine = createEngine({ executor });
    fc.assert(
      fc.property(anyRecipe(), anyTask, (recipe, choices) => {
        const { signature, rows, write } = stepOf(recipe);
        const program = compileStep(signature, rows, write);
        checkExecutor(engine, program, taskOf(choices, program), precision);
      }),
      { numRuns: executor === "wasm" ? 400 : 100 },
    );
  });
});
