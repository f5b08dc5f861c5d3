/**
 * Clients that are slow, silent, greedy or gone: each holds what the bounds allow for a bounded time, and the
 * others are answered.
 */
import { afterEach, expect, it } from "vitest";
import type { NodeServerOptions, RequestHandler } from "../../src/serve/node/options.js";
import { type NodeServer, serveNode } from "../../src/serve/node/server.js";
import { ask, read, served, TOKEN } from "../serve/support.js";
import { dial, type Line, sleep, statusOf } from "./support/raw.js";

let server: NodeServer;
const errors: unknown[] = [];
async function start(handler: RequestHandler, options: NodeServerOptions = {}): Promise<void> {
  errors.length = 0;
  server = await serveNode(handler, { port: 0, onError: (error) => errors.push(error), ...options });
}
afterEach(() => server.close());

const text: RequestHandler = async (request) => new Response(await request.text());
const post = (more: string) => `POST / HTTP/1.1\r\nhost: a\r\n${more}\r\n\r\n`;
const GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/** Writes a byte again and again until the connection ends. */
async function trickle({ socket, ended }: Line, byte: string): Promise<void> {
  const timer = setInterval(() => socket.writable && socket.write(byte), 20);
  await ended;
  clearInterval(timer);
}

async function expectAlive(): Promise<void> {
  const response = await fetch(server.url, { method: "POST", body: "alive" });
  expect(await response.text()).toBe("alive");
}

it("ends connections that say nothing, and headers that never end, though a byte comes now and then", async () => {
  await start(text, { headersTimeout: 200 });
  const silent = Array.from({ length: 20 }, () => dial(server.port));
  const slow = Array.from({ length: 20 }, () => dial(server.port, "GET / HTTP/1.1\r\nhost: a\r\nx: "));
  const trickled = slow.map((line) => trickle(line, "a"));
  await expectAlive();
  await Promise.all(trickled);
  for (const line of [...silent, ...slow]) expect(statusOf(await line.ended)).toBe("408");
});

it("refuses a body that trickles, and one that stops", async () => {
  await start(text, { bodyTimeout: 200 });
  const slow = dial(server.port, post("content-length: 100000"));
  const chunked = dial(server.port, post("transfer-encoding: chunked"));
  const stopped = dial(server.port, `${post("content-length: 10")}half`);
  await Promise.all([trickle(slow, "x"), trickle(chunked, "1\r\nx\r\n")]);
  for (const line of [slow, chunked, stopped]) {
    expect(statusOf(await line.ended)).toBe("408");
    expect(line.text()).toContain("the body must arrive within 200 ms; received only a part");
  }
  await expectAlive();
});

it("does not count the time that the handler takes between two pieces of a body", async () => {
  await start(
    async (request) => {
      let length = 0;
      for await (const piece of request.body as unknown as AsyncIterable<Uint8Array>) {
        length += piece.length;
        await sleep(100);
      }
      return new Response(String(length));
    },
    { bodyTimeout: 600 },
  );
  const response = await fetch(server.url, { method: "POST", body: "x".repeat(500_000) });
  expect(await response.text()).toBe("500000");
});

it("ends connections that are idle after a response, and those past the limit at once", async () => {
  await start(text, { idleTimeout: 100, maxConnections: 3 });
  const idle = [dial(server.port, GET), dial(server.port, GET), dial(server.port, GET)];
  while (idle.some((line) => line.text() === "")) await sleep(1);
  const began = performance.now();
  expect(await dial(server.port, GET).ended).toBe("");
  expect(performance.now() - began).toBeLessThan(5_000);
  for (const line of idle) expect(statusOf(await line.ended)).toBe("200");
  await expectAlive();
});

it("produces no more of a response than its client takes, and ends the connection of one that takes nothing", async () => {
  let produced = 0;
  let cancelled = 0;
  const endless = (): Response =>
    new Response(
      new ReadableStream({
        pull(controller) {
          produced += 2 ** 16;
          controller.enqueue(new Uint8Array(2 ** 16));
        },
        cancel() {
          cancelled++;
        },
      }),
    );
  await start((request) => (request.method === "GET" ? endless() : text(request)), { writeTimeout: 300 });
  const greedy = Array.from({ length: 20 }, () => {
    const line = dial(server.port, GET);
    line.socket.pause();
    return line;
  });
  while (cancelled < 20) await sleep(10);
  // buffers of the system on both sides take some megabytes each
  expect(produced).toBeLessThan(20 * 16e6);
  await expectAlive();
  for (const { socket } of greedy) socket.destroy();
  expect(errors).toEqual([]);
});

it("sends a large response whole to a client that reads slowly, whatever the time in all", async () => {
  const bytes = Uint8Array.from({ length: 12e6 }, (_, i) => i % 251);
  await start(() => new Response(bytes), { writeTimeout: 500 });
  const line = dial(server.port, "GET / HTTP/1.0\r\n\r\n");
  line.socket.pause();
  const began = performance.now();
  const timer = setInterval(() => {
    line.socket.resume();
    setTimeout(() => line.socket.pause(), 1);
  }, 100);
  const received = await line.ended;
  clearInterval(timer);
  expect(performance.now() - began).toBeGreaterThan(500);
  const body = Buffer.from(received.slice(received.indexOf("\r\n\r\n") + 4), "latin1");
  expect(body.equals(bytes)).toBe(true);
});

it("lets go of the events of a study when their reader leaves or does not read, and the study goes on", async () => {
  const studies = served({ sliceSteps: 1, background: true });
  await start(studies.fetch, { writeTimeout: 200 });
  await read(ask(studies.fetch, "POST /studies/a", { body: { trials: 6, strategy: "random" } }));
  const head = `GET /studies/a/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`;
  const gone = dial(server.port, head);
  const silent = Array.from({ length: 20 }, () => dial(server.port, head));
  for (const { socket } of silent) socket.pause();
  while (!gone.text().includes("event: status")) await sleep(1);
  gone.socket.destroy();
  const reader = dial(server.port, head);
  while (!reader.text().includes('"phase":"done"')) await sleep(10);
  for (const { socket } of silent) socket.destroy();
  reader.socket.destroy();
  expect((await ask(studies.fetch, "GET /studies/a/result")).status).toBe(200);
});

it("cancels what a client that leaves does not want any more: its body, its handler, its response", async () => {
  const seen: string[] = [];
  await start(async (request) => {
    const { pathname } = new URL(request.url);
    request.signal.addEventListener("abort", () => seen.push(`${pathname} aborted`));
    if (pathname === "/body") await request.text().catch(() => seen.push("/body broken off"));
    if (pathname === "/slow") await sleep(100);
    return new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(10)),
        cancel: () => void seen.push(`${pathname} cancelled`),
      }),
    );
  });
  for (const [path, more] of [
    ["/body", "content-length: 9\r\n\r\nhalf"],
    ["/slow", "content-length: 0\r\n\r\n"],
    ["/stream", "content-length: 0\r\n\r\n"],
  ]) {
    const line = dial(server.port, `POST ${path} HTTP/1.1\r\nhost: a\r\n${more}`);
    if (path === "/stream") while (!line.text().includes("\r\n\r\n")) await sleep(1);
    else await sleep(50);
    line.socket.destroy();
  }
  const expected = ["/body aborted", "/body broken off", "/body cancelled", "/slow aborted"];
  expected.push("/slow cancelled", "/stream aborted", "/stream cancelled");
  for (let i = 0; i < 300 && seen.length < expected.length; i++) await sleep(10);
  expect([...seen].sort()).toEqual(expected);
  expect(errors).toEqual([]);
});
