/** Layers that make one value of several, for networks that `functional` makes. */
import { byName, check } from "../../errors.js";
import { add, concat, div, maximum, minimum, mul, sub } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { type Shape, sameShape, showShape } from "../../graph/shape.js";
import { builtIn, type Layer, type LayerDefinition } from "./layer.js";

type Join = (values: readonly Value[]) => Value;

const ways = {
  add: (values) => values.reduce(add),
  subtract: (values) => values.reduce(sub),
  multiply: (values) => values.reduce(mul),
  average: (values) => div(values.reduce(add), values.length),
  maximum: (values) => values.reduce(maximum),
  minimum: (values) => values.reduce(minimum),
  concatenate: (values) => concat(values, -1),
} satisfies Record<string, Join>;

/** How values become one: number by number, or `concatenate` along the last axis. */
export type MergeName = keyof typeof ways;

/**
 * One value of several: Keras' `Add`, `Subtract`, `Multiply`, `Average`, `Maximum`, `Minimum` and `Concatenate`, in lower case. All
 * but `concatenate` take values of one shape; that joins them along the last axis, and the others must agree. `subtract` takes
 * the later ones from the first.
 *
 * @throws FettleError `unknown_name` for another way; where it is applied, `invalid_shape` for values that do not fit each other
 * @example
 * ```ts
 * const [age, words] = [input(1), input(20)];
 * const both = merge("concatenate").apply(age, dense(4, { activation: "relu" }).apply(words));
 * both.shape; // [5]
 * ```
 */
export function merge(way: MergeName): Layer {
  const join: Join = byName("way to merge", ways, way);
  const layer: LayerDefinition = {
    type: way,
    hyperparameters: {},
    ...(way === "concatenate" && { routes: true }),
    outputShape: (...shapes) => (way === "concatenate" ? joined(shapes) : same(way, shapes)),
    parameters: () => [],
    call: ({ inputs }) => join(inputs),
  };
  return builtIn(layer, [], { way }, "merge");
}

function same(way: string, shapes: readonly Shape[]): Shape {
  const [first] = shapes;
  const fits = shapes.length > 1 && shapes.every((shape) => sameShape(shape, first));
  check(
    fits,
    () => `${way} must take several values of one shape; received ${shapes.map(showShape).join(" and ")}`,
    "invalid_shape",
  );
  return first;
}

function joined(shapes: readonly Shape[]): Shape {
  const rest = (shape: Shape): Shape => shape.slice(0, -1);
  const [first] = shapes;
  check(
    shapes.length > 1 &&
      shapes.every((shape) => shape.length === first.length && sameShape(rest(shape), rest(first))),
    () =>
      `concatenate must take several values that agree on all axes but the last; received ${shapes.map(showShape).join(" and ")}`,
    "invalid_shape",
  );
  return [...rest(first), shapes.reduce((sum, shape) => sum + shape[shape.length - 1], 0)];
}
