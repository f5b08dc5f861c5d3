/**
 * What a layer is: parameters with their initializers, and operations on a batch. Built-in and custom layers have this one
 * form. A layer knows no kernel, no optimizer and no data.
 *
 * Shapes here are those of one row: a batch of shape [rows, 8, 8, 1] has rows of shape [8, 8, 1].
 */
import { isPlainObject, isRecord, must } from "../../errors.js";
import type { Value } from "../../graph/graph.js";
import type { Shape } from "../../graph/shape.js";
import { madeBy, madeFrom, madeOf, recipeOf } from "../../recipe.js";
import type { Initializer } from "../initializers.js";

/** One parameter of a layer. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  /** How it starts: a name, such as `"glorotUniform"`, or a function. */
  readonly initializer: Initializer;
  /** Whether the optimizer changes it. Default true. Others change by `update` of the context alone, as running means do. */
  readonly trainable?: boolean;
  /**
   * What is left of it after each update by the optimizer: a projection in operations, of its shape; with the layer's numbers as inputs of
   * the program. It does not change the first value, nor a parameter that is not trained. Default: all.
   */
  constraint?(weight: Value, hyperparameters: Readonly<Record<string, Value>>): Value;
}

/** What `call` of a layer is given. */
export interface LayerContext {
  /** What the layer is applied to: batches, [rows, ...shape of a row]. */
  readonly inputs: readonly Value[];
  /** The first of them. */
  readonly x: Value;
  /**
   * Of each input that is a sequence with steps that do not count, such as padding: [rows, steps], 1 where a step counts, 0 where it
   * does not; undefined for the others. Left out where no input has one. Inputs are 0 at the steps that do not count, unless the layer is
   * `stepwise`.
   */
  readonly masks?: readonly (Value | undefined)[];
  /** By the names of `Layer.parameters`. */
  readonly parameters: Readonly<Record<string, Value>>;
  /** The layer's numbers, as inputs of the program. */
  readonly hyperparameters: Readonly<Record<string, Value>>;
  /** Whether this is a training step rather than evaluation or prediction. */
  readonly training: boolean;
  /** Whether the layer is trained; false where it is frozen. */
  readonly trainable: boolean;
  /** The layer's own random stream. */
  readonly stream: number;
  /**
   * Gives a parameter that is not trainable another value, of its shape, from the next step on. In training alone.
   *
   * @throws FettleError `invalid_state` in evaluation and prediction; `invalid_argument` for other parameters
   */
  update(name: string, value: Value): void;
}

/**
 * What a layer reads in an input:
 *
 * - `numbers`: quantities, which pipelines scale
 * - `ids`: integers in [0, `inputDim`). They are checked before anything runs, and pipelines leave them as they are
 * - `steps`: a sequence, [rows, steps, features], in which steps whose numbers are all `maskValue` are padding. Pipelines leave padding
 *   as it is, and scale the other steps
 */
export type InputRole =
  | { readonly kind: "numbers" }
  | { readonly kind: "ids"; readonly inputDim: number }
  | { readonly kind: "steps"; readonly maskValue: number };

/**
 * What `defineLayer` makes a layer of. Models share compiled programs by what `call`, `penalty` and the initializers do, so a
 * constant in them may differ between layers of one type; a number that is tuned is better a hyperparameter, which compiles
 * nothing.
 */
export interface LayerDefinition {
  /** Its kind, such as `dense`; no dots. Layers are named by it: `dense_1`, `dense_2`. */
  readonly type: string;
  /** For a custom layer: the options that its factory is given when a saved model is loaded; JSON. Default: none. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Numbers that are inputs of the program: changing one compiles nothing. */
  readonly hyperparameters: Readonly<Record<string, number>>;
  /** Whether the optimizer changes its parameters. Default true; see {@link freeze}. */
  readonly trainable?: boolean;
  /** The shape of a row of the result, positive integers, for those of rows of its inputs. */
  outputShape(...inputShapes: readonly Shape[]): Shape;
  /**
   * Whether each step of the result depends on that step of the inputs alone, as in `dense`. Such a layer is given every step as it is;
   * any other is given 0 at steps that do not count, so that what is there changes no result. Default false.
   */
  readonly stepwise?: boolean;
  /** The parameters for the shapes of rows of its inputs. Their names must differ. */
  parameters(...inputShapes: readonly Shape[]): readonly ParameterSpec[];
  /** The result, [rows, ...outputShape], in operations on values. Called whenever a model is traced, so it must be pure. */
  call(context: LayerContext): Value;
  /**
   * The mask of the result, [rows, steps], as in `LayerContext.masks`; undefined if all steps count. Default: that of the first input,
   * as long as the result is a sequence of as many steps. Where it is none of the inputs' masks, the result becomes 0 at the steps that do
   * not count.
   */
  mask?(context: LayerContext): Value | undefined;
  /** What it reads in its inputs, or in each of them. Default: numbers. */
  readonly reads?: InputRole | readonly InputRole[];
  /**
   * For a layer without parameters whose result holds numbers of its inputs, and zeros, in other places: then what later layers
   * read is known of its inputs. `"evaluation"` if it changes them in training. Default: it computes.
   */
  readonly routes?: true | "evaluation";
  /** A scalar that is added to the loss. */
  penalty?(context: Pick<LayerContext, "parameters" | "hyperparameters">): Value | undefined;
}

/** A layer: built-in and custom ones have this one form. */
export interface Layer extends LayerDefinition {
  /**
   * The result of the layer for values of a network that `functional` makes. Applied several times, it shares its parameters.
   *
   * @throws FettleError `invalid_argument` for anything but values of networks; `invalid_shape` for those that it does not take
   */
  apply(...inputs: readonly SymbolicTensor[]): SymbolicTensor;
}

/** A value of a network while it is being described: an input, or the result of a layer. */
export class SymbolicTensor {
  /** @internal */
  constructor(
    /** Of a row. */
    readonly shape: Shape,
    /** The layer that it is a result of; undefined for an input. */
    readonly layer: Layer | undefined,
    readonly inputs: readonly SymbolicTensor[],
    /** Of an input. */
    readonly name?: string,
  ) {}
}

/**
 * A custom layer.
 *
 * @throws FettleError `invalid_argument` for a definition without a type, hyperparameters or one of its functions
 * @example
 * ```ts
 * // multiplies each unit by a parameter of its own
 * const scale = () =>
 *   defineLayer({
 *     type: "scale",
 *     hyperparameters: {},
 *     outputShape: (shape) => shape,
 *     parameters: (shape) => [{ name: "factor", shape, initializer: "ones" }],
 *     call: ({ x, parameters }) => mul(x, parameters.factor),
 *   });
 * const model = sequential([scale(), dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * await model.fit([[1], [2]], [2, 4]);
 * Object.keys(model.getWeights()); // ["scale_1.factor", "dense_1.kernel", "dense_1.bias"]
 * ```
 */
export function defineLayer(definition: LayerDefinition): Layer {
  checkLayer(definition, "the layer");
  return { ...definition, apply };
}

/**
 * Refuses anything but a layer.
 *
 * @throws FettleError `invalid_argument`
 */
export function checkLayer(layer: LayerDefinition, name: string): void {
  must(isRecord(layer) && !("then" in layer), name, "a layer, such as dense(1)", layer);
  const { type, hyperparameters, trainable, stepwise } = layer;
  must(typeof type === "string" && /^[^.]+$/.test(type), `\`type\` of ${name}`, "a name without dots", type);
  must(
    isPlainObject(hyperparameters),
    `\`hyperparameters\` of ${name} (${type})`,
    "an object",
    hyperparameters,
  );
  for (const method of ["outputShape", "parameters", "call"] as const)
    must(
      typeof layer[method] === "function",
      `\`${method}\` of ${name} (${type})`,
      "a function",
      layer[method],
    );
  for (const [flag, value] of Object.entries({ trainable, stepwise }))
    must([undefined, true, false].includes(value), `\`${flag}\` of ${name}`, "true or false", value);
  const { reads, routes } = layer;
  for (const role of reads === undefined ? [] : [reads].flat())
    must(isRole(role), `\`reads\` of ${name} (${type})`, ROLES, role);
  const moves = routes === undefined || routes === true || routes === "evaluation";
  must(moves, `\`routes\` of ${name} (${type})`, 'true or "evaluation"', routes);
}

const ROLES =
  '{ kind: "numbers" }, { kind: "ids", inputDim } with a positive integer, or { kind: "steps", maskValue } with a finite number';

function isRole(role: InputRole | undefined): boolean {
  if (!isRecord(role)) return false;
  if (role.kind === "ids") return Number.isSafeInteger(role.inputDim) && role.inputDim > 0;
  return role.kind === "steps" ? Number.isFinite(role.maskValue) : role.kind === "numbers";
}

/** `apply` of every layer. A copy of a layer is a layer of its own. */
function apply(this: Layer, ...inputs: readonly SymbolicTensor[]): SymbolicTensor {
  must(inputs.length > 0, `what ${this.type} is applied to`, "at least one value, such as input(4)", inputs);
  for (const each of inputs)
    must(
      each instanceof SymbolicTensor,
      `what ${this.type} is applied to`,
      "a value, such as input(4)",
      each,
    );
  return new SymbolicTensor(this.outputShape(...inputs.map(({ shape }) => shape)), this, inputs);
}

/**
 * The layer with parameters that no optimizer changes. A frozen `batchNormalization` uses its running mean and variance in
 * training too, as in Keras.
 *
 * @throws FettleError `invalid_argument` for anything but a layer
 * @example
 * ```ts
 * const model = sequential([freeze(dense(4, { activation: "tanh" })), dense(1)]);
 * model.compile({ optimizer: "adam", loss: "meanSquaredError" });
 * await model.fit([[1], [2]], [2, 4]);
 * // the weights of a trained network, where there is one: model.setWeights({ ...model.getWeights(), ...trained })
 * Object.keys(model.getWeights()).length; // 4
 * ```
 */
export function freeze(layer: Layer): Layer {
  checkLayer(layer, "what freeze takes");
  const frozen = { ...layer, trainable: false };
  const made = madeOf(layer);
  if (made) madeBy(frozen, made);
  return madeFrom(frozen, ["freeze", recipeOf(layer)]);
}

/** A built-in layer: frozen as an object, with its recipe and how it is made again. */
export function builtIn(
  definition: LayerDefinition,
  /** What decides all that it does, beside its type and its hyperparameters' values; undefined for a custom part. */
  recipe: readonly unknown[],
  options: Readonly<Record<string, unknown>>,
  /** The name of its factory. */
  name = definition.type,
): Layer {
  const layer = { ...definition, apply };
  Object.freeze(layer.hyperparameters);
  madeFrom(layer, [layer.type, ...recipe]);
  return madeBy(layer, { name, options });
}

/** A layer without parameters that changes each number alone. */
export const PLAIN = {
  stepwise: true,
  outputShape: (shape: Shape): Shape => shape,
  parameters: (): readonly ParameterSpec[] => [],
};
