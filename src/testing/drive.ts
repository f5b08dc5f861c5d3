/**
 * Runs optimizers on gradients or on losses like a trainer: slots from one program, then a program of steps,
 * on any executor, with the parameters in one array or in several. It checks nothing.
 */

import { gradients } from "../autograd/grad.js";
import { compileStep } from "../compile/compile.js";
import type { Program } from "../compile/program.js";
import type { Executor, Run } from "../engine/executor.js";
import { step } from "../graph/functions.js";
import type { Value } from "../graph/graph.js";
import { type Shape, sizeOf } from "../graph/shape.js";
import { applyOptimizer, initialSlots } from "../optim/apply.js";
import type { Optimizer, ParameterArray } from "../optim/optimizer.js";
import { mapValues } from "../records.js";

/** A function to minimise, in operations: from [n] to a scalar. */
export type Loss = (w: Value) => Value;

/** The arrays that the parameters are divided into: the length of each, or its shape. */
export type Layout = readonly (number | Shape)[];

/** The unit to which an optimizer is applied: an array, or several end to end in a vector. */
interface Whole {
  readonly shape: Shape;
  readonly arrays?: readonly ParameterArray[];
}

function wholesOf(layout: Layout, joined: boolean): Whole[] {
  const shapes = layout.map((entry) => (typeof entry === "number" ? [entry] : entry));
  if (!joined) return shapes.map((shape) => ({ shape }));
  const total = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  return [{ shape: [total], arrays: shapes.map((shape, i) => ({ path: `array_${i}`, shape })) }];
}

/** A slot may have the name of a hyperparameter. */
const OUTPUT = "output ";

/** The program of the initial slots, from `parameter` and the hyperparameters. */
function slotsProgram(optimizer: Optimizer, { shape, arrays }: Whole): Program {
  const numbers = Object.keys(optimizer.hyperparameters).map((name) => [name, []] as const);
  return compileStep({ inputs: { parameter: shape, ...Object.fromEntries(numbers) } }, 1, ({ inputs }) => {
    const { parameter, ...hyperparameters } = inputs;
    const slots = initialSlots(optimizer, { parameter, hyperparameters }, arrays);
    return {
      outputs: Object.fromEntries(Object.entries(slots).map(([name, slot]) => [OUTPUT + name, slot])),
    };
  });
}

const parameterName = (i: number): string => (i === 0 ? "w" : `w ${i}`);
const gradientName = (i: number): string => (i === 0 ? "gradient" : `gradient ${i}`);
/** Slots must not have the names of other arrays of the program. */
const slotName = (i: number, name: string): string => (i === 0 ? `slot ${name}` : `slot ${i} ${name}`);

/**
 * The program of an optimizer's steps on parameters "w", "w 1", … of a layout. The gradient is that of
 * `loss`, a function of one array, or is written before each step to the inputs "gradient", "gradient 1", ….
 *
 * @param joined - whether the arrays are end to end in one vector "w", as in models
 */
export function stepsProgram(optimizer: Optimizer, layout: Layout, loss?: Loss, joined = false): Program {
  const wholes = wholesOf(layout, joined);
  const slots = wholes.map((whole) =>
    slotsProgram(optimizer, whole).outputs.map(
      ({ name, shape }) => [name.slice(OUTPUT.length), shape] as const,
    ),
  );
  const numbers = Object.keys(optimizer.hyperparameters);
  const shapes = (of: (i: number) => string): (readonly [string, Shape])[] =>
    wholes.map(({ shape }, i) => [of(i), shape] as const);
  const signature = {
    inputs: {
      ...Object.fromEntries(numbers.map((name) => [name, []])),
      ...(loss ? {} : Object.fromEntries(shapes(gradientName))),
    },
    state: {
      ...Object.fromEntries(shapes(parameterName)),
      ...Object.fromEntries(
        slots.flatMap((list, i) => list.map(([name, shape]) => [slotName(i, name), shape])),
      ),
    },
  };
  return compileStep(signature, 1, ({ graph, inputs, state }) => {
    const hyperparameters = Object.fromEntries(numbers.map((name) => [name, inputs[name]]));
    const count = step(graph);
    const next = wholes.flatMap(({ arrays }, i) => {
      const parameter = state[parameterName(i)];
      const context = {
        parameter,
        gradient: loss ? gradients(loss(parameter), [parameter])[0] : inputs[gradientName(i)],
        slots: Object.fromEntries(slots[i].map(([name]) => [name, state[slotName(i, name)]])),
        hyperparameters,
        step: count,
      };
      const result = applyOptimizer(optimizer, context, arrays);
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
  joined = false,
): Record<string, number[]> {
  const numbers = Object.entries(optimizer.hyperparameters);
  const arrays = mapValues(optimizer.hyperparameters, (value) => [value]);
  const wholes = wholesOf(layout, joined);
  split(start, wholes).forEach((part, i) => {
    arrays[parameterName(i)] = part;
    const program = slotsProgram(optimizer, wholes[i]);
    const run = executor.start(program);
    run.write("parameter", part);
    for (const [name, value] of numbers) run.write(name, value);
    run.advance(1);
    for (const { name } of program.outputs)
      arrays[slotName(i, name.slice(OUTPUT.length))] = Array.from(run.read(name));
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

/** Options of a run. */
export interface DriveOptions {
  readonly layout?: Layout;
  readonly joined?: boolean;
  readonly loss?: Loss;
}

/** Starts a run; `run.free()` ends it. */
export function drive(
  executor: Executor,
  optimizer: Optimizer,
  start: readonly number[],
  { layout = [start.length], joined = false, loss }: DriveOptions = {},
): Drive {
  const wholes = wholesOf(layout, joined);
  const run = executor.start(stepsProgram(optimizer, layout, loss, joined));
  for (const [name, values] of Object.entries(initialArrays(executor, optimizer, start, layout, joined)))
    run.write(name, values);
  return {
    run,
    follow(gradient) {
      split(gradient, wholes).forEach((part, i) => {
        run.write(gradientName(i), part);
      });
      run.advance(1);
    },
    point: () => wholes.flatMap((_, i) => Array.from(run.read(parameterName(i)))),
  };
}

/** The points after each step with given gradients. */
export function followed(
  executor: Executor,
  optimizer: Optimizer,
  start: readonly number[],
  gradientList: readonly (readonly number[])[],
  options: Pick<DriveOptions, "layout" | "joined"> = {},
): number[][] {
  const { run, follow, point } = drive(executor, optimizer, start, options);
  const points = gradientList.map((gradient) => {
    follow(gradient);
    return point();
  });
  run.free();
  return points;
}

function split(numbers: readonly number[], wholes: readonly Whole[]): number[][] {
  let from = 0;
  return wholes.map(({ shape }) => {
    const size = sizeOf(shape);
    from += size;
    return numbers.slice(from - size, from);
  });
}
