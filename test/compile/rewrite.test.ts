/** The frame of passes: what it refuses, and what it leaves out. */

import { expect, it } from "vitest";
import { rewrite } from "../../src/compile/rewrite.js";
import { trace } from "../../src/compile/trace.js";
import { constant, exp, neg } from "../../src/graph/functions.js";
import type { OperationName } from "../../src/graph/graph.js";
import { apply } from "../../src/graph/operations/table.js";

const step = trace({ inputs: { x: [2, 3], unused: [4] } }, ({ inputs: { x } }) => {
  exp(x);
  return { outputs: { y: neg(x) } };
});

it("drops what no end needs, and keeps inputs", () => {
  const visited: string[] = [];
  const copy = rewrite(step, "copy", ({ op, attributes }, inputs, graph) => {
    visited.push(op);
    return apply<OperationName>(op, inputs, attributes, graph);
  });
  expect(visited).toEqual(["input", "input", "neg"]);
  expect(copy.nodes.map(({ op }) => op)).toEqual(["input", "input", "neg"]);
  expect(copy.outputs).toEqual({ y: 2 });
});

it("refuses another shape in a node's place", () => {
  expect(() => rewrite(step, "a pass", (_node, _inputs, graph) => constant(graph, 1))).toThrow(
    "a pass replaced node 0 (input) of shape [2, 3] by one of shape []",
  );
});
