/**
 * Where the elements of views are when code is written: in the block of a run, or, seen from the body of a
 * loop, in the memory of the graph around it, at an address that the loop moves.
 */
import { FettleError } from "../errors.js";
import type { Extent } from "../graph/shape.js";
import type { Offset, View } from "./view.js";

export interface Places {
  /** Bytes from the start of the block, by node with its own memory. */
  readonly offsets: ReadonlyMap<number, number>;
  /** In a body: the nodes that are values of the graph around it. */
  readonly outside?: ReadonlyMap<number, Outside>;
}

/** A node of a body in the graph around it. */
export interface Outside {
  readonly places: Places;
  readonly view: View;
  /** Where the loop records that a word moves. */
  readonly moves: Move[];
  /** Bytes from one step to the next; undefined if it does not move. */
  readonly stride: Extent | undefined;
}

/** A word that grows by a stride after each step of a loop. */
export interface Move {
  readonly word: number;
  readonly stride: Extent;
}

/**
 * An address at the first step of all enclosing loops, and its movement by each of them, the innermost first.
 */
export interface Location {
  /** Bytes from the start of the block. */
  readonly address: Offset;
  readonly moves: readonly Pick<Outside, "moves" | "stride">[];
}

export function locate(places: Places, { root, offset }: Pick<View, "root" | "offset">): Location {
  const outside = places.outside?.get(root);
  if (outside === undefined) {
    const { base, scale, power } = offset;
    const start = places.offsets.get(root) as number;
    return { address: { base: start + base * 4, scale: scale * 4, power }, moves: [] };
  }
  const { view } = outside;
  const found = locate(outside.places, { root: view.root, offset: sumOf(view.offset, offset) });
  return { ...found, moves: [outside, ...found.moves] };
}

/** Equal for views that start at the same element, at each step. */
export function placeKey(places: Places, view: View): string {
  const { address, moves } = locate(places, view);
  const strides = moves.map(({ stride }) => (stride ? `${stride.scale}^${stride.power}` : ""));
  return `${address.base} ${address.scale}^${address.power} ${strides}`;
}

function sumOf(a: Offset, b: Offset): Offset {
  if (a.scale === 0) return { ...b, base: a.base + b.base };
  if (b.scale === 0) return { ...a, base: a.base + b.base };
  if (a.power !== b.power)
    throw new FettleError(
      "unsupported",
      "the elements of a loop within a loop must depend on one power of the rows",
    );
  return { base: a.base + b.base, scale: a.scale + b.scale, power: a.power };
}
