/**
 * The tuning that tests of jobs done elsewhere begin with: one network throws, two draw, and folds are
 * scored.
 */
import { dense, dropout } from "../../../src/nn/layers/index.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { adam } from "../../../src/optim/adam.js";
import { float, int } from "../../../src/search/space/builders.js";
import { tpe } from "../../../src/search/strategies/tpe/tpe.js";
import type { TuneOptions } from "../../../src/tune/tuner/options.js";
import { x, y } from "../support.js";

export const space = { units: int(2, 8), learningRate: float(1e-3, 1, { log: true }) };
export const base: TuneOptions<typeof space> = {
  x,
  y,
  space,
  strategy: tpe({ startupTrials: 3 }),
  seed: 4,
  trials: 6,
  lag: 2,
  validation: { folds: 3 },
  testSize: 0.2,
  fit: { epochs: 3, batchSize: 16 },
  model({ units, learningRate }) {
    if (units === 3) throw new Error("no such network");
    const model = sequential([dense(units), dropout(0.2), dense(1, { activation: "sigmoid" })]);
    model.compile({ optimizer: adam({ learningRate }), loss: "binaryCrossentropy" });
    return model;
  },
};
