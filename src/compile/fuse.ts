/**
 * Groups the nodes of a materialized graph into units, each one instruction of the
 * machine: a region of elementwise nodes of one shape, a matrix product with its bias and
 * activation, a loop with the parts of its result, or a single node. It orders the units; it does not place
 * them in memory.
 */

import { check } from "../errors.js";
import { type Node, usersOf } from "../graph/graph.js";
import * as Opcode from "../graph/opcodes/program.js";
import { MAX_REGISTERS } from "../graph/opcodes/region.js";
import { operation } from "../graph/operations/table.js";
import { sameShape } from "../graph/shape.js";
import { defined } from "../options.js";
import type { StepGraph } from "./program.js";
import { rootsOf } from "./rewrite.js";
import { isContiguous, type View } from "./view.js";

export interface Unit {
  /** Members in order; the elements of a region, or the chain that one instruction computes. */
  readonly nodes: number[];
  /** Members whose elements others read, in memory after the unit. */
  readonly results: number[];
  /** For a matrix product: what its epilogue adds and applies. */
  readonly bias?: number;
  readonly activation?: number;
}

/** The kind of each node on the machine. */
type Kind = "memory" | "view" | "scalar" | "elementwise" | "instruction" | "part";

/** Scalars that an elementwise region reads as immediates need no memory unless something else reads them. */
export function kindOf(node: Node): Kind {
  const { lowering } = operation(node.op);
  if ("leaf" in lowering) return "memory";
  if ("view" in lowering) return "view";
  if ("part" in lowering) return "part";
  if ("elementwise" in lowering) return "elementwise";
  const scalar = lowering.instruction === Opcode.Literal && node.shape.length === 0;
  return scalar ? "scalar" : "instruction";
}

export function fuse(step: StepGraph, views: readonly View[]): Unit[] {
  const { nodes } = step;
  const users = usersOf({ nodes: [...nodes] });
  const roots = new Set(rootsOf(step));
  const unitOf: (Unit | undefined)[] = new Array(nodes.length).fill(undefined);

  const only = (id: number): number | undefined =>
    users[id].length === 1 && !roots.has(id) ? users[id][0] : undefined;

  nodes.forEach((node, id) => {
    // a node in the memory of another runs nothing
    if (unitOf[id] !== undefined || views[id].root !== id) return;
    const kind = kindOf(node);
    if (node.op === "matmul") {
      const unit = withEpilogue(id, nodes, only, views);
      for (const member of unit.nodes) unitOf[member] = unit;
    } else if (kind === "part") {
      const unit = unitOf[node.inputs[0]] as Unit;
      for (const members of [unit.nodes, unit.results]) members.push(id);
      unitOf[id] = unit;
    } else if (kind === "instruction") {
      unitOf[id] = { nodes: [id], results: [id] };
    } else if (
      kind === "scalar" &&
      (roots.has(id) || users[id].some((user) => !readsImmediates(nodes, users, user)))
    ) {
      unitOf[id] = { nodes: [id], results: [id] };
    } else if (kind === "elementwise") {
      unitOf[id] = { nodes: [id], results: [] };
      for (const input of node.inputs) mergeInto(unitOf, nodes, users, input, id);
    }
  });

  const units = new Set(unitOf.filter((unit) => unit !== undefined));
  for (const unit of units) {
    if (unit.results.length > 0) continue;
    const inside = new Set(unit.nodes);
    unit.results.push(
      ...unit.nodes.filter((id) => roots.has(id) || users[id].some((user) => !inside.has(user))),
    );
  }
  const keepsInput = ({ nodes: [id] }: Unit): boolean =>
    roots.has(id) && nodes[id].op === "copy" && nodes[nodes[id].inputs[0]].op === "input";
  return schedule([...units], unitOf, nodes, keepsInput);
}

/** Whether every reader behind `id` (through broadcasts) is an elementwise node. */
function readsImmediates(nodes: readonly Node[], users: readonly number[][], id: number): boolean {
  if (nodes[id].op === "broadcast") return users[id].every((user) => readsImmediates(nodes, users, user));
  return kindOf(nodes[id]) === "elementwise";
}

/** A matrix product together with `+ bias` and one unary operation, where nothing else reads between. */
function withEpilogue(
  id: number,
  nodes: readonly Node[],
  only: (id: number) => number | undefined,
  views: readonly View[],
): Unit {
  let result = id;
  const members = [id];
  const extend = (next: number): void => {
    members.push(next);
    result = next;
  };
  let bias: number | undefined;
  const sum = only(result);
  if (sum !== undefined && nodes[sum].op === "add") {
    const other = nodes[sum].inputs.find((input) => input !== result);
    const row = other !== undefined && nodes[other].op === "broadcast" ? nodes[other].inputs[0] : undefined;
    if (
      row !== undefined &&
      isRow(nodes[row], nodes[id]) &&
      isContiguous(views[row], nodes[row].shape) &&
      row < id
    ) {
      bias = row;
      extend(sum);
    }
  }
  let activation: number | undefined;
  const next = only(result);
  if (next !== undefined && nodes[next].inputs.length === 1) {
    const { lowering } = operation(nodes[next].op);
    if ("elementwise" in lowering) {
      activation = lowering.elementwise;
      extend(next);
    }
  }
  return { nodes: members, results: [result], ...defined({ bias, activation }) };
}

/** Whether `bias` is [n] or [1, n] for a product [..., m, n]. */
function isRow(bias: Node, product: Node): boolean {
  const columns = product.shape[product.shape.length - 1];
  return sameShape(bias.shape, [columns]) || sameShape(bias.shape, [1, columns]);
}

/**
 * Joins the regions of two elementwise nodes if they have one shape and no path leads from one to the other
 * outside.
 */
function mergeInto(
  unitOf: (Unit | undefined)[],
  nodes: readonly Node[],
  users: readonly number[][],
  a: number,
  b: number,
): void {
  const [from, to] = [unitOf[a], unitOf[b]];
  if (from === undefined || to === undefined || from === to) return;
  if (kindOf(nodes[from.nodes[0]]) !== "elementwise" || !sameShape(nodes[a].shape, nodes[b].shape)) return;
  const inside = (id: number): boolean => unitOf[id] === from || unitOf[id] === to;
  const members = [...from.nodes, ...to.nodes].sort((x, y) => x - y);
  const operands = new Set<number>();
  for (const id of members) {
    for (const input of nodes[id].inputs) if (!inside(input)) operands.add(input);
  }
  // In the worst case each member is first in a scratch register, then in memory.
  if (operands.size + 2 * members.length > MAX_REGISTERS) return;
  if (leadsThroughOthers(members, inside, unitOf, users)) return;
  const merged: Unit = { nodes: members, results: [] };
  for (const id of members) unitOf[id] = merged;
}

/** Whether a path leaves `members` and comes back: merging them would make a cycle. */
function leadsThroughOthers(
  members: readonly number[],
  inside: (id: number) => boolean,
  unitOf: readonly (Unit | undefined)[],
  users: readonly number[][],
): boolean {
  const seen = new Uint8Array(users.length);
  const stack = [...members];
  while (stack.length > 0) {
    const id = stack.pop() as number;
    const outside = !inside(id);
    for (const user of users[id]) {
      if (inside(user)) {
        if (outside) return true;
      } else if (!seen[user]) {
        // A unit runs at once: entering one member means entering all.
        for (const member of unitOf[user]?.nodes ?? [user]) {
          seen[member] = 1;
          stack.push(member);
        }
      }
    }
  }
  return false;
}

/**
 * Units in an order in which each comes after what it reads; among the ready, the one whose last member is
 * earliest. Results that are copies of inputs come before all, so that an input which is state may be
 * overwritten by its new value.
 */
function schedule(
  units: Unit[],
  unitOf: readonly (Unit | undefined)[],
  nodes: readonly Node[],
  keepsInput: (unit: Unit) => boolean,
): Unit[] {
  const sources = (id: number): Unit[] => {
    const unit = unitOf[id];
    return unit !== undefined ? [unit] : nodes[id].inputs.flatMap(sources);
  };
  const waitsFor = new Map<Unit, Set<Unit>>();
  for (const unit of units) {
    const needs = new Set(unit.nodes.flatMap((id) => nodes[id].inputs).flatMap(sources));
    needs.delete(unit);
    waitsFor.set(unit, needs);
  }
  const place = (unit: Unit): number => (keepsInput(unit) ? -1 : unit.nodes[unit.nodes.length - 1]);
  const waiting = [...units].sort((a, b) => place(a) - place(b));
  const done = new Set<Unit>();
  const order: Unit[] = [];
  while (waiting.length > 0) {
    const index = waiting.findIndex((unit) =>
      [...(waitsFor.get(unit) ?? [])].every((need) => done.has(need)),
    );
    check(index >= 0, "the units of a program depend on each other in a circle", "internal");
    const [unit] = waiting.splice(index, 1);
    done.add(unit);
    order.push(unit);
  }
  return order;
}
