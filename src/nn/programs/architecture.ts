/**
 * A model without numbers: a network, a loss and an optimizer; its prediction and loss in operations.
 * `programs.ts` has its programs. Nothing runs here.
 */
import type { ProgramFingerprint } from "../../compile/cache.js";
import type { StepGraph } from "../../compile/program.js";
import { check, FettleError, must, show } from "../../errors.js";
import { add, concat, reshape, slice } from "../../graph/functions.js";
import { type Graph, Value } from "../../graph/graph.js";
import { ROWS, type Shape, sameShape, showShape } from "../../graph/shape.js";
import { recent } from "../../memo.js";
import type { Optimizer, ParameterArray } from "../../optim/optimizer.js";
import { getOptimizer } from "../../optim/registry.js";
import { type Compiled, type Described, recipeOfPiece } from "../arguments/compiled.js";
import type { Augmentation } from "../arguments/mixup.js";
import type { LayerContext } from "../layers/layer.js";
import { givenTo, maskAfter, whereCounted, type Zeroed } from "../layers/masks.js";
import type { CheckedLoss, Loss } from "../losses/given.js";
import { withFlushedGradient } from "../losses/probabilities.js";
import { getLoss } from "../losses/registry.js";
import { type Form, rowOfLoss } from "../losses/truths.js";
import { type LayerPlace, MEMORY, type Network, networkOf, type ParameterPlace } from "../network/network.js";
import { lossOfAll, metricsOfAll, type OutputMetric } from "../network/perOutput.js";
import { rolesOf } from "../network/roles.js";
import { lossOfOutput, type OutputsLoss } from "../network/stepMasks.js";
import { getInitializer } from "../weights/initializers.js";

/** A network with its loss and optimizer. Made by `architectureFrom` and `architectureOf`. */
export interface Architecture {
  readonly network: Network;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** The augmentation of batches in training. */
  readonly augmentation?: Augmentation | undefined;
  /** The traces of it so far, for `programs.ts`. */
  readonly steps: Steps;
}

type Steps = Partial<Record<ProgramKind, TracedStep>>;

/** The kinds of steps of a model; training and evaluation also with weights of rows. */
export type ProgramKind =
  | "weights"
  | "initialize"
  | "train"
  | "evaluate"
  | "predict"
  | "predictMasked"
  | "trainWeighted"
  | "evaluateWeighted";

/** A step, and its identity. */
export interface TracedStep {
  readonly graph: StepGraph;
  readonly fingerprint: ProgramFingerprint;
}

/** The architecture of a model, with the metrics that score it. */
export interface ScoredArchitecture extends Architecture {
  readonly metrics: readonly OutputMetric[];
}

/** The resolved compile options of a model, over rows of a shape; with steps if all are built in. */
type Pieces = Omit<ScoredArchitecture, "steps"> & Partial<Pick<Architecture, "steps">>;

/**
 * The last result for each `compile`, so that a prediction of one row does not look up names and shapes
 * again.
 */
const lastOf = new WeakMap<Compiled, { readonly row: Shape; readonly pieces: Pieces }>();

function piecesOf({ wiring, compiled }: Described, row: Shape): Pieces {
  const last = lastOf.get(compiled);
  if (last && sameShape(last.row, row)) return last.pieces;
  const { optimizer, losses, lossWeights, augmentation } = compiled;
  const network = networkOf(wiring, row);
  if (augmentation) checkAugmented(network, losses);
  const resolved = {
    network,
    augmentation,
    optimizer: getOptimizer(optimizer),
    loss: lossOfAll(network.outputs, losses, lossWeights),
    metrics: metricsOfAll(network.outputs, compiled.metrics, losses),
  };
  const steps = stepsOf(resolved);
  const pieces = { ...resolved, ...(steps && { steps }) };
  lastOf.set(compiled, { row, pieces });
  return pieces;
}

/** Forms of losses whose targets are not numbers between which others lie. */
const UNMIXED: readonly Form[] = ["times", "alignments"];

/**
 * Points between ids are not ids, points between a padded and another step are not padding, a time between
 * one of an event and one without is neither, and labels between others are none.
 */
function checkAugmented(network: Network, losses: readonly CheckedLoss[]): void {
  const unmixed = losses.map(rowOfLoss).find((loss) => loss?.form && UNMIXED.includes(loss.form));
  check(
    unmixed === undefined,
    () => `augmentation of compile must be left out for ${unmixed?.name}, whose targets cannot be mixed`,
  );
  const { ids, steps } = rolesOf(network);
  const [reader] = [...ids, ...steps];
  check(
    reader === undefined,
    () =>
      `augmentation of compile must be left out if rows hold ids or padded steps, which cannot be mixed; ${reader.layer} reads them`,
  );
}

/**
 * The architecture of a model over inputs of a shape. Custom functions count as they are now.
 *
 * @param row - columns, or the shape of one row
 * @throws FettleError as `networkOf` and `metricsOfAll`
 */
export function architectureFrom(described: Described, row: number | Shape): ScoredArchitecture {
  const pieces = piecesOf(described, typeof row === "number" ? [row] : row);
  const { steps = {} } = pieces;
  return { ...pieces, steps };
}

export function architectureOf(
  network: Network,
  loss: Loss,
  optimizer: Optimizer,
  augmentation?: Augmentation,
): Architecture {
  const pieces = { network, loss, optimizer, augmentation };
  return { ...pieces, steps: stepsOf(pieces) ?? {} };
}

/** Those of architectures of built-in pieces, by recipe. */
const remembered = recent<Steps>(MEMORY);

/**
 * Built-in pieces with equal recipes behave equally, so such architectures are traced only once; undefined
 * with a custom piece.
 */
function stepsOf({ network, loss, optimizer, augmentation }: Omit<Architecture, "steps">): Steps | undefined {
  const recipes = [network.recipe, ...[loss, optimizer, augmentation ?? ""].map(recipeOfPiece)];
  return recipes.includes(undefined) ? undefined : remembered(JSON.stringify(recipes), () => ({}));
}

/** The layers of a network, by their names in it. */
interface NamedLayers {
  readonly layers: readonly Pick<LayerPlace, "layer" | "name">[];
}

/**
 * Every number that is an input of the programs, by name: `dropout_1.rate`, `optimizer.learningRate`.
 *
 * @throws FettleError `invalid_argument` unless each is a finite number
 */
export function hyperparametersOf({
  network,
  optimizer,
  augmentation,
}: Pick<Architecture, "optimizer" | "augmentation"> & { readonly network: NamedLayers }): Record<
  string,
  number
> {
  return {
    ...numbersOf(network),
    ...prefixed(OPTIMIZER, optimizer.hyperparameters),
    ...augmentation?.hyperparameters,
  };
}

/** The numbers of layers. @throws FettleError `invalid_argument` unless each is a finite number */
export function numbersOf({ layers }: NamedLayers): Record<string, number> {
  return Object.assign({}, ...layers.map(({ layer, name }) => prefixed(name, layer.hyperparameters)));
}

function prefixed(prefix: string, numbers: Readonly<Record<string, number>>): Record<string, number> {
  const named: Record<string, number> = {};
  for (const [key, value] of Object.entries(numbers)) {
    const name = `${prefix}.${key}`;
    must(Number.isFinite(value), `the hyperparameter ${name}`, "a finite number", value);
    const rounded = Math.fround(value);
    must(Number.isFinite(rounded), `the hyperparameter ${name} in float32`, "a finite number", rounded);
    named[name] = value;
  }
  return named;
}

/** The names of the optimizer's numbers among the inputs of a program. */
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
 * @throws FettleError `unknown_name` for an initializer that does not exist; `invalid_shape` for one that
 * does not return a value of the parameter's shape
 */
export function initialValues(network: Network, graph: Graph): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const [i, { path, initializer, shape }] of network.parameters.entries()) {
    const value = getInitializer(initializer)(graph, shape, INITIALIZER_STREAM + i);
    mustReturn(value, shape, `the initializer of ${path}`);
    values[path] = value;
  }
  return values;
}

/** The results of layers for a batch. */
export interface Called {
  /** [rows, units]: the outputs side by side. */
  readonly prediction: Value;
  /** The outputs themselves, [rows, ...shape]. */
  readonly outputs: readonly Value[];
  /** In training, of outputs with members: the results of all of them, [rows · members, ...shape]. */
  readonly members: readonly (Value | undefined)[];
  /** The mask of each output that is a sequence with steps that do not count, [rows, steps]. */
  readonly masks: readonly (Value | undefined)[];
  /** New values of parameters that are not trained, by path. */
  readonly updates: Values;
}

/**
 * Applies the layers to `x`, [rows, columns]. `parameters` by path, `inputs` by the names of hyperparameters.
 */
export function callLayers(
  network: Network,
  x: Value,
  parameters: Values,
  inputs: Values,
  training: boolean,
): Called {
  const current: Record<string, Value> = { ...parameters };
  const updates: Record<string, Value> = {};
  const values: Value[] = network.inputs.map(({ offset, size, shape }) => columnsOf(x, offset, size, shape));
  const masks: (Value | undefined)[] = values.map(() => undefined);
  const zeroed: Zeroed = new Map();
  const membersOf = new Map<number, Value>();
  for (const [index, place] of network.layers.entries()) {
    const { layer, name, inputs: taken, shape } = place;
    const given = taken.map((value) => values[value]);
    const all: LayerContext = {
      inputs: given,
      x: given[0],
      masks: taken.map((value) => masks[value]),
      ...contextOf(place, current, inputs),
      training,
      trainable: layer.trainable !== false,
      stream: index,
      update(key, value) {
        const path = updatable(place, key, training);
        mustReturn(value, path.shape, `the update of ${path.path}`);
        updates[path.path] = value;
        current[path.path] = value;
      },
    };
    const context = givenTo(layer, all, zeroed);
    const result = layer.call(context);
    mustReturn(result, [ROWS, ...shape], `\`call\` of ${name}`);
    if (training && layer.members) {
      const all = layer.members(context);
      mustReturn(all, [ROWS, all?.shape?.[1] ?? 1, ...shape], `\`members\` of ${name}`);
      membersOf.set(values.length, withFlushedGradient(all, [ROWS * all.shape[1], ...shape]));
    }
    const mask = maskAfter(layer, context, shape);
    if (mask !== undefined) mustReturn(mask, [ROWS, shape[0]], `\`mask\` of ${name}`);
    masks.push(mask);
    if (mask === undefined || context.masks?.includes(mask)) values.push(result);
    else {
      // where a mask starts, the steps that it leaves out become 0
      const value = whereCounted(result, mask);
      zeroed.set(value, value);
      values.push(value);
    }
  }
  const outputs = network.outputs.map(({ value }) =>
    training ? withFlushedGradient(values[value]) : values[value],
  );
  const columns = network.outputs.map(({ size }, i) => flat(outputs[i], size));
  const prediction = concat(columns, 1);
  return {
    prediction,
    outputs,
    members: network.outputs.map(({ value }) => membersOf.get(value)),
    masks: network.outputs.map(({ value }) => masks[value]),
    updates,
  };
}

/** Columns of a matrix as rows of a shape. */
function columnsOf(x: Value, offset: number, size: number, shape: Shape): Value {
  return reshape(slice(x, [0, offset], [ROWS, size]), [ROWS, ...shape]);
}

function flat(value: Value, size: number): Value {
  return value.shape.length === 2 ? value : reshape(value, [ROWS, size]);
}

/** The parameter that a layer may update. */
function updatable({ name, parameters }: LayerPlace, key: string, training: boolean): ParameterPlace {
  check(training, `update of ${name} must be called only in training`, "invalid_state");
  const place = parameters.find((each) => each.name === key);
  check(
    place && !place.trainable,
    () => `update of ${name} must name a parameter that is not trainable; received ${show(key)}`,
  );
  return place;
}

/**
 * The loss with penalties, as Keras reports it, and the prediction. `parameters` by path; `weights` is a
 * stream, if there are weights.
 */
export function lossOf(
  { network, loss }: Pick<Architecture, "network" | "loss">,
  streams: Values,
  parameters: Values,
  inputs: Values,
  training: boolean,
): Called & { readonly total: Value } {
  const called = callLayers(network, streams.x, parameters, inputs, training);
  // a single output has its own shape in the loss
  const prediction = called.outputs.length === 1 ? called.outputs[0] : called.prediction;
  const { weights } = streams;
  // rows of weight 0 may hold targets that no loss accepts
  const truth = weights ? whereCounted(streams.y, weights, 1) : streams.y;
  const y = reshape(truth, prediction.shape);
  const lossFunction: OutputsLoss = getLoss(loss);
  const { masks, members } = called;
  const isMasked = masks.some((mask) => mask !== undefined);
  check(
    !(weights || isMasked) || lossFunction.length > 2,
    () =>
      `a custom loss must take weights, [rows, 1], as its third argument to be trained with ${isMasked ? "steps that are masked" : "sampleWeight or classWeight"}`,
  );
  const single = masks.length === 1;
  let total = single
    ? lossOfOutput(lossFunction, y, members[0] ?? prediction, weights, masks[0])
    : lossFunction(y, prediction, weights, masks, members);
  mustReturn(total, [], "the loss");
  // once per layer, however often it is applied, if it is trained
  for (const place of new Map(network.layers.map((each) => [each.name, each])).values()) {
    if (place.layer.trainable === false) continue;
    const penalty = place.layer.penalty?.(contextOf(place, parameters, inputs));
    if (penalty === undefined) continue;
    mustReturn(penalty, [], `\`penalty\` of ${place.name}`);
    total = add(total, penalty);
  }
  return { ...called, total };
}

/** The parameters and numbers of a layer. */
function contextOf(
  { layer, name, parameters: places }: LayerPlace,
  parameters: Values,
  inputs: Values,
): Pick<LayerContext, "parameters" | "hyperparameters"> {
  const own: Record<string, Value> = {};
  for (const place of places) own[place.name] = parameters[place.path];
  return { parameters: own, hyperparameters: pick(name, layer.hyperparameters, inputs) };
}

/**
 * The arrays that are trained, in the order of their vector, with their constraints. `inputs` by the names of
 * hyperparameters.
 */
export function trainedArrays({ layers, trainable }: Network, inputs: Values): ParameterArray[] {
  const owners = new Map(layers.flatMap((place) => place.parameters.map(({ path }) => [path, place])));
  return trainable.map(({ path, shape, constraint }) => {
    if (constraint === undefined) return { path, shape };
    const { name, layer } = owners.get(path) as LayerPlace;
    const own = pick(name, layer.hyperparameters, inputs);
    return {
      path,
      shape,
      constraint(weight) {
        const result = constraint(weight, own);
        mustReturn(result, shape, `the constraint of ${path}`);
        return result;
      },
    };
  });
}

/** Refuses a result of user code that is not a value of that shape. */
function mustReturn(value: unknown, shape: Shape, what: string): asserts value is Value {
  if (value instanceof Value && sameShape(value.shape, shape)) return;
  const rule = shape.length === 0 ? "a scalar value" : `a value of shape ${showShape(shape)}`;
  const received = value instanceof Value ? `shape ${showShape(value.shape)}` : show(value);
  throw new FettleError("invalid_shape", `${what} must return ${rule}; received ${received}`);
}
