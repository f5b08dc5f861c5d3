/** What trials of one kind share must be what each would make by itself. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { recent } from "../../../src/memo.js";
import { dense } from "../../../src/nn/layers/dense.js";
import { dropout } from "../../../src/nn/layers/dropout.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { l2 } from "../../../src/nn/weights/regularizers.js";
import { adam } from "../../../src/optim/adam.js";
import { sgd } from "../../../src/optim/sgd.js";
import { choice } from "../../../src/search/space/builders.js";
import type { ParamsOf } from "../../../src/search/space/space.js";
import { toDataset } from "../../../src/tune/trial/data.js";
import { createFoldsFor, divideRows } from "../../../src/tune/trial/folds.js";
import { jobTemplate, type TrialKind } from "../../../src/tune/trial/training.js";
import { cases } from "../../cases.js";

const space = {
  units: choice([2, 3]),
  activation: choice(["relu", "tanh"]),
  penalty: choice([0, 1e-3, 1e-2]),
  rate: choice([0.1, 0.2]),
  optimizer: choice(["sgd", "momentum", "adam"]),
  loss: choice(["meanSquaredError", "meanAbsoluteError"]),
  scale: choice(["standard", "none"]),
  batchSize: choice([2, 4]),
};
type P = ParamsOf<typeof space>;
const drawn = Object.entries(space).map(([name, { values }]) => [name, fc.constantFrom<unknown>(...values)]);
const params = fc.record(Object.fromEntries(drawn)) as fc.Arbitrary<P>;

const rows = divideRows(
  toDataset({
    x: Array.from({ length: 12 }, (_, i) => [i, i * i]),
    y: Array.from({ length: 12 }, (_, i) => i),
  }),
  { validation: { folds: 2 }, testSize: 0, seed: 1 },
);

const setup = {
  rows,
  foldsFor: createFoldsFor(rows),
  metrics: [],
  fit: ({ batchSize }: P) => ({ epochs: 1, batchSize }),
  pipeline: ({ scale }: P) => ({ scale }),
  model({ units, activation, penalty, rate, optimizer, loss }: P) {
    const penalized = penalty > 0 ? { kernelRegularizer: l2(penalty) } : {};
    const model = sequential([dense(units, { activation, ...penalized }), dropout(rate), dense(1)]);
    const momentum = optimizer === "momentum" ? 0.9 : 0;
    model.compile({
      optimizer: optimizer === "adam" ? adam({ learningRate: rate }) : sgd({ learningRate: rate, momentum }),
      loss,
    });
    return model;
  },
};

it("a trial has the same jobs after any others", () => {
  const kinds = recent<TrialKind>(1000);
  fc.assert(
    fc.property(params, fc.nat(9), (given, seed) => {
      const { job, identity } = jobTemplate<typeof space>({ ...setup, kinds }, given, seed);
      const alone = jobTemplate<typeof space>({ ...setup, kinds: (_, make) => make() }, given, seed);
      expect(job).toEqual(alone.job);
      expect(identity).toEqual(alone.identity);
    }),
    { numRuns: cases(200) },
  );
});
