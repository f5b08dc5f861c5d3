/**
 * The choices of a pipeline: how missing cells are filled, categories encoded, features and targets scaled.
 * `pipeline.ts` does the fitting.
 */

import { isPlainObject, must, mustBeBoolean, show, unknownName } from "../../errors.js";
import { flag, integer, type OptionRules, oneOf, readOptions, rule } from "../../rules.js";
import type { Input } from "../dataset.js";
import type { Moments } from "./moments.js";
import { checkPadding, type PaddedSteps } from "./padding.js";

/** The fill value of missing numbers: a statistic of the training rows, or a constant. */
export type Imputation = "mean" | "median" | "mode" | number;

/** How categories become numbers. `auto` is `oneHot` for at most 100 categories, else `target`. */
export type Encoding = "auto" | "oneHot" | "ordinal" | "hashed" | "target";

/** How features are scaled. */
export type ScalingName = "standard" | "minMax" | "robust" | "quantile" | "parts" | "none";

/** How a regression target is transformed; the logarithms are standardized too. */
export type TargetTransformName = "standard" | "log" | "log1p" | "none";

/** The choices for one column. */
export interface ColumnOptions {
  /**
   * The fill value of missing numbers and dates; with a constant, dates become the mean. Missing booleans
   * become the most frequent value, and so do missing categories without an `indicator`.
   * @defaultValue `"mean"`
   */
  readonly impute?: Imputation;
  /**
   * Whether a column with missing cells gets a feature that is 1 where the cell is missing. A missing
   * category is then a separate category. The feature is 0 in every row if it is useless: if the training
   * rows lack all cells or none; and with `"auto"` if their targets with and without a cell are within three
   * standard errors of each other.
   * @defaultValue false; `densePipeline` has `"auto"`
   */
  readonly indicator?: boolean | "auto";
  /**
   * How categories become numbers:
   *
   * - `oneHot`: one feature for each category, 1 in its rows and 0 in the others
   * - `ordinal`: the index of the category among all, in code unit order
   * - `hashed`: one feature for each of `buckets` buckets, into which MurmurHash3 puts the words
   * - `target`: the mean of the target over the rows of the category, shrunk towards the mean of all rows
   *   (empirical Bayes);
   *   for training rows over the other folds of five, so that no row sees its own target. One feature for
   *   each output
   *
   * @defaultValue `"auto"`
   */
  readonly encode?: Encoding;
  /** The number of buckets of `hashed`. @defaultValue 32 */
  readonly buckets?: number;
  /**
   * With `oneHot`: categories with fewer training rows share one feature, which is also 1 for unknown words.
   * @defaultValue 1, so there is no such feature
   */
  readonly minFrequency?: number;
  /**
   * How numbers, the days of dates, ordinals and target means are scaled, by the training rows:
   *
   * - `standard`: to mean 0 and standard deviation 1
   * - `minMax`: to the range from 0 to 1
   * - `robust`: to median 0 and interquartile range 1
   * - `quantile`: to a normal distribution, within ±2.6; linear between 17 quantiles
   * - `parts`: four features, one for each quarter of the training rows in the order of the number: how far
   *   it is within that
   *   quarter, constant before and beyond it (Gorishniy et al., 2022), to mean 0 and standard deviation 1
   * - `none`: not at all
   *
   * A list gives the features of each of its scalings.
   *
   * @defaultValue `"standard"`
   */
  readonly scale?: ScalingName | readonly ScalingName[];
}

/** How a data set becomes the inputs and targets of a network. */
export interface PipelineOptions extends ColumnOptions {
  /**
   * Whether features that are 0 or 1 (booleans, one-hot, hashed, indicators) are standardized.
   * @defaultValue true, or false with `scale: "none"`
   */
  readonly scaleOneHot?: boolean;
  /** How a regression target is transformed. @defaultValue `"standard"` */
  readonly target?: TargetTransformName;
  /**
   * Padded sequences among the inputs. Padding steps stay unchanged; other steps are filled and scaled by
   * feature, over all steps of the training rows that count. `tune` derives it from layers such as `masking`.
   * @defaultValue none
   */
  readonly padding?: readonly PaddedSteps[];
  /**
   * How the network predicts a distribution of each target; not with a logarithm of the target. `tune`
   * derives it from the loss.
   * @defaultValue none: the network predicts the targets
   */
  readonly moments?: Moments;
  /** Other choices for columns by name, such as `{ income: { scale: "quantile" } }`. */
  readonly columns?: Readonly<Record<string, ColumnOptions>>;
}

const IMPUTATIONS = ["mean", "median", "mode"];
const SCALINGS = ["standard", "minMax", "robust", "quantile", "parts", "none"] satisfies ScalingName[];
const COLUMN_RULES = {
  impute: rule(
    `${IMPUTATIONS.map(show).join(", ")} or a finite number`,
    (value) => Number.isFinite(value) || IMPUTATIONS.includes(value as string),
  ),
  indicator(name, value) {
    if (value !== "auto") mustBeBoolean(name, value);
  },
  encode: oneOf("encoding", ["auto", "oneHot", "ordinal", "hashed", "target"]),
  buckets: integer(),
  minFrequency: integer(),
  scale(name, value) {
    const scales = [value].flat();
    for (const each of scales) oneOf("scaling", SCALINGS)(name, each);
    const differ = scales.length > 0 && new Set(scales).size === scales.length;
    must(differ, name, "a scaling, or a list of different ones", value);
  },
} satisfies OptionRules<ColumnOptions>;
const RULES = {
  ...COLUMN_RULES,
  scaleOneHot: flag,
  target: oneOf("transform of the target", ["standard", "log", "log1p", "none"]),
  columns: [rule("an object of options by column", isPlainObject), {}],
  padding: [true, []],
  moments: rule(
    "{ log, least }, whether it predicts logarithms, and the least variance, above 0",
    (value) =>
      isPlainObject(value) &&
      typeof value.log === "boolean" &&
      Number.isFinite(value.least) &&
      Number(value.least) > 0,
  ),
} satisfies OptionRules<PipelineOptions>;

/** The most categories that `auto` turns into features. */
export const MAX_ONE_HOT = 100;

/** The choices for one column, with defaults. */
export interface ColumnPlan {
  readonly impute: Imputation;
  readonly indicator: boolean | "auto";
  readonly encode: Exclude<Encoding, "auto">;
  readonly buckets: number;
  readonly minFrequency: number;
  /** Each has separate features. */
  readonly scales: readonly ScalingName[];
  /** How features that are 0 or 1 are scaled. */
  readonly scaleOneHot: ScalingName;
}

/**
 * The choices for one of the inputs.
 *
 * @param options - checked by {@link checkPipelineOptions}
 */
export function planFor({ name, kind, categories, gaps }: Input, options: PipelineOptions): ColumnPlan {
  const { scaleOneHot, target: _, padding: __, moments: ___, columns = {}, ...common } = options;
  const own = Object.hasOwn(columns, name) ? columns[name] : {};
  const chosen = { ...common, ...own };
  const { impute = "mean", encode = "auto", buckets = 32, minFrequency = 1, scale = "standard" } = chosen;
  const scales = [scale].flat();
  const auto = categories.length > MAX_ONE_HOT ? "target" : "oneHot";
  const ofDates = typeof impute === "number" ? "mean" : impute;
  return {
    impute: kind === "number" ? impute : kind === "date" ? ofDates : "mode",
    indicator: gaps && (chosen.indicator ?? false),
    encode: encode === "auto" ? auto : encode,
    buckets,
    minFrequency,
    scales,
    scaleOneHot: (scaleOneHot ?? scales.some((each) => each !== "none")) ? "standard" : "none",
  };
}

/** Warns that columns are filled without an indicator, unless the user chose that. */
export function unmarkedGaps(inputs: readonly Input[], options: PipelineOptions): string[] {
  const chose = ({ name }: Input): boolean =>
    (Object.hasOwn(options.columns ?? {}, name) ? options.columns?.[name].indicator : undefined) !==
    undefined;
  const names = inputs.filter((input) => input.gaps && !chose(input)).map(({ name }) => show(name));
  if (options.indicator !== undefined || names.length === 0) return [];
  const shown = names.length > 3 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return [
    `missing cells of ${shown.join(", ")} are filled without an indicator; ` +
      "indicator: true in the pipeline shows the network where they were, and indicator: false confirms this",
  ];
}

/**
 * @param what - the owner of the options
 * @param inputs - the existing columns
 * @throws FettleError `invalid_argument`, `unknown_name`
 */
export function checkPipelineOptions(
  what: string,
  options: unknown,
  inputs: readonly Pick<Input, "name" | "kind">[],
): asserts options is PipelineOptions {
  const { columns, padding, target, moments } = readOptions(options as PipelineOptions, what, RULES);
  must(
    moments === undefined || (target !== "log" && target !== "log1p"),
    "target of a pipeline with moments",
    '"standard" or "none", since a normal distribution of its logarithm is not a normal distribution of the target',
    target,
  );
  checkPadding(padding, inputs);
  const names = inputs.map(({ name }) => name);
  for (const [name, own] of Object.entries(columns)) {
    if (!names.includes(name)) throw unknownName("column", name, names);
    readOptions(own, `column ${show(name)}`, COLUMN_RULES, ` of column ${show(name)}`);
  }
}
