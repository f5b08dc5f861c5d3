/** Applies a fitted pipeline to rows: the only part of pipelines that a predictor needs. */
import type { Floats } from "../../ndarray.js";
import { type PipelineColumn, prepare, valuesOf, type Workspace } from "./column.js";
import { type PaddedSteps, stepsByInput } from "./padding.js";
import { type Refusal, scaledInto, writeScaled } from "./scaled.js";
import type { writeStep } from "./steps.js";

/** Some rows of a table, read a column at a time. */
export interface CellSource {
  /**
   * The cells of a column, NaN for a missing one, and codes of categories: in `cells`, or in an existing
   * array.
   */
  read(column: number, cells: Float64Array): Floats;
  readonly refusal: Refusal;
  /** Called with a column that may have missing cells, before they are filled; throws if they are refused. */
  refuseGaps?(column: number, cells: Floats): void;
}

/** A pipeline that is applied many times, to some rows at a time. */
export class Applier {
  /** The number of features of a row. */
  readonly width: number;
  private readonly workspace: Workspace;
  private readonly steps: ReadonlyMap<number, PaddedSteps>;

  /**
   * @param most - rows at a time
   * @param step - writes the steps of padded sequences: `writeStep`, loaded only if there are some
   */
  constructor(
    private readonly pipeline: {
      readonly columns: readonly PipelineColumn[];
      readonly padding?: readonly PaddedSteps[];
    },
    most: number,
    private readonly step: typeof writeStep | undefined,
  ) {
    this.workspace = workspaceFor(most);
    this.steps = stepsByInput(pipeline.padding);
    this.width = pipeline.columns.reduce((sum, { features }) => sum + features.length, 0);
  }

  /**
   * Writes the features of rows.
   *
   * @param out - `[rows, width]` from its beginning
   * @throws FettleError `invalid_data` as {@link applyPipeline}, and whatever `source` throws
   */
  apply(source: CellSource, rows: number, out: Float32Array): void {
    const { workspace, width } = this;
    const { columns } = this.pipeline;
    for (let j = 0, k = 0; j < columns.length; j++) {
      const steps = this.steps.get(j);
      if (steps && this.step) {
        const first = j;
        const read = (f: number): Floats => {
          const cells = source.read(first + f, workspace.cells);
          source.refuseGaps?.(first + f, cells.subarray(0, rows));
          return cells;
        };
        const own = { columns: columns.slice(j, j + steps.features), refusal: source.refusal };
        this.step({ ...own, steps, read, write: writeScaled }, rows, workspace, out, k, width);
        j += steps.features - 1;
        k += steps.features;
        continue;
      }
      const column = columns[j];
      const cells = source.read(j, workspace.cells);
      refuseCodes(column, cells, rows, source.refusal);
      const { features } = column;
      // Numbers without gaps, the usual case, take one pass.
      const isPlain = !column.groups && features.every(({ source }) => source.type === "value");
      if (
        isPlain &&
        features.every(({ scaling }, i) => scaledInto(cells, rows, scaling, out, k + i, width))
      ) {
        k += features.length;
        continue;
      }
      source.refuseGaps?.(j, cells.subarray(0, rows));
      if (cells !== workspace.cells) workspace.cells.set(cells);
      prepare(column, workspace, rows);
      for (const feature of features) {
        const values = valuesOf(feature.source, workspace, rows);
        writeScaled(values, rows, feature.scaling, out, k++, width, column.name, source.refusal);
      }
    }
  }
}

/** Refuses invalid codes of categories and booleans; the code after the last stands for an unknown word. */
function refuseCodes(
  { name, kind, categories }: PipelineColumn,
  cells: Floats,
  rows: number,
  refusal: Refusal,
): void {
  if (kind !== "category" && kind !== "boolean") return;
  const most = kind === "boolean" ? 1 : categories.length;
  for (let i = 0; i < rows; i++) {
    const code = cells[i];
    if (!(code >= 0 && code <= most && code === Math.floor(code)) && !Number.isNaN(code))
      throw refusal(
        i,
        name,
        `every code of a ${kind} must be an integer from 0 to ${most}; received ${code}`,
      );
  }
}

export function workspaceFor(rows: number): Workspace {
  const [cells, prepared, values] = Array.from({ length: 3 }, () => new Float64Array(rows));
  return { cells, prepared, values };
}
