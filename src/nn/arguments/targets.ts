/** The targets that users give to models, as rows of their outputs. */
import { layoutOf, type TensorLike } from "../../arrays.js";
import { encodeIds } from "../../data/classes.js";
import { twice } from "../../data/pipeline/target.js";
import { type LentTensor, lendTensor, ownTensor } from "../../data/tensor.js";
import { check, show } from "../../errors.js";
import { type Shape, sameShape } from "../../graph/shape.js";
import { forms } from "../losses/forms.js";
import type { JudgedLoss } from "../losses/truths.js";
import { alignedLabels } from "./alignedLabels.js";

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
 * them, so that metrics and class weights can use them too. If predictions are no estimates of the targets,
 * lines of targets become as wide as those of predictions.
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
  if (loss?.form === "alignments") {
    const given = layoutOf(y, what).shape;
    check(
      given.length === 2,
      () =>
        `${what} must hold a row of labels, padded with zeros, for each sequence; received shape ${show(given)}`,
      "invalid_shape",
    );
    const [steps, classes] = shape;
    const labels = ownTensor(lendTensor(y, { what }));
    mustHaveRows(labels, rows, what);
    const data = alignedLabels(labels, { what, steps, classes, maxLabels: loss.maxLabels, weights });
    return { data, rows, columns: data.length / rows, shape };
  }
  const width = shape[shape.length - 1];
  const given = loss?.form && forms[loss.form].targets?.(width);
  const lineShape = given === undefined ? shape : formedShape(layoutOf(y, what).shape, shape, given);
  mustNotNeedFlatten(layoutOf(y, what).shape, what, lineShape);
  const targets = lendTensor(y, { what, shape: takesIds ? idShape : lineShape });
  mustHaveRows(targets, rows, what);
  const made = (data: Float32Array): LentTensor => ({ data, rows, columns: data.length / rows, shape });
  if (given !== undefined) {
    const { data } = ownTensor(targets);
    return made(
      loss?.form === "levels" ? levelsOf(data, width, what, weights) : Float32Array.from(twice(data, given)),
    );
  }
  if (!takesIds) return targets;
  const way = "; ids start at 0, and the last layer has a unit for each class";
  return made(Float32Array.from(encodeIds(ownTensor(targets).data, width, what, weights, way)));
}

function mustHaveRows(targets: Pick<LentTensor, "rows">, rows: number, what: string): void {
  check(
    targets.rows === rows,
    () => `${what} must have as many rows as its inputs, ${rows}; received ${targets.rows}`,
    "invalid_shape",
  );
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

/**
 * Refuses one number a row for an output of several axes, which is an image or a sequence that was not
 * flattened.
 */
function mustNotNeedFlatten([rows, ...given]: Shape, what: string, shape: Shape): void {
  const isOne = given.length === 0 || (given.length === 1 && given[0] === 1);
  check(
    !isOne || shape.length === 1 || shape.every((length) => length === 1),
    () =>
      `${what} must have rows of shape ${show(shape)}, as the output; received shape ${show([rows, ...given])}; for one result a row, put flatten() or a global pooling before the last layer`,
    "invalid_shape",
  );
}

/** The shape of a row of so many targets for each line; without an axis for one, if `y` has none. */
function formedShape([, ...given]: Shape, shape: Shape, targets: number): Shape {
  const lines = shape.slice(0, -1);
  return targets === 1 && lines.length > 0 && sameShape(given, lines) ? lines : [...lines, targets];
}

/** Whether the class of a line is above 0, above 1 and so on: 1s, then 0s. Rows of weight 0 have only 0s. */
function levelsOf(
  ids: Float32Array,
  levels: number,
  what: string,
  weights: ArrayLike<number> | undefined,
): Float32Array {
  const way = "; ids start at 0, and the last layer has one unit fewer than there are classes";
  const hot = encodeIds(ids, levels + 1, what, weights, way);
  return Float32Array.from({ length: ids.length * levels }, (_, at) => {
    const line = Math.floor(at / levels);
    const id = hot.subarray(line * (levels + 1), (line + 1) * (levels + 1)).indexOf(1);
    return Number(id > at % levels);
  });
}
