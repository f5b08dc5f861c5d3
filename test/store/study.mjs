/**
 * A process of `faults.test.ts`: tunes one study in a storage to its end, or goes on with it, and prints the
 * number of each trial that was kept. Needs `dist/`. Words: the storage, a file or a URL, and how many
 * trials.
 */
import { writeSync } from "node:fs";
import { float, int, tpe, tune } from "fettle";
import { recordStudy } from "fettle/store";
import { postgresStorage } from "fettle/store/postgres";
import { sqliteStorage } from "fettle/store/sqlite";

const [where, trials] = process.argv.slice(2);
const storage = await (where.startsWith("postgres") ? postgresStorage(where) : sqliteStorage(where));
const recorder = await recordStudy(storage, "study");
const pause = () => new Promise((resolve) => setTimeout(resolve, 2));
const { study } = recorder;
await tune({
  space: { x: float(-5, 5), n: int(1, 9) },
  strategy: tpe({ startupTrials: 5 }),
  objective: async ({ x, n }, trial) => {
    for (let step = 1; step <= 3; step++) await trial.report((x - 1) ** 2 / step, step);
    await pause();
    return (x - 1) ** 2 + n;
  },
  direction: "minimize",
  trials: Number(trials),
  seed: 3,
  onEvent: (event) => {
    recorder.onEvent(event);
    if (event.type === "trialEnded")
      recorder.saved().then(
        () => writeSync(1, `${event.record.number}\n`),
        () => {},
      );
  },
  ...(study && { study }),
});
await recorder.saved();
await storage.close();
