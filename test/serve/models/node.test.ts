/**
 * A model behind `serveNode`, as docs/serving-models.md has it: sockets, bodies that are refused half-way,
 * and clients that leave.
 */
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { loadPredictor, type Predictor } from "../../../src/predict/predictor.js";
import { modelServer } from "../../../src/serve/models/modelServer.js";
import { type NodeServer, serveNode } from "../../../src/serve/node/server.js";
import { dial, sleep } from "../../attack/support/raw.js";
import { authorized, passenger, passengers, refused, TOKEN } from "./support.js";

const errors: unknown[] = [];
const serve = modelServer(passengers.bytes(), { token: TOKEN, onError: (error) => errors.push(error) });

let server: NodeServer;
let origin: string;
let predictor: Predictor;
beforeAll(async () => {
  server = await serveNode(serve, {
    port: 0,
    maxBodyBytes: Infinity,
    onError: (error) => errors.push(error),
  });
  origin = server.url;
  predictor = await loadPredictor(passengers.bytes());
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => server.close());

const ask = (body: unknown, type = "application/json", more: object = {}) =>
  fetch(`${origin}/predict`, {
    method: "POST",
    headers: { ...authorized, "content-type": type },
    body: body as string,
    duplex: "half",
    ...more,
  } as RequestInit);

it("answers over sockets", async () => {
  const response = await ask(JSON.stringify([passenger, passenger]));
  const predictions = predictor.answers([passenger, passenger]);
  expect([response.status, await response.json()]).toEqual([200, { predictions }]);
  expect(await (await fetch(`${origin}/health`)).json()).toEqual({ status: "ok" });
  expect((await fetch(`${origin}/schema`)).status).toBe(401);
});

it("answers a row without a Request, a Response or a stream, which cost more than the prediction", async () => {
  const body = JSON.stringify(passenger);
  const line = dial(
    server.port,
    `POST /predict HTTP/1.1\r\nhost: a\r\nauthorization: ${authorized.authorization}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
  );
  const made = (["Request", "Response", "ReadableStream", "AbortController"] as const).map((name) =>
    vi.spyOn(globalThis, name),
  );
  line.socket.write(body);
  while (!line.text().includes("predictions")) await sleep(1);
  line.socket.destroy();
  expect(made.map((spy) => spy.mock.calls.length)).toEqual([0, 0, 0, 0]);
});

it("refuses bodies that are too long, each with a response", async () => {
  for (let i = 0; i < 30; i++) {
    const response = await ask(new Uint8Array(2 ** 21 + i));
    expect([response.status, await response.json()]).toEqual([
      413,
      refused("memory_limit", "the body must be at most 1048576 bytes; received more than that"),
    ]);
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(2 ** 16)) });
    if (i % 10 === 0) expect((await ask(endless)).status).toBe(413);
  }
  expect((await ask(JSON.stringify(passenger))).status).toBe(200);
});

it("answers lines while they are sent, of any number", async () => {
  const rows = 20_000;
  const line = new TextEncoder().encode(`${JSON.stringify(passenger)}\n`.repeat(100));
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (sent === rows) return controller.close();
      sent += 100;
      controller.enqueue(line);
    },
  });
  const response = await ask(body, "application/x-ndjson");
  const text = await response.text();
  expect(text).toBe(`${JSON.stringify(predictor.answers(passenger)[0])}\n`.repeat(rows));
});

it("goes on when clients leave in the middle", async () => {
  for (const type of ["application/json", "application/x-ndjson"]) {
    const leave = new AbortController();
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(`${JSON.stringify(passenger)}\n{"age":`));
      },
    });
    const asked = ask(body, type, { signal: leave.signal }).then((response) => response.text());
    setTimeout(() => leave.abort(), 30);
    await expect(asked).rejects.toThrow(/abort/);
  }
  expect((await ask(JSON.stringify(passenger))).status).toBe(200);
  expect(errors).toEqual([]);
});
