/**
 * Which points dominate which, and the resulting fronts, for points that are added one at a time. Points are
 * vectors of costs (less is better).
 */

import { firstWhere } from "../../numerics/firstWhere.js";

/** The costs of one point, by objective; infinite without a value. */
export type Costs = ArrayLike<number>;

/** Whether `a` is no worse than `b` in any objective, and better in one. */
export function dominates(a: Costs, b: Costs): boolean {
  let better = false;
  for (let k = 0; k < a.length; k++) {
    if (a[k] > b[k]) return false;
    if (a[k] < b[k]) better = true;
  }
  return better;
}

/** A point with its place in the list that it is from. */
export interface Member {
  readonly index: number;
  readonly costs: Costs;
}

/**
 * Points that do not dominate each other. With one or two objectives a point is compared with its neighbours
 * only, with more with all points to one side of it.
 */
export class Front {
  /** By their first cost, ascending. With two objectives, their second costs descend. */
  private members: Member[] = [];

  get length(): number {
    return this.members.length;
  }

  /** The indices of the points, ascending. */
  get indices(): number[] {
    return this.members.map(({ index }) => index).sort((a, b) => a - b);
  }

  /** Whether one of them dominates a point. */
  dominates(costs: Costs): boolean {
    const { members } = this;
    const end = this.countUpTo(costs[0]);
    const first = costs.length <= 2 ? Math.max(0, end - 1) : 0;
    for (let i = end - 1; i >= first; i--) if (dominates(members[i].costs, costs)) return true;
    return false;
  }

  /** Adds a point that none of them dominates. @returns those that it dominates, which leave the front */
  add(member: Member): Member[] {
    const { members } = this;
    const { costs } = member;
    const isBeaten = (other: Member | undefined) => other !== undefined && dominates(costs, other.costs);
    let start = this.countUpTo(costs[0]);
    let stop = start;
    while (isBeaten(members[start - 1])) start--;
    while (isBeaten(members[stop])) stop++;
    const beaten = members.splice(start, stop - start, member);
    if (costs.length <= 2) return beaten;
    const others = members.filter(isBeaten);
    if (others.length > 0) this.members = members.filter((other) => !isBeaten(other));
    return [...beaten, ...others];
  }

  /** Adds a point unless one of them dominates it. */
  offer(member: Member): void {
    if (!this.dominates(member.costs)) this.add(member);
  }

  /** How many have a first cost of at most `cost`. */
  private countUpTo(cost: number): number {
    return firstWhere(this.members.length, (i) => this.members[i].costs[0] > cost);
  }
}

/**
 * The first front is the points that no other dominates, the next one those that no other dominates once the
 * first front is removed, and so on. An added point joins the first front without a point that dominates it;
 * those that it dominates there move to the next front, and so on.
 *
 * Only as many fronts are kept as are needed for enough points. A point never moves to an earlier front, so
 * kept fronts stay complete; but they may end up with fewer points.
 *
 * @see K. Li, K. Deb, Q. Zhang and Q. Zhang, "Efficient nondomination level update method for steady-state
 * evolutionary multiobjective optimization", IEEE Trans. Cybernetics 47, 2017
 */
export class Fronts {
  private readonly fronts: Front[] = [];
  private count = 0;
  /** Whether there are fronts that are not kept. */
  private isCut = false;

  /** @param enough - points; any number if all fronts are needed */
  constructor(private readonly enough = Number.POSITIVE_INFINITY) {}

  /** How many points the kept fronts have. */
  get size(): number {
    return this.count;
  }

  /** Whether that is at least `count`, or all there are. */
  has(count: number): boolean {
    return !this.isCut || this.count >= count;
  }

  /**
   * The first fronts that have `count` points together, or all kept fronts; as indices, ascending in each.
   */
  first(count = Number.POSITIVE_INFINITY): number[][] {
    const lists: number[][] = [];
    for (let k = 0, taken = 0; taken < count && k < this.fronts.length; k++) {
      taken += this.fronts[k].length;
      lists.push(this.fronts[k].indices);
    }
    return lists;
  }

  add(member: Member): void {
    const { fronts } = this;
    // each front has a point that dominates what the next one dominates
    let k = firstWhere(fronts.length, (i) => !fronts[i].dominates(member.costs));
    this.count++;
    let moved = [member];
    for (; moved.length > 0; k++) {
      if (k === fronts.length) {
        if (this.isCut) break;
        fronts.push(new Front());
      }
      moved = moved.flatMap((each) => fronts[k].add(each));
    }
    this.count -= moved.length;
    while (fronts.length > 1 && this.count - fronts[fronts.length - 1].length >= this.enough) {
      this.count -= (fronts.pop() as Front).length;
      this.isCut = true;
    }
  }
}

/** The fronts of some points, in O(N log N) for one or two objectives. @param enough - see `Fronts` */
export function frontsOf(members: readonly Member[], enough?: number): Fronts {
  const fronts = new Fronts(enough);
  // in an order in which no point dominates an earlier one, so that none moves
  const sorted = [...members].sort((a, b) => {
    for (let k = 0; k < a.costs.length; k++) {
      if (a.costs[k] !== b.costs[k]) return a.costs[k] < b.costs[k] ? -1 : 1;
    }
    return a.index - b.index;
  });
  for (const member of sorted) fronts.add(member);
  return fronts;
}
