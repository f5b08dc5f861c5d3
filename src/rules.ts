/**
 * Options as a table: each row has an option's name, its rule and its default. The types and the docs are
 * those of an interface. A row too many, a row too few and a row of another type do not compile.
 *
 *     const RULES = { sigma: number("(0, 1]"), populationSize: [integer(4), 10] } satisfies OptionRules<CmaesOptions>;
 *     const { sigma, populationSize } = readOptions(options, "cmaes", RULES, " of cmaes");
 *
 * Rules about several options are checked afterwards, by the caller.
 */
import {
  byName,
  checkOptions,
  isPlainObject,
  must,
  mustBeBoolean,
  mustBeInteger,
  unknownName,
} from "./errors.js";
import { type Interval, within } from "./interval.js";

/** Refuses what an option must not be; `name` is what messages call it. */
export interface Rule<T> {
  (name: string, value: unknown): void;
  /** Never there: so that a rule of numbers does not fit an option of words. */
  readonly of?: T;
}

/**
 * A row for each option of an interface: `true` if its value is checked later, or a rule. In brackets, the
 * option always has a value: `[rule]` if it is required, `[rule, default]` otherwise.
 */
export type OptionRules<Options> = {
  readonly [Name in keyof Options]-?: Row<
    Exclude<Options[Name], undefined>,
    object extends Pick<Options, Name> ? true : false
  >;
};

type Row<T, Optional> =
  | true
  | (Optional extends true ? Rule<T> | readonly [rule: true | Rule<T>, usual: T] : readonly [rule: Rule<T>]);

/** Options as they are read: those with a default are there. */
export type ReadOptions<Options, Rules> = Options & {
  readonly [Name in keyof Options & keyof Rules as Rules[Name] extends readonly unknown[]
    ? Name
    : never]-?: Exclude<Options[Name], undefined>;
};

/**
 * The options that a user gave, and the defaults of the others. An undefined one was left out.
 *
 * @param of - what follows an option's name in messages
 * @throws FettleError as `checkOptions`; what the rules throw
 */
export function readOptions<Options extends object, Rules extends OptionRules<Options>>(
  options: Options,
  kind: string,
  rules: Rules,
  of = "",
): ReadOptions<Options, Rules> {
  checkOptions(options, kind, rules);
  const read = { ...options } as Record<string, unknown>;
  for (const [name, row] of Object.entries<unknown>(rules)) {
    const isThere = Array.isArray(row);
    const [rule, usual] = (isThere ? row : [row]) as [true | Rule<unknown>, unknown];
    if (read[name] === undefined && usual !== undefined) read[name] = usual;
    else if (rule !== true && (isThere || read[name] !== undefined)) rule(name + of, read[name]);
  }
  return read as ReadOptions<Options, Rules>;
}

/** What `fits`, in words such as `a finite number`. */
export const rule =
  <T>(words: string, fits: (value: unknown) => boolean): Rule<T> =>
  (name, value) =>
    must(fits(value), name, words, value);

/** A boolean. */
export const flag: Rule<boolean> = mustBeBoolean;

/** A function, as the words say. */
export const func = <T = (...given: never[]) => unknown>(words = "a function"): Rule<T> =>
  rule(words, (value) => typeof value === "function");

/** A plain object, whose values are checked later. */
export const objectOf = (what: string): Rule<never> => rule(`an object of ${what}`, isPlainObject);

export const text: Rule<string> = /* @__PURE__ */ rule("a string", (value) => typeof value === "string");

/** An integer of at least `least`. */
export const integer =
  (least = 1, most?: number): Rule<number> =>
  (name, value) =>
    mustBeInteger(name, value, least, most);

/** A number of jobs: as many as the host has processors, as `n_jobs` of scikit-learn. */
export const ALL_PROCESSORS = -1;

/** A number of jobs of at least `least`, or {@link ALL_PROCESSORS}. */
export const jobCount = (least = 1): Rule<number> =>
  rule(
    `${least === 1 ? "a positive integer" : `an integer of at least ${least}`}, or -1 for all processors`,
    (jobs) => jobs === ALL_PROCESSORS || (Number.isSafeInteger(jobs) && (jobs as number) >= least),
  );

/** A list of at least `least` elements that each fit. */
export const listOf = <T>(
  words: string,
  fits: (element: unknown) => boolean,
  least = 0,
): Rule<readonly T[]> =>
  rule(words, (value) => Array.isArray(value) && value.length >= least && value.every(fits));

/** One of some words; `kind` is what messages call it. */
export const oneOf =
  <Word extends string>(kind: string, words: readonly Word[]): Rule<Word> =>
  (_, value) => {
    if (!words.includes(value as Word)) throw unknownName(kind, value, words);
  };

/** One of two words. */
export const either = <const One extends string, const Other extends string>(
  one: One,
  other: Other,
): Rule<One | Other> => rule(`"${one}" or "${other}"`, (value) => value === one || value === other);

/** A name of a table; `kind` is what messages call it. */
export const nameOf =
  <Name extends string>(kind: string, table: Readonly<Record<Name, unknown>>): Rule<Name> =>
  (_, value) =>
    byName(kind, table, value);

/** A number of an interval. */
export function number(interval: Interval, words = `a number in ${interval}`): Rule<number> {
  const contains = within(interval);
  return rule(words, (value) => typeof value === "number" && contains(value));
}

/** A finite number; of an interval, if there is one. */
export const finite = (interval?: Interval): Rule<number> =>
  interval ? number(interval, `a finite number in ${interval}`) : rule("a finite number", Number.isFinite);

/** Of a number that programs read, also rounded to float32: 1 − 1e-9 is 1 there. */
export const inFloat32 =
  (rule: Rule<number>): Rule<number> =>
  (name, value) => {
    rule(name, value);
    rule(`${name} in float32`, Math.fround(value as number));
  };

export const atLeastZero = /* @__PURE__ */ number("[0, ∞)", "a finite number of at least 0");
export const aboveZero = /* @__PURE__ */ number("(0, ∞)", "a finite number above 0");
