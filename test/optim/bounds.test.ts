/**
 * Every optimizer on the kernels: each step is within the rounding of its operations, as running error
 * analysis bounds it.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLIPPINGS } from "../../src/optim/clip.js";
import type { OptimizerName } from "../../src/optim/names.js";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import { cosineDecay, warmup } from "../../src/optim/schedules.js";
import { initialArrays, stepsProgram } from "../../src/testing/drive.js";
import { FLOAT32 } from "../../src/testing/operations/rounding.js";
import { checkRun } from "../../src/testing/run.js";
import { cases } from "../cases.js";
import { wasm } from "./drive.js";

const SIZE = 5;
const vectors = fc.array(
  fc.integer({ min: -2048, max: 2048 }).map((n) => n / 1024),
  { minLength: SIZE, maxLength: SIZE },
);
const decay = warmup({
  learningRate: cosineDecay({ initialLearningRate: 0.125, decaySteps: 8 }),
  warmupSteps: 2,
});

describe.each(Object.keys(optimizers) as OptimizerName[])("%s", (name) => {
  it("computes each step to within its bound, in either convention, clipped, decayed and scheduled", () => {
    fc.assert(
      fc.property(
        ...[vectors, vectors, fc.constantFrom("keras", "torch")],
        ...[
          fc.constantFrom(undefined, ...CLIPPINGS),
          fc.constantFrom(0, 0.25),
          fc.constantFrom(0.125, decay),
        ],
        (start, gradient, convention, clipping, weightDecay, learningRate) => {
          const options = { convention, weightDecay, learningRate, ...(clipping && { [clipping]: 0.75 }) };
          const optimizer = getOptimizer(name, options);
          const task = {
            arrays: {
              gradient,
              // as the kernels hold them
              ...Object.fromEntries(
                Object.entries(initialArrays(wasm, optimizer, start)).map(([array, values]) => [
                  array,
                  values.map(Math.fround),
                ]),
              ),
            },
            streams: {},
            dataRows: 0,
            shuffle: false,
            batchSize: 1,
            seed: 0,
            steps: 3,
          };
          expect(checkRun(wasm, stepsProgram(optimizer, [SIZE]), task, FLOAT32)).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: cases(25) },
    );
  });
});
