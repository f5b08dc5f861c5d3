/**
 * A saved tuner has its folds: those of splitters are made again, those that a function returned are kept.
 */
import { describe, expect, it } from "vitest";
import { kFold } from "../../../src/data/split/kFold.js";
import type { FoldRows, Splitter } from "../../../src/data/split/splitter.js";
import { timeSeriesSplit } from "../../../src/data/split/time.js";
import { createJobWorker, createRemoteTuner } from "../../../src/tune/resume/remote.js";
import { createTuner, restoreTuner } from "../../../src/tune/resume/slices.js";
import type { Validation } from "../../../src/tune/trial/folds.js";
import { tune } from "../../../src/tune/tune.js";
import { logistic, rates, refusal, untimed, x, y } from "../support.js";

const base = {
  x,
  y,
  model: logistic,
  space: rates(0.1, 0.2, 0.3, 0.4, 0.5),
  trials: 4,
  seed: 2,
  lag: 1,
  fit: { epochs: 2, batchSize: 8 },
  testSize: 0.2,
};

/** Other folds at each call, as those of a function that draws. */
function fickle(): Splitter {
  let calls = 0;
  return ({ rows }) => kFold(rows, { folds: 3, seed: calls++ });
}

/** Runs a tuner in short slices, each from the bytes of the last. */
async function inSlices(options: typeof base & { readonly validation: Validation }) {
  let tuner = await createTuner(options);
  while (!tuner.result) {
    await tuner.advance({ steps: 5 });
    if (!tuner.result) tuner = await restoreTuner(tuner.save(), options);
  }
  return tuner.result;
}

describe("a tuner in slices, restored after each", () => {
  it.each<[string, () => Validation]>([
    ["a splitter", () => timeSeriesSplit({ folds: 3, gap: 1 })],
    ["a function that returns others at each call", fickle],
    ["folds of row ids", () => [{ train: [0, 1, 2, 3, 4, 5, 6, 7, 8], test: [9, 10, 11] }]],
  ])("ends with the bits of tune: %s", async (name, validation) => {
    // a list may hold no test rows
    const options = { ...base, testSize: name.startsWith("folds") ? 0 : 0.2 };
    const whole = await tune({ ...options, jobs: 1, validation: validation() });
    const sliced = await inSlices({ ...options, validation: validation() });
    expect(sliced.folds).toEqual(whole.folds);
    expect(untimed(sliced.trials)).toEqual(untimed(whole.trials));
    expect(sliced.final.test).toEqual(whole.final.test);
    expect(sliced.final.predict(x).data).toEqual(whole.final.predict(x).data);
  });

  it("has the folds of a function in its bytes, and no others", async () => {
    const bytes = async (validation: Validation) => (await createTuner({ ...base, validation })).save();
    const section = (saved: Uint8Array) => new TextDecoder("latin1").decode(saved).includes("folds\0\0\0");
    expect(section(await bytes(fickle()))).toBe(true);
    expect(section(await bytes(kFold({ folds: 3 })))).toBe(false);
  });

  it.each<[string, Validation, Validation, RegExp]>([
    [
      "other options",
      kFold({ folds: 3 }),
      kFold({ folds: 4 }),
      /was saved with validation \{"name":"kFold","options":\{"folds":3\}\}; received/,
    ],
    [
      "another kind",
      kFold({ folds: 3 }),
      { folds: 3 },
      /was saved with validation \{"name":"kFold".*; pass the same validation$/,
    ],
    [
      "a function for a splitter",
      kFold({ folds: 3 }),
      fickle(),
      /was saved with validation .*; received "a function"/,
    ],
    [
      "a splitter for a function",
      fickle(),
      kFold({ folds: 3 }),
      /was saved with validation "a function"; received/,
    ],
  ])("refuses %s", async (_, saved, given, message) => {
    const tuner = await createTuner({ ...base, validation: saved });
    expect(await refusal(() => restoreTuner(tuner.save(), { ...base, validation: given }))).toMatch(message);
  });

  it.each<[string, object, object]>([
    ["sample weights", { sampleWeight: x.map(() => 1) }, { sampleWeight: x.map((_, i) => 1 + (i % 2)) }],
    ["sample weights, where there were none", {}, { sampleWeight: x.map(() => 2) }],
    ["groups", { groups: x.map((_, i) => i >> 1) }, { groups: x.map((_, i) => i >> 2) }],
    ["targets", {}, { y: y.map((label) => 1 - label) }],
  ])("refuses other %s as other data", async (_, saved, given) => {
    const tuner = await createTuner({ ...base, ...saved });
    expect(await refusal(() => restoreTuner(tuner.save(), { ...base, ...given }))).toBe(
      "invalid_argument: the tuner was saved with other data; pass the same data",
    );
  });

  it("refuses folds that part the same row ids at another place", async () => {
    const parted = (at: number) => {
      const ids = Array.from({ length: 20 }, (_, row) => row);
      return { ...base, testSize: 0, validation: [{ train: ids.slice(0, at), validation: ids.slice(at) }] };
    };
    const tuner = await createTuner(parted(12));
    expect(await refusal(() => restoreTuner(tuner.save(), parted(13)))).toMatch("was saved with other folds");
  });

  it("refuses other folds of row ids, and another time of rows", async () => {
    const lists = [
      [9, 10],
      [9, 11],
    ].map((validation) => [{ train: [0, 1, 2, 3, 4, 5, 6, 7], validation }]);
    const own = { ...base, testSize: 0 };
    const tuner = await createTuner({ ...own, validation: lists[0] });
    expect(await refusal(() => restoreTuner(tuner.save(), { ...own, validation: lists[1] }))).toBe(
      "invalid_argument: the tuner was saved with other folds; pass a validation that divides the rows in the same way",
    );
    const timed = await createTuner({ ...base, time: x.map((_, i) => i) });
    expect(await refusal(() => restoreTuner(timed.save(), { ...base, time: x.map((_, i) => -i) }))).toMatch(
      /the tuner was saved with other data/,
    );
  });
});

describe("a job worker on another machine", () => {
  it("does the jobs of the same folds, and refuses those of others", async () => {
    const same: Splitter = ({ rows }) => kFold(rows, { folds: 3, seed: 1 }) as FoldRows[];
    const other: Splitter = ({ rows }) => kFold(rows, { folds: 3, seed: 2 }) as FoldRows[];
    const tuner = await createRemoteTuner({ ...base, validation: same }, null);
    const [name] = tuner.waiting();
    const bytes = tuner.job(name) as Uint8Array;
    const outcome = await (await createJobWorker({ ...base, validation: same }))(bytes);
    tuner.deliver(name, outcome);
    await tuner.advance({ steps: 1 });
    expect(tuner.waiting().some(({ trial, index }) => trial === name.trial && index === name.index)).toBe(
      false,
    );
    const stranger = await createJobWorker({ ...base, validation: other });
    expect(await refusal(() => stranger(bytes))).toMatch(/was saved with other folds/);
  });
});
