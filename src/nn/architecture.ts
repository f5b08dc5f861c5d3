/**
 * What a model is before it has any numbers: layers over a number of columns, a loss and an
 * optimizer; and the programs that follow. Two models alike but for their hyperparameters
 * have one architecture and share its programs. Nothing runs here.
 */

import { gradients } from "../autograd/grad.js";
import { compileStep } from "../compile/compile.js";
import type { Program } from "../compile/program.js";
import { check, show } from "../errors.js";
import { add, concat, mul, reshape, slice, step } from "../graph/functions.js";
import { type Graph, Value } from "../graph/graph.js";
import { rowCount } from "../graph/operations/leaves.js";
import { ROWS, type Shape, sameShape, showShape, sizeOf } from "../graph/shape.js";
import { applyOptimizer, type Optimizer } from "../optim/optimizer.js";
import { identity } from "./identity.js";
import type { Layer, ParameterSpec } from "./layers.js";
import { getLoss, type Loss } from "./losses/registry.js";

export interface Architecture {
  readonly layers: readonly Layer[];
  /** Columns of the input. */
  readonly columns: number;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
}

/** A parameter's place among all parameters, which lie end to end in one vector. */
export interface ParameterPlace extends ParameterSpec {
  /** `dense_1.kernel` */
  readonly path: string;
  readonly layer: number;
  readonly offset: number;
  readonly size: number;
}

/** The names that layers go by: their kind and a number, as `dense_1`. */
export function layerNames(layers: readonly Layer[]): string[] {
  const seen = new Map<string, number>();
  return layers.map(({ type }) => {
    const number = (seen.get(type) ?? 0) + 1;
    seen.set(type, number);
    return `${type}_${number}`;
  });
}

/** Units after each layer. */
export function unitsOf({ layers, columns }: Pick<Architecture, "layers" | "columns">): number[] {
  let units = columns;
  return layers.map((layer) => {
    units = layer.units(units);
    return units;
  });
}

export function parameterPlaces(architecture: Pick<Architecture, "layers" | "columns">): ParameterPlace[] {
  const { layers, columns } = architecture;
  const units = unitsOf(architecture);
  const names = layerNames(layers);
  let offset = 0;
  return layers.flatMap((layer, index) =>
    layer.parameters(index === 0 ? columns : units[index - 1]).map((spec) => {
      const size = sizeOf(spec.shape);
      const place = { ...spec, path: `${names[index]}.${spec.name}`, layer: index, offset, size };
      offset += size;
      return place;
    }),
  );
}

/**
 * Every number that is an input of the programs, by name: `dropout_1.rate`, `optimizer.learningRate`.
 *
 * @throws FettleError `invalid_argument` where a layer has something else than a finite number
 */
export function hyperparametersOf({ layers, optimizer }: Architecture): Record<string, number> {
  const names = layerNames(layers);
  const hyperparameters: Record<string, number> = {
    ...Object.assign({}, ...layers.map((layer, i) => prefixed(names[i], layer.hyperparameters))),
    ...prefixed("optimizer", optimizer.hyperparameters),
  };
  for (const [name, value] of Object.entries(hyperparameters)) {
    check(Number.isFinite(value), () => `the hyperparameter ${name} is a finite number, got ${show(value)}`);
  }
  return hyperparameters;
}

/** The four things a model does. */
export type ProgramKind = "initialize" | "train" | "evaluate" | "predict";

/** Programs by what they were made of, the oldest dropped first. */
const cache = new Map<string, Program>();
const CACHE_SIZE = 64;

/** The program that does `kind` with batches of at most `rows` rows, compiled unless it was before. */
export function programOf(architecture: Architecture, kind: ProgramKind, rows: number): Program {
  const key = `${kind} ${rows} ${keyOf(architecture)}`;
  const program = cache.get(key) ?? programs[kind](architecture, rows);
  cache.delete(key);
  cache.set(key, program);
  if (cache.size > CACHE_SIZE) cache.delete(cache.keys().next().value as string);
  return program;
}

/** Equal for architectures that are the same but for their hyperparameters. */
function keyOf({ layers, columns, loss, optimizer }: Architecture): string {
  return JSON.stringify([columns, layers.map((layer) => layer.key), identity(loss), optimizer.key]);
}

/**
 * Whether a training of one architecture can go on as one of the other: they are the same but for hyperparameters.
 * Functions of a user's own count as the same, since a model may make them anew whenever it is built.
 */
export function sameTraining(a: Architecture, b: Architecture): boolean {
  const [first, second] = [a, b].map((architecture) => keyOf(architecture).replace(/#\d+/g, "#"));
  return first === second;
}

/** Streams of random numbers: those of layers while training, and of initializers, never meet. */
export const INITIALIZER_STREAM = 0x10000;

const programs: Record<ProgramKind, (architecture: Architecture, rows: number) => Program> = {
  /** outputs: parameters [P] and the optimizer's slots */
  initialize: (architecture) =>
    compileStep({ inputs: scalars(architecture) }, 1, ({ graph, inputs }) => {
      const parameters = concatenate(
        parameterPlaces(architecture).map(({ initializer, shape }, i) =>
          initializer(graph, shape, INITIALIZER_STREAM + i),
        ),
      );
      const slots = architecture.optimizer.init({
        parameter: parameters,
        hyperparameters: withPrefix("optimizer", inputs),
      });
      return { outputs: { parameters, ...prefixed("slot", slots) } };
    }),

  /** x, y → one step; state: parameters, slots, and the sum of the losses of the rows seen */
  train: (architecture, rows) => {
    const { outputs } = programOf(architecture, "initialize", 1);
    const state: Record<string, Shape> = Object.fromEntries(outputs.map(({ name, shape }) => [name, shape]));
    return compileStep(
      { inputs: scalars(architecture), streams: xy(architecture), state: { ...state, lossSum: [] } },
      rows,
      ({ graph, inputs, streams, state: old }) => {
        const places = parameterPlaces(architecture);
        const parameters = split(old.parameters, places);
        const { total } = lossOf(architecture, streams, parameters, inputs, true);
        const context = {
          parameter: old.parameters,
          gradient: concatenate(
            gradients(
              total,
              parameters.map(({ value }) => value),
            ),
          ),
          slots: withPrefix("slot", old),
          hyperparameters: withPrefix("optimizer", inputs),
          step: step(graph),
        };
        const sizes = places.map(({ size }) => size);
        const updated = applyOptimizer(architecture.optimizer, context, sizes);
        return {
          state: {
            parameters: updated.parameter,
            ...prefixed("slot", updated.slots),
            lossSum: addRows(old.lossSum, total, graph),
          },
        };
      },
    );
  },

  /** x, y, parameters → predictions, and the sum of the losses of the rows seen */
  evaluate: (architecture, rows) =>
    compileStep(
      {
        inputs: { ...scalars(architecture), parameters: [parameterCount(architecture)] },
        streams: xy(architecture),
        state: { lossSum: [] },
      },
      rows,
      ({ graph, inputs, streams, state }) => {
        const parameters = split(inputs.parameters, parameterPlaces(architecture));
        const { total, prediction } = lossOf(architecture, streams, parameters, inputs, false);
        return { state: { lossSum: addRows(state.lossSum, total, graph) }, streams: { prediction } };
      },
    ),

  /** x, parameters → predictions */
  predict: (architecture, rows) =>
    compileStep(
      {
        inputs: { ...scalars(architecture), parameters: [parameterCount(architecture)] },
        streams: { x: architecture.columns },
      },
      rows,
      ({ inputs, streams }) => {
        const parameters = split(inputs.parameters, parameterPlaces(architecture));
        return { streams: { prediction: forward(architecture, streams.x, parameters, inputs, false) } };
      },
    ),
};

export function parameterCount(architecture: Pick<Architecture, "layers" | "columns">): number {
  return parameterPlaces(architecture).reduce((sum, { size }) => sum + size, 0);
}

/** Whether there is anything to train. */
export function hasParameters({ layers, columns }: Pick<Architecture, "layers" | "columns">): boolean {
  let units = columns;
  return layers.some((layer) => {
    const inputs = units;
    units = layer.units(inputs);
    return layer.parameters(inputs).length > 0;
  });
}

function scalars(architecture: Architecture): Record<string, Shape> {
  return Object.fromEntries(Object.keys(hyperparametersOf(architecture)).map((name) => [name, []]));
}

function xy(architecture: Architecture): Record<string, number> {
  const units = unitsOf(architecture);
  return { x: architecture.columns, y: units[units.length - 1] };
}

function forward(
  { layers, columns }: Pick<Architecture, "layers" | "columns">,
  x: Value,
  parameters: readonly Parameter[],
  inputs: Readonly<Record<string, Value>>,
  training: boolean,
): Value {
  const units = unitsOf({ layers, columns });
  let value = x;
  eachLayer(layers, parameters, inputs, (layer, own, hyperparameters, index) => {
    value = layer.call({ x: value, parameters: own, hyperparameters, training, stream: index });
    const expected = [ROWS, units[index]];
    check(
      value instanceof Value && sameShape(value.shape, expected),
      () =>
        `layer ${index} (${layer.type}) must return a value ${showShape(expected)}, ` +
        `got ${value instanceof Value ? showShape(value.shape) : show(value)}`,
      "invalid_shape",
    );
  });
  return value;
}

/** The loss with penalties, as Keras reports it, and the prediction. */
export function lossOf(
  architecture: Omit<Architecture, "optimizer">,
  streams: Readonly<Record<string, Value>>,
  parameters: readonly Parameter[],
  inputs: Readonly<Record<string, Value>>,
  training: boolean,
): { total: Value; prediction: Value } {
  const prediction = forward(architecture, streams.x, parameters, inputs, training);
  let total = getLoss(architecture.loss)(streams.y, prediction);
  check(
    total instanceof Value && total.shape.length === 0,
    () =>
      "a loss returns a scalar, the mean over the batch; " +
      `got ${total instanceof Value ? `shape ${showShape(total.shape)}` : show(total)}`,
    "invalid_shape",
  );
  eachLayer(architecture.layers, parameters, inputs, (layer, own, hyperparameters) => {
    const penalty = layer.penalty?.({ parameters: own, hyperparameters });
    if (penalty) total = add(total, penalty);
  });
  return { total, prediction };
}

/** Calls `visit` with each layer, its own parameters by name and its own hyperparameters. */
function eachLayer(
  layers: readonly Layer[],
  parameters: readonly Parameter[],
  inputs: Readonly<Record<string, Value>>,
  visit: (
    layer: Layer,
    parameters: Readonly<Record<string, Value>>,
    hyperparameters: Readonly<Record<string, Value>>,
    index: number,
  ) => void,
): void {
  const names = layerNames(layers);
  layers.forEach((layer, index) => {
    const own = parameters.filter((parameter) => parameter.layer === index);
    const values = Object.fromEntries(own.map(({ name, value }) => [name, value]));
    visit(layer, values, withPrefix(names[index], inputs), index);
  });
}

/** A parameter in a graph. */
interface Parameter extends ParameterPlace {
  readonly value: Value;
}

/** The parameters within their vector. */
function split(vector: Value, places: readonly ParameterPlace[]): Parameter[] {
  return places.map((place) => {
    const value = reshape(slice(vector, [place.offset], [place.size]), place.shape);
    return { ...place, value };
  });
}

function concatenate(values: readonly Value[]): Value {
  return concat(values.map((value) => reshape(value, [sizeOf(value.shape)])));
}

/** `sum + loss × rows`, so that an epoch's mean weighs each row alike. */
function addRows(sum: Value, loss: Value, graph: Graph): Value {
  return add(sum, mul(loss, rowCount(graph)));
}

function prefixed<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [`${prefix}.${name}`, value]));
}

function withPrefix<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([name, value]) =>
      name.startsWith(`${prefix}.`) ? [[name.slice(prefix.length + 1), value]] : [],
    ),
  );
}
