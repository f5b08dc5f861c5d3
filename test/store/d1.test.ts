/** D1's limits, tables of others in the same database, and what is sent again when a connection is lost. */
import { createStudy, type FettleError, float, random } from "fettle";
import { type D1Binding, d1Storage } from "fettle/store/d1";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Curves } from "../../src/search/trial/curves.js";
import { startD1 } from "./d1Runtime.js";

const { binding, dispose } = startD1();
beforeAll(() => binding.prepare("CREATE TABLE songs (title TEXT)").bind().all());
afterAll(dispose);

/** A study with trials that are told with so many numbers of a curve. */
async function studyOf(trials: number, numbers: number) {
  const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" });
  const curves = new Curves({ loss: [Array.from({ length: numbers }, (_, i) => i)] });
  if (trials > 0) await study.optimize(({ x }) => ({ value: x, curves }), { trials });
  return study;
}

it("is only looked at to read only, and gets no tables", async () => {
  const read = d1Storage(binding, { readOnly: true });
  await expect(read).rejects.toMatchObject({
    code: "not_found",
    message: 'there are no studies in "D1"; create one, as with fettle tune --storage',
  });
  const { results } = await binding
    .prepare("SELECT name FROM sqlite_master WHERE name LIKE 'fettle%'")
    .bind()
    .all();
  expect(results).toEqual([]);
});

it("is given at most 100 values a statement, and keeps a study whole beside tables of others", async () => {
  let most = 0;
  const counting: D1Binding = {
    batch: (statements) => binding.batch(statements),
    prepare(sql) {
      const statement = binding.prepare(sql);
      return Object.assign(Object.create(statement), {
        bind(...values: unknown[]) {
          most = Math.max(most, values.length);
          return statement.bind(...values);
        },
      });
    },
  };
  const storage = await d1Storage(counting);
  const study = await studyOf(45, 3);
  const kept = await storage.create("whole", study.toJSON());
  expect(await kept.trials()).toEqual(study.toJSON().trials);
  // 20 trials of 4 values and the name
  expect(most).toBe(100);
});

it("refuses a row of more than 2 MB in words, and keeps nothing of its trial's result", async () => {
  // before the first request: while it is made on a busy machine, the runtime may close a connection that
  // waits
  const study = await studyOf(1, 600_000);
  const storage = await d1Storage(binding);
  const kept = await storage.create("large", (await studyOf(0, 1)).toJSON());
  const [record] = study.trials;
  await kept.add({ number: 0, params: record.params });
  const error = (await kept.tell(record).catch((thrown: unknown) => thrown)) as FettleError;
  expect([error.code, error.message]).toEqual([
    "store_failed",
    expect.stringContaining("a row has more than its 2 MB"),
  ]);
  expect(await kept.trials()).toEqual([{ number: 0, params: record.params, status: "running" }]);
});

it("is asked again when a connection was lost after a trial was written, but not to create a study", async () => {
  let losses = 0;
  let unread = 0;
  const losing: D1Binding = {
    prepare(sql) {
      const statement = binding.prepare(sql);
      return Object.assign(Object.create(statement), {
        bind(...values: unknown[]) {
          const bound = statement.bind(...values);
          const all = async () => {
            if (unread-- > 0) throw new Error("D1_ERROR: D1 DB is overloaded.");
            return bound.all();
          };
          return Object.assign(Object.create(bound), { all });
        },
      });
    },
    async batch(statements) {
      const answers = await binding.batch(statements);
      if (losses-- > 0) throw new Error("D1_ERROR: Network connection lost.");
      return answers;
    },
  };
  const storage = await d1Storage(losing);
  const kept = await storage.create("lost", (await studyOf(0, 1)).toJSON());
  losses = 2;
  // it was added by the first sending, so the last finds it
  expect(await kept.add({ number: 0, params: { x: 0.5 } })).toBe(false);
  expect(await kept.trials()).toEqual([{ number: 0, params: { x: 0.5 }, status: "running" }]);
  unread = 2; // what is only read is asked again too
  expect((await kept.trials()).length).toBe(1);
  losses = 1;
  const refused = storage.create("other", (await studyOf(0, 1)).toJSON());
  // the first sending had created it
  await expect(refused).rejects.toThrow('study "other" already exists');
  expect(losses).toBe(0);
});
