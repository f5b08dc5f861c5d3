/**
 * The seed grid: one network, 275 combinations of plain gradient descent, 3 folds, 10 epochs. Ours with one
 * thread and with two; scikit-learn's on all cores; TensorFlow.js's layers on 3 combinations and one fold,
 * and so as the time of a fit.
 */
import { isDeepStrictEqual } from "node:util";
import type { TrialRecord } from "fettle";
import { eachOnce, inTurns, type Timing } from "../measure.js";
import type { Peers } from "../peers.js";
import { plainRow, type Row, speedRow } from "../row.js";
import { fits, hasSklearn, ourGrid, sample, sklearnSeconds, tfSample } from "../seed-grid.js";

const ROUNDS = 5;

export async function* grid({ tf, tfLayers }: Peers): AsyncIterable<Row> {
  const once = async (work: () => Promise<unknown>): Promise<number> =>
    (await eachOnce(1, async () => void (await work())))[0];
  const tfWork = tf && tfLayers && tfSample(tf, tfLayers);
  const contestants: Record<string, () => number | Promise<number>> = {
    "jobs 1": () => once(() => ourGrid(1)),
    "jobs 2": () => once(() => ourGrid(2)),
    ...(hasSklearn() ? { "scikit-learn, all cores": sklearnSeconds } : {}),
    ...(tfWork ? { "tfjs-wasm, layers": () => once(tfWork) } : {}),
  };
  // The first call of each warms it up; scikit-learn does that itself.
  const [one, two] = [await ourGrid(1), await ourGrid(2)];
  const same = sameTrials(one.trials, two.trials);
  await tfWork?.();
  const seconds = await inTurns(contestants, ROUNDS);

  const grid = { suite: "grid", size: `${fits} fits` };
  const whole = (name: string): Timing => ({ seconds: seconds[name], amount: 1 });
  const perFit = (name: string, count: number): Timing => ({
    seconds: seconds[name].map((t) => t / count),
    amount: 1,
  });
  for (const jobs of ["jobs 1", "jobs 2"]) {
    for (const peer of ["jobs 1", "scikit-learn, all cores"]) {
      if (peer === jobs || !seconds[peer]) continue;
      yield speedRow({ ...grid, name: jobs }, "ms", whole(jobs), peer, whole(peer));
    }
    const peer = "tfjs-wasm, layers";
    if (seconds[peer]) {
      const size = `${fits} fits, tfjs: ${sample.length}`;
      const where = { ...grid, name: `${jobs}, a fit`, size };
      yield speedRow(where, "ms", perFit(jobs, fits), peer, perFit(peer, sample.length));
    }
  }
  yield plainRow({ ...grid, name: "jobs 2, same bits" }, "trials", same, "all", one.trials.length);
}

/** How many trials there are, all of which have the same scores to the bit. */
function sameTrials(a: readonly TrialRecord<unknown>[], b: readonly TrialRecord<unknown>[]): number {
  const outcome = ({ seconds: _, ...rest }: TrialRecord<unknown>) => rest;
  const differing = a.find((trial, i) => !b[i] || !isDeepStrictEqual(outcome(trial), outcome(b[i])));
  if (differing || a.length !== b.length) {
    throw new Error(`one thread and two differ in trial ${JSON.stringify(differing)}`);
  }
  return a.length;
}
