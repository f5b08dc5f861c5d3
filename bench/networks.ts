/**
 * One dense network for each library: relu in between; one unit ends in a sigmoid with binary
 * cross-entropy, several in a softmax with categorical cross-entropy. The same data and first weights.
 */
import type { Scalar, Tensor, Optimizer as TfOptimizer } from "@tensorflow/tfjs-core";
import { dense, type LayersModel, type Optimizer, type Sequential, sequential } from "fettle";
import { createEngine, type Matrix } from "fettle/engine";
import { chain, networkOf } from "../src/nn/network/network.js";
import { architectureFrom, hyperparametersOf } from "../src/nn/programs/architecture.js";
import { programOf } from "../src/nn/programs/programs.js";
import { repeat, type Work } from "./measure.js";
import type { Jax, JaxArray, Tf } from "./peers.js";

/** Columns of the input, units of each hidden layer, units of the output. */
export type Sizes = readonly number[];

/** Training steps, and how to give the memory back. */
export interface Training {
  readonly train: Work;
  free(): void;
}

/** Rows of the data, unless others are asked for. */
const ROWS = 1024;

/** Numbers in [−1, 1) without a pattern. */
export function noise(length: number, scale = 1): Float32Array {
  const at = (i: number): number =>
    Math.imul(Math.imul(i + 1, 0x9e3779b1) ^ 0x5bd1e995, 0x85ebca6b) / 2 ** 31;
  return Float32Array.from({ length }, (_, i) => at(i) * scale);
}

/** Labels that no network can guess: 0 or 1, or one of several, one-hot; [rows, outputs]. */
function labels(rows: number, outputs: number): Float32Array {
  return Float32Array.from({ length: rows * outputs }, (_, i) => {
    const hash = Math.imul(Math.floor(i / outputs) + 1, 0x9e3779b1) >>> 16;
    return outputs === 1 ? hash % 2 : Number(hash % outputs === i % outputs);
  });
}

/** `100→64→1 × 32`: a network and the rows of its batch. */
export function sizeName(sizes: Sizes, batch: number): string {
  return `${sizes.join("→")} × ${batch}`;
}

/** Floating-point operations in the products of one step: the first layer needs no gradient of its input. */
export function stepOperations(sizes: Sizes, batch: number): number {
  return sizes.slice(1).reduce((sum, units, i) => sum + 2 * batch * units * sizes[i] * (i === 0 ? 2 : 3), 0);
}

/** The model, compiled with an optimizer. */
export function ourModel([, ...units]: Sizes, optimizer: Optimizer): Sequential {
  const outputs = units[units.length - 1];
  const model = sequential([
    ...units.slice(0, -1).map((count) => dense(count, { activation: "relu" })),
    dense(outputs, { activation: outputs === 1 ? "sigmoid" : "softmax" }),
  ]);
  model.compile({ optimizer, loss: outputs === 1 ? "binaryCrossentropy" : "categoricalCrossentropy" });
  return model;
}

export const engine = createEngine();

/** The data on our engine. */
export function ourData(sizes: Sizes, rows = ROWS): { x: Matrix; y: Matrix } {
  const [columns, outputs] = [sizes[0], sizes[sizes.length - 1]];
  return {
    x: engine.matrix(rows, columns, noise(rows * columns)),
    y: engine.matrix(rows, outputs, labels(rows, outputs)),
  };
}

/** A run with first weights and hyperparameters, over shuffled batches. */
export function startRun(
  model: LayersModel,
  columns: number,
  batch: number,
  streams: { x: Matrix; y: Matrix },
) {
  const architecture = architectureFrom(model.described(), columns);
  const run = engine.start(programOf(architecture, "train", batch), { streams, shuffle: true });
  run.write("parameters", noise(run.read("parameters").length, 0.1));
  for (const [input, value] of Object.entries(hyperparametersOf(architecture))) run.write(input, value);
  return run;
}

/**
 * Our steps. Each turn begins anew, so that all turns time the same steps.
 */
export function ourTraining(sizes: Sizes, batch: number, optimizer: Optimizer, rows = ROWS): Training {
  const data = ourData(sizes, rows);
  const run = startRun(ourModel(sizes, optimizer), sizes[0], batch, data);
  const start = run.save();
  return {
    train(count) {
      run.restore(start);
      run.advance(count);
    },
    free() {
      run.free();
      data.x.free();
      data.y.free();
    },
  };
}

/** The first weights, as `ourTraining` has them, layer by layer. */
function firstWeights(sizes: Sizes): { shape: number[]; values: Float32Array }[] {
  const { parameters, size } = networkOf(chain(sizes.slice(1).map((units) => dense(units))), sizes[0]);
  const all = noise(size, 0.1);
  return parameters.map(({ shape, offset, size }) => ({
    shape: shape as number[],
    values: all.slice(offset, offset + size),
  }));
}

/**
 * Steps of TensorFlow.js, on one batch that lies ready: it is spared the gathering and shuffling that we do.
 */
export function tfTraining(tf: Tf, sizes: Sizes, batch: number, optimizer: TfOptimizer): Training {
  const [columns, outputs] = [sizes[0], sizes[sizes.length - 1]];
  const x = tf.tensor2d(noise(batch * columns), [batch, columns]);
  const y = tf.tensor2d(labels(batch, outputs), [batch, outputs]);
  const weights = firstWeights(sizes).map(({ shape, values }) => tf.variable(tf.tensor(values, shape)));
  const loss = () => {
    let value: Tensor = x;
    for (let i = 0; i < weights.length; i += 2) {
      value = tf.add(tf.matMul(value, weights[i]), weights[i + 1]);
      if (i + 2 < weights.length) value = tf.relu(value);
    }
    const { sigmoidCrossEntropy, softmaxCrossEntropy } = tf.losses;
    return (outputs === 1 ? sigmoidCrossEntropy : softmaxCrossEntropy)(y, value) as Scalar;
  };
  return {
    train: repeat(() => {
      tf.tidy(() => optimizer.applyGradients(tf.variableGrads(loss, weights).grads));
    }),
    free() {
      tf.dispose([x, y, weights]);
      optimizer.dispose();
    },
  };
}

/** Steps of jax-js with plain gradient descent in one jitted function, on one batch that lies ready. */
export function jaxTraining(jax: Jax, sizes: Sizes, batch: number, learningRate: number): Training {
  const { numpy, nn, tree } = jax;
  const [columns, outputs] = [sizes[0], sizes[sizes.length - 1]];
  const x = numpy.array(noise(batch * columns)).reshape([batch, columns]);
  const y = numpy.array(labels(batch, outputs)).reshape([batch, outputs]);
  const loss = (weights: JaxArray[], x: JaxArray, y: JaxArray): JaxArray => {
    let value = x;
    for (let i = 0; i < weights.length; i += 2) {
      value = numpy.matmul(value, weights[i]).add(weights[i + 1]);
      if (i + 2 < weights.length) value = nn.relu(value);
    }
    return outputs === 1
      ? numpy.mean(nn.softplus(value.ref).sub(value.mul(y)))
      : numpy.mean(numpy.sum(nn.logSoftmax(value).mul(y), -1)).mul(-1);
  };
  const step = jax.jit((weights: JaxArray[], x: JaxArray, y: JaxArray) => {
    const [value, gradients] = jax.valueAndGrad(loss)(tree.ref(weights), x, y);
    value.dispose();
    return weights.map((weight, i) => weight.sub(gradients[i].mul(learningRate)));
  });
  let weights = firstWeights(sizes).map(({ shape, values }) => numpy.array(values).reshape(shape));
  return {
    async train(count) {
      // Awaited each time: dispatching steps ahead measured ten times slower.
      for (let i = 0; i < count; ++i) weights = await jax.blockUntilReady(step(weights, x.ref, y.ref));
    },
    free() {
      for (const array of [x, y, ...weights]) array.dispose();
    },
  };
}
