/**
 * The body of a request as a stream that takes from the connection only what its reader asks for, up to a number of bytes, and waits for
 * the client up to a time. `Readable.toWeb` has neither bound.
 */
import { platform } from "#platform";
import { FettleError } from "../../errors.js";
import { tooLong } from "../body.js";
import { refusalOf } from "../faults.js";
import { refusal } from "../responses.js";
import type { NodeRequest, NodeResponse } from "./host.js";
import type { HandlerLimits } from "./options.js";

export class BoundedBody {
  readonly stream: ReadableStream<Uint8Array>;
  /** The response to a body that broke a bound, whatever its reader makes of the error. */
  refusal: Response | undefined;
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private length = 0;
  /** Whether nothing more is passed on. */
  private isOver = false;
  /** While the client is waited for: since when, and what ends it. */
  private waiting: { readonly since: number; readonly timer: ReturnType<typeof setTimeout> } | undefined;
  /** Milliseconds that the client may still be waited for. */
  private patience: number;

  /**
   * @param outgoing - the response, with whose end the body ends
   * @param expectsContinue - whether the client sends the body only once it is told to
   */
  constructor(
    private readonly incoming: NodeRequest,
    private readonly outgoing: NodeResponse,
    private readonly limits: HandlerLimits,
    private expectsContinue: boolean,
  ) {
    this.patience = limits.bodyTimeout;
    incoming.pause();
    incoming.on("data", (piece) => this.take(piece));
    incoming.on("end", () => this.end(() => this.controller.close()));
    const error = new FettleError("invalid_argument", "the body must be whole; received a part of it");
    const breakOff = (): void => this.end(() => this.controller.error(error));
    incoming.on("close", breakOff);
    outgoing.on("finish", breakOff);
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.controller = controller;
        },
        pull: () => this.ask(),
        cancel: () => this.end(() => {}),
      },
      { highWaterMark: 0 },
    );
  }

  private ask(): void {
    if (this.expectsContinue) this.outgoing.writeContinue();
    this.expectsContinue = false;
    const timer = setTimeout(() => this.fail(refuseSlow(this.limits.bodyTimeout)), this.patience);
    this.waiting = { since: platform.now(), timer };
    this.incoming.resume();
  }

  private take(piece: Uint8Array): void {
    if (this.isOver) return;
    this.stopWaiting();
    const { maxBodyBytes } = this.limits;
    this.length += piece.length;
    this.incoming.pause();
    if (this.length <= maxBodyBytes) this.controller.enqueue(piece);
    else this.fail(refuseLong(maxBodyBytes));
  }

  private fail(refused: Response): void {
    this.refusal = refused;
    this.end(() => this.controller.error(new FettleError("memory_limit", "the body broke a bound")));
  }

  /** @param settle - is called at the first end alone */
  private end(settle: () => void): void {
    if (this.isOver) return;
    this.isOver = true;
    this.stopWaiting();
    settle();
  }

  private stopWaiting(): void {
    if (!this.waiting) return;
    clearTimeout(this.waiting.timer);
    this.patience -= platform.now() - this.waiting.since;
    this.waiting = undefined;
  }
}

/** The refusal of a body, or of its announcement. */
export const refuseLong = (most: number): Response => refusalOf(tooLong("the body", most), () => {});

const refuseSlow = (most: number): Response =>
  refusal(408, "invalid_argument", `the body must arrive within ${most} ms; received a part of it`, {
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
