/**
 * One server of the benchmark in a process of its own, from the built package, as a program starts it. It
 * tells its parent its port; asked anything, how many microseconds of processor time it has taken.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { MODEL, type ServerName, TOKEN } from "./requests.js";

const built = (file: string) => import(new URL(`../../dist/node/${file}`, import.meta.url).href);
const { dense, saveModel, sequential } = (await built("index.js")) as typeof import("../../src/index.js");
const { loadPredictor } = (await built("predict.js")) as typeof import("../../src/predict/index.js");
const { modelServer } = (await built("serve.js")) as typeof import("../../src/serve/index.js");
const { serveNode } = (await built("serveNode.js")) as typeof import("../../src/serve/node/index.js");

const predictor = await loadPredictor(await savedModel());
const predictions = modelServer(predictor, { token: TOKEN });

const SERVERS: Readonly<Record<ServerName, () => Promise<number>>> = {
  plain: listen,
  modelServer: async () => (await serveNode(predictions, { port: 0 })).port,
  "modelServer in a function": async () =>
    (await serveNode((request) => predictions(request), { port: 0 })).port,
  "empty handler": async () => (await serveNode(() => new Response("ok"), { port: 0 })).port,
};

const port = await SERVERS[process.argv[2] as ServerName]();
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
process.on("disconnect", () => process.exit());
process.send?.(port);

async function savedModel(): Promise<Uint8Array> {
  const { inputs, units } = MODEL;
  const model = sequential([dense(units, { activation: "relu" }), dense(1, { activation: "sigmoid" })]);
  model.compile({ optimizer: "sgd", loss: "binaryCrossentropy" });
  const rows = [0, 1].map((value) => Array<number>(inputs).fill(value));
  await model.fit(rows, [0, 1], { epochs: 1 });
  return saveModel(model);
}

/** The least that answers a row: no secret, no check, no bound. */
function listen(): Promise<number> {
  const server = createServer((request, response) => {
    const pieces: Uint8Array[] = [];
    request.on("data", (piece: Uint8Array) => pieces.push(piece));
    request.on("end", () => {
      const row = JSON.parse(Buffer.concat(pieces).toString());
      const body = JSON.stringify({ predictions: predictor.answers(row) });
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      });
      response.end(body);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}
