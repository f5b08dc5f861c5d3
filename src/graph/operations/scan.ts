/**
 * A loop as a node. Its result is read in parts: `scanCarry`, the last value of a carry, and `scanStack`, the
 * values of any node of its body, one for each element. So a gradient can request values of a loop that was
 * written before, and values that nobody requests are not kept. `../scan.ts` has the function that writes a
 * loop.
 */
import { check, FettleError } from "../../errors.js";
import { type AttributesOf, Graph, isNode, type Node, type OperationName, Value } from "../graph.js";
import * as Opcode from "../opcodes/program.js";
import { type Shape, sameShape, showShape, sizeOf } from "../shape.js";
import { append } from "./append.js";
import { broadcastTo, reshape } from "./broadcast.js";
import { add } from "./elementwise.js";
import { constant } from "./leaves.js";
import { matmul } from "./linear.js";
import { bodyInput, type Source, writeLoop } from "./loops.js";
import { transpose } from "./moves.js";
import type { GradientContext, Rows } from "./operation.js";

type Attributes = AttributesOf["scan"];

const rows: Rows<"scan" | "scanCarry" | "scanStack"> = {
  scan: {
    shape(inputs, { body, next, sequences, steps }) {
      const fits = (shape: Shape, i: number): boolean => {
        const isSequence = i >= next.length && i < next.length + sequences;
        return sameShape(shape, isSequence ? [steps, ...body[i].shape] : body[i].shape);
      };
      check(
        inputs.every(fits) && next.every((id, carry) => sameShape(body[id].shape, body[carry].shape)),
        () => `the operands of scan must fit its body; received ${inputs.map(showShape).join(" and ")}`,
        "invalid_shape",
      );
      return [];
    },
    gradient: scanGradient,
    reference: ({ inputs, attributes, environment, evaluate }) =>
      scanValues(attributes, environment.rows, inputs, (given) =>
        evaluate(attributes.body, { ...environment, input: (name) => given[Number(name)] }),
      ),
    lowering: { instruction: Opcode.Loop },
  },
  scanCarry: {
    shape: (_, { carry }, [loop]) => attributesOf(loop).body[carry].shape,
    gradient: noGradient,
    reference({ inputs: [all], attributes: { carry }, shape, sources: [loop], environment }) {
      const start = layoutOf(attributesOf(loop), environment.rows).carries[carry];
      return all.slice(start, start + sizeOf(shape));
    },
    lowering: { part: true },
  },
  scanStack: {
    shape(_, { of }, [loop]) {
      const { body, steps } = attributesOf(loop);
      return [steps, ...body[of].shape];
    },
    gradient: noGradient,
    reference({ inputs: [all], attributes: { of }, shape, sources: [loop], environment }) {
      const start = layoutOf(attributesOf(loop), environment.rows).stacks[of];
      return all.slice(start, start + sizeOf(shape));
    },
    lowering: { part: true },
  },
};

export default rows;

/** Reverse mode collects the parts and calls the rule of the loop. */
function noGradient(): never {
  throw new FettleError("internal", "a part of a scan has no separate gradient rule");
}

function attributesOf(node: Node): Attributes {
  check(isNode(node, "scan"), () => `a part of a scan reads ${node.op}`, "internal");
  return node.attributes;
}

/** Appends a loop. */
export const scanNode = (inputs: readonly Value[], attributes: Attributes, graph?: Graph): Value =>
  append("scan", rows.scan, inputs, attributes, graph);
/** The last value of a carry of a loop, by its position. */
export const scanCarry = (loop: Value, carry: number): Value =>
  append("scanCarry", rows.scanCarry, [loop], { carry });
/** The values of a node of a loop's body, [steps, ...]. */
export const scanStack = (loop: Value, of: number): Value =>
  append("scanStack", rows.scanStack, [loop], { of });

/** Where the parts of a loop's reference value start: the stacks of all nodes, then the last carries. */
interface Layout {
  readonly sizes: readonly number[];
  readonly stacks: readonly number[];
  readonly carries: readonly number[];
  readonly size: number;
}

function layoutOf({ body, next, steps }: Attributes, rows: number): Layout {
  const sizes = body.map((node) =>
    isNode(node, "scan") ? layoutOf(node.attributes, rows).size : sizeOf(node.shape, rows),
  );
  let size = 0;
  const place = (length: number): number => {
    size += length;
    return size - length;
  };
  const stacks = sizes.map((length) => place(length * steps));
  const carries = next.map((id) => place(sizes[id]));
  return { sizes, stacks, carries, size };
}

/** The value of one node of the body at one element, in a loop's reference value. */
export function bodyValue(
  all: Float64Array,
  attributes: Attributes,
  rows: number,
  id: number,
  at: number,
): Float64Array {
  const { stacks, sizes } = layoutOf(attributes, rows);
  return all.subarray(stacks[id] + at * sizes[id], stacks[id] + (at + 1) * sizes[id]);
}

/**
 * Runs a loop in float64. `step` receives the arrays of the body's inputs and the number of the element, and
 * returns those of all its nodes.
 */
export function scanValues(
  attributes: Attributes,
  rows: number,
  inputs: readonly Float64Array[],
  step: (given: readonly Float64Array[], at: number) => readonly Float64Array[],
): Float64Array {
  const { next, sequences, steps, reverse } = attributes;
  const { sizes, stacks, carries, size } = layoutOf(attributes, rows);
  const result = new Float64Array(size);
  let carried = inputs.slice(0, next.length);
  for (let i = 0; i < steps; i++) {
    const at = reverse ? steps - 1 - i : i;
    const elements = inputs
      .slice(next.length, next.length + sequences)
      .map((all, k) => all.subarray(at * sizes[next.length + k], (at + 1) * sizes[next.length + k]));
    const values = step([...carried, ...elements, ...inputs.slice(next.length + sequences)], at);
    values.forEach((value, id) => {
      result.set(value, stacks[id] + at * sizes[id]);
    });
    carried = next.map((id) => values[id]);
  }
  carried.forEach((value, carry) => {
    result.set(value, carries[carry]);
  });
  return result;
}

/** Operations that are recomputed in the body of a gradient, because that costs less than keeping them. */
const WRITTEN_AGAIN: ReadonlySet<OperationName> = new Set<OperationName>([
  ...(["broadcast", "reshape", "transpose", "slice", "stopGradient", "flushGradient"] as const),
  ...(["constant", "count", "step", "scan"] as const),
]);

/**
 * The gradient of a loop is a loop in the other direction. It carries the gradients of the carries, reads the
 * gradients of stacks and the needed values of the first loop as sequences, and adds up the gradients of
 * shared values from the last step, like reverse mode over an unrolled loop. Only Σ Pᵀ G, the gradient of a
 * matrix, is one product of stacks after the loop.
 */
function scanGradient({
  parts,
  inputs,
  output,
  attributes,
  needs,
  pullBack,
}: GradientContext<"scan">): (Value | undefined)[] {
  const { body, next, sequences, steps, reverse } = attributes;
  const { graph } = output;
  const shared = next.length + sequences;
  const depends = dependence(attributes, inputs.length, needs);
  const zeros = (shape: Shape, of: Graph): Value => broadcastTo(constant(of, 0), shape);

  // The body of the gradient is written after the nodes of the first.
  const work = new Graph();
  work.nodes.push(...body);
  const carries: { id: number; first: Value; next: number }[] = [];
  const given = new Map<number, Source>();
  const open = (shape: Shape): Value => bodyInput(work, 0, shape);
  const cotangents = new Map<number, Value>();
  const seed = (id: number, g: Value): void => {
    const sum = cotangents.get(id);
    cotangents.set(id, sum === undefined ? g : add(sum, g));
  };
  const slopes = next.map((id, carry) => {
    if (!depends[carry]) return undefined;
    const { shape } = body[carry];
    const ends = parts.filter(({ node }) => isNode(node, "scanCarry") && node.attributes.carry === carry);
    const first = ends.length > 0 ? ends.map(({ g }) => g).reduce(add) : zeros(shape, graph);
    const g = open(shape);
    seed(id, g);
    return carries.push({ id: g.id, first, next: g.id }) - 1;
  });
  for (const { node, g } of parts) {
    if (!isNode(node, "scanStack")) continue;
    const element = open(g.shape.slice(1));
    given.set(element.id, { sequence: g });
    seed(node.attributes.of, element);
  }
  pullBack(body, (id) => new Value(work, id), cotangents, depends);
  slopes.forEach((at, carry) => {
    if (at !== undefined) carries[at].next = (cotangents.get(carry) ?? zeros(body[carry].shape, work)).id;
  });

  // The replacement of a node of the first body.
  const sourceOf = (id: number): Source => {
    if (id >= shared && id < inputs.length) return { shared: inputs[id] };
    return { sequence: id >= next.length && id < inputs.length ? inputs[id] : scanStack(output, id) };
  };
  const kept = new Set<number>();
  const keep = ({ id }: Value): void => {
    if (id >= body.length) kept.add(id);
  };
  // How the gradient of each input is read from the new loop.
  const readings = inputs.map((whole, i): ((made: Value) => Value) | undefined => {
    if (i < next.length) {
      const at = slopes[i];
      return at === undefined ? undefined : (made) => scanCarry(made, at);
    }
    const g = cotangents.get(i);
    if (g === undefined || !needs(i)) return undefined;
    if (i < shared) {
      keep(g);
      return () => stackOf(g);
    }
    const terms: ((made: Value) => Value)[] = [];
    const others: Value[] = [];
    for (const term of addendsOf(g)) {
      const product = productOf(term);
      if (product === undefined) others.push(term);
      else {
        product.forEach(keep);
        terms.push(() => productOfStacks(product.map(stackOf)));
      }
    }
    if (others.length > 0) {
      const total = open(whole.shape);
      const { id } = others.reduce(add, total);
      const at = carries.push({ id: total.id, first: zeros(whole.shape, graph), next: id }) - 1;
      terms.push((made) => scanCarry(made, at));
    }
    return (made) => terms.map((term) => term(made)).reduce(add);
  });
  const { loop, placeOf } = writeLoop(
    {
      nodes: work.nodes,
      carries,
      kept,
      sourceOf: (id) =>
        given.get(id) ?? (id < body.length && !WRITTEN_AGAIN.has(body[id].op) ? sourceOf(id) : undefined),
    },
    { steps, reverse: !reverse },
    (given, written) => scanNode(given, written, graph),
  );
  /** The values over all steps of a value of the new body, or of the first. */
  function stackOf({ id }: Value): Value {
    if (id >= body.length) return scanStack(loop, placeOf.get(id) as number);
    const source = sourceOf(id);
    return "sequence" in source
      ? source.sequence
      : broadcastTo(source.shared, [steps, ...source.shared.shape]);
  }
  return readings.map((read) => read?.(loop));
}

/** Which nodes of a body depend on inputs whose gradient is needed. */
function dependence(
  { body, next }: Attributes,
  inputCount: number,
  needs: (input: number) => boolean,
): Uint8Array {
  const depends = new Uint8Array(body.length);
  for (let i = 0; i < inputCount; i++) if (needs(i)) depends[i] = 1;
  for (let changed = true; changed; ) {
    changed = false;
    body.forEach(({ inputs }, id) => {
      if (inputs.some((from) => depends[from])) depends[id] = 1;
    });
    next.forEach((id, carry) => {
      if (!depends[id] || depends[carry]) return;
      depends[carry] = 1;
      changed = true;
    });
  }
  return depends;
}

/** The terms of a sum of gradients. */
function addendsOf(value: Value): Value[] {
  const { op, inputs } = value.node;
  if (op !== "add") return [value];
  return inputs.flatMap((id) => addendsOf(new Value(value.graph, id)));
}

/** The factors P and G of a gradient Pᵀ G, of two matrices. */
function productOf({ node, graph }: Value): [Value, Value] | undefined {
  if (node.op !== "matmul") return undefined;
  const [left, right] = node.inputs.map((input) => new Value(graph, input));
  const isTurned = isNode(left.node, "transpose") && String(left.node.attributes.permutation) === "1,0";
  return isTurned ? [new Value(graph, left.node.inputs[0]), right] : undefined;
}

/** Σ Pᵀ G over the steps, of stacks [steps, rows, columns]. */
function productOfStacks(stacks: readonly Value[]): Value {
  const [p, g] = stacks.map((stack) => {
    const [steps, rows, columns] = stack.shape;
    return reshape(stack, [steps * rows, columns]);
  });
  return matmul(transpose(p), g);
}
