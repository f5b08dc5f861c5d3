/**
 * The programs of an architecture. Models share a program if their steps are traced to the same graph, so two
 * models that differ only in hyperparameters share all (see `compile/cache.ts`). Nothing runs here.
 */
import { gradients } from "../../autograd/grad.js";
import { createProgramCache, fingerprint, sameFingerprint } from "../../compile/cache.js";
import type { Program, StepGraph } from "../../compile/program.js";
import { trace } from "../../compile/trace.js";
import { check } from "../../errors.js";
import { broadcastTo, concat, constant, mul, reshape, slice, step } from "../../graph/functions.js";
import { Graph, type Value } from "../../graph/graph.js";
import { rowCount } from "../../graph/operations/leaves.js";
import { ROWS, type Shape, sizeOf } from "../../graph/shape.js";
import { applyOptimizer, initialSlots } from "../../optim/apply.js";
import type { Slots } from "../../optim/optimizer.js";
import { RUNNING_SUM, runningSum } from "../../optim/terms.js";
import type { Network } from "../network/network.js";
import { MASK, maskWidth } from "../network/stepMasks.js";
import { EVALUATED, PARAMETERS, SLOT } from "../weights/trainedWeights.js";
import {
  type Architecture,
  type Called,
  hyperparametersOf,
  initialValues,
  lossOf,
  optimizerInputs,
  type ProgramKind,
  type TracedStep,
  trainedArrays,
} from "./architecture.js";
import { predictionStep, split } from "./prediction.js";

const CACHE_SIZE = 64;
const cached = createProgramCache(CACHE_SIZE);

/**
 * The program that does `kind` with batches of at most `rows` rows. An architecture is traced once per kind:
 * what custom functions read from outside counts as it was then.
 */
export function programOf(architecture: Architecture, kind: ProgramKind, rows: number): Program {
  const { graph, fingerprint: key } = stepOf(architecture, kind);
  return cached(graph, rows, key);
}

/**
 * Whether a training of one architecture may resume as one of the other: both start and step in the same way,
 * except for the values of hyperparameters.
 */
export function sameTraining(a: Architecture, b: Architecture): boolean {
  return (["initialize", "train"] as const).every((kind) =>
    sameFingerprint(stepOf(a, kind).fingerprint, stepOf(b, kind).fingerprint),
  );
}

/** Whether outputs have masks, so that losses and metrics leave out steps. */
export const masksSteps = (architecture: Architecture): boolean =>
  MASK in stepOf(architecture, "evaluate").graph.streamsOut;

/**
 * The identity of an architecture for some kinds of steps, without the values of hyperparameters: a number
 * for each kind, equal if equal steps were traced.
 */
export function traceOf(architecture: Architecture, kinds: readonly ProgramKind[]): readonly number[] {
  return kinds.map((kind) => stepOf(architecture, kind).fingerprint.hash);
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
  /** outputs: parameters [P], the same as those of `initialize` */
  weights: ({ network }) =>
    trace({}, ({ graph }) => {
      const values = initialValues(network, graph);
      const inOrder = [...network.trainable, ...network.fixed];
      return { outputs: { [PARAMETERS]: concatenate(inOrder.map(({ path }) => values[path])) } };
    }),

  /** outputs: parameters [P] and the optimizer's slots */
  initialize: (architecture) =>
    trace({ inputs: scalars(architecture) }, ({ graph, inputs }) => {
      const { optimizer, network } = architecture;
      mustBeTrainable(network);
      const values = initialValues(network, graph);
      const vectorOf = (places: Network["parameters"]): Value =>
        concatenate(places.map(({ path }) => values[path]));
      const parameter = vectorOf(network.trainable);
      const hyperparameters = optimizerInputs(optimizer, inputs);
      const arrays = trainedArrays(network, inputs);
      const slots = initialSlots(optimizer, { parameter, hyperparameters }, arrays);
      return {
        outputs: stateFrom(
          parameter,
          slots,
          network.fixed.map(({ path }) => values[path]),
        ),
      };
    }),

  train: (architecture) => trainStep(architecture, xy(architecture)),
  trainWeighted: (architecture) => trainStep(architecture, { ...xy(architecture), weights: 1 }),
  evaluate: (architecture) => evaluationStep(architecture, xy(architecture)),
  evaluateWeighted: (architecture) => evaluationStep(architecture, { ...xy(architecture), weights: 1 }),

  predict: (architecture) =>
    predictionStep(architecture.network, Object.keys(hyperparametersOf(architecture))),

  predictMasked: (architecture) => {
    const { network } = architecture;
    const numbers = Object.keys(hyperparametersOf(architecture));
    return predictionStep(network, numbers, new Graph(), (called) => maskedStreams(network, called));
  },
};

function mustBeTrainable({ trainableSize }: Network): void {
  check(
    trainableSize > 0,
    "a model must have parameters to train; received none. Add a dense layer, or freeze fewer layers",
  );
}

/**
 * x, y and weights, if any → one step; state: parameters, slots, and the sum of the losses of the rows so far
 */
function trainStep(architecture: Architecture, streams: Record<string, number>): StepGraph {
  mustBeTrainable(architecture.network);
  return trace(
    {
      inputs: scalars(architecture),
      streams,
      state: { ...stateOf(architecture), lossSum: RUNNING_SUM },
    },
    ({ graph, inputs, streams, state: { parameters: vector, lossSum, ...slots } }) => {
      const { network, optimizer, augmentation } = architecture;
      const { trainable, fixed } = network;
      const parameters = split(vector, network);
      const seen = augmentation?.apply(streams, inputs) ?? streams;
      const { total, updates } = lossOf(architecture, seen, parameters, inputs, true);
      const context = {
        parameter: trained(vector, network),
        gradient: concatenate(
          gradients(
            total,
            trainable.map(({ path }) => parameters[path]),
          ),
        ),
        slots: slotsFrom(slots, network),
        hyperparameters: optimizerInputs(optimizer, inputs),
        step: step(graph),
      };
      const updated = applyOptimizer(optimizer, context, trainedArrays(network, inputs));
      const others = fixed.map(({ path }) => updates[path] ?? parameters[path]);
      return {
        state: {
          ...stateFrom(updated.parameter, updated.slots, others),
          lossSum: addRows(lossSum, total, graph),
        },
      };
    },
  );
}

/** Parameters and slots in a run. Every vector of weights ends with the untrained ones. */
function stateFrom(parameter: Value, slots: Slots, fixed: readonly Value[]): Record<string, Value> {
  const whole = (vector: Value): Value => concatenate([vector, ...fixed]);
  const state: Record<string, Value> = { parameters: whole(parameter) };
  for (const [name, slot] of Object.entries(slots)) {
    const key = SLOT + name;
    state[key] = key === EVALUATED ? whole(slot) : slot;
  }
  return state;
}

/** The inverse, for slots. */
function slotsFrom(state: Readonly<Record<string, Value>>, network: Network): Slots {
  return Object.fromEntries(
    Object.entries(state).map(([key, value]) => [
      key.slice(SLOT.length),
      key === EVALUATED ? trained(value, network) : value,
    ]),
  );
}

/** The part of a vector of weights that is trained. */
const trained = (vector: Value, { trainableSize }: Network): Value => slice(vector, [0], [trainableSize]);

/** x, y, parameters and weights, if any → predictions, and the sum of the losses of the rows so far */
function evaluationStep(architecture: Architecture, streams: Record<string, number>): StepGraph {
  return trace(
    {
      inputs: { ...scalars(architecture), parameters: [architecture.network.size] },
      streams,
      state: { lossSum: RUNNING_SUM },
    },
    ({ graph, inputs, streams, state }) => {
      const parameters = split(inputs.parameters, architecture.network);
      const { total, ...called } = lossOf(architecture, streams, parameters, inputs, false);
      return {
        state: { lossSum: addRows(state.lossSum, total, graph) },
        streams: maskedStreams(architecture.network, called),
      };
    },
  );
}

/** The predictions, and which of their steps count, unless all do. */
function maskedStreams(network: Network, { prediction, masks }: Called): Record<string, Value> {
  const mask = maskColumns(network, masks);
  return { prediction, ...(mask && { [MASK]: mask }) };
}

/** Which steps of all outputs count, side by side; undefined if all do. */
function maskColumns({ outputs }: Network, masks: Called["masks"]): Value | undefined {
  const graph = masks.find((mask) => mask !== undefined)?.graph;
  if (graph === undefined) return undefined;
  const columns = outputs.flatMap((output, i) => {
    const width = maskWidth(output);
    return width > 0 ? [masks[i] ?? broadcastTo(constant(graph, 1), [ROWS, width])] : [];
  });
  return concat(columns, 1);
}

/** The state of a training: the parameters and the optimizer's slots, as `initialize` leaves them. */
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

function concatenate(values: readonly Value[]): Value {
  return concat(values.map((value) => reshape(value, [sizeOf(value.shape)])));
}

/** The sum with `loss × rows`, so that each row has the same weight in the mean of an epoch. */
function addRows(sum: Value, loss: Value, graph: Graph): Value {
  return runningSum(sum, mul(loss, rowCount(graph)));
}
