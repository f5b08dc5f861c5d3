/**
 * The contract of an optimizer: how parameters follow from gradients, written in operations on
 * values, like the model itself. Built-in and custom optimizers are made by the same function
 * (`define.ts`) and run equally fast; `apply.ts` takes a step. An optimizer knows no model, layer or batch.
 */
import type { Value } from "../graph/graph.js";
import type { Shape } from "../graph/shape.js";
import type { Clipping } from "./clip.js";
import type { Convention } from "./convention.js";
import type { Rate } from "./schedule.js";

/**
 * Arrays that an optimizer keeps from step to step, by name. A slot `evaluation`, of the parameter's shape,
 * has the weights for evaluation, prediction and saving, in place of the trained ones.
 */
export type Slots = Readonly<Record<string, Value>>;

/** An array of a model's parameters. */
export interface ParameterArray {
  /** Its layer and name, such as `dense_1.kernel`. */
  readonly path: string;
  readonly shape: Shape;
  /** A projection after each update, in operations, from the array to one of its shape. Default: none. */
  readonly constraint?: (weight: Value) => Value;
}

/** The argument of `init`. */
export interface InitContext<H extends string = string> {
  /** All arrays of the model end to end in a vector; or one array in its shape, if the rule is `perArray`. */
  readonly parameter: Value;
  /** The identity of that one array, such as `dense_1.kernel`. */
  readonly path?: string;
  /** The identities of all arrays of the model, including that one. */
  readonly paths?: readonly string[];
  /** The numbers, as scalar inputs of the program: changing one does not compile again. */
  readonly hyperparameters: Readonly<Record<H, Value>>;
}

/** The argument of `update`. */
export interface UpdateContext<H extends string = string, K extends string = string> extends InitContext<H> {
  /** Of the shape of `parameter`. */
  readonly gradient: Value;
  /** By the names that `init` gave. */
  readonly slots: Readonly<Record<K, Value>>;
  /** The number of this update, from 1: a scalar. */
  readonly step: Value;
  /** The decoupled weight decay wd, a scalar, if the rule `appliesWeightDecay` and it is not 0. */
  readonly decay?: Value;
}

/** The result of `update`. */
export interface Update {
  /** The change of the parameter, of its shape. */
  readonly update: Value;
  /** The new value of every slot; may be left out if there are no slots. */
  readonly slots?: Slots;
}

/**
 * One optimizer with its hyperparameters chosen. Made by the factories: `sgd()`, `adam()`, or one from
 * `defineOptimizer`.
 */
export interface Optimizer {
  readonly name: string;
  /**
   * By name, `learningRate` and `weightDecay` among them: inputs of the program. A schedule has its numbers
   * here in place of `learningRate`, such as `learningRate.decaySteps`.
   */
  readonly hyperparameters: Readonly<Record<string, number>>;
  /** A number, or a schedule. */
  readonly learningRate: Rate;
  readonly convention: Convention;
  /** Whether the rule is called for each array of the model, with its shape, instead of once for all. */
  readonly perArray: boolean;
  /** How weights decay: not at all if `weightDecay` is 0. */
  readonly decay: "none" | "decoupled" | "penalty";
  /** Whether the rule itself applies decoupled weight decay. */
  readonly appliesWeightDecay: boolean;
  /** The hyperparameter that bounds gradients, if one does. */
  readonly clipping: Clipping | undefined;
  /** Whether several gradients make one update. */
  readonly accumulates: boolean;
  /** Whether there is a moving average of the weights, and whether it overwrites them at times. */
  readonly ema: "apart" | "overwrites" | undefined;
  /** The slots of the rule at the start; `initialSlots` has all. */
  init(context: InitContext): Slots;
  /** Only the rule, without clipping and weight decay; `applyOptimizer` adds them. */
  update(context: UpdateContext): Update;
}
