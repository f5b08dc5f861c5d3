/**
 * Free simplifications: common subexpressions, identities, constant
 * scalars, views of views, parts that were padded and added up, and work on scalars before they are
 * broadcast. It changes values by no more than the rounding of the omitted operations. Bodies of loops come
 * first.
 */

import { constant } from "../graph/functions.js";
import {
  type AttributesOf,
  type Graph,
  isNode,
  type Node,
  type OperationName,
  Value,
  type WindowAttributes,
} from "../graph/graph.js";
import { constantValue } from "../graph/operations/leaves.js";
import { operation } from "../graph/operations/table.js";
import { type Shape, sameShape } from "../graph/shape.js";
import { rewriteBodies } from "./bodies.js";
import { tilesOf } from "./pads.js";
import type { StepGraph } from "./program.js";
import { appender, rewrite } from "./rewrite.js";

type Part = Pick<Node, "op" | "attributes">;

export function simplify(step: StepGraph): StepGraph {
  const append = appender();
  const make = (part: Part, inputs: readonly Value[], graph: Graph): Value => {
    return rule(part, inputs, graph) ?? append(part, inputs, graph);
  };

  function rule(part: Part, inputs: readonly Value[], graph: Graph): Value | undefined {
    const of = <K extends OperationName>(op: K, attributes: AttributesOf[K], ...values: Value[]): Value =>
      make({ op, attributes }, values, graph);
    const [x, y] = inputs;
    switch (part.op) {
      case "stopGradient":
      case "flushGradient":
        return x;
      case "broadcast": {
        const { shape } = part.attributes as AttributesOf["broadcast"];
        if (sameShape(x.shape, shape)) return x;
        if (x.node.op === "broadcast") return of("broadcast", { shape }, inputOf(x));
        // a scalar in another shape is still that scalar
        if (x.node.op === "reshape" && inputOf(x).shape.length === 0)
          return of("broadcast", { shape }, inputOf(x));
        return undefined;
      }
      case "reshape": {
        const { shape } = part.attributes as AttributesOf["reshape"];
        if (sameShape(x.shape, shape)) return x;
        if (x.node.op === "reshape") return of("reshape", { shape }, inputOf(x));
        if (x.node.op === "broadcast" && inputOf(x).shape.length === 0)
          return of("broadcast", { shape }, inputOf(x));
        return undefined;
      }
      case "transpose": {
        const { permutation } = part.attributes as AttributesOf["transpose"];
        if (permutation.every((axis, i) => axis === i)) return x;
        if (isNode(x.node, "transpose")) {
          const first = x.node.attributes.permutation;
          return of("transpose", { permutation: permutation.map((axis) => first[axis]) }, inputOf(x));
        }
        return undefined;
      }
      case "slice":
      case "pad":
      case "concat": {
        // all of one value
        const shapes = inputs.map(({ shape }) => shape);
        const shape = operation<OperationName>(part.op).shape(shapes, part.attributes, [x.node]);
        return sameShape(shape, x.shape) ? x : undefined;
      }
      case "patches":
      case "addPatches": {
        const shape = operation<OperationName>(part.op).shape([x.shape], part.attributes, [x.node]);
        const images = part.op === "patches" ? x.shape : shape;
        return isOnce(part.attributes as WindowAttributes, images) ? of("reshape", { shape }, x) : undefined;
      }
      case "add": {
        if (scalarOf(x) === 0) return y;
        if (scalarOf(y) === 0) return x;
        const tiles = tilesOf(x, y);
        if (tiles) return of("concat", { axis: tiles.axis }, ...tiles.parts);
        if (y.node.op === "neg") return of("sub", {}, x, inputOf(y));
        if (x.node.op === "neg") return of("sub", {}, y, inputOf(x));
        break;
      }
      case "sub":
        if (scalarOf(y) === 0) return x;
        if (y.node.op === "neg") return of("add", {}, x, inputOf(y));
        break;
      case "mul":
        if (scalarOf(x) === 1) return y;
        if (scalarOf(y) === 1) return x;
        break;
      case "mulNoNan":
      case "div":
        if (scalarOf(y) === 1) return x;
        break;
      case "neg":
        if (x.node.op === "neg") return inputOf(x);
        break;
      case "maximum":
        // the same numbers, by a shorter instruction
        if (scalarOf(y) === 0) return of("relu", {}, x);
        if (scalarOf(x) === 0) return of("relu", {}, y);
        break;
    }
    return "elementwise" in operation(part.op).lowering ? onSmall(part, inputs, graph, make) : undefined;
  }

  return rewrite(rewriteBodies(step, simplify), "simplify", make);
}

/**
 * Computes elementwise operations of constants at compile time, and those of operands that all broadcast from
 * one shape before the broadcast.
 */
function onSmall(
  part: Part,
  inputs: readonly Value[],
  graph: Graph,
  make: (part: Part, inputs: readonly Value[], graph: Graph) => Value,
): Value | undefined {
  const scalars = inputs.map(constantValue);
  if (scalars.every((scalar) => scalar !== undefined) && inputs[0].shape.length === 0) {
    const [value] = operation(part.op).reference({
      inputs: scalars.map((scalar) => Float64Array.of(scalar)),
      shapes: inputs.map(() => []),
      shape: [],
      attributes: part.attributes,
      environment: NOTHING,
      sources: inputs.map((input) => input.node),
      evaluate: () => [],
    });
    // Infinity and NaN stay operations: JSON cannot carry them.
    return Number.isFinite(value) ? constant(graph, value) : undefined;
  }
  const sources = inputs.map((input) => (input.node.op === "broadcast" ? inputOf(input) : undefined));
  const [first] = sources;
  if (first === undefined || !sources.every((source) => source && sameShape(source.shape, first.shape)))
    return undefined;
  const small = make(part, sources as Value[], graph);
  return make({ op: "broadcast", attributes: { shape: inputs[0].shape } }, [small], graph);
}

const NOTHING = {
  rows: 1,
  seed: 0,
  step: 0,
  input: (): never => {
    throw new Error("constants have no inputs");
  },
};

/**
 * Whether windows hold each element of images once, in order: windows of one element, or of an entire image.
 */
function isOnce({ size, strides, before, after }: WindowAttributes, [, ...image]: Shape): boolean {
  if ([...before, ...after].some((zeros) => zeros > 0)) return false;
  const each = (holds: (axis: 0 | 1) => boolean): boolean => holds(0) && holds(1);
  return each((a) => size[a] === image[a]) || each((a) => size[a] === 1 && strides[a] === 1);
}

function inputOf(value: Value): Value {
  return new Value(value.graph, value.node.inputs[0]);
}

/** The number that every element of `value` equals, if known. */
function scalarOf(value: Value): number | undefined {
  return constantValue(value.node.op === "broadcast" ? inputOf(value) : value);
}
