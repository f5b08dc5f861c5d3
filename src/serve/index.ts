/** Studies and models over HTTP, exported as `fettle/serve`. The library does not import it. */
export type { ModelServerOptions, ServableModel } from "./models/modelServer.js";
export { modelServer } from "./models/modelServer.js";
export { defineTuner, type ServedStudyOptions, type ServerLimits } from "./options.js";
export type { StudyPhase, StudyResult, StudyStatus } from "./record.js";
export { type ServerOptions, type StudyServer, serveStudies } from "./server.js";
export type { TrialServerOptions } from "./trials/options.js";
export { serveTrials } from "./trials/server.js";
export type { HandedTrial, TrialStudyStatus } from "./trials/study.js";
