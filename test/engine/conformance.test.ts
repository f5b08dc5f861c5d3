/** Both executors keep the laws of executors. */
import { describe, it } from "vitest";
import { createEngine } from "../../src/engine/engine.js";
import { checkExecutorLaw, executorLaws } from "../../src/testing/executor.js";
import { FLOAT32, FLOAT64 } from "../../src/testing/operations/rounding.js";
import { cases } from "../cases.js";

describe.each([
  ["wasm", FLOAT32, 150],
  ["reference", FLOAT64, 20],
] as const)("%s", (executor, precision, count) => {
  it.each(Object.keys(executorLaws))("%s", (law) =>
    checkExecutorLaw(createEngine({ executor }), law, { precision, numRuns: cases(count) }),
  );
});
