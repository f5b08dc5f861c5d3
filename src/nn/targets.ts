/** The targets that users give to models, as rows of their outputs. */
import { layoutOf, type TensorLike } from "../arrays.js";
import { encodeIds } from "../data/classes.js";
import { type LentTensor, lendTensor, ownTensor } from "../data/tensor.js";
import { check, show } from "../errors.js";
import { type Shape, sameShape } from "../graph/shape.js";
import type { JudgedLoss } from "./losses/truths.js";

/** How the targets of one output are read. */
export interface TargetOptions {
  readonly what: string;
  /** Of the inputs. */
  readonly rows: number;
  /** Of a row of the output. */
  readonly shape: Shape;
  readonly loss: JudgedLoss | undefined;
  /** [rows]: rows of weight 0 may hold anything. */
  readonly weights?: ArrayLike<number> | undefined;
}

/**
 * Targets of one output. Class ids, one for each line of classes, become one-hot lines if the loss accepts
 * them, so that metrics and class weights can use them too.
 *
 * @throws FettleError `invalid_data`, `invalid_shape` for arrays that do not fit
 */
export function targetsOf(y: TensorLike, { what, rows, shape, loss, weights }: TargetOptions): LentTensor {
  const idShape = loss?.several ? shapeOfIds(layoutOf(y, what).shape, shape) : undefined;
  check(
    idShape === undefined || loss?.ids || loss?.truths === "quantities",
    () =>
      `${what} must hold one-hot rows for ${loss?.name}; received shape ${show([rows, ...(idShape ?? [])])}; ` +
      `for class ids, use ${loss?.logits ? "sparseCategoricalCrossentropy, or " : ""}oneHot`,
    "invalid_shape",
  );
  const takesIds = idShape !== undefined && loss?.ids;
  mustNotBeWords(y, what);
  mustNotNeedFlatten(layoutOf(y, what).shape, what, shape);
  const targets = lendTensor(y, { what, shape: takesIds ? idShape : shape });
  check(
    targets.rows === rows,
    () => `${what} must have as many rows as its inputs, ${rows}; received ${targets.rows}`,
    "invalid_shape",
  );
  if (!takesIds) return targets;
  const classes = shape[shape.length - 1];
  const way = "; ids start at 0, and the last layer has a unit for each class";
  const data = Float32Array.from(encodeIds(ownTensor(targets).data, classes, what, weights, way));
  return { data, rows, columns: data.length / rows, shape };
}

/**
 * The shape of a row of class ids, if `y` has them: one for each line of the output, [steps] or [steps, 1]
 * for [steps, classes].
 */
function shapeOfIds([, ...given]: Shape, shape: Shape): Shape | undefined {
  const lines = shape.slice(0, -1);
  if (shape[shape.length - 1] === 1) return undefined;
  return sameShape(given, lines) || sameShape(given, [...lines, 1]) ? given : undefined;
}

function mustNotBeWords(y: unknown, what: string): void {
  const first: unknown = Array.isArray(y) ? y[0] : undefined;
  check(
    typeof first !== "string",
    () => `${what} must be numbers; received words such as ${show(first)}; pass encodeLabels(${what}).labels`,
    "invalid_data",
  );
}

/** Refuses one number a row for an output of several axes, which is an image or a sequence that was not flattened. */
function mustNotNeedFlatten([rows, ...given]: Shape, what: string, shape: Shape): void {
  const isOne = given.length === 0 || (given.length === 1 && given[0] === 1);
  check(
    !isOne || shape.length === 1 || shape.every((length) => length === 1),
    () =>
      `${what} must have rows of shape ${show(shape)}, as the output; received shape ${show([rows, ...given])}; for one result a row, put flatten() or a global pooling before the last layer`,
    "invalid_shape",
  );
}
