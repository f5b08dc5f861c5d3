/** The columns of padded sequences: what is learnt of them, and how their steps are written. Other columns are in `column.ts`. */
import { check, show } from "../../errors.js";
import type { Floats } from "../../ndarray.js";
import type { Dataset } from "../dataset.js";
import { draftsOf, fillOf, type PipelineColumn, type Workspace } from "./column.js";
import { type ColumnPlan, type PipelineOptions, planFor } from "./options.js";
import { countedNumbers, findPadding, type PaddedSteps, restorePadding } from "./padding.js";
import { writeScaled } from "./scaled.js";
import { fitScaling, type Scaling, UNSCALED } from "./scaling.js";

/** What is learnt of one feature over all steps that count. */
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
        `column ${show(input.name)} must have one feature, since it is of a padded sequence; received ${made}; choose one \`scale\` other than "parts", and no \`indicator\``,
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

/** @param numbers - of one feature in all steps that count; NaN where a cell is missing */
function statisticsOf(
  { impute, scales: [scale] }: ColumnPlan,
  numbers: Float64Array,
  what: string,
): Statistics {
  const fill = fillOf(impute, numbers);
  const filled = numbers.map((value) => (Number.isNaN(value) ? fill : value));
  // where no step counts, all stay as they are
  const [scaling] = filled.length > 0 ? fitScaling(scale, filled, what) : [UNSCALED];
  return { fill, scaling };
}

/**
 * Writes the features of one step of a padded sequence.
 *
 * @param read - the cells of each of its columns
 * @param k - the place of its first feature in `out`, of which each row has `width` numbers
 */
export function writeStep(
  columns: readonly PipelineColumn[],
  read: (feature: number) => Floats,
  steps: PaddedSteps,
  rows: number,
  workspace: Workspace,
  out: Float32Array,
  k: number,
  width: number,
  idOf: (row: number) => number,
): void {
  const isPadding = new Uint8Array(rows);
  findPadding(
    isPadding,
    columns.map((_, f) => () => read(f)),
    rows,
    steps.maskValue,
  );
  for (const [f, column] of columns.entries()) {
    const cells = read(f);
    const { prepared } = workspace;
    const {
      fill,
      features: [{ scaling }],
    } = column;
    for (let i = 0; i < rows; i++) prepared[i] = isPadding[i] || Number.isNaN(cells[i]) ? fill : cells[i];
    writeScaled(prepared, rows, scaling, out, k + f, width, column.name, idOf);
  }
  restorePadding(isPadding, steps, rows, out, k, width);
}
