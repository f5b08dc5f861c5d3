/**
 * Which leases are over. Each sign of life changes the sign of a lease, and one clock, that of who runs the study, measures how long a sign has
 * stayed the same. So clocks of different machines are never compared.
 */
export class LeaseWatch {
  private seen = new Map<string, { readonly sign: string; readonly since: number }>();

  /** @param lease - milliseconds */
  constructor(
    private readonly lease: number,
    private readonly clock: () => number,
  ) {}

  /**
   * The names whose signs have not changed for the time of a lease.
   *
   * @param signs - of all leases that are out, by name
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
