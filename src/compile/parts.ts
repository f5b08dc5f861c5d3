/**
 * Parts of a concatenation that are computed in place: results of elementwise regions that only
 * concatenations read. Parts along the first axis, which are contiguous, get their places from `plan.ts`.
 */
import { isNode, type Node, usersOf } from "../graph/graph.js";
import { kindOf, type Unit } from "./fuse.js";
import type { StepGraph } from "./program.js";
import { rootsOf } from "./rewrite.js";
import { advance, type View } from "./view.js";

/** The views of all nodes, where those of such parts are within the concatenation that comes first. */
export function placeParts(step: StepGraph, units: readonly Unit[], views: readonly View[]): readonly View[] {
  const { nodes } = step;
  const roots = new Set(rootsOf(step));
  const users = usersOf({ nodes: [...nodes] });
  const regions = units.filter((unit) => kindOf(nodes[unit.nodes[0]]) === "elementwise");
  const computed = new Set(regions.flatMap(({ results }) => results));
  const isPart = (id: number): boolean =>
    computed.has(id) && !roots.has(id) && users[id].every((user) => nodes[user].op === "concat");
  const placed = [...views];
  for (const unit of units) {
    const [id] = unit.nodes;
    const node: Node = nodes[id];
    if (!isNode(node, "concat") || node.attributes.axis === 0) continue;
    const { axis } = node.attributes;
    let start = 0;
    for (const input of node.inputs) {
      const { offset, strides } = views[id];
      if (placed[input].root === input && isPart(input))
        placed[input] = { root: id, offset: advance(offset, start, strides[axis]), strides };
      start += nodes[input].shape[axis];
    }
  }
  return placed;
}
