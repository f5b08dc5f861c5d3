/**
 * Makes optimizers from their definitions: merges options with defaults and refuses values outside their
 * range. It holds no update rule, and weight decay is in `optimizer.ts`.
 */
import {
  check,
  isPlainObject,
  isRecord,
  must,
  mustBeInteger,
  mustBeRecord,
  type OptionNames,
  show,
  unknownName,
} from "../errors.js";
import { constant } from "../graph/functions.js";
import { Value } from "../graph/graph.js";
import { type Interval, within } from "../interval.js";
import { madeBy, madeFrom } from "../recipe.js";
import { flag, func, type OptionRules, objectOf, readOptions, rule, text } from "../rules.js";
import { CLIPPINGS } from "./clip.js";
import { CONVENTIONS, type Convention } from "./convention.js";
import type { InitContext, Optimizer, Slots, Update, UpdateContext } from "./optimizer.js";
import { isSchedule, numbersOfRate, type Rate, rateAt, recipeOfRate, type Schedule } from "./schedule.js";

/** The options that change the program: the convention, the flags and the traits. */
export type OptimizerOptions<N extends string> = Readonly<Record<N, boolean>> & {
  readonly convention: Convention;
};

/**
 * The definition of an optimizer. `H` names its hyperparameters, `F` its flags, `T` its traits, `K` its
 * slots. Write the fields in this order, so that TypeScript infers the names.
 */
export interface OptimizerDefinition<
  H extends string,
  F extends string = never,
  T extends string = never,
  K extends string = string,
> {
  readonly name: string;
  /** Defaults of the hyperparameters, `learningRate` among them; a function if they differ by convention. */
  readonly hyperparameters: OptimizerDefaults<H> | ((convention: Convention) => OptimizerDefaults<H>);
  /** The range of each hyperparameter. Default: any finite number; `[0, ∞)` for `learningRate`. */
  readonly ranges?: Readonly<Partial<Record<H, Interval>>>;
  /** The default weight decay. Default 0. */
  readonly weightDecay?: number | ((convention: Convention) => number);
  /** Whether weight decay is decoupled by default. Default: only in convention `"keras"`. */
  readonly decoupledWeightDecay?: boolean;
  /** Whether the rule applies decoupled weight decay itself: by `decay` of its context. Default false. */
  readonly appliesWeightDecay?: boolean;
  /**
   * Whether the rule is called for each array of the model, with its shape and path, so that it can use norms
   * and matrix products. Default false: once for all arrays end to end, which is faster if every number is
   * treated alike.
   */
  readonly perArray?: boolean;
  /** Defaults of switches that change the program. */
  readonly flags?: Readonly<Record<F, boolean>>;
  /** Throws a FettleError for hyperparameters and flags that contradict each other. */
  readonly validate?: (hyperparameters: FixedHyperparameters<H>, options: OptimizerOptions<F>) => void;
  /**
   * Facts about the hyperparameters that change the program, such as whether momentum is used at all.
   * Changing a hyperparameter without changing a trait compiles nothing.
   */
  readonly traits?: (hyperparameters: FixedHyperparameters<H>) => Readonly<Record<T, boolean>>;
  /** The slots at the start. Default: no slots. */
  readonly init?: (
    context: InitContext<H> & { readonly options: OptimizerOptions<F | T> },
  ) => Readonly<Partial<Record<K, Value>>>;
  /** The rule, without weight decay, in operations on values. */
  readonly update: (
    context: UpdateContext<H, NoInfer<K>> & { readonly options: OptimizerOptions<F | T> },
  ) => Omit<Update, "slots"> & { readonly slots?: Readonly<Partial<Record<NoInfer<K>, Value>>> };
}

/** The hyperparameters without the learning rate, which may be a schedule. */
export type FixedHyperparameters<H extends string> = Readonly<Record<Exclude<H, "learningRate">, number>>;

/** The default of each hyperparameter, `learningRate` among them. */
export type OptimizerDefaults<H extends string> = Readonly<Record<H, number>> & {
  readonly learningRate: number;
};

/** The options of a factory: its hyperparameters and flags, and the options of every optimizer. */
export type OptimizerConfig<H extends string, F extends string = never> = {
  readonly [K in H]?: K extends "learningRate" ? number | Schedule : number;
} & { readonly [K in F]?: boolean } & CommonOptimizerOptions;

/** The options of every optimizer. */
export interface CommonOptimizerOptions {
  /** In [0, ∞). Default 0, except for `adamw`. */
  readonly weightDecay?: number;
  /**
   * Whether weights shrink directly, w ← w − lr·wd·w before the update, or by an L2 penalty, g ← g + wd·w.
   * Default true in convention `"keras"`, false in `"torch"`; true in both for `adamw` and `lion`.
   */
  readonly decoupledWeightDecay?: boolean;
  /** Each number of the gradient is clipped to [−clipValue, clipValue]. In (0, ∞). Default: no clipping. */
  readonly clipValue?: number;
  /**
   * The gradient of each array, such as the kernel of a layer, is scaled to at most this norm. In (0, ∞).
   * Default: no clipping.
   */
  readonly clipNorm?: number;
  /** The gradient of all arrays together is scaled to at most this norm. In (0, ∞). Default: no clipping. */
  readonly globalClipNorm?: number;
  /**
   * How many batches make one update, with the mean of their gradients: an integer of at least 1. Batches
   * left over at the end of an epoch count towards the next, as in Keras; those left at the end of training
   * wait for the next training. Schedules count updates. Default 1.
   */
  readonly gradientAccumulationSteps?: number;
  /**
   * Whether a moving average of the weights after each update is used for evaluation and prediction, and
   * saved. As in Keras, except that there it replaces the weights when `fit` ends, whereas here training
   * always resumes from the trained weights. Default false.
   */
  readonly useEma?: boolean;
  /** The factor β of that average, a ← βa + (1 − β)w, in [0, 1). Default 0.99. */
  readonly emaMomentum?: number;
  /** After how many updates, each time, the average replaces the trained weights. Default: never. */
  readonly emaOverwriteFrequency?: number;
  /** Default `"keras"`. */
  readonly convention?: Convention;
}

/** Makes optimizers of one kind. */
export type OptimizerFactory<H extends string, F extends string = never> = (
  config?: OptimizerConfig<H, F>,
) => Optimizer;

const COMMON_OPTIONS: OptionNames<CommonOptimizerOptions> = {
  weightDecay: true,
  decoupledWeightDecay: true,
  clipValue: true,
  clipNorm: true,
  globalClipNorm: true,
  gradientAccumulationSteps: true,
  useEma: true,
  emaMomentum: true,
  emaOverwriteFrequency: true,
  convention: true,
};
/** Integers that float32 represents exactly. */
const COUNT: Interval = "[1, 16777216]";
/** Names with a meaning in every optimizer. */
const RESERVED = Object.keys(COMMON_OPTIONS);

/**
 * Defines an optimizer and returns its factory. Like every optimizer it has the options `weightDecay`,
 * `decoupledWeightDecay`, `clipValue`, `clipNorm`, `globalClipNorm`, `gradientAccumulationSteps`, `useEma`,
 * `emaMomentum`, `emaOverwriteFrequency` and `convention`.
 *
 * @throws FettleError `invalid_argument` if a hyperparameter or flag has the name of an option of every
 * optimizer. The factory throws `unknown_name` for an unknown option, and `invalid_argument` for a value
 * outside its range
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
export function defineOptimizer<
  H extends string,
  F extends string = never,
  T extends string = never,
  K extends string = never,
>(definition: OptimizerDefinition<H, F, T, K>): OptimizerFactory<H, F> {
  readOptions<object, object>(definition, "defineOptimizer", definitionRules(), " of defineOptimizer");
  return factoryOf(definition as unknown as OptimizerDefinition<H, F, T>, false);
}

/** `defineOptimizer` for built-in optimizers, whose definitions read nothing from outside. */
export function defineBuiltIn<H extends string, F extends string = never, T extends string = never>(
  definition: OptimizerDefinition<H, F, T>,
): OptimizerFactory<H, F> {
  return factoryOf(definition, true);
}

/** In a function, so that a page without a definition of its own does not load it. */
const definitionRules = () =>
  ({
    name: [text],
    hyperparameters: [
      rule<never>(
        "an object with a default learningRate",
        (value) => isPlainObject(value) || typeof value === "function",
      ),
    ],
    ranges: objectOf("intervals"),
    weightDecay: rule<never>(
      "a number, or a function",
      (value) => typeof value === "number" || typeof value === "function",
    ),
    decoupledWeightDecay: flag,
    appliesWeightDecay: flag,
    perArray: flag,
    flags: objectOf("booleans"),
    validate: func<never>(),
    traits: func<never>(),
    init: func<never>(),
    update: [func<never>()],
  }) satisfies OptionRules<OptimizerDefinition<string, string, string>>;

function factoryOf<H extends string, F extends string, T extends string>(
  definition: OptimizerDefinition<H, F, T>,
  builtIn: boolean,
): OptimizerFactory<H, F> {
  const forms = Object.fromEntries(
    CONVENTIONS.map((convention) => [convention, formOf(definition, convention)]),
  ) as Record<Convention, Form>;
  return (config = {}) => create(definition, builtIn, forms, config);
}

/** The options of an optimizer in one convention. */
interface Form {
  /** Defaults of hyperparameters and flags, including weight decay. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly flags: Readonly<Record<string, boolean>>;
  readonly options: ReadonlySet<string>;
  readonly ranges: Readonly<Record<string, Interval | undefined>>;
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
        `the hyperparameters and flags of optimizer ${show(definition.name)} must not have the names of options that ` +
        `every optimizer has (${RESERVED.join(", ")}); received ${show(name)}`,
    );
  }
  const intervals: Form["ranges"] = {
    learningRate: "[0, ∞)",
    weightDecay: "[0, ∞)",
    ...Object.fromEntries(CLIPPINGS.map((name) => [name, "(0, ∞)"])),
    gradientAccumulationSteps: COUNT,
    emaMomentum: "[0, 1)",
    emaOverwriteFrequency: COUNT,
    ...ranges,
  };
  return {
    numbers: {
      ...numbers,
      weightDecay: typeof weightDecay === "function" ? weightDecay(convention) : weightDecay,
    },
    flags: { ...flags, decoupledWeightDecay, useEma: false },
    options: new Set([...Object.keys(numbers), ...Object.keys(flags), ...RESERVED]),
    ranges: intervals,
  };
}

function defaultsOf<H extends string, F extends string, T extends string>(
  { name, hyperparameters }: OptimizerDefinition<H, F, T>,
  convention: Convention,
): OptimizerDefaults<H> {
  const defaults = typeof hyperparameters === "function" ? hyperparameters(convention) : hyperparameters;
  must(
    typeof defaults?.learningRate === "number",
    `\`hyperparameters\` of optimizer ${show(name)}`,
    "an object with a default learningRate",
    defaults,
  );
  return defaults;
}

function create<H extends string, F extends string, T extends string>(
  definition: OptimizerDefinition<H, F, T>,
  builtIn: boolean,
  forms: Readonly<Record<Convention, Form>>,
  config: Readonly<Record<string, unknown>>,
): Optimizer {
  const { name } = definition;
  must(isPlainObject(config), `the options of ${name}`, "an object, such as { learningRate: 0.01 }", config);
  const convention = (config.convention ?? "keras") as Convention;
  if (!CONVENTIONS.includes(convention)) {
    throw unknownName(`convention of ${name}`, convention, CONVENTIONS);
  }
  const form = forms[convention];
  const { learningRate: usual, ...fixed } = form.numbers;
  let learningRate: Rate = usual;
  const numbers: Record<string, number> = fixed;
  const allFlags: Record<string, boolean> = { ...form.flags };
  for (const [key, value] of Object.entries(config)) {
    if (!form.options.has(key)) throw unknownName(`option of ${name}`, key, [...form.options]);
    // one batch per update is the default
    if (key === "gradientAccumulationSteps" && value === 1) continue;
    if (value === undefined || key === "convention") continue;
    if (Object.hasOwn(allFlags, key)) {
      must(typeof value === "boolean", `${key} of ${name}`, "true or false", value);
      allFlags[key] = value;
    } else if (key === "learningRate") {
      learningRate = value as Rate;
    } else {
      numbers[key] = value as number;
    }
  }
  if (!isSchedule(learningRate)) checkNumber("learningRate", name, learningRate, form.ranges.learningRate);
  const { decoupledWeightDecay, useEma, ...flags } = allFlags;
  for (const key of ["emaMomentum", "emaOverwriteFrequency"])
    must(
      useEma || numbers[key] === undefined,
      `${key} of ${name}`,
      "left out unless useEma is true",
      numbers[key],
    );
  if (useEma) numbers.emaMomentum ??= 0.99;
  for (const key in numbers) {
    checkNumber(key, name, numbers[key], form.ranges[key]);
    if (form.ranges[key] === COUNT) mustBeInteger(`${key} of ${name}`, numbers[key]);
  }
  const accumulates = Object.hasOwn(numbers, "gradientAccumulationSteps");
  const ema = !useEma ? undefined : Object.hasOwn(numbers, "emaOverwriteFrequency") ? "overwrites" : "apart";
  const clippings = CLIPPINGS.filter((clipping) => Object.hasOwn(numbers, clipping));
  check(
    clippings.length <= 1,
    () =>
      `${name} must have at most one of ${CLIPPINGS.join(", ")}; received ${clippings.join(" and ")}; leave out all but one`,
  );
  const [clipping] = clippings;
  definition.validate?.(numbers as FixedHyperparameters<H>, { ...flags, convention } as OptimizerOptions<F>);
  const traits = definition.traits?.(numbers as FixedHyperparameters<H>) ?? {};
  mustBeRecord(`what \`traits\` of optimizer ${show(name)} returns`, traits, "an object of booleans");
  const options = { ...flags, ...traits, convention } as OptimizerOptions<F | T>;
  const penalty = decoupledWeightDecay ? "decoupled" : "penalty";
  const decay = numbers.weightDecay === 0 ? "none" : penalty;
  const optimizer: Optimizer = {
    name,
    hyperparameters: Object.freeze({ ...numbersOfRate(learningRate), ...numbers }),
    learningRate,
    convention,
    perArray: definition.perArray ?? false,
    decay,
    appliesWeightDecay: definition.appliesWeightDecay ?? false,
    clipping,
    accumulates,
    ema,
    init(context: InitContext) {
      const { parameter, hyperparameters } = context;
      const first = rateAt(learningRate, hyperparameters, constant(parameter.graph, 0));
      const slots =
        definition.init?.({
          ...context,
          hyperparameters: { ...hyperparameters, learningRate: first } as Readonly<Record<H, Value>>,
          options,
        }) ?? {};
      check(
        isRecord(slots) && Object.values(slots).every((slot) => slot instanceof Value),
        () => `\`init\` of optimizer ${show(name)} must return an object of values; received ${show(slots)}`,
      );
      return slots as Slots;
    },
    update: (context: UpdateContext) => definition.update({ ...context, options }) as Update,
  };
  madeFrom(optimizer, [
    name,
    builtIn ? options : undefined,
    decay,
    clipping ?? "",
    ...[accumulates, ema ?? ""],
    recipeOfRate(learningRate),
  ]);
  return madeBy(optimizer, { name, options: config, ...(!builtIn && { custom: true }) });
}

/** `finite` and `inFloat32` of the tables of options, which no page that trains needs at first. */
function checkNumber(key: string, name: string, value: number, interval: Interval | undefined): void {
  const fits = (x: number): boolean => Number.isFinite(x) && (!interval || within(interval)(x));
  const rounded = Math.fround(value);
  if (fits(value) && fits(rounded)) return;
  const rule = `a finite number${interval ? ` in ${interval}` : ""}`;
  must(fits(value), `${key} of ${name}`, rule, value);
  must(false, `${key} of ${name} in float32`, rule, rounded);
}
