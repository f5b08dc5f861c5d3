/**
 * Handlers behind `serveNode` and `nodeHandler`: what passes between them and clients, errors, options, and
 * how a server ends.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer, type Server, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { handlerOf } from "../../../src/serve/handler.js";
import { NodeAsked } from "../../../src/serve/node/asked.js";
import { nodeHandler } from "../../../src/serve/node/handler.js";
import type { NodeResponse } from "../../../src/serve/node/host.js";
import type { NodeServerOptions, RequestHandler } from "../../../src/serve/node/options.js";
import { type NodeServer, serveNode } from "../../../src/serve/node/server.js";
import { dial, sleep, statusOf } from "../../attack/support/raw.js";
import { refusal } from "../../tune/support.js";

let server: NodeServer | undefined;
const errors: unknown[] = [];
async function start(handler: RequestHandler, options: NodeServerOptions = {}): Promise<NodeServer> {
  errors.length = 0;
  server = await serveNode(handler, { port: 0, onError: (error) => errors.push(error), ...options });
  return server;
}
afterEach(() => server?.close());

const unexpected = { error: { code: "internal", message: "the server met an unexpected error" } };

describe("a request", () => {
  it("reaches the handler with its method, path, headers and body, and the response its client", async () => {
    const { url, port } = await start(async (request) => {
      const headers = new Headers({ "x-method": request.method, "content-type": "text/plain" });
      headers.append("set-cookie", "a=1");
      headers.append("set-cookie", "b=2");
      const said = [
        request.url,
        request.headers.get("x-twice"),
        request.headers.get("host"),
        await request.text(),
      ];
      return new Response(said.join("|"), { status: 203, headers });
    });
    expect(url).toBe(`http://127.0.0.1:${port}`);
    const headers = new Headers({ "x-twice": "é" });
    headers.append("x-twice", "2");
    const response = await fetch(`${url}/a%20b/../c?d=1`, { method: "PUT", headers, body: "bödy" });
    expect(await response.text()).toBe(`http://localhost/c?d=1|é, 2|127.0.0.1:${port}|bödy`);
    expect([response.status, response.headers.get("x-method"), response.headers.getSetCookie()]).toEqual([
      ...[203, "PUT", ["a=1", "b=2"]],
    ]);
  });

  it.each<[string, RequestHandler]>([
    [
      "of this package",
      handlerOf(
        async () => ({ status: 200, headers: { "x-a": "é" }, body: "wörds" }),
        () => {},
      ),
    ],
    ["of another's", () => new Response("wörds", { headers: { "x-a": "é" } })],
  ])("gets a small body in one write with its length, from a handler %s", async (_, handler) => {
    const { port } = await start(handler);
    const line = dial(port);
    const received = new Promise<string>((resolve) =>
      line.socket.once("data", (piece) => resolve(piece.toString("latin1"))),
    );
    line.socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    const [head, body] = (await received).split("\r\n\r\n");
    expect(head.toLowerCase()).toContain("\r\ncontent-length: 6");
    expect(head).not.toMatch(/transfer-encoding/i);
    expect(head).toContain("x-a: é");
    expect(body).toBe(Buffer.from("wörds").toString("latin1"));
    line.socket.destroy();
  });

  it("gets a large body whole, of bytes or of text", async () => {
    const bytes = Uint8Array.from({ length: 150_000 }, (_, i) => i % 251);
    const text = "ü".repeat(65_536); // two pieces to the byte
    const { url } = await start(
      handlerOf(
        async ({ method }) => ({ status: 200, headers: {}, body: method === "GET" ? bytes : text }),
        () => {},
      ),
    );
    const response = await fetch(url);
    expect(response.headers.get("content-length")).toBe("150000");
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
    expect(await (await fetch(url, { method: "POST" })).text()).toBe(text);
  });

  it("gets the framing that its handler chose, and no length where there can be no body", async () => {
    const head = async (response: () => Response) => {
      const { port, close } = await start(response);
      const line = dial(port, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
      const [text] = (await line.ended).toLowerCase().split("\r\n\r\n");
      await close();
      return text.split("\r\n").filter((header) => /^(content-length|transfer-encoding)/.test(header));
    };
    const own = (name: string, value: string) => () => new Response("12345", { headers: { [name]: value } });
    expect(await head(own("content-length", "5"))).toEqual(["content-length: 5"]);
    expect(await head(own("transfer-encoding", "chunked"))).toEqual(["transfer-encoding: chunked"]);
    expect(await head(() => new Response(null, { status: 204 }))).toEqual([]);
    expect(await head(() => new Response(null, { status: 304 }))).toEqual([]);
    expect(await head(() => new Response(""))).toEqual(["content-length: 0"]);
  });

  it("gets the head of a stream before there is a body", async () => {
    const { port } = await start(() => new Response(new ReadableStream()));
    const line = dial(port, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    while (!line.text().includes("\r\n\r\n")) await sleep(1);
    expect(line.text()).toMatch(/^HTTP\/1\.1 200 .*transfer-encoding: chunked/is);
    line.socket.destroy();
  });

  it("of HEAD gets the headers alone", async () => {
    const { url } = await start(({ method }) => new Response("body", { headers: { "x-method": method } }));
    const response = await fetch(url, { method: "HEAD" });
    expect([response.headers.get("x-method"), await response.text()]).toEqual(["HEAD", ""]);
  });

  it("gets 204 without a body", async () => {
    const { url } = await start(() => new Response(null, { status: 204 }));
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([204, ""]);
  });

  it("that its handler does not read does not hold up the next on its connection", async () => {
    const { port } = await start(({ url }) => new Response(new URL(url).pathname));
    const body = "x".repeat(300_000);
    const one = (path: string) =>
      `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const line = dial(port, one("/first") + one("/second"));
    while (!line.text().includes("/second")) await sleep(1);
    line.socket.destroy();
  });

  it("whose handler fails gets 500 without the reason, which onError is told", async () => {
    const cause = new Error("no table in /srv");
    const wrong: readonly RequestHandler[] = [
      () => {
        throw cause;
      },
      async () => Promise.reject(cause),
      () => "text" as never,
      () => undefined as never,
      () => Response.error(),
      async () => {
        const response = new Response("read before");
        await response.text();
        return response;
      },
    ];
    for (const handler of wrong) {
      const { url, close } = await start(handler);
      const response = await fetch(url, { method: "POST", body: "x" });
      expect([response.status, await response.json()]).toEqual([500, unexpected]);
      expect(errors).toHaveLength(1);
      await close();
    }
    await start(wrong[0]);
    await fetch((server as NodeServer).url);
    expect(errors).toEqual([cause]);
  });

  it("whose response breaks off ends without an end, so that its client notices", async () => {
    const cause = new Error("the source ended");
    const { url } = await start(
      () =>
        new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(new Uint8Array(5)),
            pull: (controller) => controller.error(cause),
          }),
        ),
    );
    await expect(fetch(url).then((response) => response.text())).rejects.toThrow();
    expect(errors).toEqual([cause]);
  });
});

it("a listener for another server answers and refuses in the same way", async () => {
  const listener = nodeHandler(async (request) => new Response(await request.text()), { maxBodyBytes: 10 });
  const own = createServer(listener).listen(0, "127.0.0.1");
  await once(own, "listening");
  const { port } = own.address() as AddressInfo;
  const said = async (body: string) => {
    const response = await fetch(`http://127.0.0.1:${port}`, { method: "POST", body });
    return [response.status, (await response.text()).slice(0, 60)];
  };
  expect(await said("0123456789")).toEqual([200, "0123456789"]);
  expect(await said("01234567890")).toEqual([
    413,
    '{"error":{"code":"memory_limit","message":"the body must be ',
  ]);
  // in chunks, whose length nobody says
  const body = new Blob(["01234567890"]).stream();
  const chunks = { method: "POST", body, duplex: "half" } as RequestInit;
  expect((await fetch(`http://127.0.0.1:${port}`, chunks)).status).toBe(413);
  const [response] = await once(send({ port, host: "127.0.0.1", method: "TRACE" }).end(), "response");
  expect(response.statusCode).toBe(405);
  own.closeAllConnections();
  own.close();
});

describe("the signal of a request", () => {
  it.each([
    ["has left before it is looked at", true, false, true],
    ["has left with all of the response", true, true, false],
    ["waits", false, false, false],
  ])("is aborted if its client %s: %s", (_, destroyed, writableFinished, isAborted) => {
    const on = (_: string, listener: () => void) => void closes.push(listener);
    const closes: (() => void)[] = [];
    const outgoing = { destroyed, writableFinished, on } as unknown as NodeResponse;
    const { signal } = new NodeAsked("GET", "http://localhost/", new Map(), null, outgoing);
    expect([signal.aborted, closes.length]).toEqual([isAborted, destroyed ? 0 : 1]);
    closes[0]?.();
    expect(signal.aborted).toBe(!writableFinished);
  });
});

describe("close", () => {
  it("lets running responses end, refuses others, and ends streams of events", async () => {
    const idle = (): void => {};
    let finish = idle;
    const { port, close, url } = await start(async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/events")
        return new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
          }),
          { headers: { "content-type": "text/event-stream" } },
        );
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return new Response("whole");
    });
    const events = await fetch(`${url}/events`);
    const running = dial(port, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    const arriving = dial(port, "GET / HTTP/1.1\r\nhost: a");
    while (finish === idle) await sleep(1);
    await sleep(50); // for the head that is on its way
    let isClosed = false;
    const closed = close().then(() => {
      isClosed = true;
    });
    expect(close()).toBe(close());
    expect(await events.text()).toBe("data: 1\n\n");
    expect(await dial(port, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").ended).toBe("");
    expect(isClosed).toBe(false);
    arriving.socket.write("\r\n\r\n");
    expect(await arriving.ended).toMatch(/^HTTP\/1\.1 503 .*connection: close.*the server is closing/s);
    finish();
    expect(await running.ended).toMatch(/^HTTP\/1\.1 200 .*connection: close.*whole/s);
    await closed;
  });

  it("ends what takes longer than closeTimeout", async () => {
    let isStuck = false;
    const never = () => {
      isStuck = true;
      return new Promise<Response>(() => {});
    };
    const { port, close } = await start(never, { closeTimeout: 100 });
    const stuck = dial(port, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    while (!isStuck) await sleep(1);
    const began = performance.now();
    await close();
    expect(performance.now() - began).toBeGreaterThan(90);
    expect(await stuck.ended).toBe("");
  });

  it("does not wait for idle connections", async () => {
    const { port, close } = await start(() => new Response("whole"), {
      idleTimeout: 60_000,
      closeTimeout: 60_000,
    });
    const idle = dial(port, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    while (!idle.text().includes("whole")) await sleep(1);
    await close();
    expect(statusOf(await idle.ended)).toBe("200");
  });
});

describe("options", () => {
  const handler = () => new Response();
  it.each<[unknown, unknown, string]>([
    [
      undefined,
      {},
      "invalid_argument: handler must be a function from Request to Response; received undefined",
    ],
    [handler, null, "invalid_argument: the options of serveNode must be an object; received null"],
    [handler, { ports: 1 }, 'unknown_name: unknown option of serveNode "ports". Did you mean "port"?'],
    [handler, { port: 65_536 }, "port must be an integer from 0 to 65535; received 65536"],
    [handler, { port: "80" }, 'port must be an integer from 0 to 65535; received "80"'],
    [handler, { hostname: "" }, 'hostname must be a name or an address; received ""'],
    [handler, { maxConnections: 0 }, "maxConnections must be a positive integer; received 0"],
    [handler, { maxBodyBytes: -1 }, "maxBodyBytes must be a positive integer or Infinity; received -1"],
    [handler, { onError: "log" }, 'onError must be a function of an error; received "log"'],
    ...["headersTimeout", "bodyTimeout", "writeTimeout", "idleTimeout", "closeTimeout"].flatMap((name) =>
      [0, 2 ** 31, Infinity, "5"].map((value) => {
        const message = `${name} must be an integer from 1 to 2147483647, in milliseconds; received `;
        return [handler, { [name]: value }, message] as [unknown, unknown, string];
      }),
    ),
  ])("%# are refused", async (given, options, message) => {
    const refused = await refusal(() => serveNode(given as RequestHandler, options as NodeServerOptions));
    expect(refused).toContain(message);
  });

  it.each([
    [{}, [256, 10_000, 5_000, 1_000]],
    [{ maxConnections: 7, headersTimeout: 700, idleTimeout: 800, closeTimeout: 900 }, [7, 700, 800, 700]],
  ])("%o are those of Node's server, which tells its errors", async (own, expected) => {
    const REQUEST = "http.server.request.start";
    const servers: Server[] = [];
    const hear = (message: unknown) => void servers.push((message as { readonly server: Server }).server);
    subscribe(REQUEST, hear);
    const { url } = await start(handler, own);
    await fetch(url);
    unsubscribe(REQUEST, hear);
    const [node] = servers;
    const { maxConnections, headersTimeout, keepAliveTimeout, requestTimeout, connectionsCheckingInterval } =
      node as Server & { readonly connectionsCheckingInterval: number };
    expect([maxConnections, headersTimeout, keepAliveTimeout, connectionsCheckingInterval]).toEqual(expected);
    expect(requestTimeout).toBe(0); // bodies have their own time-outs
    const failure = new Error("accept EMFILE");
    node.emit("error", failure);
    expect(errors).toEqual([failure]);
  });

  it("of nodeHandler are its own", async () => {
    expect(await refusal(() => nodeHandler(handler, { port: 1 } as object))).toContain(
      'unknown_name: unknown option of nodeHandler "port"',
    );
  });

  it("name a port that is taken", async () => {
    const { port } = await start(handler);
    expect(await refusal(() => serveNode(handler, { port }))).toMatch(
      /^invalid_state: cannot listen on 127\.0\.0\.1, port \d+: .*EADDRINUSE/,
    );
  });
});
