/**
 * The model that is explained, as something that answers: predictions for rows whose cells are chosen. It is
 * only asked to predict; nothing in this part knows a network, or trains.
 */
import { isoMoment } from "../data/days.js";
import { PARSERS } from "../data/parsers.js";
import type { PaddedSteps } from "../data/pipeline/padding.js";
import { check, FettleError, must, mustBeInteger, unknownName } from "../errors.js";
import type { Model } from "../model/model.js";
import { Turns } from "../platform/turns.js";
import type { TableDescription } from "../predict/description.js";
import type { Predictor } from "../predict/predictor.js";
import { RowReader, type Rows } from "../predict/rows.js";

/** A model of a table: what `tune`, `loadModel` or `loadPredictor` returns. */
export type Explained = Model | Predictor;

/** Rows as a pipeline reads them, column by column: numbers, codes of words, NaN for a missing cell. */
export interface Cells {
  readonly rows: number;
  /** `[rows]` for each input. */
  readonly columns: readonly Float64Array[];
}

/** Inputs that are explained as one. */
export interface Part {
  readonly columns: readonly string[];
  /** Their places among the inputs. */
  readonly places: readonly number[];
}

/**
 * A cell for people and programs: a number, a word, a date in ISO form; null if it is missing, and for a word
 * that the model does not know.
 */
export type CellValue = number | string | null;

/** Rows of one prediction: long work yields to the host in between. */
const BLOCK = 4096;

/** A model to be asked. */
export class Asked {
  readonly table: TableDescription;
  /** The names of the outputs: one of two classes is the positive one. */
  readonly outputs: readonly string[];
  private readonly reader: RowReader;
  private readonly turns = new Turns();

  /**
   * @throws FettleError `invalid_argument` for anything but a model; `invalid_state` for a network without a
   * table
   */
  constructor(private readonly model: Explained) {
    must(
      typeof (model as Partial<Explained> | null | undefined)?.predict === "function",
      "model",
      "a model of a table, as tune, loadModel and loadPredictor return it",
      model,
    );
    const { table } = model;
    if (table === undefined)
      throw new FettleError("invalid_state", "a network without a table has no columns to explain");
    this.table = table;
    const { classes, targets = [table.target], outputs } = table;
    this.outputs = classes.length === 0 ? targets : classes.slice(-outputs);
    this.reader = new RowReader(table.inputs, table.schema, model.unknown, PARSERS);
  }

  /**
   * Refuses a network that leaves out steps of these rows, which no score here does. A predictor leaves out
   * none.
   *
   * @throws FettleError `unsupported`
   */
  mustCount({ columns }: Cells): void {
    check(
      !("predictMasked" in this.model) || this.model.predictMasked({ columns }).mask === undefined,
      "importances need a network whose output has no mask; received one that leaves out steps",
      "unsupported",
    );
  }

  /** The inputs one by one; steps of a padded sequence, which mean nothing alone, are one part. */
  parts(): Part[] {
    const { inputs, pipeline } = this.table;
    const starts = inputs.flatMap((_, place) => (isWithin(pipeline.padding, place) ? [] : [place]));
    return starts.map((start, k) => this.part(range(start, starts[k + 1] ?? inputs.length)));
  }

  part(places: readonly number[]): Part {
    return { columns: places.map((place) => this.table.inputs[place].name), places };
  }

  /** @throws FettleError `unknown_name` */
  placeOf(column: string): number {
    const names = this.table.inputs.map(({ name }) => name);
    if (!names.includes(column)) throw unknownName("input", column, names);
    return names.indexOf(column);
  }

  /** @throws FettleError as `predict` of a model does, for no rows too */
  cellsOf(rows: Rows): Cells {
    const source = this.reader.source(rows);
    const block = source.block(0, source.rows);
    const columns = this.table.inputs.map((_, place) => {
      const cells = Float64Array.from(block.read(place, new Float64Array(source.rows)));
      block.refuseGaps?.(place, cells);
      return cells;
    });
    return { rows: source.rows, columns };
  }

  /** @throws FettleError `invalid_argument` for a row that is not there */
  rowOf(cells: Cells, row: number): Cells {
    mustBeInteger("row", row, 0, cells.rows - 1);
    return { rows: 1, columns: cells.columns.map((column) => column.slice(row, row + 1)) };
  }

  valueOf(place: number, cell: number): CellValue {
    const { kind, categories } = this.table.inputs[place];
    if (Number.isNaN(cell)) return null;
    if (kind === "number") return cell;
    if (kind === "date") return isoMoment(cell);
    return categories[cell] ?? null;
  }

  /** Predictions, `[rows, outputs]`, in the form of `predict`. */
  ask({ rows, columns }: Cells): Promise<Float64Array> {
    return this.askAbout(rows, (place, cells, from) =>
      cells.set(columns[place].subarray(from, from + cells.length)),
    );
  }

  /**
   * Predictions for rows that are made when they are needed.
   *
   * @param fill - writes the cells of an input for the rows from `from` on
   */
  async askAbout(
    rows: number,
    fill: (place: number, cells: Float64Array, from: number) => void,
  ): Promise<Float64Array> {
    const { inputs, outputs } = this.table;
    const all = new Float64Array(rows * outputs);
    for (let from = 0; from < rows; from += BLOCK) {
      const columns = inputs.map((_, place) => {
        const cells = new Float64Array(Math.min(BLOCK, rows - from));
        fill(place, cells, from);
        return cells;
      });
      all.set(this.model.predict({ columns }).data, from * outputs);
      await this.turns.next();
    }
    return all;
  }
}

/** Whether an input is a later cell of a padded sequence. */
const isWithin = (padding: readonly PaddedSteps[] = [], place: number): boolean =>
  padding.some(({ first, steps, features }) => place > first && place < first + steps * features);

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, k) => from + k);

/** Some of the rows, in the order of the list. */
export const take = ({ columns }: Cells, rows: Int32Array): Cells => ({
  rows: rows.length,
  columns: columns.map((column) => Float64Array.from(rows, (row) => column[row])),
});
