/** Numbers in ascending order, of which many are added and removed one at a time. */

import { firstWhere } from "../../numerics/firstWhere.js";

/** Parts longer than this are divided. */
const MOST = 512;

/** See the header of this file. Equal numbers are kept as often as they were added. */
export class SortedNumbers {
  /** Ascending within and across parts; no part is empty. */
  private readonly parts: number[][] = [];
  private count = 0;

  get length(): number {
    return this.count;
  }

  /** @param x - not NaN */
  add(x: number): void {
    this.count++;
    const index = this.partOf(x);
    const part = this.parts[index];
    if (part === undefined) {
      this.parts.push([x]);
      return;
    }
    part.splice(placeAfter(part, x), 0, x);
    if (part.length > MOST) this.parts.splice(index, 1, part.slice(0, MOST / 2), part.slice(MOST / 2));
  }

  /** Removes one of the numbers that equal `x`; there is one. */
  remove(x: number): void {
    // the last of those that are at most x
    let index = this.partOf(x);
    while (this.parts[index][0] > x) index--;
    const part = this.parts[index];
    part.splice(placeAfter(part, x) - 1, 1);
    if (part.length === 0) this.parts.splice(index, 1);
    this.count--;
  }

  /** How many are at most `x`. */
  atMost(x: number): number {
    let below = 0;
    for (const part of this.parts) {
      if (part[part.length - 1] > x) return below + placeAfter(part, x);
      below += part.length;
    }
    return below;
  }

  /** The one at a place, from 0. @param place - below `length` */
  at(place: number): number {
    let rest = place;
    for (const part of this.parts) {
      if (rest < part.length) return part[rest];
      rest -= part.length;
    }
    return Number.NaN;
  }

  /** The first part that ends after `x`, or the last. */
  private partOf(x: number): number {
    const { parts } = this;
    const index = parts.findIndex((part) => part[part.length - 1] > x);
    return index < 0 ? Math.max(0, parts.length - 1) : index;
  }
}

/** How many numbers of an ascending list are at most `x`. */
const placeAfter = (part: readonly number[], x: number): number =>
  firstWhere(part.length, (i) => part[i] > x);
