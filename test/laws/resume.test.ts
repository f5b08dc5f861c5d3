/**
 * Training that is saved and resumed is training that never stopped, to the bit: parameters, slots, the
 * position in the data, random numbers and the losses of epochs, for any network with dropout, any optimizer
 * and schedule, at any step.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEngine } from "../../src/engine/engine.js";
import type { Executor, SavedRun } from "../../src/engine/executor.js";
import type { Logs } from "../../src/nn/callbacks/callback.js";
import type { History } from "../../src/nn/callbacks/history.js";
import { hyperparametersOf } from "../../src/nn/programs/architecture.js";
import { programOf } from "../../src/nn/programs/programs.js";
import { TrainingRun } from "../../src/nn/training/trainer.js";
import type { OptimizerName } from "../../src/optim/names.js";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import { cosineDecay, warmup } from "../../src/optim/schedules.js";
import { anyModel, type ModelCase, modelOf } from "../../src/testing/arbitraries/models.js";
import { cases } from "../cases.js";
import { reference, wasm, weightsOf } from "../nn/support.js";
import { architectureOf } from "./steps.js";

const EPOCHS = 3;
const names = Object.keys(optimizers) as OptimizerName[];
const anyConvention = fc.constantFrom("keras", "torch");
const rates = fc.constantFrom(
  0.05,
  warmup({ learningRate: cosineDecay({ initialLearningRate: 0.1, decaySteps: 5 }), warmupSteps: 2 }),
);
/**
 * Averages of weights and accumulation, which are part of the state; a rule with evaluation weights of its
 * own has no average.
 */
const extras = (name: OptimizerName) =>
  fc
    .tuple(fc.constantFrom({}, { gradientAccumulationSteps: 3 }), averages)
    .map(([accumulation, average]) => ({
      ...accumulation,
      ...(name === "scheduleFreeAdamW" ? {} : average),
    }));
const averages = fc.constantFrom(
  {},
  { useEma: true, emaMomentum: 0.75 },
  { useEma: true, emaMomentum: 0.5, emaOverwriteFrequency: 4 },
);
const networks = anyModel({ maxRows: 12, dropout: true });

/** Bytes and back, as a file would hold it. */
function stored(saved: SavedRun): SavedRun {
  const json = JSON.stringify(saved, (_, value) =>
    ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value,
  );
  return JSON.parse(json);
}

/** The state of a training of EPOCHS epochs after at most `most` more steps. */
function trained(
  executor: Executor,
  given: ModelCase,
  architecture: ReturnType<typeof architectureOf>,
  batchSize: number,
  most: number,
  before?: { readonly saved: SavedRun; readonly logs: readonly Logs[] },
): { saved: SavedRun; logs: Logs[] } {
  const x = executor.matrix(given.x.length, given.x[0].length, given.x.flat());
  const y = executor.matrix(given.y.length, given.y[0].length, given.y.flat());
  const programs = {
    initialize: programOf(architecture, "initialize", 1),
    train: programOf(architecture, "train", batchSize),
  };
  const training = new TrainingRun(
    executor,
    programs,
    { x, y },
    {
      hyperparameters: hyperparametersOf(architecture),
      epochs: EPOCHS,
      batchSize,
      shuffle: true,
      seed: given.seed,
      ...(before && { from: before.saved, logs: before.logs }),
    },
  );
  for (let step = 0; step < most && !training.done; step++) training.advance(1);
  const result = { saved: training.save(), logs: training.logs };
  for (const held of [training, x, y]) held.free();
  return result;
}

describe.each(names)("%s", (name) => {
  it("resumes after any step, from stored bytes, in another engine, as if it had never stopped", () => {
    fc.assert(
      fc.property(
        ...[networks, anyConvention, rates, fc.nat({ max: 11 }), fc.nat({ max: 3 * 12 }), extras(name)],
        fc.constantFrom(
          () => wasm,
          () => reference,
        ),
        (given, convention, learningRate, pick, stop, options, first) => {
          const architecture = architectureOf(
            given,
            getOptimizer(name, { convention, learningRate, globalClipNorm: 1, ...options }),
          );
          const batchSize = 1 + (pick % given.x.length);
          const all = EPOCHS * given.x.length;
          const whole = trained(first(), given, architecture, batchSize, all);
          const { saved, logs } = trained(first(), given, architecture, batchSize, stop);
          const other = createEngine({ executor: first() === wasm ? "wasm" : "reference" });
          const before = { saved: stored(saved), logs: JSON.parse(JSON.stringify(logs)) };
          const after = trained(other, given, architecture, batchSize, all, before);
          expect(stored(after.saved)).toEqual(stored(whole.saved));
          expect(after.logs).toEqual(whole.logs);
          expect(after.logs.length).toBe(EPOCHS);
        },
      ),
      { numRuns: cases(6) },
    );
  });
});

it.each(names)("a second call of fit with %s continues as if both were one", async (name) => {
  await fc.assert(
    fc.asyncProperty(
      ...[networks, extras(name), rates, fc.nat({ max: 11 }), fc.nat({ max: 2 }), fc.nat({ max: 2 })],
      async (given, own, learningRate, pick, first, second) => {
        const make = () => modelOf(given, getOptimizer(name, { learningRate, ...own }));
        const options = { batchSize: 1 + (pick % given.x.length), seed: given.seed };
        const [whole, stopped] = [make(), make()];
        const { history } = await whole.fit(given.x, given.y, { ...options, epochs: first + second });
        const before = await stopped.fit(given.x, given.y, { ...options, epochs: first });
        const after = await stopped.fit(given.x, given.y, { ...options, epochs: second });
        expect(weightsOf(stopped)).toEqual(weightsOf(whole));
        // without an epoch there are no numbers
        const lossesOf = ({ loss = [] }: History["history"]): number[] => [...loss];
        expect([...lossesOf(before.history), ...lossesOf(after.history)]).toEqual(lossesOf(history));
      },
    ),
    { numRuns: cases(5) },
  );
});
