/** Studies in Durable Objects, each in slices. `docs/serving.md` has the routes. */
import { studyWorker } from "fettle/cloudflare";
import { objects, settings, token, tune } from "./study.js";

const { StudyObject, worker } = studyWorker({ token, objects, settings, tune });

export { StudyObject };
export default worker;
