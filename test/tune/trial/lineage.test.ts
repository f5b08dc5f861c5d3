/** Ends of trainings: how many are kept, and which trials are trained again. On models: pbt.test.ts. */
import { expect, it } from "vitest";
import { architectureFrom } from "../../../src/nn/programs/architecture.js";
import { checkSameTraining, createLineage, type TrainingEnd } from "../../../src/tune/trial/lineage.js";
import { logistic } from "../support.js";

/** An end that names the trials behind it. */
const end = (...line: readonly number[]) => ({ params: { line } }) as unknown as TrainingEnd;
const lineOf = ({ params }: TrainingEnd) => params.line as readonly number[];

/** Trial n continues n − 2; `trained` lists the trials that were trained again. */
function pairs(capacity: number) {
  const trained: number[] = [];
  const lineage = createLineage(
    capacity,
    (number) => (number < 2 ? undefined : number - 2),
    async (number, parent) => {
      trained.push(number);
      return end(...(parent ? lineOf(parent) : []), number);
    },
  );
  return { lineage, trained };
}

it("trains no trial again whose end was added", async () => {
  const { lineage, trained } = pairs(4);
  for (let number = 0; number < 6; number++) {
    if (number > 1) expect(lineOf(await lineage.endOfTrial(number - 2))).toEqual([100 + number - 2]);
    lineage.add(number, end(100 + number));
  }
  expect(trained).toEqual([]);
});

it("keeps the latest ends, and trains other trials again from the nearest end that it has", async () => {
  const { lineage, trained } = pairs(2);
  for (const number of [0, 1, 2, 3]) lineage.add(number, end(100 + number));
  expect(lineOf(await lineage.endOfTrial(7))).toEqual([103, 5, 7]);
  expect(trained).toEqual([5, 7]);
  expect(lineOf(await lineage.endOfTrial(6))).toEqual([0, 2, 4, 6]);
  expect(trained).toEqual([5, 7, 0, 2, 4, 6]);
});

it("trains a trial once that several continue", async () => {
  const { lineage, trained } = pairs(8);
  const ends = await Promise.all([lineage.endOfTrial(4), lineage.endOfTrial(6), lineage.endOfTrial(4)]);
  expect(ends.map(lineOf)).toEqual([
    [0, 2, 4],
    [0, 2, 4, 6],
    [0, 2, 4],
  ]);
  expect(trained).toEqual([0, 2, 4, 6]);
});

it("does not keep a training that failed", async () => {
  let fails = true;
  const lineage = createLineage(
    4,
    () => undefined,
    async (number) => {
      if (fails) throw new Error("a thread was lost");
      return end(number);
    },
  );
  await expect(lineage.endOfTrial(3)).rejects.toThrow("a thread was lost");
  fails = false;
  expect(lineOf(await lineage.endOfTrial(3))).toEqual([3]);
});

it("names the parameters that changed, also one that there is no more", () => {
  const architecture = architectureFrom(logistic({ learningRate: 0.1 }).described(), 3);
  const before = { params: { a: 1, b: 2 }, architecture, pipeline: { scale: "none" as const }, states: [] };
  expect(() => checkSameTraining(before, { params: { a: 1, c: 3 }, architecture, pipeline: {} })).toThrow(
    'received {"c":3} after {"b":2}',
  );
});
