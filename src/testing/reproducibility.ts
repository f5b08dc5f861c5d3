/**
 * The laws of what comes to the same bits from the same seed, however and wherever it is run: for tunings, the library's
 * own and a user's. They say nothing of how good a result is.
 */
import fc from "fast-check";
import { crc32 } from "../workers/archive.js";
import { type CheckOptions, fail, holdLater, lawOf } from "./laws.js";

/** How something is run that is the same anyhow. */
export interface RunManner {
  /** Threads, where the runtime has them. Default 1. */
  readonly jobs?: number;
  /** Steps of a slice, each begun from the bytes that the one before was saved as. Default: not cut. */
  readonly slice?: number;
}

/** Something that comes to a result from a seed. */
export interface Reproducible {
  /** For messages. */
  readonly name: string;
  /** Runs it, to all that it comes to, as JSON has it. */
  run(seed: number, manner: RunManner): Promise<unknown>;
  /** What `digestOf` gives of the results of the seeds 0, 1, …, on any other machine. Where it is given, they are held to it. */
  readonly recorded?: readonly string[];
}

type Law = (subject: Reproducible) => fc.IRawProperty<unknown>;

const anySeed = fc.nat({ max: 2 ** 31 - 1 });

/** The laws of reproducibility by name: each gives a property for fast-check's `assert`. */
export const reproducibilityLaws: Readonly<Record<string, Law>> = {
  "comes to the same bits from the same seed": (subject) =>
    fc.asyncProperty(anySeed, async (seed) => {
      const first = await textOf(subject, seed, {});
      checkSame(await textOf(subject, seed, {}), first, "the second time it came to something else");
    }),

  "comes to the same bits on any number of threads": (subject) =>
    fc.asyncProperty(anySeed, fc.integer({ min: 2, max: 3 }), async (seed, jobs) => {
      const alone = await textOf(subject, seed, {});
      checkSame(await textOf(subject, seed, { jobs }), alone, `on ${jobs} threads it came to something else`);
    }),

  "comes to the same bits in slices, wherever it is cut": (subject) =>
    fc.asyncProperty(anySeed, fc.integer({ min: 1, max: 40 }), async (seed, slice) => {
      const whole = await textOf(subject, seed, {});
      const cut = await textOf(subject, seed, { slice });
      checkSame(cut, whole, `in slices of ${slice} steps it came to something else`);
    }),

  "comes to the bits that it came to elsewhere": (subject) => {
    const { recorded = [] } = subject;
    return fc.asyncProperty(fc.nat({ max: Math.max(0, recorded.length - 1) }), async (seed) => {
      if (recorded.length === 0) return;
      const digest = digestOf(await subject.run(seed, {}));
      if (digest !== recorded[seed])
        fail(`seed ${seed} came to ${digest} here, and to ${recorded[seed]} there`);
    });
  },
};

/**
 * Holds something to all laws of reproducibility.
 *
 * @throws BrokenLaw with the law's name, what went wrong, the smallest case that breaks it, and how to replay it
 * @example
 * ```ts
 * const walk = {
 *   name: "a random search",
 *   async run(seed: number) {
 *     const space = { x: float(-5, 5) };
 *     const { best } = await tune({ space, objective: ({ x }) => x * x, direction: "minimize", strategy: random(), trials: 5, seed });
 *     return best?.params; // not how long it took
 *   },
 * };
 * await checkReproducible(walk, { numRuns: 5 });
 * ```
 */
export async function checkReproducible(subject: Reproducible, options: CheckOptions = {}): Promise<void> {
  for (const name of Object.keys(reproducibilityLaws)) await checkReproducibleLaw(subject, name, options);
}

/**
 * Holds something to one of `reproducibilityLaws`, so that a test runner can show each by itself.
 *
 * @throws BrokenLaw as {@link checkReproducible}
 * @example
 * ```ts
 * const law = "comes to the same bits from the same seed";
 * await checkReproducibleLaw({ name: "a constant", run: async () => 1 }, law, { numRuns: 2 });
 * ```
 */
export async function checkReproducibleLaw(
  subject: Reproducible,
  name: string,
  options: CheckOptions = {},
): Promise<void> {
  await holdLater(subject.name, name, lawOf(reproducibilityLaws, name)(subject), options);
}

/**
 * Eight hexadecimal digits by which results are compared between machines: the CRC-32 of the value as JSON. The same
 * results have the same digest; of different ones, one pair in four thousand million does.
 *
 * @example
 * ```ts
 * digestOf([1, 2, 3]); // "fd6db3e9"
 * ```
 */
export function digestOf(result: unknown): string {
  return crc32(new TextEncoder().encode(JSON.stringify(result)))
    .toString(16)
    .padStart(8, "0");
}

async function textOf(subject: Reproducible, seed: number, manner: RunManner): Promise<string> {
  return JSON.stringify(await subject.run(seed, manner)) ?? fail("it came to nothing");
}

/** How much of two texts is shown around where they part. */
const AROUND = 60;

function checkSame(actual: string, expected: string, message: string): void {
  if (actual === expected) return;
  let at = 0;
  while (actual[at] === expected[at]) at++;
  const part = (text: string): string => text.slice(Math.max(0, at - AROUND), at + AROUND);
  fail(`${message}, from character ${at} on: …${part(actual)}…, not …${part(expected)}…`);
}
