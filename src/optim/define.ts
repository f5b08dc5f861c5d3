/**
 * Makes optimizers from their definitions: merges what the user gave with the defaults and
 * refuses what breaks a range. It holds no update rule, and weight decay is in `optimizer.ts`.
 */

import { check, show, unknownName } from "../errors.js";
import { constant } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { CLIPPINGS } from "./clip.js";
import { checkNumber, type Interval, parseInterval, type Range } from "./interval.js";
import type { Convention, InitContext, Optimizer, Slots, Update, UpdateContext } from "./optimizer.js";
import { isSchedule, numbersOfRate, type Rate, rateAt, type Schedule } from "./schedule.js";

/** What shapes the program: the convention, the flags and the traits. */
export type OptimizerOptions<N extends string> = Readonly<Record<N, boolean>> & {
  readonly convention: Convention;
};

/** How an optimizer works. `H` names its numbers, `F` its flags, `T` its traits. Write the fields in this order. */
export interface OptimizerDefinition<H extends string, F extends string = never, T extends string = never> {
  readonly name: string;
  /** Defaults of the numbers, `learningRate` among them; a function where they differ by convention. */
  readonly hyperparameters: Defaults<H> | ((convention: Convention) => Defaults<H>);
  /** Where each number must lie. Any finite number where left out; `learningRate` in `[0, ∞)`. */
  readonly ranges?: Readonly<Partial<Record<H, Interval>>>;
  /** The default weight decay. 0 where left out. */
  readonly weightDecay?: number | ((convention: Convention) => number);
  /** Whether weight decay is decoupled unless the user says otherwise. In convention `"keras"` only where left out. */
  readonly decoupledWeightDecay?: boolean;
  /** Defaults of switches that change the program. */
  readonly flags?: Readonly<Record<F, boolean>>;
  /** Throws a FettleError for numbers and flags that do not go together. */
  readonly validate?: (hyperparameters: Fixed<H>, options: OptimizerOptions<F>) => void;
  /**
   * Facts about the numbers that change the program, such as whether momentum is used at all. Numbers
   * with the same traits share one program.
   */
  readonly traits?: (hyperparameters: Fixed<H>) => Readonly<Record<T, boolean>>;
  /** The slots at the start; none where left out. */
  readonly init?: (context: InitContext<H> & { readonly options: OptimizerOptions<F | T> }) => Slots;
  /** The rule, without weight decay, in operations on values. */
  readonly update: (context: UpdateContext<H> & { readonly options: OptimizerOptions<F | T> }) => Update;
}

/** The numbers but for the learning rate, which may be a schedule. */
type Fixed<H extends string> = Readonly<Record<Exclude<H, "learningRate">, number>>;

type Defaults<H extends string> = Readonly<Record<H, number>> & { readonly learningRate: number };

/** What a factory takes: any of the numbers and flags, and what every optimizer has. */
export type OptimizerConfig<H extends string, F extends string = never> = {
  readonly [K in H]?: K extends "learningRate" ? number | Schedule : number;
} & { readonly [K in F]?: boolean } & {
  /** In [0, ∞). Default 0, but for `adamw`. */
  readonly weightDecay?: number;
  /**
   * Whether weights shrink by themselves, w ← w − lr·wd·w before the update, or by an L2 penalty, g ← g + wd·w.
   * Default true in convention `"keras"`, false in `"torch"`; true in both for `adamw` and `lion`.
   */
  readonly decoupledWeightDecay?: boolean;
  /** Each number of the gradient is brought into [−clipValue, clipValue]. In (0, ∞). Default: not. */
  readonly clipValue?: number;
  /** The gradient of each array, such as the kernel of a layer, is scaled to at most this norm. In (0, ∞). Default: not. */
  readonly clipNorm?: number;
  /** The gradient of all arrays together is scaled to at most this norm. In (0, ∞). Default: not. */
  readonly globalClipNorm?: number;
  /** Default `"keras"`. */
  readonly convention?: Convention;
};

/** A function that makes optimizers of one kind. */
export type OptimizerFactory<H extends string, F extends string = never> = (
  config?: OptimizerConfig<H, F>,
) => Optimizer;

const CONVENTIONS: readonly Convention[] = ["keras", "torch"];
/** Names with a meaning in every optimizer. */
const RESERVED = ["weightDecay", "decoupledWeightDecay", ...CLIPPINGS, "convention"];

/**
 * Defines an optimizer and returns the function that makes it with numbers chosen. It gets
 * `weightDecay`, `decoupledWeightDecay`, `clipValue`, `clipNorm`, `globalClipNorm` and `convention` like every other.
 *
 * @throws FettleError `invalid_argument` for a name that every optimizer has already. The returned function
 * throws `unknown_name` for options that do not exist, and `invalid_argument` for values outside their range.
 * @example
 * ```ts
 * // w ← w − lr · sign(g) (the sign of the gradient decides; its size does not)
 * const signSgd = defineOptimizer({
 *   name: "signSgd",
 *   hyperparameters: { learningRate: 0.001 },
 *   update: ({ gradient, hyperparameters: { learningRate } }) => ({
 *     update: neg(mul(learningRate, sign(gradient))),
 *   }),
 * });
 * signSgd({ learningRate: 0.01 }).hyperparameters; // { learningRate: 0.01, weightDecay: 0 }
 * ```
 */
export function defineOptimizer<H extends string, F extends string = never, T extends string = never>(
  definition: OptimizerDefinition<H, F, T>,
): OptimizerFactory<H, F> {
  const forms = Object.fromEntries(
    CONVENTIONS.map((convention) => [convention, formOf(definition, convention)]),
  ) as Record<Convention, Form>;
  return (config = {}) => create(definition, forms, config);
}

/** What an optimizer takes in one convention. */
interface Form {
  /** Defaults of the numbers and of the switches, those of weight decay included. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly flags: Readonly<Record<string, boolean>>;
  readonly options: ReadonlySet<string>;
  readonly ranges: Readonly<Record<string, Range | undefined>>;
}

function formOf<H extends string, F extends string, T extends string>(
  definition: OptimizerDefinition<H, F, T>,
  convention: Convention,
): Form {
  const {
    ranges = {},
    flags = {},
    weightDecay = 0,
    decoupledWeightDecay = convention === "keras",
  } = definition;
  const numbers: Record<string, number> = defaultsOf(definition, convention);
  for (const name of [...Object.keys(numbers), ...Object.keys(flags)]) {
    check(
      !RESERVED.includes(name),
      () =>
        `an optimizer of your own cannot define ${show(name)}: ${RESERVED.join(", ")} belong to every optimizer`,
    );
  }
  const intervals: Readonly<Record<string, Interval | undefined>> = {
    learningRate: "[0, ∞)",
    weightDecay: "[0, ∞)",
    ...Object.fromEntries(CLIPPINGS.map((name) => [name, "(0, ∞)"])),
    ...ranges,
  };
  return {
    numbers: {
      ...numbers,
      weightDecay: typeof weightDecay === "function" ? weightDecay(convention) : weightDecay,
    },
    flags: { ...flags, decoupledWeightDecay },
    options: new Set([...Object.keys(numbers), ...Object.keys(flags), ...RESERVED]),
    ranges: Object.fromEntries(
      Object.entries(intervals).map(([name, interval]) => [name, interval && parseInterval(interval)]),
    ),
  };
}

function defaultsOf<H extends string, F extends string, T extends string>(
  { name, hyperparameters }: OptimizerDefinition<H, F, T>,
  convention: Convention,
): Defaults<H> {
  const defaults = typeof hyperparameters === "function" ? hyperparameters(convention) : hyperparameters;
  check(
    typeof defaults?.learningRate === "number",
    () => `the hyperparameters of optimizer ${show(name)} hold a default learningRate, got ${show(defaults)}`,
  );
  return defaults;
}

function create<H extends string, F extends string, T extends string>(
  definition: OptimizerDefinition<H, F, T>,
  forms: Readonly<Record<Convention, Form>>,
  config: Readonly<Record<string, unknown>>,
): Optimizer {
  const { name } = definition;
  check(
    typeof config === "object" && config !== null && !Array.isArray(config),
    () => `${name} takes an object such as { learningRate: 0.01 }, got ${show(config)}`,
  );
  const convention = (config.convention ?? "keras") as Convention;
  if (!CONVENTIONS.includes(convention)) {
    throw unknownName(`convention of ${name}`, String(convention), CONVENTIONS);
  }
  const form = forms[convention];
  const { learningRate: usual, ...fixed } = form.numbers;
  let learningRate: Rate = usual;
  const numbers: Record<string, number> = fixed;
  const allFlags: Record<string, boolean> = { ...form.flags };
  for (const [key, value] of Object.entries(config)) {
    if (!form.options.has(key)) throw unknownName(`option of ${name}`, key, [...form.options]);
    if (value === undefined || key === "convention") continue;
    if (Object.hasOwn(allFlags, key)) {
      check(typeof value === "boolean", () => `${key} of ${name} is true or false, got ${show(value)}`);
      allFlags[key] = value;
    } else if (key === "learningRate") {
      learningRate = value as Rate;
    } else {
      numbers[key] = value as number;
    }
  }
  if (!isSchedule(learningRate)) checkNumber(learningRate, "learningRate", name, form.ranges.learningRate);
  for (const key in numbers) checkNumber(numbers[key], key, name, form.ranges[key]);
  const { decoupledWeightDecay, ...flags } = allFlags;
  const clippings = CLIPPINGS.filter((clipping) => Object.hasOwn(numbers, clipping));
  check(
    clippings.length <= 1,
    () => `${name} clips in one way, by ${CLIPPINGS.join(" or ")}; got ${clippings.join(" and ")}`,
  );
  const [clipping] = clippings;
  definition.validate?.(numbers as Fixed<H>, { ...flags, convention } as OptimizerOptions<F>);
  const traits = definition.traits?.(numbers as Fixed<H>) ?? {};
  const options = { ...flags, ...traits, convention } as OptimizerOptions<F | T>;
  const penalty = decoupledWeightDecay ? "decoupled" : "penalty";
  const decay = numbers.weightDecay === 0 ? "none" : penalty;
  return Object.freeze({
    name,
    hyperparameters: Object.freeze({ ...numbersOfRate(learningRate), ...numbers }),
    learningRate,
    convention,
    decay,
    clipping,
    init({ parameter, hyperparameters }: InitContext) {
      const first = rateAt(learningRate, hyperparameters, constant(parameter.graph, 0));
      return (
        definition.init?.({
          parameter,
          hyperparameters: { ...hyperparameters, learningRate: first } as Readonly<Record<H, Value>>,
          options,
        }) ?? {}
      );
    },
    update: (context: UpdateContext) => definition.update({ ...context, options }),
  });
}
