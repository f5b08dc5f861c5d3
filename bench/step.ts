/**
 * The time of one training step, by model and optimizer, and the time from a new
 * architecture to a program. Medians over repetitions; compare figures of one run only.
 *
 *     npm run bench:step
 */
import { adadelta, adagrad, adam, createEngine, dense, rmsprop, sequential, sgd } from "fettle";
import { hyperparametersOf, programOf } from "../src/nn/architecture.js";

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const optimizers = { sgd: sgd(), adam: adam(), rmsprop: rmsprop(), adagrad: adagrad(), adadelta: adadelta() };
const models = [
  { columns: 100, hidden: [64], outputs: 1 },
  { columns: 30, hidden: [64], outputs: 1 },
  { columns: 64, hidden: [128, 64], outputs: 10 },
  { columns: 4, hidden: [4], outputs: 1 },
];
const ROWS = 1024;

/** Numbers in [−1, 1) without a pattern. */
const noise = (i: number): number =>
  Math.imul(Math.imul(i + 1, 0x9e3779b1) ^ 0x5bd1e995, 0x85ebca6b) / 2 ** 31;

/** Labels that no network learns in time: gradients that vanish would time denormal numbers instead. */
function label(i: number, outputs: number): number {
  const hash = Math.imul(Math.floor(i / outputs) + 1, 0x9e3779b1) >>> 16;
  return outputs === 1 ? hash % 2 : Number(hash % outputs === i % outputs);
}
const engine = createEngine();

for (const { columns, hidden, outputs } of models) {
  for (const [name, optimizer] of Object.entries(optimizers)) {
    const activation = outputs === 1 ? "sigmoid" : "softmax";
    const model = sequential([
      ...hidden.map((units) => dense(units, { activation: "relu" as const })),
      dense(outputs, { activation }),
    ]);
    model.compile({ optimizer, loss: outputs === 1 ? "binaryCrossentropy" : "categoricalCrossentropy" });
    const architecture = model.architecture(columns);
    const compileStart = performance.now();
    const program = programOf(architecture, "train", 32);
    const compiled = performance.now() - compileStart;
    const x = engine.matrix(
      ROWS,
      columns,
      Float32Array.from({ length: ROWS * columns }, (_, i) => noise(i)),
    );
    const y = engine.matrix(
      ROWS,
      outputs,
      Float32Array.from({ length: ROWS * outputs }, (_, i) => label(i, outputs)),
    );
    const run = engine.start(program, { streams: { x, y }, shuffle: true });
    run.write(
      "parameters",
      Float32Array.from({ length: run.read("parameters").length }, (_, i) => noise(i) / 10),
    );
    for (const [input, value] of Object.entries(hyperparametersOf(architecture))) run.write(input, value);
    run.advance(2000);
    const times = Array.from({ length: 9 }, () => {
      const start = performance.now();
      run.advance(1000);
      return performance.now() - start;
    });
    const sizes = [columns, ...hidden, outputs];
    const products = sizes
      .slice(1)
      .reduce((sum, units, i) => sum + 32 * units * sizes[i] * (i === 0 ? 2 : 3), 0);
    const micros = median(times);
    console.log(
      `${sizes.join("→")} ${name}: ${micros.toFixed(1)} µs a step, ${((2 * products) / micros / 1000).toFixed(1)} GFLOP/s in products; compiled in ${compiled.toFixed(1)} ms`,
    );
    run.free();
    x.free();
    y.free();
  }
}
