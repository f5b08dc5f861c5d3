/** Gradients of functions of values, after JAX: functions in, functions out, so that they nest. */
import { must } from "../errors.js";
import { Value } from "../graph/graph.js";
import { gradients } from "./grad.js";

export { gradients };

/**
 * A function that returns both `fn(...args)`, a scalar, and its gradient with respect to the
 * first argument. That may be a value or an array of values; the gradient has its form.
 *
 * @param fn - written in operations; returns a scalar
 * @throws FettleError `invalid_argument` if `fn` is not a function; when called, `invalid_shape` if it does
 * not return a scalar
 * @example
 * ```ts
 * const both = valueAndGrad((v: Value) => sum(square(v)));
 * createEngine().load(compile(both, [3]))([1, 2, 3]); // [14, [2, 4, 6]]
 * ```
 */
export function valueAndGrad<F extends (...args: never[]) => Value>(fn: F) {
  must(typeof fn === "function", "fn", "a function of values", fn);
  return (...args: Parameters<F>): [Value, GradientOf<Parameters<F>[0]>] => {
    const wrt = args[0] as Value | readonly Value[];
    const value = fn(...args);
    const result = gradients(value, wrt instanceof Value ? [wrt] : wrt);
    return [value, (wrt instanceof Value ? result[0] : result) as GradientOf<Parameters<F>[0]>];
  };
}

/** The gradient with respect to an argument: a value, or a list of values if the argument is one. */
export type GradientOf<T> = T extends readonly Value[] ? Value[] : Value;

/**
 * The gradient of a scalar function with respect to its first argument, as a function;
 * `grad(grad(f))` of a function of a scalar is its second derivative.
 *
 * @param fn - as for {@link valueAndGrad}
 * @throws FettleError as {@link valueAndGrad}
 * @example
 * ```ts
 * const cube = (x: Value) => mul(x, square(x));
 * const derivatives = compile((x: Value) => [grad(cube)(x), grad(grad(cube))(x)], []);
 * createEngine().load(derivatives)(2); // [12, 12]
 * ```
 */
export function grad<F extends (...args: never[]) => Value>(fn: F) {
  const both = valueAndGrad(fn);
  return (...args: Parameters<F>): GradientOf<Parameters<F>[0]> => both(...args)[1];
}
