/**
 * Gives every node that needs memory its place in the block of a run: fixed places for state and inputs,
 * shared ones for values that are needed only during part of a step. It writes no instructions.
 */
import type { AttributesOf, Node } from "../graph/graph.js";
import { HEADER_WORDS } from "../graph/opcodes/block.js";
import { hasRows, type Shape, sizeOf } from "../graph/shape.js";
import { kindOf, type Unit } from "./fuse.js";
import type { StepGraph } from "./program.js";
import { rootsOf } from "./rewrite.js";
import { isContiguous, type View } from "./view.js";

/** Memory with a lifetime in units: written in unit `start`, last read in unit `end`. */
export interface Buffer {
  /** The node that owns it. */
  readonly id: number;
  readonly bytes: number;
  readonly start: number;
  readonly end: number;
  /** Bytes from the start of the block. */
  offset: number;
}

/** The memory of one program. */
export interface MemoryPlan {
  /** Bytes from the start of the block, by node that has memory. */
  readonly offsets: ReadonlyMap<number, number>;
  /** Every separate piece of memory, for checks. */
  readonly buffers: readonly Buffer[];
  /** State whose new value must be copied into its place after the last unit. */
  readonly copies: readonly { readonly from: number; readonly to: number }[];
  readonly bytes: number;
  readonly stateOffset: number;
  readonly stateBytes: number;
}

const ALIGNMENT = 16;
const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Inside another node's memory, at a number of elements from its start. */
interface Placement {
  readonly parent: number;
  readonly elements: number;
}

/** Further data for the plan of a graph with loops, or of the body of one. */
export interface LoopMemory {
  /** Bytes that each loop needs, by its node. */
  readonly workspaces?: ReadonlyMap<number, number>;
  /** In a body, the nodes that lie in the memory of the graph around it, and get no place here. */
  readonly outside?: ReadonlySet<number> | undefined;
}

export function planMemory(
  step: StepGraph,
  units: readonly Unit[],
  views: readonly View[],
  rows: number,
  { workspaces, outside }: LoopMemory = {},
): MemoryPlan {
  const { nodes } = step;
  const bytesOf = (id: number): number => workspaces?.get(id) ?? align(sizeOf(nodes[id].shape, rows) * 4);
  const lifetime = lifetimes(step, units, views);
  const placements = new Map<number, Placement>();
  const copies: { from: number; to: number }[] = [];

  for (const unit of units) placeInConcat(unit, nodes, views, placements, outside);
  for (const { input, output } of Object.values(step.state)) {
    if (input === output) continue;
    if (!placements.has(output) && canOverwrite(input, output, placements, units, nodes, views)) {
      placements.set(output, { parent: input, elements: 0 });
    } else {
      copies.push({ from: output, to: input });
    }
  }
  // A buffer lives as long as everything placed in it.
  const rootOf = (id: number): number => {
    const placement = placements.get(id);
    return placement === undefined ? id : rootOf(placement.parent);
  };
  for (const id of placements.keys()) {
    const [own, root] = [lifetime.get(id), lifetime.get(rootOf(id))];
    if (own && root) {
      root.start = Math.min(root.start, own.start);
      root.end = Math.max(root.end, own.end);
    }
  }

  // State, then inputs, then the rest.
  let end = outside ? 0 : HEADER_WORDS * 4;
  const buffers: Buffer[] = [];
  const fixed = (id: number): void => {
    buffers.push({ id, bytes: bytesOf(id), start: -1, end: units.length, offset: end });
    end += bytesOf(id);
  };
  const stateOffset = end;
  for (const { input } of Object.values(step.state)) fixed(input);
  const stateBytes = end - stateOffset;
  for (const id of Object.values(step.inputs)) if (!outside?.has(id)) fixed(id);

  const shared: Buffer[] = [];
  for (const [id, { start, end: last }] of lifetime) {
    if (placements.has(id) || outside?.has(id) || buffers.some((buffer) => buffer.id === id)) continue;
    shared.push({ id, bytes: bytesOf(id), start, end: last, offset: 0 });
  }
  const bytes = pack(shared, end);
  buffers.push(...shared);

  const offsets = new Map(buffers.map((buffer) => [buffer.id, buffer.offset]));
  const offsetOf = (id: number): number => {
    const placement = placements.get(id);
    return placement === undefined
      ? (offsets.get(id) as number)
      : offsetOf(placement.parent) + placement.elements * 4;
  };
  for (const id of placements.keys()) offsets.set(id, offsetOf(id));
  // A vector load may reach past the last element.
  return { offsets, buffers, copies, bytes: bytes + ALIGNMENT, stateOffset, stateBytes };
}

/**
 * First write and last read of every node with its own memory, in units; inputs are written before the first.
 */
function lifetimes(
  step: StepGraph,
  units: readonly Unit[],
  views: readonly View[],
): Map<number, { start: number; end: number }> {
  const life = new Map<number, { start: number; end: number }>();
  for (const id of [...Object.values(step.inputs), ...Object.values(step.streamsIn)]) {
    life.set(id, { start: -1, end: -1 });
  }
  for (const { input } of Object.values(step.state)) life.set(input, { start: -1, end: units.length });
  units.forEach((unit, index) => {
    for (const root of readsOf(unit, step.nodes, views)) {
      const own = life.get(root);
      if (own) own.end = Math.max(own.end, index);
    }
    // The memory of a concatenation is live from the first of its parts.
    for (const { root } of unit.results.map((id) => views[id])) {
      const own = life.get(root);
      if (own) own.end = Math.max(own.end, index);
      else life.set(root, { start: index, end: index });
    }
  });
  for (const id of rootsOf(step)) {
    const own = life.get(id);
    if (own) own.end = units.length;
  }
  return life;
}

/** The nodes whose memory a unit reads. */
export function readsOf(unit: Unit, nodes: readonly Node[], views: readonly View[]): Set<number> {
  const inside = new Set(unit.nodes);
  const operands = unit.nodes.flatMap((id) => nodes[id].inputs).filter((id) => !inside.has(id));
  return new Set(operands.map((id) => views[id].root).filter((root) => !inside.has(root)));
}

/** Lets the parts of a concatenation along the first axis be written in place. */
function placeInConcat(
  unit: Unit,
  nodes: readonly Node[],
  views: readonly View[],
  placements: Map<number, Placement>,
  outside: ReadonlySet<number> | undefined,
): void {
  const [id] = unit.nodes;
  const node = nodes[id];
  if (node.op !== "concat" || (node.attributes as AttributesOf["concat"]).axis !== 0) return;
  if (outside?.has(id)) return;
  let elements = 0;
  for (const input of node.inputs) {
    const { root } = views[input];
    const size = sizeOf(nodes[input].shape);
    const whole = isWhole(views[input], nodes[input].shape, nodes[root].shape);
    const computed = nodes[root].op !== "input" && kindOf(nodes[root]) !== "scalar";
    if (whole && computed && !hasRows(nodes[root].shape) && !placements.has(root) && !outside?.has(root)) {
      placements.set(root, { parent: id, elements });
    }
    elements += size;
  }
}

/** Whether a view reads all of its root in order. */
function isWhole(view: View, shape: Shape, rootShape: Shape): boolean {
  const { base, scale } = view.offset;
  return base === 0 && scale === 0 && isContiguous(view, shape) && sizeOf(shape) === sizeOf(rootShape);
}

/**
 * Whether `output` may be computed over the memory of `input`: nothing reads the old value later or
 * elsewhere.
 */
function canOverwrite(
  input: number,
  output: number,
  placements: ReadonlyMap<number, Placement>,
  units: readonly Unit[],
  nodes: readonly Node[],
  views: readonly View[],
): boolean {
  // Values placed in the output are written before it.
  const partsOf = (id: number): number[] => {
    const parts = [...placements].filter(([, { parent }]) => parent === id).map(([part]) => part);
    return [id, ...parts.flatMap(partsOf)];
  };
  const parts = partsOf(output);
  const writer = units.findIndex((unit) => unit.results.some((id) => parts.includes(views[id].root)));
  if (units.slice(writer + 1).some((unit) => readsOf(unit, nodes, views).has(input))) return false;
  const unit = units[writer];
  const readers = unit.nodes.flatMap((id) => nodes[id].inputs).filter((id) => views[id].root === input);
  if (readers.length === 0) return true;
  // In a region an element is read before it is written, if it is the same element.
  return (
    kindOf(nodes[unit.nodes[0]]) === "elementwise" &&
    unit.results.every((id) => views[id].root === id || !parts.includes(views[id].root)) &&
    readers.every((id) => isWhole(views[id], nodes[id].shape, nodes[input].shape))
  );
}

/**
 * Offsets for buffers so that no two that live at once overlap: largest first, each at the lowest place.
 * Returns the end.
 */
function pack(buffers: Buffer[], base: number): number {
  const placed: Buffer[] = [];
  let top = base;
  for (const buffer of [...buffers].sort((a, b) => b.bytes - a.bytes || a.start - b.start || a.id - b.id)) {
    const rivals = placed
      .filter((other) => other.start <= buffer.end && buffer.start <= other.end)
      .sort((a, b) => a.offset - b.offset);
    let offset = base;
    for (const rival of rivals) {
      if (offset + buffer.bytes <= rival.offset) break;
      offset = Math.max(offset, rival.offset + rival.bytes);
    }
    buffer.offset = offset;
    placed.push(buffer);
    top = Math.max(top, offset + buffer.bytes);
  }
  return top;
}
