/**
 * Which client holds which trial, and until when. A lease decides whose reports count, and never changes a
 * trial or its result.
 */
import { check } from "../../errors.js";

interface Lease {
  readonly id: string;
  /** When the lease was given, in milliseconds. */
  readonly since: number;
  /** When its trial may be handed to another client, unless its holder reports first. */
  until: number;
}

/** See the head of this file. */
export class Leases {
  /** By trial, in the order in which they end: all have the same duration. */
  private readonly held = new Map<number, Lease>();
  /** Trials without a holder, such as those that were running when the server restarted. */
  private readonly offered = new Set<number>();

  /**
   * @param milliseconds - the longest silence of a holder
   * @param clock - milliseconds
   */
  constructor(
    private readonly milliseconds: number,
    private readonly clock: () => number,
  ) {}

  /** Lets a trial be handed out, unless a client holds it. */
  offer(number: number): void {
    if (!this.held.has(number)) this.offered.add(number);
  }

  /** A trial that may be handed out: it is free, or its lease has expired; undefined if there is none. */
  free(): number | undefined {
    for (const number of this.offered) return number;
    const [number, lease] = this.first() ?? [];
    return lease && lease.until <= this.clock() ? number : undefined;
  }

  /** Hands out a trial. @returns the lease that its holder must send */
  give(number: number): string {
    const id = crypto.randomUUID();
    this.hold(number, id, this.clock());
    return id;
  }

  /**
   * Renews the lease of a holder that reports. A client may claim a trial without a holder, since the server
   * may have restarted.
   *
   * @returns the seconds since the lease was given; undefined if unknown
   * @throws FettleError `conflict` if another holds the trial
   */
  renew(number: number, id: string): number | undefined {
    const now = this.clock();
    const lease = this.held.get(number);
    check(
      lease === undefined || lease.id === id,
      () =>
        `the lease of trial ${number} has expired, and another client runs it; drop the trial and ask for ` +
        "the next. A client that takes longer than a lease between two reports must send reports without a " +
        "step",
      "conflict",
    );
    this.hold(number, id, lease?.since ?? Number.NaN);
    return lease && Number.isFinite(lease.since) ? (now - lease.since) / 1000 : undefined;
  }

  /** Returns a trial before its lease expires. @throws FettleError as {@link renew} */
  release(number: number, id: string): void {
    this.renew(number, id);
    this.end(number);
    this.offer(number);
  }

  /** Forgets a trial that has ended. */
  end(number: number): void {
    this.held.delete(number);
    this.offered.delete(number);
  }

  /** Milliseconds until the first lease expires. */
  next(): number {
    const [, lease] = this.first() ?? [];
    return lease ? lease.until - this.clock() : Number.POSITIVE_INFINITY;
  }

  private hold(number: number, id: string, since: number): void {
    this.end(number);
    this.held.set(number, { id, since, until: this.clock() + this.milliseconds });
  }

  private first(): readonly [number, Lease] | undefined {
    return this.held.entries().next().value;
  }
}
