/**
 * Requests to studies, and their answers. Whoever has the token may do everything, whoever has not nothing. It decides
 * which method of a study is called; what that does, and when a study goes on, is not its business.
 *
 *     POST   /studies/:id             starts it; the body is JSON, its settings
 *     GET    /studies/:id             its status
 *     DELETE /studies/:id             forgets it
 *     GET    /studies/:id/trials      its finished trials
 *     GET    /studies/:id/result      what came of it: best trials, test scores, weights
 *     GET    /studies/:id/events      what happens, as server-sent events
 *     POST   /studies/:id/pause, resume, cancel
 *     POST   /studies/:id/advance     does a slice, where nothing else does
 */
import { type ErrorCode, FettleError, show } from "../errors.js";
import type { Space } from "../search/space/space.js";
import { eventStream } from "./events.js";
import type { StudyStatus } from "./record.js";
import type { ServedStudy } from "./study.js";

type Asked = "id" | "status" | "start" | "command" | "forget" | "trials" | "outcome" | "listen";
/** A study, and what may be asked of it. */
interface Study extends Pick<ServedStudy<Space, Space>, Asked> {
  slice(): Promise<StudyStatus | undefined>;
}
type Answer = (study: Study, request: Request) => Promise<Response>;

/** By what follows the name, and by method. */
const ROUTES: Readonly<Record<string, Readonly<Record<string, Answer>>>> = {
  "": {
    async POST(study, request) {
      const { status, created } = await study.start(await jsonBody(request));
      return json(status, created ? 201 : 200);
    },
    GET: async (study) => json((await study.status()) ?? missing(study)),
    async DELETE(study) {
      await study.forget();
      return new Response(null, { status: 204 });
    },
  },
  trials: { GET: async (study) => json(await study.trials()) },
  result: { GET: async (study) => json(await study.outcome()) },
  events: {
    async GET(study) {
      const stream = await eventStream((listener) => study.listen(listener));
      return new Response(stream, {
        headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
      });
    },
  },
  pause: { POST: async (study) => json(await study.command("pause")) },
  resume: { POST: async (study) => json(await study.command("resume")) },
  cancel: { POST: async (study) => json(await study.command("cancel")) },
  advance: { POST: async (study) => json((await study.slice()) ?? missing(study)) },
};

/** A request that may be answered. */
export interface Admitted {
  readonly id: string;
  answer(study: Study): Promise<Response>;
}

/**
 * Reads a request up to its body.
 *
 * @returns what it is for; or the answer, where it is refused
 */
export async function admit(request: Request, token: unknown): Promise<Admitted | Response> {
  const unauthorized = await whyNot(request, token);
  if (unauthorized) return unauthorized;
  const [, root, id = "", action = "", ...rest] = new URL(request.url).pathname.split("/");
  if (root !== "studies" || !NAME.test(id) || rest.length > 0 || !Object.hasOwn(ROUTES, action)) {
    return refusal(
      404,
      "not_found",
      "paths are /studies/<name> and what its table lists; a name has 1 to 64 letters, digits, - and _",
    );
  }
  const methods = ROUTES[action];
  if (!Object.hasOwn(methods, request.method)) {
    const allow = Object.keys(methods).join(", ");
    return refusal(405, "invalid_argument", `the method is ${allow}, received ${show(request.method)}`, {
      allow,
    });
  }
  return {
    id,
    async answer(study) {
      try {
        return await methods[request.method](study, request);
      } catch (error) {
        const code = error instanceof FettleError ? error.code : "internal";
        return refusal(STATUS[code], code, error instanceof Error ? error.message : show(error));
      }
    },
  };
}

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** The shortest token. */
const TOKEN = 16;

/** Why something is no token, in words for a person; undefined if it is one. */
export function whyNoToken(token: unknown): string | undefined {
  if (typeof token === "string" && token.length >= TOKEN) return undefined;
  return `a token is required, a secret of at least ${TOKEN} characters, as from openssl rand -hex 32; there is ${
    typeof token === "string" ? `one of ${token.length} characters` : "none"
  }`;
}

/** The refusal of a request without the token, or of all where there is none. */
export async function whyNot(request: Request, token: unknown): Promise<Response | undefined> {
  const misused = whyNoToken(token);
  if (misused !== undefined) return refusal(503, "invalid_state", misused);
  if (await isAuthorized(request, token as string)) return undefined;
  const headers = { "www-authenticate": "Bearer" };
  return refusal(401, "invalid_argument", "the header is authorization: Bearer <token>", headers);
}

/** Compares hashes, in a time that says nothing of the token. */
async function isAuthorized(request: Request, token: string): Promise<boolean> {
  const text = new TextEncoder();
  const given = request.headers.get("authorization") ?? "";
  const [a, b] = await Promise.all(
    [given, `Bearer ${token}`].map((each) => crypto.subtle.digest("SHA-256", text.encode(each))),
  );
  const [left, right] = [new Uint8Array(a), new Uint8Array(b)];
  return left.reduce((differences, byte, i) => differences | (byte ^ right[i]), 0) === 0;
}

/** The most bytes of a body: settings are short. */
const MOST_BYTES = 16_384;

/** @throws FettleError `memory_limit` for one that is too long, `invalid_argument` for one that is not JSON */
async function jsonBody(request: Request): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done) break;
    length += value.length;
    if (length > MOST_BYTES) {
      await reader?.cancel();
      throw new FettleError("memory_limit", `a body has at most ${MOST_BYTES} bytes`);
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  try {
    return length === 0 ? {} : JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new FettleError("invalid_argument", "the body is JSON in UTF-8, or empty", { cause });
  }
}

/** Errors that whoever asks can mend are 4xx. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid_argument: 400,
  invalid_shape: 400,
  invalid_data: 400,
  invalid_space: 400,
  unknown_name: 400,
  not_found: 404,
  invalid_state: 409,
  memory_limit: 413,
  invalid_checkpoint: 500,
  trial_failed: 500,
  unsupported: 500,
  internal: 500,
};

function missing({ id }: Study): never {
  throw new FettleError("not_found", `there is no study ${show(id)}`);
}

function refusal(
  status: number,
  code: ErrorCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return json({ error: { code, message } }, status, headers);
}

/** Typed arrays as lists. */
function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  const text = JSON.stringify(value, (_, each) =>
    ArrayBuffer.isView(each) ? [...(each as Float32Array)] : each,
  );
  return new Response(text, {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  });
}
