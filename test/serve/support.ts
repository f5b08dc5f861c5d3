/** Shared by the tests of servers: a study to serve, and a client. */
import { choice, float, int } from "../../src/search/space/builders.js";
import type { Params } from "../../src/search/space/space.js";
import { createStrategy } from "../../src/search/strategies/index.js";
import { defineTuner } from "../../src/serve/options.js";
import { type ServerOptions, serveStudies } from "../../src/serve/server.js";
import { memoryStorage } from "../../src/store/memory.js";
import { logistic, x, y } from "../tune/support.js";

export const TOKEN = "0123456789abcdef";

export const settings = { trials: int(1, 50), strategy: choice(["tpe", "random", "gp"]) };
export const space = { learningRate: float(1e-2, 1, { log: true }) };

/** The options of the tuner for some settings. */
export const tunerFor = ({ trials, strategy }: { readonly trials: number; readonly strategy: string }) =>
  defineTuner({
    x,
    y,
    space,
    trials,
    strategy: createStrategy(strategy),
    model: logistic,
    seed: 3,
    fit: { epochs: 4, batchSize: 16 },
    validation: { folds: 2 },
    testSize: 0.2,
    lag: 1,
  });

export const options: ServerOptions<typeof settings, typeof space> = {
  token: TOKEN,
  storage: memoryStorage(),
  settings,
  tuner: (given) => tunerFor({ ...given, strategy: given.strategy as string }),
};

/** A server without background work, so that a test decides when slices run. */
export const served = (more: Partial<typeof options> = {}) =>
  serveStudies({ ...options, storage: memoryStorage(), background: false, ...more });

type Fetch = (request: Request) => Promise<Response>;

/** What a client sends; a body that is not a string is sent as JSON. */
export interface Asked {
  readonly headers?: Record<string, string>;
  readonly body?: string | Params;
}

export const authorized = { authorization: `Bearer ${TOKEN}` };

/** @param words - method and path, as `GET /studies/a` */
export function ask(
  fetch: Fetch,
  words: string,
  { headers = authorized, body }: Asked = {},
): Promise<Response> {
  const [method, path] = words.split(" ");
  const text = typeof body === "object" ? JSON.stringify(body) : body;
  return fetch(
    new Request(`https://example.com${path}`, { method, headers, ...(text !== undefined && { body: text }) }),
  );
}

/** The JSON of a response that is not a refusal. */
export async function read<T = Record<string, unknown>>(response: Promise<Response>): Promise<T> {
  const answer = await response;
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${text}`);
  return JSON.parse(text) as T;
}

/** Status, code and message of a refusal. */
export async function refusalOf(response: Promise<Response>): Promise<[number, string, string]> {
  const answer = await response;
  const { error } = (await answer.json()) as { error: { code: string; message: string } };
  return [answer.status, error.code, error.message];
}

/** What a client sees of an error that is not its own. */
export const unexpected = [500, "internal", "the server met an unexpected error"];
