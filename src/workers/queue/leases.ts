/**
 * Which leases have expired. Each heartbeat changes the counter of a lease, and the clock of the study's
 * process measures how long a counter has stayed the same. So clocks of different machines are never
 * compared.
 */
export class LeaseWatch {
  private seen = new Map<string, { readonly sign: string; readonly since: number }>();

  /** @param lease - milliseconds */
  constructor(
    private readonly lease: number,
    private readonly clock: () => number,
  ) {}

  /**
   * The names whose counters have not changed for the duration of a lease.
   *
   * @param signs - the counters of all open leases, by name
   */
  overdue(signs: Iterable<readonly [name: string, sign: string]>): string[] {
    const now = this.clock();
    const before = this.seen;
    this.seen = new Map();
    const over: string[] = [];
    for (const [name, sign] of signs) {
      const last = before.get(name);
      const since = last?.sign === sign ? last.since : now;
      this.seen.set(name, { sign, since });
      if (now - since >= this.lease) over.push(name);
    }
    return over;
  }
}
