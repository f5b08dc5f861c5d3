/**
 * A step of an optimizer: everything around its rule, in operations. No rule is here.
 *
 * From the outside in: gradients are accumulated; the average of weights follows the new ones; a schedule
 * gives the learning rate, the gradient is clipped, weights decay; then comes the rule, once for all arrays
 * or for each. Its result is projected into the constraints of the arrays.
 */
import { check, isRecord, must, mustBeRecord, show } from "../errors.js";
import { add, flushRoot, mul, sub } from "../graph/functions.js";
import { Value } from "../graph/graph.js";
import { sameShape, showShape, sizeOf } from "../graph/shape.js";
import { mapValues } from "../records.js";
import { accumulated, accumulationSlots } from "./accumulation.js";
import { slotsOfEach, updateOfEach } from "./arrays.js";
import { clip } from "./clip.js";
import { keptWeights } from "./constrain.js";
import { averaged, EVALUATION, type Updated } from "./ema.js";
import type { InitContext, Optimizer, ParameterArray, Slots, Update, UpdateContext } from "./optimizer.js";
import { rateAt } from "./schedule.js";

/**
 * All slots of an optimizer at the start: those of its rule, of its average of weights and of accumulation.
 *
 * @param arrays - the arrays, if `parameter` is a vector of several arrays end to end
 * @throws FettleError `invalid_argument` if the rule has a slot with a reserved name; `invalid_shape` unless
 * `arrays` add up to the size of `parameter`
 * @example
 * ```ts
 * const optimizer = adam({ useEma: true });
 * const program = compileStep({ inputs: { w: [3] } }, 1, ({ graph, inputs: { w } }) => {
 *   const numbers = Object.entries(optimizer.hyperparameters);
 *   const hyperparameters = Object.fromEntries(numbers.map(([name, value]) => [name, constant(graph, value)]));
 *   return { outputs: initialSlots(optimizer, { parameter: w, hyperparameters }) };
 * });
 * program.outputs.map(({ name }) => name); // ["m", "v", "evaluation"]
 * ```
 */
export function initialSlots(
  optimizer: Optimizer,
  context: InitContext,
  arrays?: readonly ParameterArray[],
): Slots {
  mustBeApplied(optimizer, context);
  const { name, perArray, ema, accumulates } = optimizer;
  const { parameter } = context;
  const own =
    perArray && arrays ? slotsOfEach(context, arrays, (one) => optimizer.init(one)) : optimizer.init(context);
  const added = {
    ...(ema && { [EVALUATION]: parameter }),
    ...(accumulates && accumulationSlots(parameter)),
  };
  for (const slot of Object.keys(added))
    check(
      !Object.hasOwn(own, slot),
      () =>
        `optimizer ${show(name)} must not have a slot ${show(slot)} of its own with ${slot === EVALUATION ? "useEma" : "gradientAccumulationSteps"}`,
    );
  return { ...own, ...added };
}

/**
 * One step of an optimizer: the new parameter and slots.
 *
 * With `gradientAccumulationSteps` n, the mean gradient of n calls makes an update, and `step` counts
 * updates. In an update, first a schedule gives the learning rate. Then the gradient is clipped: by
 * `clipValue` each number to [−c, c], by `clipNorm` each array to a norm of at most c, by `globalClipNorm`
 * all arrays together. Norms of convention
 * `"torch"` have 1e-6 added, as in PyTorch's `clip_grad_norm_`. Then weights decay: decoupled, w ← w −
 * lr·wd·w before the update, as in Keras 3 and PyTorch's AdamW, or by an L2 penalty, g ← g + wd·w. The new
 * weights are projected by the constraints of their arrays. With `useEma`, the moving average of the new
 * weights, projected too, is in slot `evaluation`. Gradients and new weights below 2⁻⁶³ count as 0: float32
 * can square no smaller numbers.
 *
 * @see R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural networks", ICML
 * 2013; I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019
 * @param context - values of one graph; `hyperparameters` holds a scalar for each of the optimizer's, `slots`
 * those of
 * `initialSlots`
 * @param arrays - the arrays, if `parameter` is a vector of several arrays end to end
 * @throws FettleError `invalid_argument`, `invalid_shape` if the rule returns an update of another shape than
 * the parameter, or other slots than `init` made; `invalid_shape` unless `arrays` add up to the size of
 * `parameter`
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
  arrays?: readonly ParameterArray[],
): { readonly parameter: Value; readonly slots: Slots } {
  mustBeApplied(optimizer, context);
  const { ema, accumulates } = optimizer;
  const ruled = (given: UpdateContext): Updated => applyRule(optimizer, given, arrays);
  const step = (given: UpdateContext): Updated => (ema ? averaged(ema, given, ruled, arrays) : ruled(given));
  return accumulates ? accumulated(context, step) : step(context);
}

function mustBeApplied(optimizer: Optimizer, context: unknown): void {
  const isOptimizer = isRecord(optimizer) && typeof optimizer.init === "function";
  must(isOptimizer, "optimizer", "an optimizer", optimizer);
  mustBeRecord("context", context);
}

function applyRule(
  optimizer: Optimizer,
  context: UpdateContext,
  arrays: readonly ParameterArray[] | undefined,
): Updated {
  const { parameter: w } = context;
  const learningRate = rateAt(optimizer.learningRate, context.hyperparameters, sub(context.step, 1));
  const hyperparameters: UpdateContext["hyperparameters"] = { ...context.hyperparameters, learningRate };
  const { weightDecay } = hyperparameters;
  const { clipping, convention, perArray } = optimizer;
  const sizes = arrays?.map(({ shape }) => sizeOf(shape));
  // the squares of smaller ones would be denormal numbers, which are slow
  const given = flushRoot(context.gradient);
  const g = clipping ? clip(clipping, hyperparameters[clipping], given, convention, sizes) : given;
  const gradient = optimizer.decay === "penalty" ? add(g, mul(weightDecay, w)) : g;
  const decays = optimizer.decay === "decoupled";
  const decay = decays && optimizer.appliesWeightDecay ? { decay: weightDecay } : {};
  const parameter =
    decays && !optimizer.appliesWeightDecay ? sub(w, mul(mul(learningRate, weightDecay), w)) : w;
  const inner = { ...context, ...decay, parameter, gradient, hyperparameters };
  const update = (one: UpdateContext): Update => checkedUpdate(optimizer, one);
  const result = perArray && arrays ? updateOfEach(inner, arrays, update) : update(inner);
  return {
    parameter: keptWeights(add(parameter, result.update), arrays),
    slots: mapValues(result.slots ?? {}, (slot, name) =>
      name === EVALUATION ? keptWeights(slot, arrays) : slot,
    ),
  };
}

/** The checked result of the rule. */
function checkedUpdate(optimizer: Optimizer, context: UpdateContext): Update {
  const { shape } = context.parameter;
  const result = optimizer.update(context);
  const what = `\`update\` of optimizer ${show(optimizer.name)}`;
  check(
    result?.update instanceof Value,
    () => `${what} must return { update, slots } of values; received ${show(result)}`,
  );
  check(
    sameShape(result.update.shape, shape),
    () =>
      `${what} must return an update of the parameter's shape ${showShape(shape)}; ` +
      `received shape ${showShape(result.update.shape)}`,
    "invalid_shape",
  );
  checkSlots(what, context.slots, result.slots ?? {});
  return result;
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
