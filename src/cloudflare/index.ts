/** Studies on Cloudflare Workers, exported as `fettle/cloudflare`. The library does not import it. */
export type {
  JobBatch,
  JobMessage,
  ObjectNamespace,
  ObjectState,
  ObjectStorage,
  QueueBinding,
} from "./host.js";
export { type CloudflareOptions, type StudyWorker, studyWorker } from "./worker.js";
