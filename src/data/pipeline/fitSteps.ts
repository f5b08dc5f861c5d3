/** Fits the columns of padded sequences. `column.ts` has the other columns. */
import { check, show } from "../../errors.js";
import type { Dataset } from "../dataset.js";
import { draftsOf, fillOf, type PipelineColumn } from "./column.js";
import { type ColumnPlan, type PipelineOptions, planFor } from "./options.js";
import type { PaddedSteps } from "./padding.js";
import { fitScaling, type Scaling, UNSCALED } from "./scaling.js";
import { findPadding } from "./steps.js";

/** The fitted values of one feature over all steps that count. */
interface Statistics {
  readonly fill: number;
  readonly scaling: Scaling;
}

/** The columns of a padded sequence with their places. All steps are scaled alike. */
export function stepColumns(
  { inputs, columns }: Pick<Dataset, "inputs" | "columns">,
  steps: PaddedSteps,
  choices: PipelineOptions,
  rows: ArrayLike<number>,
): (readonly [number, PipelineColumn])[] {
  const numbers = countedNumbers(steps, columns, rows);
  /** By feature and plan: columns may have choices of their own. */
  const learnt = new Map<string, Statistics>();
  return Array.from({ length: steps.steps * steps.features }, (_, i) => {
    const input = inputs[steps.first + i];
    const plan = planFor(input, choices);
    const made = draftsOf(input, plan, 1).flatMap((draft) => draft.names).length;
    check(
      made === 1,
      () =>
        `column ${show(input.name)} must have one feature, since it belongs to a padded sequence; received ${made}; choose one \`scale\` other than "parts", and no \`indicator\``,
    );
    const feature = i % steps.features;
    const key = JSON.stringify([feature, plan]);
    const found =
      learnt.get(key) ?? statisticsOf(plan, numbers[feature], `values of column ${show(input.name)}`);
    learnt.set(key, found);
    const { name, kind, categories } = input;
    const { fill, scaling } = found;
    const features = [{ name, source: { type: "value" }, scaling }] as const;
    return [steps.first + i, { name, kind, categories, fill, features }] as const;
  });
}

/** @param numbers - one feature in all steps that count; NaN for a missing cell */
function statisticsOf(
  { impute, scales: [scale] }: ColumnPlan,
  numbers: Float64Array,
  what: string,
): Statistics {
  const fill = fillOf(impute, numbers);
  const filled = numbers.map((value) => (Number.isNaN(value) ? fill : value));
  // if no step counts, all stay unchanged
  const [scaling] = filled.length > 0 ? fitScaling(scale, filled, what) : [UNSCALED];
  return { fill, scaling };
}

/**
 * The numbers of each feature in the steps that count, all steps together: a feature means the same in each
 * step, and late steps have few rows.
 *
 * @param columns - `[all]` for each input
 */
function countedNumbers(
  { first, steps, features, maskValue }: PaddedSteps,
  columns: readonly ArrayLike<number>[],
  rows: ArrayLike<number>,
): Float64Array[] {
  const isPadding = new Uint8Array(rows.length);
  const cells = Array.from({ length: features }, () => new Float64Array(rows.length));
  const counted = Array.from({ length: features }, () => new Float64Array(steps * rows.length));
  let count = 0;
  for (let step = 0; step < steps; step++) {
    for (const [f, own] of cells.entries()) {
      const column = columns[first + step * features + f];
      for (let i = 0; i < rows.length; i++) own[i] = column[rows[i]];
    }
    const read = cells.map((own) => () => own);
    findPadding(isPadding, read, rows.length, maskValue);
    for (let i = 0; i < rows.length; i++) {
      if (isPadding[i]) continue;
      for (let f = 0; f < features; f++) counted[f][count] = cells[f][i];
      count++;
    }
  }
  return counted.map((own) => own.subarray(0, count));
}
