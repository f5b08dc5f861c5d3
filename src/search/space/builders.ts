/** `float`, `int` and `choice`, which build the parameters of a space. Checking them is `parse.ts`. */

import { isPlainObject, must, show } from "../../errors.js";
import type {
  ChoiceOptions,
  ChoiceParameter,
  Conditional,
  FloatParameter,
  IntParameter,
  NumericOptions,
  Parameter,
} from "./parameter.js";
import { parseParameter } from "./parse.js";
import type { ParamValue } from "./value.js";

/**
 * A real-valued parameter.
 *
 * @param low - the least value (included)
 * @param high - the greatest value (included); with `step`, the last `low + i·step` not above it
 * @throws FettleError `invalid_space` for invalid bounds or options
 * @example
 * ```ts
 * const learningRate = float(1e-4, 1e-1, { log: true });
 * const momentum = float(0, 0.99, { when: { optimizer: ["sgd"] } });
 * ```
 */
export function float<const O extends NumericOptions = Record<never, never>>(
  low: number,
  high: number,
  options?: O,
): FloatParameter & Conditional<O> {
  return numeric("float", low, high, options) as FloatParameter & Conditional<O>;
}

/**
 * An integer parameter.
 *
 * @param low - the least value (included), a safe integer
 * @param high - the greatest value (included), a safe integer; with `step`, the last `low + i·step` not above
 * it
 * @throws FettleError `invalid_space` for invalid bounds or options
 * @example
 * ```ts
 * const units = int(8, 128, { log: true });
 * ```
 */
export function int<const O extends NumericOptions = Record<never, never>>(
  low: number,
  high: number,
  options?: O,
): IntParameter & Conditional<O> {
  return numeric("int", low, high, options) as IntParameter & Conditional<O>;
}

/**
 * A parameter that takes one of the listed values: any JSON, each once.
 *
 * @param values - at least one value; a trial receives the value itself
 * @throws FettleError `invalid_space` for an empty list, a repeated value or one that is not JSON
 * @example
 * ```ts
 * const optimizer = choice(["sgd", "adam"]);
 * const hidden = choice([[64], [64, 32]]);
 * ```
 */
export function choice<
  const V extends ParamValue,
  const O extends ChoiceOptions<NoInfer<V>> = Record<never, never>,
>(values: readonly V[], options?: O): ChoiceParameter<V> & Conditional<O> {
  mustBeOptions("choice", options, "; write the values as one list, such as choice([1, 2])");
  const raw = { ...options, type: "choice", values };
  return parseParameter(raw, `choice(${show(values)})`) as unknown as ChoiceParameter<V> & Conditional<O>;
}

function numeric(type: "float" | "int", low: number, high: number, options?: NumericOptions): Parameter {
  mustBeOptions(type, options);
  return parseParameter({ ...options, type, low, high }, `${type}(${show(low)}, ${show(high)})`);
}

function mustBeOptions(builder: string, options: unknown, hint = ""): void {
  if (options === undefined) return;
  const name = `the options of ${builder}`;
  must(isPlainObject(options), name, `an object${hint}`, options, "invalid_space");
  for (const key of ["type", "low", "high", "values"])
    must(!Object.hasOwn(options, key), name, `without ${key}, an argument`, options[key], "invalid_space");
}
