/** Networks that are chosen on more divisions of the rows than trials are scored by. Needs `dist/`. */
import { describe, expect, it } from "vitest";
import { metrics } from "../../../src/metrics/registry.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { createTuner, restoreTuner } from "../../../src/tune/resume/slices.js";
import { toDataset } from "../../../src/tune/trial/data.js";
import { divideRows } from "../../../src/tune/trial/folds.js";
import { tune } from "../../../src/tune/tune.js";
import type { TuneOptions, TuneResult } from "../../../src/tune/tuner/options.js";
import { splitSeed } from "../../../src/tune/tuner/setup.js";
import { unpackArchive } from "../../../src/workers/archive.js";
import { hidden, randomRows, refusal, untimed } from "../support.js";

const x = randomRows(90, 3, 7);
const y = x.map(([a, b, c], i) => 2 * a * b - c + Math.sin(17 * i));
type S = typeof space;
const { space, model } = hidden;
const FOLDS = 3;
const base = {
  x,
  y,
  space,
  model,
  strategy: random(),
  trials: 6,
  seed: 4,
  testSize: 0.2,
  fit: { epochs: 6, batchSize: 16 },
  validation: { folds: FOLDS },
  pipeline: { target: "none" },
} satisfies TuneOptions<S>;
const outcome = ({ final, ensemble, trials }: TuneResult<S>) => ({
  ensemble,
  trials: untimed(trials),
  bytes: final.bytes(),
});

/**
 * What each trial predicts for the validation rows of some folds, as a tuner keeps it that is scored by them.
 */
async function predictionsOn(folds: readonly { train: Int32Array; validation: Int32Array }[]) {
  const tuner = await createTuner({ ...base, validation: folds, ensemble: 2 });
  while (!tuner.result) await tuner.advance({ steps: 1000 });
  const format = { magic: "fettle/t", version: 4, what: "a saved tuner" };
  const { kept } = unpackArchive(format, tuner.save()) as { kept: [number, number, Float32Array[]][] };
  return new Map(kept.map(([trial, , own]) => [trial, own]));
}

describe("confirm of an ensemble", () => {
  it("takes the networks whose mean is the nearest to the targets, on the folds of all divisions", async () => {
    const confirm = 2;
    const how = {
      validation: base.validation,
      testSize: 0.2,
      seed: splitSeed(base.seed),
      divisions: confirm,
    };
    const { folds, scored } = divideRows(toDataset({ x, y }), how);
    expect([folds.length, scored]).toEqual([FOLDS + 1 + confirm * FOLDS, FOLDS]);
    const divisions = [0, FOLDS + 1, 2 * FOLDS + 1].map((from) => folds.slice(from, from + FOLDS));
    // each development row is validated once in each, and no two divisions are the same
    const development = [...folds[FOLDS].train].sort();
    for (const own of divisions)
      expect(own.flatMap(({ validation }) => [...validation]).sort()).toEqual(development);
    expect(new Set(divisions.map((own) => String(own[0].validation))).size).toBe(3);
    const predictions = await Promise.all(divisions.map(predictionsOn));
    const errorOf = (picks: readonly number[], held: ReadonlySet<number>): number => {
      let sum = 0;
      for (const [d, own] of divisions.entries())
        for (const [f, { validation }] of own.entries())
          for (const [i, row] of validation.entries()) {
            if (held.has(row)) continue;
            const all = picks.map((trial) => predictions[d].get(trial)![f][i]);
            sum += (all.reduce((a, b) => a + b) / picks.length - y[row]) ** 2;
          }
      return sum;
    };
    const picksBy = (held: ReadonlySet<number>): number[] => {
      const picks: number[] = [];
      while (picks.length < 5)
        picks.push(
          [0, 1, 2, 3, 4, 5].reduce((a, b) =>
            errorOf([...picks, b], held) < errorOf([...picks, a], held) ? b : a,
          ),
        );
      return picks;
    };
    const picks = picksBy(new Set());
    const { ensemble } = await tune({ ...base, ensemble: { networks: 5, untuned: false, confirm } });
    const counted = ensemble!.members.flatMap(({ trial, networks }) => Array(networks).fill(trial));
    expect(counted.sort()).toEqual([...picks].sort());
    expect(ensemble!.confirm).toBe(2);
    // the score of a fold is that of networks chosen on the other rows, in every division
    const scores = divisions[0].map(({ validation: held }, f) => {
      const others = picksBy(new Set(held));
      const means = [...held].map((_, i) => {
        const all = others.map((trial) => predictions[0].get(trial)![f][i]);
        return all.reduce((a, b) => a + b) / all.length;
      });
      return metrics.r2(
        [...held].map((row) => y[row]),
        means,
      );
    });
    expect(ensemble!.score).toBeCloseTo(scores.reduce((a, b) => a + b) / FOLDS, 6);
    // otherwise it would be these
    const plain = await tune({ ...base, ensemble: { networks: 5, untuned: false } });
    expect(plain.ensemble!.members).not.toEqual(ensemble!.members);
    expect(plain.ensemble!.confirm).toBeUndefined();
  });

  it("has the same bits with any number of threads, in slices, and resumed amid its trainings", async () => {
    const options = { ...base, ensemble: { networks: 4, confirm: 2 } };
    const one = outcome(await tune({ ...options, jobs: 1 }));
    expect(outcome(await tune({ ...options, jobs: 2 }))).toEqual(one);
    let tuner = await createTuner(options);
    let resumed = 0;
    while (!tuner.result) {
      const { trials } = tuner.study;
      await tuner.advance({ steps: trials.length < 6 ? 200 : 7 });
      if (trials.length === 6 && ++resumed % 5 === 0) tuner = await restoreTuner(tuner.save(), options);
    }
    expect(resumed).toBeGreaterThan(10);
    expect(outcome(tuner.result!)).toEqual(one);
  });

  it("is as much as there is time for, and gives what that option gives", async () => {
    let now = 0;
    // each look takes 2 ms, so that trainings take long enough to be measured
    const clock = () => (now += 2);
    const limited = await tune({ ...base, trials: 40, ensemble: 3, clock, timeout: 4000, jobs: 1 });
    const { networks = 3, endedAfter = 40, ensemble } = limited;
    expect(ensemble!.confirm).toBeGreaterThan(0);
    const again = await tune({
      ...base,
      trials: endedAfter,
      ensemble: { networks, confirm: ensemble!.confirm! },
    });
    expect(outcome(limited)).toEqual(outcome(again));
  });

  it.each<[string, object, string]>([
    [
      "0.5",
      { ensemble: { networks: 2, confirm: 0.5 } },
      "confirm of ensemble must be an integer of at least 0; received 0.5",
    ],
    ["11", { ensemble: { networks: 2, confirm: 11 } }, "confirm of ensemble must be at most 10; received 11"],
    [
      "one network",
      { ensemble: { networks: 1, confirm: 1 } },
      "confirm of ensemble must be 0 for a single network; received 1",
    ],
    [
      "a split",
      { validation: { split: 0.2 } },
      "confirm of ensemble must be 0 unless validation is { folds }",
    ],
    ["rows in time", { time: x.map((_, i) => i) }, "rows have no time"],
  ])("is refused for %s", async (_, options, message) => {
    const given = { ...base, ensemble: { networks: 2, confirm: 1 }, ...options };
    expect(await refusal(() => tune(given as never))).toContain(message);
    // where it is not asked for, there is none
    if ("ensemble" in options) return;
    expect((await tune({ ...given, ensemble: 2 } as never)).ensemble).not.toHaveProperty("confirm");
  });
});
