/**
 * Saved tunings that were changed by someone who mends the checksum: what stands behind it must refuse them
 * with a reason, or restore exactly what they say and go on with it. Damage that the checksum finds:
 * tuner.test.ts.
 */

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { FettleError } from "../../../src/errors.js";
import { dense, dropout } from "../../../src/nn/layers/index.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { adam } from "../../../src/optim/adam.js";
import { hyperband } from "../../../src/search/schedulers/hyperband.js";
import { choice, float, int } from "../../../src/search/space/builders.js";
import { pbt } from "../../../src/search/strategies/pbt/pbt.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { studyVersion } from "../../../src/search/study/open.js";
import { createTuner, restoreTuner } from "../../../src/tune/resume/slices.js";
import type { TuneOptions } from "../../../src/tune/tuner/options.js";
import { cases } from "../../cases.js";
import { randomRows } from "../support.js";
import { damagedBytes, damagedValues, valuesIn } from "./archives.js";

const x = randomRows(16, 2, 1);
const y = x.map(([a, b]) => Number(a > b));

const space = { units: int(1, 3), learningRate: float(0.01, 0.1), dropout: float(0.1, 0.5) };
const base: TuneOptions<typeof space> = {
  x,
  y,
  space,
  strategy: random(),
  seed: 4,
  trials: 5,
  lag: 1,
  validation: { folds: 2 },
  testSize: 0.25,
  fit: { epochs: 3, batchSize: 3 },
  model({ units, learningRate, dropout: rate }) {
    const model = sequential([dense(units), dropout(rate), dense(1, { activation: "sigmoid" })]);
    model.compile({ optimizer: adam({ learningRate }), loss: "binaryCrossentropy" });
    return model;
  },
};
const fixed = { ...space, units: choice([2]) } as unknown as typeof space;
const tunings: Record<string, TuneOptions<typeof space>> = {
  "early stopping": { ...base, fit: { epochs: 4, batchSize: 3, earlyStopping: { patience: 1 } } },
  plateau: { ...base, fit: { epochs: 4, batchSize: 3, reduceLROnPlateau: { patience: 1, minDelta: 1 } } },
  decay: { ...base, fit: { epochs: 4, batchSize: 3, learningRateDecay: "cosine" } },
  hyperband: { ...base, scheduler: hyperband(), trials: 6, fit: { epochs: 9, batchSize: 3 } },
  pbt: { ...base, space: fixed, strategy: pbt({ populationSize: 2, quantile: 0.5 }), trials: 6 },
};

/** What a tuning may be refused with, and nothing but this. */
const codes = ["invalid_checkpoint", "invalid_argument", "invalid_space"];

describe.each(Object.entries(tunings))("%s", (_, options) => {
  /** In the middle of a trial, each at another. */
  let saves: Uint8Array[];
  beforeAll(async () => {
    const tuner = await createTuner(options);
    saves = [];
    while (!tuner.result) {
      await tuner.advance({ steps: 17 });
      saves.push(tuner.save());
    }
  });

  it("is refused, or restored exactly and resumed", async () => {
    const given = fc.nat().chain((n) => {
      const bytes = saves[n % saves.length];
      return fc.oneof(damagedBytes(bytes, saves[(n + 1) % saves.length]), damagedValues(bytes));
    });
    await fc.assert(
      fc.asyncProperty(given, async (bytes) => {
        try {
          const tuner = await restoreTuner(bytes, options);
          const before = valuesIn(bytes) as { readonly study: object };
          // a study of an earlier version becomes one of this
          const study = { ...before.study, version: studyVersion };
          expect(valuesIn(tuner.save())).toEqual({ ...before, study });
          let total = 0;
          while (!tuner.result) {
            total += (await tuner.advance({ steps: 50 })).steps;
            expect(total).toBeLessThan(1000);
          }
        } catch (error) {
          if (!(error instanceof FettleError)) throw error;
          expect(codes).toContain(error.code);
        }
      }),
      { numRuns: cases(80) },
    );
  });
});
