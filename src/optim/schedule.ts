/**
 * What a schedule is: a learning rate as a pure function of the step, in operations on values. It is part of the
 * program, and its numbers are inputs, so nothing runs between steps and trials share a program. The built-in ones are
 * in `schedules.ts`. A schedule knows no optimizer and keeps no state.
 */

import { check, show, unknownName } from "../errors.js";
import type { Value } from "../graph/graph.js";
import { checkNumber, type Interval, parseInterval } from "./interval.js";

/** What a rate follows from. `N` names the numbers of the schedule. */
export interface ScheduleContext<N extends string = string> {
  /** The numbers of the schedule: scalars. */
  readonly numbers: Readonly<Record<N, Value>>;
  /** Steps done before this one, from 0, as Keras and PyTorch count: a scalar. Whole numbers up to 2²⁴ are exact. */
  readonly step: Value;
}

/** A learning rate that changes from step to step, in place of a number. Made by `cosineDecay()` and the like. */
export interface Schedule {
  readonly name: string;
  /** Every number by name: inputs of the program, as `learningRate.decaySteps`. */
  readonly numbers: Readonly<Record<string, number>>;
  /** The rate of one step: a scalar. */
  rate(context: ScheduleContext): Value;
}

/** A learning rate that stays, or one that changes. */
export type Rate = number | Schedule;

/** How a schedule works. `R` names its required numbers, `O` its optional ones, `F` its flags, `T` its traits. */
export interface ScheduleDefinition<
  R extends string,
  O extends string = never,
  F extends string = never,
  T extends string = never,
> {
  readonly name: string;
  /** Numbers that have no default. */
  readonly required: readonly R[];
  /** Defaults of the other numbers. */
  readonly optional?: Readonly<Record<O, number>>;
  /** Where each number must lie. Any finite number where left out. */
  readonly ranges?: Readonly<Partial<Record<NoInfer<R | O>, Interval>>>;
  /** Defaults of switches that change the program. */
  readonly flags?: Readonly<Record<F, boolean>>;
  /** Throws a FettleError for numbers that do not go together. */
  readonly validate?: (numbers: Readonly<Record<NoInfer<R | O>, number>>) => void;
  /** Facts about the numbers that change the program. */
  readonly traits?: (numbers: Readonly<Record<NoInfer<R | O>, number>>) => Readonly<Record<T, boolean>>;
  /** The rate, in operations on values. */
  readonly rate: (
    context: ScheduleContext<R | O> & { readonly options: Readonly<Record<F | T, boolean>> },
  ) => Value;
}

/** What a schedule's factory takes. */
export type ScheduleConfig<R extends string, O extends string = never, F extends string = never> = {
  readonly [K in R]: number;
} & { readonly [K in O]?: number } & { readonly [K in F]?: boolean };

/**
 * Defines a schedule and returns the function that makes it with numbers chosen.
 *
 * @throws FettleError by the returned function: `unknown_name` for options that do not exist, `invalid_argument` for
 * values that are missing or outside their range
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
  const { name, required, optional = {}, flags = {} } = definition;
  const names: readonly string[] = [...required, ...Object.keys(optional)];
  const ranges: Readonly<Record<string, Interval | undefined>> = { ...definition.ranges };
  return (config) => {
    const given = configOf(name, config, [...names, ...Object.keys(flags)]);
    const all: Record<string, unknown> = { ...optional, ...flags, ...given };
    for (const flag of Object.keys(flags)) {
      check(
        typeof all[flag] === "boolean",
        () => `${flag} of ${name} is true or false, got ${show(all[flag])}`,
      );
    }
    const numbers = Object.fromEntries(
      names.map((number) => {
        const interval = ranges[number];
        checkNumber(all[number] as number, number, name, interval && parseInterval(interval));
        return [number, all[number] as number];
      }),
    ) as Record<R | O, number>;
    definition.validate?.(numbers);
    const options = {
      ...Object.fromEntries(Object.keys(flags).map((flag) => [flag, all[flag]])),
      ...definition.traits?.(numbers),
    } as Record<F | T, boolean>;
    return Object.freeze({
      name,
      numbers: Object.freeze(numbers),
      rate: (context: ScheduleContext) => definition.rate({ ...context, options }),
    });
  };
}

/** What was given but undefined, after checking that it is an object of known names. */
export function configOf(
  name: string,
  config: Readonly<Record<string, unknown>>,
  known: readonly string[],
): Record<string, unknown> {
  check(
    typeof config === "object" && config !== null && !Array.isArray(config),
    () => `${name} takes an object with ${known.join(", ")}, got ${show(config)}`,
  );
  for (const key of Object.keys(config)) {
    if (!known.includes(key)) throw unknownName(`option of ${name}`, key, known);
  }
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

export function isSchedule(rate: unknown): rate is Schedule {
  return typeof rate === "object" && rate !== null && typeof (rate as Schedule).rate === "function";
}

const NAME = "learningRate";

/** The numbers of a rate, as inputs: `learningRate`, or `learningRate.decaySteps` and the like. */
export function numbersOfRate(rate: Rate): Record<string, number> {
  if (!isSchedule(rate)) return { [NAME]: rate };
  return Object.fromEntries(Object.entries(rate.numbers).map(([name, value]) => [`${NAME}.${name}`, value]));
}

/**
 * The rate of one step, from the inputs that `numbersOfRate` names.
 *
 * @param step - steps done before
 * @throws FettleError `invalid_shape` for a schedule that gives no scalar
 */
export function rateAt(rate: Rate, inputs: Readonly<Record<string, Value>>, step: Value): Value {
  if (!isSchedule(rate)) return inputs[NAME];
  const numbers = Object.fromEntries(
    Object.keys(rate.numbers).map((name) => [name, inputs[`${NAME}.${name}`]]),
  );
  const value = rate.rate({ numbers, step });
  check(
    value?.shape?.length === 0,
    () => `the rate of schedule ${show(rate.name)} is a scalar, got ${show(value?.shape)}`,
    "invalid_shape",
  );
  return value;
}
