/**
 * `verify()`: a quick form of all laws, on the machine and the runtime that it is called on. It holds the library's own parts
 * to them, or a user's, and says what held; the laws themselves are in the files beside.
 */
import { byName, check, show } from "../errors.js";
import { ready } from "../numerics/kernels.js";
import { checkExecutorLaw, executorLaws } from "./executor.js";
import { BrokenLaw, type CheckOptions } from "./laws.js";
import { checkOperationLaw, operationLaws } from "./operation.js";
import { checkOptimizerLaw, optimizerLaws } from "./optimizer.js";
import { ownParts, type VerifyParts } from "./parts.js";
import { checkReproducibleLaw, digestOf, reproducibilityLaws } from "./reproducibility.js";
import { checkSchedulerLaw, rankLaws, schedulerLaws } from "./scheduler.js";
import { checkStrategyLaw, strategyLaws } from "./strategy.js";

/** What is verified together, in the order in which it is. */
export const verifyGroups = [
  ...["operations", "gradients", "optimizers", "strategies", "schedulers", "executors", "reproducibility"],
] as const;

/** The name of a group. */
export type VerifyGroup = (typeof verifyGroups)[number];

/** Which laws, of what, and how many cases of each. */
export interface VerifyOptions {
  /** Decides the cases, an integer from 0. Default 0. */
  readonly seed?: number;
  /** Random cases of each law for each part, at least 1; of whole tunings a quarter as many. Default 20. */
  readonly cases?: number;
  /** Names of the groups that are verified. Default: all. */
  readonly only?: readonly string[];
  /** What to verify instead of the library's own parts; a kind that is left out stays the library's own. */
  readonly parts?: Partial<VerifyParts>;
  /** Told how it goes. */
  readonly onEvent?: (event: VerifyEvent) => void;
  /** Set `aborted` to stop after the law at work. */
  readonly signal?: { readonly aborted: boolean };
}

/** How a verification goes: how many laws there are to hold each part to, and each as it has been. */
export type VerifyEvent =
  | { readonly type: "verifyStarted"; readonly checks: number }
  | { readonly type: "checkEnded"; readonly group: VerifyGroup; readonly broken: BrokenCheck | undefined };

/** What held and what did not. Plain data. */
export interface Verification {
  readonly seed: number;
  /** Asked for of each law. */
  readonly cases: number;
  /** Those that were asked for. */
  readonly groups: readonly VerifiedGroup[];
  /** A result of each tuning in eight digits, for comparison with those of other machines: see `digestOf`. */
  readonly digests: Readonly<Record<string, string>>;
  /** Whether all laws were tried: it was not stopped. */
  readonly complete: boolean;
}

/** A group of parts under the same laws. */
export interface VerifiedGroup {
  readonly group: VerifyGroup;
  /** How many operations, optimizers, … were held to laws. */
  readonly parts: number;
  /** How many laws. */
  readonly laws: number;
  /** How many cases were tried, of all laws and parts. */
  readonly cases: number;
  /** The largest error, as a share of the bound that it is held to; null where laws compare to the bit. */
  readonly worst: number | null;
  /** Parts that break a law, each with the first case found. */
  readonly broken: readonly BrokenCheck[];
}

/** A law that a part breaks. */
export interface BrokenCheck {
  readonly group: VerifyGroup;
  readonly part: string;
  readonly law: string;
  /** What went wrong, the smallest case found, and how to replay it. */
  readonly message: string;
}

/**
 * Holds the library, or parts of yours, to the laws of `fettle/testing`, with fewer cases than its own tests try: to see that
 * the math holds on this machine and this runtime. A broken law is part of the report, not an error.
 *
 * @throws FettleError `unknown_name` for a group that does not exist; `invalid_argument` for a seed or a number of cases that
 * is none
 * @example
 * ```ts
 * const { groups } = await verify({ cases: 2, only: ["strategies"], parts: { strategies: [[random()], [tpe(), { trials: 8 }]] } });
 * groups.map(({ parts, laws, cases, broken }) => [parts, laws, cases, broken.length]); // [[2, 7, 28, 0]]
 * ```
 */
export async function verify(options: VerifyOptions = {}): Promise<Verification> {
  const { seed = 0, cases = 20, only = verifyGroups, onEvent, signal } = options;
  check(
    Number.isSafeInteger(seed) && seed >= 0 && seed < 2 ** 31,
    () => `seed is an integer from 0 up to 2³¹ − 1, got ${show(seed)}`,
  );
  check(Number.isSafeInteger(cases) && cases >= 1, () => `cases is an integer from 1, got ${show(cases)}`);
  for (const group of only) byName("group of laws", suites, group);
  await ready();
  const given = { ...ownParts(cases), ...options.parts };
  const chosen = verifyGroups.filter((group) => only.includes(group));
  const plan = chosen.map((group) => [group, suites[group](given)] as const);
  const checks = plan.flatMap(([, parts]) => parts.flatMap(({ laws }) => laws)).length;
  onEvent?.({ type: "verifyStarted", checks });
  const groups: VerifiedGroup[] = [];
  for (const [group, parts] of plan) {
    const tally = new Tally(group);
    for (const part of parts) {
      for (const law of part.laws) {
        // the next turn of the event loop, so that a signal can come
        await new Promise<void>((resolve) => setTimeout(resolve));
        if (signal?.aborted) break;
        const broken = await tally.hold(part, law, { seed, numRuns: cases });
        onEvent?.({ type: "checkEnded", group, broken });
      }
    }
    groups.push(tally.result());
  }
  const sound = groups.every(({ broken }) => broken.length === 0) && !signal?.aborted;
  const digests = sound && chosen.includes("reproducibility") ? await digestsOf(given) : {};
  return { seed, cases, groups, digests, complete: !signal?.aborted };
}

/** A part with the laws that it is held to. */
interface Part {
  readonly name: string;
  readonly laws: readonly string[];
  /** Options of its own, which come before those of the verification. */
  readonly own: CheckOptions;
  hold(law: string, options: CheckOptions): void | Promise<void>;
}

type Suite = (parts: VerifyParts) => Part[];

/** The law of operations that is one of gradients. */
const GRADIENTS = "has the gradient that differences have, and so has its gradient";
/** Laws that say something only where there is something to compare with. */
const EQUALS = "is what it is said to be";
const EQUATIONS = "follows its equations";
const ELSEWHERE = "comes to the bits that it came to elsewhere";

const suites: Readonly<Record<VerifyGroup, Suite>> = {
  operations: ({ operations }) =>
    partsOf(operations, (law, equals) => law !== GRADIENTS && (law !== EQUALS || equals)),

  gradients: ({ operations }) => partsOf(operations, (law) => law === GRADIENTS),

  optimizers: ({ optimizers }) =>
    optimizers.map(([optimizer, own = {}]) => ({
      name: optimizer.name,
      laws: Object.keys(optimizerLaws).filter(
        (law) => !own.except?.includes(law) && (law !== EQUATIONS || own.equations),
      ),
      own,
      hold: (law, options) => checkOptimizerLaw(optimizer, law, { ...own, ...options }),
    })),

  strategies: ({ strategies }) =>
    strategies.map(([strategy, own = {}]) => ({
      name: strategy.name,
      laws: Object.keys(strategyLaws),
      own,
      hold: (law, options) => checkStrategyLaw(strategy, law, { ...own, ...options }),
    })),

  schedulers: ({ schedulers }) =>
    schedulers.map(([make, own = {}]) => ({
      name: make().name,
      laws: Object.keys(schedulerLaws).filter((law) => own.rankBased !== false || !rankLaws.includes(law)),
      own,
      hold: (law, options) => checkSchedulerLaw(make, law, { ...own, ...options }),
    })),

  executors: ({ executors }) =>
    executors.map(([executor, own = {}]) => ({
      name: executor.name,
      laws: Object.keys(executorLaws),
      own,
      hold: (law, options) => checkExecutorLaw(executor, law, { ...own, ...options }),
    })),

  reproducibility: ({ tunings }) =>
    tunings.map(([tuning, own = {}]) => ({
      name: tuning.name,
      laws: Object.keys(reproducibilityLaws).filter((law) => law !== ELSEWHERE || tuning.recorded),
      own,
      hold: (law, options) => checkReproducibleLaw(tuning, law, options),
    })),
};

/** Operations with those of their laws that `keeps`, by the law's name and whether it is known what the operation is. */
function partsOf(
  operations: VerifyParts["operations"],
  keeps: (law: string, equals: boolean) => boolean,
): Part[] {
  return operations.map(([operation, own = {}]) => {
    const { name, equals } =
      typeof operation === "string" ? { name: operation, equals: undefined } : operation;
    return {
      name,
      laws: Object.keys(operationLaws).filter((law) => keeps(law, equals !== undefined)),
      own,
      hold: (law, options) => checkOperationLaw(operation, law, { ...own, ...options }),
    };
  });
}

/** Counts what has been tried of a group. */
class Tally {
  private readonly parts = new Set<Part>();
  private readonly laws = new Set<string>();
  private readonly broken: BrokenCheck[] = [];
  private cases = 0;
  private worst: number | null = null;

  constructor(private readonly group: VerifyGroup) {}

  /** Tries a law and returns what broke it. */
  async hold(part: Part, law: string, common: CheckOptions): Promise<BrokenCheck | undefined> {
    const { name, own } = part;
    const options = { ...common, ...own };
    const onShare = (share: number): void => {
      this.worst = Math.max(this.worst ?? 0, share);
      own.onShare?.(share);
    };
    this.parts.add(part);
    this.laws.add(law);
    try {
      await part.hold(law, { ...options, onShare });
      this.cases += options.numRuns as number;
      return undefined;
    } catch (error) {
      if (!(error instanceof BrokenLaw)) throw error;
      this.cases += error.cases;
      const broken = { group: this.group, part: name, law, message: error.message };
      this.broken.push(broken);
      return broken;
    }
  }

  result(): VerifiedGroup {
    const { group, parts, laws, cases, worst, broken } = this;
    return { group, parts: parts.size, laws: laws.size, cases, worst, broken };
  }
}

/** Of what each tuning comes to from seed 0. */
async function digestsOf({ tunings }: VerifyParts): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const [{ name, run }] of tunings) digests[name] = digestOf(await run(0, {}));
  return digests;
}
