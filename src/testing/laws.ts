/**
 * How a law is held: a property of fast-check, many random cases, and one error for a person if a case breaks it.
 * All suites of `fettle/testing` end here, so that their failures read alike. It holds no law itself.
 */
import fc from "fast-check";

/** How many cases of each law are tried, and which. */
export interface CheckOptions {
  /** Random cases a law. Default: as many as fast-check is configured to, which is 100 unless you changed it. */
  readonly numRuns?: number;
  /** Seed of the cases, an integer: a failure's message names it. Default: fast-check's own. */
  readonly seed?: number;
  /** The way to one case, to try that alone: a failure's message names it. */
  readonly path?: string;
  /**
   * Told, after each case of a law that has an error bound, the largest error as a share of the bound, in [0, 1]. Laws that
   * compare to the bit do not call it.
   */
  readonly onShare?: (share: number) => void;
}

/**
 * What is thrown where a law is broken. Its message is for a person: the subject and the law, what went wrong, the smallest
 * case found, and how to replay it.
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
    /** How many cases were tried, the one that breaks it the last. */
    readonly cases: number,
    /** Options of the same check that try the case again. */
    readonly replay: { readonly seed: number; readonly path: string },
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/**
 * Holds `subject` to one law.
 *
 * @param subject - how messages name what is tested: `strategy "random"`
 * @throws BrokenLaw naming the subject and the law, with what went wrong, the smallest case found, and how to replay it
 */
export function hold(
  subject: string,
  law: string,
  property: fc.IRawProperty<unknown>,
  options: CheckOptions,
): void {
  judge(subject, law, fc.check(property as fc.IProperty<unknown>, parameters(options)));
}

/** As `hold`, of a law that takes promises. */
export async function holdLater(
  subject: string,
  law: string,
  property: fc.IRawProperty<unknown>,
  options: CheckOptions,
): Promise<void> {
  judge(subject, law, await fc.check(property as fc.IAsyncProperty<unknown>, parameters(options)));
}

/** The law of that name. @throws Error listing those there are */
export function lawOf<T>(laws: Readonly<Record<string, T>>, name: string): T {
  if (Object.hasOwn(laws, name)) return laws[name];
  throw new Error(`there is no law ${JSON.stringify(name)}; there are:\n${Object.keys(laws).join("\n")}`);
}

/** Ends a case that breaks a law. */
export function fail(message: string): never {
  throw new Error(message);
}

function parameters({ numRuns, seed, path }: CheckOptions): fc.Parameters<unknown> {
  return {
    ...(numRuns !== undefined && { numRuns }),
    ...(seed !== undefined && { seed }),
    ...(path !== undefined && { path }),
  };
}

/** Enough of a case to see what it is. */
const LONGEST = 3000;

function judge(subject: string, law: string, details: fc.RunDetails<unknown>): void {
  if (!details.failed) return;
  const { counterexample, counterexamplePath: path, errorInstance, numShrinks, numRuns, seed } = details;
  const reason = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  const shown = fc.stringify(counterexample);
  const lines = [
    `${subject} breaks the law "${law}": ${reason}`,
    `Case ${numRuns}, made smaller ${numShrinks} times: ${shown.length > LONGEST ? `${shown.slice(0, LONGEST)}…` : shown}`,
    `Replay it with { seed: ${seed}, path: ${JSON.stringify(path)} }`,
  ];
  throw new BrokenLaw(lines.join("\n"), numRuns, { seed, path: path ?? "" }, { cause: errorInstance });
}
