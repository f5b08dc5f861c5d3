/**
 * One training step of convolutional and recurrent networks, in turns beside the time that its products would
 * take at the machine's peak, and then in turns beside PyTorch on one thread in a process of its own, whose
 * start and end slow down what runs after it. The data lies ready; ours also gathers its shuffled batches.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  adam,
  conv2d,
  dense,
  flatten,
  functional,
  gru,
  input,
  type Layer,
  type LayersModel,
  lstm,
  maxPooling2d,
} from "fettle";
import { eachOnce, median } from "../measure.js";
import { engine, noise, startRun } from "../networks.js";
import { peakOf } from "../peak.js";
import { plainRow, type Row } from "../row.js";

const PYTHON = "/usr/bin/python3";
const ROUNDS = 7;
const STEPS = 30;
/** Steps before these that do not count, after another process has been through the caches. */
const FIRST_STEPS = 10;
const BATCH = 32;
/** Rows of the data. */
const ROWS = 1024;
const CLASSES = 10;
const { work: peak, operations: peakOperations } = peakOf("strict")!;

interface Stack {
  /** The shape of a row. */
  readonly row: readonly number[];
  /**
   * Multiply-adds of a row's products forward: of the layer that reads the inputs, whose gradient nobody
   * needs, and of all others, which have two products more backwards.
   */
  readonly products: readonly [first: number, others: number];
  layers(): readonly Layer[];
}

/** As `layers.py` has them. */
const networks: Readonly<Record<string, Stack>> = {
  cnn: {
    row: [8, 8, 1],
    products: [64 * 9 * 16, 64 * 9 * 16 * 32 + 4 * 4 * 32 * CLASSES],
    layers: () => [
      conv2d(16, 3, { padding: "same", activation: "relu" }),
      conv2d(32, 3, { padding: "same", activation: "relu" }),
      maxPooling2d(2),
      flatten(),
      dense(CLASSES, { activation: "softmax" }),
    ],
  },
  "LeNet-5": {
    row: [28, 28, 1],
    products: [28 * 28 * 25 * 6, 10 * 10 * 25 * 6 * 16 + 400 * 120 + 120 * 84 + 84 * CLASSES],
    layers: () => [
      conv2d(6, 5, { padding: "same", activation: "relu" }),
      maxPooling2d(2),
      conv2d(16, 5, { activation: "relu" }),
      maxPooling2d(2),
      flatten(),
      dense(120, { activation: "relu" }),
      dense(84, { activation: "relu" }),
      dense(CLASSES, { activation: "softmax" }),
    ],
  },
  LSTM: {
    row: [24, 8],
    products: [24 * 8 * 4 * 32, 24 * 32 * 4 * 32 + 32 * CLASSES],
    layers: () => [lstm(32), dense(CLASSES, { activation: "softmax" })],
  },
  GRU: {
    row: [24, 8],
    products: [24 * 8 * 3 * 32, 24 * 32 * 3 * 32 + 32 * CLASSES],
    layers: () => [gru(32), dense(CLASSES, { activation: "softmax" })],
  },
};

export async function* layers(): AsyncIterable<Row> {
  const hasTorch = spawnSync(PYTHON, ["-c", "import torch"]).status === 0;
  for (const [name, network] of Object.entries(networks)) {
    const [own, atPeak, ownBeside, theirs]: number[][] = [[], [], [], []];
    const [first, others] = network.products;
    const turns = Math.ceil((2 * BATCH * STEPS * (2 * first + 3 * others)) / peakOperations);
    const share = (2 * BATCH * (2 * first + 3 * others)) / (turns * peakOperations);
    const { step, free } = training(network);
    const seconds = async (): Promise<number> => (await eachOnce(1, () => step(STEPS)))[0] / STEPS;
    step(STEPS); // for just-in-time compilers
    for (let round = 0; round < ROUNDS; round++) {
      own.push(await seconds());
      const [limit] = await eachOnce(1, () => peak(turns));
      atPeak.push(limit * share);
    }
    for (let round = 0; hasTorch && round < ROUNDS; round++) {
      step(FIRST_STEPS);
      ownBeside.push(await seconds());
      theirs.push(torchSeconds(name));
    }
    free();
    const where = {
      suite: "layers",
      name: `${name} step, adam`,
      size: `${network.row.join("×")} × ${BATCH}`,
    };
    yield plainRow(where, "ms", median(own) * 1e3, "products at peak", median(atPeak) * 1e3);
    if (hasTorch)
      yield plainRow(where, "ms", median(ownBeside) * 1e3, "PyTorch, one thread", median(theirs) * 1e3);
  }
}

function modelOf({ row, layers }: Stack): LayersModel {
  const x = input([...row]);
  const model = functional({ inputs: x, outputs: layers().reduce((value, layer) => layer.apply(value), x) });
  model.compile({ optimizer: adam(), loss: "categoricalCrossentropy" });
  return model;
}

/** Our steps, each turn from the first weights. */
function training(network: Stack): { step(count: number): void; free(): void } {
  const columns = network.row.reduce((a, b) => a * b);
  const data = {
    x: engine.matrix(ROWS, columns, noise(ROWS * columns)),
    y: engine.matrix(
      ROWS,
      CLASSES,
      Float32Array.from({ length: ROWS * CLASSES }, (_, i) =>
        Number(i % CLASSES === (7 * Math.floor(i / CLASSES)) % CLASSES),
      ),
    ),
  };
  const run = startRun(modelOf(network), columns, BATCH, data);
  const start = run.save();
  return {
    step(count) {
      run.restore(start);
      run.advance(count);
    },
    free() {
      for (const each of [run, data.x, data.y]) each.free();
    },
  };
}

/** Seconds a step in a new process. */
function torchSeconds(name: string): number {
  const program = fileURLToPath(new URL("../layers.py", import.meta.url));
  const { stdout, stderr, status } = spawnSync(PYTHON, [program, name, String(STEPS), String(FIRST_STEPS)], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
}
