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
}

/**
 * Holds `subject` to one law.
 *
 * @param subject - how messages name what is tested: `strategy "random"`
 * @throws Error naming the subject and the law, with what went wrong, the smallest case found, and how to replay it
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
  const { counterexample, counterexamplePath, errorInstance, numShrinks, numRuns, seed } = details;
  const reason = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  const shown = fc.stringify(counterexample);
  const lines = [
    `${subject} breaks the law "${law}": ${reason}`,
    `Case ${numRuns}, made smaller ${numShrinks} times: ${shown.length > LONGEST ? `${shown.slice(0, LONGEST)}…` : shown}`,
    `Replay it with { seed: ${seed}, path: ${JSON.stringify(counterexamplePath)} }`,
  ];
  throw new Error(lines.join("\n"), { cause: errorInstance });
}
