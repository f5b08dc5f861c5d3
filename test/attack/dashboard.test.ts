/**
 * The dashboard as the command line serves it, against clients that are slow, many, large or not its own
 * page: each holds what the bounds allow, and the page is answered as ever.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OpenDashboard, openDashboard } from "../../src/cli/dashboard.js";
import { type RunSource, runSource } from "../../src/dashboard/runSource.js";
import { inParts } from "../../src/dashboard/source.js";
import type { StudyList } from "../../src/dashboard/wire.js";
import { float } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import { createStudy } from "../../src/search/study/create.js";
import { cases } from "../cases.js";
import { prop } from "../prop.js";
import { answerTo, dial, sleep, statusOf } from "./support/raw.js";

const space = { x: float(0, 1) };
let source: RunSource;
let dashboard: OpenDashboard;
let port: number;
let key: string;
let next = 0;
beforeAll(async () => {
  source = runSource({ name: "run", metrics: ["value"], cancel: () => {} });
  dashboard = await openDashboard(source, 0);
  const url = new URL(dashboard.url);
  port = Number(url.port);
  key = url.hash.slice("#key=".length);
  const study = createStudy({ space, strategy: random(), direction: "minimize" });
  source.onEvent({ type: "studyStarted", study, trials: 10, finished: 0 });
});
afterAll(() => dashboard.close());

/** A trial that failed with a long reason: 4 kB of events. */
function happen(): void {
  const trial = { number: next++, params: { x: 0.5 }, seed: 1 };
  source.onEvent({ type: "trialStarted", trial });
  const told = { value: null, std: null, seconds: null, status: "failed", error: "x".repeat(4000) } as const;
  source.onEvent({
    type: "trialEnded",
    best: undefined,
    record: { number: trial.number, params: trial.params, ...told },
  });
}

const authorized = () => ({ authorization: `Bearer ${key}` });
const api = (path: string) => `http://127.0.0.1:${port}/api/studies${path}`;
const head = (method: string, path: string, more = "") =>
  `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${key}\r\n${more}\r\n`;

async function expectAlive(): Promise<void> {
  const response = await fetch(api(""), { headers: authorized() });
  expect([response.status, ((await response.json()) as StudyList).studies[0].name]).toEqual([200, "run"]);
}

describe("the dashboard's server", () => {
  it("cuts off readers of events that do not read, and gives their places to others", async () => {
    const open = () => {
      const line = dial(port, head("GET", "/api/studies/run/events"));
      line.socket.pause();
      return line;
    };
    const slow = Array.from({ length: 32 }, open);
    const refused = async () => {
      const left = new AbortController();
      const { status } = await fetch(api("/run/events"), { headers: authorized(), signal: left.signal });
      left.abort();
      return status === 429;
    };
    // a look that comes between them takes the place of one, which another takes then
    const full = async () => {
      const isFull = await refused();
      if (!isFull) slow.push(open());
      return isFull;
    };
    await expect.poll(full).toBe(true);
    // more than the system's buffers and the events that wait hold
    await expect
      .poll(
        async () => {
          for (let i = 0; i < 300; i++) happen();
          await sleep(5);
          return refused();
        },
        { timeout: 20_000, interval: 1 },
      )
      .toBe(false);
    await expectAlive();
    for (const { socket } of slow) socket.destroy();
  });

  it("closes connections past their number, and answers again once they are gone", async () => {
    const many = Array.from({ length: 400 }, () => dial(port));
    const closed = many.map(({ ended }) => ended);
    await Promise.race(closed);
    for (const { socket } of many) socket.destroy();
    await expect
      .poll(() =>
        fetch(api(""), { headers: authorized() }).then(
          ({ ok }) => ok,
          () => false,
        ),
      )
      .toBe(true);
  });

  it("refuses bodies that are longer than a note, told beforehand or not", async () => {
    const put = (more: string) => head("PUT", "/api/studies/run/notes", more);
    expect(statusOf(await answerTo(port, put("content-length: 99999999999\r\n")))).toBe("413");
    const line = dial(port, put("transfer-encoding: chunked\r\n"));
    for (let i = 0; i < 64 && line.socket.writable; i++) {
      line.socket.write(`10000\r\n${"x".repeat(65_536)}\r\n`);
      await sleep(1);
    }
    await expect.poll(() => statusOf(line.text())).toBe("413");
    line.socket.destroy();
    await expectAlive();
  });

  /** Requests that change something, each in the form that its own page sends. */
  const writes = [
    ["POST", "/pause", ""],
    ["POST", "/resume", ""],
    ["POST", "/cancel", ""],
    ["POST", "/enqueue", '{"params":{"x":0.5}}'],
    ["PUT", "/notes", '{"number":0,"text":"","tags":[]}'],
    ["POST", "", "{}"],
  ] as const;
  it.each([
    ["without the key", { authorization: "" }, "401"],
    ["with another key", { authorization: `Bearer ${"x".repeat(32)}` }, "401"],
    ["with a part of the key", { authorization: () => `Bearer ${key.slice(0, -1)}` }, "401"],
    ["with the key in a cookie", { authorization: "", cookie: () => `authorization=Bearer ${key}` }, "401"],
    ["of a form on another site", { authorization: "", origin: "http://evil.example" }, "403"],
    ["of another site that knows the key", { origin: "http://evil.example" }, "403"],
    ["of a page without an origin", { origin: "null" }, "403"],
    ["of another port", { origin: "http://127.0.0.1:1" }, "403"],
    [
      "that another site makes a browser send",
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
      "403",
    ],
    ["of a name that leads here", { host: () => `evil.example:${port}` }, "403"],
    [
      "of a name that leads here, with its origin",
      { host: () => `rebind.test:${port}`, origin: () => `http://rebind.test:${port}` },
      "403",
    ],
    ["of an address that leads here", { host: () => `0.0.0.0:${port}` }, "403"],
    ["without a host's port", { host: "127.0.0.1" }, "403"],
  ] as const)("changes nothing by a request %s", async (_, change, expected) => {
    const changed: string[] = [];
    const record = (what: string) => async () => void changed.push(what);
    const original = source.open;
    const commanded = { command: record("command"), enqueue: record("enqueue"), note: record("note") };
    Object.assign(source, {
      open: async (name: string) => ({ ...(await original(name)), ...commanded }),
      start: record("start"),
    });
    const send = async (more: object, method: string, path: string, body: string) => {
      const headers: Record<string, string | (() => string)> = {
        host: `127.0.0.1:${port}`,
        authorization: `Bearer ${key}`,
        "content-type": "text/plain",
        "content-length": `${body.length}`,
        ...more,
      };
      const lines = Object.entries(headers).map(
        ([name, value]) => `${name}: ${typeof value === "string" ? value : value()}`,
      );
      return answerTo(
        port,
        `${method} /api/studies/run${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`,
      );
    };
    try {
      for (const [method, path, body] of writes) {
        const text = await send(change, method, path, body);
        expect([path, statusOf(text)]).toEqual([path, expected]);
        expect(text).not.toContain(key);
      }
      expect(changed).toEqual([]);
      // the same requests of its own page
      for (const [method, path, body] of writes)
        expect(statusOf(await send({}, method, path, body))).toMatch(/^20/);
      expect(changed).toEqual(["command", "command", "command", "enqueue", "note", "start"]);
    } finally {
      Object.assign(source, { open: original, start: undefined });
    }
  });

  it.each([
    ["GET", "/../../etc/passwd", "404"],
    ["GET", "/%2e%2e/%2e%2e/etc/passwd", "404"],
    ["GET", "/..%2f..%2fpackage.json", "404"],
    ["GET", "/..\\..\\package.json", "404"],
    ["GET", "/wasm/../../bin/fettle.js", "404"],
    ["GET", "/index.html%00.js", "404"],
    ["GET", "/__proto__", "404"],
    ["GET", "/api/studies/%ff", "404"],
    ["GET", "/api/studies/run/constructor", "404"],
    ["GET", "/api/studies/run/artifacts/..%2f..%2fetc%2fpasswd", "404"],
    ["GET", "/api/studies/__proto__/trials.csv", "404"],
    ["GET", "/api/studies/run/curves?trials=-1", "400"],
    ["GET", "/api/studies/run/curves?trials=1e9", "400"],
    ["GET", `/api/studies/run/curves?trials=${"1,".repeat(50)}1`, "400"],
    ["PUT", "/api/studies/run/notes", "400"],
    ["DELETE", "/api/studies/run", "404"],
    ["TRACE", "/", "405"],
  ])("finds nothing of this machine at %s %s", async (method, path, expected) => {
    const text = await answerTo(port, head(method, path));
    expect([statusOf(text), text.slice(0, 200)]).toEqual([expected, text.slice(0, 200)]);
    expect(text).not.toMatch(/root:|"version"|#!/);
    await expectAlive();
  });

  it("keeps no connection that sends half a request, or nothing, and answers its page meanwhile", async () => {
    const halves = [
      "",
      "GET",
      head("GET", "/").slice(0, -2),
      head("PUT", "/api/studies/run/notes", "content-length: 9\r\n"),
    ];
    const lines = halves.map((bytes) => dial(port, bytes));
    await expectAlive();
    for (const { socket } of lines) socket.destroy();
    await expectAlive();
  });

  const header = fc.stringMatching(/^[!-9;-~]{0,30}(:\d{1,5})?$/);
  prop([header, fc.constantFrom("host", "origin", "key")], { numRuns: cases(60) })(
    "answers no other host, origin or key",
    async (text, what) => {
      const own = { host: `127.0.0.1:${port}`, origin: `http://127.0.0.1:${port}`, key };
      fc.pre(text !== own[what] && text !== `localhost:${port}` && !(what === "origin" && text === ""));
      const sent = { ...own, [what]: text };
      const answer = await answerTo(
        port,
        `GET /api/studies HTTP/1.1\r\nhost: ${sent.host}\r\norigin: ${sent.origin}\r\nauthorization: Bearer ${sent.key}\r\n\r\n`,
      );
      expect(["400", "401", "403"]).toContain(statusOf(answer));
      expect(answer).not.toContain('"run"');
    },
  );

  it("sends the trials of a very long study in fewer events than a stream keeps", () => {
    const row = { params: {}, value: 1, std: null, seconds: null, status: "complete" } as const;
    const rows = Array.from({ length: 100_000 }, (_, number) => ({ number, ...row }));
    const events = [...inParts(rows)];
    expect(events.length).toBeLessThanOrEqual(128);
    expect(events.flatMap((event) => (event.type === "trials" ? event.trials : []))).toEqual(rows);
  });
});
