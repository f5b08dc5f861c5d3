/** Jobs for workers of other processes and machines, exported as `fettle/queue`. */
export { memoryQueue } from "./memory.js";
export {
  type PgBossDatabase,
  type PgBossFetch,
  type PgBossFetched,
  type PgBossJob,
  type PgBossLike,
  type PgBossQueueOptions,
  pgBossQueue,
} from "./pgBoss.js";
export type { EndedJob, JobQueue, Lease, QueuedJob, QueueOptions } from "./queue.js";
export { type DoJob, type RunWorkerOptions, runWorker, type WorkerJob, type WorkerReport } from "./worker.js";
