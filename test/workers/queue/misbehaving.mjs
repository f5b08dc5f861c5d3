/** A process of `misbehaving.test.ts`: does one job at a time until the study ends. Needs `dist/`. */
import { tuneWorker } from "fettle";
import { runWorker } from "fettle/queue";
import { sqliteStorage } from "fettle/store/sqlite";
import { misbehaved } from "./objective.mjs";

const [path, lease, jobTimeout] = process.argv.slice(2);
const storage = await sqliteStorage(path);
const queue = (await storage.open("study")).queue();
const worker = await tuneWorker({ objective: misbehaved });
await runWorker(queue, worker, {
  heartbeat: Number(lease) / 4,
  jobTimeout: Number(jobTimeout),
  poll: 50,
});
await storage.close();
