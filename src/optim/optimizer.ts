/**
 * What an optimizer is: how parameters follow from gradients, written in operations on
 * values, like the model itself. Built-in and custom optimizers are made by the same function
 * (`define.ts`) and run equally fast. An optimizer knows no model, layer or batch.
 */

import { check, show } from "../errors.js";
import { add, flush, mul, sub } from "../graph/functions.js";
import { Value } from "../graph/graph.js";
import { sameShape, showShape } from "../graph/shape.js";
import { type Clipping, clip } from "./clip.js";
import type { Convention } from "./convention.js";
import { type Rate, rateAt } from "./schedule.js";

/** Arrays that an optimizer keeps from step to step, by name. */
export type Slots = Readonly<Record<string, Value>>;

/** What `init` is given. */
export interface InitContext<H extends string = string> {
  /** One array of the model, or all of them end to end. */
  readonly parameter: Value;
  /** The numbers, as scalar inputs of the program: changing one does not compile again. */
  readonly hyperparameters: Readonly<Record<H, Value>>;
}

/** What `update` is given. */
export interface UpdateContext<H extends string = string> extends InitContext<H> {
  /** Of the shape of `parameter`. */
  readonly gradient: Value;
  readonly slots: Slots;
  /** The number of this step, from 1: a scalar. */
  readonly step: Value;
}

/** What `update` returns. */
export interface Update {
  /** What is added to the parameter, of its shape. */
  readonly update: Value;
  /** The new value of every slot; may be left out if there are no slots. */
  readonly slots?: Slots;
}

/** One optimizer with its hyperparameters chosen. Made by the factories: `sgd()`, `adam()`, or one from `defineOptimizer`. */
export interface Optimizer {
  readonly name: string;
  /**
   * By name, `learningRate` and `weightDecay` among them: inputs of the program. A schedule has its numbers here in place
   * of `learningRate`, such as `learningRate.decaySteps`.
   */
  readonly hyperparameters: Readonly<Record<string, number>>;
  /** A number, or a schedule. */
  readonly learningRate: Rate;
  readonly convention: Convention;
  /** How weights decay: not at all if `weightDecay` is 0. */
  readonly decay: "none" | "decoupled" | "penalty";
  /** The hyperparameter that bounds gradients, if one does. */
  readonly clipping: Clipping | undefined;
  /** The slots at the start. */
  init(context: InitContext): Slots;
  /** The rule alone, without clipping and weight decay; `applyOptimizer` adds them. */
  update(context: UpdateContext): Update;
}

/**
 * One step of an optimizer: the new parameter and slots.
 *
 * First a schedule gives the learning rate of this step. Then the gradient is clipped: by `clipValue` each number to
 * [−c, c], by `clipNorm` each array to a norm of at most c, by `globalClipNorm` all arrays together. Norms of convention
 * `"torch"` have 1e-6 added, as in PyTorch's `clip_grad_norm_`. Then weights decay: decoupled, w ← w − lr·wd·w before the update,
 * as in Keras 3 and PyTorch's AdamW, or by an L2 penalty, g ← g + wd·w.
 *
 * @see R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural networks", ICML 2013;
 * I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019
 * @param context - values of one graph; `hyperparameters` holds a scalar for each of the optimizer's
 * @param sizes - if `parameter` is a vector of several arrays end to end: the size of each
 * @throws FettleError `invalid_argument`, `invalid_shape` if the rule returns an update of another shape than the
 * parameter, or other slots than `init` made; `invalid_shape` unless `sizes` add up to the size of `parameter`
 * @example
 * ```ts
 * const optimizer = sgd({ learningRate: 0.1 });
 * const inputs = { gradient: [3], learningRate: [], momentum: [], dampening: [], weightDecay: [] };
 * const program = compileStep({ inputs, state: { w: [3] } }, 1, ({ graph, inputs: { gradient, ...numbers }, state }) => {
 *   const context = { parameter: state.w, gradient, slots: {}, hyperparameters: numbers, step: step(graph) };
 *   return { state: { w: applyOptimizer(optimizer, context).parameter } };
 * });
 * ```
 */
export function applyOptimizer(
  optimizer: Optimizer,
  context: UpdateContext,
  sizes?: readonly number[],
): { readonly parameter: Value; readonly slots: Slots } {
  const { parameter: w, slots } = context;
  const learningRate = rateAt(optimizer.learningRate, context.hyperparameters, sub(context.step, 1));
  const hyperparameters: UpdateContext["hyperparameters"] = { ...context.hyperparameters, learningRate };
  const { weightDecay } = hyperparameters;
  const { clipping, convention } = optimizer;
  const g = clipping
    ? clip(clipping, hyperparameters[clipping], context.gradient, convention, sizes)
    : context.gradient;
  const gradient = optimizer.decay === "penalty" ? add(g, mul(weightDecay, w)) : g;
  const parameter = optimizer.decay === "decoupled" ? sub(w, mul(mul(learningRate, weightDecay), w)) : w;

  // Slots of parameters that get no gradient any more decay into denormal numbers, which are slow. Where
  // they are read it costs least: the moving averages that most slots are take it along in one pass.
  const read = Object.fromEntries(Object.entries(slots).map(([name, slot]) => [name, flush(slot)]));
  const result = optimizer.update({ ...context, parameter, gradient, hyperparameters, slots: read });
  const what = `\`update\` of optimizer ${show(optimizer.name)}`;
  check(
    result?.update instanceof Value,
    () => `${what} must return { update, slots } of values; received ${show(result)}`,
  );
  check(
    sameShape(result.update.shape, w.shape),
    () =>
      `${what} must return an update of the parameter's shape ${showShape(w.shape)}; ` +
      `received shape ${showShape(result.update.shape)}`,
    "invalid_shape",
  );
  checkSlots(what, slots, result.slots ?? {});
  return { parameter: add(parameter, result.update), slots: result.slots ?? {} };
}

/** Refuses new slots that do not replace the old ones. */
function checkSlots(what: string, before: Slots, after: Slots): void {
  const [expected, received] = [before, after].map((slots) => Object.keys(slots).sort());
  check(
    String(expected) === String(received),
    () => `${what} must return each slot that init made, ${show(expected)}; received ${show(received)}`,
  );
  for (const name of expected) {
    const [{ shape }, slot] = [before[name], after[name]];
    check(
      slot instanceof Value && sameShape(slot.shape, shape),
      () =>
        `${what} must return slot ${show(name)} of shape ${showShape(shape)}; ` +
        `received ${slot instanceof Value ? `shape ${showShape(slot.shape)}` : show(slot)}`,
      "invalid_shape",
    );
  }
}
