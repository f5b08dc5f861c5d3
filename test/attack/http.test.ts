/**
 * Requests that are malformed, hostile or too large, as bytes on real connections. The server answers each
 * with 4xx or ends its connection, says nothing of its own errors, and answers the next client as ever.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NodeServer, serveNode } from "../../src/serve/node/server.js";
import { cases } from "../cases.js";
import { FETTLE_TOKEN, PageServer } from "../docs/servers.js";
import { ask, read, served, TOKEN } from "../serve/support.js";
import { answerTo, dial, sleep, statusOf } from "./support/raw.js";
import { anyBytes, damagedRequest, soundRequest, unsoundRequest } from "./support/requests.js";

const errors: unknown[] = [];
const onError = (error: unknown) => errors.push(error);
const studies = served({ onError });
let server: NodeServer;
/** The same studies behind a function of the user's own, for which `serveNode` makes `Request`s. */
let wrapped: NodeServer;
let status: unknown;
beforeAll(async () => {
  const options = {
    port: 0,
    onError,
    maxBodyBytes: 100_000,
    headersTimeout: 100,
    bodyTimeout: 100,
    idleTimeout: 1_000,
  };
  server = await serveNode(studies.fetch, options);
  wrapped = await serveNode((request) => studies.fetch(request), options);
  status = await read(ask(studies.fetch, "POST /studies/good", { body: { trials: 6, strategy: "tpe" } }));
});
afterAll(async () => {
  await server.close();
  await wrapped.close();
  expect(errors).toEqual([]);
});

/** A client that does everything right is answered. */
async function expectAlive(): Promise<void> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const response = await fetch(`${server.url}/studies/good`, { headers });
  expect([response.status, await response.json()]).toEqual([200, status]);
}

const AUTHORIZED = `authorization: Bearer ${TOKEN}\r\n`;
const HOST = "host: localhost\r\n";
const GET = `GET /studies/good HTTP/1.1\r\n${AUTHORIZED}`;
const POST = `POST /studies/other HTTP/1.1\r\n${HOST}${AUTHORIZED}`;

describe("a request is answered as it should be:", () => {
  it.each([
    ["as a client sends it", `${GET}${HOST}\r\n`, "200"],
    [
      "with an absolute target, whatever its host",
      `${GET.replace("/s", "http://evil.example:99/s")}${HOST}\r\n`,
      "200",
    ],
    ["of HTTP/1.0, without a host", `${GET.replace("1.1", "1.0")}\r\n`, "200"],
    ["with an address as its host", `${GET}host: [::1]:8080\r\n\r\n`, "200"],
    ["for an upgrade", `${GET}${HOST}connection: upgrade\r\nupgrade: websocket\r\n\r\n`, "200"],
    ["for HTTP/2", `${GET}${HOST}connection: upgrade, http2-settings\r\nupgrade: h2c\r\n\r\n`, "200"],
    ["with a body of GET", `${GET}${HOST}content-length: 3\r\n\r\nabc`, "200"],
    ["without a host", `${GET}\r\n`, "400"],
    ["with two hosts", `${GET}${HOST}${HOST}\r\n`, "400"],
    ["with a host that is none", `${GET}host: a/../b\r\n\r\n`, "400"],
    ["with a host and a user", `${GET}host: a@b\r\n\r\n`, "400"],
    ["with a host in other bytes", `${GET}host: \xe9\r\n\r\n`, "400"],
    [
      "for another host by two slashes",
      `GET //evil.example/studies/good HTTP/1.1\r\n${HOST}${AUTHORIZED}\r\n`,
      "404",
    ],
    ["with backslashes", `GET /\\evil.example/studies/good HTTP/1.1\r\n${HOST}${AUTHORIZED}\r\n`, "404"],
    ["with a target that is none", `OPTIONS * HTTP/1.1\r\n${HOST}${AUTHORIZED}\r\n`, "400"],
    ["with an address that is none", `GET http://[/ HTTP/1.1\r\n${HOST}${AUTHORIZED}\r\n`, "400"],
    [
      "with encodings that do not decode",
      `GET /studies/%zz%e9%00%ff HTTP/1.1\r\n${HOST}${AUTHORIZED}\r\n`,
      "404",
    ],
    ["with dots in its path", `GET /studies/../../etc/passwd HTTP/1.1\r\n${HOST}${AUTHORIZED}\r\n`, "404"],
    ["of TRACE", `TRACE /studies/good HTTP/1.1\r\n${HOST}${AUTHORIZED}\r\n`, "405"],
    ["of CONNECT", `CONNECT localhost:22 HTTP/1.1\r\n${HOST}${AUTHORIZED}\r\n`, "405"],
    ["of HEAD", `HEAD /studies/good HTTP/1.1\r\n${HOST}${AUTHORIZED}\r\n`, "405"],
    ["of a method that there is not", `FOO /studies/good HTTP/1.1\r\n${HOST}${AUTHORIZED}\r\n`, "400"],
    ["with two tokens", `${GET}${HOST}${AUTHORIZED}\r\n`, "401"],
    ["with two lengths", `${POST}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, "400"],
    ["with the same length twice", `${POST}content-length: 2\r\ncontent-length: 2\r\n\r\n{}`, "400"],
    ["with a length that is none", `${POST}content-length: -1\r\n\r\n`, "400"],
    ["with a length beyond numbers", `${POST}content-length: ${"9".repeat(400)}\r\n\r\n`, "400"],
    [
      "with a length and chunks",
      `${POST}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      "400",
    ],
    ["with chunks in another encoding", `${POST}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, "400"],
    ["with another encoding alone", `${POST}transfer-encoding: identity\r\n\r\n`, "400"],
    ["with chunks whose length is none", `${POST}transfer-encoding: chunked\r\n\r\nzz\r\n`, "400"],
    ["with a body that is not there", `${POST}content-length: 20\r\n\r\n{`, "408"],
    ["with too long a body", `${POST}content-length: 100001\r\n\r\n`, "413"],
    [
      "with too long a body in chunks",
      `${POST}transfer-encoding: chunked\r\n\r\n${`4000\r\n${"x".repeat(0x4000)}\r\n`.repeat(8)}`,
      "413",
    ],
    [
      "that waits with too long a body",
      `${POST}expect: 100-continue\r\ncontent-length: 100001\r\n\r\n`,
      "413",
    ],
    ["that expects something else", `${GET}${HOST}expect: coffee\r\n\r\n`, "417"],
    ["with too many headers", `${GET}${HOST}${"a: b\r\n".repeat(101)}\r\n`, "431"],
    ["with too long a header", `${GET}${HOST}a: ${"b".repeat(17_000)}\r\n\r\n`, "431"],
    ["with too long a target", `GET /${"a".repeat(17_000)} HTTP/1.1\r\n${HOST}\r\n`, "431"],
    ["with a header that is folded", `${GET}${HOST} folded: b\r\n\r\n`, "400"],
    ["with a header without a colon", `${GET}${HOST}abc\r\n\r\n`, "400"],
    ["with a zero byte", `${GET}${HOST}a: \0\r\n\r\n`, "400"],
    ["of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"],
    ["of HTTP/9", `${GET.replace("1.1", "9.9")}${HOST}\r\n`, "400"],
    ["of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400"],
    ["of nothing", "\r\n\r\n", "408"],
  ])("%s", async (_, bytes, expected) => {
    for (const { port } of [server, wrapped]) {
      const text = await answerTo(port, bytes);
      expect([statusOf(text), text.slice(0, 300)]).toEqual([expected, text.slice(0, 300)]);
    }
    await expectAlive();
  });

  it("with what it may do instead, where its method is refused", async () => {
    for (const [method, allow] of [
      ["TRACE", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"],
      ["CONNECT", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"],
      ["OPTIONS", "POST, GET, DELETE"],
      ["HEAD", "POST, GET, DELETE"],
    ]) {
      const target = method === "CONNECT" ? "localhost:22" : "/studies/good";
      const text = await answerTo(server.port, `${method} ${target} HTTP/1.1\r\n${HOST}${AUTHORIZED}\r\n`);
      expect(text.toLowerCase()).toContain(`\r\nallow: ${allow.toLowerCase()}\r\n`);
      expect(text.includes("the method must be")).toBe(method !== "HEAD");
    }
  });

  it("with 100 Continue only once its body is wanted", async () => {
    const body = '{"trials":0}';
    const line = dial(server.port, `${POST}expect: 100-continue\r\ncontent-length: ${body.length}\r\n\r\n`);
    while (line.text() === "") await sleep(1);
    expect(line.text()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    line.socket.write(body);
    while (!line.text().includes("trials")) await sleep(1);
    expect(statusOf(line.text())).toBe("400");
    line.socket.destroy();
    const stranger = `POST /studies/other HTTP/1.1\r\n${HOST}expect: 100-continue\r\ncontent-length: 2\r\n\r\n`;
    expect(await answerTo(server.port, stranger)).toMatch(/^HTTP\/1\.1 401 /);
  });

  it("one after another on a connection, and no more than 16 before the first is answered", async () => {
    const paths = ["good", "a", "b", "good"];
    const several = paths.map((id) => `${GET.replace("good", id)}${HOST}\r\n`).join("");
    const line = dial(server.port, several);
    const statuses = () => [...line.text().matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, code]) => code);
    while (statuses().length < 4) await sleep(1);
    expect(statuses()).toEqual(["200", "404", "404", "200"]);
    line.socket.destroy();
    expect(await dial(server.port, `${GET}${HOST}\r\n`.repeat(200)).ended).not.toContain("HTTP/1.1 4");
    await expectAlive();
  });

  it("and a second request in the body of the first is none", async () => {
    const inner = `${GET}${HOST}\r\n`;
    const line = dial(server.port, `${POST}content-length: ${inner.length}\r\n\r\n${inner}`);
    while (line.text() === "") await sleep(1);
    await sleep(100); // a second answer would come in it
    expect([...line.text().matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, code]) => code)).toEqual(["400"]);
    line.socket.destroy();
  });
});

it("bytes at random are answered 4xx or end their connection, and the next request is answered", async () => {
  const SIDE_BY_SIDE = 25;
  const seen = new Map<string, number>();
  const requests = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: soundRequest },
      { weight: 3, arbitrary: unsoundRequest },
      { weight: 2, arbitrary: damagedRequest },
      anyBytes,
    ),
    {
      minLength: SIDE_BY_SIDE,
      maxLength: SIDE_BY_SIDE,
    },
  );
  await fc.assert(
    fc.asyncProperty(requests, async (batch) => {
      const answers = await Promise.all(batch.map((bytes) => answerTo(server.port, bytes)));
      for (const [i, text] of answers.entries()) {
        const code = statusOf(text);
        seen.set(code, (seen.get(code) ?? 0) + 1);
        expect([batch[i], code]).toEqual([batch[i], expect.stringMatching(/^(4\d\d)?$/)]);
      }
      await expectAlive();
    }),
    { numRuns: cases(20) },
  );
  expect([...seen.values()].reduce((sum, count) => sum + count)).toBe(cases(20) * SIDE_BY_SIDE);
  for (const code of ["400", "401", "404", "405"]) expect(seen.get(code)).toBeGreaterThan(0);
  expect(errors).toEqual([]);
});

describe("large bodies", () => {
  const folder = mkdtempSync(join(tmpdir(), "fettle-attack-"));
  const page = new PageServer("docs/serving.md", folder);
  beforeAll(() => page.start());
  afterAll(() => {
    page.remove();
    rmSync(folder, { recursive: true });
  });
  const send = (body: string | ReadableStream, token = FETTLE_TOKEN) =>
    fetch(`${page.origin}/studies/large`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body,
      duplex: "half",
    } as RequestInit).then(async (response) => [response.status, await response.text()]);
  const chunks = (count: number) => {
    let left = count;
    return new ReadableStream({
      pull: (controller) => (left-- > 0 ? controller.enqueue(new Uint8Array(2 ** 16)) : controller.close()),
    });
  };

  it("are refused by the server of the page, one after another and side by side, and it lives", async () => {
    const kept = expect.stringContaining("the body must be at most 16384 bytes; received more than that");
    for (let i = 0; i < 5; i++) expect(await send("x".repeat(70_000 + i))).toEqual([413, kept]);
    const statuses = async (bodies: (string | ReadableStream)[], token?: string) =>
      (await Promise.all(bodies.map((body) => send(body, token)))).map(([code]) => code);
    for (let i = 0; i < 3; i++) {
      const six = Array.from({ length: 6 }, () => "x".repeat(3_000_000 + i));
      expect(await statuses(six)).toEqual(Array(6).fill(413));
    }
    expect(await statuses(Array.from({ length: 6 }, () => chunks(48)))).toEqual(Array(6).fill(413));
    expect(
      await statuses(
        Array.from({ length: 6 }, () => chunks(4)),
        "another",
      ),
    ).toEqual(Array(6).fill(401));
    expect(page.isAlive).toBe(true);
  });

  it("side by side take no memory of the server", async () => {
    const before = await page.memory();
    let most = before;
    const watched = setInterval(() => void page.memory().then((bytes) => (most = Math.max(most, bytes))), 10);
    const length = 3_000_000;
    const head = `POST /studies/large HTTP/1.1\r\n${HOST}authorization: Bearer ${FETTLE_TOKEN}\r\n`;
    const port = Number(new URL(page.origin).port);
    const lines = Array.from({ length: 100 }, () => dial(port, `${head}transfer-encoding: chunked\r\n\r\n`));
    for (const { socket } of lines)
      socket.write(`${length.toString(16)}\r\n${"x".repeat(length)}\r\n0\r\n\r\n`);
    while (lines.some((line) => statusOf(line.text()) === "")) await sleep(10);
    clearInterval(watched);
    expect(lines.map((line) => statusOf(line.text()))).toEqual(Array(100).fill("413"));
    for (const { socket } of lines) socket.destroy();
    // the bodies have 300 MB
    expect(most - before).toBeLessThan(100e6);
    expect(page.isAlive).toBe(true);
  });
});
