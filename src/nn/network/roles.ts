/**
 * What a network reads in the columns of its inputs, by its layers (`InputRole`): ids, padded steps, or
 * numbers. Pipelines leave ids and padding unchanged, and ids are checked before anything runs. Only layers
 * that move numbers run here, on places.
 */
import { check, FettleError } from "../../errors.js";
import { evaluateGraph } from "../../graph/evaluate.js";
import { constant, reshape } from "../../graph/functions.js";
import { Graph, type Value } from "../../graph/graph.js";
import { input } from "../../graph/operations/leaves.js";
import { ROWS, type Shape, sizeOf } from "../../graph/shape.js";
import { mapValues } from "../../records.js";
import type { InputRole, Layer } from "../layers/layer.js";
import { IdError } from "./idError.js";
import type { LayerPlace, Network, Wiring } from "./network.js";

/** A column of ids. */
export interface IdColumn {
  readonly column: number;
  /** Ids are integers below it; the least over all layers that read the column. */
  readonly inputDim: number;
  /** The layer with that. */
  readonly layer: string;
}

/** Columns that are the steps of a sequence, some of them padding. */
export interface StepColumns {
  /** The layer that reads them. */
  readonly layer: string;
  /** The value of all numbers of a padding step. */
  readonly maskValue: number;
  /** The columns of each step. */
  readonly steps: readonly (readonly number[])[];
}

/** The roles of columns; all others are numbers. */
export interface Roles {
  /** By column. */
  readonly ids: readonly IdColumn[];
  /** For columns that are not ids. */
  readonly steps: readonly StepColumns[];
}

const NUMBERS: Roles = { ids: [], steps: [] };

/** Whether some layer reads something other than numbers: otherwise there is nothing to follow. */
export const readsRoles = ({ calls }: Wiring): boolean =>
  calls.some(({ layer }) => layer.reads !== undefined);

const known = new WeakMap<Network, Roles>();

/**
 * The roles of the columns of a network's inputs. A column that several layers read holds ids if one of them
 * reads ids, with the least `inputDim`; otherwise steps, if one reads steps.
 *
 * @throws FettleError `invalid_argument` for ids that reach a layer through one that changes them in
 * training, and for a layer that claims to move numbers but does not
 */
export function rolesOf(network: Network): Roles {
  const before = known.get(network);
  if (before) return before;
  const roles = network.layers.some(({ layer }) => layer.reads !== undefined) ? follow(network) : NUMBERS;
  known.set(network, roles);
  return roles;
}

/** Numbers of a row that layers may move in all, so that a file cannot ask for hours. */
const MOST_MOVED = 2 ** 24;

/** The values that reach a reader of roles through layers that only move numbers. */
function leadToReaders(inputs: number, layers: readonly LayerPlace[]): ReadonlySet<number> {
  const wanted = new Set<number>();
  for (let i = layers.length - 1; i >= 0; i--) {
    const { layer, inputs: taken } = layers[i];
    const leads = layer.reads !== undefined || (layer.routes !== undefined && wanted.has(inputs + i));
    for (const value of leads ? taken : []) wanted.add(value);
  }
  return wanted;
}

/**
 * The columns that the numbers of a value are, −1 for a constant; and the layer that changes them in
 * training, if one does.
 */
interface Sources {
  readonly columns: Int32Array;
  readonly shape: Shape;
  readonly changedBy?: string | undefined;
}

function follow({ inputs, layers }: Network): Roles {
  /** For each value; undefined for a computed one. */
  const values: (Sources | undefined)[] = inputs.map(({ offset, size, shape }) => ({
    columns: Int32Array.from({ length: size }, (_, i) => offset + i),
    shape,
  }));
  const ids = new Map<number, IdColumn>();
  const steps: StepColumns[] = [];
  const wanted = leadToReaders(inputs.length, layers);
  let numbers = 0;
  for (const place of layers) {
    const taken = place.inputs.map((value) => values[value]);
    for (const [i, sources] of taken.entries()) {
      const role = roleOf(place.layer, i);
      if (sources === undefined || role.kind === "numbers") continue;
      if (role.kind === "ids") readIds(ids, place.name, role.inputDim, sources);
      else steps.push(stepsOf(place.name, role.maskValue, sources));
    }
    const known =
      place.layer.routes !== undefined &&
      wanted.has(values.length) &&
      taken.every((each) => each !== undefined);
    if (known) {
      numbers += sizeOf(place.shape);
      check(
        numbers <= MOST_MOVED,
        () =>
          `layers must move at most ${MOST_MOVED} numbers of a row to where ids or padded steps are read; received more, in ${place.name}`,
        "limit_exceeded",
      );
    }
    values.push(known ? moved(place, taken) : undefined);
  }
  return {
    ids: [...ids.values()].sort((a, b) => a.column - b.column),
    steps: steps.filter((each) => !each.steps.flat().some((column) => ids.has(column))),
  };
}

function roleOf({ reads = { kind: "numbers" } }: Layer, i: number): InputRole {
  return Array.isArray(reads) ? (reads[i] ?? { kind: "numbers" }) : (reads as InputRole);
}

function readIds(
  ids: Map<number, IdColumn>,
  layer: string,
  inputDim: number,
  { columns, changedBy }: Sources,
): void {
  check(
    changedBy === undefined,
    () =>
      `${layer} must receive unchanged ids; received those of ${changedBy}, which changes them in training`,
  );
  for (const column of columns) {
    const least = ids.get(column)?.inputDim ?? Number.POSITIVE_INFINITY;
    if (column >= 0 && inputDim < least) ids.set(column, { column, inputDim, layer });
  }
}

/** A step is the numbers along the last axis. */
function stepsOf(layer: string, maskValue: number, { columns, shape }: Sources): StepColumns {
  const features = shape[shape.length - 1];
  const steps = Array.from({ length: columns.length / features }, (_, step) => [
    ...columns.subarray(step * features, (step + 1) * features),
  ]);
  return { layer, maskValue, steps };
}

/** The code of column c when places are followed: different from numbers that a layer inserts, such as 0. */
const CODE = 2 ** 40 + 0.5;

/** The columns of the result of a layer that moves numbers, by the codes of its inputs. */
function moved({ layer, name, shape }: LayerPlace, taken: readonly Sources[]): Sources {
  const graph = new Graph();
  const inputs = taken.map(({ columns, shape }, i) =>
    reshape(input(graph, `${i}`, [ROWS, columns.length]), [ROWS, ...shape]),
  );
  const refuse = (): never => {
    throw new FettleError(
      "invalid_argument",
      `\`routes\` of ${name} must be left out of a layer that has parameters or changes numbers, as this one does`,
    );
  };
  if (layer.parameters(...taken.map((each) => each.shape)).length > 0) refuse();
  const result: Value = layer.call({
    inputs,
    x: inputs[0],
    parameters: {},
    training: false,
    trainable: false,
    stream: 0,
    hyperparameters: mapValues(layer.hyperparameters, (number) => constant(graph, number)),
    update: refuse,
  });
  const codes = evaluateGraph(graph, {
    rows: 1,
    seed: 0,
    step: 0,
    input: (i) => Float64Array.from(taken[Number(i)].columns, (column) => (column < 0 ? 0 : CODE + column)),
  })[result.id];
  const columns = Int32Array.from(codes, (code) => {
    if (code === 0) return -1;
    return Number.isInteger(code - CODE) && code >= CODE ? code - CODE : refuse();
  });
  const changedBy = layer.routes === "evaluation" ? name : undefined;
  return { columns, shape, changedBy: taken.find((each) => each.changedBy)?.changedBy ?? changedBy };
}

/** Numbers of rows side by side, [rows, width]. */
interface Block {
  readonly data: ArrayLike<number>;
  readonly rows: number;
  readonly columns: number;
}

/** The reason and remedy for an invalid id of a layer. */
export function idError(
  place: string,
  row: number,
  id: number,
  { column, inputDim, layer }: IdColumn,
): IdError {
  const reason = `must be an id of ${layer}, an integer from 0 to ${inputDim - 1} (its inputDim is ${inputDim}); received ${id}`;
  const more = Number.isInteger(id) && id >= inputDim;
  const remedy = more
    ? `; give ${layer} an inputDim of at least ${id + 1}, or number ids from 0`
    : "; number ids from 0";
  return new IdError(place, row, column, reason, remedy);
}

/**
 * Refuses rows with invalid ids, in float32.
 *
 * @param what - the name of the rows in errors
 * @throws IdError with row, column, id and `inputDim`
 */
export function checkIds(network: Network, { data, rows, columns: width }: Block, what: string): void {
  const { ids } = rolesOf(network);
  if (ids.length === 0) return;
  for (let first = 0; first < rows; first += ROWS_AT_A_TIME)
    for (const of of ids) {
      const { column, inputDim } = of;
      const end = Math.min(rows, first + ROWS_AT_A_TIME);
      for (let row = first, at = first * width + column; row < end; row++, at += width) {
        const id = Math.fround(data[at]);
        if (id >= 0 && id < inputDim && Math.floor(id) === id) continue;
        const { inputs } = network;
        const own = inputs.find(({ offset, size }) => column < offset + size) ?? inputs[0];
        const name = inputs.length > 1 ? `${what}.${own.name}` : what;
        throw idError(`row ${row}, column ${column - own.offset} of ${name}`, row, id, of);
      }
    }
}

/** Column by column for so many rows: twice as fast as row by row, and they stay in a cache. */
const ROWS_AT_A_TIME = 64;
