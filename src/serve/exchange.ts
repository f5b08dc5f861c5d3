/**
 * Requests and responses as routers see them. A `Request` is an `Asked`; on Node, so is what its parser
 * received. There, a `Request` and a `Response` with their streams cost more processor time than the answer
 * for a row, so `serveNode` creates none for handlers of this package.
 */

/** The part of a request that routers read. */
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

export function responseOf({ body, ...init }: Reply): Response {
  return new Response(body as ConstructorParameters<typeof Response>[0], init);
}
