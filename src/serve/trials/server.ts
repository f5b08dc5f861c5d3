/**
 * Ask and tell over HTTP: a study whose trials run in programs of any language.
 *
 *     GET    /studies                          the name of the study, in the form of a list
 *     GET    /studies/:id                      its status
 *     GET    /studies/:id/definition           its definition, as in serveStudies
 *     GET    /studies/:id/trials               its finished trials
 *     GET    /studies/:id/trials/:n/reports    the reports of a trial
 *     GET    /studies/:id/events               its results as they arrive, as server-sent events
 *     POST   /studies/:id/ask                  a trial to run: 200; 204 once all are done; 429 while none is free
 *     POST   /studies/:id/trials/:n/report     { lease, step, value }: whether the trial is pruned
 *     POST   /studies/:id/trials/:n/tell       { lease, value }, or another outcome: accepts the result once
 *
 * @example
 * ```ts
 * const token = "a secret of 16 characters or more";
 * const server = await serveTrials({
 *   token,
 *   storage: memoryStorage(),
 *   study: "parabola",
 *   strategy: random(),
 *   direction: "minimize",
 *   trials: 3,
 *   space: { x: float(-5, 5) },
 * });
 * const post = async (path: string, body?: object) => {
 *   const url = `https://example.com/studies/parabola/${path}`;
 *   const headers = { authorization: `Bearer ${token}` };
 *   return server.fetch(new Request(url, { method: "POST", headers, ...(body && { body: JSON.stringify(body) }) }));
 * };
 * const trial = (await (await post("ask")).json()) as HandedTrial;
 * const { lease, number } = trial;
 * const told = await post(`trials/${number}/tell`, { lease, value: Number(trial.params.x) ** 2 });
 * ((await told.json()) as { taken: boolean }).taken; // true
 * ```
 */
import { platform } from "#platform";
import {
  checkOptions,
  FettleError,
  isRecord,
  must,
  mustBeInteger,
  type OptionNames,
  show,
} from "../../errors.js";
import { Leases } from "../../leases.js";
import { teller } from "../../listener.js";
import type { Space } from "../../search/space/space.js";
import { outcomeFields, type TrialOutcome } from "../../search/trial/trial.js";
import { jsonBody } from "../body.js";
import { eventStream } from "../events.js";
import type { Asked, Reply } from "../exchange.js";
import { handlerOf } from "../handler.js";
import { isForList, listStudies } from "../list.js";
import { Requests } from "../requests.js";
import { checkMethod, eventReply, json, NOTHING } from "../responses.js";
import type { StudyServer } from "../server.js";
import { checkToken } from "../token.js";
import { readTrialOptions, type TrialServerOptions } from "./options.js";
import { TrialStudy, type TrialStudyStatus } from "./study.js";

/** The most bytes of a body: a result has attributes, and no curves. */
const MOST_BYTES = 16_384;
/** Characters of a path that a refusal repeats. */
const SHOWN = 100;

type Handler = (
  study: TrialStudy,
  request: Asked,
  number: number,
  isAwaited: () => boolean,
) => Promise<Reply>;

/** By what follows the study's name, with `n` for the number of a trial; then by method. */
const ROUTES: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  "": { GET: async (study) => json(await study.status()) },
  definition: { GET: async (study) => json(await study.definition()) },
  trials: { GET: async (study) => json(await study.trials()) },
  events: {
    GET: async (study) =>
      eventReply(await eventStream<TrialStudyStatus>((listener) => study.listen(listener))),
  },
  "trials/n/reports": { GET: async (study, _, number) => json(await study.reports(number)) },
  ask: {
    async POST(study, _, __, isAwaited) {
      const trial = await study.ask(isAwaited);
      return trial ? json(trial) : NOTHING;
    },
  },
  "trials/n/report": {
    async POST(study, request, number) {
      const { lease, step, value } = await bodyOf(request, "a report", REPORT);
      const isReport = step !== undefined;
      must(isReport === (value !== undefined), "a report", "a step with its value, or neither", {
        step,
        value,
      });
      if (isReport) mustBeInteger("the step of a report", step, 0);
      const pruned = await study.report(number, lease, step as number | undefined, numbersOf("value", value));
      return json({ pruned });
    },
  },
  "trials/n/tell": {
    async POST(study, request, number) {
      const { lease, ...body } = await bodyOf(request, "a result", TELL);
      const told = Object.entries(body).map(([name, value]) => [
        name,
        NUMBERS.includes(name) ? numbersOf(name, value) : value,
      ]);
      const { taken, record } = await study.tell(number, lease, Object.fromEntries(told) as TrialOutcome);
      const { status, value, values } = record;
      return json({ taken, status, value, ...(values && { values }) });
    },
  },
  "trials/n/release": {
    async POST(study, request, number) {
      const { lease } = await bodyOf(request, "a release", { lease: true });
      await study.release(number, lease);
      return NOTHING;
    },
  },
};

const REPORT = { lease: true, step: true, value: true } as const;
/** All of an outcome but its curves, which are binary. */
const TELL: OptionNames<Omit<TrialOutcome, "curves">> & { readonly lease: true } = {
  ...(Object.fromEntries(
    outcomeFields.filter((name) => name !== "curves").map((name) => [name, true]),
  ) as unknown as OptionNames<Omit<TrialOutcome, "curves">>),
  lease: true,
};
/** Fields in which null stands for a number that JSON does not have. */
const NUMBERS = ["value", "values", "constraints", "scores", "curve"];

/**
 * Opens a study in a storage, or creates it, and returns a handler of requests to it. A trial is handed out
 * with a lease, and to another client once that has expired; a result is accepted once. Any number of clients
 * gets the same trials as one.
 *
 * @throws FettleError `invalid_argument`, `unknown_name`, `invalid_space` for invalid options, and for a
 * study that began with others; and what the storage throws
 */
export async function serveTrials<const S extends Space>(
  options: TrialServerOptions<S>,
): Promise<StudyServer> {
  const checked = readTrialOptions(options);
  const tell = teller(checked.onError);
  const requests = new Requests(checked);
  const leases = new Leases<number>(1000 * checked.leaseSeconds, () => platform.now());
  const study = new TrialStudy(checked as never, leases);
  await study.open();
  const names = async () => [checked.study];
  const answer = async (request: Asked): Promise<Reply> => {
    if (isForList(request)) return listStudies(request, { names });
    const { pathname } = new URL(request.url);
    const [, root, id, ...rest] = pathname.split("/");
    const isNumber = rest.length > 1 && /^\d{1,15}$/.test(rest[1]);
    const path = isNumber ? [rest[0], "n", ...rest.slice(2)].join("/") : rest.join("/");
    if (root !== "studies" || id !== checked.study || !Object.hasOwn(ROUTES, path))
      throw new FettleError(
        "not_found",
        `the path must be /studies/${checked.study} or one of ${Object.keys(ROUTES).filter(Boolean).join(", ")} below it, with the number ` +
          `of a trial for n; received ${show(pathname.slice(0, SHOWN))}`,
      );
    const methods = ROUTES[path];
    checkMethod(request, Object.keys(methods));
    const until = platform.now() + checked.maxRequestMilliseconds;
    const isAwaited = (): boolean => !request.signal.aborted && platform.now() < until;
    return methods[request.method](study, request, Number(rest[1]), isAwaited);
  };
  return {
    fetch: handlerOf((request) => {
      checkToken(request, checked.token);
      return requests.answer(() => answer(request));
    }, tell),
  };
}

async function bodyOf<N extends string>(
  request: Asked,
  what: string,
  known: Readonly<Record<N, true>>,
): Promise<Readonly<Partial<Record<N, unknown>>> & { readonly lease: string }> {
  const body = await jsonBody(request, MOST_BYTES);
  must(isRecord(body), "the body", "a JSON object", body);
  checkOptions(body, what, known);
  const { lease } = body;
  must(
    typeof lease === "string" && lease.length <= SHOWN,
    "lease",
    "the text received with the trial",
    lease,
  );
  return { ...(body as Partial<Record<N, unknown>>), lease };
}

/** Numbers of JSON; null stands for a number that JSON does not have. */
function numbersOf(name: string, given: unknown): never {
  if (given === undefined) return undefined as never;
  const number = (each: unknown): number => {
    if (each === null) return Number.NaN;
    must(
      typeof each === "number",
      name,
      "a number, a list of numbers, or null for one that is not finite",
      each,
    );
    return each;
  };
  return (Array.isArray(given) ? given.map(number) : number(given)) as never;
}
