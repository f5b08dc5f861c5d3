/**
 * A search that is recorded in a storage, the same in a page and in Node; and what a page does with its own.
 */
import { createStudy, float, int, random, tpe, tune } from "fettle";
import { recordStudy } from "fettle/store";

const TRIALS = 60;
const turn = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Goes on with the search to its end.
 *
 * @param {import("fettle/store").StudyStorage} storage
 * @param {number} milliseconds - that each trial lasts
 * @param {(number: number) => void} kept - told of each trial that is in the storage
 * @returns {Promise<string>} all that the storage has of it
 */
export async function search(storage, milliseconds = 0, kept = () => {}) {
  const recorder = await recordStudy(storage, "study");
  await tune({
    space: { x: float(-5, 5), y: int(1, 100, { log: true }) },
    strategy: tpe(),
    objective: async ({ x, y }, trial) => {
      await turn(milliseconds);
      await trial.report(x, 1);
      return x * x + y;
    },
    direction: "minimize",
    trials: TRIALS,
    seed: 3,
    onEvent(event) {
      recorder.onEvent(event);
      if (event.type === "trialEnded") void recorder.saved().then(() => kept(event.record.number));
    },
    ...(recorder.study && { study: recorder.study }),
  });
  const study = await recorder.saved();
  const trials = (await study.trials()).map(({ seconds: _, ...trial }) => trial);
  const { format: _, ...definition } = study.definition;
  return JSON.stringify([sorted(definition), trials.map(sorted)]);
}

/** The numbers of the finished trials. */
export async function finished(storage) {
  const trials = (await (await storage.open("study"))?.trials()) ?? [];
  return trials.filter(({ status }) => status !== "running").map(({ number }) => number);
}

export const emptyStudy = () =>
  createStudy({ space: { x: int(0, 9) }, strategy: random(), direction: "minimize" }).toJSON();

const sorted = (fields) => Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
