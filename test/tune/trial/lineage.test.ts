/** Ends of trainings: how many are kept, and what is trained again. On models: pbt.test.ts. */
import { expect, it } from "vitest";
import { createLineage, type End } from "../../../src/tune/trial/lineage.js";

/** An end that says by which trials it came about. */
const end = (...line: readonly number[]) => ({ params: { line } }) as unknown as End;
const lineOf = ({ params }: End) => params.line as readonly number[];

/** Trial n goes on from n − 2; `trained` lists what was trained again. */
function pairs(most: number) {
  const trained: number[] = [];
  const lineage = createLineage(
    most,
    (number) => (number < 2 ? undefined : number - 2),
    async (number, parent) => {
      trained.push(number);
      return end(...(parent ? lineOf(parent) : []), number);
    },
  );
  return { lineage, trained };
}

it("trains nothing that it was told", async () => {
  const { lineage, trained } = pairs(4);
  for (let number = 0; number < 6; number++) {
    if (number > 1) expect(lineOf(await lineage.endOf(number - 2))).toEqual([100 + number - 2]);
    lineage.keep(number, end(100 + number));
  }
  expect(trained).toEqual([]);
});

it("keeps the latest, and trains the others again from the nearest that it has", async () => {
  const { lineage, trained } = pairs(2);
  for (const number of [0, 1, 2, 3]) lineage.keep(number, end(100 + number));
  expect(lineOf(await lineage.endOf(7))).toEqual([103, 5, 7]);
  expect(trained).toEqual([5, 7]);
  expect(lineOf(await lineage.endOf(6))).toEqual([0, 2, 4, 6]);
  expect(trained).toEqual([5, 7, 0, 2, 4, 6]);
});

it("trains once what several go on from", async () => {
  const { lineage, trained } = pairs(8);
  const ends = await Promise.all([lineage.endOf(4), lineage.endOf(6), lineage.endOf(4)]);
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
  await expect(lineage.endOf(3)).rejects.toThrow("a thread was lost");
  fails = false;
  expect(lineOf(await lineage.endOf(3))).toEqual([3]);
});
