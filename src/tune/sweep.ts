/**
 * Sweeps: one parameter of a space takes one value after another while the others stay fixed. The points are
 * enqueued in a `randomSearch` of as many trials, so nothing is random.
 */

import { check, must, mustBeRecord, mustEndWith, type OptionNames, show, unknownName } from "../errors.js";
import type { MetricLike, ScoreName } from "../metrics/names.js";
import { copyOptions } from "../options.js";
import {
  buildParams,
  type Params,
  type ParamsOf,
  resolveSpace,
  type Space,
  whyOutside,
} from "../search/space/space.js";
import type { ParamValue } from "../search/space/value.js";
import { CV_OPTIONS, randomSearch, type SearchCvOptions, type SearchCvResult } from "./gridSearch.js";
import type { DefaultMetric } from "./trial/forms.js";
import { KEPT } from "./tuner/options.js";

/**
 * What is swept, and the options of `randomSearch` that apply: a sweep has exactly one trial for each of its
 * values.
 */
export interface SweepOptions<S extends Space, M extends MetricLike = MetricLike>
  extends Omit<SearchCvOptions<S, M>, "trials" | "enqueue" | "warmStart" | "study"> {
  /** The name of the parameter that varies. */
  readonly parameter: keyof S & string;
  /** Its values, in this order: at least one, and all within the space. */
  readonly values: readonly ParamValue[];
  /**
   * The values of the others. Default: the default of each in the space. Parameters that do not apply are
   * left out.
   */
  readonly params?: Partial<ParamsOf<S>>;
}

/**
 * Cross-validates one value of a parameter after another, with all else equal.
 *
 * @returns as `gridSearch`, a row for each value, in the order given
 * @throws FettleError as `gridSearch`; `unknown_name`, `invalid_argument` for a parameter that the space does
 * not have or that does not apply at these `params`, for values outside the space, and if another parameter
 * has neither a value in `params` nor a default
 * @example
 * ```ts
 * const x = Array.from({ length: 60 }, (_, i) => [i / 60]);
 * const { rows } = await sweep({
 *   x,
 *   y: x.map(([a]) => 2 * a),
 *   space: { learningRate: float(0.001, 1, { log: true }), momentum: float(0, 0.99, { default: 0.9 }) },
 *   parameter: "learningRate",
 *   values: [0.01, 0.1],
 *   model: (params) => {
 *     const model = sequential([dense(1)]);
 *     model.compile({ optimizer: sgd(params), loss: "meanSquaredError" });
 *     return model;
 *   },
 * });
 * rows.map(({ params }) => params); // [{ learningRate: 0.01, momentum: 0.9 }, { learningRate: 0.1, momentum: 0.9 }]
 * ```
 */
export function sweep<const S extends Space, const M extends MetricLike = DefaultMetric>(
  options: SweepOptions<S, M>,
): Promise<SearchCvResult<S, ScoreName<M>>>;
export async function sweep<const S extends Space, const M extends MetricLike = DefaultMetric>(
  options: SweepOptions<S, M>,
  ...surplus: unknown[]
): Promise<SearchCvResult<S, ScoreName<M>>> {
  mustEndWith("sweep", "one object of options", surplus);
  const own = copyOptions(options, "sweep", OPTIONS, KEPT);
  const { parameter: _, values: __, params: ___, ...rest } = own;
  const enqueue = pointsOf(own) as ParamsOf<S>[];
  const search: Omit<SearchCvOptions<S, M>, "trials" | "enqueue" | "warmStart" | "study"> = rest;
  return randomSearch<S, M>({ ...search, enqueue, trials: enqueue.length });
}

const { trials: _trials, enqueue: _enqueue, warmStart: _warmStart, study: _study, ...cvOptions } = CV_OPTIONS;
const OPTIONS: OptionNames<SweepOptions<Space>> = {
  ...cvOptions,
  parameter: true,
  values: true,
  params: true,
};

function pointsOf<S extends Space>({ space, parameter, values, params = {} }: SweepOptions<S>): Params[] {
  const searchSpace = resolveSpace(space);
  must(typeof parameter === "string", "parameter", "the name of a parameter of the space", parameter);
  mustBeRecord("params", params);
  const fixed = params as Params;
  for (const name of [parameter, ...Object.keys(fixed)]) {
    if (!Object.hasOwn(searchSpace.parameters, name)) throw unknownName("parameter", name, searchSpace.names);
  }
  must(Array.isArray(values) && values.length > 0, "values", "a list of at least one value", values);
  check(
    !Object.hasOwn(fixed, parameter),
    () => `${show(parameter)} is swept; pass its values in values, not in params`,
  );
  return values.map((swept) => {
    const point = buildParams(searchSpace, ({ default: usual }, name) => {
      if (name === parameter) return swept;
      const value = Object.hasOwn(fixed, name) ? fixed[name] : usual;
      check(
        value !== undefined,
        () => `${show(name)} has no default in the space; pass its value in params, or give it a default`,
      );
      return value;
    });
    check(
      Object.hasOwn(point, parameter),
      () => `${show(parameter)} does not apply where the others are ${show(point)}; pass others in params`,
    );
    const wrong = whyOutside(searchSpace, point);
    check(wrong === undefined, () => `the points of a sweep must be within its space: ${wrong}`);
    return point;
  });
}
