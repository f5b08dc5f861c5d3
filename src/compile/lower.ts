/**
 * Everything between a graph and its code: what runs where, for the graph and for the body of each of its
 * loops.
 */
import { isNode, type Node } from "../graph/graph.js";
import { extent } from "../graph/shape.js";
import { fuse, type Unit } from "./fuse.js";
import { materialize, resolveViews } from "./materialize.js";
import { placeParts } from "./parts.js";
import { type MemoryPlan, planMemory } from "./plan.js";
import type { StepGraph } from "./program.js";
import { simplify } from "./simplify.js";
import { advance, ownView, type View } from "./view.js";

/** A step, or one step of a loop, with all decisions about it. */
export interface Lowered {
  readonly step: StepGraph;
  readonly views: readonly View[];
  readonly units: readonly Unit[];
  readonly plan: MemoryPlan;
  /** The body of each loop, by its node. */
  readonly bodies: ReadonlyMap<number, Lowered>;
}

/** The passes that decide what runs where. */
export function lower(graph: StepGraph, rows: number): Lowered {
  const step = materialize(simplify(graph));
  return place(step, resolveViews(step), rows);
}

/** @param outside - in a body, the nodes that lie in the memory of the graph around it */
function place(
  step: StepGraph,
  resolved: readonly View[],
  rows: number,
  outside?: ReadonlySet<number>,
): Lowered {
  const units = fuse(step, resolved);
  const views = placeParts(step, units, resolved);
  const bodies = new Map<number, Lowered>();
  for (const { nodes } of units) {
    const [id, ...parts] = nodes;
    const loop = step.nodes[id];
    if (isNode(loop, "scan")) bodies.set(id, lowerBody(loop, parts, step.nodes, rows));
  }
  const workspaces = new Map([...bodies].map(([id, { plan }]) => [id, plan.bytes]));
  return { step, views, units, bodies, plan: planMemory(step, units, views, rows, { workspaces, outside }) };
}

/**
 * A body as a step whose state is the carries. Its outputs are named by the nodes of the stacks that they are
 * written to.
 */
function lowerBody(
  { attributes }: Node<"scan">,
  parts: readonly number[],
  nodes: readonly Node[],
  rows: number,
): Lowered {
  const { body, next, sequences, steps, reverse } = attributes;
  const inputs = body.flatMap(({ op }, id) => (op === "input" && id >= next.length ? [id] : []));
  const stacks = parts.flatMap((id): [number, number][] => {
    const part = nodes[id];
    return isNode(part, "scanStack") ? [[id, part.attributes.of]] : [];
  });
  const step = materialize({
    nodes: body,
    inputs: Object.fromEntries(inputs.map((id) => [id, id])),
    state: Object.fromEntries(next.map((output, carry) => [carry, { input: carry, output }])),
    outputs: Object.fromEntries(stacks),
    streamsIn: {},
    streamsOut: {},
  });
  const written = Object.values(step.outputs);
  const moving = [...inputs.slice(0, sequences), ...written];
  const first = (id: number): View => {
    const { shape } = step.nodes[id];
    const view = ownView(id, shape);
    return { ...view, offset: advance(view.offset, reverse ? steps - 1 : 0, extent(shape)) };
  };
  const origins = new Map(moving.map((id) => [id, first(id)]));
  return place(step, resolveViews(step, origins), rows, new Set([...inputs, ...written]));
}
