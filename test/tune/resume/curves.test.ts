/** Curves of a tuner that is saved: the same wherever it is cut, in few bytes, and read without trust. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { halving } from "../../../src/search/schedulers/halving.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { recordOf } from "../../../src/search/study/checkpoint.js";
import { Curves } from "../../../src/search/trial/curves.js";
import { denseModel, denseSpace } from "../../../src/tune/dense.js";
import { createTuner, restoreTuner } from "../../../src/tune/resume/slices.js";
import { trialsIn } from "../../../src/tune/resume/tunerCore.js";
import { tune } from "../../../src/tune/tune.js";
import type { TunerOptions } from "../../../src/tune/tuner/options.js";
import { packArchive, unpackArchive } from "../../../src/workers/archive.js";
import { cases } from "../../cases.js";
import { logistic, rates, refusal, untimed, x, y } from "../support.js";

const space = rates(0.01, 0.1, 1);
const base: TunerOptions<typeof space> = {
  x,
  y,
  space,
  model: logistic,
  strategy: random(),
  seed: 2,
  trials: 3,
  validation: { folds: 3 },
  fit: { epochs: 5, batchSize: 16 },
  curves: "validation" as const,
};
const kinds: Record<string, TunerOptions<typeof space>> = {
  "after every epoch": base,
  "with early stopping": {
    ...base,
    fit: { epochs: 30, batchSize: 16, earlyStopping: { monitor: "valAccuracy", patience: 2 } },
  },
  "at rungs": { ...base, curves: true, scheduler: halving(), fit: { epochs: 9, batchSize: 16 } },
};

describe.each(Object.entries(kinds))("curves %s", (_, options) => {
  it("are the same, to the bit, however often the tuner is saved and restored", async () => {
    const whole = await tune({ ...options, jobs: 1 });
    const expected = JSON.stringify(untimed(whole.trials));
    expect(expected).toContain('"curves":{"names":["loss","val');
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.integer({ min: 1, max: 40 })), async (cuts) => {
        let tuner = await createTuner(options);
        while (!tuner.result) {
          await tuner.advance({ steps: cuts.next().value });
          const bytes = tuner.save();
          // what a store answers with is what the study has
          const saved = trialsIn(bytes).flatMap((trial) =>
            trial.status === "running" ? [] : [recordOf(trial)],
          );
          expect(saved).toEqual(tuner.study.trials);
          tuner = await restoreTuner(bytes, options);
          await tuner.advance({ steps: 1 });
        }
        expect(JSON.stringify(untimed(tuner.result.trials))).toBe(expected);
      }),
      { numRuns: cases(3) },
    );
  });
});

describe("a saved tuner", () => {
  const format = { magic: "fettle/t", version: 4, what: "a saved tuner" };
  let bytes: Uint8Array;
  beforeAll(async () => {
    const tuner = await createTuner(base);
    await tuner.advance({ steps: 7 }); // within the second epoch or later
    bytes = tuner.save();
  });
  const changed = (change: (trial: { results: { curves: object }[]; open: { logs: object[] } }) => void) => {
    const sections = structuredClone(unpackArchive(format, bytes));
    change((sections.trials as Parameters<typeof change>[0][])[0]);
    return packArchive(format, sections);
  };

  it("goes on with the same curves only", async () => {
    expect(await refusal(() => restoreTuner(bytes, { ...base, curves: false }))).toBe(
      'invalid_argument: the tuner was saved with curves "validation"; received false; pass the same curves',
    );
  });

  it("of an older release is refused with its version", async () => {
    const old = packArchive({ ...format, version: 3 }, unpackArchive(format, bytes));
    expect(await refusal(() => restoreTuner(old, base))).toBe(
      "invalid_checkpoint: a saved tuner was made by an older release (version 3; this one reads from 4); open it with that release",
    );
  });

  it("is refused if its epochs have other numbers than the job measures", async () => {
    const without = changed(({ open }) => {
      open.logs = open.logs.map(() => ({ loss: 1 }));
    });
    const tuner = await restoreTuner(without, base);
    expect(await refusal(() => tuner.advance())).toBe(
      "invalid_checkpoint: the saved training does not fit the data and model of this tuner: its epochs must have " +
        "loss, valAccuracy, valLogLoss, valLoss; they have loss",
    );
  });

  it("is refused if a result has curves of different lengths, or none", async () => {
    const tuner = await createTuner({ ...base, trials: 1 });
    await tuner.advance({ steps: 30 }); // one fold has ended
    const sections = unpackArchive(format, tuner.save());
    const [{ results }] = sections.trials as { results: { curves: Record<string, Float32Array> }[] }[];
    expect(results.length).toBeGreaterThan(0);
    const { curves } = results[0];
    const { loss, ...others } = curves;
    for (const wrong of [
      others,
      { ...curves, valLoss: new Float32Array(4) },
      { ...curves, loss: [1, 2] },
      1,
    ]) {
      results[0] = { ...results[0], curves: wrong as never };
      const error = await refusal(() => restoreTuner(packArchive(format, sections), { ...base, trials: 1 }));
      expect(error).toBe("invalid_checkpoint: this is not a saved tuner: unfinished trial 0 is corrupted");
    }
  });
});

it("keeps a thousand trials of 30 epochs on 5 folds, loss and metric, in less than two mebibytes", async () => {
  const wide = denseSpace(1000);
  const options = {
    x,
    y,
    space: wide,
    strategy: random(),
    trials: 1000,
    validation: { folds: 5 },
    fit: { epochs: 30 },
    model: (params: Parameters<typeof denseModel>[1]) =>
      denseModel({ task: "classification", outputs: 1 }, params),
  };
  // numbers as trainings give them: no two alike, all bits in use
  let state = 1;
  const next = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const folds = () => Array.from({ length: 5 }, () => Float32Array.from({ length: 30 }, next));
  const { study } = await createTuner(options);
  for (let i = 0; i < 1000; i++) {
    study.tell(study.ask()?.number as number, {
      value: next(),
      std: next(),
      seconds: 10 * next(),
      steps: 30,
      scores: Array.from({ length: 5 }, next),
      curves: { loss: folds(), valAccuracy: folds() },
    });
  }
  const json = JSON.stringify(study);
  const fresh = unpackArchive(
    { magic: "fettle/t", version: 4, what: "" },
    (await createTuner(options)).save(),
  );
  const saved = packArchive({ magic: "fettle/t", version: 4, what: "" }, { ...fresh, study: study.toJSON() });
  const restored = await restoreTuner(saved, options);
  const inMemory = restored.study.trials.map(({ curves }) => curves as Curves);
  expect(inMemory.length).toBe(1000);
  expect(inMemory.every((curves) => curves.values.length === 2 * 5 * 30)).toBe(true);
  // each trial has a buffer of its own
  const bytes = inMemory.reduce((sum, { values }) => sum + values.buffer.byteLength, 0);
  const sizes = { memory: bytes, tuner: restored.save().length, json: json.length };
  for (const size of Object.values(sizes)) expect(size).toBeLessThan(2 ** 21);
  expect(sizes.memory).toBe(1_200_000);
  // float32 in base64, and what each trial says of them
  const without = JSON.stringify(study, (key, value) => (key === "curves" ? undefined : value));
  expect(json.length - without.length).toBeLessThan(1_700_000);
  expect(inMemory[999]).toBeInstanceOf(Curves);
});
