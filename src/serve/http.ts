/**
 * Requests to studies, and their responses. This file only decides which method of a study a request calls.
 *
 *     GET    /studies                 the names of all; see list.ts
 *     POST   /studies/:id             starts it; the body is its settings as JSON
 *     GET    /studies/:id             its status
 *     DELETE /studies/:id             deletes it
 *     GET    /studies/:id/definition  its space, strategy, seed, directions and metrics
 *     GET    /studies/:id/trials      its finished trials
 *     GET    /studies/:id/running     its running trials, with their curves so far
 *     GET    /studies/:id/result      its best trials, test scores and weights
 *     GET    /studies/:id/model       its final model, as a model file
 *     POST   /studies/:id/predict     predictions of its final model; the body is rows as JSON
 *     GET    /studies/:id/events      its progress, as server-sent events
 *     POST   /studies/:id/pause, resume, cancel
 *     POST   /studies/:id/advance     runs one slice, for hosts without background work
 */
import { show } from "../errors.js";
import type { Tell } from "../listener.js";
import type { Space } from "../search/space/space.js";
import { jsonBody } from "./body.js";
import { eventStream } from "./events.js";
import type { Asked, Reply } from "./exchange.js";
import { refusalOf } from "./faults.js";
import { predictions } from "./models/predictions.js";
import { checkMethod, eventReply, json, NOTHING, Refusal } from "./responses.js";
import type { ServedStudy } from "./study.js";
import { checkToken } from "./token.js";

/** The methods of a study that requests may call. */
type Study = Pick<
  ServedStudy<Space, Space>,
  | "status"
  | "definition"
  | "start"
  | "command"
  | "delete"
  | "trials"
  | "runningTrials"
  | "result"
  | "listen"
  | "model"
  | "answerer"
> & { runSlice(): ReturnType<ServedStudy<Space, Space>["runSlice"]> };
type Handler = (study: Study, request: Asked, tell: Tell) => Promise<Reply>;

/** By the action that follows the study's name, then by method. */
const ROUTES: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  "": {
    async POST(study, request) {
      const { status, created } = await study.start(await jsonBody(request, MOST_BYTES, {}));
      return json(status, created ? 201 : 200);
    },
    GET: async (study) => json(await study.status()),
    async DELETE(study) {
      await study.delete();
      return NOTHING;
    },
  },
  definition: { GET: async (study) => json(await study.definition()) },
  trials: { GET: async (study) => json(await study.trials()) },
  running: { GET: async (study) => json(await study.runningTrials()) },
  result: { GET: async (study) => json(await study.result()) },
  events: {
    GET: async (study) => eventReply(await eventStream((listener) => study.listen(listener))),
  },
  pause: { POST: async (study) => json(await study.command("pause")) },
  resume: { POST: async (study) => json(await study.command("resume")) },
  cancel: { POST: async (study) => json(await study.command("cancel")) },
  model: {
    async GET(study) {
      const headers = { "content-type": "application/octet-stream", "cache-control": "no-store" };
      return { status: 200, headers, body: await study.model() };
    },
  },
  predict: {
    POST: async (study, request, tell) => predictions(await study.answerer(), request, PREDICT_LIMITS, tell),
  },
  advance: { POST: async (study) => json((await study.runSlice()) ?? (await study.status())) },
};

/** A request that passed the checks of its header, path and method. */
export interface Admitted {
  /** The study that it concerns. */
  readonly id: string;
  /** Never rejects. @param tell - receives errors that the response does not show */
  answer(study: Study, tell: Tell): Promise<Reply>;
}

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** Whether a text can name a study. */
export const isName = (text: string): boolean => NAME.test(text);
/** Characters of a path that a refusal repeats. */
const SHOWN = 100;

/** Reads a request except its body. @throws Refusal */
export function admit(request: Asked, token: unknown): Admitted {
  checkToken(request, token);
  const { pathname } = new URL(request.url);
  const [, root, id = "", action = "", ...rest] = pathname.split("/");
  if (root !== "studies" || !NAME.test(id) || rest.length > 0 || !Object.hasOwn(ROUTES, action)) {
    const actions = Object.keys(ROUTES).filter(Boolean).join(", ");
    throw new Refusal(
      404,
      "not_found",
      "the path must be /studies/<name> or /studies/<name>/<action>, with a name of 1 to 64 letters, digits, - and _ " +
        `and one of the actions ${actions}; received ${show(pathname.slice(0, SHOWN))}`,
    );
  }
  const methods = ROUTES[action];
  checkMethod(request, Object.keys(methods));
  return {
    id,
    answer: (study, tell) =>
      methods[request.method](study, request, tell).catch((error) => refusalOf(error, tell)),
  };
}

/** The most rows and bytes of a request for predictions, as in `modelServer`. */
const PREDICT_LIMITS = { maxRows: 1000, maxBytes: 2 ** 20 };

/** The most bytes of other bodies: settings are short. */
const MOST_BYTES = 16_384;
