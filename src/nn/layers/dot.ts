/** The dot product of two values of a network, row by row. */
import { check, must } from "../../errors.js";
import { div, matmul, maximum, mul, reshape, sqrt, square, sum, transpose } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { lines, type Shape, showShape } from "../../graph/shape.js";
import { flag, type OptionRules, readOptions } from "../../rules.js";
import { builtIn, type Layer, type LayerDefinition } from "./layer.js";
import { whereCounted } from "./masks.js";

/** An axis of both values, or one of each. */
export type DotAxes = number | readonly [first: number, second: number];

/** Options of {@link dot}. */
export interface DotOptions {
  /**
   * Whether lines along the axes are divided by their norm first, so that the products are cosines. Default
   * false.
   */
  readonly normalize?: boolean;
}

const RULES = { normalize: [flag, false] } satisfies OptionRules<DotOptions>;

/** Shorter vectors are divided by this norm, as in Keras. */
const LEAST_NORM = 1e-7;

/**
 * The dot products of two values along an axis of each: [rows, ...a, n, ...b] and [rows, ...c, n, ...d] →
 * [rows, ...a, ...b, ...c, ...d], or [rows, 1] if nothing else is left. As Keras' `Dot`. Steps that do not
 * count are 0, in both values if their steps are multiplied. The result has the mask of the value whose steps
 * are its first axis.
 *
 * @param axes - the axis of both values, or a pair; counted from 1, or from the end with −1
 * @throws FettleError `invalid_argument`, `unknown_name` for other axes and options; when applied,
 * `invalid_shape` for anything but two values with axes of the same length there
 * @example
 * ```ts
 * // a user and a film, as vectors
 * const [user, film] = [input(1), input(1)];
 * const vectors = [user, film].map((ids) => flatten().apply(embedding(100, 8).apply(ids)));
 * dot(1).apply(...vectors).shape; // [1]
 * ```
 */
export function dot(axes: DotAxes, options: DotOptions = {}): Layer {
  const pair: readonly unknown[] = Array.isArray(axes) ? axes : [axes, axes];
  must(
    pair.length === 2 && pair.every((axis) => Number.isSafeInteger(axis) && axis !== 0),
    "axes",
    "an axis, counted from 1, or one for each of two values",
    axes,
  );
  const { normalize } = readOptions(options, "dot", RULES);
  /** The axis of each value, among all of the batch. */
  const axesOf = (shapes: readonly Shape[]): [number, number] => {
    const [first, second] = shapes.map((row, i) => axisOf(row, pair[i] as number));
    const sizes = [shapes[0]?.[first - 1], shapes[1]?.[second - 1]];
    check(
      shapes.length === 2 && sizes[0] !== undefined && sizes[0] === sizes[1],
      () =>
        `dot must take two values with axes of one length at ${pair.join(" and ")}; received ${shapes.map(showShape).join(" and ")}`,
      "invalid_shape",
    );
    return [first, second];
  };
  const layer: LayerDefinition = {
    type: "dot",
    hyperparameters: {},
    outputShape(...shapes) {
      const left = axesOf(shapes).flatMap((axis, i) => shapes[i].filter((_, at) => at !== axis - 1));
      return left.length === 0 ? [1] : left;
    },
    parameters: () => [],
    call({ inputs, masks = [] }) {
      const rows = inputs.map(({ shape }) => shape.slice(1));
      const shape = [inputs[0].shape[0], ...layer.outputShape(...rows)];
      const axes = axesOf(rows);
      const [a, b] = inputs.map((x, i) => {
        // of steps of both, a value without a mask follows the other
        const mask = axes.every((axis) => axis === 1) && !masks[i] ? masks[1 - i] : undefined;
        return linesAlong(mask ? whereCounted(x, mask) : x, axes[i], normalize);
      });
      // [rows, m, n] · [rows, n, k]; of vectors, one pass
      if (rows.every(({ length }) => length === 1)) return reshape(sum(mul(a, b), -1), shape);
      return reshape(matmul(a, transpose(b, [0, 2, 1])), shape);
    },
    mask({ inputs, masks = [] }) {
      const rows = inputs.map(({ shape }) => shape.slice(1));
      const axes = axesOf(rows);
      // the first axis that is left
      const from = rows[0].length > 1 ? 0 : 1;
      return layer.outputShape(...rows).length > 1 && axes[from] !== 1 ? masks[from] : undefined;
    },
  };
  return builtIn({ ...layer, several: true }, [pair, normalize], { axes, ...options });
}

/** An axis of a batch, for one of its rows that is counted from 1 or from the end. */
const axisOf = (row: Shape, axis: number): number => (axis < 0 ? row.length + 1 + axis : axis);

/** [rows, lines, n]: the lines of x along an axis. */
function linesAlong(x: Value, axis: number, normalize: boolean): Value {
  const others = x.shape.map((_, i) => i).filter((i) => i > 0 && i !== axis);
  const last = transpose(x, [0, ...others, axis]);
  const along = reshape(last, [x.shape[0], lines(others.map((i) => x.shape[i])), x.shape[axis]]);
  if (!normalize) return along;
  const squares = sum(square(along), -1, true);
  return div(along, sqrt(maximum(squares, LEAST_NORM ** 2)));
}
