/**
 * Requests and responses as routers see them. A `Request` is an `Asked`; on Node, so is what its parser received. There, making a `Request`
 * and a `Response` with their streams costs more processor time than answering a row, so `serveNode` makes none for handlers of this package.
 */

/** What routers read of a request. */
export interface Asked extends Pick<Request, "method" | "url" | "signal"> {
  readonly headers: { get(name: string): string | null | undefined };
  readonly body: Pieces | null;
}

/** The part of a `ReadableStream` of bytes that is used. */
export interface Pieces {
  getReader(): PieceReader;
}
export interface PieceReader {
  /** What arrives next; without a value at the end. */
  read(): Promise<{ readonly value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

/** A response. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | ReadableStream<Uint8Array> | null;
}

export type Replier = (asked: Asked) => Promise<Reply>;

const repliers = new WeakMap<object, Replier>();

/** A handler of `Request`s, for any host. */
export function handlerOf(reply: Replier): (request: Request) => Promise<Response> {
  const handler = async (request: Request): Promise<Response> => responseOf(await reply(request));
  repliers.set(handler, reply);
  return handler;
}

/** What a handler was made of; undefined for one that {@link handlerOf} did not make. */
export const replierOf = (handler: object): Replier | undefined => repliers.get(handler);

export function responseOf({ body, ...init }: Reply): Response {
  return new Response(body as ConstructorParameters<typeof Response>[0], init);
}
