/** Studies over HTTP, exported as `fettle/serve`. The library does not import it. */
export type { Phase, StudyOutcome, StudyStatus } from "./record.js";
export { type ServerOptions, type StudyServer, serveStudies } from "./server.js";
export { memoryStore, type Store } from "./store.js";
export { defineTuning, type StudyOptions } from "./study.js";
