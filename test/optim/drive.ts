/** Runs optimizers on the executors, as a trainer would: slots from their program, then a step program. */
import { gradients } from "../../src/autograd/grad.js";
import { compileStep } from "../../src/compile/compile.js";
import type { Program } from "../../src/compile/program.js";
import type { Executor } from "../../src/engine/executor.js";
import { ReferenceExecutor } from "../../src/engine/reference.js";
import { WasmExecutor } from "../../src/engine/wasm.js";
import { step, type Value } from "../../src/graph/functions.js";
import { kernelsModule } from "../../src/numerics/kernels.js";
import { applyOptimizer, type Optimizer } from "../../src/optim/optimizer.js";

export const reference: Executor = new ReferenceExecutor();
export const wasm: Executor = new WasmExecutor(kernelsModule());

/** The program of the slots at the start: from `parameter` and the hyperparameters. */
function compileSlots(optimizer: Optimizer, size: number): Program {
  const numbers = Object.keys(optimizer.hyperparameters).map((name) => [name, []] as const);
  return compileStep({ inputs: { parameter: [size], ...Object.fromEntries(numbers) } }, 1, ({ inputs }) => {
    const { parameter, ...hyperparameters } = inputs;
    return { outputs: optimizer.init({ parameter, hyperparameters }) };
  });
}

/** Keeps the slots apart from other names of the program. */
export const slotName = (name: string): string => `slot ${name}`;

/** The step program of an optimizer; the gradient is that of `loss`, or an input "gradient". */
export function trainingProgram(optimizer: Optimizer, size: number, loss?: (w: Value) => Value): Program {
  const slots = compileSlots(optimizer, size).outputs.map(({ name, shape }) => [name, shape] as const);
  const numbers = Object.keys(optimizer.hyperparameters);
  const signature = {
    inputs: {
      ...Object.fromEntries(numbers.map((name) => [name, []])),
      ...(loss ? {} : { gradient: [size] }),
    },
    state: { w: [size], ...Object.fromEntries(slots.map(([name, shape]) => [slotName(name), shape])) },
  };
  return compileStep(signature, 1, ({ graph, inputs, state }) => {
    const result = applyOptimizer(optimizer, {
      parameter: state.w,
      gradient: loss ? gradients(loss(state.w), [state.w])[0] : inputs.gradient,
      slots: Object.fromEntries(slots.map(([name]) => [name, state[slotName(name)]])),
      hyperparameters: Object.fromEntries(numbers.map((name) => [name, inputs[name]])),
      step: step(graph),
    });
    const next = Object.entries(result.slots).map(([name, value]) => [slotName(name), value]);
    return { state: { w: result.parameter, ...Object.fromEntries(next) } };
  });
}

/** The slots at the start, by name. */
export function initialSlots(
  executor: Executor,
  optimizer: Optimizer,
  start: readonly number[],
): Record<string, ArrayLike<number>> {
  const program = compileSlots(optimizer, start.length);
  const run = executor.start(program);
  run.write("parameter", start);
  for (const [name, value] of Object.entries(optimizer.hyperparameters)) run.write(name, value);
  run.advance(1);
  const slots = Object.fromEntries(program.outputs.map(({ name }) => [name, run.read(name)]));
  run.free();
  return slots;
}

/** The points after each of `steps` steps. Gradients come from the loss, or from the list, one a step. */
export function trajectory(
  executor: Executor,
  optimizer: Optimizer,
  start: readonly number[],
  source: ((w: Value) => Value) | readonly (readonly number[])[],
  steps: number,
): number[][] {
  const loss = typeof source === "function" ? source : undefined;
  const run = executor.start(trainingProgram(optimizer, start.length, loss));
  run.write("w", start);
  for (const [name, value] of Object.entries(optimizer.hyperparameters)) run.write(name, value);
  for (const [name, values] of Object.entries(initialSlots(executor, optimizer, start))) {
    run.write(slotName(name), values);
  }
  const points: number[][] = [];
  for (let t = 0; t < steps; t++) {
    if (typeof source !== "function") run.write("gradient", source[t]);
    run.advance(1);
    points.push(Array.from(run.read("w")));
  }
  run.free();
  return points;
}
