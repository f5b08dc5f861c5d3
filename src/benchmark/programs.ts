/**
 * The programs of a problem and an optimizer. The optimizer's numbers are inputs, so that all runs share the
 * programs.
 */
import { gradients } from "../autograd/grad.js";
import { createProgramCache } from "../compile/cache.js";
import { compileStep } from "../compile/compile.js";
import type { Program, StepGraph } from "../compile/program.js";
import { trace } from "../compile/trace.js";
import { concat, reshape, slice, step } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { type Shape, sizeOf } from "../graph/shape.js";
import { applyOptimizer, initialSlots } from "../optim/apply.js";
import type { Optimizer, ParameterArray } from "../optim/optimizer.js";
import type { Problem } from "./problem.js";

/** The programs of a run. */
export interface RunPrograms {
  /** outputs: parameters [size] and the optimizer's slots */
  readonly initialize: Program;
  /** one step; state: parameters and slots */
  readonly train: Program;
  /** outputs: score and metric of given parameters, over all rows at once */
  readonly evaluate: Program;
}

/** The programs of one problem for any optimizer, each compiled once. */
export function programsFor(problem: Problem): (optimizer: Optimizer) => RunPrograms {
  const evaluate = evaluation(problem);
  const cached = createProgramCache(CACHE_SIZE);
  return (optimizer) => {
    const { initialize, train } = training(problem, optimizer);
    return { evaluate, initialize: cached(initialize, 1), train: cached(train, problem.batchSize) };
  };
}

/** Two programs for each optimizer of a benchmark. */
const CACHE_SIZE = 64;

function training(problem: Problem, optimizer: Optimizer): Record<"initialize" | "train", StepGraph> {
  const inputs = Object.fromEntries(
    Object.keys(optimizer.hyperparameters).map((name) => [name, [] as Shape]),
  );
  const arrays = Object.entries(problem.shapes).map(([path, shape]): ParameterArray => ({ path, shape }));
  const initialize = trace({ inputs }, ({ graph, inputs: hyperparameters }) => {
    const parameters = join(Object.values(problem.start(graph)));
    const slots = initialSlots(optimizer, { parameter: parameters, hyperparameters }, arrays);
    return { outputs: { parameters, ...rename(slots, (name) => `slot.${name}`) } };
  });
  const { nodes, outputs } = initialize;
  const state = Object.fromEntries(Object.entries(outputs).map(([name, id]) => [name, nodes[id].shape]));
  const train = trace(
    { inputs, state, streams: streamsOf(problem) },
    ({ graph, inputs: hyperparameters, streams, state: { parameters: old, ...slots } }) => {
      const parameters = divide(old, problem);
      const loss = problem.loss({ graph, parameters, streams });
      const context = {
        parameter: old,
        gradient: join(gradients(loss, Object.values(parameters))),
        slots: rename(slots, (name) => name.slice("slot.".length)),
        hyperparameters,
        step: step(graph),
      };
      const updated = applyOptimizer(optimizer, context, arrays);
      return {
        state: { parameters: updated.parameter, ...rename(updated.slots, (name) => `slot.${name}`) },
      };
    },
  );
  return { initialize, train };
}

function evaluation(problem: Problem): Program {
  const { data, metric } = problem;
  const rows = Math.max(1, data?.validation.rows ?? 0, data?.test.rows ?? 0);
  const signature = { inputs: { parameters: [problem.size] }, streams: streamsOf(problem) };
  return compileStep(signature, rows, ({ graph, inputs, streams }) => {
    const context = { graph, streams, parameters: divide(inputs.parameters, problem) };
    return {
      outputs: { score: problem.score(context), ...(metric ? { metric: metric.value(context) } : {}) },
    };
  });
}

function streamsOf({ data }: Problem): Readonly<Record<string, number>> {
  if (data === undefined) return {};
  const { rows, x, y } = data.train;
  return { x: x.length / rows, y: y.length / rows };
}

/** All parameters end to end. */
function join(values: readonly Value[]): Value {
  return concat(values.map((value) => reshape(value, [sizeOf(value.shape)])));
}

/** The parameters, from the vector of all of them. */
function divide(vector: Value, { shapes }: Problem): Record<string, Value> {
  let offset = 0;
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const size = sizeOf(shape);
      const value = reshape(slice(vector, [offset], [size]), shape);
      offset += size;
      return [name, value];
    }),
  );
}

function rename<T>(record: Readonly<Record<string, T>>, name: (old: string) => string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [name(key), value]));
}
