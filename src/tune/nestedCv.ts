/** Nested cross-validation: how good a search is, on folds that the search does not see. */
import { type Dataset, takeExamples } from "../data/dataset.js";
import { check, isRecord, must } from "../errors.js";
import type { Metric } from "../metrics/metric.js";
import { oneOrSeveralMetrics } from "../metrics/registry.js";
import { scorerOf } from "../model/scorer.js";
import { ready } from "../numerics/kernels.js";
import { RandomStream } from "../numerics/random.js";
import { copyOptions } from "../options.js";
import type { Space } from "../search/space/space.js";
import { decidingIndex, type SearchCvOptions, type SearchCvResult } from "./gridSearch.js";
import { inColumns, toDataset } from "./trial/data.js";
import { foldsBy, inOrder, type Validation } from "./trial/folds.js";
import { defaultMetrics } from "./trial/forms.js";
import { meanAndStd } from "./trial/scoring.js";
import { KEPT } from "./tuner/options.js";
import { Probe } from "./tuner/probe.js";

/** The result of nested cross-validation. */
export interface NestedResult<S extends Space> {
  /** The score of each outer fold, by a model tuned without it. */
  readonly scores: readonly number[];
  readonly mean: number;
  /** The population standard deviation. */
  readonly std: number;
  /** The search within each outer fold. */
  readonly searches: readonly SearchCvResult<S>[];
}

/**
 * Estimates how good a *search* is: it tunes on the training rows of each outer fold, refits the best
 * parameters, and scores them on the rows that the search did not see. Unlike the cross-validation of the
 * search itself, these scores are not biased by the choice of the best.
 *
 * @param search - `gridSearch`, `randomSearch` or a function like them
 * @param options - its options, and `outer`: the outer folds, in the form of `validation`, default
 * `{ folds: 5 }`. `validation` must not be a list, because each outer fold has other rows; `validationData` and
 * `study` must be left out, because searches and trials are scored on the rows of the outer folds
 * @throws FettleError as the search, and its `finalError`; `invalid_data` if a search found no model
 * @example
 * ```ts
 * const x = Array.from({ length: 60 }, (_, i) => [i / 60]);
 * const { scores } = await nestedCrossValidation(gridSearch, {
 *   x,
 *   y: x.map(([a]) => 2 * a),
 *   space: { learningRate: choice([0.1, 0.2]) },
 *   model: (params) => {
 *     const model = sequential([dense(1)]);
 *     model.compile({ optimizer: sgd(params), loss: "meanSquaredError" });
 *     return model;
 *   },
 *   validation: { folds: 2 },
 *   outer: { folds: 3 },
 * });
 * scores.length; // 3
 * ```
 * @see G. Cawley and N. Talbot, "On over-fitting in model selection and subsequent selection bias in
 * performance evaluation", JMLR 11, 2010
 */
export async function nestedCrossValidation<
  const S extends Space,
  O extends SearchCvOptions<S> = SearchCvOptions<S>,
>(
  search: (options: O) => Promise<SearchCvResult<S>>,
  options: O & { readonly space: S; readonly outer?: Validation },
): Promise<NestedResult<S>> {
  must(typeof search === "function", "search", "gridSearch, randomSearch or a function like them", search);
  // the search refuses unknown names
  const own = copyOptions(options, "nestedCrossValidation", undefined, KEPT);
  const {
    outer = { folds: 5 },
    x: _x,
    y: _y,
    sampleWeight: _weight,
    groups: _groups,
    time: _time,
    missing: _missing,
    ...rest
  } = own;
  const { validation = outer } = own;
  check(
    !Array.isArray(own.validation),
    "validation must be { folds }, { split } or a function of rows, since each outer fold has other rows; received folds of row ids",
  );
  check(
    own.validationData === undefined,
    "validationData must be left out of nestedCrossValidation, whose outer folds score the search",
  );
  check(
    own.study === undefined,
    "study must be left out of nestedCrossValidation, since its trials were scored on the rows of the outer folds",
  );
  await ready();
  const probe = new Probe(own);
  const dataset = toDataset(own, () => probe.units);
  const encoded = own.data ? dataset : inColumns(dataset, () => probe.units);
  const data = inOrder(inOrder(encoded, validation), outer);
  const metric = decidingMetric(own, data, probe);
  const seed = new RandomStream(own.seed ?? 0, OUTER_STREAM).integer(2 ** 31);
  const folds = foldsBy(
    "outer",
    outer,
    data,
    Int32Array.from({ length: data.rows }, (_, row) => row),
    seed,
  );
  const searches: SearchCvResult<S>[] = [];
  const scores: number[] = [];
  for (const { train, validation } of folds) {
    const result = await search({ ...rest, data: takeExamples(data, train) } as unknown as O);
    must(
      isRecord(result) && isRecord(result.final) && typeof result.final.predictMasked === "function",
      "the result of search",
      "what gridSearch returns",
      result,
    );
    scores.push(scorerOf(result.final, data, takeExamples(data, validation))(metric));
    searches.push(result);
  }
  const { value: mean, std } = meanAndStd(scores);
  return { scores, mean, std, searches };
}

/** Separate from the random streams of studies and of `tune`. */
const OUTER_STREAM = 0x6f75;

/** The metric that decides, before a search has run. */
function decidingMetric<S extends Space>(
  { scoring, refit = true }: SearchCvOptions<S>,
  data: Dataset,
  probe: Probe<S>,
): Metric {
  const given = oneOrSeveralMetrics("scoring", scoring);
  return given[decidingIndex(given, refit)] ?? defaultMetrics(data.task, () => probe.formed)[0];
}
