/**
 * One training step by network, batch and optimizer: beside the peers, beside our own step with plain
 * gradient descent, and beside the time that its products would take at the machine's peak.
 */
import { interleave, type Timing, type Work } from "../measure.js";
import {
  jaxTraining,
  ourTraining,
  type Sizes,
  sizeName,
  stepOperations,
  type Training,
  tfTraining,
} from "../networks.js";
import { LEARNING_RATE, optimizerNames, ourOptimizer, tfOptimizer } from "../optimizers.js";
import { peakOf } from "../peak.js";
import type { Peers } from "../peers.js";
import { type Row, speedRow } from "../row.js";

const networks: readonly Sizes[] = [
  [100, 64, 1],
  [30, 64, 1],
  [64, 128, 64, 10],
  [784, 256, 128, 10],
];
const batches = [32, 128];

export async function* step(peers: Peers): AsyncIterable<Row> {
  for (const sizes of networks) {
    for (const batch of batches) yield* stepRows("step", peers, sizes, batch);
  }
}

/** The rows of one network and batch. */
export async function* stepRows(
  suite: string,
  { tf, jax }: Peers,
  sizes: Sizes,
  batch: number,
): AsyncIterable<Row> {
  const trainings = new Map<string, Training>();
  for (const name of optimizerNames) {
    trainings.set(name, ourTraining(sizes, batch, ourOptimizer(name)));
    const theirs = tf && tfOptimizer(tf, name);
    if (theirs) trainings.set(`tfjs-wasm ${name}`, tfTraining(tf, sizes, batch, theirs));
  }
  if (jax) trainings.set("jax-js sgd", jaxTraining(jax, sizes, batch, LEARNING_RATE));
  const peak = peakOf("strict")!;
  const works: Record<string, Work> = { peak: peak.work };
  for (const [name, { train }] of trainings) works[name] = train;
  const timings: Record<string, Timing | undefined> = await interleave(works);
  for (const { free } of trainings.values()) free();

  // The peak, as the seconds that the products of a step would take at it.
  const share = stepOperations(sizes, batch) / peak.operations;
  const limit: Timing = { seconds: timings.peak!.seconds.map((t) => t * share), amount: 1 };
  for (const name of optimizerNames) {
    const where = { suite, name, size: sizeName(sizes, batch) };
    const ours = timings[name]!;
    for (const peer of [`tfjs-wasm ${name}`, `jax-js ${name}`]) {
      if (timings[peer]) yield speedRow(where, "µs", ours, peer, timings[peer]);
    }
    if (name !== "sgd") yield speedRow(where, "µs", ours, "our sgd", timings.sgd);
    yield speedRow(where, "µs", ours, "products at peak", limit);
  }
}
