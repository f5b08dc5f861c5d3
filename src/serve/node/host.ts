/**
 * The part of `node:http` that a handler touches, as types. Node's own `IncomingMessage` and `ServerResponse` are assignable to
 * them, so the package's declarations need no others. Nothing here runs.
 */

/** The part of a connection that is used. */
export interface NodeSocket {
  readonly destroyed: boolean;
  /** Ends it at once. */
  destroy(): unknown;
}

/** The part of `http.IncomingMessage` that is used. */
export interface NodeRequest {
  readonly method?: string | undefined;
  /** The request target, as it was received. */
  readonly url?: string | undefined;
  /** Names and values in turn, as they were received. */
  readonly rawHeaders: readonly string[];
  /** Whether all of it has arrived. */
  readonly complete: boolean;
  readonly socket: NodeSocket;
  /** Calls a listener at each event of a name. */
  on(event: "data", listener: (piece: Uint8Array) => void): unknown;
  on(event: "end" | "close" | "error", listener: () => void): unknown;
  /** What has arrived of the body and was not taken; null for nothing. It is an event "data" too. */
  read(): unknown;
  /** Stops the flow of the body. */
  pause(): unknown;
  /** Lets the body flow. */
  resume(): unknown;
  /** Ends the connection, unless the request has arrived whole. */
  destroy(): unknown;
}

/** The part of `http.ServerResponse` that is used. */
export interface NodeResponse {
  readonly headersSent: boolean;
  readonly writableFinished: boolean;
  readonly destroyed: boolean;
  /** Decides the status and the headers, names and values in turn. */
  writeHead(status: number, headers: string[]): unknown;
  /** Sends them. */
  flushHeaders(): void;
  /** Writes a piece of the body; false while the client should be waited for. */
  write(piece: Uint8Array): boolean;
  /** Ends the response, after the last of its body. */
  end(last?: string | Uint8Array): unknown;
  /** Ends the connection. */
  destroy(): unknown;
  /** Sends 100 Continue. */
  writeContinue(): unknown;
  /** Calls a listener at each event of a name. */
  on(event: "close" | "drain" | "error" | "finish", listener: () => void): unknown;
  /** Removes a listener. */
  off(event: "close" | "drain" | "finish", listener: () => void): unknown;
}
