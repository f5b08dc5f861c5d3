/**
 * How the benchmarks take time: contestants run in one process in turns, round after round, so that a
 * machine that slows down slows all of them, and what counts is the median over rounds of their ratio.
 * A turn is a benchmark of Benchmark.js with one sample. It knows nothing of what it times.
 */
import Benchmark from "benchmark";

/** Does one thing `count` times, so that the loop belongs to what is timed. */
export type Work = (count: number) => void | Promise<void>;

/** How long to measure. */
export interface Effort {
  /** Turns of each contestant. Default 7. */
  readonly rounds?: number;
  /** Seconds of a turn, at least one call. Default 0.03. */
  readonly turn?: number;
  /** Seconds before the first round, for just-in-time compilers. Default 0.1. */
  readonly warmUp?: number;
}

/** Seconds a call in each round, and how much one call does, such as its floating-point operations. */
export interface Timing {
  readonly seconds: readonly number[];
  readonly amount: number;
}

/** Calls a function `count` times. */
export function repeat(once: () => void): Work {
  return (count) => {
    for (let i = 0; i < count; ++i) once();
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median over rounds of how many times more `ours` does in a second than `peer`. */
export function timesFaster(ours: Timing, peer: Timing): number {
  return median(ours.seconds.map((t, i) => ((peer.seconds[i] / t) * ours.amount) / peer.amount));
}

/** Runs all contestants in turns, in alternating order; each call of one does `amounts[name]`, or 1. */
export async function interleave<K extends string>(
  works: Readonly<Record<K, Work>>,
  amounts?: Readonly<Partial<Record<K, number>>>,
  { rounds = 7, turn = 0.03, warmUp = 0.1 }: Effort = {},
): Promise<Record<K, Timing>> {
  const names = Object.keys(works) as K[];
  const counts = new Map<K, number>();
  for (const name of names) {
    const perCall = await warm(works[name], warmUp);
    counts.set(name, Math.max(1, Math.ceil(turn / perCall)));
  }
  const turns = Object.fromEntries(
    names.map((name) => {
      const count = counts.get(name)!;
      return [name, async () => (await secondsOf(works[name], count)) / count];
    }),
  ) as Record<K, () => Promise<number>>;
  const seconds = await inTurns(turns, rounds);
  return Object.fromEntries(
    names.map((name) => [name, { seconds: seconds[name], amount: amounts?.[name] ?? 1 }]),
  ) as unknown as Record<K, Timing>;
}

/** What each contestant returns in each round: they take turns, in alternating order. */
export async function inTurns<K extends string>(
  contestants: Readonly<Record<K, () => number | Promise<number>>>,
  rounds: number,
): Promise<Record<K, readonly number[]>> {
  const names = Object.keys(contestants) as K[];
  const values = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<K, number[]>;
  for (let round = 0; round < rounds; ++round) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      values[name].push(await contestants[name]());
    }
  }
  return values;
}

/**
 * Seconds of each of `count` things that are done once each, without Benchmark.js, which is made to repeat.
 */
export async function eachOnce(
  count: number,
  once: (index: number) => void | Promise<void>,
): Promise<number[]> {
  const seconds: number[] = [];
  for (let i = 0; i < count; ++i) {
    const start = performance.now();
    await once(i);
    seconds.push((performance.now() - start) / 1000);
  }
  return seconds;
}

/** Doubles the calls until they have taken `seconds` in all; returns the seconds a call of the last turn. */
async function warm(work: Work, seconds: number): Promise<number> {
  let total = 0;
  for (let count = 1; ; count *= 2) {
    const taken = await secondsOf(work, count);
    total += taken;
    if (total >= seconds) return taken / count;
  }
}

/**
 * Seconds of `count` calls: one sample of one cycle, ended at once where the work is synchronous. Undeferred,
 * Benchmark.js would call the work once more for each sample, to try it.
 */
function secondsOf(work: Work, count: number): Promise<number> {
  return new Promise((resolve, reject) => {
    new Benchmark({
      defer: true,
      delay: 0,
      minSamples: 1,
      maxTime: -1,
      minTime: Number.MIN_VALUE,
      fn(deferred: Benchmark.Deferred) {
        try {
          const promise = work(count);
          if (promise) promise.then(() => deferred.resolve(), reject);
          else deferred.resolve();
        } catch (error) {
          reject(error);
        }
      },
      onComplete(this: Benchmark) {
        resolve(this.stats.mean);
      },
    }).run();
  });
}
