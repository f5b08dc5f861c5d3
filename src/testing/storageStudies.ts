/** Studies for the laws of storages, and how two storages are compared. */
import { FettleError, isA } from "../errors.js";
import { int } from "../search/space/builders.js";
import { random } from "../search/strategies/random/random.js";
import type { Study, StudyJson } from "../search/study/contract.js";
import { createStudy } from "../search/study/create.js";
import type { TrialRecord } from "../search/trial/trial.js";
import type { StoredStudy, StudyStorage } from "../store/storage.js";
import { fail } from "./laws.js";

export const told: TrialRecord = {
  number: 0,
  params: {},
  value: 1,
  std: null,
  status: "complete",
  seconds: null,
};

/** A study with a number of running trials. */
export function studyOf(trials: number): StudyJson {
  const study = createStudy({ space: { x: int(0, 9) }, strategy: random(), direction: "minimize" });
  for (let i = 0; i < trials; i++) study.ask();
  return study.toJSON();
}

/** A study as JSON, some of whose trials resume others, and some of which were given. */
export function marked(study: Study): StudyJson {
  const json = study.toJSON();
  const trials = json.trials.map(({ number, params, ...rest }) => ({
    number,
    params,
    ...(number % 2 === 1 && { parent: number >> 1 }),
    ...(number % 3 === 0 && { given: true as const }),
    ...rest,
  }));
  return { ...json, trials };
}

export async function opened(storage: StudyStorage, name: string): Promise<StoredStudy> {
  return (await storage.open(name)) ?? fail(`there is no study ${JSON.stringify(name)}`);
}

export async function jsonOf(study: StoredStudy): Promise<StudyJson> {
  return { ...study.definition, trials: await study.trials() };
}

export async function closing(storages: readonly StudyStorage[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    for (const storage of new Set(storages)) await storage.close();
  }
}

/** Work on a study of the name "study", as both openings of a new storage see it. */
export async function using(
  open: () => Promise<readonly [StudyStorage, StudyStorage]>,
  json: StudyJson,
  work: (
    studies: readonly [StoredStudy, StoredStudy],
    storages: readonly [StudyStorage, StudyStorage],
  ) => Promise<void>,
): Promise<void> {
  const storages = await open();
  const [storage, other] = storages;
  await closing(storages, async () => {
    await work([await storage.create("study", json), await opened(other, "study")], storages);
  });
}

export async function refused(code: string, work: () => Promise<unknown>): Promise<void> {
  let thrown: unknown;
  try {
    await work();
  } catch (error) {
    thrown = error;
  }
  if (!isA(thrown, FettleError) || thrown.code !== code) fail(`not refused with ${code}, but ${thrown}`);
}

/** A list in the order of keys. */
export function shuffled<T>(list: readonly T[], keys: readonly number[]): T[] {
  const keyed = list.map((item, i) => ({ item, key: (keys[i % keys.length] * (i + 1)) % 1009 }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}
