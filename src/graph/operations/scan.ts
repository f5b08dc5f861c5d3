/**
 * A loop as a node. Its result is read in parts: `scanCarry`, the last value of a carry, and `scanStack`, the values of
 * any node of its body, one for each element. So a gradient can ask for what it needs of a loop that was written before,
 * and what nobody asks for is not kept. The function that writes a loop is in `../scan.ts`.
 */
import { check, FettleError } from "../../errors.js";
import { type AttributesOf, Graph, isNode, type Node, type OperationName, Value } from "../graph.js";
import * as Opcode from "../opcodes/program.js";
import { type Shape, sameShape, showShape, sizeOf } from "../shape.js";
import { append } from "./append.js";
import { broadcastTo, reshape } from "./broadcast.js";
import { add } from "./elementwise.js";
import { constant, input } from "./leaves.js";
import { matmul } from "./linear.js";
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
  throw new FettleError("internal", "a part of a scan has no gradient rule of its own");
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

/** Input `i` of a body. */
export const bodyInput = (body: Graph, i: number, shape: Shape): Value => input(body, String(i), shape);

/** Where the parts of a loop's reference value begin: the stacks of all nodes, then the last carries. */
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
 * Runs a loop in float64. `step` is given the arrays of the body's inputs and the number of the element, and returns those
 * of all its nodes.
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

/** What is written again in the body of a gradient, since it costs less than to keep it. */
const WRITTEN_AGAIN: ReadonlySet<OperationName> = new Set<OperationName>([
  ...(["broadcast", "reshape", "transpose", "slice", "stopGradient"] as const),
  ...(["constant", "count", "step", "scan"] as const),
]);

/**
 * The gradient of a loop is a loop in the other direction. It carries the gradients of the carries, reads the gradients of
 * stacks and what it needs of the first loop's values as sequences, and adds up the gradients of shared values from the
 * last step on, as reverse mode would over a loop written out. Only Σ Pᵀ G, the gradient of a matrix, is one product of
 * stacks after the loop.
 */
function scanGradient(context: GradientContext<"scan">): (Value | undefined)[] {
  const { parts, inputs, output: loop, attributes, needs, pullBack } = context;
  const { body, next, sequences, steps, reverse } = attributes;
  const { graph } = loop;
  const depends = dependence(attributes, inputs.length, needs);

  // The body of the gradient is written behind the nodes of the first.
  const work = new Graph();
  work.nodes.push(...body);
  const handle = (id: number): Value => new Value(work, id);
  const cotangents = new Map<number, Value>();
  const seed = (id: number, g: Value): void => {
    const sum = cotangents.get(id);
    cotangents.set(id, sum === undefined ? g : add(sum, g));
  };
  const builder = new BodyBuilder(work, body.length, (id) => {
    if (id >= next.length + sequences && id < inputs.length) return { shared: inputs[id] };
    return { sequence: id >= next.length && id < inputs.length ? inputs[id] : scanStack(loop, id) };
  });
  const zeros = (shape: Shape, of: Graph): Value => broadcastTo(constant(of, 0), shape);
  const carried = next.flatMap((id, carry) => {
    if (!depends[carry]) return [];
    const { shape } = body[carry];
    const given = parts.filter(({ node }) => isNode(node, "scanCarry") && node.attributes.carry === carry);
    const first = given.length > 0 ? given.map(({ g }) => g).reduce(add) : zeros(shape, graph);
    const g = builder.carry(first, shape);
    seed(id, g);
    return [{ carry, g }];
  });
  for (const { node, g } of parts) {
    if (!isNode(node, "scanStack") || !depends[node.attributes.of]) continue;
    seed(node.attributes.of, builder.sequence(g));
  }
  pullBack(body, handle, cotangents, depends);

  for (const { carry, g } of carried)
    builder.setNext(g, cotangents.get(carry) ?? zeros(body[carry].shape, work));
  // For each input, how its gradient is read from the new loop.
  const readings = inputs.map((given, i): ((made: MadeLoop) => Value) | undefined => {
    const g = cotangents.get(i);
    if (i < next.length) {
      const own = carried.find(({ carry }) => carry === i);
      return own && ((made) => made.carry(own.g));
    }
    if (g === undefined || !needs(i)) return undefined;
    if (i < next.length + sequences) return (made) => made.stack(g);
    const addends = addendsOf(g, body.length);
    const products = addends.flatMap((part) => productOf(part, body.length) ?? []);
    const others = addends.filter((part) => productOf(part, body.length) === undefined);
    for (const { p, g } of products) for (const value of [p, g]) builder.keep(value);
    const sums = products.map(({ p, g }) => (made: MadeLoop): Value => {
      const flat = (value: Value): Value => {
        const [rows, columns] = value.shape;
        return reshape(made.stack(value), [steps * rows, columns]);
      };
      return matmul(transpose(flat(p)), flat(g));
    });
    if (others.length > 0) {
      const total = builder.carry(zeros(given.shape, graph), given.shape);
      builder.setNext(total, others.reduce(add, total));
      sums.push((made) => made.carry(total));
    }
    return (made) => sums.map((sum) => sum(made)).reduce(add);
  });
  inputs.forEach((_, i) => {
    const g = cotangents.get(i);
    if (readings[i] && g && i >= next.length && i < next.length + sequences) builder.keep(g);
  });
  const made = builder.build({ steps, reverse: !reverse }, graph);
  return readings.map((read) => read?.(made));
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

/** The terms of a sum that was written after node `from`. */
function addendsOf(value: Value, from: number): Value[] {
  const { op, inputs } = value.node;
  if (op !== "add" || value.id < from) return [value];
  return inputs.flatMap((id) => addendsOf(new Value(value.graph, id), from));
}

/** The factors of a product Pᵀ G that was written after node `from`. */
function productOf(value: Value, from: number): { p: Value; g: Value } | undefined {
  const { op, inputs } = value.node;
  if (op !== "matmul" || value.id < from) return undefined;
  const [left, right] = inputs.map((id) => new Value(value.graph, id));
  if (left.node.op !== "transpose") return undefined;
  return { p: new Value(value.graph, left.node.inputs[0]), g: right };
}

/** The parts of a loop that was built, by values of the graph that its body was written in. */
interface MadeLoop {
  carry(value: Value): Value;
  stack(value: Value): Value;
}

/** What an input of a body is given. */
type Source = { readonly sequence: Value } | { readonly shared: Value };

/** Makes a body of the nodes that are needed of a graph, whose first `from` nodes are those of another body. */
class BodyBuilder {
  private readonly carries = new Map<number, { readonly first: Value; next: number }>();
  private readonly given = new Map<number, Source>();
  private readonly kept = new Set<number>();

  /** @param sourceOf - what stands for a node of the other body where it is read */
  constructor(
    private readonly work: Graph,
    private readonly from: number,
    private readonly sourceOf: (id: number) => Source,
  ) {}

  /** A new carry. */
  carry(first: Value, shape: Shape): Value {
    const value = bodyInput(this.work, 0, shape);
    this.carries.set(value.id, { first, next: value.id });
    return value;
  }

  setNext({ id }: Value, next: Value): void {
    (this.carries.get(id) as { next: number }).next = next.id;
  }

  /** An element of a sequence. */
  sequence(all: Value): Value {
    const value = bodyInput(this.work, 0, all.shape.slice(1));
    this.given.set(value.id, { sequence: all });
    return value;
  }

  /** Says that the stack of a value will be read. */
  keep({ id }: Value): void {
    if (id >= this.from) this.kept.add(id);
  }

  build({ steps, reverse }: Pick<Attributes, "steps" | "reverse">, graph: Graph): MadeLoop {
    const needed = this.neededNodes();
    const inputs: Value[] = [];
    const body = new Graph();
    const place = new Map<number, number>();
    const give = (id: number, value: Value): void => {
      inputs.push(value);
      place.set(id, bodyInput(body, place.size, this.work.nodes[id].shape).id);
    };
    const given = [...this.given].filter(([id]) => needed.has(id)).sort(([a], [b]) => a - b);
    for (const [id, { first }] of this.carries) give(id, first);
    for (const [id, source] of given) if ("sequence" in source) give(id, source.sequence);
    const sequences = inputs.length - this.carries.size;
    for (const [id, source] of given) if ("shared" in source) give(id, source.shared);
    for (const id of [...needed].sort((a, b) => a - b)) {
      if (place.has(id)) continue;
      const node = this.work.nodes[id];
      const from = node.inputs.map((input) => place.get(input) as number);
      place.set(id, body.nodes.push({ ...node, inputs: from }) - 1);
    }
    const next = [...this.carries.values()].map((carry) => place.get(carry.next) as number);
    const made = scanNode(inputs, { body: body.nodes, next, sequences, steps, reverse }, graph);
    return {
      carry: ({ id }) => scanCarry(made, [...this.carries.keys()].indexOf(id)),
      stack: ({ id }) => {
        if (id >= this.from) return scanStack(made, place.get(id) as number);
        const source = this.sourceOf(id);
        return "sequence" in source
          ? source.sequence
          : broadcastTo(source.shared, [steps, ...source.shared.shape]);
      },
    };
  }

  /** Everything that the next carries and the stacks need; those that stand for nodes of the other body get a source. */
  private neededNodes(): Set<number> {
    const needed = new Set<number>();
    const visit = (id: number): void => {
      if (needed.has(id)) return;
      needed.add(id);
      if (this.carries.has(id) || this.given.has(id)) return;
      const { op, inputs } = this.work.nodes[id];
      if (id < this.from && !WRITTEN_AGAIN.has(op)) this.given.set(id, this.sourceOf(id));
      else inputs.forEach(visit);
    };
    for (const [id, { next }] of this.carries) for (const each of [id, next]) visit(each);
    this.kept.forEach(visit);
    return needed;
  }
}
