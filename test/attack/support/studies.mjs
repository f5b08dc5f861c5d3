// Serves studies in a process of its own, on the built package, for tests that kill it.
// usage: node studies.mjs <store> <folder> <options of serveStudies as JSON>; prints its port
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { choice, dense, float, int, random, sequential, tpe } from "fettle";
import { memoryStore, serveStudies } from "fettle/serve";
import { fileStore } from "fettle/serve/node";

const [, , kind, folder, json = "{}"] = process.argv;

/** Answers at once, and from no promise. */
function synchronousStore() {
  const rows = new Map();
  return {
    get: (key) => rows.get(key),
    put: (key, bytes) => void rows.set(key, bytes),
    delete: (key) => void rows.delete(key),
    keys: () => rows.keys(),
  };
}

const store = { memory: memoryStore, synchronous: synchronousStore, file: () => fileStore(folder) }[kind]();
const x = Array.from({ length: 60 }, (_, i) => [i / 60, ((i * 7) % 13) / 13, ((i * 5) % 11) / 11]);
const y = x.map(([a, b, c]) => Number(a - b + 0.5 * c > 0.4));

const studies = serveStudies({
  token: "0123456789abcdef",
  store,
  settings: {
    trials: int(1, 1_000_000),
    epochs: int(1, 1000),
    units: int(1, 1_000_000),
    strategy: choice(["tpe", "random"]),
  },
  tuner: ({ trials, epochs, units, strategy }) => ({
    ...{ x, y, trials, seed: 3, lag: 1, curves: false },
    ...{ validation: { folds: 2 }, testSize: 0.2, fit: { epochs, batchSize: 16 } },
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

async function answer(incoming, outgoing) {
  const { method, url, headers } = incoming;
  if (url === "/memory") {
    globalThis.gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    outgoing.end(JSON.stringify({ heapUsed, arrayBuffers }));
    return;
  }
  const body = method === "GET" || method === "HEAD" ? undefined : Readable.toWeb(incoming);
  const request = new Request(new URL(url, "http://localhost"), { method, headers, body, duplex: "half" });
  const response = await studies.fetch(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body) await pipeline(response.body, outgoing);
  else outgoing.end();
}

const server = createServer((...both) => answer(...both).catch(() => both[1].destroy()));
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
