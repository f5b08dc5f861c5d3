/** Limits of requests in size, time and number: the options, and their checks. */
import { must } from "../../errors.js";
import { listener } from "../../listener.js";
import { integer, type OptionRules, type ReadOptions, type Rule, readOptions, rule } from "../../rules.js";

/**
 * Answers requests: `serveStudies(…).fetch`, the result of `modelServer`, or any other function with this
 * signature.
 */
export type RequestHandler = (request: Request) => Response | Promise<Response>;

/** Limits of one request. */
export interface NodeHandlerOptions {
  /**
   * The most bytes of a body; longer ones are refused (413). `Infinity` for handlers that read bodies of any
   * length in bounded memory.
   * @defaultValue 1,048,576
   */
  readonly maxBodyBytes?: number;
  /**
   * The total milliseconds that a handler waits for a body after its headers; then the request is refused
   * (408).
   * @defaultValue 60,000
   */
  readonly bodyTimeout?: number;
  /**
   * Milliseconds for the client to receive the next 64 KiB of a response, or the rest; then the connection is
   * closed. A response with nothing to send, such as a stream without events, is not limited.
   * @defaultValue 30,000
   */
  readonly writeTimeout?: number;
  /**
   * Receives errors that responses do not show: those of the handler and its streams.
   * @defaultValue such errors are not reported
   */
  readonly onError?: (error: unknown) => void;
}

/** The address of a server, and limits of its connections. */
export interface NodeServerOptions extends NodeHandlerOptions {
  /** The port; 0 for any free port. @defaultValue 8080 */
  readonly port?: number;
  /**
   * The name or address that it listens on, such as `"0.0.0.0"` for all networks.
   * @defaultValue `"127.0.0.1"`, only this machine
   */
  readonly hostname?: string;
  /** The most simultaneous connections; others are closed at once. @defaultValue 256 */
  readonly maxConnections?: number;
  /**
   * Milliseconds from a connection's start, or a request's first byte, to the end of its headers; then 408.
   * @defaultValue 10,000
   */
  readonly headersTimeout?: number;
  /** Milliseconds that a connection stays open between requests. @defaultValue 5,000 */
  readonly idleTimeout?: number;
  /**
   * Milliseconds that `close` waits for running responses, before it closes their connections.
   * @defaultValue 10,000
   */
  readonly closeTimeout?: number;
}

/** The longest time of timers; longer ones would fire at once. */
const LONGEST = 2 ** 31 - 1;
const time = integerIn(1, LONGEST, `an integer from 1 to ${LONGEST}, in milliseconds`);

function integerIn(least: number, most: number, words: string): Rule<number> {
  return rule(words, (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most);
}

const HANDLER_RULES = {
  maxBodyBytes: [
    rule<number>(
      "a positive integer or Infinity",
      (value) => value === Infinity || (Number.isSafeInteger(value) && Number(value) > 0),
    ),
    2 ** 20,
  ],
  bodyTimeout: [time, 60_000],
  writeTimeout: [time, 30_000],
  onError: listener,
} satisfies OptionRules<NodeHandlerOptions>;
const SERVER_RULES = {
  ...HANDLER_RULES,
  port: [integerIn(0, 2 ** 16 - 1, "an integer from 0 to 65535"), 8080],
  hostname: [
    rule<string>("a name or an address", (value) => typeof value === "string" && value !== ""),
    "127.0.0.1",
  ],
  maxConnections: [integer(), 256],
  headersTimeout: [time, 10_000],
  idleTimeout: [time, 5_000],
  closeTimeout: [time, 10_000],
} satisfies OptionRules<NodeServerOptions>;

/** Options with their defaults. */
export type HandlerLimits = ReadOptions<NodeHandlerOptions, typeof HANDLER_RULES>;
export type ServerLimits = ReadOptions<NodeServerOptions, typeof SERVER_RULES>;

/** @throws FettleError `invalid_argument` or `unknown_name` for invalid options */
export function handlerLimits(handler: unknown, options: NodeHandlerOptions): HandlerLimits {
  const limits = readOptions(options, "nodeHandler", HANDLER_RULES);
  mustBeHandler(handler);
  return limits;
}

/** @throws FettleError `invalid_argument` or `unknown_name` for invalid options */
export function serverLimits(handler: unknown, options: NodeServerOptions): ServerLimits {
  const limits = readOptions(options, "serveNode", SERVER_RULES);
  mustBeHandler(handler);
  return limits;
}

const mustBeHandler = (handler: unknown): void =>
  must(typeof handler === "function", "handler", "a function from Request to Response", handler);
