/** Who does which trial, and until when. A lease decides who is heard, and never what a trial is or becomes. */
import { check } from "../../errors.js";

interface Lease {
  readonly id: string;
  /** When it was given, in milliseconds. */
  readonly since: number;
  /** When its trial may be handed to another, unless its holder is heard before. */
  until: number;
}

/** See the head of this file. */
export class Leases {
  /** By trial, in the order in which they end: each is given for the same time. */
  private readonly held = new Map<number, Lease>();
  /** Trials that nobody holds, such as those that were running when the server began again. */
  private readonly offered = new Set<number>();

  /**
   * @param milliseconds - how long a holder may be silent
   * @param clock - milliseconds
   */
  constructor(
    private readonly milliseconds: number,
    private readonly clock: () => number,
  ) {}

  /** Lets a trial be handed out, unless somebody holds it. */
  offer(number: number): void {
    if (!this.held.has(number)) this.offered.add(number);
  }

  /** A trial that may be handed out: one that is offered, or whose lease is over; undefined if there is none. */
  free(): number | undefined {
    for (const number of this.offered) return number;
    const [number, lease] = this.first() ?? [];
    return lease && lease.until <= this.clock() ? number : undefined;
  }

  /** Hands out a trial. @returns what its holder must say */
  give(number: number): string {
    const id = crypto.randomUUID();
    this.hold(number, id, this.clock());
    return id;
  }

  /**
   * Hears from a holder, which has its lease from now on anew. One of a trial that nobody holds is taken at its word: the server began again
   * meanwhile.
   *
   * @returns for how many seconds it has worked; undefined if that is not known
   * @throws FettleError `conflict` if another holds the trial
   */
  renew(number: number, id: string): number | undefined {
    const now = this.clock();
    const lease = this.held.get(number);
    check(
      lease === undefined || lease.id === id,
      () =>
        `the lease of trial ${number} is over, and another client does it; drop the trial and ask for the next. A client that takes longer than a ` +
        "lease between two reports sends reports without a step",
      "conflict",
    );
    this.hold(number, id, lease?.since ?? Number.NaN);
    return lease && Number.isFinite(lease.since) ? (now - lease.since) / 1000 : undefined;
  }

  /** Gives a trial back before its lease is over. @throws FettleError as {@link renew} */
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

  /** Milliseconds until the first lease is over. */
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
