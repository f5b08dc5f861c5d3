/**
 * How much of a large table a search under `--seconds` uses: trials with all rows may take too long. It
 * measures how fast this machine trains the first network of a search, and decides before the study starts,
 * so that the study can be repeated.
 */
import { type Dataset, takeExamples } from "../data/dataset.js";
import type { PipelineOptions } from "../data/pipeline/options.js";
import { fitPipeline } from "../data/pipeline/pipeline.js";
import { choice } from "../search/space/builders.js";
import { grid } from "../search/strategies/grid/grid.js";
import { denseModel } from "../tune/dense.js";
import { tune } from "../tune/tune.js";

/** Rows and epochs of the speed measurement: the difference excludes a training's start. */
const [MEASURED, FEW, MANY] = [4096, 1, 4];
/** The number of trials that should end, their average epochs, and their fewest rows. */
const [TRIALS, EPOCHS, LEAST] = [8, 25, 4000];
/** The network whose speed is measured. */
const USUAL = { layers: 2, units: 96, dropout: 0.2, l2: 1e-4, batchSize: 128 };
/** The largest share of the time that is reserved for the final fit, as in `tune`. */
const FINAL = 0.6;

/** The cost of a table, in milliseconds. */
export interface Speed {
  /** Per row in the pipeline. */
  readonly prepare: number;
  /** Per row and epoch. */
  readonly train: number;
}

/** Measures on some rows; undefined for a table so small that all trials are short. */
export async function speedOf(data: Dataset, pipeline: PipelineOptions): Promise<Speed | undefined> {
  if (data.rows < LEAST) return undefined;
  const count = Math.min(MEASURED, data.rows);
  const rows = Int32Array.from({ length: count }, (_, i) => Math.floor((i * data.rows) / count));
  const { schema: _, groups: __, time: ___, ...some } = takeExamples(data, rows);
  const half = count >> 1;
  const ids = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i);
  const began = performance.now();
  fitPipeline(some, pipeline);
  const prepare = (performance.now() - began) / count;
  const seconds: number[] = [];
  for (const epochs of [FEW, MANY]) {
    const { trials } = await tune({
      data: some,
      space: { layers: choice([USUAL.layers]) },
      strategy: grid(),
      jobs: 1,
      pipeline,
      validation: [{ train: ids(0, half), validation: ids(half, count) }],
      model: () => denseModel(data, { ...USUAL, epochs }),
      fit: { epochs, batchSize: Math.min(USUAL.batchSize, half) },
    });
    seconds.push(trials[0].seconds ?? 0);
  }
  const [few, many] = seconds;
  return { prepare, train: (1000 * Math.max(0, many - few)) / ((MANY - FEW) * half) };
}

/** The plan for a number of milliseconds. */
export interface Pace {
  /** Rows for trials; undefined for all. */
  readonly searchRows?: number;
  /** Milliseconds needed to see each row once, if there is less time. */
  readonly needed?: number;
}

/**
 * @param left - milliseconds for the search and the final fit
 * @param rows - development rows
 * @param folds - that score trials; 1 for a held-out part
 * @param jobs - trainings at once
 */
export function paceOf(
  { prepare, train }: Speed,
  left: number,
  rows: number,
  folds: number,
  jobs: number,
): Pace {
  // rows are prepared for the model too
  const timeOf = (epochs: number): number => rows * (2 * prepare + train * epochs);
  const search = left - Math.min(timeOf(EPOCHS), FINAL * left);
  const trained = folds === 1 ? 0.8 : folds - 1; // of the rows of a trial
  const most = (search * jobs) / (TRIALS * trained * (prepare + train * EPOCHS));
  return {
    ...(most < rows && { searchRows: Math.min(rows, Math.max(LEAST, Math.floor(most))) }),
    ...(timeOf(1) > FINAL * left && { needed: timeOf(1) / FINAL }),
  };
}
