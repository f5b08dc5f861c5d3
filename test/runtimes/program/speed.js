/** How fast a runtime trains: a small network, 100 → 64 → 1, in batches of 32. */
import { adam, dense, sequential } from "fettle";

const COLUMNS = 100;
const BATCH = 32;
const STEPS_PER_EPOCH = 100;
const EPOCHS = 20;
const ROUNDS = 5;

function network() {
  const model = sequential([dense(64, { activation: "relu" }), dense(1, { activation: "sigmoid" })]);
  model.compile({ optimizer: adam(), loss: "binaryCrossentropy" });
  return model;
}

/** Numbers without a pattern that the network could learn at once. */
function examples(rows) {
  let state = 1;
  const next = () => {
    state = (state * 1103 + 12345) % 65521;
    return ((state % 33) - 16) / 8;
  };
  const x = Float32Array.from({ length: rows * COLUMNS }, next);
  const y = Float32Array.from({ length: rows }, () => Number(next() > 0));
  return [
    { data: x, shape: [rows, COLUMNS] },
    { data: y, shape: [rows, 1] },
  ];
}

/** Loads the kernels, compiles the network and trains it for one step. */
export async function firstStep() {
  await network().fit(...examples(BATCH), { batchSize: BATCH });
}

/** The median of some rounds, in steps a second. */
export async function stepsPerSecond() {
  const data = examples(BATCH * STEPS_PER_EPOCH);
  const rounds = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const model = network();
    const begin = performance.now();
    await model.fit(...data, { batchSize: BATCH, epochs: EPOCHS });
    rounds.push((1000 * STEPS_PER_EPOCH * EPOCHS) / (performance.now() - begin));
  }
  // the first warms up
  return rounds.slice(1).sort((a, b) => a - b)[ROUNDS >> 1];
}
