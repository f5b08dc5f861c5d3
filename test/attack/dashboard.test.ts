/**
 * The dashboard as the command line serves it, against clients that are slow, many, large or not its own page: each holds what the bounds allow,
 * and the page is answered as ever.
 */
import { fc, test } from "@fast-check/vitest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OpenDashboard, openDashboard } from "../../src/cli/dashboard.js";
import { type RunSource, runSource } from "../../src/dashboard/runSource.js";
import { inParts } from "../../src/dashboard/source.js";
import type { StudyList } from "../../src/dashboard/wire.js";
import { float } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import { createStudy } from "../../src/search/study/study.js";
import { cases } from "../cases.js";
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
    ...{ type: "trialEnded", best: undefined },
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
    await expect.poll(refused).toBe(true);
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

  const header = fc.stringMatching(/^[!-9;-~]{0,30}(:\d{1,5})?$/);
  test.prop([header, fc.constantFrom("host", "origin", "key")], { numRuns: cases(60) })(
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
