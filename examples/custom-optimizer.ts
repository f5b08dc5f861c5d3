/**
 * A custom optimizer with its own hyperparameters and state: Signum, which follows the sign of a moving average of
 * gradients (J. Bernstein and others, "signSGD: compressed optimisation for non-convex problems", ICML 2018). Here it fits
 * y = 2a − 3b in a step written in operations; `model.compile({ optimizer: signum() })` takes it too.
 *
 *     npm run example examples/custom-optimizer.ts
 */
import { defineOptimizer } from "fettle";
import { applyOptimizer, compileStep, createEngine, gradients } from "fettle/engine";
import { add, matmul, mean, mul, neg, sign, square, step, sub, zerosLike } from "fettle/ops";

const signum = defineOptimizer({
  name: "signum",
  hyperparameters: { learningRate: 1e-3, beta: 0.9 },
  ranges: { beta: "[0, 1)" },
  init: ({ parameter }) => ({ m: zerosLike(parameter) }),
  update({ gradient, slots, hyperparameters: { learningRate, beta } }) {
    const m = add(mul(beta, slots.m), mul(sub(1, beta), gradient));
    return { update: neg(mul(learningRate, sign(m))), slots: { m } };
  },
});

const optimizer = signum({ beta: 0.5 });
const hyperparameters = Object.entries(optimizer.hyperparameters);

const program = compileStep(
  {
    streams: { x: 2, y: 1 },
    inputs: Object.fromEntries(hyperparameters.map(([name]) => [name, []])),
    state: { w: [2, 1], m: [2, 1] },
  },
  10,
  ({ graph, inputs, streams, state: { w, m } }) => {
    const loss = mean(square(sub(matmul(streams.x, w), streams.y)));
    const [gradient] = gradients(loss, [w]);
    const context = { parameter: w, gradient, slots: { m }, hyperparameters: inputs, step: step(graph) };
    const next = applyOptimizer(optimizer, context);
    return { state: { w: next.parameter, m: next.slots.m }, outputs: { loss } };
  },
);

const rows = Array.from({ length: 100 }, (_, i) => [((i * 37) % 101) / 50 - 1, ((i * 53) % 97) / 48 - 1]);
const engine = createEngine();
const x = engine.matrix(100, 2, rows.flat());
const y = engine.matrix(
  100,
  1,
  rows.map(([a, b]) => 2 * a - 3 * b),
);

const run = engine.start(program, { streams: { x, y }, batchSize: 10, shuffle: true });
for (const [name, value] of hyperparameters) run.write(name, value);
// hyperparameters are inputs, so a smaller learning rate needs no new program
for (const learningRate of [0.03, 0.003, 0.0003]) {
  run.write("learningRate", learningRate);
  run.advance(50 * run.stepsPerEpoch);
  const [a, b] = run.read("w");
  console.log(`learning rate ${learningRate}: y = ${a.toFixed(3)} a + ${b.toFixed(3)} b`);
}
