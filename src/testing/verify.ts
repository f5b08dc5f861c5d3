/**
 * `verify()`: a quick form of all laws, on this machine and runtime, for the parts of the library or of a
 * user. The laws are in the other files of this folder.
 */

import { byName, checkOptions, must } from "../errors.js";
import { ready } from "../numerics/kernels.js";
import { integer, type OptionRules, readOptions, rule } from "../rules.js";
import { checkExecutorLaw, executorLaws } from "./executor.js";
import { BrokenLaw, type CheckOptions, mustBeFunction } from "./laws.js";
import { checkOperationLaw, operationLaws } from "./operation.js";
import { checkOptimizerLaw, optimizerLaws } from "./optimizer.js";
import { ownParts, type VerifyParts } from "./parts.js";
import { checkReproducibilityLaw, digestOf, reproducibilityLaws } from "./reproducibility.js";
import { checkSchedulerLaw, rankLaws, schedulerLaws } from "./scheduler.js";
import { checkStrategyLaw, strategyLaws } from "./strategy.js";

/** The groups of parts with the same laws, in the order in which they are verified. */
export const verifyGroups = [
  ...["operations", "gradients", "optimizers", "strategies", "schedulers", "executors", "reproducibility"],
] as const;

/** The name of a group. */
export type VerifyGroup = (typeof verifyGroups)[number];

/** Which laws and parts to check, and the cases of each. */
export interface VerifyOptions {
  /** Seed of the cases, an integer of at least 0 and below 2³¹. Default 0. */
  readonly seed?: number;
  /** Random cases of each law for each part, at least 1; of reproducibility a quarter as many. Default 20. */
  readonly cases?: number;
  /** The groups to verify. Default: all. */
  readonly only?: readonly string[];
  /** Parts to verify instead of the library's; a missing kind keeps the library's. */
  readonly parts?: Partial<VerifyParts>;
  /** Called at the start and after each check. */
  readonly onEvent?: (event: VerifyEvent) => void;
  /** Set `aborted` to stop after the running check. */
  readonly signal?: { readonly aborted: boolean };
}

const RULES = {
  seed: [
    rule(
      "an integer of at least 0 and below 2³¹",
      (seed) => Number.isSafeInteger(seed) && Number(seed) >= 0 && Number(seed) < 2 ** 31,
    ),
    0,
  ],
  cases: [integer(), 20],
  only: [rule("an array of names of groups", Array.isArray), verifyGroups],
  parts: [true, {}],
  onEvent: mustBeFunction,
  signal: true,
} satisfies OptionRules<VerifyOptions>;

/**
 * The progress of a verification: the number of checks, one for each part and law, and each check as it ends.
 */
export type VerifyEvent =
  | { readonly type: "verifyStarted"; readonly checks: number }
  | { readonly type: "checkEnded"; readonly group: VerifyGroup; readonly broken: BrokenCheck | undefined };

/** The result of a verification, as plain data. */
export interface Verification {
  readonly seed: number;
  /** The requested cases of each law. */
  readonly cases: number;
  /** The requested groups. */
  readonly groups: readonly VerifiedGroup[];
  /** The `digestOf` the result of each tuning, to compare with those of other machines. */
  readonly digests: Readonly<Record<string, string>>;
  /** Whether all checks ran; false if it was stopped. */
  readonly complete: boolean;
}

/** The result of a group. */
export interface VerifiedGroup {
  readonly group: VerifyGroup;
  /** The number of checked operations, optimizers, …. */
  readonly parts: number;
  /** The number of checked laws. */
  readonly laws: number;
  /** The number of tried cases, for all laws and parts. */
  readonly cases: number;
  /** The largest error as a share of its bound; null where laws compare bits. */
  readonly worst: number | null;
  /** The broken laws, each with the smallest case found. */
  readonly broken: readonly BrokenCheck[];
}

/** A part that breaks a law. */
export interface BrokenCheck {
  readonly group: VerifyGroup;
  readonly part: string;
  readonly law: string;
  /** What went wrong, the smallest case found, and how to replay it. */
  readonly message: string;
}

/**
 * Checks the laws of `fettle/testing` for the library, or for your parts, with fewer cases than the library's
 * tests: shows that the math holds on this machine and runtime. A broken law is part of the result, not an
 * error.
 *
 * @throws FettleError `unknown_name` for an unknown group or option; `invalid_argument` for other invalid
 * options
 * @example
 * ```ts
 * const { groups } = await verify({ cases: 2, only: ["strategies"], parts: { strategies: [[random()], [tpe(), { trials: 8 }]] } });
 * groups.map(({ parts, laws, cases, broken }) => [parts, laws, cases, broken.length]); // [[2, 7, 28, 0]]
 * ```
 */
export async function verify(options: VerifyOptions = {}): Promise<Verification> {
  const { seed, cases, only, parts, onEvent, signal } = readOptions(options, "verify", RULES);
  for (const group of only) byName("group", suites, group);
  await ready();
  const own = ownParts(cases);
  checkOptions(parts, "parts", own);
  for (const [kind, list] of Object.entries(parts)) {
    const isList = Array.isArray(list) && list.every(Array.isArray);
    must(isList, `parts.${kind}`, "an array of the arguments of a check each, such as [[random()]]", list);
  }
  const given = { ...own, ...parts };
  const chosen = verifyGroups.filter((group) => only.includes(group));
  const plan = chosen.map((group) => [group, suites[group](given)] as const);
  const checks = plan.flatMap(([, parts]) => parts.flatMap(({ laws }) => laws)).length;
  await onEvent?.({ type: "verifyStarted", checks });
  const groups: VerifiedGroup[] = [];
  for (const [group, parts] of plan) {
    const tally = new Tally(group);
    for (const part of parts) {
      for (const law of part.laws) {
        // a turn of the event loop, so that the signal can be set
        await new Promise<void>((resolve) => setTimeout(resolve));
        if (signal?.aborted) break;
        const broken = await tally.hold(part, law, { seed, numRuns: cases });
        await onEvent?.({ type: "checkEnded", group, broken });
      }
    }
    groups.push(tally.result());
  }
  const sound = groups.every(({ broken }) => broken.length === 0) && !signal?.aborted;
  const digests = sound && chosen.includes("reproducibility") ? await digestsOf(given) : {};
  return { seed, cases, groups, digests, complete: !signal?.aborted };
}

/** A part with its laws. */
interface Part {
  readonly name: string;
  readonly laws: readonly string[];
  /** The part's options, which override those of the verification. */
  readonly own: CheckOptions;
  hold(law: string, options: CheckOptions): void | Promise<void>;
}

type Suite = (parts: VerifyParts) => Part[];

/** The law of operations that is in the group `gradients`. */
const GRADIENTS = "has the gradient that finite differences give, to second order";
/** Laws that need a reference to compare with. */
const EQUALS = "equals its definition";
const EQUATIONS = "follows its equations";
const BITS = "gives the recorded bits";

const suites: Readonly<Record<VerifyGroup, Suite>> = {
  operations: ({ operations }) =>
    operationParts(operations, (law, operation) => {
      const isDefined = typeof operation !== "string" && operation.equals !== undefined;
      return law !== GRADIENTS && (law !== EQUALS || isDefined);
    }),

  gradients: ({ operations }) => operationParts(operations, (law) => law === GRADIENTS),

  optimizers: ({ optimizers }) =>
    partsOf(
      optimizers,
      optimizerLaws,
      checkOptimizerLaw,
      nameOf,
      (law, _, { except, equations }) => !except?.includes(law) && (law !== EQUATIONS || !!equations),
    ),

  strategies: ({ strategies }) => partsOf(strategies, strategyLaws, checkStrategyLaw, nameOf),

  schedulers: ({ schedulers }) =>
    partsOf(
      schedulers,
      schedulerLaws,
      checkSchedulerLaw,
      (make) => make().name,
      (law, _, { rankBased }) => rankBased !== false || !rankLaws.includes(law),
    ),

  executors: ({ executors }) => partsOf(executors, executorLaws, checkExecutorLaw, nameOf),

  reproducibility: ({ tunings }) =>
    partsOf(
      tunings,
      reproducibilityLaws,
      checkReproducibilityLaw,
      nameOf,
      (law, { recorded }) => law !== BITS || recorded !== undefined,
    ),
};

const nameOf = ({ name }: { readonly name: string }): string => name;

/** A part for each list of arguments of a check, with the laws that \`keeps\` selects. */
function partsOf<Subject, Own extends CheckOptions>(
  list: readonly (readonly [subject: Subject, own?: Own | undefined])[],
  laws: Readonly<Record<string, unknown>>,
  check: (subject: Subject, law: string, options: Own) => void | Promise<void>,
  name: (subject: Subject) => string,
  keeps: (law: string, subject: Subject, own: Own) => boolean = () => true,
): Part[] {
  return list.map(([subject, own = {} as Own]) => ({
    name: name(subject),
    laws: Object.keys(laws).filter((law) => keeps(law, subject, own)),
    own,
    hold: (law, options) => check(subject, law, { ...own, ...options }),
  }));
}

function operationParts(
  list: VerifyParts["operations"],
  keeps: (law: string, operation: VerifyParts["operations"][number][0]) => boolean,
): Part[] {
  const name = (operation: Parameters<typeof keeps>[1]): string =>
    typeof operation === "string" ? operation : operation.name;
  return partsOf(list, operationLaws, checkOperationLaw, name, keeps);
}

/** Counts the checks of a group. */
class Tally {
  private readonly parts = new Set<Part>();
  private readonly laws = new Set<string>();
  private readonly broken: BrokenCheck[] = [];
  private cases = 0;
  private worst: number | null = null;

  constructor(private readonly group: VerifyGroup) {}

  /** Checks a law; returns the broken law, if any. */
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

/** The digest of each tuning with seed 0. */
async function digestsOf({ tunings }: VerifyParts): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const [tuning] of tunings) digests[tuning.name] = digestOf(await tuning.run(0, {}));
  return digests;
}
