/** Events by their time, and those of one time in the order in which they were added: a binary heap. */
export interface Timed<T> {
  readonly at: number;
  readonly value: T;
}

export class EventQueue<T> {
  private readonly heap: (Timed<T> & { readonly order: number })[] = [];
  private added = 0;

  add(at: number, value: T): void {
    const { heap } = this;
    heap.push({ at, value, order: this.added++ });
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (this.isBefore(parent, child)) break;
      this.swap(parent, child);
      child = parent;
    }
  }

  /** Takes the earliest. */
  next(): Timed<T> | undefined {
    const { heap } = this;
    if (heap.length === 0) return undefined;
    this.swap(0, heap.length - 1);
    const first = heap.pop();
    for (let parent = 0; ; ) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2])
        if (child < heap.length && this.isBefore(child, least)) least = child;
      if (least === parent) return first;
      this.swap(parent, least);
      parent = least;
    }
  }

  private isBefore(a: number, b: number): boolean {
    const [{ at, order }, other] = [this.heap[a], this.heap[b]];
    return at < other.at || (at === other.at && order < other.order);
  }

  private swap(a: number, b: number): void {
    const { heap } = this;
    [heap[a], heap[b]] = [heap[b], heap[a]];
  }
}
