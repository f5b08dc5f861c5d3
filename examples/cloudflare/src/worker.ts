/** Each study in a Durable Object, which runs it in slices. */
import { studyWorker } from "fettle/cloudflare";
import { objects, settings, token, tuner } from "./study.js";

const { StudyObject, worker } = studyWorker({ token, objects, settings, tuner });

export { StudyObject };
export default worker;
