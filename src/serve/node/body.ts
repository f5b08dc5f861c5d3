/**
 * The body of a request: it takes from the connection only what its reader asks for, up to a number of bytes, and waits for the client up to
 * a time. `Readable.toWeb` has neither bound.
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
  /** The response to a body that broke a bound, whatever its reader makes of the error. */
  refusal: Refusal | undefined;
  private length = 0;
  /** Whether nothing more is passed on. */
  private isOver = false;
  /** Who waits for the next piece. */
  private reader: { resolve(piece: Piece): void; reject(error: FettleError): void } | undefined;
  /** While the client is waited for: since when, and what ends it. */
  private waiting: { readonly since: number; readonly timer: ReturnType<typeof setTimeout> } | undefined;
  /** Milliseconds that the client may still be waited for. */
  private patience: number;

  /** @param expectsContinue - whether the client sends the body only once it is told to */
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

  /** There is one reader. */
  getReader(): this {
    return this;
  }

  /** @throws FettleError where the body breaks off or breaks a bound */
  read(): Promise<Piece> {
    return new Promise((resolve, reject) => {
      this.reader = { resolve, reject };
      if (this.isOver) return this.stop();
      if (this.expectsContinue) this.outgoing.writeContinue();
      this.expectsContinue = false;
      // what has arrived is taken at once
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

  /** Passes nothing more on. */
  stop(): void {
    this.isOver = true;
    this.stopWaiting();
    this.reader?.reject(
      this.refusal ?? new FettleError("invalid_argument", "the body must be whole; received a part of it"),
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
  new Refusal(408, "invalid_argument", `the body must arrive within ${most} ms; received a part of it`, {
    connection: "close",
  });

/** Milliseconds for the rest of a body after its response: a client that sends all of it before it reads must not be cut off. */
const LINGER = 5_000;

/** Reads the rest of a request and drops it, so that the connection can take the next one; or ends the connection. */
export function dropRest(incoming: NodeRequest): void {
  if (incoming.complete || incoming.socket.destroyed) return;
  const timer = setTimeout(() => incoming.destroy(), LINGER);
  incoming.on("close", () => clearTimeout(timer));
  incoming.resume();
}
