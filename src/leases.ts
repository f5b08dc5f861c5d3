/**
 * Who works on what: a holder, since when, until when, and in which attempt. Jobs of queues, trials of
 * clients, messages of a queue and locks of files are all held by these leases. They save work, and never
 * change it: work whose lease has expired is done again, and its first result counts.
 *
 * A process compares only times of its own clock. Of a holder in another process it sees a sign, such as a
 * counter or a text, and each change of the sign is a heartbeat; so clocks of different machines never meet.
 */

/** Times are those of the clock. */
export interface Hold {
  /** Whose it is, or the last seen sign of its holder; undefined once released. */
  readonly holder: string | undefined;
  readonly since: number;
  /** When others may have it, unless its holder sends a heartbeat. */
  readonly until: number;
  /** The number of holders so far, or of signs. */
  readonly attempt: number;
}

export class Leases<K> {
  private readonly held = new Map<K, Hold>();

  /** @param term - the longest silence of a holder, in the clock's unit */
  constructor(
    private readonly term: number,
    private readonly clock: () => number,
  ) {}

  get size(): number {
    return this.held.size;
  }

  of(key: K): Hold | undefined {
    return this.held.get(key);
  }

  /**
   * Gives or renews a lease.
   *
   * @param since - when this holder's work began; NaN if unknown. Default now
   */
  give(key: K, holder: string, since?: number): void {
    const now = this.clock();
    const before = this.held.get(key);
    const until = now + this.term;
    this.held.set(
      key,
      before?.holder === holder
        ? { ...before, until }
        : { holder, since: since ?? now, until, attempt: 1 + (before?.attempt ?? 0) },
    );
  }

  /** Takes it from its holder, so that another may have it at once. */
  release(key: K): void {
    const hold = this.held.get(key);
    if (hold) this.held.set(key, { ...hold, holder: undefined, until: Number.NEGATIVE_INFINITY });
  }

  /** Forgets it. */
  end(key: K): void {
    this.held.delete(key);
  }

  /** How long its holder has had it; NaN if unknown. */
  age(key: K): number {
    return this.clock() - (this.held.get(key)?.since ?? Number.NaN);
  }

  /** Whether others may have it: nobody holds it, or its lease has expired. */
  isFree(key: K): boolean {
    const hold = this.held.get(key);
    return !hold || hold.until <= this.clock();
  }

  /** Which of these another may have: the first that nobody holds, or else the longest expired. */
  free(keys: Iterable<K>): K | undefined {
    let first: { readonly key: K; readonly until: number } | undefined;
    for (const key of keys) {
      const until = this.held.get(key)?.until ?? Number.NEGATIVE_INFINITY;
      if (!first || until < first.until) first = { key, until };
    }
    return first && first.until <= this.clock() ? first.key : undefined;
  }

  /** Forgets all but these. */
  retain(keys: { has(key: K): boolean }): void {
    for (const key of this.held.keys()) if (!keys.has(key)) this.held.delete(key);
  }

  /**
   * Watches holders in other processes, and forgets all that have no sign.
   *
   * @returns those whose signs have not changed for a term
   */
  overdue(signs: ReadonlyMap<K, string>): K[] {
    this.retain(signs);
    for (const [key, sign] of signs) if (this.of(key)?.holder !== sign) this.give(key, sign);
    return [...signs.keys()].filter((key) => this.isFree(key));
  }

  /** The time until the first lease expires. */
  next(): number {
    const ends = Array.from(this.held.values(), ({ until }) => until);
    return Math.min(...ends) - this.clock();
  }
}
