/** What a final model says of the study that made it, which its file keeps. */
import { expect, it } from "vitest";
import { loadModel, saveModel } from "../../../src/model/save.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { toDataset } from "../../../src/tune/trial/data.js";
import { divideRows } from "../../../src/tune/trial/folds.js";
import { type Receipt, withReceipt } from "../../../src/tune/trial/receipt.js";
import { tune } from "../../../src/tune/tune.js";
import { splitSeed } from "../../../src/tune/tuner/setup.js";
import { logistic, rates, x, y } from "../support.js";

it("is the study as it ran: its best trial, metric and seed, what was chosen, and a receipt of them", async () => {
  const [seed, testSize, validation] = [6, 0.2, { folds: 3 }];
  const { final, best, trials, ensemble, calibration } = await tune({
    x,
    y,
    seed,
    testSize,
    validation,
    model: logistic,
    space: rates(0.01, 0.5, 0.1),
    strategy: grid(),
    metric: "brierScore",
    threshold: "f1",
    calibrate: true,
    ensemble: { networks: 2, untuned: false },
    fit: { epochs: 3, batchSize: 8 },
    jobs: 1,
  });
  const { receipt, ...notes } = final.notes;
  expect(notes).toEqual({
    metric: "brierScore",
    trial: best.number,
    params: best.params,
    value: best.value,
    seed,
    test: final.test,
    thresholdBy: "f1",
    ensemble,
    calibration,
  });
  expect(best.number).toBeGreaterThan(0);
  expect(ensemble?.members.map(({ trial }) => trial)).toContain(best.number);
  const rows = divideRows(toDataset({ x, y }), { validation, testSize, seed: splitSeed(seed) });
  expect((await withReceipt(final, rows, trials, seed)).notes.receipt).toEqual(receipt);
  expect((await loadModel(saveModel(final))).notes).toMatchObject({ ...notes, receipt });
});

it("has the same folds in its receipt, however often the networks of its ensemble were confirmed", async () => {
  const folds: string[] = [];
  for (const confirm of [{ confirm: 0 }, { confirm: 1 }, { confirm: 3 }, {}]) {
    const { final } = await tune({
      x,
      y,
      seed: 6,
      validation: { folds: 3 },
      model: logistic,
      space: rates(0.01, 0.5),
      strategy: grid(),
      ensemble: { networks: 2, untuned: false, ...confirm },
      fit: { epochs: 2, batchSize: 8 },
      jobs: 1,
    });
    folds.push((final.notes.receipt as Receipt).folds);
  }
  expect(folds[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(folds).size).toBe(1);
});
