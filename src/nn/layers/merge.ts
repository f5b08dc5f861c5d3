/** Layers that make one value of several, for networks that `functional` makes. */
import { byName, check, must, show } from "../../errors.js";
import {
  add,
  broadcastTo,
  concat,
  constant,
  div,
  maximum,
  minimum,
  mul,
  sub,
} from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import type { Operand } from "../../graph/operations/append.js";
import { type Shape, sameShape, showShape } from "../../graph/shape.js";
import { type OptionRules, readOptions, rule } from "../../rules.js";
import { builtIn, type Layer, type LayerDefinition } from "./layer.js";
import { anyOf, besideSteps, whereCounted } from "./masks.js";

/**
 * How values are merged, and the neutral number, which replaces a step that does not count among others that
 * do.
 */
interface Way {
  /** @param count - how many count, broadcasting to a value */
  readonly join: (values: readonly Value[], count: Operand, axis: number) => Value;
  readonly absent: number;
}

/** The largest float32. */
const MOST = 3.4028234663852886e38;

const ways = {
  add: { join: (values) => values.reduce(add), absent: 0 },
  subtract: { join: (values) => values.reduce(sub), absent: 0 },
  multiply: { join: (values) => values.reduce(mul), absent: 1 },
  average: { join: (values, count) => div(values.reduce(add), count), absent: 0 },
  maximum: { join: (values) => values.reduce(maximum), absent: -MOST },
  minimum: { join: (values) => values.reduce(minimum), absent: MOST },
  concatenate: { join: (values, _, axis) => concat(values, axis), absent: 0 },
} satisfies Record<string, Way>;

/** How values are merged: elementwise, or by `concatenate` along an axis. */
export type MergeName = keyof typeof ways;

/** Options of {@link merge}. */
export interface MergeOptions {
  /**
   * Of `concatenate`, the axis along which values are joined: counted from 1 as in Keras, or from the last,
   * −1. Along the first of several axes, the steps of one sequence follow those of another, and so do their
   * masks. Default −1.
   */
  readonly axis?: number;
}

const RULES = {
  axis: [
    rule<number>(
      "an axis, counted from 1, or from the last, -1",
      (axis) => Number.isSafeInteger(axis) && axis !== 0,
    ),
    -1,
  ],
} satisfies OptionRules<MergeOptions>;

/**
 * One value of several: Keras' `Add`, `Subtract`, `Multiply`, `Average`, `Maximum`, `Minimum` and
 * `Concatenate`, in lower case. All but `concatenate` need values of one shape; `concatenate` joins them
 * along `axis`, the last by default, and the other axes must agree. `subtract` subtracts the later ones from
 * the first. A step counts if it counts in one of the values with a mask, and merges only the values in which
 * it counts.
 *
 * @throws FettleError `unknown_name` for another way; `invalid_argument` for an axis that is not one, and for
 * an axis of anything but `concatenate`; when applied, `invalid_shape` for values that do not fit each other
 * @example
 * ```ts
 * const [age, words] = [input(1), input(20)];
 * const both = merge("concatenate").apply(age, dense(4, { activation: "relu" }).apply(words));
 * both.shape; // [5]
 * ```
 */
export function merge(way: MergeName, options: MergeOptions = {}): Layer {
  const { join, absent }: Way = byName("way to merge", ways, way);
  const { axis } = readOptions(options, "merge", RULES);
  must(
    way === "concatenate" || options.axis === undefined,
    `\`axis\` of merge(${show(way)})`,
    "left out",
    axis,
  );
  const isConcatenate = way === "concatenate";
  /** Whether the steps of sequences follow each other, of which x is the first. */
  const joinsSteps = ({ shape }: Value): boolean =>
    isConcatenate && shape.length > 2 && axisOf(axis, shape.length - 1) === 0;
  const layer: LayerDefinition = {
    type: way,
    hyperparameters: {},
    ...(isConcatenate && { routes: true }),
    outputShape: (...shapes) => (isConcatenate ? joined(shapes, axis) : same(way, shapes)),
    parameters: () => [],
    stepwise: axis === -1,
    call({ x, inputs, masks = [] }) {
      const own = masks.filter((mask) => mask !== undefined);
      // with one mask, a step that one of the values lacks does not count
      if (new Set(own).size < 2 || joinsSteps(x)) return join(inputs, inputs.length, axis);
      const values = inputs.map((each, i) => (masks[i] ? whereCounted(each, masks[i], absent) : each));
      const count = add(
        own.map((mask) => besideSteps(mask, inputs[0])).reduce(add),
        inputs.length - own.length,
      );
      return join(values, maximum(count, 1), axis);
    },
    mask({ x, inputs, masks = [] }) {
      if (x.shape.length < 3) return undefined;
      return joinsSteps(x) ? maskOfJoined(inputs, masks) : anyOf(masks);
    },
  };
  return builtIn({ ...layer, several: true }, isConcatenate ? [axis] : [], { way, ...options }, "merge");
}

/** The place of an axis in the shape of a row of so many axes; −1 if it has none there. */
function axisOf(axis: number, axes: number): number {
  const place = axis < 0 ? axis + axes : axis - 1;
  return place < axes ? Math.max(place, -1) : -1;
}

/** The masks of sequences whose steps follow each other; undefined if all steps count. */
function maskOfJoined(inputs: readonly Value[], masks: readonly (Value | undefined)[]): Value | undefined {
  if (masks.every((mask) => mask === undefined)) return undefined;
  const all = inputs.map(
    ({ graph, shape }, i) => masks[i] ?? broadcastTo(constant(graph, 1), shape.slice(0, 2)),
  );
  return concat(all, 1);
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

function joined(shapes: readonly Shape[], axis: number): Shape {
  const [first] = shapes;
  const place = axisOf(axis, first.length);
  const rest = (shape: Shape): Shape => shape.toSpliced(place, 1);
  check(
    place >= 0 &&
      shapes.length > 1 &&
      shapes.every((shape) => shape.length === first.length && sameShape(rest(shape), rest(first))),
    () =>
      `concatenate must take several values that agree on all axes but ${axis === -1 ? "the last" : `axis ${axis}`}; received ${shapes.map(showShape).join(" and ")}`,
    "invalid_shape",
  );
  return first.with(
    place,
    shapes.reduce((sum, shape) => sum + shape[place], 0),
  );
}
