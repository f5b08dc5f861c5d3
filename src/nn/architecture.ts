/**
 * What a model is before it has any numbers: layers over a number of columns, a loss and an optimizer; where its
 * parameters are, and its prediction and loss in operations. Its programs are in `programs.ts`. Nothing runs here.
 */
import type { Fingerprint } from "../compile/cache.js";
import type { StepGraph } from "../compile/program.js";
import { check, FettleError, isRecord, must, mustBeInteger, show } from "../errors.js";
import { add } from "../graph/functions.js";
import { type Graph, Value } from "../graph/graph.js";
import { ROWS, type Shape, sameShape, showShape, sizeOf } from "../graph/shape.js";
import type { Optimizer } from "../optim/optimizer.js";
import { recipeOf } from "../recipe.js";
import type { Layer, ParameterSpec } from "./layers.js";
import { getLoss, type Loss } from "./losses/registry.js";

/** A parameter's place among all parameters, which are end to end in one vector. */
export interface ParameterPlace extends ParameterSpec {
  /** `dense_1.kernel` */
  readonly path: string;
  readonly offset: number;
  readonly size: number;
}

/** A layer's place in a network. */
export interface LayerPlace {
  readonly layer: Layer;
  /** Its type and a number, as `dense_1`. */
  readonly name: string;
  /** Units of its result. */
  readonly units: number;
  readonly parameters: readonly ParameterPlace[];
}

/** Layers over a number of columns: all that parameters depend on. */
export interface Network {
  /** Columns of the input. */
  readonly columns: number;
  readonly layers: readonly LayerPlace[];
  /** Those of all layers, in the order of their vector. */
  readonly parameters: readonly ParameterPlace[];
  /** How many numbers all parameters have. */
  readonly size: number;
  /** Units of the last layer. */
  readonly units: number;
}

/** A network with what it is trained by. Made by `architectureOf`. */
export interface Architecture {
  readonly network: Network;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** What was traced of it so far, for `programs.ts`. */
  readonly steps: Steps;
}

type Steps = Partial<Record<ProgramKind, TracedStep>>;

/** What a model does; training and evaluation also with weights of rows. */
export type ProgramKind =
  | "initialize"
  | "train"
  | "evaluate"
  | "predict"
  | "trainWeighted"
  | "evaluateWeighted";

/** A step, and what tells it from others. */
export interface TracedStep {
  readonly graph: StepGraph;
  readonly fingerprint: Fingerprint;
}

export function architectureOf(network: Network, loss: Loss, optimizer: Optimizer): Architecture {
  return { network, loss, optimizer, steps: stepsOf(network, loss, optimizer) };
}

/** How many architectures of built-in pieces are remembered. */
const MEMORY = 32;
/** By recipe; that of the architecture used last is the last. */
const remembered = new Map<string, Steps>();

/** Built-in pieces do the same wherever they have the same recipes, so such architectures are traced once for all. */
function stepsOf({ columns, layers }: Network, loss: Loss, optimizer: Optimizer): Steps {
  const pieces = [...layers.map(({ layer }) => layer), optimizer];
  const recipes = [typeof loss === "string" ? loss : recipeOf(loss), ...pieces.map(recipeOf)];
  if (recipes.includes(undefined)) return {};
  const recipe = JSON.stringify([columns, ...recipes]);
  const steps = remembered.get(recipe) ?? {};
  remembered.delete(recipe);
  remembered.set(recipe, steps);
  if (remembered.size > MEMORY) remembered.delete(remembered.keys().next().value as string);
  return steps;
}

/**
 * Puts layers in their places.
 *
 * @param layers - at least one
 * @throws FettleError `invalid_argument` for a layer with invalid units or parameters
 */
export function networkOf(layers: readonly Layer[], columns: number): Network {
  const names = layerNames(layers);
  const all: ParameterPlace[] = [];
  let size = 0;
  let units = columns;
  const places = layers.map((layer, i): LayerPlace => {
    const specs = layer.parameters(units);
    units = layer.units(units);
    mustBeInteger(`\`units\` of ${names[i]}`, units);
    must(Array.isArray(specs), `\`parameters\` of ${names[i]}`, "an array", specs);
    const parameters: ParameterPlace[] = [];
    for (const spec of specs) {
      checkParameter(spec, names[i], parameters);
      const { name, shape, initializer } = spec;
      const place = {
        name,
        shape,
        initializer,
        path: `${names[i]}.${name}`,
        offset: size,
        size: sizeOf(shape),
      };
      size += place.size;
      parameters.push(place);
      all.push(place);
    }
    return { layer, name: names[i], units, parameters };
  });
  return { columns, layers: places, parameters: all, size, units };
}

/** The names that layers go by: their type and a number, as `dense_1`. */
export function layerNames(layers: readonly Layer[]): string[] {
  const seen = new Map<string, number>();
  return layers.map(({ type }) => {
    const number = (seen.get(type) ?? 0) + 1;
    seen.set(type, number);
    return `${type}_${number}`;
  });
}

function checkParameter(spec: ParameterSpec, layer: string, before: readonly ParameterSpec[]): void {
  must(typeof spec?.name === "string", `the name of a parameter of ${layer}`, "a string", spec?.name);
  const { name, shape, initializer } = spec;
  check(
    before.every((other) => other.name !== name),
    () => `the names of the parameters of ${layer} must differ; received ${show(name)} twice`,
  );
  const path = `${layer}.${name}`;
  must(
    Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size > 0),
    `the shape of ${path}`,
    "an array of positive integers",
    shape,
  );
  must(typeof initializer === "function", `the initializer of ${path}`, "a function", initializer);
}

/**
 * Refuses anything but a layer.
 *
 * @throws FettleError `invalid_argument`
 */
export function checkLayer(layer: Layer, index: number): void {
  const name = `layer ${index}`;
  must(isRecord(layer), name, "a layer, such as dense(1)", layer);
  must(
    typeof layer.type === "string" && /^[^.]+$/.test(layer.type),
    `\`type\` of ${name}`,
    "a name without dots",
    layer.type,
  );
  must(
    isRecord(layer.hyperparameters),
    `\`hyperparameters\` of ${name} (${layer.type})`,
    "an object",
    layer.hyperparameters,
  );
  for (const method of ["units", "parameters", "call"] as const)
    must(
      typeof layer[method] === "function",
      `\`${method}\` of ${name} (${layer.type})`,
      "a function",
      layer[method],
    );
}

/**
 * Every number that is an input of the programs, by name: `dropout_1.rate`, `optimizer.learningRate`.
 *
 * @throws FettleError `invalid_argument` unless each is a finite number
 */
export function hyperparametersOf({ network, optimizer }: Architecture): Record<string, number> {
  const hyperparameters: Record<string, number> = {};
  const put = (prefix: string, numbers: Readonly<Record<string, number>>): void => {
    for (const name in numbers) {
      const value = numbers[name];
      must(Number.isFinite(value), `the hyperparameter ${prefix}.${name}`, "a finite number", value);
      hyperparameters[`${prefix}.${name}`] = value;
    }
  };
  for (const { layer, name } of network.layers) put(name, layer.hyperparameters);
  put(OPTIMIZER, optimizer.hyperparameters);
  return hyperparameters;
}

/** What the optimizer's numbers are called among the inputs of a program. */
const OPTIMIZER = "optimizer";
/** The learning rate among the inputs of a program, unless it is a schedule. */
export const LEARNING_RATE = `${OPTIMIZER}.learningRate`;

/** The optimizer's numbers among the inputs of a program. */
export function optimizerInputs({ hyperparameters }: Optimizer, inputs: Values): Values {
  return pick(OPTIMIZER, hyperparameters, inputs);
}

type Values = Readonly<Record<string, Value>>;

/** Of `inputs`, those called `prefix.name`, by the names that `record` has. */
function pick(prefix: string, record: Readonly<Record<string, unknown>>, inputs: Values): Values {
  const picked: Record<string, Value> = {};
  for (const name in record) picked[name] = inputs[`${prefix}.${name}`];
  return picked;
}

/** Streams of random numbers: those of layers while training, and of initializers, never meet. */
const INITIALIZER_STREAM = 0x10000;

/**
 * The first value of each parameter, in operations, by path.
 *
 * @throws FettleError `invalid_shape` for an initializer that does not return a value of the parameter's shape
 */
export function initialValues(network: Network, graph: Graph): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const [i, { path, initializer, shape }] of network.parameters.entries()) {
    const value = initializer(graph, shape, INITIALIZER_STREAM + i);
    mustReturn(value, shape, `the initializer of ${path}`);
    values[path] = value;
  }
  return values;
}

/** The prediction, [rows, units of the last layer]. `parameters` by path, `inputs` by the names of hyperparameters. */
export function predictionOf(
  network: Network,
  x: Value,
  parameters: Values,
  inputs: Values,
  training: boolean,
): Value {
  let value = x;
  for (const [index, { layer, name, units, parameters: own }] of network.layers.entries()) {
    value = layer.call({
      x: value,
      ...contextOf(layer, name, own, parameters, inputs),
      training,
      stream: index,
    });
    mustReturn(value, [ROWS, units], `\`call\` of layer ${index} (${layer.type})`);
  }
  return value;
}

/** The loss with penalties, as Keras reports it, and the prediction. `parameters` by path; `weights` is a stream if there are some. */
export function lossOf(
  { network, loss }: Pick<Architecture, "network" | "loss">,
  streams: Values,
  parameters: Values,
  inputs: Values,
  training: boolean,
): { total: Value; prediction: Value } {
  const prediction = predictionOf(network, streams.x, parameters, inputs, training);
  const lossFunction = getLoss(loss);
  const { weights } = streams;
  check(
    weights === undefined || lossFunction.length > 2,
    "a custom loss must take weights, [rows, 1], as its third argument to be trained with sampleWeight or classWeight",
  );
  let total = weights ? lossFunction(streams.y, prediction, weights) : lossFunction(streams.y, prediction);
  mustReturn(total, [], "the loss");
  for (const { layer, name, parameters: own } of network.layers) {
    const penalty = layer.penalty?.(contextOf(layer, name, own, parameters, inputs));
    if (penalty === undefined) continue;
    mustReturn(penalty, [], `\`penalty\` of ${name}`);
    total = add(total, penalty);
  }
  return { total, prediction };
}

/** A layer's own parameters and numbers. */
function contextOf(
  layer: Layer,
  name: string,
  places: readonly ParameterPlace[],
  parameters: Values,
  inputs: Values,
): { parameters: Values; hyperparameters: Values } {
  const own: Record<string, Value> = {};
  for (const place of places) own[place.name] = parameters[place.path];
  return { parameters: own, hyperparameters: pick(name, layer.hyperparameters, inputs) };
}

/** Refuses a result of user code that is not a value of that shape. */
function mustReturn(value: unknown, shape: Shape, what: string): asserts value is Value {
  if (value instanceof Value && sameShape(value.shape, shape)) return;
  const rule = shape.length === 0 ? "a scalar value" : `a value of shape ${showShape(shape)}`;
  const received = value instanceof Value ? `shape ${showShape(value.shape)}` : show(value);
  throw new FettleError("invalid_shape", `${what} must return ${rule}; received ${received}`);
}
