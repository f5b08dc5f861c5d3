/**
 * The batches of `trainOnBatch` and `fitDataset`: reads them from an iterable, one at a time, and checks
 * them. Nothing runs here.
 */
import { checkRowWeights } from "../../data/weights.js";
import { check, isPlainObject, isRecord, must, unknownName } from "../../errors.js";
import type { Shape } from "../../graph/shape.js";
import type { Described } from "../arguments/compiled.js";
import type { Batch } from "../arguments/options.js";
import type { HostBatch } from "./batchRun.js";
import { dataOf } from "./fitting.js";

/** A batch as it was read, and its place. */
export interface ReadBatch {
  readonly batch: Batch;
  /** Its number in the epoch, from 0. */
  readonly number: number;
  /** Its name in errors: `dataset[3]`. */
  readonly name: string;
}

/** How much is read. */
interface Extent {
  readonly epochs: number;
  readonly batchesPerEpoch: number | undefined;
}

type BatchIterator = Iterator<unknown> | AsyncIterator<unknown>;

/** The batches of one epoch after another. Only the last one read is referred to. */
export class BatchReader {
  private iterator: BatchIterator | undefined;
  private epoch = 0;
  private number = 0;

  constructor(
    private readonly dataset: unknown,
    private readonly extent: Extent,
  ) {}

  /**
   * The next batch; undefined once at the end of each epoch.
   *
   * @throws FettleError `invalid_argument` for anything but iterables of objects { x, y }; `invalid_data` if
   * there are too few batches
   */
  async next(): Promise<ReadBatch | undefined> {
    const { epochs, batchesPerEpoch } = this.extent;
    if (this.number === batchesPerEpoch) {
      if (typeof this.dataset === "function") await this.close();
      return this.endEpoch();
    }
    this.iterator ??= await this.open();
    const { done, value } = await this.iterator.next();
    const { epoch, number } = this;
    if (done) {
      this.iterator = undefined;
      const wanted = batchesPerEpoch ?? 1;
      const most = typeof this.dataset === "function" ? wanted : wanted * epochs;
      check(
        batchesPerEpoch === undefined && number > 0,
        () =>
          `dataset must have ${batchesPerEpoch === undefined ? "at least one batch" : `${wanted} batches`} for each of ${epochs} epochs` +
          `; it ended in epoch ${epoch} after ${number} of them` +
          (most > wanted || batchesPerEpoch === undefined ? `; ${MAKER}` : ""),
        "invalid_data",
      );
      return this.endEpoch();
    }
    this.number++;
    const name = `${epoch > 0 ? `epoch ${epoch}, ` : ""}dataset[${number}]`;
    return { batch: checkBatchObject(await value, name), number, name };
  }

  /** Ends an iterable that was not read to its end. */
  async close(): Promise<void> {
    const { iterator } = this;
    this.iterator = undefined;
    await iterator?.return?.();
  }

  private endEpoch(): undefined {
    this.epoch++;
    this.number = 0;
  }

  private async open(): Promise<BatchIterator> {
    const { dataset, epoch, extent } = this;
    const made = typeof dataset === "function";
    const source: unknown = made ? await dataset(epoch) : dataset;
    const iterator = iteratorOf(source);
    must(
      iterator !== undefined,
      made ? "what dataset returns" : "dataset",
      `an iterable or async iterable of batches { x, y }${made ? "" : ", or a function that makes one for each epoch"}`,
      source,
    );
    check(
      made || extent.epochs <= 1 || extent.batchesPerEpoch !== undefined || iterator !== source,
      () =>
        `dataset must start again for each of ${extent.epochs} epochs; received an iterator, which yields its batches once; ${MAKER}`,
    );
    return iterator;
  }
}

const MAKER = "pass a function that makes the batches of an epoch, such as () => batches()";

function iteratorOf(source: unknown): BatchIterator | undefined {
  if (!(isRecord(source) || Array.isArray(source))) return undefined;
  const methods = source as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
  return methods[Symbol.asyncIterator]?.() ?? methods[Symbol.iterator]?.();
}

const NAMES = ["x", "y", "sampleWeight"];

function checkBatchObject(batch: unknown, name: string): Batch {
  must(isPlainObject(batch), name, "an object { x, y } or { x, y, sampleWeight }", batch);
  for (const key of Object.keys(batch))
    if (!NAMES.includes(key)) throw unknownName(`array of ${name}`, key, NAMES);
  return batch as unknown as Batch;
}

/**
 * A batch that fits the model.
 *
 * @param trained - the shape of a row that it was trained on, if it was
 * @param prefix - stands before the names of arrays in errors
 * @throws FettleError as `fit`, for its arrays
 */
export function hostBatchOf(
  described: Described,
  trained: Shape | undefined,
  { x: givenX, y: givenY, sampleWeight }: Batch,
  prefix = "",
): HostBatch {
  const x = dataOf(described, trained).inputs(givenX, `${prefix}x`);
  const name = `${prefix}sampleWeight`;
  const checked = sampleWeight === undefined ? undefined : checkRowWeights(name, sampleWeight, x.rows);
  const weights = checked && Float32Array.from(checked);
  check(
    weights?.every(Number.isFinite) ?? true,
    `${name} must hold numbers that fit float32; received a larger one`,
    "invalid_data",
  );
  return { x, y: dataOf(described, x.shape).targets(givenY, x, `${prefix}y`, checked), weights };
}
