/**
 * Points that are enqueued while a storage records the search: stored as given, so that the search goes on as
 * if it had not ended.
 */
import { createStudy, float, restoreStudy, tpe } from "fettle";
import { memoryStorage, recordStudy } from "fettle/store";
import { expect, it } from "vitest";

const space = { x: float(-5, 5) };
const strategy = () => tpe({ startupTrials: 3 });
const square = ({ x }: { readonly x: number }) => x * x;

it("are the same trials after the search has ended early and was resumed", async () => {
  const storage = memoryStorage();
  /** Until so many trials. */
  const go = async (trials: number): Promise<void> => {
    const recorder = await recordStudy(storage, "line");
    const study = recorder.study
      ? restoreStudy(recorder.study, { space, strategy: strategy() })
      : createStudy({ space, strategy: strategy(), direction: "minimize", seed: 5 });
    await study.optimize(
      (params, { number }) => {
        if (number === 3) study.enqueue({ x: 1.5 });
        return square(params);
      },
      { trials, onEvent: recorder.onEvent },
    );
    await recorder.saved();
  };
  for (const trials of [6, 14]) await go(trials);
  const whole = createStudy({ space, strategy: strategy(), direction: "minimize", seed: 5 });
  await whole.optimize(
    (params, { number }) => {
      if (number === 3) whole.enqueue({ x: 1.5 });
      return square(params);
    },
    { trials: 14 },
  );
  const stored = await (await storage.open("line"))?.trials();
  expect(stored?.filter(({ given }) => given).map(({ number, params }) => [number, params])).toEqual([
    [4, { x: 1.5 }],
  ]);
  expect(JSON.parse(JSON.stringify(stored))).toEqual(JSON.parse(JSON.stringify(whole)).trials);
});

it("are recorded in a storage, and nothing else is taken for one", async () => {
  await expect(recordStudy("studies.db" as never, "line")).rejects.toThrow(
    'storage must be a storage, such as await sqliteStorage(path); received "studies.db"',
  );
});

it("ends at the first event that could not be kept, so that no later one is kept without it", async () => {
  const storage = memoryStorage();
  const kept: number[] = [];
  const failing: typeof storage = {
    ...storage,
    async create(...given) {
      const study = await storage.create(...given);
      return Object.assign(Object.create(study) as typeof study, {
        async tell(record: Parameters<typeof study.tell>[0]) {
          if (record.number === 1) throw new Error("the disk is full");
          kept.push(record.number);
          return study.tell(record);
        },
      });
    },
  };
  const recorder = await recordStudy(failing, "line");
  const study = createStudy({ space, strategy: strategy(), direction: "minimize", seed: 5 });
  // all events come before the first is kept
  const ended = study.optimize(square, { trials: 4, onEvent: (event) => void recorder.onEvent(event) });
  await ended.catch(() => undefined);
  await expect(recorder.saved()).rejects.toThrow("the disk is full");
  expect(kept).toEqual([0]);
  const next = { type: "trialEnded", record: study.trials[2], best: undefined } as const;
  expect(() => recorder.onEvent(next)).toThrow("the disk is full"); // which ends the search
});
