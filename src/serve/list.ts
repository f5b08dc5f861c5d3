/** The list of studies in a store: their names, in parts of a bounded length. */
import { check, must } from "../errors.js";
import type { Asked, Reply } from "./exchange.js";
import { ofHost } from "./faults.js";
import { isName } from "./http.js";
import { checkMethod, json } from "./responses.js";
import type { Store } from "./store.js";

/** Names per answer, at most and by default. */
const MOST = 1000;
const SOME = 100;

/** Whether a request is for the list. */
export const isForList = (request: Asked): boolean => new URL(request.url).pathname === "/studies";

/**
 * The names after `?after=`, in order, `?limit=` of them, and `next` if there are more: the value of `after`
 * for them.
 *
 * @throws FettleError `invalid_argument` for other parameters, `not_found` for a store without `keys`
 */
export async function listStudies(request: Asked, store: Pick<Store, "keys">): Promise<Reply> {
  checkMethod(request, ["GET"]);
  const { searchParams } = new URL(request.url);
  const [limit, after] = [searchParams.get("limit") ?? `${SOME}`, searchParams.get("after") ?? ""];
  const isCount = /^\d{1,4}$/.test(limit) && Number(limit) >= 1 && Number(limit) <= MOST;
  must(isCount, "limit", `an integer from 1 to ${MOST}`, limit);
  must(after === "" || isName(after), "after", "the name of a study", after);
  check(
    store.keys,
    "the store of this host must have the method keys to list its studies; GET /studies/<name> answers for one",
    "not_found",
  );
  const keys = await ofHost("the store", async () => store.keys?.());
  const names = [...(keys ?? [])].filter((key) => isName(key) && key > after).sort();
  const studies = names.slice(0, Number(limit));
  return json({ studies, ...(names.length > studies.length && { next: studies.at(-1) }) });
}
