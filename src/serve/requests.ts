/**
 * Limits the requests of a server, and makes slices give way to them. While a thread computes, the host can
 * neither accept a request nor continue one that waits for the store.
 */
import { platform, turn } from "#platform";
import { LimitError } from "./limits.js";
import { sleep } from "./timer.js";

/** Turns of the host needed to accept a connection, read its request and write a response. */
const TURNS = 3;
/** Turns after which it waits by timers, which take no processor time. */
const BRISK = 20;
/** The most milliseconds that a slice waits for requests, and that a request delays slices. */
const PATIENCE = 50;

/** The longest timer of hosts; a longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

export interface RequestLimits {
  readonly maxRequests: number;
  readonly maxRequestsPerSecond: number;
  readonly maxRequestMilliseconds: number;
}

export class Requests {
  /** The start of each open request, in milliseconds. */
  private readonly open = new Set<{ readonly began: number }>();
  /** The number of requests allowed now: a bucket that fills with time. */
  private left: number;
  private filled = platform.now();

  constructor(private readonly limits: RequestLimits) {
    this.left = limits.maxRequestsPerSecond;
  }

  /** Answers a request. @throws LimitError if there are too many, or it takes too long */
  async answer<R>(call: () => Promise<R>): Promise<R> {
    this.count();
    const request = { began: platform.now() };
    this.open.add(request);
    try {
      return await this.inTime(call());
    } finally {
      this.open.delete(request);
    }
  }

  /** Lets the host accept requests, and waits a bounded time until recent ones are answered. */
  async giveWay(): Promise<void> {
    const began = platform.now();
    for (let turns = 0, quiet = 0; quiet < TURNS; turns++) {
      await (turns < BRISK ? turn() : sleep(1));
      const now = platform.now();
      if (now - began >= PATIENCE) return;
      const isYoung = [...this.open].some((request) => now - request.began < PATIENCE);
      quiet = isYoung ? 0 : quiet + 1;
    }
  }

  private count(): void {
    const { maxRequests, maxRequestsPerSecond } = this.limits;
    const now = platform.now();
    const gained = ((now - this.filled) / 1000) * maxRequestsPerSecond;
    this.filled = now;
    this.left = Math.min(maxRequestsPerSecond, this.left + gained);
    if (this.left < 1)
      throw new LimitError(
        429,
        `requests must be at most ${maxRequestsPerSecond} a second; received more. Send fewer, or read /events; the ` +
          "server's limit is maxRequestsPerSecond",
        1,
      );
    if (this.open.size >= maxRequests)
      throw new LimitError(
        503,
        `requests at the same time must be at most ${maxRequests}; received one more. The server's limit is maxRequests`,
        1,
      );
    this.left--;
  }

  private async inTime<R>(answer: Promise<R>): Promise<R> {
    const { maxRequestMilliseconds: most } = this.limits;
    if (most === Number.POSITIVE_INFINITY) return answer;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      const message =
        `a request must be answered within ${most} milliseconds; it still waits for its body, the store, or the option ` +
        "tuner, and its work may still complete. The server's limit is maxRequestMilliseconds";
      timer = setTimeout(() => reject(new LimitError(503, message, 1)), Math.min(most, LONGEST_TIMER));
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
