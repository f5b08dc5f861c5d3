/**
 * State of models holds no denormal numbers, whatever writes it: weights, slots, moving means, averages,
 * sums.
 */
import { describe, expect, it } from "vitest";
import {
  batchNormalization,
  dense,
  dropout,
  embedding,
  flatten,
  freeze,
  type Layer,
  layerNormalization,
} from "../../src/nn/layers/index.js";
import {
  type Architecture,
  architectureFrom,
  hyperparametersOf,
} from "../../src/nn/programs/architecture.js";
import { programOf } from "../../src/nn/programs/programs.js";
import { l2 } from "../../src/nn/weights/regularizers.js";
import { getOptimizer } from "../../src/optim/registry.js";
import { sgd } from "../../src/optim/sgd.js";
import { compiled, reference, startFrom, wasm } from "./support.js";

const [ROWS, IDS, COLUMNS] = [12, 5, 3];

const layers = (): Layer[] => [
  embedding(IDS, 4),
  flatten(),
  batchNormalization({ momentum: 0.5 }),
  dense(6, { activation: "relu", kernelRegularizer: l2(1e-4), kernelConstraint: "maxNorm" }),
  dropout(0.2),
  layerNormalization(),
  freeze(dense(4, { activation: "tanh" })),
  dense(1, { activation: "sigmoid", kernelRegularizer: l2(1e-4) }),
];

const around = [
  {},
  { useEma: true, emaMomentum: 0.5, emaOverwriteFrequency: 2 },
  { gradientAccumulationSteps: 2, weightDecay: 0.01 },
];

/** Some 2⁻¹⁵⁰ to 2⁻³⁰ times what they were. */
const shrunk = (values: ArrayLike<number>): number[] =>
  Array.from(values, (x, i) => Math.fround(x * 2 ** -(30 + ((i * 7) % 120))));

/** Everything that a training of some steps keeps, of weights and slots that were shrunk at its start. */
function stateOf(architecture: Architecture, executor: typeof wasm): Record<string, number[]> {
  const first = executor.start(programOf(architecture, "initialize", 1), { seed: 1 });
  const numbers = hyperparametersOf(architecture);
  for (const [name, value] of Object.entries(numbers)) first.write(name, value);
  first.advance(1);
  const ids = Array.from({ length: ROWS * COLUMNS }, (_, i) => (i * 3) % IDS);
  const labels = Array.from({ length: ROWS }, (_, i) => i % 2);
  const streams = { x: executor.matrix(ROWS, COLUMNS, ids), y: executor.matrix(ROWS, 1, labels) };
  const run = executor.start(programOf(architecture, "train", 4), { streams, shuffle: true });
  for (const [name, value] of Object.entries(numbers)) run.write(name, value);
  for (const { name } of first.program.outputs) run.write(name, shrunk(first.read(name)));
  run.advance(7);
  const state = Object.fromEntries(run.program.state.map(({ name }) => [name, Array.from(run.read(name))]));
  for (const held of [run, first, streams.x, streams.y]) held.free();
  return state;
}

describe.each(["sgd", "adam", "rmsprop", "lamb"])("a training by %s of weights that vanish", (name) => {
  it.each(around)("keeps no denormal numbers: %j", (config) => {
    const model = compiled(layers(), { optimizer: getOptimizer(name, config), loss: "binaryCrossentropy" });
    const architecture = architectureFrom(model.described(), COLUMNS);
    for (const executor of [wasm, reference]) {
      for (const [array, values] of Object.entries(stateOf(architecture, executor))) {
        const denormal = values.filter((x) => x !== 0 && Math.abs(x) < 2 ** -126);
        expect(denormal, `${array} of ${executor.name}`).toEqual([]);
        expect(values.every(Number.isFinite), `${array} of ${executor.name}`).toBe(true);
      }
    }
  });
});

describe("a gradient of the loss that vanishes", () => {
  const rate = 1e18;

  /**
   * Where the bias of a model of one or of two classes goes from a logit, of which the truth is 0, in one
   * step.
   */
  async function moved(logit: number, classes: 1 | 2): Promise<number> {
    const model = compiled(
      [dense(classes, { activation: classes === 1 ? "sigmoid" : "softmax", kernelInitializer: "zeros" })],
      {
        optimizer: sgd({ learningRate: rate }),
        loss: classes === 1 ? "binaryCrossentropy" : "categoricalCrossentropy",
      },
    );
    const start = classes === 1 ? [0, logit] : [0, 0, 0, logit];
    const y = [classes === 1 ? [0] : [1, 0]];
    await model.fit([[0]], y, { epochs: 1, verbose: 0, callbacks: [startFrom(start)] });
    const { data } = model.getWeights()["dense_1.bias"];
    return data[data.length - 1];
  }

  it.each([1, 2] as const)("is 0 below 2^-63 and itself above, of %i units", async (classes) => {
    // e^-40 = 4.25e-18 is above 2^-63 = 1.08e-19, and e^-45 = 2.86e-20 below
    const expected = -40 - rate * Math.exp(-40);
    expect(Math.abs((await moved(-40, classes)) / expected - 1)).toBeLessThan(1e-5);
    expect(await moved(-45, classes)).toBe(-45);
  });
});
