/**
 * The operations of a region on each element, as few as possible: from the results down, at each
 * node the largest operation that fits (maximal munch; A. Appel, "Modern compiler implementation in ML",
 * 1998, chapter 9). It assigns no registers.
 */
import type { Node } from "../graph/graph.js";
import {
  Add,
  Div,
  Flush,
  FlushRoot,
  Greater,
  Mul,
  MulNoNan,
  Neg,
  Sigmoid,
  Softplus,
  Sqrt,
  Sub,
} from "../graph/opcodes/elementwise.js";
import * as Passes from "../graph/opcodes/passes.js";
import { operation } from "../graph/operations/table.js";
import type { Unit } from "./fuse.js";

/** One pass over the elements of a region. */
export interface Pass {
  /** The node that it computes. */
  readonly id: number;
  readonly operation: number;
  /** Ids of the nodes that it reads, in the machine's order. */
  readonly inputs: readonly number[];
}

/** A source of the machine's operation, by position, or the operation of one node on others. */
type Tree = number | Branch;
type Branch = readonly [operation: number, first: Tree, second?: Tree];

/** Sources that must be one number each. */
type Uniform = readonly number[];

/** Operations of several nodes, by the operation of the last one; larger ones before their parts. */
const PATTERNS: Readonly<
  Record<number, readonly (readonly [operation: number, tree: Branch, uniform?: Uniform])[]>
> = {
  [Add]: [
    [Passes.CrossEntropy, [Add, [MulNoNan, [Softplus, [Neg, 1]], 0], [MulNoNan, [Softplus, 1], 2]]],
    [Passes.SqrtAdd, [Add, [Sqrt, 0], 1]],
    [Passes.MulAdd, [Add, [Mul, 0, 1], 2]],
  ],
  [Sub]: [
    [Passes.DivMulSubFrom, [Sub, 3, [Mul, [Div, 0, 1], 2]]],
    [Passes.MulSub, [Sub, [Mul, 0, 1], 2]],
    [Passes.MulSubFrom, [Sub, 2, [Mul, 0, 1]]],
  ],
  [Mul]: [
    [Passes.LogisticSlopeOfProduct, [Mul, [Mul, 0, 3], [Mul, 1, [Sub, 2, 1]]]],
    [Passes.LogisticSlope, [Mul, 0, [Mul, 1, [Sub, 2, 1]]]],
    [Passes.TanhSlopeOfProduct, [Mul, [Mul, 0, 3], [Sub, 2, [Mul, 1, 1]]]],
    [Passes.TanhSlope, [Mul, 0, [Sub, 2, [Mul, 1, 1]]]],
    [Passes.RatioRoot, [Mul, [Sqrt, [Div, [Add, 0, 1], [Add, 2, 1]]], 3]],
    [Passes.DivMul, [Mul, [Div, 0, 1], 2]],
    [Passes.GreaterMul, [Mul, [Greater, 0, 1], 2]],
    [Passes.FlushRootMul, [Mul, 0, [FlushRoot, 1]]],
  ],
  [Div]: [
    [Passes.FlushRootMulDiv, [Div, [Mul, 0, [FlushRoot, 1]], 2]],
    [Passes.MulDiv, [Div, [Mul, 0, 1], 2]],
  ],
  [Sqrt]: [[Passes.AddSqrt, [Sqrt, [Add, 0, 1]]]],
  [Flush]: [
    [
      Passes.FlushAxpbySquare,
      [Flush, [Add, [Mul, 0, 1], [Mul, [Mul, [FlushRoot, 2], [FlushRoot, 2]], 3]]],
      [1, 3],
    ],
    [Passes.FlushAxpby, [Flush, [Add, [Mul, 0, 1], [Mul, [FlushRoot, 2], 3]]], [1, 3]],
    [Passes.FlushMulSub, [Flush, [Sub, [Mul, 0, 1], 2]]],
  ],
  [FlushRoot]: [
    [
      Passes.FlushRootCrossEntropySlope,
      [FlushRoot, [Sub, [Mul, 0, [Sigmoid, 1]], [Mul, 2, [Sigmoid, [Neg, 1]]]]],
    ],
    [Passes.FlushRootDivMulSubFrom, [FlushRoot, [Sub, 3, [Mul, [Div, 0, 1], 2]]]],
    [Passes.FlushRootMulSubFrom, [FlushRoot, [Sub, 2, [Mul, 0, [FlushRoot, 1]]]]],
    [Passes.FlushRootSub, [FlushRoot, [Sub, 0, 1]]],
    [Passes.FlushRootAdd, [FlushRoot, [Add, 0, 1]]],
  ],
};

/** Operations that cost almost nothing in a pass. */
const CHEAP: ReadonlySet<number | undefined> = new Set([FlushRoot, Neg]);

/** Pairs of passes that the machine has one loop for, by the first and the second. */
const PAIRS: Readonly<Record<number, Readonly<Record<number, number>>>> = {
  [Passes.FlushAxpbySquare]: { [Passes.SqrtAdd]: Passes.FlushAxpbySquareSqrtAdd },
  [Passes.FlushAxpby]: { [Passes.FlushRootDivMulSubFrom]: Passes.FlushAxpbyFlushRootDivMulSubFrom },
};

/**
 * The passes of a region, each after those that it reads, and the first of a pair directly before the second.
 */
export function passesOf({ nodes: members, results }: Unit, nodes: readonly Node[]): Pass[] {
  const inside = new Set(members);
  const wanted = new Set(results);
  const readers = new Map<number, number>();
  for (const id of members) {
    for (const input of nodes[id].inputs) readers.set(input, (readers.get(input) ?? 0) + 1);
  }
  /** Whether a pass may include the node: nothing else reads it, or it costs almost nothing. */
  const isInner = (id: number): boolean =>
    inside.has(id) && (CHEAP.has(codeOf(nodes[id])) || (!wanted.has(id) && readers.get(id) === 1));

  const passes: Pass[] = [];
  for (const id of [...members].reverse()) {
    if (!wanted.has(id)) continue;
    const pass = largestPass(nodes, id, isInner);
    passes.push(pass);
    for (const input of pass.inputs) if (inside.has(input)) wanted.add(input);
  }
  return paired(passes.reverse());
}

/**
 * Moves the first of each pair down to the second, and gives it the operation of the pair. Passes whose
 * results others read do not move.
 */
function paired(passes: readonly Pass[]): Pass[] {
  const result: Pass[] = [];
  for (const pass of passes) {
    const at = result.findIndex(({ id }) => id === pass.inputs[0]);
    const pair = at >= 0 ? PAIRS[result[at].operation]?.[pass.operation] : undefined;
    if (pair !== undefined && !result.slice(at + 1).some(({ inputs }) => inputs.includes(result[at].id))) {
      const [first] = result.splice(at, 1);
      result.push({ ...first, operation: pair });
    }
    result.push(pass);
  }
  return result;
}

function largestPass(nodes: readonly Node[], id: number, isInner: (id: number) => boolean): Pass {
  const code = codeOf(nodes[id]) as number;
  for (const [operation, tree, uniform = []] of PATTERNS[code] ?? []) {
    const inputs = matchInputs(tree, nodes[id], [], { nodes, isInner, uniform });
    if (inputs) return { id, operation, inputs };
  }
  return { id, operation: code, inputs: nodes[id].inputs };
}

/** Where a tree is searched for, and what its sources must be. */
interface Scope {
  readonly nodes: readonly Node[];
  readonly isInner: (id: number) => boolean;
  readonly uniform: Uniform;
}

/** The nodes behind the sources of a tree, by position. */
type Sources = readonly number[];

/** The sources with those below a node, if `tree` is the graph from it down. */
function match(tree: Tree, id: number, sources: Sources, scope: Scope): Sources | undefined {
  if (typeof tree !== "number") {
    const node = scope.nodes[id];
    return codeOf(node) === tree[0] && scope.isInner(id)
      ? matchInputs(tree, node, sources, scope)
      : undefined;
  }
  if (sources[tree] !== undefined) return sources[tree] === id ? sources : undefined;
  if (scope.uniform.includes(tree) && !isUniform(scope.nodes, id)) return undefined;
  const more = [...sources];
  more[tree] = id;
  return more;
}

/** The same below the root of a tree. Sums and products commute. */
function matchInputs(
  [code, first, second]: Branch,
  { inputs: [a, b] }: Node,
  sources: Sources,
  scope: Scope,
): Sources | undefined {
  const inOrder = (a: number, b: number): Sources | undefined => {
    const found = match(first, a, sources, scope);
    return found && second !== undefined ? match(second, b, found, scope) : found;
  };
  return inOrder(a, b) ?? (code === Add || code === Mul ? inOrder(b, a) : undefined);
}

/** Whether all elements are one number. */
function isUniform(nodes: readonly Node[], id: number): boolean {
  const { op, inputs, shape } = nodes[id];
  return op === "broadcast" ? isUniform(nodes, inputs[0]) : shape.every((dim) => dim === 1);
}

/** The machine's operation for one node; undefined for nodes that are not elementwise. */
function codeOf({ op }: Node): number | undefined {
  const { lowering } = operation(op);
  return "elementwise" in lowering ? lowering.elementwise : undefined;
}
