/**
 * The laws of reproducibility: a seed gives the same bits, however and wherever it runs. They apply to
 * tunings, built-in or custom, and do not judge the quality of results.
 */
import fc from "fast-check";
import { crc32 } from "../crc32.js";
import { isRecord, must } from "../errors.js";
import { readOptions } from "../rules.js";
import { CHECK_RULES, type CheckOptions, fail, holdLater, lawOf } from "./laws.js";

/** How to run it; this must not change the result. */
export interface RunVariant {
  /** Threads, where the runtime has them. Default 1. */
  readonly jobs?: number;
  /** Steps of a slice, each from the saved bytes of the last. Default: one run without slices. */
  readonly slice?: number;
}

/** Something that computes a result from a seed. */
export interface Reproducible {
  /** Its name in messages. */
  readonly name: string;
  /** Computes the complete result, as a JSON value. */
  run(seed: number, variant: RunVariant): Promise<unknown>;
  /**
   * The `digestOf` of the results of seeds 0, 1, …, recorded on another machine. If given, they must match.
   */
  readonly recorded?: readonly string[];
}

/** A law of reproducibility, as a property of fast-check. */
export type ReproducibilityLaw = (subject: Reproducible) => fc.IRawProperty<unknown>;

const anySeed = fc.nat({ max: 2 ** 31 - 1 });

/** The laws of reproducibility by name: each gives a property for fast-check's `assert`. */
export const reproducibilityLaws: Readonly<Record<string, ReproducibilityLaw>> = {
  "gives the same bits for the same seed": (subject) =>
    fc.asyncProperty(anySeed, async (seed) => {
      const first = await textOf(subject, seed, {});
      checkSame(await textOf(subject, seed, {}), first, "the second result differs");
    }),

  "gives the same bits on any number of threads": (subject) =>
    fc.asyncProperty(anySeed, fc.integer({ min: 2, max: 3 }), async (seed, jobs) => {
      const alone = await textOf(subject, seed, {});
      checkSame(await textOf(subject, seed, { jobs }), alone, `the result on ${jobs} threads differs`);
    }),

  "gives the same bits in slices, wherever it is cut": (subject) =>
    fc.asyncProperty(anySeed, fc.integer({ min: 1, max: 40 }), async (seed, slice) => {
      const whole = await textOf(subject, seed, {});
      const cut = await textOf(subject, seed, { slice });
      checkSame(cut, whole, `the result in slices of ${slice} steps differs`);
    }),

  "gives the recorded bits": (subject) => {
    const { recorded = [] } = subject;
    return fc.asyncProperty(fc.nat({ max: Math.max(0, recorded.length - 1) }), async (seed) => {
      if (recorded.length === 0) return;
      const digest = digestOf(await subject.run(seed, {}));
      if (digest !== recorded[seed]) fail(`seed ${seed} gave ${digest}; recorded is ${recorded[seed]}`);
    });
  },
};

/**
 * Checks all laws of reproducibility.
 *
 * @throws BrokenLaw with the law's name, what went wrong, the smallest case that breaks it, and how to replay
 * it; FettleError `invalid_argument` or `unknown_name` for invalid arguments
 * @example
 * ```ts
 * const search = {
 *   name: "random search",
 *   async run(seed: number) {
 *     const space = { x: float(-5, 5) };
 *     const { best } = await tune({ space, objective: ({ x }) => x * x, direction: "minimize", strategy: random(), trials: 5, seed });
 *     return best.params; // not how long it took
 *   },
 * };
 * await checkReproducibility(search, { numRuns: 5 });
 * ```
 */
export async function checkReproducibility(subject: Reproducible, options: CheckOptions = {}): Promise<void> {
  for (const name of Object.keys(reproducibilityLaws)) await checkReproducibilityLaw(subject, name, options);
}

/**
 * Checks one of `reproducibilityLaws`, so that a test runner can show each separately.
 *
 * @throws BrokenLaw as {@link checkReproducibility}; FettleError `unknown_name` for an unknown law
 * @example
 * ```ts
 * const law = "gives the same bits for the same seed";
 * await checkReproducibilityLaw({ name: "a constant", run: async () => 1 }, law, { numRuns: 2 });
 * ```
 */
export async function checkReproducibilityLaw(
  subject: Reproducible,
  name: string,
  options: CheckOptions = {},
): Promise<void> {
  const isSubject =
    isRecord(subject) && typeof subject.name === "string" && typeof subject.run === "function";
  must(isSubject, "subject", "an object with a name and a function run", subject);
  const { recorded = [] } = subject;
  must(Array.isArray(recorded), "recorded", "an array of digests", recorded);
  readOptions(options, "checkReproducibility", CHECK_RULES);
  await holdLater(subject.name, name, lawOf(reproducibilityLaws, name)(subject), options);
}

/**
 * Eight hexadecimal digits that compare results between machines: the CRC-32 of the value as JSON. Equal
 * results have equal digests; of different ones, one pair in 2³² does.
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

async function textOf(subject: Reproducible, seed: number, variant: RunVariant): Promise<string> {
  return JSON.stringify(await subject.run(seed, variant)) ?? fail("the result is undefined");
}

/** The number of characters shown before and after the first difference of two texts. */
const AROUND = 60;

function checkSame(actual: string, expected: string, message: string): void {
  if (actual === expected) return;
  let at = 0;
  while (actual[at] === expected[at]) at++;
  const part = (text: string): string => text.slice(Math.max(0, at - AROUND), at + AROUND);
  fail(`${message} from character ${at}: …${part(actual)}…, not …${part(expected)}…`);
}
