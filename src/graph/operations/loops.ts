/**
 * Loops made from parts of graphs, for gradients and passes over bodies. Separate from `scan.ts`, which only
 * programs with loops load.
 */
import { type AttributesOf, Graph, type Node, type Value } from "../graph.js";
import type { Shape } from "../shape.js";
import { input } from "./leaves.js";

type Attributes = AttributesOf["scan"];

/** Input `i` of a body. */
export const bodyInput = (body: Graph, i: number, shape: Shape): Value => input(body, String(i), shape);

/** The source of an input of a body. */
export type Source = { readonly sequence: Value } | { readonly shared: Value };

/** The body of a loop as a part of a graph. */
export interface LoopPart {
  readonly nodes: readonly Node[];
  /** Nodes that are carries, with their initial and next values. */
  readonly carries: readonly { readonly id: number; readonly first: Value; readonly next: number }[];
  /** Nodes whose stacks will be read. */
  readonly kept: Iterable<number>;
  /** The source of a node from outside; undefined if it is computed. Called once for each needed node. */
  sourceOf(id: number): Source | undefined;
}

/**
 * Writes a loop over as much of a graph as its carries and stacks need. `placeOf` gives a node's number in
 * its body.
 */
export function writeLoop(
  { nodes, carries, kept, sourceOf }: LoopPart,
  { steps, reverse }: Pick<Attributes, "steps" | "reverse">,
  write: (inputs: readonly Value[], attributes: Attributes) => Value,
): { readonly loop: Value; readonly placeOf: ReadonlyMap<number, number> } {
  const needed = new Set(carries.map(({ id }) => id));
  const sources: [number, Source][] = [];
  const visit = (id: number): void => {
    if (needed.has(id)) return;
    needed.add(id);
    const source = sourceOf(id);
    if (source) sources.push([id, source]);
    else nodes[id].inputs.forEach(visit);
  };
  for (const { next } of carries) visit(next);
  for (const id of kept) visit(id);

  const body = new Graph();
  const inputs: Value[] = [];
  const placeOf = new Map<number, number>();
  const give = (id: number, value: Value): void => {
    placeOf.set(id, bodyInput(body, inputs.push(value) - 1, nodes[id].shape).id);
  };
  for (const { id, first } of carries) give(id, first);
  for (const [id, source] of sources) if ("sequence" in source) give(id, source.sequence);
  const sequences = inputs.length - carries.length;
  for (const [id, source] of sources) if ("shared" in source) give(id, source.shared);
  for (const id of [...needed].sort((a, b) => a - b)) {
    if (placeOf.has(id)) continue;
    const from = nodes[id].inputs.map((input) => placeOf.get(input) as number);
    placeOf.set(id, body.nodes.push({ ...nodes[id], inputs: from }) - 1);
  }
  const next = carries.map((carry) => placeOf.get(carry.next) as number);
  return { loop: write(inputs, { body: body.nodes, next, sequences, steps, reverse }), placeOf };
}
