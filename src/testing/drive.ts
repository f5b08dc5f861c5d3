/**
 * Runs optimizers on gradients or on losses, as a trainer does: slots from one program, then a program of steps, on any
 * executor, with the parameters in one array or in several. It checks nothing.
 */

import { gradients } from "../autograd/grad.js";
import { compileStep } from "../compile/compile.js";
import type { Program } from "../compile/program.js";
import type { Executor, Run } from "../engine/executor.js";
import { step } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { applyOptimizer, type Optimizer } from "../optim/optimizer.js";

/** A function to minimise, in operations: from [n] to a scalar. */
export type Loss = (w: Value) => Value;

/** The length of each array that the parameters are divided into. */
export type Layout = readonly number[];

/** The program of the initial slots, from `parameter` and the hyperparameters. */
function slotsProgram(optimizer: Optimizer, size: number): Program {
  const numbers = Object.keys(optimizer.hyperparameters).map((name) => [name, []] as const);
  return compileStep({ inputs: { parameter: [size], ...Object.fromEntries(numbers) } }, 1, ({ inputs }) => {
    const { parameter, ...hyperparameters } = inputs;
    return { outputs: optimizer.init({ parameter, hyperparameters }) };
  });
}

const parameterName = (i: number): string => (i === 0 ? "w" : `w ${i}`);
const gradientName = (i: number): string => (i === 0 ? "gradient" : `gradient ${i}`);
/** Slots must not have the names of other arrays of the program. */
const slotName = (i: number, name: string): string => (i === 0 ? `slot ${name}` : `slot ${i} ${name}`);

/**
 * The program of an optimizer's steps on parameters "w", "w 1", … of a layout. The gradient is that of `loss`, a function
 * of one array, or is written before each step to the inputs "gradient", "gradient 1", ….
 */
export function stepsProgram(optimizer: Optimizer, layout: Layout, loss?: Loss): Program {
  const slots = layout.map((size) =>
    slotsProgram(optimizer, size).outputs.map(({ name, shape }) => [name, shape] as const),
  );
  const numbers = Object.keys(optimizer.hyperparameters);
  const sizes = <T>(of: (i: number) => string): (readonly [string, T])[] =>
    layout.map((size, i) => [of(i), [size] as T] as const);
  const signature = {
    inputs: {
      ...Object.fromEntries(numbers.map((name) => [name, []])),
      ...(loss ? {} : Object.fromEntries(sizes<readonly number[]>(gradientName))),
    },
    state: {
      ...Object.fromEntries(sizes<readonly number[]>(parameterName)),
      ...Object.fromEntries(
        slots.flatMap((list, i) => list.map(([name, shape]) => [slotName(i, name), shape])),
      ),
    },
  };
  return compileStep(signature, 1, ({ graph, inputs, state }) => {
    const hyperparameters = Object.fromEntries(numbers.map((name) => [name, inputs[name]]));
    const count = step(graph);
    const next = layout.flatMap((_, i) => {
      const parameter = state[parameterName(i)];
      const result = applyOptimizer(optimizer, {
        parameter,
        gradient: loss ? gradients(loss(parameter), [parameter])[0] : inputs[gradientName(i)],
        slots: Object.fromEntries(slots[i].map(([name]) => [name, state[slotName(i, name)]])),
        hyperparameters,
        step: count,
      });
      const updated = Object.entries(result.slots).map(
        ([name, value]) => [slotName(i, name), value] as const,
      );
      return [[parameterName(i), result.parameter] as const, ...updated];
    });
    return { state: Object.fromEntries(next) };
  });
}

/** The initial arrays of a run of `stepsProgram`: hyperparameters, parameters and their slots, by name. */
export function initialArrays(
  executor: Executor,
  optimizer: Optimizer,
  start: readonly number[],
  layout: Layout = [start.length],
): Record<string, number[]> {
  const numbers = Object.entries(optimizer.hyperparameters);
  const arrays: Record<string, number[]> = Object.fromEntries(
    numbers.map(([name, value]) => [name, [value]]),
  );
  split(start, layout).forEach((part, i) => {
    arrays[parameterName(i)] = part;
    const program = slotsProgram(optimizer, part.length);
    const run = executor.start(program);
    run.write("parameter", part);
    for (const [name, value] of numbers) run.write(name, value);
    run.advance(1);
    for (const { name } of program.outputs) arrays[slotName(i, name)] = Array.from(run.read(name));
    run.free();
  });
  return arrays;
}

/** A run of an optimizer on an executor. */
export interface Drive {
  readonly run: Run;
  /** Takes one step with a gradient. */
  follow(gradient: readonly number[]): void;
  /** The parameters, end to end. */
  point(): number[];
}

/** Starts a run; `run.free()` ends it. */
export function drive(
  executor: Executor,
  optimizer: Optimizer,
  start: readonly number[],
  { layout = [start.length], loss }: { readonly layout?: Layout; readonly loss?: Loss } = {},
): Drive {
  const run = executor.start(stepsProgram(optimizer, layout, loss));
  for (const [name, values] of Object.entries(initialArrays(executor, optimizer, start, layout)))
    run.write(name, values);
  return {
    run,
    follow(gradient) {
      split(gradient, layout).forEach((part, i) => {
        run.write(gradientName(i), part);
      });
      run.advance(1);
    },
    point: () => layout.flatMap((_, i) => Array.from(run.read(parameterName(i)))),
  };
}

/** The points after each step with given gradients. */
export function followed(
  executor: Executor,
  optimizer: Optimizer,
  start: readonly number[],
  gradientList: readonly (readonly number[])[],
  layout?: Layout,
): number[][] {
  const { run, follow, point } = drive(executor, optimizer, start, layout && { layout });
  const points = gradientList.map((gradient) => {
    follow(gradient);
    return point();
  });
  run.free();
  return points;
}

function split(numbers: readonly number[], layout: Layout): number[][] {
  let from = 0;
  return layout.map((size) => {
    from += size;
    return numbers.slice(from - size, from);
  });
}
