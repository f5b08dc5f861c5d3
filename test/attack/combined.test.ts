/**
 * All at once: requests over sockets of their own, a third of them malformed, while many studies run, on each
 * kind of store. Every request gets its answer, every study ends as it does alone, and nothing stays. It
 * prints how long answers took. Needs `dist/`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StudyStatus } from "../../src/serve/record.js";
import { cases } from "../cases.js";
import { answerTo, sleep, statusOf } from "./support/raw.js";
import { anyBytes, damagedRequest, unsoundRequest } from "./support/requests.js";
import { type Settings, StudyProcess } from "./support/studies.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-combined-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A multiple of the kinds of studies. */
const STUDIES = cases(1) > 1 ? 20 : 8;
/** Clients that ask at the same time, each for one thing at a time. */
const CLIENTS = 8;
const REQUESTS = Math.min(5000, cases(625));
/**
 * In the long form, for some seconds of the studies; a strategy that reads its history takes longer at each
 * trial.
 */
const TRIALS = Math.min(300, cases(40));

const names = Array.from({ length: STUDIES }, (_, i) => `s${i}`);
const kinds: readonly Settings[] = Array.from({ length: 4 }, (_, i) => ({
  trials: TRIALS,
  epochs: 10 + 5 * i,
  units: 4 + 5 * i,
  strategy: i === 3 ? "tpe" : "random",
}));
const settingsOf = (study: number): Settings => kinds[study % kinds.length];

/** What each kind of study ends with when it runs alone. */
const alone: string[] = [];
beforeAll(async () => {
  const server = await StudyProcess.start("memory");
  for (const [i, settings] of kinds.entries()) {
    await server.read(`POST alone${i}`, settings);
    await server.ended(`alone${i}`);
    alone.push(await server.digest(`alone${i}`));
  }
  await server.kill();
  expect(new Set(alone).size).toBe(kinds.length);
});

const HEAD = "HTTP/1.1\r\nhost: localhost\r\n";
const TOKEN = "authorization: Bearer 0123456789abcdef\r\n";
const malformed = fc.oneof(
  { weight: 4, arbitrary: unsoundRequest },
  { weight: 3, arbitrary: damagedRequest },
  { weight: 1, arbitrary: anyBytes },
  fc.constantFrom(
    `GET /studies/s0 HTTP/1.1\r\n${TOKEN}\r\n`,
    `GET /studies/s0 ${HEAD}${TOKEN}${TOKEN}\r\n`,
    `GET /studies/s0 ${HEAD}${TOKEN}${"a: b\r\n".repeat(101)}\r\n`,
    `POST /studies/s0 ${HEAD}${TOKEN}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    `POST /studies/s0 ${HEAD}${TOKEN}content-length: ${2 ** 40}\r\n\r\n`,
    `POST /studies/s0/cancel ${HEAD}${TOKEN}content-length: 4\r\ncontent-length: 5\r\n\r\nnull`,
    `DELETE /studies/s0 ${HEAD}${TOKEN} folded: b\r\n\r\n`,
    `POST /studies/s0 ${HEAD}${TOKEN}content-length: 40\r\n\r\n{"trials": 1`,
  ),
);

/** The server, and how far the answers say that each study is. */
class Attack {
  /** Milliseconds of each GET of a study. */
  readonly waits: number[] = [];
  readonly refused = new Map<string, number>();
  running = 0;
  /** The most steps and trials that an answer has shown, by study. */
  private readonly seen = names.map(() => ({ steps: 0, finished: 0 }));

  constructor(private readonly server: StudyProcess) {}

  /** A request that must be refused, or end its connection. */
  async malformed(bytes: string): Promise<void> {
    const status = statusOf(await answerTo(this.server.port, bytes, true));
    expect([bytes, status]).toEqual([bytes, expect.stringMatching(/^(4\d\d)?$/)]);
    this.refused.set(status, (this.refused.get(status) ?? 0) + 1);
  }

  /** A request that must be answered right, the `i`th. */
  async wellFormed(i: number): Promise<void> {
    const study = (i * 7) % STUDIES;
    const path = `/studies/${names[study]}`;
    const settings = JSON.stringify(settingsOf(study));
    const post = (text: string): string =>
      `POST ${path} ${HEAD}${TOKEN}content-length: ${text.length}\r\n\r\n${text}`;
    switch (i % 10) {
      case 0: {
        const { finished } = this.seen[study];
        const trials = (await this.ask(`GET ${path}/trials ${HEAD}${TOKEN}\r\n`, "200")) as object[];
        expect(trials.length).toBeGreaterThanOrEqual(finished);
        expect(new Set(trials.map((trial) => (trial as { number: number }).number)).size).toBe(trials.length);
        return;
      }
      case 1:
        expect(await this.ask(post(settings), "200")).toMatchObject({ id: names[study] });
        return;
      case 2:
        await this.ask(post(settings.replace('"epochs":', '"epochs":1')), "409");
        return;
      case 3:
        await this.ask(`GET /studies/other${i} ${HEAD}${TOKEN}\r\n`, "404");
        return;
      case 4:
        await this.ask(`GET ${path} ${HEAD}authorization: Bearer another-0123456789\r\n\r\n`, "401");
        return;
      default: {
        const before = this.seen[study];
        const began = performance.now();
        const status = (await this.ask(`GET ${path} ${HEAD}${TOKEN}\r\n`, "200")) as StudyStatus;
        this.waits.push(performance.now() - began);
        expect(status).toMatchObject({ id: names[study], settings: settingsOf(study) });
        // a study never goes back
        expect(status.steps).toBeGreaterThanOrEqual(before.steps);
        expect(status.finished).toBeGreaterThanOrEqual(before.finished);
        if (status.steps >= this.seen[study].steps) this.seen[study] = status;
        if (status.phase === "running") this.running++;
        else expect([status.phase, status.finished]).toEqual(["done", TRIALS]);
      }
    }
  }

  private async ask(bytes: string, expected: string): Promise<unknown> {
    const text = await answerTo(this.server.port, bytes);
    expect([bytes, statusOf(text)]).toEqual([bytes, expected]);
    return JSON.parse(bodyOf(text));
  }
}

/** The body of a response that has a length, or comes in chunks. */
function bodyOf(text: string): string {
  const at = text.indexOf("\r\n\r\n");
  const [head, body] = [text.slice(0, at), text.slice(at + 4)];
  if (!/^transfer-encoding: chunked/im.test(head)) return body;
  let [joined, rest] = ["", body];
  for (;;) {
    const end = rest.indexOf("\r\n");
    const length = Number.parseInt(rest.slice(0, end), 16);
    if (!(length > 0)) return joined;
    joined += rest.slice(end + 2, end + 2 + length);
    rest = rest.slice(end + 4 + length);
  }
}

describe.each(["memory", "file", "synchronous"] as const)(`${STUDIES} studies with a store: %s`, (store) => {
  it(`answer ${REQUESTS} requests, a third of them malformed, and lose nothing`, async () => {
    const limits = { maxRequestsPerSecond: 1e6 };
    const server = await StudyProcess.start(store, join(folder, store), limits);
    try {
      // what is loaded and compiled at first use stays
      await server.read("POST first", { ...kinds[3], trials: 2 });
      await server.ended("first");
      await server.ask("DELETE first");
      const before = await server.memory();
      for (const [i, name] of names.entries()) await server.read(`POST ${name}`, settingsOf(i));

      const attack = new Attack(server);
      const hostile = fc.sample(malformed, {
        numRuns: Math.ceil(REQUESTS / 3),
        seed: fc.readConfigureGlobal().seed as number,
      });
      let next = 0;
      const client = async (): Promise<void> => {
        for (let i = next++; i < REQUESTS; i = next++)
          await (i % 3 === 0 ? attack.malformed(hostile[i / 3]) : attack.wellFormed(i));
      };
      await Promise.all(Array.from({ length: CLIENTS }, client));
      expect(server.isAlive).toBe(true);
      expect(attack.running).toBeGreaterThan(0);
      // for their form, their token, their place or their method; which of them is drawn, the seed says
      expect(attack.refused.get("400")).toBeGreaterThan(0);
      expect(attack.refused.size).toBeGreaterThan(2);

      for (const [i, name] of names.entries()) {
        const status = await server.ended(name);
        expect([status.phase, status.finished]).toEqual(["done", TRIALS]);
        expect(await server.digest(name)).toBe(alone[i % kinds.length]);
      }
      for (const name of names) expect((await server.ask(`DELETE ${name}`)).status).toBe(204);
      // connections that have ended are let go of a little later
      await sleep(100);
      const after = await server.memory();
      expect(after.errors).toEqual([]);
      const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
      expect(grown).toBeLessThan(10e6);

      const waits = attack.waits.sort((a, b) => a - b);
      const time = (at: number): string => `${waits[Math.floor(at * (waits.length - 1))].toFixed(1)} ms`;
      console.log(
        `${store}: ${REQUESTS} requests, ${[...attack.refused.values()].reduce((a, b) => a + b)} malformed; ` +
          `${waits.length} GETs of a study, ${attack.running} while it ran, median ${time(0.5)}, 99 % ${time(0.99)}, ` +
          `longest ${time(1)}; memory ${(grown / 1e6).toFixed(1)} MB more than before`,
      );
    } finally {
      await server.kill();
    }
  });
});
