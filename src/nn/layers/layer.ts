/**
 * The contract of a layer: parameters with their initializers, and operations on a batch. Built-in and custom
 * layers share this form. A layer knows no kernel, no optimizer and no data.
 *
 * Shapes here are those of one row: a batch of shape [rows, 8, 8, 1] has rows of shape [8, 8, 1].
 */
import type { NdArray } from "ndarray";
import type { AnyArray } from "../../engine/arrays.js";
import { check, isPlainObject, isRecord, must } from "../../errors.js";
import type { Value } from "../../graph/graph.js";
import { type Shape, showShape } from "../../graph/shape.js";
import type { Floats } from "../../ndarray.js";
import { madeBy, madeFrom, madeLike, madeOf, recipeOf } from "../../recipe.js";
import type { Initializer } from "../weights/initializers.js";
import { getWeights, setWeights, setWeightsOfLayer, sharing, weightsOfLayer } from "./layerWeights.js";

/** One parameter of a layer. */
export interface ParameterSpec<P extends string = string> {
  readonly name: P;
  readonly shape: Shape;
  /** How it starts: a name, such as `"glorotUniform"`, or a function. */
  readonly initializer: Initializer;
  /**
   * Whether the optimizer changes it. Default true. Others change only through `update` of the context, like
   * running means.
   */
  readonly trainable?: boolean;
  /**
   * A projection after each update by the optimizer: in operations, of its shape, with the layer's numbers as
   * inputs of the program. It changes neither the initial value nor untrained parameters. Default: no
   * projection.
   */
  constraint?(weight: Value, hyperparameters: Readonly<Record<string, Value>>): Value;
}

/** The argument of a layer's `call`. */
export interface LayerContext<P extends string = string, H extends string = string> {
  /** The inputs of the layer: batches, [rows, ...shape of a row]. */
  readonly inputs: readonly Value[];
  /** The first of them. */
  readonly x: Value;
  /**
   * The mask of each input that is a sequence with steps that do not count, such as padding: [rows, steps], 1
   * for a step that counts, otherwise 0; undefined for other inputs. Left out if no input has a mask. Inputs
   * are 0 at the steps that do not count, unless the layer is `stepwise`.
   */
  readonly masks?: readonly (Value | undefined)[];
  /** By the names of `Layer.parameters`. */
  readonly parameters: Readonly<Record<P, Value>>;
  /** The layer's numbers, as inputs of the program. */
  readonly hyperparameters: Readonly<Record<H, Value>>;
  /** Whether this is a training step, not evaluation or prediction. */
  readonly training: boolean;
  /** Whether the layer is trained; false if it is frozen. */
  readonly trainable: boolean;
  /** The random stream of the layer. */
  readonly stream: number;
  /**
   * Gives an untrainable parameter a new value of its shape, from the next step. Only in training.
   *
   * @throws FettleError `invalid_state` in evaluation and prediction; `invalid_argument` for other parameters
   */
  update(name: P, value: Value): void;
}

/**
 * What a layer reads in an input:
 *
 * - `numbers`: quantities, which pipelines scale
 * - `ids`: integers in [0, `inputDim`). They are checked before anything runs, and pipelines leave them
 *   unchanged
 * - `steps`: a sequence, [rows, steps, features], in which steps whose numbers are all `maskValue` are
 *   padding. Pipelines leave padding unchanged, and scale the other steps
 */
export type InputRole =
  | { readonly kind: "numbers" }
  | { readonly kind: "ids"; readonly inputDim: number }
  | { readonly kind: "steps"; readonly maskValue: number };

/**
 * The definition of a layer for `defineLayer`. Models share compiled programs by the traces of `call`,
 * `penalty` and the initializers, so constants in them may differ between layers of one type; a tuned number
 * should be a hyperparameter, which compiles nothing.
 *
 * `P` names its parameters, `H` its hyperparameters. Write the fields in this order, so that TypeScript infers
 * the names.
 */
export interface LayerDefinition<P extends string = string, H extends string = string> {
  /** Its kind, such as `dense`; no dots. */
  readonly type: string;
  /**
   * Its name in every model, no dots; see {@link named}. Default: its type, to which each model adds a
   * number: `dense_1`, `dense_2`.
   */
  readonly name?: string;
  /** For a custom layer: the options for its factory when a saved model is loaded; JSON. Default: none. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Numbers that are inputs of the program: changing one compiles nothing. */
  readonly hyperparameters: Readonly<Record<H, number>>;
  /** Whether the optimizer changes its parameters. Default true; see {@link freeze}. */
  readonly trainable?: boolean;
  /** The shape of a row of the result, positive integers, from the shapes of rows of its inputs. */
  outputShape(...inputShapes: readonly Shape[]): Shape;
  /**
   * Whether each step of the result depends only on that step of the inputs, as in `dense`. Such a layer
   * receives every step unchanged; any other receives 0 at steps that do not count, so that their values do
   * not matter. Default false.
   */
  readonly stepwise?: boolean;
  /** The parameters for the shapes of rows of its inputs. Their names must differ. */
  parameters(...inputShapes: readonly Shape[]): readonly ParameterSpec<P>[];
  /**
   * The result, [rows, ...outputShape], in operations on values. Called whenever a model is traced, so it
   * must be pure.
   */
  call(context: LayerContext<NoInfer<P>, NoInfer<H>>): Value;
  /**
   * The mask of the result, [rows, steps], as in `LayerContext.masks`; undefined if all steps count. Default:
   * that of the first input, while the result is a sequence of as many steps. A new mask sets the result to 0
   * at the steps that do not count.
   */
  mask?(context: LayerContext<NoInfer<P>, NoInfer<H>>): Value | undefined;
  /**
   * For an output: results that training compares with the targets in place of its own, of any number of
   * members of an ensemble, [rows, members, ...outputShape]. The loss is the mean of theirs. Evaluation and
   * prediction use `call`. Default: training does too.
   */
  members?(context: LayerContext<NoInfer<P>, NoInfer<H>>): Value;
  /** What it reads in its inputs, or in each of them. Default: numbers. */
  readonly reads?: InputRole | readonly InputRole[];
  /**
   * For a layer without parameters that only moves numbers of its inputs and adds zeros: then the roles that
   * later layers read apply to its inputs. `"evaluation"` if it changes them in training. Default: it
   * computes.
   */
  readonly routes?: true | "evaluation";
  /** A scalar that is added to the loss while the layer is trained, not if it is frozen. */
  penalty?(
    context: Pick<LayerContext<NoInfer<P>, NoInfer<H>>, "parameters" | "hyperparameters">,
  ): Value | undefined;
}

/**
 * A layer: built-in and custom ones share this form. It describes; its weights are made by the first model
 * that is built or fitted with it, and belong to the layer: models that share a layer share its weights, as
 * in Keras. A copy, `{ ...layer }`, is a separate layer.
 */
export interface Layer extends LayerDefinition {
  readonly name: string;
  /**
   * The result of the layer for values of a network that `functional` makes. Applied several times, it shares
   * its parameters.
   *
   * @throws FettleError `invalid_argument` for anything but values of networks; `invalid_shape` for those
   * that do not fit, and for several where the layer takes one
   */
  apply(...inputs: readonly SymbolicTensor[]): SymbolicTensor;
  /**
   * Copies of its weights by name, such as `kernel`.
   *
   * @throws FettleError `invalid_state` before a model with it is built or fitted
   */
  getWeights(): Record<string, NdArray<Floats>>;
  /**
   * Replaces its weights, in every model that has it.
   *
   * @param weights - an array of the shape of each, as `fit` takes arrays
   * @throws FettleError `invalid_state` as `getWeights`; `unknown_name` for a name that does not exist;
   * `invalid_argument` if one is missing; `invalid_shape`, `invalid_data` for an array that does not fit
   */
  setWeights(weights: Readonly<Record<string, AnyArray>>): void;
}

/** A value of a network while it is being described: an input, or the result of a layer. */
export class SymbolicTensor {
  /** @internal */
  constructor(
    /** Of a row. */
    readonly shape: Shape,
    /** The layer that computes it; undefined for an input. */
    readonly layer: Layer | undefined,
    readonly inputs: readonly SymbolicTensor[],
    /** Of an input. */
    readonly name?: string,
  ) {}
}

/**
 * A custom layer.
 *
 * @throws FettleError `invalid_argument` for a definition without a type, hyperparameters or one of its
 * functions
 * @example
 * ```ts
 * // multiplies each unit by its own parameter
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
export function defineLayer<const P extends string, H extends string>(
  definition: LayerDefinition<P, H>,
): Layer {
  const layer = definition as unknown as LayerDefinition;
  checkLayer(layer, "the layer");
  return withMethods(layer);
}

const withMethods = (definition: LayerDefinition): Layer => ({
  ...definition,
  name: definition.name ?? definition.type,
  apply,
  getWeights,
  setWeights,
});

/**
 * Refuses anything but a layer.
 *
 * @throws FettleError `invalid_argument`
 */
export function checkLayer(layer: LayerDefinition, name: string): void {
  must(isRecord(layer) && !("then" in layer), name, "a layer, such as dense(1)", layer);
  const { type, name: own = type, hyperparameters, trainable, stepwise } = layer;
  must(isName(type), `\`type\` of ${name}`, NAME, type);
  must(isName(own), `\`name\` of ${name}`, NAME, own);
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

const NAME = "a name without dots";
const isName = (name: unknown): boolean => typeof name === "string" && /^[^.]+$/.test(name);

const ROLES =
  '{ kind: "numbers" }, { kind: "ids", inputDim } with a positive integer, or { kind: "steps", maskValue } with a finite number';

function isRole(role: InputRole | undefined): boolean {
  if (!isRecord(role)) return false;
  if (role.kind === "ids") return Number.isSafeInteger(role.inputDim) && role.inputDim > 0;
  return role.kind === "steps" ? Number.isFinite(role.maskValue) : role.kind === "numbers";
}

/** `apply` of every layer. */
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
 * The layer with parameters that no optimizer changes, and without its penalty; it shares the weights of the
 * layer. A frozen `batchNormalization` uses its running mean and variance in training too, as in Keras.
 *
 * @throws FettleError `invalid_argument` for anything but a layer
 * @example
 * ```ts
 * const trained = sequential([dense(4, { activation: "tanh" }), dense(1)]);
 * trained.compile({ optimizer: "adam", loss: "meanSquaredError" });
 * await trained.fit([[1], [2]], [2, 4]);
 * const model = sequential([freeze(trained.layers[0]), dense(1)]);
 * model.compile({ optimizer: "adam", loss: "meanSquaredError" });
 * await model.fit([[1], [2]], [1, 4]);
 * model.layers[0].getWeights().bias.get(0) === trained.layers[0].getWeights().bias.get(0); // true
 * ```
 */
export function freeze(layer: Layer): Layer {
  checkLayer(layer, "what freeze takes");
  return formOf(layer, { trainable: false }, ["freeze", recipeOf(layer)]);
}

/**
 * The layer with a name, which every model uses for it; it shares the weights of the layer.
 *
 * @param name - no dots; different from that of any other layer in a model
 * @throws FettleError `invalid_argument` for another name, and for anything but a layer
 * @example
 * ```ts
 * const model = sequential([named("encoder", dense(4)), dense(1)]);
 * await model.build(3);
 * Object.keys(model.getWeights()); // ["encoder.kernel", "encoder.bias", "dense_1.kernel", "dense_1.bias"]
 * ```
 */
export function named(name: string, layer: Layer): Layer {
  must(isName(name), "the name of a layer", NAME, name);
  checkLayer(layer, "what named takes");
  return formOf(layer, { name }, ["named", name, recipeOf(layer)]);
}

/** Another form of a layer, which is made in the same way and shares its weights. */
function formOf(layer: Layer, changed: Partial<Layer>, recipe: readonly unknown[]): Layer {
  const form = sharing({ ...layer, ...changed }, layer);
  const made = madeOf(layer);
  if (made) madeBy(form, made);
  return madeFrom(form, recipe);
}

/** An equal layer whose weights are separate, and start as those of the layer. */
export function separate(layer: Layer, name: string): Layer {
  const copy = madeLike({ ...layer, name }, layer);
  const weights = weightsOfLayer(layer);
  if (weights) setWeightsOfLayer(copy, weights);
  return copy;
}

/** A built-in layer: frozen as an object, with its recipe and its factory. */
export function builtIn(
  {
    several,
    ...definition
  }: LayerDefinition & {
    /** Whether it may be applied to several values. Default: to one, since it would ignore the others. */
    readonly several?: true;
  },
  /**
   * What determines its behavior, besides its type and its hyperparameters' values; undefined for a custom
   * part.
   */
  recipe: readonly unknown[],
  options: Readonly<Record<string, unknown>>,
  /** The name of its factory. */
  name = definition.type,
): Layer {
  const layer = withMethods({ ...definition, ...(!several && { outputShape: shapeOfOne(definition) }) });
  Object.freeze(layer.hyperparameters);
  madeFrom(layer, [layer.type, ...recipe]);
  return madeBy(layer, { name, options });
}

/** The shape of the result of a layer that takes one value. */
const shapeOfOne =
  ({ type, outputShape }: LayerDefinition): LayerDefinition["outputShape"] =>
  (...shapes) => {
    check(
      shapes.length === 1,
      () =>
        `${type} must be applied to one value; received values of shapes ${shapes.map(showShape).join(", ")}. Join them first, such as by merge("concatenate")`,
      "invalid_shape",
    );
    return outputShape(...shapes);
  };

/** An elementwise layer without parameters. */
export const PLAIN = {
  stepwise: true,
  outputShape: (shape: Shape): Shape => shape,
  parameters: (): readonly ParameterSpec[] => [],
};
