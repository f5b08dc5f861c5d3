/** A process of `processes.test.ts`: does jobs until the study ends, and prints how many. Needs `dist/`. */
import { tuneWorker } from "fettle";
import { pgBossQueue, runWorker } from "fettle/queue";
import { postgresStorage } from "fettle/store/postgres";
import { sqliteStorage } from "fettle/store/sqlite";
import { unreliable } from "./faults.mjs";
import { objective } from "./objective.mjs";

const [place, study, lease, isUnreliable, time] = process.argv.slice(2);
const options = { lease: Number(lease), attempts: 50 };
const [, url] = /^storage (.*)/.exec(place) ?? [];
const file = () => (place.startsWith("postgres:") ? undefined : sqliteStorage(place));
const storage = url === undefined ? await file() : await postgresStorage(url);
const queue = storage
  ? (await storage.open(study)).queue(options)
  : await pgBossQueue(place, { study, ...options });
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const taken = isUnreliable === "true" ? unreliable(queue, Math.random, sleep, Number(lease)) : queue;
const evaluate = await tuneWorker({ objective });
console.log("ready");
const report = await runWorker(
  taken,
  async (payload) => {
    await sleep(Number(time) * Math.random());
    return evaluate(payload);
  },
  { jobs: 2, heartbeat: Math.floor(Number(lease) / 4), poll: 100 },
);
console.log(`done ${report.done}`);
await queue.close();
await storage?.close();
