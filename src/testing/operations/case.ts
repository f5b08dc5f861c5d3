/** Uses of operations with arguments, and how to draw them. */
import fc from "fast-check";
import type { ArrayInput } from "../../engine/arrays.js";
import type { Value } from "../../graph/graph.js";
import { anyBroadcast, anyShape, anyTensor, numbers } from "../arbitraries/tensors.js";
import type { TensorFunction } from "../gradients.js";

/** A function of values, and arguments to try it on. */
export interface OperationCase {
  readonly fn: TensorFunction;
  readonly args: readonly ArrayInput[];
}

const { real } = numbers;

/** A function of operands whose shapes are drawn together. */
export function cases(
  shapes: fc.Arbitrary<readonly (readonly number[])[]>,
  fn: (shapes: readonly (readonly number[])[]) => fc.Arbitrary<TensorFunction>,
  ...numbers: readonly fc.Arbitrary<number>[]
): fc.Arbitrary<OperationCase> {
  return shapes.chain((drawn) =>
    fc.record({
      fn: fn(drawn),
      args: fc.tuple(...drawn.map((shape, i) => anyTensor(shape, numbers[i] ?? real))),
    }),
  );
}

/** A function of one operand of any shape. */
export const unary = (fn: (x: Value) => Value, number = real): fc.Arbitrary<OperationCase> =>
  cases(
    anyShape().map((shape) => [shape]),
    () => fc.constant(fn),
    number,
  );

/** A function of two operands whose shapes broadcast. */
export const binary = (fn: (x: Value, y: Value) => Value, x = real, y = real): fc.Arbitrary<OperationCase> =>
  cases(anyBroadcast(), () => fc.constant(fn), x, y);
