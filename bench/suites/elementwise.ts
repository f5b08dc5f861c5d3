/**
 * Activations and optimizers that a user wrote, beside the built-in ones that compute the same, and both
 * beside a plain copy: bytes read and written in a second.
 */
import { adam, defineOptimizer, type Optimizer, sgd, type Value } from "fettle";
import { applyOptimizer, compileStep, createEngine, type Program } from "fettle/engine";
import {
  add,
  div,
  exp,
  maximum,
  mul,
  neg,
  pow,
  relu,
  sigmoid,
  sqrt,
  square,
  step,
  sub,
  tanh,
  zerosLike,
} from "fettle/ops";
import { interleave, repeat, type Timing, type Work } from "../measure.js";
import { noise } from "../networks.js";
import { type Row, speedRow } from "../row.js";

/** Numbers in an array: 128 rows of 128 units, and more than the caches hold. */
const lengths = [16_384, 4_194_304];

/** Each built-in activation, and the same written by hand. */
const activations: Readonly<
  Record<string, readonly [builtIn: (x: Value) => Value, own: (x: Value) => Value]>
> = {
  relu: [relu, (x) => maximum(x, 0)],
  sigmoid: [sigmoid, (x) => div(1, add(1, exp(neg(x))))],
  tanh: [tanh, (x) => sub(1, div(2, add(exp(mul(2, x)), 1)))],
};

const ownMomentum = defineOptimizer({
  name: "ownMomentum",
  hyperparameters: { learningRate: 0.001, momentum: 0.9 },
  init: ({ parameter }) => ({ velocity: zerosLike(parameter) }),
  update({ gradient, slots, hyperparameters: { learningRate, momentum } }) {
    const velocity = sub(mul(momentum, slots.velocity), mul(learningRate, gradient));
    return { update: velocity, slots: { velocity } };
  },
});

const ownAdam = defineOptimizer({
  name: "ownAdam",
  hyperparameters: { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
  init: ({ parameter }) => ({ m: zerosLike(parameter), v: zerosLike(parameter) }),
  update({ gradient, slots, hyperparameters: { learningRate, beta1, beta2, epsilon }, step }) {
    const m = add(mul(beta1, slots.m), mul(sub(1, beta1), gradient));
    const v = add(mul(beta2, slots.v), mul(sub(1, beta2), square(gradient)));
    const rate = mul(learningRate, div(sqrt(sub(1, pow(beta2, step))), sub(1, pow(beta1, step))));
    return { update: neg(mul(rate, div(m, add(sqrt(v), epsilon)))), slots: { m, v } };
  },
});

/** A built-in optimizer, the same by hand, and the names of the slots of both. */
const optimizers: Readonly<Record<string, { builtIn: Optimizer; own: Optimizer; slots: readonly string[] }>> =
  {
    momentum: {
      builtIn: sgd({ learningRate: 0.001, momentum: 0.9 }),
      own: ownMomentum(),
      slots: ["velocity"],
    },
    adam: { builtIn: adam(), own: ownAdam(), slots: ["m", "v"] },
  };

export async function* elementwise(): AsyncIterable<Row> {
  for (const length of lengths) {
    for (const [name, functions] of Object.entries(activations)) {
      const started = functions.map((f) => start(activationProgram(length, f)));
      yield* compare(name, length, started, 2);
    }
    for (const [name, { builtIn, own, slots }] of Object.entries(optimizers)) {
      const started = [builtIn, own].map((optimizer) =>
        start(optimizerProgram(length, optimizer, slots), optimizer),
      );
      // The gradient is read; the parameter and each slot are read and written.
      yield* compare(name, length, started, 3 + 2 * slots.length);
    }
  }
}

interface Started {
  readonly work: Work;
  free(): void;
}

async function* compare(
  name: string,
  length: number,
  [builtIn, own]: readonly Started[],
  passes: number,
): AsyncIterable<Row> {
  const works = { builtIn: builtIn.work, own: own.work, copy: copy(length) };
  const bytes = 4 * length * passes;
  const timings = await interleave(works, { builtIn: bytes, own: bytes, copy: 8 * length });
  builtIn.free();
  own.free();
  const row = (whose: string, ours: Timing, peerName: string, peer: Timing): Row =>
    speedRow(
      { suite: "elementwise", name: `${name}, ${whose}`, size: String(length) },
      "GB/s",
      ours,
      peerName,
      peer,
    );
  yield row("by hand", timings.own, "built-in", timings.builtIn);
  yield row("by hand", timings.own, "copy", timings.copy);
  yield row("built-in", timings.builtIn, "copy", timings.copy);
}

const engine = createEngine();

/** Runs a program on noise; its state starts at zero. */
function start(program: Program, optimizer?: Optimizer): Started {
  const run = engine.start(program);
  for (const { name, shape } of program.inputs) {
    run.write(name, shape.length > 0 ? noise(shape[0]) : optimizer!.hyperparameters[name]);
  }
  return { work: (count) => run.advance(count), free: () => run.free() };
}

function activationProgram(length: number, activation: (x: Value) => Value): Program {
  return compileStep({ inputs: { x: [length] } }, 1, ({ inputs }) => ({
    outputs: { y: activation(inputs.x) },
  }));
}

/** One step of an optimizer on all its arrays: the gradient lies ready. */
function optimizerProgram(length: number, optimizer: Optimizer, slots: readonly string[]): Program {
  const names = Object.keys(optimizer.hyperparameters);
  const inputs = { gradient: [length], ...Object.fromEntries(names.map((name) => [name, []])) };
  const state = Object.fromEntries(["w", ...slots].map((name) => [name, [length]]));
  return compileStep({ inputs, state }, 1, ({ graph, inputs: { gradient, ...hyperparameters }, state }) => {
    const { w: parameter, ...old } = state;
    const context = { parameter, gradient, slots: old, hyperparameters, step: step(graph) };
    const updated = applyOptimizer(optimizer, context);
    return { state: { w: updated.parameter, ...updated.slots } };
  });
}

/** A copy from one array to another, as JavaScript engines do it: the C library's. */
function copy(length: number): Work {
  const from = noise(length);
  const to = new Float32Array(length);
  return repeat(() => to.set(from));
}
