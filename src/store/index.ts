/** Storages of studies, exported as `fettle/store`. The library does not import it. */
export { type Awaitable, type ByteStore, byteStorage } from "./bytes/byteStorage.js";
export { memoryStorage } from "./memory.js";
export { recordStudy, type StudyRecorder } from "./recorder.js";
export type {
  AddedTrial,
  Artifact,
  Note,
  Report,
  StoredStudy,
  StoredTrial,
  StudyDefinition,
  StudyEntry,
  StudySettings,
  StudyStorage,
  VersionedBytes,
} from "./storage.js";
