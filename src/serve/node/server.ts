/**
 * A server of Node for a handler of `Request`s: it listens, limits connections in number and time, and shuts
 * down gracefully.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { FettleError } from "../../errors.js";
import { teller } from "../../listener.js";
import { refusalOf } from "../faults.js";
import { Answers } from "./handler.js";
import { refuseMethod } from "./head.js";
import { type NodeServerOptions, type RequestHandler, type ServerLimits, serverLimits } from "./options.js";

/** A listening server. */
export interface NodeServer {
  /** Its address, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The port that it listens on. */
  readonly port: number;
  /**
   * Accepts no more connections, ends streams of events, and resolves once running responses have been sent,
   * or after `closeTimeout`, which ends them.
   */
  readonly close: () => Promise<void>;
}

/** The most bytes of a request's headers; beyond that 431. */
const MOST_HEADER_BYTES = 16_384;
/** The most milliseconds between two checks for connections whose headers take too long. */
const CHECK_INTERVAL = 1_000;
/** Milliseconds of silence after which the system probes a client (keep-alive). */
const PROBE_DELAY = 60_000;

/**
 * Serves a handler of requests on Node, safe against clients that are slow, broken or hostile: their headers,
 * bodies, responses and connections are limited in size, time and number. `docs/serving.md` has a table of
 * the limits. Deno, Bun and Workers have their own servers.
 *
 * @throws FettleError `invalid_argument` or `unknown_name` for invalid options, `invalid_state` if it cannot
 * listen
 * @example
 * ```ts
 * const server = await serveNode((request) => Response.json({ path: new URL(request.url).pathname }), { port: 0 });
 * const response = await fetch(`${server.url}/studies`);
 * await response.json(); // { path: "/studies" }
 * await server.close();
 * ```
 */
export async function serveNode(
  handler: RequestHandler,
  options: NodeServerOptions = {},
): Promise<NodeServer> {
  const limits = serverLimits(handler, options);
  const tell = teller(options.onError);
  const answers = new Answers(handler, limits, tell);
  const server = createServer({
    maxHeaderSize: MOST_HEADER_BYTES,
    insecureHTTPParser: false,
    headersTimeout: limits.headersTimeout,
    requestTimeout: 0, // bodies and responses have their own time-outs
    keepAliveTimeout: limits.idleTimeout,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL, limits.headersTimeout),
    keepAlive: true,
    keepAliveInitialDelay: PROBE_DELAY,
  });
  server.maxConnections = limits.maxConnections;
  let closing: Promise<void> | undefined;
  const take = async (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    expectsContinue: boolean,
  ): Promise<void> => {
    await answers.answer(incoming, outgoing, expectsContinue);
    if (closing) server.closeIdleConnections();
  };
  server.on("request", (incoming, outgoing) => void take(incoming, outgoing, false));
  server.on("checkContinue", (incoming, outgoing) => void take(incoming, outgoing, true));
  server.on("connect", (_, socket) => refuseTunnel(socket));
  const port = await listen(server, limits);
  server.on("error", tell);
  const close = (): Promise<void> => {
    closing ??= new Promise((resolve) => {
      const timer = setTimeout(() => server.closeAllConnections(), limits.closeTimeout);
      server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      answers.close();
      server.closeIdleConnections();
    });
    return closing;
  };
  const { hostname } = limits;
  return { url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`, port, close };
}

/** The port. @throws FettleError `invalid_state` */
function listen(server: Server, { port, hostname }: ServerLimits): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error): void =>
      reject(
        new FettleError("invalid_state", `cannot listen on ${hostname}, port ${port}: ${cause.message}`, {
          cause,
        }),
      );
    server.once("error", refuse);
    server.listen(port, hostname, () => {
      server.off("error", refuse);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** CONNECT, which Node passes as a connection without a response and without a time-out. */
function refuseTunnel(socket: Duplex): void {
  socket.on("error", () => {});
  const { headers: own, body } = refusalOf(refuseMethod("CONNECT"), () => {});
  const headers = [...Object.entries(own), ["content-length", `${body}`.length], ["connection", "close"]];
  const lines = ["HTTP/1.1 405 Method Not Allowed", ...headers.map((pair) => pair.join(": ")), "", body];
  socket.end(lines.join("\r\n"), () => socket.destroy());
}
