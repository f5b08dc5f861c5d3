/**
 * The server of a dashboard: the files of its page, and an interface in JSON over a source of studies.
 *
 *     GET  /                                    the page, and its files
 *     GET  /api/studies                         the list of studies
 *     POST /api/studies/:name                   starts one; the body is its settings
 *     GET  /api/studies/:name/events            all trials and later changes, as server-sent events
 *     GET  /api/studies/:name/curves?trials=1,2 the curves and reports of trials
 *     GET  /api/studies/:name/trials.csv        all trials
 *     GET  /api/studies/:name/artifacts/:name   bytes, such as a model
 *     PUT  /api/studies/:name/notes             { number, text, tags }
 *     POST /api/studies/:name/pause, resume, cancel
 *     POST /api/studies/:name/enqueue           { params }
 *
 * The page shows nothing without the key, which each request to the interface carries in a header that no
 * other site can set. The server answers only under fixed host names, so that no other site's name can lead
 * to it (DNS rebinding).
 */
import { check, isRecord, must, show } from "../errors.js";
import { teller } from "../listener.js";
import { trialsCsv } from "../report/trialsCsv.js";
import type { Params } from "../search/space/space.js";
import { jsonBody } from "../serve/body.js";
import { sentEvents } from "../serve/events.js";
import type { Asked, Reply } from "../serve/exchange.js";
import { refusalOf } from "../serve/faults.js";
import { handlerOf } from "../serve/handler.js";
import { checkMethod, eventReply, json, Refusal } from "../serve/responses.js";
import { checkToken } from "../serve/token.js";
import type { Source, SourceStudy } from "./source.js";
import type { DashboardEvent, Note, StudyList } from "./wire.js";

export interface DashboardOptions {
  readonly source: Source;
  /** The key that a request must carry: a random text of at least 16 characters. */
  readonly key: string;
  /** The accepted values of the header `host`, such as `127.0.0.1:8080`; called for each request. */
  readonly hosts: () => readonly string[];
  /** The files of the page by path, such as `/index.html`. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly onError?: (error: unknown) => void;
}

/** The most bytes of a body: a note is the longest. */
const MOST_BYTES = 65_536;
/** The most simultaneous event streams. */
const MOST_STREAMS = 32;
/** The most trials whose curves one request may ask for. */
const MOST_CURVES = 50;

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  wasm: "application/wasm",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** Allows only the page's own files, no frames and no caching. Its thread may compile the kernels. */
const policyFor = (path: string): string =>
  `default-src 'none'; script-src 'self'${path === THREAD ? " 'wasm-unsafe-eval'" : ""}; style-src 'self'; img-src 'self'; ` +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const THREAD = "/analysis.js";

const HEADERS = {
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

type Answer = (study: SourceStudy, request: Asked, rest: string, name: string) => Promise<Reply>;

/** A handler of requests, for `serveNode`. It never throws. */
export function dashboardServer(options: DashboardOptions): (request: Request) => Promise<Response> {
  const { source, key, hosts, files } = options;
  const tell = teller(options.onError);
  let streams = 0;

  const events: Answer = async (study, request) => {
    check(
      streams < MOST_STREAMS,
      `streams of events must be at most ${MOST_STREAMS}; received one more; close a page`,
      "limit_exceeded",
    );
    streams++;
    let isOpen = true;
    let stop = (): void => {};
    const leave = (): void => {
      if (isOpen) streams--;
      isOpen = false;
      stop();
    };
    request.signal.addEventListener("abort", leave);
    const stream = await sentEvents<DashboardEvent>(
      async (listener) => {
        stop = study.follow(listener, (error) => {
          tell(error);
          listener({ type: "gone" });
        });
        return leave;
      },
      (event) => `data: ${JSON.stringify(event)}\n\n`,
      (event) => event.type === "gone",
    );
    return eventReply(stream);
  };

  const routes: Readonly<Record<string, Readonly<Record<string, Answer>>>> = {
    ...ROUTES,
    events: { GET: events },
  };

  const answerStudy = async (request: Asked, parts: readonly string[]): Promise<Reply> => {
    const [name, action = "", ...rest] = parts;
    if (action === "" && request.method === "POST" && source.start) {
      await source.start(name, await jsonBody(request, MOST_BYTES));
      return json({}, 201);
    }
    const methods = Object.hasOwn(routes, action) ? routes[action] : undefined;
    const isPath = methods && (action === "artifacts" ? rest.length === 1 : rest.length === 0);
    if (!isPath) throw notFound(request);
    checkMethod(request, Object.keys(methods));
    const study = await source.open(name);
    check(study, () => `there is no study ${show(name)}; it may have been deleted`, "not_found");
    return methods[request.method](study, request, rest[0] ?? "", name);
  };

  const answerApi = async (request: Asked, path: string): Promise<Reply> => {
    checkToken(request, key);
    const parts = decodedParts(path);
    if (parts?.[0] !== "studies") throw notFound(request);
    if (parts.length > 1) return answerStudy(request, parts.slice(1));
    checkMethod(request, ["GET"]);
    const list: StudyList = {
      studies: await source.studies(),
      source: source.name,
      canStart: source.start !== undefined,
    };
    return json(list);
  };

  const answer = async (request: Asked): Promise<Reply> => {
    refuseForeign(request, hosts());
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/api/")) return answerApi(request, pathname.slice("/api/".length));
    checkMethod(request, ["GET", "HEAD"]);
    const path = pathname === "/" ? "/index.html" : pathname;
    const bytes = files.get(path);
    if (!bytes) throw notFound(request);
    const type = TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream";
    return { status: 200, headers: { "content-type": type }, body: bytes };
  };

  return handlerOf(async (request) => {
    const reply = await answer(request).catch((error: unknown) => refusalOf(error, tell));
    const policy = { "content-security-policy": policyFor(new URL(request.url).pathname) };
    return { ...reply, headers: { ...reply.headers, ...HEADERS, ...policy } };
  }, tell);
}

const ROUTES: Readonly<Record<string, Readonly<Record<string, Answer>>>> = {
  curves: {
    async GET(study, request) {
      const text = new URL(request.url).searchParams.get("trials") ?? "";
      const numbers = text.split(",").map(Number);
      const areNumbers = /^\d{1,9}(,\d{1,9})*$/.test(text) && numbers.length <= MOST_CURVES;
      must(areNumbers, "trials", `1 to ${MOST_CURVES} numbers of trials, separated by commas`, text);
      return json(await study.curves(numbers));
    },
  },
  "trials.csv": {
    async GET(study) {
      return file(trialsCsv(await study.trials()), "text/csv; charset=utf-8");
    },
  },
  artifacts: {
    async GET(study, _, artifact) {
      const bytes = await study.artifact(artifact);
      if (!bytes) throw new Refusal(404, "not_found", `there is no artifact ${show(artifact)}`);
      return file(bytes, "application/octet-stream");
    },
  },
  notes: {
    async PUT(study, request, _, name) {
      if (!study.note) throw readOnly("notes", name);
      const note = await jsonBody(request, MOST_BYTES);
      must(isRecord(note), "the body", "a note with number, text and tags", note);
      await study.note(note as unknown as Note);
      return json({});
    },
  },
  enqueue: {
    async POST(study, request, _, name) {
      if (!study.enqueue) throw readOnly("points", name);
      const body = await jsonBody(request, MOST_BYTES);
      must(isRecord(body) && isRecord(body.params), "the body", "an object with params", body);
      await study.enqueue(body.params as Params);
      return json({});
    },
  },
  ...Object.fromEntries(
    (["pause", "resume", "cancel"] as const).map((command) => [
      command,
      {
        async POST(study: SourceStudy, _: Asked, __: string, name: string) {
          if (!study.command) throw readOnly("commands", name);
          await study.command(command);
          return json({});
        },
      },
    ]),
  ),
};

const file = (body: string | Uint8Array, type: string): Reply => ({
  status: 200,
  headers: { "content-type": type, "content-disposition": "attachment" },
  body,
});

const readOnly = (what: string, name: string): Refusal =>
  new Refusal(409, "invalid_state", `this dashboard takes no ${what} for study ${show(name)}; see --edit`);

const notFound = (request: Asked): Refusal =>
  new Refusal(404, "not_found", `nothing exists at ${show(new URL(request.url).pathname.slice(0, 100))}`);

/** Refuses requests of other sites' pages, and unknown host names. */
function refuseForeign({ headers }: Asked, hosts: readonly string[]): void {
  const host = headers.get("host") ?? "";
  const origin = headers.get("origin") ?? `http://${host}`;
  const site = headers.get("sec-fetch-site") ?? "same-origin";
  const isOwn =
    hosts.includes(host) &&
    (origin === `http://${host}` || origin === `https://${host}`) &&
    // a link from another site may open the page, but nothing else is answered without the key
    (site === "same-origin" || site === "none" || headers.get("sec-fetch-mode") === "navigate");
  if (isOwn) return;
  throw new Refusal(
    403,
    "invalid_argument",
    `the host must be ${hosts.join(" or ")}, requested by its own page; received ${show(host.slice(0, 100))}`,
  );
}

/** The parts of a path; undefined for one that is not UTF-8. */
function decodedParts(path: string): readonly string[] | undefined {
  try {
    return path.split("/").map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
