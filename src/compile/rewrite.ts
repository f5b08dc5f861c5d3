/**
 * The frame of passes over graphs: a pass visits the live nodes in order and returns the replacement of each
 * in the new graph, which must have the same shape. Inputs and results keep their names.
 */

import { check } from "../errors.js";
import {
  type AttributesOf,
  Graph,
  isNode,
  type Node,
  type OperationName,
  type Value,
} from "../graph/graph.js";
import { apply, operation } from "../graph/operations/table.js";
import { sameShape, showShape } from "../graph/shape.js";
import { mapValues } from "../records.js";
import type { StepGraph } from "./program.js";

/** Ids that must survive: state, outputs and streams. */
export function rootsOf(step: StepGraph): number[] {
  return [
    ...Object.values(step.state).map((ends) => ends.output),
    ...Object.values(step.outputs),
    ...Object.values(step.streamsOut),
  ];
}

/** 1 for nodes that any root needs, which passes visit, and for inputs, since the host writes them. */
export function liveNodes(step: StepGraph): Uint8Array {
  const live = new Uint8Array(step.nodes.length);
  for (const root of rootsOf(step)) live[root] = 1;
  const partsOf = new Map<number, Node[]>();
  for (let id = step.nodes.length - 1; id >= 0; id--) {
    const node = step.nodes[id];
    if (node.op === "input") live[id] = 1;
    if (!live[id]) continue;
    if ("part" in operation(node.op).lowering) {
      const [whole] = node.inputs;
      partsOf.set(whole, [...(partsOf.get(whole) ?? []), node]);
    }
    const read = isNode(node, "scan") ? liveBody(node.attributes, partsOf.get(id) ?? []) : undefined;
    node.inputs.forEach((input, i) => {
      if (read === undefined || read[i]) live[input] = 1;
    });
  }
  return live;
}

/** 1 for nodes of a loop's body that the given parts of its result need, over any number of steps. */
export function liveBody({ body, next }: AttributesOf["scan"], parts: readonly Node[]): Uint8Array {
  const live = new Uint8Array(body.length);
  for (const part of parts) {
    if (isNode(part, "scanStack")) live[part.attributes.of] = 1;
    // the carry itself, whose place has an initial value
    if (isNode(part, "scanCarry")) live[part.attributes.carry] = 1;
  }
  for (let changed = true; changed; ) {
    changed = false;
    for (let id = body.length - 1; id >= 0; id--) {
      if (live[id]) for (const input of body[id].inputs) live[input] = 1;
    }
    next.forEach((id, carry) => {
      if (!live[carry] || live[id]) return;
      live[id] = 1;
      changed = true;
    });
  }
  return live;
}

/**
 * Makes a new graph: `visit` returns the replacement of `node`, whose inputs are already translated. Its
 * nodes follow their inputs and their shape rules because `apply` appends them.
 */
export function rewrite(
  step: StepGraph,
  pass: string,
  visit: (node: Node, inputs: readonly Value[], graph: Graph) => Value,
  root: (value: Value) => Value = (value) => value,
): StepGraph {
  const graph = new Graph();
  const live = liveNodes(step);
  const translated: Value[] = [];
  step.nodes.forEach((node, id) => {
    if (!live[id]) return;
    const value = visit(
      node,
      node.inputs.map((input) => translated[input]),
      graph,
    );
    check(
      sameShape(value.shape, node.shape),
      () =>
        `${pass} replaced node ${id} (${node.op}) of shape ${showShape(node.shape)} by one of shape ${showShape(value.shape)}`,
      "internal",
    );
    translated[id] = value;
  });
  const leaf = (id: number): number => translated[id].id;
  const end = (id: number): number => root(translated[id]).id;
  return {
    nodes: graph.nodes,
    inputs: mapValues(step.inputs, leaf),
    streamsIn: mapValues(step.streamsIn, leaf),
    // state that no step changes stays in place
    state: mapValues(step.state, ({ input, output }) => ({
      input: leaf(input),
      output: output === input ? leaf(input) : end(output),
    })),
    outputs: mapValues(step.outputs, end),
    streamsOut: mapValues(step.streamsOut, end),
  };
}

/** Appends `node` unless the graph already has one like it. */
export function appender(): (
  node: Pick<Node, "op" | "attributes">,
  inputs: readonly Value[],
  graph: Graph,
) => Value {
  const seen = new Map<string, Value>();
  return ({ op, attributes }, inputs, graph) => {
    // bodies are not compared
    if (op === "scan") return apply<OperationName>(op, inputs, attributes, graph);
    let key: string = op;
    for (const { id } of inputs) key += ` ${id}`;
    for (const attribute of Object.values(attributes)) key += `; ${exact(attribute)}`;
    let value = seen.get(key);
    if (value === undefined) {
      value = apply<OperationName>(op, inputs, attributes, graph);
      seen.set(key, value);
    }
    return value;
  };
}

/** An attribute as text that distinguishes all numbers, also −0 from 0. */
function exact(attribute: string | number | readonly number[]): string {
  if (typeof attribute === "object") return attribute.map(exact).join();
  return Object.is(attribute, -0) ? "-0" : String(attribute);
}
