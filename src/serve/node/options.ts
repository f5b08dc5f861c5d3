/** Limits of requests in size, time and number: the options, and their checks. */
import { checkOptions, must, mustBeInteger, type OptionNames } from "../../errors.js";
import { mustBeListener } from "../../listener.js";

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

const HANDLER_OPTIONS: OptionNames<NodeHandlerOptions> = {
  maxBodyBytes: true,
  bodyTimeout: true,
  writeTimeout: true,
  onError: true,
};
const SERVER_OPTIONS: OptionNames<NodeServerOptions> = {
  ...HANDLER_OPTIONS,
  port: true,
  hostname: true,
  maxConnections: true,
  headersTimeout: true,
  idleTimeout: true,
  closeTimeout: true,
};

/** Options with their defaults. */
export type HandlerLimits = Required<Omit<NodeHandlerOptions, "onError">>;
export type ServerLimits = Required<Omit<NodeServerOptions, "onError">>;

const HANDLER_DEFAULTS: HandlerLimits = {
  maxBodyBytes: 2 ** 20,
  bodyTimeout: 60_000,
  writeTimeout: 30_000,
};
const SERVER_DEFAULTS: ServerLimits = {
  ...HANDLER_DEFAULTS,
  port: 8080,
  hostname: "127.0.0.1",
  maxConnections: 256,
  headersTimeout: 10_000,
  idleTimeout: 5_000,
  closeTimeout: 10_000,
};

/** @throws FettleError `invalid_argument` or `unknown_name` for invalid options */
export function handlerLimits(handler: unknown, options: NodeHandlerOptions): HandlerLimits {
  checkOptions(options, "nodeHandler", HANDLER_OPTIONS);
  const limits = withDefaults(HANDLER_DEFAULTS, options);
  checkHandler(handler, limits, options);
  return limits;
}

/** @throws FettleError `invalid_argument` or `unknown_name` for invalid options */
export function serverLimits(handler: unknown, options: NodeServerOptions): ServerLimits {
  checkOptions(options, "serveNode", SERVER_OPTIONS);
  const limits = withDefaults(SERVER_DEFAULTS, options);
  checkHandler(handler, limits, options);
  const { port, hostname } = limits;
  must(Number.isInteger(port) && port >= 0 && port < 2 ** 16, "port", "an integer from 0 to 65535", port);
  must(typeof hostname === "string" && hostname !== "", "hostname", "a name or an address", hostname);
  mustBeInteger("maxConnections", limits.maxConnections);
  mustBeTime("headersTimeout", limits.headersTimeout);
  mustBeTime("idleTimeout", limits.idleTimeout);
  mustBeTime("closeTimeout", limits.closeTimeout);
  return limits;
}

function checkHandler(handler: unknown, limits: HandlerLimits, { onError }: NodeHandlerOptions): void {
  must(typeof handler === "function", "handler", "a function from Request to Response", handler);
  const { maxBodyBytes } = limits;
  const isBound = maxBodyBytes === Infinity || (Number.isSafeInteger(maxBodyBytes) && maxBodyBytes > 0);
  must(isBound, "maxBodyBytes", "a positive integer or Infinity", maxBodyBytes);
  mustBeTime("bodyTimeout", limits.bodyTimeout);
  mustBeTime("writeTimeout", limits.writeTimeout);
  mustBeListener(onError);
}

/** The longest time of timers; longer ones would fire at once. */
function mustBeTime(name: string, value: unknown): void {
  const most = 2 ** 31 - 1;
  const isTime = Number.isInteger(value) && (value as number) > 0 && (value as number) <= most;
  must(isTime, name, `an integer from 1 to ${most}, in milliseconds`, value);
}

/** An undefined option counts as missing. */
function withDefaults<T extends object>(defaults: T, options: Partial<T>): T {
  const given = Object.entries(options).filter(([name, value]) => name in defaults && value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) };
}
