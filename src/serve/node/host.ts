/**
 * The used part of `node:http`, as types. Node's `IncomingMessage` and `ServerResponse` are assignable to
 * them, so the package's declarations need no others. Nothing here runs.
 */

/** The used part of a connection. */
export interface NodeSocket {
  readonly destroyed: boolean;
  /** Ends it at once. */
  destroy(): unknown;
}

/** The used part of `http.IncomingMessage`. */
export interface NodeRequest {
  readonly method?: string | undefined;
  /** The request target, as it was received. */
  readonly url?: string | undefined;
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
  /** Whether all of it has arrived. */
  readonly complete: boolean;
  readonly socket: NodeSocket;
  /** Adds a listener of an event. */
  on(event: "data", listener: (piece: Uint8Array) => void): unknown;
  on(event: "end" | "close" | "error", listener: () => void): unknown;
  /** Returns unread bytes of the body; null without any. They are also an event "data". */
  read(): unknown;
  /** Stops the flow of the body. */
  pause(): unknown;
  /** Lets the body flow. */
  resume(): unknown;
  /** Closes the connection, unless the request has arrived completely. */
  destroy(): unknown;
}

/** The used part of `http.ServerResponse`. */
export interface NodeResponse {
  readonly headersSent: boolean;
  readonly writableFinished: boolean;
  readonly destroyed: boolean;
  /** Sets the status and the headers, names and values in turn. */
  writeHead(status: number, headers: string[]): unknown;
  /** Sends them. */
  flushHeaders(): void;
  /** Writes a piece of the body; false if the writer should wait for the client. */
  write(piece: Uint8Array): boolean;
  /** Ends the response, after an optional last piece of its body. */
  end(last?: string | Uint8Array): unknown;
  /** Ends the connection. */
  destroy(): unknown;
  /** Sends 100 Continue. */
  writeContinue(): unknown;
  /** Adds a listener of an event. */
  on(event: "close" | "drain" | "error" | "finish", listener: () => void): unknown;
  /** Removes a listener. */
  off(event: "close" | "drain" | "finish", listener: () => void): unknown;
}
