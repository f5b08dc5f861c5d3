/**
 * The inputs and targets that users give to a model, as one block: several inputs or outputs are side by
 * side.
 */
import type { TensorLike } from "../../arrays.js";
import { type LentTensor, lendTensor, ownTensor } from "../../data/tensor.js";
import { check, isPlainObject, show, unknownName } from "../../errors.js";
import type { Shape } from "../../graph/shape.js";
import type { CheckedLoss } from "../losses/given.js";
import { rowOfLoss } from "../losses/truths.js";
import type { Columns, Wiring } from "../network/network.js";
import { targetsOf } from "./targets.js";

/** An array; or, for a model with several inputs or outputs, arrays by name. */
export type ModelData = TensorLike | Readonly<Record<string, TensorLike>>;

/** How inputs are read. */
export interface InputOptions {
  readonly what: string;
  readonly inputs: Wiring["inputs"];
  /** The shape that a row must have; undefined if unknown. */
  readonly row: Shape | undefined;
}

/**
 * Inputs as one block.
 *
 * @throws FettleError `invalid_data`, `invalid_shape` for arrays that do not fit; `invalid_argument`,
 * `unknown_name` for names
 */
export function inputsOf(x: ModelData, { what, inputs, row }: InputOptions): LentTensor {
  if (!isNamed(x)) return lendTensor(x, { what, ...(row && { shape: row }) });
  const parts = partsOf(x, what, inputs).map((part, i) => {
    const { name, shape = row } = inputs[i];
    return lendTensor(part, { what: `${what}.${name}`, ...(shape && { shape }) });
  });
  for (const [i, { rows }] of parts.entries())
    check(
      rows === parts[0].rows,
      () =>
        `${what}.${inputs[i].name} must have as many rows as ${what}.${inputs[0].name}, ${parts[0].rows}; received ${rows}`,
      "invalid_shape",
    );
  return beside(parts);
}

/** How targets are read. */
export interface TargetsOptions {
  readonly what: string;
  /** Of the inputs. */
  readonly rows: number;
  readonly outputs: readonly Columns[];
  /** Of each output. */
  readonly losses: readonly CheckedLoss[];
  /** [rows]: rows of weight 0 may hold anything. */
  readonly weights?: ArrayLike<number> | undefined;
}

/**
 * Targets as one matrix. Class ids become one-hot rows if the loss of an output accepts them.
 *
 * @throws FettleError as {@link inputsOf}
 */
export function outputTargets(
  y: ModelData,
  { what, rows, outputs, losses, weights }: TargetsOptions,
): LentTensor {
  const target = (part: TensorLike, name: string, i: number): LentTensor =>
    targetsOf(part, { what: name, rows, shape: outputs[i].shape, loss: rowOfLoss(losses[i]), weights });
  if (isNamed(y))
    return beside(partsOf(y, what, outputs).map((part, i) => target(part, `${what}.${outputs[i].name}`, i)));
  if (outputs.length === 1) return target(y, what, 0);
  const formed = losses.map(rowOfLoss).find((loss) => loss?.form && loss.form !== "times");
  check(
    formed === undefined,
    () => `${what} must have an array for each output by its name for ${formed?.name}; received one array`,
  );
  const units = outputs.reduce((sum, { size }) => sum + size, 0);
  return targetsOf(y, { what, rows, shape: [units], loss: undefined });
}

function isNamed(data: ModelData): data is Readonly<Record<string, TensorLike>> {
  return isPlainObject(data) && !("shape" in data) && !("length" in data);
}

function partsOf(
  data: Readonly<Record<string, TensorLike>>,
  what: string,
  places: readonly { readonly name: string }[],
): TensorLike[] {
  const names = places.map(({ name }) => name);
  for (const name of Object.keys(data))
    if (!names.includes(name)) throw unknownName(`array of ${what}`, name, names);
  const missing = names.filter((name) => !Object.hasOwn(data, name));
  check(
    missing.length === 0,
    () => `${what} must have an array for each of ${show(names)}; missing: ${missing.map(show).join(", ")}`,
  );
  return names.map((name) => data[name]);
}

/** Joins tensors with equally many rows; several become a matrix. */
function beside(lent: readonly LentTensor[]): LentTensor {
  if (lent.length === 1) return lent[0];
  const parts = lent.map(ownTensor);
  const [{ rows }] = parts;
  const columns = parts.reduce((sum, part) => sum + part.columns, 0);
  const data = new Float32Array(rows * columns);
  let offset = 0;
  for (const part of parts) {
    for (let row = 0; row < rows; row++)
      data.set(part.data.subarray(row * part.columns, (row + 1) * part.columns), row * columns + offset);
    offset += part.columns;
  }
  return { data, rows, columns, shape: [columns] };
}
