/** What schedules refuse, and what they say. */
import { describe, expect, it } from "vitest";
import {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  oneCycle,
  piecewiseConstantDecay,
  warmup,
} from "../../src/optim/schedules.js";
import { sgd } from "../../src/optim/sgd.js";
import { reference, trajectory } from "./drive.js";

describe("refusals", () => {
  const lr = { initialLearningRate: 0.1 };
  it.each<[() => unknown, string, string]>([
    [
      () => cosineDecay({ ...lr } as never),
      "invalid_argument",
      "decaySteps of cosineDecay must be a finite number in (0, ∞); received undefined",
    ],
    [
      () => cosineDecay({ ...lr, decaySteps: 0 }),
      "invalid_argument",
      "decaySteps of cosineDecay must be a finite number in (0, ∞); received 0",
    ],
    [
      () => cosineDecay(0.1 as never),
      "invalid_argument",
      "the options of cosineDecay must be an object; received 0.1",
    ],
    [
      () => cosineDecay({ ...lr, decaySteps: 1, warmupSteps: 2 } as never),
      "unknown_name",
      'unknown option of cosineDecay "warmupSteps". Known: initialLearningRate, decaySteps, alpha.',
    ],
    [
      () => exponentialDecay({ ...lr, decaySteps: 1, decayRate: 1, staircase: 1 as never }),
      "invalid_argument",
      "staircase of exponentialDecay must be true or false; received 1",
    ],
    [
      () => cosineDecayRestarts({ ...lr, firstDecaySteps: 5, tMul: 0.5 }),
      "invalid_argument",
      "tMul of cosineDecayRestarts must be a finite number in [1, ∞); received 0.5",
    ],
    [
      () => oneCycle({ maxLearningRate: 1, totalSteps: 3 }),
      "invalid_argument",
      "pctStart × totalSteps of oneCycle must be greater than 1, so that the rate rises for more than one step; received 0.3 × 3",
    ],
    [
      () => oneCycle({ maxLearningRate: 1, totalSteps: 4, pctStart: 0.25 }),
      "invalid_argument",
      "pctStart × totalSteps of oneCycle must be greater than 1, so that the rate rises for more than one step; received 0.25 × 4",
    ],
    [
      () => piecewiseConstantDecay({ boundaries: [5], values: [1] }),
      "invalid_argument",
      "values of piecewiseConstantDecay must be an array of 2 numbers, one more than boundaries; received [1]",
    ],
    [
      () => piecewiseConstantDecay({ boundaries: [5], values: [1, 2, 3] }),
      "invalid_argument",
      "values of piecewiseConstantDecay must be an array of 2 numbers, one more than boundaries; received [1,2,3]",
    ],
    [
      () => piecewiseConstantDecay({ boundaries: [], values: [1] }),
      "invalid_argument",
      "boundaries of piecewiseConstantDecay must be an array of at least one number; received []",
    ],
    [
      () => piecewiseConstantDecay({ boundaries: "5" as never, values: [1, 2] }),
      "invalid_argument",
      'boundaries of piecewiseConstantDecay must be an array of at least one number; received "5"',
    ],
    [
      () => piecewiseConstantDecay({ boundaries: [5], values: "12" as never }),
      "invalid_argument",
      'values of piecewiseConstantDecay must be an array of 2 numbers, one more than boundaries; received "12"',
    ],
    [
      () => piecewiseConstantDecay({ boundaries: [5, -6], values: [1, 2, 3] }),
      "invalid_argument",
      "boundary 2 of piecewiseConstantDecay must be a finite number in [0, ∞); received -6",
    ],
    [
      () => piecewiseConstantDecay({ boundaries: [5], values: [1, -2] }),
      "invalid_argument",
      "value 2 of piecewiseConstantDecay must be a finite number in [0, ∞); received -2",
    ],
    [
      () => piecewiseConstantDecay({ boundaries: [5, 5], values: [1, 2, 3] }),
      "invalid_argument",
      "boundaries of piecewiseConstantDecay must be in increasing order; received [5,5]",
    ],
    [
      () => warmup({ learningRate: -1, warmupSteps: 2 }),
      "invalid_argument",
      "learningRate of warmup must be a finite number in [0, ∞); received -1",
    ],
    [
      () => warmup({ warmupSteps: 2 } as never),
      "invalid_argument",
      "learningRate of warmup must be a finite number in [0, ∞); received undefined",
    ],
    [
      () => warmup({ learningRate: 1, warmupSteps: -2 }),
      "invalid_argument",
      "warmupSteps of warmup must be a finite number in [0, ∞); received -2",
    ],
    [
      () => warmup({ learningRate: 1, warmupSteps: 2, initialLearningRate: -3 }),
      "invalid_argument",
      "initialLearningRate of warmup must be a finite number in [0, ∞); received -3",
    ],
    ...[undefined, 1].map((nothing): [() => unknown, string, string] => [
      () =>
        trajectory(
          reference,
          sgd({ learningRate: { ...cosineDecay({ ...lr, decaySteps: 1 }), rate: () => nothing as never } }),
          [1],
          [[1]],
          1,
        ),
      "invalid_shape",
      `\`rate\` of schedule "cosineDecay" must return a scalar value; received ${nothing}`,
    ]),
  ])("%s", (run, code, message) => {
    expect(run).toThrow(expect.objectContaining({ code, message }));
  });
});
