/**
 * The intermediate form: a graph is a list of nodes, each an operation on earlier
 * nodes, with its shape. It is plain data. It does not know what operations mean
 * (`operations/`), how they are written (`functions.ts`) or how they run.
 */
import type * as Elementwise from "./opcodes/elementwise.js";
import type { Shape } from "./shape.js";

/** Operations whose inputs and result have one shape: those of `opcodes/elementwise.ts`. */
export type ElementwiseName = Uncapitalize<keyof typeof Elementwise>;

/** The static facts of each operation, besides its inputs. */
export interface AttributesOf extends Readonly<Record<ElementwiseName, NoAttributes>> {
  // Leaves
  input: { readonly name: string; readonly shape: Shape };
  constant: { readonly shape: Shape; readonly values: readonly number[] };
  count: { readonly of: Shape };
  randomUniform: { readonly shape: Shape; readonly stream: number };
  step: NoAttributes;
  // Views and moves
  stopGradient: NoAttributes;
  flushGradient: NoAttributes;
  broadcast: { readonly shape: Shape };
  reshape: { readonly shape: Shape };
  transpose: { readonly permutation: readonly number[] };
  slice: { readonly begin: readonly number[]; readonly size: Shape };
  pad: { readonly before: readonly number[]; readonly after: readonly number[] };
  concat: { readonly axis: number };
  takeRows: NoAttributes;
  scatterRows: { readonly rows: number };
  patches: WindowAttributes;
  addPatches: WindowAttributes & { readonly image: readonly [height: number, width: number] };
  // By the largest elements of windows of images [n, height, width, channels]
  takeLargest: PoolAttributes;
  scatterLargest: PoolAttributes;
  // Reductions over the axes [axis, axis + count), which vanish
  sum: { readonly axis: number; readonly count: number };
  max: { readonly axis: number; readonly count: number };
  // Along the last axis
  softmax: NoAttributes;
  logSoftmax: NoAttributes;
  logSoftmaxSlope: NoAttributes;
  // [..., m, k] · [..., k, n] → [..., m, n]
  matmul: NoAttributes;
  // A loop, and the parts of its result
  scan: ScanAttributes;
  scanCarry: { readonly carry: number };
  scanStack: { readonly of: number };
}

/**
 * A loop: its inputs are first values of carries, then sequences [steps, ...], then values that each step
 * reads.
 */
export interface ScanAttributes {
  /** A graph of its own. Its first nodes are inputs named "0", "1", …, one for each input of the loop. */
  readonly body: readonly Node[];
  /** For each carry, the node of the body with its value for the next step. */
  readonly next: readonly number[];
  /** How many of the inputs are sequences. */
  readonly sequences: number;
  readonly steps: number;
  /** Whether the last elements of the sequences come first. */
  readonly reverse: boolean;
}

/** How windows lie on zero-padded images. */
export interface WindowAttributes {
  readonly size: readonly [height: number, width: number];
  readonly strides: readonly [vertical: number, horizontal: number];
  readonly dilation: readonly [vertical: number, horizontal: number];
  /** Zeros above and to the left. */
  readonly before: readonly [top: number, left: number];
  /** Zeros below and to the right. */
  readonly after: readonly [bottom: number, right: number];
}

/** How windows lie on images whose largest elements they pick: at least one element in each. */
export type PoolAttributes = Omit<WindowAttributes, "dilation">;

/** The facts of an operation without any besides its inputs. */
export type NoAttributes = Readonly<Record<never, never>>;

/** The name of an operation in the intermediate form. */
export type OperationName = keyof AttributesOf;

/** One operation of a graph, with its inputs and attributes. */
export interface Node<K extends OperationName = OperationName> {
  readonly op: K;
  readonly inputs: readonly number[];
  readonly attributes: AttributesOf[K];
  readonly shape: Shape;
}

/** Nodes in an order in which every input comes before its users. Functions of values append to it. */
export class Graph {
  /** A value's `id` is the place of its node here. */
  readonly nodes: Node[] = [];

  /** @param mostNodes - how many nodes it may have; for untrusted code */
  constructor(readonly mostNodes?: number) {}
}

/** A handle to one node while a graph is written; functions such as `add` take and return values. */
export class Value {
  constructor(
    readonly graph: Graph,
    readonly id: number,
  ) {}

  /** The operation that makes it, with its inputs and attributes. */
  get node(): Node {
    return this.graph.nodes[this.id];
  }

  /** Its dimensions; [] for a scalar. */
  get shape(): Shape {
    return this.node.shape;
  }
}

/** Whether `node` is of operation `op`, narrowing its attributes. */
export function isNode<K extends OperationName>(node: Node, op: K): node is Node<K> {
  return node.op === op;
}

/** For each node, the ids of the nodes that read it. */
export function usersOf(graph: Graph): number[][] {
  const users: number[][] = graph.nodes.map(() => []);
  graph.nodes.forEach((node, id) => {
    for (const input of new Set(node.inputs)) users[input].push(id);
  });
  return users;
}
