/** The list of studies in a storage: their names, in parts of a bounded length. */
import { must } from "../errors.js";
import type { StudyStorage } from "../store/storage.js";
import type { Asked, Reply } from "./exchange.js";
import { ofHost } from "./faults.js";
import { isName } from "./http.js";
import { checkMethod, json } from "./responses.js";

/** Names per answer, at most and by default. */
const MOST = 1000;
const SOME = 100;

/** Whether a request is for the list. */
export const isForList = (request: Asked): boolean => new URL(request.url).pathname === "/studies";

/**
 * The names after `?after=`, in order, `?limit=` of them, and `next` if there are more: the value of `after`
 * for them.
 *
 * @throws FettleError `invalid_argument` for other parameters
 */
export async function listStudies(request: Asked, storage: Pick<StudyStorage, "names">): Promise<Reply> {
  checkMethod(request, ["GET"]);
  const { searchParams } = new URL(request.url);
  const [limit, after] = [searchParams.get("limit") ?? `${SOME}`, searchParams.get("after") ?? ""];
  const isCount = /^\d{1,4}$/.test(limit) && Number(limit) >= 1 && Number(limit) <= MOST;
  must(isCount, "limit", `an integer from 1 to ${MOST}`, limit);
  must(after === "" || isName(after), "after", "the name of a study", after);
  const all = await ofHost("the storage", () => storage.names());
  const names = all.filter((name) => isName(name) && name > after).sort();
  const studies = names.slice(0, Number(limit));
  return json({ studies, ...(names.length > studies.length && { next: studies.at(-1) }) });
}
