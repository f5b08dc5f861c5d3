/** Layers that make one value of several, for networks that `functional` makes. */
import { byName, check } from "../../errors.js";
import { add, concat, div, maximum, minimum, mul, sub } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import type { Operand } from "../../graph/operations/append.js";
import { type Shape, sameShape, showShape } from "../../graph/shape.js";
import { builtIn, type Layer, type LayerDefinition } from "./layer.js";
import { anyOf, besideSteps, whereCounted } from "./masks.js";

/**
 * How values are merged, and the neutral number, which replaces a step that does not count among others that
 * do.
 */
interface Way {
  /** @param count - how many count, broadcasting to a value; undefined if all do */
  readonly join: (values: readonly Value[], count?: Operand) => Value;
  readonly absent: number;
}

/** The largest float32. */
const MOST = 3.4028234663852886e38;

const ways = {
  add: { join: (values) => values.reduce(add), absent: 0 },
  subtract: { join: (values) => values.reduce(sub), absent: 0 },
  multiply: { join: (values) => values.reduce(mul), absent: 1 },
  average: { join: (values, count = values.length) => div(values.reduce(add), count), absent: 0 },
  maximum: { join: (values) => values.reduce(maximum), absent: -MOST },
  minimum: { join: (values) => values.reduce(minimum), absent: MOST },
  concatenate: { join: (values) => concat(values, -1), absent: 0 },
} satisfies Record<string, Way>;

/** How values are merged: elementwise, or by `concatenate` along the last axis. */
export type MergeName = keyof typeof ways;

/**
 * One value of several: Keras' `Add`, `Subtract`, `Multiply`, `Average`, `Maximum`, `Minimum` and
 * `Concatenate`, in lower case. All but `concatenate` need values of one shape; `concatenate` joins them
 * along the last axis, and the other axes must agree. `subtract` subtracts the later ones from the first. A
 * step counts if it counts in one of the values with a mask, and merges only the values in which it counts.
 *
 * @throws FettleError `unknown_name` for another way; when applied, `invalid_shape` for values that do not
 * fit each other
 * @example
 * ```ts
 * const [age, words] = [input(1), input(20)];
 * const both = merge("concatenate").apply(age, dense(4, { activation: "relu" }).apply(words));
 * both.shape; // [5]
 * ```
 */
export function merge(way: MergeName): Layer {
  const { join, absent }: Way = byName("way to merge", ways, way);
  const layer: LayerDefinition = {
    type: way,
    hyperparameters: {},
    ...(way === "concatenate" && { routes: true }),
    outputShape: (...shapes) => (way === "concatenate" ? joined(shapes) : same(way, shapes)),
    parameters: () => [],
    stepwise: true,
    call({ inputs, masks = [] }) {
      const own = masks.filter((mask) => mask !== undefined);
      // with one mask, a step that one of the values lacks does not count
      if (new Set(own).size < 2) return join(inputs);
      const values = inputs.map((x, i) => (masks[i] ? whereCounted(x, masks[i], absent) : x));
      const count = add(
        own.map((mask) => besideSteps(mask, inputs[0])).reduce(add),
        inputs.length - own.length,
      );
      return join(values, maximum(count, 1));
    },
    mask: ({ x, masks = [] }) => (x.shape.length > 2 ? anyOf(masks) : undefined),
  };
  return builtIn({ ...layer, several: true }, [], { way }, "merge");
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
