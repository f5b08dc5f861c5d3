/**
 * Small tunings with everything that draws or rounds: a conditional space, dropout, Adam, folds, scores and a
 * final fit. They test reproducibility, not quality.
 */
import { dense, dropout } from "../nn/layers/index.js";
import { type Sequential, sequential } from "../nn/models/sequential.js";
import { adam } from "../optim/adam.js";
import { choice, float, int } from "../search/space/builders.js";
import type { ParamsOf } from "../search/space/space.js";
import type { Strategy } from "../search/strategies/strategy.js";
import { createTuner, restoreTuner } from "../tune/resume/slices.js";
import { tune } from "../tune/tune.js";
import type { TunerOptions } from "../tune/tuner/options.js";
import type { Reproducible } from "./reproducibility.js";

/**
 * Digests of the tuning by random search with seeds 0 to 7 in this release: draws, training and scores give
 * these bits everywhere. They do not prove that the bits are right. An intended change of bits records the
 * new digests, which the broken law reports.
 */
export const RECORDED: readonly string[] = [
  ...["fba63da6", "6e73fd8d", "d068a49c", "2af2ccb5", "1e10efc7", "b80bfa38", "135fc892", "b0716f9c"],
];

const space = {
  units: int(2, 9),
  activation: choice(["relu", "tanh", "gelu"]),
  regularized: choice([true, false]),
  dropout: float(0.1, 0.5, { when: { regularized: [true] } }),
  learningRate: float(1e-3, 0.1, { log: true }),
};

/** [24, 2], points of a square, exact in float32; y is whether they are near its middle. */
const x = Array.from({ length: 24 }, (_, i) => [((i * 7) % 17) / 8 - 1, ((i * 11) % 17) / 8 - 1]);
const y = x.map(([a, b]) => Number(a * a + b * b < 0.75));

function model({ units, activation, dropout: rate = 0, learningRate }: ParamsOf<typeof space>): Sequential {
  const network = sequential([
    dense(units, { activation }),
    dropout(rate),
    dense(1, { activation: "sigmoid" }),
  ]);
  network.compile({ optimizer: adam({ learningRate }), loss: "binaryCrossentropy" });
  return network;
}

/** A tuning by a strategy: six trials of three epochs on two folds. */
export function tuningBy(strategy: Strategy, recorded?: readonly string[]): Reproducible {
  const common: TunerOptions<typeof space> = {
    x,
    y,
    space,
    model,
    strategy,
    metric: "logLoss",
    trials: 6,
    lag: 1,
    testSize: 0.25,
    validation: { folds: 2 },
    fit: { epochs: 3, batchSize: 5 },
  };
  return {
    name: `a tuning by ${strategy.name}`,
    async run(seed, { jobs = 1, slice }) {
      const options = { ...common, seed };
      const { trials, final } =
        slice === undefined ? await tune({ ...options, jobs }) : await inSlices(options, slice);
      const weights = Object.values(final.model.getWeights()).map(({ data }) => Array.from(data));
      // the result excludes the time of a trial, and the curves, as in the recorded digests
      return { trials: trials.map(({ seconds, curves, ...trial }) => trial), weights, test: final.test };
    },
    ...(recorded && { recorded }),
  };
}

/** Runs each slice on a tuner restored from the bytes of the last. */
async function inSlices(options: TunerOptions<typeof space>, steps: number) {
  for (let tuner = await createTuner(options); ; tuner = await restoreTuner(tuner.save(), options)) {
    await tuner.advance({ steps });
    if (tuner.result) return tuner.result;
  }
}
