// Serves studies in a process of its own, on the built package, for tests that kill it.
// usage: node studies.mjs <storage> <folder> <options of serveStudies as JSON>; prints its port
import { choice, dense, float, int, random, sequential, tpe } from "fettle";
import { serveStudies } from "fettle/serve";
import { serveNode } from "fettle/serve/node";
import { byteStorage, memoryStorage } from "fettle/store";
import { folderStorage } from "fettle/store/folder";

const [, , kind, folder, json = "{}"] = process.argv;

/** Answers at once, and from no promise. */
function synchronousStorage() {
  const rows = new Map();
  return byteStorage({
    get: (key) => rows.get(key),
    put: (key, bytes) => void rows.set(key, bytes),
    delete: (key) => void rows.delete(key),
    keys: () => rows.keys(),
  });
}

const kinds = { memory: memoryStorage, synchronous: synchronousStorage, file: () => folderStorage(folder) };
const storage = kinds[kind]();
const x = Array.from({ length: 60 }, (_, i) => [i / 60, ((i * 7) % 13) / 13, ((i * 5) % 11) / 11]);
const y = x.map(([a, b, c]) => Number(a - b + 0.5 * c > 0.4));

const studies = serveStudies({
  onError: (error) => onError(error),
  token: "0123456789abcdef",
  storage,
  settings: {
    trials: int(1, 1_000_000),
    epochs: int(1, 1000),
    units: int(1, 1_000_000),
    strategy: choice(["tpe", "random"]),
  },
  tuner: ({ trials, epochs, units, strategy }) => ({
    x,
    y,
    trials,
    seed: 3,
    lag: 1,
    curves: false,
    validation: { folds: 2 },
    testSize: 0.2,
    fit: { epochs, batchSize: 16 },
    strategy: strategy === "tpe" ? tpe() : random(),
    space: { learningRate: float(1e-2, 1, { log: true }) },
    model: () => {
      const model = sequential([dense(units, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]);
      model.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
      return model;
    },
  }),
  ...JSON.parse(json),
});

/** Errors that clients are not told. */
const errors = [];
const onError = (error) => errors.push(String(error));

/**
 * What is held by what a collection of garbage only queues for its end, such as streams, is collected by the
 * next one.
 */
async function memory() {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return Response.json({ heapUsed, arrayBuffers, errors });
}

const server = await serveNode(
  (request) => (new URL(request.url).pathname === "/memory" ? memory() : studies.fetch(request)),
  { port: 0, onError },
);
console.log(`port ${server.port}`);
