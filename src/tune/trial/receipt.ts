/**
 * Lets a stranger recompute a study and check that the bits are the same: digests of the data, the trials and
 * the weights.
 */
import { crc32 } from "../../crc32.js";
import type { Dataset } from "../../data/dataset.js";
import { Model } from "../../model/model.js";
import type { Floats } from "../../ndarray.js";
import { weightsOf } from "../../nn/weights/trainedWeights.js";
import { kernelsName } from "../../numerics/kernels.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import type { Folds } from "./folds.js";

/** Digests are SHA-256, in hexadecimal. */
export interface Receipt {
  /** The encoded table: names and kinds, and every number. */
  readonly data: string;
  /** CRC-32 of each column, by name, so that a changed column is found; and the number of rows. */
  readonly columns: Readonly<Record<string, string>>;
  readonly rows: number;
  /** How rows were divided: the row ids of each fold by which trials are scored, and of the test part. */
  readonly folds: string;
  /** Parameters, status and values of every trial. */
  readonly trials: string;
  /** The parameters of the final network. */
  readonly weights: string;
  /** The release and the kernels, which decide the bits. */
  readonly kernels: string;
  readonly seed: number;
}

/**
 * A model with the receipt of its study; without one if the host has no digests, like a page without HTTPS.
 */
export async function withReceipt(
  final: Model,
  rows: Folds,
  trials: readonly TrialRecord<unknown>[],
  seed: number,
): Promise<Model> {
  if (!globalThis.crypto?.subtle) return final;
  const { model, table, notes } = final;
  const receipt = await receiptOf(rows, trials, weightsOf(model.trained().saved), seed);
  return new Model(model, table, { ...notes, receipt });
}

async function receiptOf(
  { data, folds, scored }: Folds,
  trials: readonly TrialRecord<unknown>[],
  parameters: Floats,
  seed: number,
): Promise<Receipt> {
  const told = trials.map(({ number, params, status, value, values }) => ({
    number,
    params,
    status,
    value,
    values,
  }));
  // without further divisions, of which a study prepares as many as it may use; see `Folds`
  const divided = folds.slice(0, scored + 1);
  return {
    ...(await digestOfData(data)),
    folds: await digest(divided.flatMap(({ train, validation }) => [train, validation])),
    trials: await digest([JSON.stringify(told)]),
    weights: await digest([parameters]),
    kernels: kernelsName(),
    seed,
  };
}

type OfData = Pick<Receipt, "data" | "columns" | "rows">;

/** Cached: data sets do not change, and large ones take a while. */
const digests = new WeakMap<Dataset, Promise<OfData>>();

/** The part of a receipt about the data. */
export function digestOfData(data: Dataset): Promise<OfData> {
  const known = digests.get(data) ?? digested(data);
  digests.set(data, known);
  return known;
}

async function digested(data: Dataset): Promise<OfData> {
  const named = [
    ...data.inputs.map(({ name }, j) => [name, data.columns[j]] as const),
    [data.target, data.y] as const,
  ];
  return {
    rows: data.rows,
    columns: Object.fromEntries(
      named.map(([name, values]) => [name, crc32(bytesOf(values)).toString(16).padStart(8, "0")]),
    ),
    data: await digest(
      [JSON.stringify([data.inputs, data.task, data.target, data.classes]), ...data.columns, data.y].concat(
        data.sampleWeight ? [data.sampleWeight] : [],
        data.groups ? [Float64Array.from(data.groups)] : [],
        data.time ? ["time", data.time] : [],
        data.shape ? [JSON.stringify({ shape: data.shape })] : [],
      ),
    ),
  };
}

/** Numbers are hashed as float64, whatever their storage. */
async function digest(parts: readonly (string | Floats | Int32Array)[]): Promise<string> {
  const encoder = new TextEncoder();
  let all = "";
  for (const part of parts) {
    const bytes = typeof part === "string" ? encoder.encode(part) : bytesOf(part);
    all += hex(await crypto.subtle.digest("SHA-256", bytes));
  }
  return hex(await crypto.subtle.digest("SHA-256", encoder.encode(all)));
}

const bytesOf = (values: Floats | Int32Array): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Float64Array.from(values).buffer);

const hex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
