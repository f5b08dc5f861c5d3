/**
 * A process of tests: adds and tells trials of one study in a storage, a file or a URL, and prints `+` or `-`
 * and the number of each. Needs `dist/`.
 */
import { writeSync } from "node:fs";
import { postgresStorage } from "fettle/store/postgres";
import { sqliteStorage } from "fettle/store/sqlite";

const [where, trials] = process.argv.slice(2);
const storage = await (where.startsWith("postgres") ? postgresStorage(where) : sqliteStorage(where));
const json = {
  format: "fettle-study",
  version: 2,
  seed: 0,
  lag: 0,
  direction: "minimize",
  trials: [],
  space: { x: { type: "float", low: 0, high: 1 } },
  strategy: { name: "random", options: {} },
};
const study =
  (await storage.open("study")) ??
  (await storage.create("study", json).catch(async () => await storage.open("study")));
const begin = (await study.trials()).length;
// the last one may have been added by a process that did not tell it
for (let number = Math.max(0, begin - 2); number < Number(trials); number++) {
  const params = { x: number / 1e5 };
  await study.add({ number, params });
  const record = { number, params, value: number, std: null, status: "complete", seconds: null };
  writeSync(1, `${(await study.tell(record)) ? "+" : "-"}${number}\n`);
}
await storage.close();
