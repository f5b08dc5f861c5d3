/**
 * The programs of an architecture. Models share a program where their steps are traced to the same graph, so two
 * models alike but for their hyperparameters share all (see `compile/cache.ts`). Nothing runs here.
 */
import { gradients } from "../autograd/grad.js";
import { createProgramCache, fingerprint, sameFingerprint } from "../compile/cache.js";
import type { Program, StepGraph } from "../compile/program.js";
import { trace } from "../compile/trace.js";
import { add, concat, mul, reshape, slice, step } from "../graph/functions.js";
import type { Graph, Value } from "../graph/graph.js";
import { rowCount } from "../graph/operations/leaves.js";
import { type Shape, sizeOf } from "../graph/shape.js";
import { applyOptimizer, initialSlots } from "../optim/apply.js";
import {
  type Architecture,
  hyperparametersOf,
  initialValues,
  lossOf,
  optimizerInputs,
  type ParameterPlace,
  type ProgramKind,
  predictionOf,
  type TracedStep,
} from "./architecture.js";
import { SLOT } from "./trainedWeights.js";

const CACHE_SIZE = 64;
const cached = createProgramCache(CACHE_SIZE);

/**
 * The program that does `kind` with batches of at most `rows` rows. An architecture is traced once a kind: what custom
 * functions read from outside counts as it was then.
 */
export function programOf(architecture: Architecture, kind: ProgramKind, rows: number): Program {
  const { graph, fingerprint: key } = stepOf(architecture, kind);
  return cached(graph, rows, key);
}

/**
 * Whether a training of one architecture may resume as one of the other: both begin and step in the same way but for
 * the values of hyperparameters.
 */
export function sameTraining(a: Architecture, b: Architecture): boolean {
  return (["initialize", "train"] as const).every((kind) =>
    sameFingerprint(stepOf(a, kind).fingerprint, stepOf(b, kind).fingerprint),
  );
}

function stepOf(architecture: Architecture, kind: ProgramKind): TracedStep {
  const { steps } = architecture;
  let step = steps[kind];
  if (step === undefined) {
    const graph = traces[kind](architecture);
    step = { graph, fingerprint: fingerprint(graph) };
    steps[kind] = step;
  }
  return step;
}

const traces: Record<ProgramKind, (architecture: Architecture) => StepGraph> = {
  /** outputs: parameters [P] and the optimizer's slots */
  initialize: (architecture) =>
    trace({ inputs: scalars(architecture) }, ({ graph, inputs }) => {
      const parameters = concatenate(Object.values(initialValues(architecture.network, graph)));
      const { optimizer } = architecture;
      const hyperparameters = optimizerInputs(optimizer, inputs);
      const places = architecture.network.parameters;
      const slots = initialSlots(optimizer, { parameter: parameters, hyperparameters }, places);
      return { outputs: { parameters, ...named(slots, (name) => SLOT + name) } };
    }),

  train: (architecture) => trainStep(architecture, xy(architecture)),
  trainWeighted: (architecture) => trainStep(architecture, { ...xy(architecture), weights: 1 }),
  evaluate: (architecture) => evaluationStep(architecture, xy(architecture)),
  evaluateWeighted: (architecture) => evaluationStep(architecture, { ...xy(architecture), weights: 1 }),

  /** x, parameters → predictions */
  predict: (architecture) =>
    trace(
      {
        inputs: { ...scalars(architecture), parameters: [architecture.network.size] },
        streams: { x: architecture.network.columns },
      },
      ({ inputs, streams }) => {
        const parameters = split(inputs.parameters, architecture.network.parameters);
        return {
          streams: { prediction: predictionOf(architecture.network, streams.x, parameters, inputs, false) },
        };
      },
    ),
};

/** x, y and weights if there are some → one step; state: parameters, slots, and the sum of the losses of the rows seen */
function trainStep(architecture: Architecture, streams: Record<string, number>): StepGraph {
  return trace(
    {
      inputs: scalars(architecture),
      streams,
      state: { ...stateOf(architecture), lossSum: [] },
    },
    ({ graph, inputs, streams, state: { parameters: vector, lossSum, ...slots } }) => {
      const places = architecture.network.parameters;
      const parameters = split(vector, places);
      const { total } = lossOf(architecture, streams, parameters, inputs, true);
      const context = {
        parameter: vector,
        gradient: concatenate(gradients(total, Object.values(parameters))),
        slots: named(slots, (name) => name.slice(SLOT.length)),
        hyperparameters: optimizerInputs(architecture.optimizer, inputs),
        step: step(graph),
      };
      const updated = applyOptimizer(architecture.optimizer, context, places);
      return {
        state: {
          parameters: updated.parameter,
          ...named(updated.slots, (name) => SLOT + name),
          lossSum: addRows(lossSum, total, graph),
        },
      };
    },
  );
}

/** x, y, parameters and weights if there are some → predictions, and the sum of the losses of the rows seen */
function evaluationStep(architecture: Architecture, streams: Record<string, number>): StepGraph {
  return trace(
    {
      inputs: { ...scalars(architecture), parameters: [architecture.network.size] },
      streams,
      state: { lossSum: [] },
    },
    ({ graph, inputs, streams, state }) => {
      const parameters = split(inputs.parameters, architecture.network.parameters);
      const { total, prediction } = lossOf(architecture, streams, parameters, inputs, false);
      return { state: { lossSum: addRows(state.lossSum, total, graph) }, streams: { prediction } };
    },
  );
}

/** What a training keeps from step to step: the parameters and the optimizer's slots, as `initialize` leaves them. */
function stateOf(architecture: Architecture): Record<string, Shape> {
  const { nodes, outputs } = stepOf(architecture, "initialize").graph;
  return Object.fromEntries(Object.entries(outputs).map(([name, id]) => [name, nodes[id].shape]));
}

function scalars(architecture: Architecture): Record<string, Shape> {
  const shapes: Record<string, Shape> = {};
  for (const name in hyperparametersOf(architecture)) shapes[name] = [];
  return shapes;
}

function xy({ network }: Architecture): Record<string, number> {
  return { x: network.columns, y: network.units };
}

/** The parameters within their vector, by path. */
function split(vector: Value, places: readonly ParameterPlace[]): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const { path, offset, size, shape } of places)
    values[path] = reshape(slice(vector, [offset], [size]), shape);
  return values;
}

function concatenate(values: readonly Value[]): Value {
  return concat(values.map((value) => reshape(value, [sizeOf(value.shape)])));
}

/** `sum + loss × rows`, so that each row has the same weight in the mean of an epoch. */
function addRows(sum: Value, loss: Value, graph: Graph): Value {
  return add(sum, mul(loss, rowCount(graph)));
}

function named<T>(record: Readonly<Record<string, T>>, name: (old: string) => string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [name(key), value]));
}
