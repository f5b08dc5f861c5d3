/**
 * How a law is checked: a property of fast-check over random cases, and one readable error if a case breaks
 * it. All suites of `fettle/testing` use it, so that their failures look alike. It states no law itself.
 */

import fc from "fast-check";
import { FettleError, messageOf, must, show } from "../errors.js";
import { defined } from "../options.js";
import { integer, number, type OptionRules, rule } from "../rules.js";
import { sameValue } from "../search/space/value.js";

/** The number of cases of each law, and their seed. */
export interface CheckOptions {
  /** Random cases of each law. Default: fast-check's setting, which is 100 unless you changed it. */
  readonly numRuns?: number;
  /** Seed of the cases, an integer, as a failure's message names it. Default: fast-check's own. */
  readonly seed?: number;
  /** The path to one case, to try it alone, as a failure's message names it. */
  readonly path?: string;
  /**
   * Called after each case of a law with an error bound, with the largest error as a share of the bound, in
   * [0, 1]. Laws that compare bits do not call it.
   */
  readonly onShare?: (share: number) => void;
}

export const CHECK_RULES = {
  numRuns: integer(),
  seed: rule<number>("an integer", Number.isSafeInteger),
  path: rule<string>("a path that a failure names", (value) => typeof value === "string"),
  onShare: mustBeFunction,
} satisfies OptionRules<CheckOptions>;

export const TOLERANCE = number("(0, ∞]", "a positive number");

/** Refuses anything but a function or undefined. */
export function mustBeFunction(name: string, value: unknown): void {
  must(value === undefined || typeof value === "function", name, "a function", value);
}

/**
 * Thrown if a law is broken. The message names the subject and the law, what went wrong, the smallest case
 * found, and how to replay it.
 *
 * @example
 * ```ts
 * const stuck = { ...random(), suggest: () => ({}) };
 * try {
 *   checkStrategy(stuck, { seed: 1 });
 * } catch (error) {
 *   if (error instanceof BrokenLaw) error.replay.seed; // 1
 * }
 * ```
 */
export class BrokenLaw extends Error {
  override readonly name = "BrokenLaw";

  constructor(
    message: string,
    /** The number of tried cases; the last one breaks the law. */
    readonly cases: number,
    /** The options that replay the case. */
    readonly replay: { readonly seed: number; readonly path: string },
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/**
 * Checks one law.
 *
 * @param subject - the name of the tested part in messages: `strategy "random"`
 * @throws BrokenLaw if a case breaks it
 */
export function hold(
  subject: string,
  law: string,
  property: fc.IRawProperty<unknown>,
  options: CheckOptions,
): void {
  judge(subject, law, fc.check(property as fc.IProperty<unknown>, parameters(options)));
}

/** Like `hold`, for an asynchronous law. */
export async function holdLater(
  subject: string,
  law: string,
  property: fc.IRawProperty<unknown>,
  options: CheckOptions,
): Promise<void> {
  judge(subject, law, await fc.check(property as fc.IAsyncProperty<unknown>, parameters(options)));
}

/** @throws FettleError `unknown_name`, listing the known laws */
export function lawOf<T>(laws: Readonly<Record<string, T>>, name: string): T {
  if (Object.hasOwn(laws, name)) return laws[name];
  const known = Object.keys(laws).join("\n");
  throw new FettleError("unknown_name", `unknown law ${show(name)}. Known:\n${known}`);
}

/** Ends a case that breaks a law. */
export function fail(message: string): never {
  throw new Error(message);
}

/** Compares values as JSON, with the numbers of bytes, regardless of the order of fields. */
export function checkSame(found: unknown, expected: unknown, what: string): void {
  const [own, other] = [found, expected].map((value = null) =>
    JSON.stringify(value, (_, each) => (each instanceof Uint8Array ? { bytes: [...each] } : each)),
  );
  if (!sameValue(JSON.parse(own), JSON.parse(other))) fail(`${what}: ${own}, and not ${other}`);
}

const parameters = ({ numRuns, seed, path }: CheckOptions): fc.Parameters<unknown> =>
  defined({ numRuns, seed, path });

/** The most characters of a case in a message. */
const LONGEST = 3000;

function judge(subject: string, law: string, details: fc.RunDetails<unknown>): void {
  if (!details.failed) return;
  const { counterexample, counterexamplePath: path, errorInstance, numShrinks, numRuns, seed } = details;
  const reason = messageOf(errorInstance);
  const shown = fc.stringify(counterexample);
  const lines = [
    `${subject} breaks the law "${law}": ${reason}`,
    `Case ${numRuns}, shrunk ${numShrinks} times: ${shown.length > LONGEST ? `${shown.slice(0, LONGEST)}…` : shown}`,
    `Replay it with { seed: ${seed}, path: ${JSON.stringify(path)} }`,
  ];
  throw new BrokenLaw(lines.join("\n"), numRuns, { seed, path: path ?? "" }, { cause: errorInstance });
}
