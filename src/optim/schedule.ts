/**
 * The contract of a schedule: a learning rate as a pure function of the step, in operations on values. It is
 * part of the program, and its numbers are inputs, so nothing runs between steps and trials share a program.
 * The built-in ones are in `schedules.ts`. A schedule knows no optimizer and keeps no state.
 */
import { check, checkOptions, must, mustBeList, mustBeRecord, show } from "../errors.js";
import { Value } from "../graph/graph.js";
import { showShape } from "../graph/shape.js";
import type { Interval } from "../interval.js";
import { madeBy, madeFrom, recipeOf } from "../recipe.js";
import { finite, func, inFloat32, type OptionRules, objectOf, readOptions, rule, text } from "../rules.js";

/** The argument of `rate`. `N` names the numbers of the schedule. */
export interface ScheduleContext<N extends string = string> {
  /** The numbers of the schedule: scalars. */
  readonly numbers: Readonly<Record<N, Value>>;
  /**
   * Steps done before this one, from 0, as Keras and PyTorch count: a scalar. Whole numbers up to 2²⁴ are
   * exact.
   */
  readonly step: Value;
}

/**
 * A learning rate that changes from step to step, in place of a number. Made by `cosineDecay()` and the like.
 */
export interface Schedule {
  readonly name: string;
  /** Every number by name: inputs of the program, as `learningRate.decaySteps`. */
  readonly numbers: Readonly<Record<string, number>>;
  /** The rate of one step: a scalar. */
  rate(context: ScheduleContext): Value;
}

/** A constant learning rate, or a schedule. */
export type Rate = number | Schedule;

/**
 * The definition of a schedule. `R` names its required numbers, `O` its optional ones, `F` its flags, `T` its
 * traits.
 */
export interface ScheduleDefinition<
  R extends string,
  O extends string = never,
  F extends string = never,
  T extends string = never,
> {
  readonly name: string;
  /** Numbers without a default. */
  readonly required: readonly R[];
  /** Defaults of the other numbers. */
  readonly optional?: Readonly<Record<O, number>>;
  /** The range of each number. Default: any finite number. */
  readonly ranges?: Readonly<Partial<Record<NoInfer<R | O>, Interval>>>;
  /** Defaults of switches that change the program. */
  readonly flags?: Readonly<Record<F, boolean>>;
  /** Throws a FettleError for numbers that contradict each other. */
  readonly validate?: (numbers: Readonly<Record<NoInfer<R | O>, number>>) => void;
  /** Facts about the numbers that change the program. */
  readonly traits?: (numbers: Readonly<Record<NoInfer<R | O>, number>>) => Readonly<Record<T, boolean>>;
  /** The rate, in operations on values. */
  readonly rate: (
    context: ScheduleContext<R | O> & { readonly options: Readonly<Record<F | T, boolean>> },
  ) => Value;
}

/** The options of a schedule's factory. */
export type ScheduleConfig<R extends string, O extends string = never, F extends string = never> = {
  readonly [K in R]: number;
} & { readonly [K in O]?: number } & { readonly [K in F]?: boolean };

/**
 * Defines a schedule and returns its factory.
 *
 * @throws FettleError by the factory: `unknown_name` for an unknown option, `invalid_argument` for a value
 * that is missing or outside its range
 * @example
 * ```ts
 * // lr / (1 + decayRate · t)
 * const inverseTimeDecay = defineSchedule({
 *   name: "inverseTimeDecay",
 *   required: ["initialLearningRate", "decayRate"],
 *   ranges: { initialLearningRate: "[0, ∞)", decayRate: "[0, ∞)" },
 *   rate: ({ numbers: { initialLearningRate, decayRate }, step }) =>
 *     div(initialLearningRate, add(1, mul(decayRate, step))),
 * });
 * const optimizer = sgd({ learningRate: inverseTimeDecay({ initialLearningRate: 0.1, decayRate: 0.01 }) });
 * optimizer.hyperparameters["learningRate.decayRate"]; // 0.01
 * ```
 */
export function defineSchedule<
  R extends string,
  O extends string = never,
  F extends string = never,
  T extends string = never,
>(definition: ScheduleDefinition<R, O, F, T>): (config: ScheduleConfig<R, O, F>) => Schedule {
  readOptions<object, object>(definition, "defineSchedule", definitionRules(), " of defineSchedule");
  return factoryOf(definition, false);
}

/** `defineSchedule` for built-in schedules, whose definitions read nothing from outside. */
export function defineBuiltInSchedule<
  R extends string,
  O extends string = never,
  F extends string = never,
  T extends string = never,
>(definition: ScheduleDefinition<R, O, F, T>): (config: ScheduleConfig<R, O, F>) => Schedule {
  return factoryOf(definition, true);
}

/** In a function, so that a page without a definition of its own does not load it. */
const definitionRules = () =>
  ({
    name: [text],
    required: [rule<readonly never[]>("a list of names", Array.isArray)],
    optional: objectOf("numbers"),
    ranges: objectOf("intervals"),
    flags: objectOf("booleans"),
    validate: func<never>(),
    traits: func<never>(),
    rate: [func<never>()],
  }) satisfies OptionRules<ScheduleDefinition<string, string, string, string>>;

function factoryOf<R extends string, O extends string, F extends string, T extends string>(
  definition: ScheduleDefinition<R, O, F, T>,
  builtIn: boolean,
): (config: ScheduleConfig<R, O, F>) => Schedule {
  const { name, required, optional = {}, flags = {} } = definition;
  mustBeList("required", required, "a list of names");
  const names: readonly string[] = [...required, ...Object.keys(optional)];
  const ranges: Readonly<Record<string, Interval | undefined>> = { ...definition.ranges };
  const known = Object.fromEntries(
    [...names, ...Object.keys(flags)].map((option) => [option, true as const]),
  );
  return (config) => {
    checkOptions(config, name, known);
    const given = Object.entries(config).filter(([, value]) => value !== undefined);
    const all: Record<string, unknown> = { ...optional, ...flags, ...Object.fromEntries(given) };
    for (const flag of Object.keys(flags)) {
      must(typeof all[flag] === "boolean", `${flag} of ${name}`, "true or false", all[flag]);
    }
    const numbers = Object.fromEntries(
      names.map((number) => {
        inFloat32(finite(ranges[number]))(`${number} of ${name}`, all[number]);
        return [number, all[number] as number];
      }),
    ) as Record<R | O, number>;
    definition.validate?.(numbers);
    const traits = definition.traits?.(numbers) ?? {};
    mustBeRecord(`what \`traits\` of schedule ${show(name)} returns`, traits, "an object of booleans");
    const options = {
      ...Object.fromEntries(Object.keys(flags).map((flag) => [flag, all[flag]])),
      ...traits,
    } as Record<F | T, boolean>;
    const schedule: Schedule = {
      name,
      numbers: Object.freeze(numbers),
      rate: (context: ScheduleContext) => definition.rate({ ...context, options }),
    };
    madeFrom(schedule, [name, builtIn ? options : undefined]);
    return madeBy(schedule, { name, options: config, ...(!builtIn && { custom: true }) });
  };
}

export function isSchedule(rate: unknown): rate is Schedule {
  return typeof rate === "object" && rate !== null && typeof (rate as Schedule).rate === "function";
}

const NAME = "learningRate";

/** For a number, an empty one: it is an input of the program. */
export function recipeOfRate(rate: Rate): string | undefined {
  return isSchedule(rate) ? recipeOf(rate) : "";
}

/** The numbers of a rate, as inputs: `learningRate`, or `learningRate.decaySteps` and the like. */
export function numbersOfRate(rate: Rate): Record<string, number> {
  if (!isSchedule(rate)) return { [NAME]: rate };
  return Object.fromEntries(Object.entries(rate.numbers).map(([name, value]) => [`${NAME}.${name}`, value]));
}

/**
 * The rate of one step, from the inputs that `numbersOfRate` names.
 *
 * @param step - steps done before
 * @throws FettleError `invalid_shape` for a schedule that does not return a scalar
 */
export function rateAt(rate: Rate, inputs: Readonly<Record<string, Value>>, step: Value): Value {
  if (!isSchedule(rate)) return inputs[NAME];
  const numbers = Object.fromEntries(
    Object.keys(rate.numbers).map((name) => [name, inputs[`${NAME}.${name}`]]),
  );
  const value = rate.rate({ numbers, step });
  check(
    value instanceof Value && value.shape.length === 0,
    () =>
      `\`rate\` of schedule ${show(rate.name)} must return a scalar value; ` +
      `received ${value instanceof Value ? `shape ${showShape(value.shape)}` : show(value)}`,
    "invalid_shape",
  );
  return value;
}
