/**
 * How time grows with rows, width, depth, batches, trials and threads: a row a point, and one with the slope
 * of log time over log of what grows, by least squares: 1 is linear, above it is worse. Fixed costs make it
 * smaller. The points of a series run in turns.
 */
import { availableParallelism } from "node:os";
import { adam, float, tune } from "fettle";
import { interleave, median, type Work } from "../measure.js";
import { ourModel, ourTraining, type Sizes, stepOperations } from "../networks.js";
import { plainRow, type Row, speedRow } from "../row.js";
import { data } from "../seed-grid.js";

/** One thing at several sizes. */
interface Series {
  readonly name: string;
  /** What time is set against. */
  readonly against: string;
  readonly points: readonly Point[];
}

interface Point {
  readonly size: string;
  /** Of what time is set against. */
  readonly amount: number;
  readonly work: Work;
  free?(): void;
}

/** Made one after another, so that only the points of one are in memory. */
const series: readonly (() => Series)[] = [
  () => ({
    name: "an epoch, 30→64→1 × 32",
    against: "rows",
    points: [512, 1024, 2048, 4096, 8192].map((rows) => ({
      ...epoch(rows, 32),
      size: `${rows} rows`,
      amount: rows,
    })),
  }),
  () => ({
    name: "an epoch of 2048 rows",
    against: "batches",
    points: [8, 16, 32, 64, 128, 256].map((batch) => ({
      ...epoch(2048, batch),
      size: `batch ${batch}`,
      amount: 2048 / batch,
    })),
  }),
  () => ({
    name: "a step, 100→n→1 × 32",
    against: "operations",
    points: [16, 32, 64, 128, 256, 512].map((units) => ({
      ...step([100, units, 1]),
      size: `${units} units`,
    })),
  }),
  () => ({
    name: "a step, 64→64→…→1 × 32",
    against: "operations",
    points: [1, 2, 4, 8].map((depth) => ({
      ...step([64, ...Array<number>(depth).fill(64), 1]),
      size: `${depth} hidden`,
    })),
  }),
  () => ({
    name: "a study",
    against: "trials",
    points: [4, 8, 16, 32, 64].map((trials) => ({
      work: studies(trials, 1),
      size: `${trials} trials`,
      amount: trials,
    })),
  }),
  () => ({
    name: "a study of 64 trials",
    against: "threads",
    points: [1, 2, 4, 8, 16, 32, 64]
      .filter((jobs) => jobs <= availableParallelism())
      .map((jobs) => ({ work: studies(64, jobs), size: `jobs ${jobs}`, amount: jobs })),
  }),
];

export async function* scaling(): AsyncIterable<Row> {
  for (const make of series) yield* measured(make());
}

/** Epochs of one network. */
function epoch(rows: number, batch: number): Pick<Point, "work" | "free"> {
  const { train, free } = ourTraining([30, 64, 1], batch, adam(), rows);
  return { work: (count) => train(count * (rows / batch)), free };
}

/** Steps of a network. */
function step(sizes: Sizes): Omit<Point, "size"> {
  const { train, free } = ourTraining(sizes, 32, adam());
  return { work: train, free, amount: stepOperations(sizes, 32) };
}

/** Studies of breast-cancer: one network, learning rates at random. */
function studies(trials: number, jobs: number): Work {
  return async (count) => {
    for (let seed = 0; seed < count; ++seed) {
      const { trials: told } = await tune({
        data,
        space: { learningRate: float(1e-3, 1e-1, { log: true }) },
        model: ({ learningRate }) => ourModel([30, 64, 1], adam({ learningRate })),
        trials,
        jobs,
        seed,
      });
      const failed = told.find(({ status }) => status === "failed");
      if (failed) throw new Error(`a trial failed, so that its time means nothing: ${failed.error}`);
    }
  };
}

async function* measured({ name, against, points }: Series): AsyncIterable<Row> {
  const timings = await interleave(Object.fromEntries(points.map(({ size, work }) => [size, work])));
  for (const { free } of points) free?.();
  for (const { size } of points) yield speedRow({ suite: "scaling", name, size }, "ms", timings[size]);
  const slope = slopeOf(
    points.map(({ amount }) => Math.log(amount)),
    points.map(({ size }) => Math.log(median(timings[size].seconds))),
  );
  yield plainRow({ suite: "scaling", name, size: `slope by ${against}` }, "exponent", slope);
}

/** The slope of the straight line with the least squares. */
function slopeOf(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  const covariance = mean(x.map((value, i) => (value - meanX) * (y[i] - meanY)));
  return covariance / mean(x.map((value) => (value - meanX) ** 2));
}
