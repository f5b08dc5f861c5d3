/** Dropout in recurrences: one draw for a row and a batch, the same at each step. */
import { expect, it } from "vitest";
import { compileStep } from "../../../../src/compile/compile.js";
import { reshape } from "../../../../src/graph/functions.js";
import { ROWS, sizeOf } from "../../../../src/graph/shape.js";
import { bidirectional, gru, type Layer, simpleRNN } from "../../../../src/nn/layers/index.js";
import { wasm } from "../../support.js";

const [BATCH, STEPS, UNITS] = [40, 4, 10];
const BATCHES = 2;

/** A weight by its name, without the direction, and its shape. */
type Weight = (name: string, shape: readonly number[]) => number[];

/** What a layer makes of ones while training, [batch][row][step][unit]. */
function trained(layer: Layer, weight: Weight): number[][][][] {
  const specs = layer.parameters([STEPS, UNITS]);
  const [, columns] = layer.outputShape([STEPS, UNITS]);
  const rates = Object.entries(layer.hyperparameters);
  const shapes = [...specs.map(({ name, shape }) => [name, shape]), ...rates.map(([name]) => [name, []])];
  const program = compileStep(
    { inputs: Object.fromEntries(shapes), streams: { x: STEPS * UNITS } },
    BATCH,
    ({ inputs, streams }) => {
      const x = reshape(streams.x, [ROWS, STEPS, UNITS]);
      const y = layer.call({
        inputs: [x],
        x,
        parameters: inputs,
        hyperparameters: inputs,
        training: true,
        trainable: true,
        stream: 0,
        update: () => {},
      });
      return { streams: { y: reshape(y, [ROWS, STEPS * columns]) } };
    },
  );
  const x = wasm.matrix(BATCH, STEPS * UNITS, Array(BATCH * STEPS * UNITS).fill(1));
  const y = wasm.matrix(BATCH, STEPS * columns);
  const run = wasm.start(program, { streams: { x, y }, seed: 5 });
  for (const { name, shape } of specs) run.write(name, weight(name.split(".").at(-1) as string, shape));
  for (const [name, rate] of rates) run.write(name, rate);
  const batches = Array.from({ length: BATCHES }, () => {
    run.advance(1);
    const data = Array.from(y.read());
    const at = (row: number, step: number) => (row * STEPS + step) * columns;
    return Array.from({ length: BATCH }, (_, row) =>
      Array.from({ length: STEPS }, (__, step) => data.slice(at(row, step), at(row, step) + columns)),
    );
  });
  for (const held of [run, x, y]) held.free();
  return batches;
}

/** hₜ = xₜ + scale · hₜ₋₁ */
const plain = (options: object): Layer =>
  simpleRNN(UNITS, { activation: "linear", useBias: false, returnSequences: true, ...options });
const identities =
  (scale: number): Weight =>
  (name, [rows]) =>
    Array.from({ length: rows * rows }, (_, i) =>
      i % (rows + 1) === 0 ? (name === "kernel" ? 1 : scale) : 0,
    );
/** Five standard deviations of a count of 400 draws with probability ½. */
const FIVE = 50;

it("of the inputs drops the same features at each step of a row, others in another row and batch", () => {
  const batches = trained(plain({ dropout: 0.5 }), identities(0));
  for (const batch of batches)
    for (const steps of batch) {
      for (const step of steps) expect(step).toEqual(steps[0]);
      for (const value of steps[0]) expect([0, 2]).toContain(value);
    }
  const [first, second] = batches;
  expect(first).not.toEqual(second);
  expect(new Set(first.map((steps) => String(steps[0]))).size).toBeGreaterThan(BATCH / 2);
  const kept = first.flatMap((steps) => steps[0]).filter((value) => value > 0).length;
  expect(Math.abs(kept - 200)).toBeLessThan(FIVE);
});

it("of the state hides the same units from the recurrent kernel at each step", () => {
  const batches = trained(plain({ recurrentDropout: 0.75 }), identities(1));
  for (const batch of batches)
    for (const steps of batch)
      for (const [unit, value] of steps[1].entries()) {
        // hₜ = 1 + m hₜ₋₁ with m 0 or 4
        expect([1, 5]).toContain(value);
        expect(steps.map((step) => step[unit])).toEqual(value === 1 ? [1, 1, 1, 1] : [1, 5, 21, 85]);
      }
  expect(batches[0]).not.toEqual(batches[1]);
});

it("of the state leaves what a gate carries as it is", () => {
  // kernels of 0, an update gate of ½, and candidates of nearly 1: hₜ = hₜ₋₁/2 + ½
  const halves: Weight = (name, shape) =>
    Array.from({ length: sizeOf(shape) }, (_, i) =>
      name === "bias" && i >= 2 * UNITS && i < 3 * UNITS ? 20 : 0,
    );
  for (const batch of trained(gru(UNITS, { recurrentDropout: 0.5, returnSequences: true }), halves))
    for (const steps of batch)
      expect(steps).toEqual([0.5, 0.75, 0.875, 0.9375].map((value) => Array(UNITS).fill(value)));
});

it("of inputs and state are different draws, and so are both directions", () => {
  const [batch] = trained(plain({ dropout: 0.5, recurrentDropout: 0.5 }), identities(1));
  const seen = batch.flatMap(([first, second]) =>
    first.map((value, unit) => `${value > 0} ${second[unit] > value}`),
  );
  // an input that is dropped leaves the state at 0
  expect(new Set(seen)).toEqual(new Set(["false false", "true false", "true true"]));
  const [both] = trained(bidirectional(plain({ dropout: 0.5 })), identities(0));
  const equal = both.flatMap(([step]) =>
    step.slice(0, UNITS).filter((value, i) => value === step[UNITS + i]),
  ).length;
  expect(Math.abs(equal - 200)).toBeLessThan(FIVE);
});
