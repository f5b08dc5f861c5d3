/**
 * The bodies of loops, before the passes over the graph around them: removes unused nodes, simplifies the
 * rest, and moves loop invariants out of the loop.
 */
import { type Graph, isNode, type Node, type OperationName, type Value } from "../graph/graph.js";
import { writeLoop } from "../graph/operations/loops.js";
import { apply, operation } from "../graph/operations/table.js";
import type { StepGraph } from "./program.js";
import { liveBody, liveNodes, rewrite } from "./rewrite.js";

/** Rewrites every loop; `simplify` is the pass over its body. */
export function rewriteBodies(step: StepGraph, simplify: (body: StepGraph) => StepGraph): StepGraph {
  if (!step.nodes.some(({ op }) => op === "scan")) return step;
  const live = liveNodes(step);
  const parts = step.nodes.filter(({ op }, id) => live[id] && "part" in operation(op).lowering);
  const loops = new Map<number, Loop>();
  const loopOf = ([whole]: readonly Value[]): Loop => loops.get(whole.id) as Loop;
  return rewrite(step, "bodies", (node, inputs, graph) => {
    if (isNode(node, "scan")) {
      const own = parts.filter(({ inputs: [whole] }) => step.nodes[whole] === node);
      const loop = rewriteLoop(node, inputs, own, simplify, graph);
      loops.set(loop.value.id, loop);
      return loop.value;
    }
    if (isNode(node, "scanCarry")) {
      const { value, carries } = loopOf(inputs);
      return apply("scanCarry", [value], { carry: carries.indexOf(node.attributes.carry) });
    }
    if (isNode(node, "scanStack")) {
      const { value, stacks } = loopOf(inputs);
      return apply("scanStack", [value], { of: stacks.get(node.attributes.of) as number });
    }
    return apply<OperationName>(node.op, inputs, node.attributes, graph);
  });
}

/** A rewritten loop, and where its parts are. */
interface Loop {
  readonly value: Value;
  /** The remaining carries, by their old positions. */
  readonly carries: readonly number[];
  /** Nodes of the new body by those of the old. */
  readonly stacks: ReadonlyMap<number, number>;
}

function rewriteLoop(
  { attributes, inputs: ids }: Node<"scan">,
  given: readonly Value[],
  parts: readonly Node[],
  simplify: (body: StepGraph) => StepGraph,
  graph: Graph,
): Loop {
  const { body, next, sequences } = attributes;
  const live = liveBody(attributes, parts);
  const carries = next.flatMap((_, carry) => (live[carry] ? [carry] : []));
  const asked = parts.flatMap((part) => (isNode(part, "scanStack") ? [part.attributes.of] : []));
  const simple = simplify({
    nodes: body,
    inputs: Object.fromEntries(ids.map((_, i) => [i, i])),
    outputs: {
      ...Object.fromEntries(carries.map((carry) => [`next ${carry}`, next[carry]])),
      ...Object.fromEntries(asked.map((id) => [`stack ${id}`, id])),
    },
    streamsIn: {},
    state: {},
    streamsOut: {},
  });
  const { nodes, outputs } = simple;
  const shared = next.length + sequences;
  const isConstant = constantNodes(nodes, shared, ids.length);
  const outer = new Map(given.entries());
  const outside = (id: number): Value => {
    const known = outer.get(id);
    if (known) return known;
    const { op, inputs, attributes } = nodes[id];
    const value = apply<OperationName>(op, inputs.map(outside), attributes, graph);
    outer.set(id, value);
    return value;
  };
  const { loop, placeOf } = writeLoop(
    {
      nodes,
      carries: carries.map((id) => ({ id, first: given[id], next: outputs[`next ${id}`] })),
      kept: asked.map((id) => outputs[`stack ${id}`]),
      sourceOf(id) {
        if (id < shared) return { sequence: given[id] };
        return isConstant[id] && leaves(nodes[id]) ? { shared: outside(id) } : undefined;
      },
    },
    attributes,
    (inputs, written) => apply("scan", inputs, written, graph),
  );
  const stacks = new Map(asked.map((id) => [id, placeOf.get(outputs[`stack ${id}`]) as number]));
  return { value: loop, carries, stacks };
}

/** Which nodes depend only on shared inputs. */
function constantNodes(nodes: readonly Node[], first: number, inputCount: number): readonly boolean[] {
  const constant: boolean[] = [];
  nodes.forEach(({ inputs }, id) => {
    constant.push(
      id < inputCount ? id >= first : inputs.length > 0 && inputs.every((input) => constant[input]),
    );
  });
  return constant;
}

/**
 * Whether a node that is the same at each step is computed before the loop. A view costs nothing inside, and
 * may be larger than its source; a transposed matrix is copied, since products are faster with it.
 */
function leaves({ op }: Node): boolean {
  return op === "transpose" || !("view" in operation(op).lowering);
}
