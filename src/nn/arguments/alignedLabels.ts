/** The targets of losses of alignments: ids of labels, padded with zeros, as one-hot lines. */
import { encodeIds } from "../../data/classes.js";
import type { HostTensor } from "../../data/tensor.js";
import { check, show } from "../../errors.js";

/** How the labels of one output are read. */
interface LabelOptions {
  readonly what: string;
  readonly steps: number;
  readonly classes: number;
  /** The most labels of a row; null for as many as steps. */
  readonly maxLabels: number | null;
  readonly weights?: ArrayLike<number> | undefined;
}

/**
 * A line for each step of the output: those of the labels of a row, then those of the blank. A row of weight
 * 0 may hold anything.
 *
 * @param ids - [rows, labels], padded with zeros
 * @throws FettleError `invalid_data` for ids out of range, zeros between labels, and labels that do not fit
 * into the steps; `memory_limit` as `encodeIds`
 */
export function alignedLabels(ids: HostTensor, options: LabelOptions): Float32Array {
  const { what, steps, classes, weights } = options;
  const { data, rows, columns } = ids;
  const aligned = new Float32Array(rows * steps);
  for (let row = 0; row < rows; row++) {
    const own = data.subarray(row * columns, (row + 1) * columns);
    if (weights?.[row] !== 0) mustFit(own, row, options);
    aligned.set(own.subarray(0, steps), row * steps);
  }
  return Float32Array.from(encodeIds(aligned, classes, what, weights));
}

/** Refuses the labels of a row that a loss would misread. */
function mustFit(own: Float32Array, row: number, { what, steps, classes, maxLabels }: LabelOptions): void {
  const fits = (condition: boolean, rule: string, received: unknown, way: string): void =>
    check(
      condition,
      () => `${what} must ${rule}; received ${show(received)} in row ${row}; ${way}`,
      "invalid_data",
    );
  const odd = own.find((id) => !Number.isInteger(id) || id < 0 || id >= classes);
  const units = "0 pads rows, and the last layer has a unit for the blank and one for each label";
  fits(odd === undefined, `be integers from 0 to ${classes - 1}`, odd, units);
  const labels = own.filter((id) => id > 0);
  const isPadded = own.every((id, at) => id > 0 === at < labels.length);
  fits(isPadded, "hold labels, then zeros", Array.from(own), "ids of labels start at 1");
  const repeats = labels.filter((id, at) => at > 0 && id === labels[at - 1]).length;
  const needed = labels.length + repeats;
  const rule = `hold at most ${steps} labels, and blanks between equal ones, as there are ${steps} steps`;
  fits(needed <= steps, rule, Array.from(labels), `they need ${needed} steps`);
  const most = maxLabels ?? steps;
  fits(labels.length <= most, `hold at most ${most} labels`, labels.length, "raise maxLabels of the loss");
}
