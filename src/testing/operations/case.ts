/** Uses of operations with arguments, and how to draw them. */
import fc from "fast-check";
import type { ArrayInput } from "../../engine/arrays.js";
import type { Value } from "../../graph/graph.js";
import type { Shape } from "../../graph/shape.js";
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

/** A function of one operand, drawn for its shape. */
export const ofShape = (
  fn: (shape: Shape) => fc.Arbitrary<TensorFunction>,
  shapes: fc.Arbitrary<Shape> = anyShape(),
  number = real,
): fc.Arbitrary<OperationCase> =>
  cases(
    shapes.map((shape) => [shape]),
    ([shape]) => fn(shape),
    number,
  );

/** A function of one operand of any shape. */
export const unary = (fn: (x: Value) => Value, number = real): fc.Arbitrary<OperationCase> =>
  ofShape(() => fc.constant(fn), anyShape(), number);

/** A function of two operands whose shapes broadcast. */
export const binary = (fn: (x: Value, y: Value) => Value, x = real, y = real): fc.Arbitrary<OperationCase> =>
  cases(anyBroadcast(), () => fc.constant(fn), x, y);
