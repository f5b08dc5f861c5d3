/**
 * What a region does to each of its elements: an operation of the machine for each node, and one for two
 * nodes where the machine has such a pair and only the second reads the first. It gives no registers.
 */
import { check } from "../errors.js";
import type { Node } from "../graph/graph.js";
import { Elementwise } from "../graph/opcodes.js";
import { operation } from "../graph/operations/index.js";
import type { Unit } from "./fuse.js";

/** One pass over the elements of a region. */
export interface Pass {
  /** The node that it computes. */
  readonly id: number;
  readonly operation: Elementwise;
  /** Ids of the nodes that it reads, in the machine's order. */
  readonly inputs: readonly number[];
}

/** First, second, which input of the second the first is; both together. Sums and products commute. */
const PAIRS: readonly (readonly [first: Elementwise, second: Elementwise, input: number, Elementwise])[] = [
  [Elementwise.Sqrt, Elementwise.Add, 0, Elementwise.SqrtAdd],
  [Elementwise.Sqrt, Elementwise.Add, 1, Elementwise.SqrtAdd],
  [Elementwise.Add, Elementwise.Sqrt, 0, Elementwise.AddSqrt],
  [Elementwise.Mul, Elementwise.Add, 0, Elementwise.MulAdd],
  [Elementwise.Mul, Elementwise.Add, 1, Elementwise.MulAdd],
  [Elementwise.Mul, Elementwise.Sub, 0, Elementwise.MulSub],
  [Elementwise.Mul, Elementwise.Sub, 1, Elementwise.MulSubFrom],
  [Elementwise.Mul, Elementwise.Mul, 0, Elementwise.MulMul],
  [Elementwise.Mul, Elementwise.Mul, 1, Elementwise.MulMul],
  [Elementwise.Mul, Elementwise.Div, 0, Elementwise.MulDiv],
  [Elementwise.Div, Elementwise.Mul, 0, Elementwise.DivMul],
  [Elementwise.Div, Elementwise.Mul, 1, Elementwise.DivMul],
  [Elementwise.Greater, Elementwise.Mul, 0, Elementwise.GreaterMul],
  [Elementwise.Greater, Elementwise.Mul, 1, Elementwise.GreaterMul],
  [Elementwise.Flush, Elementwise.Mul, 0, Elementwise.FlushMul],
  [Elementwise.Flush, Elementwise.Mul, 1, Elementwise.FlushMul],
  [Elementwise.FlushMul, Elementwise.Add, 0, Elementwise.FlushMulAdd],
  [Elementwise.FlushMul, Elementwise.Add, 1, Elementwise.FlushMulAdd],
];

/** The passes of a region, each after those that it reads. */
export function passesOf(unit: Unit, nodes: readonly Node[]): Pass[] {
  const reads = new Map<number, number>();
  for (const id of unit.nodes) {
    for (const input of nodes[id].inputs) reads.set(input, (reads.get(input) ?? 0) + 1);
  }
  const passes = new Map<number, Pass>();
  for (const id of unit.nodes) {
    const { inputs } = nodes[id];
    let pass: Pass = { id, operation: elementwiseOf(nodes[id]), inputs };
    for (const [position, input] of inputs.entries()) {
      const before = passes.get(input);
      if (before === undefined || reads.get(input) !== 1 || unit.results.includes(input)) continue;
      const pair = PAIRS.find(
        ([first, second, at]) => first === before.operation && second === pass.operation && at === position,
      );
      if (pair === undefined) continue;
      passes.delete(input);
      pass = {
        id,
        operation: pair[3],
        inputs: [...before.inputs, ...inputs.filter((_, other) => other !== position)],
      };
      break;
    }
    passes.set(id, pass);
  }
  return [...passes.values()];
}

function elementwiseOf({ op }: Node): Elementwise {
  const { lowering } = operation(op);
  check("elementwise" in lowering, `${op} is not elementwise`, "internal");
  return lowering.elementwise;
}
