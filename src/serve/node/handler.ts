/**
 * Requests of `node:http`, answered by a handler of `Request`s. Whatever a client sends, and whenever it
 * disconnects, nothing is thrown here; the server limits connections and the time for headers.
 */

import { isA } from "../../errors.js";
import { type Tell, teller } from "../../listener.js";
import type { Reply } from "../exchange.js";
import { refusalOf } from "../faults.js";
import { replierOf } from "../handler.js";
import { Refusal } from "../responses.js";
import { NodeAsked, requestOf } from "./asked.js";
import { BoundedBody, dropRest } from "./body.js";
import { headOf } from "./head.js";
import type { NodeRequest, NodeResponse, NodeSocket } from "./host.js";
import {
  type HandlerLimits,
  handlerLimits,
  type NodeHandlerOptions,
  type RequestHandler,
} from "./options.js";
import { Sending } from "./send.js";

/** The most waiting requests of one connection; clients that send more are disconnected. */
const MOST_WAITING = 16;

/** The requests of one connection, answered one after another. */
interface Turns {
  waiting: number;
  last: Promise<void>;
}

export class Answers {
  private readonly turns = new WeakMap<NodeSocket, Turns>();
  /** Endless responses, which the server must end. */
  private readonly endless = new Set<Sending>();
  private isClosing = false;
  private readonly reply: (asked: NodeAsked) => Promise<Reply | Response>;

  constructor(
    handler: RequestHandler,
    private readonly limits: HandlerLimits,
    private readonly tell: Tell,
  ) {
    this.reply = replierOf(handler) ?? (async (asked) => handler(requestOf(asked)));
  }

  /**
   * Answers a request, after the earlier ones on its connection. It never rejects.
   *
   * @param expectsContinue - whether the client waits for 100 Continue before it sends the body
   */
  answer(incoming: NodeRequest, outgoing: NodeResponse, expectsContinue = false): Promise<void> {
    incoming.on("error", ignore);
    outgoing.on("error", ignore);
    const { socket } = incoming;
    const turns = this.turns.get(socket) ?? { waiting: 0, last: Promise.resolve() };
    this.turns.set(socket, turns);
    if (turns.waiting === MOST_WAITING) {
      socket.destroy();
      return turns.last;
    }
    turns.waiting++;
    turns.last = turns.last.then(async () => {
      if (!socket.destroyed) await this.answerNow(incoming, outgoing, expectsContinue);
      turns.waiting--;
    });
    return turns.last;
  }

  /** Ends endless responses, and refuses requests from now on. */
  close(): void {
    this.isClosing = true;
    for (const sending of this.endless) sending.stop();
  }

  private async answerNow(
    incoming: NodeRequest,
    outgoing: NodeResponse,
    expectsContinue: boolean,
  ): Promise<void> {
    const isHead = incoming.method === "HEAD";
    try {
      const response = await this.responseTo(incoming, outgoing, expectsContinue);
      await this.send(response, outgoing, isHead);
    } catch (error) {
      // clients do not see a handler's error, whatever its code
      const refused = refusalOf(isA(error, Refusal) ? error : undefined, () => this.tell(error));
      if (outgoing.headersSent) outgoing.destroy();
      else await this.send(refused, outgoing, isHead).catch(() => outgoing.destroy());
    }
    dropRest(incoming);
  }

  private async responseTo(
    incoming: NodeRequest,
    outgoing: NodeResponse,
    expectsContinue: boolean,
  ): Promise<Reply | Response> {
    if (this.isClosing) throw new Refusal(503, "invalid_state", "the server is closing");
    const { method, url, headers, hasBody } = headOf(incoming, this.limits.maxBodyBytes);
    const body = hasBody ? new BoundedBody(incoming, outgoing, this.limits, expectsContinue) : null;
    try {
      const response = await this.reply(new NodeAsked(method, url, headers, body, outgoing));
      if (!body?.refusal) return response;
      if (response.body instanceof ReadableStream) response.body.cancel().catch(ignore);
    } catch (error) {
      if (!body?.refusal) throw error;
    }
    throw body.refusal;
  }

  private async send(response: Reply | Response, outgoing: NodeResponse, isHead: boolean): Promise<void> {
    const sending = new Sending(response, outgoing, this.isClosing, this.limits.writeTimeout);
    if (sending.isEndless) this.endless.add(sending);
    if (sending.isEndless && this.isClosing) sending.stop();
    try {
      await sending.send(!isHead);
    } finally {
      this.endless.delete(sending);
    }
  }
}

/** For events that an `Answers` also handles elsewhere. */
const ignore = (): void => {};

/**
 * A listener of requests for a server of your own: `createServer(nodeHandler(handler))` of `node:http` or
 * `node:https`, or a route of a framework over them. It limits bodies and responses in size and time, answers
 * CONNECT and TRACE with 405, and never throws. Its `Request`s have the origin `http://localhost`; the header
 * `host` has the client's value. `serveNode` also limits connections.
 *
 * @throws FettleError `invalid_argument` or `unknown_name` for invalid options
 * @example
 * ```ts
 * const listener = nodeHandler((request) => new Response(new URL(request.url).pathname), { maxBodyBytes: 1000 });
 * typeof listener; // "function"
 * ```
 */
export function nodeHandler(
  handler: RequestHandler,
  options: NodeHandlerOptions = {},
): (incoming: NodeRequest, outgoing: NodeResponse) => void {
  const answers = new Answers(handler, handlerLimits(handler, options), teller(options.onError));
  return (incoming, outgoing) => void answers.answer(incoming, outgoing);
}
