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
  private readonly held = new Map<number, Lease>();

  /**
   * @param milliseconds - how long a holder may be silent
   * @param clock - milliseconds
   */
  constructor(
    private readonly milliseconds: number,
    private readonly clock: () => number,
  ) {}

  /** Whether a trial may be handed out. */
  isFree(number: number): boolean {
    const lease = this.held.get(number);
    return lease === undefined || lease.until <= this.clock();
  }

  /** Hands out a trial. @returns what its holder must say */
  give(number: number): string {
    const id = crypto.randomUUID();
    const since = this.clock();
    this.held.set(number, { id, since, until: since + this.milliseconds });
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
    this.held.set(number, { id, since: lease?.since ?? Number.NaN, until: now + this.milliseconds });
    return lease && Number.isFinite(lease.since) ? (now - lease.since) / 1000 : undefined;
  }

  /** Gives a trial back before its lease is over. @throws FettleError as {@link renew} */
  release(number: number, id: string): void {
    this.renew(number, id);
    this.end(number);
  }

  end(number: number): void {
    this.held.delete(number);
  }

  /** Milliseconds until the first lease of some trials is over. */
  next(numbers: Iterable<number>): number {
    const left = [...numbers].map((number) => (this.held.get(number)?.until ?? 0) - this.clock());
    return left.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  }
}
