/** Handlers of requests: functions of `Request`s for every host, made of routers. */
import type { Tell } from "../listener.js";
import { type Asked, type Reply, responseOf } from "./exchange.js";
import { refusalOf } from "./faults.js";

export type Replier = (asked: Asked) => Promise<Reply>;

const repliers = new WeakMap<object, Replier>();

/**
 * A handler, which never rejects.
 *
 * @param tell - receives errors that responses do not show
 */
export function handlerOf(answer: Replier, tell: Tell): (request: Request) => Promise<Response> {
  const reply: Replier = async (asked) => {
    try {
      return await answer(asked);
    } catch (error) {
      return refusalOf(error, tell);
    }
  };
  const handler = async (request: Request): Promise<Response> => responseOf(await reply(request));
  repliers.set(handler, reply);
  return handler;
}

/** The parts of a handler; undefined for one that {@link handlerOf} did not make. */
export const replierOf = (handler: object): Replier | undefined => repliers.get(handler);
