/**
 * The body of a request: it reads from the connection only what its reader asks for, with limits of bytes and
 * of waiting time. `Readable.toWeb` has neither limit.
 */
import { platform } from "#platform";
import { FettleError } from "../../errors.js";
import { tooLong } from "../body.js";
import type { PieceReader, Pieces } from "../exchange.js";
import { Refusal } from "../responses.js";
import type { NodeRequest, NodeResponse } from "./host.js";
import type { HandlerLimits } from "./options.js";

interface Piece {
  readonly value?: Uint8Array;
}

export class BoundedBody implements Pieces, PieceReader {
  /** The response to a body that exceeded a limit, however its reader handles the error. */
  refusal: Refusal | undefined;
  private length = 0;
  /** Whether the body has ended for its reader. */
  private isOver = false;
  /** The reader that waits for the next piece. */
  private reader: { resolve(piece: Piece): void; reject(error: FettleError): void } | undefined;
  /** While it waits for the client: the start, and the timer. */
  private waiting: { readonly since: number; readonly timer: ReturnType<typeof setTimeout> } | undefined;
  /** Milliseconds left to wait for the client. */
  private patience: number;

  /** @param expectsContinue - whether the client sends the body only after 100 Continue */
  constructor(
    private readonly incoming: NodeRequest,
    private readonly outgoing: NodeResponse,
    private readonly limits: HandlerLimits,
    private expectsContinue: boolean,
  ) {
    this.patience = limits.bodyTimeout;
    incoming.pause();
    incoming.on("data", (piece) => this.take(piece));
    incoming.on("end", () => this.pass({}));
    incoming.on("close", () => incoming.complete || this.stop());
    outgoing.on("finish", () => this.stop());
  }

  /** There is only one reader. */
  getReader(): this {
    return this;
  }

  /** @throws FettleError if the body is truncated or exceeds a limit */
  read(): Promise<Piece> {
    return new Promise((resolve, reject) => {
      this.reader = { resolve, reject };
      if (this.isOver) return this.stop();
      if (this.expectsContinue) this.outgoing.writeContinue();
      this.expectsContinue = false;
      // bytes that have arrived are returned at once
      if (this.incoming.read() !== null) return;
      if (this.incoming.complete) return this.pass({});
      const timer = setTimeout(() => this.fail(tooSlow(this.limits.bodyTimeout)), this.patience);
      this.waiting = { since: platform.now(), timer };
      this.incoming.resume();
    });
  }

  async cancel(): Promise<void> {
    this.stop();
  }

  /** Ends the body for its reader. */
  stop(): void {
    this.isOver = true;
    this.stopWaiting();
    this.reader?.reject(
      this.refusal ?? new FettleError("invalid_argument", "the body must be complete; received only a part"),
    );
    this.reader = undefined;
  }

  private take(piece: Uint8Array): void {
    if (this.isOver) return;
    this.incoming.pause();
    this.length += piece.length;
    const { maxBodyBytes } = this.limits;
    if (this.length <= maxBodyBytes) this.pass({ value: piece });
    else this.fail(tooLong("the body", maxBodyBytes));
  }

  private pass(piece: Piece): void {
    this.stopWaiting();
    this.reader?.resolve(piece);
    this.reader = undefined;
  }

  private fail(refused: Refusal): void {
    this.refusal = refused;
    this.stop();
  }

  private stopWaiting(): void {
    if (!this.waiting) return;
    clearTimeout(this.waiting.timer);
    this.patience -= platform.now() - this.waiting.since;
    this.waiting = undefined;
  }
}

const tooSlow = (most: number): Refusal =>
  new Refusal(408, "invalid_argument", `the body must arrive within ${most} ms; received only a part`, {
    connection: "close",
  });

/**
 * Milliseconds for the rest of a body after its response: a client that sends the entire body before it reads
 * must not be disconnected.
 */
const LINGER = 5_000;

/**
 * Reads and drops the rest of a request, so that the connection can serve the next one; or closes the
 * connection.
 */
export function dropRest(incoming: NodeRequest): void {
  if (incoming.complete || incoming.socket.destroyed) return;
  const timer = setTimeout(() => incoming.destroy(), LINGER);
  incoming.on("close", () => clearTimeout(timer));
  incoming.resume();
}
