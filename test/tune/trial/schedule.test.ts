/** Trials under a scheduler: each stage continues the last, to the same bits as without interruption. */
import { expect, it, vi } from "vitest";
import { platform } from "#platform";
import { asha } from "../../../src/search/schedulers/asha.js";
import { halving } from "../../../src/search/schedulers/halving.js";
import { choice } from "../../../src/search/space/builders.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { denseModel } from "../../../src/tune/dense.js";
import { gridSearch } from "../../../src/tune/gridSearch.js";
import { tune } from "../../../src/tune/tune.js";
import { linear, quantity, rates, untimed, x, y } from "../support.js";

const EPOCHS = 9;
const space = {
  optimizer: choice(["adam", "sgd"]),
  learningRate: choice([1e-5, 1e-3, 1e-2, 1e-1, 1]),
  dropout: choice([0, 0.3]),
};
const options = {
  x,
  y,
  space,
  strategy: grid(),
  seed: 3,
  validation: { folds: 3 },
  testSize: 0.2,
  jobs: 1,
  model: (params: { optimizer: string; learningRate: number; dropout: number }) =>
    denseModel({ task: "classification", outputs: 1 }, { ...params, units: 6 }),
  metric: "logLoss" as const,
};
const plain = (epochs: number) => tune({ ...options, fit: { epochs, batchSize: 16 } });
const scheduled = { ...options, fit: { epochs: EPOCHS, batchSize: 16 }, scheduler: halving() };

it("ends as if each trial had been trained for its epochs alone", async () => {
  const { trials, best, final } = await tune(scheduled);
  const apart = new Map<number, Awaited<ReturnType<typeof plain>>>();
  for (const epochs of [1, 3, EPOCHS]) apart.set(epochs, await plain(epochs));
  const taken = trials.map(({ steps = 0 }) => steps);
  // Brackets of 9, 9 and the 2 that are left: 3 of 9 go on after 1 epoch, 1 of 3 after 3.
  expect(taken.filter((epochs) => epochs === 1)).toHaveLength(6 + 6 + 1);
  expect(taken.filter((epochs) => epochs === 3)).toHaveLength(2 + 2);
  for (const [number, trial] of trials.entries()) {
    const same = apart.get(taken[number])?.trials[number];
    expect([trial.value, trial.std, trial.scores]).toEqual([same?.value, same?.std, same?.scores]);
    expect(trial.status).toBe(taken[number] === EPOCHS ? "complete" : "pruned");
  }
  expect(best.steps).toBe(EPOCHS);
  expect(final.test.logLoss).toBeGreaterThan(0);
});

it("ends after a number of epochs, which counts those of pruned trials", async () => {
  const { trials } = await tune({ ...scheduled, scheduler: asha(), stop: { steps: 40 }, lag: 2 });
  const taken = trials.map(({ steps = 0 }) => steps);
  const before = (count: number) => taken.slice(0, count).reduce((sum, steps) => sum + steps, 0);
  // it is asked for the trial after the lag's two once the rule has seen less
  expect(before(trials.length - 3)).toBeLessThan(40);
  expect(before(trials.length - 2)).toBeGreaterThanOrEqual(40);
  expect(new Set(taken).size).toBeGreaterThan(1);
});

it("trains a trial no further that has diverged, and asks no scheduler about it", async () => {
  const { trials } = await tune({
    ...scheduled,
    y: quantity,
    metric: "r2",
    model: linear,
    pipeline: { target: "none" },
    space: rates(1e-3, ...Array.from({ length: 8 }, (_, i) => 1e30 + i * 1e29)),
  });
  expect(trials[0]).toMatchObject({ status: "complete", steps: EPOCHS });
  for (const { status, steps, curve } of trials.slice(1))
    expect({ status, steps, curve }).toEqual({ status: "diverged", steps: 1, curve: undefined });
});

it.each([2, 3])("does the same on %i threads", async (jobs) => {
  const alone = await tune(scheduled);
  const together = await tune({ ...scheduled, jobs });
  expect(untimed(together.trials)).toEqual(untimed(alone.trials));
  expect(together.final.test).toEqual(alone.final.test);
});

it("reports the times of all stages, and scores of the last", async () => {
  let now = 0;
  vi.spyOn(platform, "now").mockImplementation(() => ++now * 1000); // a second at each look
  const { metric, strategy, ...rest } = scheduled;
  const { rows } = await gridSearch({ ...rest, scoring: ["logLoss", "accuracy"], scheduler: asha() });
  vi.restoreAllMocks();
  const { trials } = await tune({ ...scheduled, scheduler: asha() });
  expect(rows.map(({ scores }) => scores.logLoss.mean)).toEqual(trials.map(({ value }) => value));
  expect(rows.map(({ status }) => status)).toContain("pruned");
  // a stage is scored between two looks
  const stages = trials.map(({ steps = 0 }) => [1, 3, EPOCHS].filter((end) => end <= steps).length);
  expect(rows.map(({ scoreSeconds }) => scoreSeconds.mean)).toEqual(stages);
  expect(rows.every(({ fitSeconds }, i) => fitSeconds.mean >= stages[i])).toBe(true);
});

it("fails trials that end by themselves or have another budget, and says why", async () => {
  await expect(tune({ ...scheduled, fit: { epochs: EPOCHS, earlyStopping: {} }, trials: 1 })).rejects.toThrow(
    "early stopping and a scheduler both end trials; use one of them",
  );
  const fit = ({ dropout }: { dropout: number }) => ({ epochs: dropout > 0 ? 4 : 2 });
  const { trials } = await tune({ ...scheduled, fit, steps: 4, trials: 2 });
  expect(trials.map(({ status }) => status)).toEqual(["failed", "complete"]);
  expect(trials[0].error).toBe(
    "epochs of fit must be the 4 epochs of every trial with a scheduler; set them by steps of tune; received 2",
  );
});
