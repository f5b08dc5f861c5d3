/**
 * The routes by which clients ask and tell, as bytes on real connections: what is malformed, hostile,
 * replayed or of another client is refused or changes nothing, the study goes on as ever, and it decides the
 * same whenever its server begins again.
 */
import fc from "fast-check";
import { asha, float, random, tpe } from "fettle";
import { memoryStorage, type StoredStudy, type StoredTrial, type StudyStorage } from "fettle/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NodeServer, serveNode } from "../../src/serve/node/server.js";
import type { TrialServerOptions } from "../../src/serve/trials/options.js";
import { serveTrials } from "../../src/serve/trials/server.js";
import type { HandedTrial } from "../../src/serve/trials/study.js";
import { cases } from "../cases.js";
import { TOKEN } from "../serve/support.js";
import { answerTo, dial, sleep, statusOf } from "./support/raw.js";
import { anyBytes, damagedRequest, soundRequest, unsoundRequest } from "./support/requests.js";

/** Whether this is `--mode long`. */
const isLong = cases(1) > 1;

const errors: unknown[] = [];
const onError = (error: unknown) => errors.push(error);
const options = (more: Partial<TrialServerOptions> = {}): TrialServerOptions => ({
  token: TOKEN,
  storage: memoryStorage(),
  study: "s",
  space: { x: float(0, 1) },
  strategy: random(),
  direction: "minimize",
  trials: 1_000_000,
  seed: 1,
  onError,
  maxRequestsPerSecond: Number.POSITIVE_INFINITY,
  ...more,
});

const HOST = "host: localhost\r\n";
const AUTHORIZED = `authorization: Bearer ${TOKEN}\r\n`;
const post = (path: string, body: string, more = AUTHORIZED): string =>
  `POST /studies/s/${path} HTTP/1.1\r\n${HOST}${more}content-length: ${Buffer.byteLength(body, "latin1")}\r\n\r\n${body}`;

describe("a server of trials", () => {
  let server: NodeServer;
  let storage: StudyStorage;
  /** Trials that this test holds. */
  let own: HandedTrial;
  let other: HandedTrial;
  beforeAll(async () => {
    storage = memoryStorage();
    const { fetch } = await serveTrials(options({ storage }));
    server = await serveNode(fetch, {
      port: 0,
      onError,
      headersTimeout: 100,
      bodyTimeout: 100,
      idleTimeout: 1_000,
    });
    [own, other] = [await ask(), await ask()];
  });
  afterAll(async () => {
    await server.close();
    expect(errors).toEqual([]);
  });

  // its body is one chunk
  const bodyOf = (text: string): unknown => JSON.parse(/\{[\s\S]*\}/.exec(text)?.[0] ?? "null");
  const answer = async (bytes: string) => {
    const text = await answerTo(server.port, bytes);
    return { status: statusOf(text), body: bodyOf(text), text };
  };
  const ask = async () => (await answer(post("ask", ""))).body as HandedTrial;
  const tell = (trial: HandedTrial, more: string) =>
    answer(post(`trials/${trial.number}/tell`, `{"lease":"${trial.lease}",${more}}`));

  /** Nothing was told or reported meanwhile, and a client is answered. */
  async function expectUntouched(): Promise<void> {
    const study = await storage.open("s");
    const trials = (await study?.trials()) ?? [];
    expect(trials[own.number].status).toBe("running");
    expect(await study?.reports(own.number)).toEqual([]);
    const { status, body } = await answer(post(`trials/${own.number}/report`, `{"lease":"${own.lease}"}`));
    expect([status, body]).toEqual(["200", { pruned: false }]);
  }

  const lease = () => `"lease":"${own.lease}"`;
  const told = (body: string, more?: string): string => post(`trials/${own.number}/tell`, body, more);
  const requests: readonly (readonly [string, () => string, string])[] = [
    ["without a token", () => told(`{${lease()},"value":1}`, ""), "401"],
    [
      "with another token",
      () => told(`{${lease()},"value":1}`, `authorization: Bearer ${"x".repeat(16)}\r\n`),
      "401",
    ],
    ["with a part of the token", () => told("{}", `authorization: Bearer ${TOKEN.slice(0, -1)}\r\n`), "401"],
    ["with more than the token", () => told("{}", `authorization: Bearer ${TOKEN}x\r\n`), "401"],
    ["with the token twice", () => told("{}", AUTHORIZED + AUTHORIZED), "401"],
    [
      "with the token as a password",
      () => told("{}", `authorization: Basic ${btoa(`:${TOKEN}`)}\r\n`),
      "401",
    ],
    ["with the token in its path", () => post(`ask?token=${TOKEN}`, "", ""), "401"],
    ["with the token in a cookie", () => told("{}", `cookie: authorization=Bearer ${TOKEN}\r\n`), "401"],
    ["for a folder above", () => post("../../../etc/passwd", ""), "404"],
    ["for a folder above, encoded", () => post("%2e%2e/%2e%2e/etc/passwd", ""), "404"],
    ["for a trial whose number is encoded", () => post("trials/%30/tell", `{${lease()},"value":1}`), "404"],
    ["for a number that is no integer", () => post("trials/0.5/tell", `{${lease()},"value":1}`), "404"],
    ["for a number past all", () => post(`trials/${"9".repeat(16)}/tell`, `{${lease()},"value":1}`), "404"],
    ["for a trial that nobody asked for", () => post("trials/999999/tell", `{${lease()},"value":1}`), "404"],
    ["for a route that objects inherit", () => post("constructor", ""), "404"],
    [
      "of a trial of another client",
      () => post(`trials/${own.number}/tell`, `{"lease":"${other.lease}","value":1}`),
      "409",
    ],
    ["with a lease that was made up", () => told('{"lease":"","value":1}'), "409"],
    ["with a lease that is no text", () => told('{"lease":{"toString":1},"value":1}'), "400"],
    ["with a long lease", () => told(`{"lease":"${"x".repeat(1000)}","value":1}`), "400"],
    ["that is no UTF-8", () => told(`{${lease()},"value":1,"error":"\xff"}`), "400"],
    ["in UTF-16", () => told([...`{${lease()},"value":1}`].join("\0")), "400"],
    ["with a half of a text", () => told(`{${lease()},"value":1,"error":"`), "400"],
    ["with two values after each other", () => told(`{${lease()},"value":1}{}`), "400"],
    ["with a prototype", () => told(`{${lease()},"value":1,"__proto__":{"status":"failed"}}`), "400"],
    ["with a constructor", () => told(`{${lease()},"value":1,"constructor":{"prototype":{}}}`), "400"],
    [
      "that is deep",
      () => told(`{${lease()},"value":1,"attributes":${'{"a":'.repeat(2000)}1${"}".repeat(2000)}}`),
      "400",
    ],
    [
      "with a step beyond numbers",
      () => post(`trials/${own.number}/report`, `{${lease()},"step":1e999,"value":1}`),
      "400",
    ],
    [
      "with a step between integers",
      () => post(`trials/${own.number}/report`, `{${lease()},"step":0.5,"value":1}`),
      "400",
    ],
    ["with steps beyond numbers", () => told(`{${lease()},"value":1,"steps":1e999}`), "400"],
    ["with curves", () => told(`{${lease()},"value":1,"curves":{"loss":[[1]]}}`), "400"],
    ["with an empty list of values", () => told(`{${lease()},"values":[]}`), "400"],
    [
      "of 100 MB, as it says",
      () => told("", `${AUTHORIZED}x: y\r\n`).replace("content-length: 0", "content-length: 100000000"),
      "413",
    ],
    ["of 20 kB", () => told(`{${lease()},"value":1,"error":"${"x".repeat(20_000)}"}`), "413"],
    [
      "that is shorter than it says",
      () => told(`{${lease()},"value":1}`).replace(/length: \d+/, "length: 200"),
      "408",
    ],
    [
      "that is longer than it says",
      () => told(`{${lease()},"value":1}`).replace(/length: \d+/, "length: 3"),
      "400",
    ],
    [
      "whose chunks have no length",
      () =>
        told("", `${AUTHORIZED}transfer-encoding: chunked\r\n`).replace(
          /content-length: 0\r\n\r\n$/,
          "\r\nzz\r\n",
        ),
      "400",
    ],
    ["with a length and chunks", () => told("{}", `${AUTHORIZED}transfer-encoding: chunked\r\n`), "400"],
    ["with many headers", () => told("{}", AUTHORIZED + "a: b\r\n".repeat(200)), "431"],
    ["with a long header", () => told("{}", `${AUTHORIZED}a: ${"b".repeat(17_000)}\r\n`), "431"],
  ];
  it.each(requests)("refuses a request %s", async (_, bytes, expected) => {
    const { status, text } = await answer(bytes());
    expect([status, text.slice(0, 300)]).toEqual([expected, text.slice(0, 300)]);
    expect(text).not.toContain(TOKEN);
    await expectUntouched();
  });

  it("takes the last of two fields of a name, a value that is not finite as none, and a result once", async () => {
    const [twice, endless, list] = [await ask(), await ask(), await ask()];
    expect((await tell(twice, '"value":1,"value":2')).body).toEqual({
      taken: true,
      status: "complete",
      value: 2,
    });
    expect((await tell(endless, '"value":-1e999')).body).toEqual({
      taken: true,
      status: "diverged",
      value: null,
    });
    expect((await tell(list, '"value":1,"constraints":[1e999],"std":1e999,"seconds":1e999')).status).toBe(
      "200",
    );
    // a replay, another value, and a client that has no lease at all
    for (const more of ['"value":2', '"value":3', '"status":"failed"'])
      expect((await tell({ ...twice, lease: "none" }, more)).body).toEqual({
        taken: false,
        status: "complete",
        value: 2,
      });
    const stored = (await (await storage.open("s"))?.trials()) as readonly StoredTrial[];
    expect([twice, endless, list].map(({ number }) => stored[number])).toMatchObject([
      ...[{ value: 2 }, { value: null }, { value: 1 }],
    ]);
    expect(Object.hasOwn(Object.prototype, "status")).toBe(false);
  });

  it("answers requests that come together in their order, and no more than 16 of them", async () => {
    const trial = await ask();
    const path = `trials/${trial.number}`;
    const line = dial(
      server.port,
      post(`${path}/report`, `{"lease":"${trial.lease}","step":1,"value":1}`) +
        post(`${path}/tell`, `{"lease":"${trial.lease}","value":1}`) +
        post(`${path}/report`, `{"lease":"${trial.lease}","step":2,"value":1}`),
    );
    const statuses = () => [...line.text().matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, code]) => code);
    while (statuses().length < 3) await sleep(1);
    expect(statuses()).toEqual(["200", "200", "409"]);
    line.socket.destroy();
    await dial(server.port, post("ask", "").repeat(100)).ended;
    await expectUntouched();
  });

  it("answers others while heads and bodies come slowly, and many connections say nothing", async () => {
    const count = isLong ? 1_000 : 200;
    const silent = Array.from({ length: count }, (_, i) =>
      dial(
        server.port,
        ["", post("ask", "").slice(0, 30), told("{").replace(/length: 1/, "length: 9")][i % 3],
      ),
    );
    await Promise.all(silent.map(({ ended }) => Promise.race([ended, sleep(3_000)])));
    for (const { socket, text } of silent) {
      expect(["", "408"]).toContain(statusOf(text()));
      socket.destroy();
    }
    await expect.poll(() => answer(post("trials/x/y", "")).then(({ status }) => status)).toBe("404");
    await expectUntouched();
  });

  it("drops what is sent past the length of a body, whatever its length", async () => {
    const line = dial(
      server.port,
      `${told("").split("content-length")[0]}transfer-encoding: chunked\r\n\r\n`,
    );
    const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
    const chunks = isLong ? 1_600 : 160; // 100 MB, or a tenth
    for (let i = 0; i < chunks && line.socket.writable; i++)
      if (!line.socket.write(chunk))
        await Promise.race([new Promise((go) => line.socket.once("drain", go)), line.ended]);
    await expect.poll(() => statusOf(line.text())).toBe("413");
    line.socket.destroy();
    await expectUntouched();
  });

  it("answers bytes at random with 4xx or an end, and nothing of the study changes", async () => {
    const requests = fc.array(fc.oneof(soundRequest, unsoundRequest, damagedRequest, anyBytes), {
      minLength: 25,
      maxLength: 25,
    });
    await fc.assert(
      fc.asyncProperty(requests, async (batch) => {
        const answers = await Promise.all(batch.map((bytes) => answerTo(server.port, bytes, true)));
        for (const [i, text] of answers.entries())
          expect([batch[i], statusOf(text)]).toEqual([batch[i], expect.stringMatching(/^(4\d\d)?$/)]);
        await expectUntouched();
      }),
      { numRuns: cases(3) },
    );
  });
});

describe("clients that misbehave", () => {
  const sent = async (fetch: (request: Request) => Promise<Response>, path: string, body = "") => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const init = { method: "POST", headers, ...(body && { body }) };
    const response = await fetch(new Request(`https://example.com/studies/s/${path}`, init));
    return { status: response.status, body: JSON.parse((await response.text()) || "null") };
  };

  it("that ask and ask, and tell nothing, are each given a trial, and all of them again to others", async () => {
    const count = isLong ? 150_000 : 3_000;
    const storage = memoryStorage();
    const given = options({ storage, trials: count });
    const first = await serveTrials(given);
    const numbers = new Set<number>();
    for (let i = 0; i < count; i++) numbers.add((await sent(first.fetch, "ask")).body.number);
    expect(numbers.size).toBe(count);
    expect((await sent(first.fetch, "ask")).status).toBe(429);
    // the next server knows of no lease
    const { fetch } = await serveTrials(given);
    for (let i = 0; i < 100; i++) {
      const { body } = await sent(fetch, "ask");
      expect(body.number).toBe(i);
      expect((await sent(fetch, `trials/${i}/tell`, `{"lease":"${body.lease}","value":1}`)).body.taken).toBe(
        true,
      );
    }
    expect((await sent(fetch, "ask")).body.number).toBe(100);
  });

  it("that leave before it is their turn are given none", async () => {
    const inner = memoryStorage();
    let free = (): void => {};
    const held = new Promise<void>((resolve) => {
      free = resolve;
    });
    const open: StudyStorage["open"] = async (name) => {
      const study = await inner.open(name);
      const add: StoredStudy["add"] = async (trial) => {
        await held;
        return (study as StoredStudy).add(trial);
      };
      return study && Object.assign(Object.create(study) as StoredStudy, { add });
    };
    await serveTrials(options({ storage: inner }));
    const { fetch } = await serveTrials(
      options({ storage: { ...inner, open }, maxRequestMilliseconds: 300 }),
    );
    const waiting = Array.from({ length: 20 }, () => sent(fetch, "ask"));
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(Array(20).fill(503));
    free();
    expect((await sent(fetch, "ask")).body.number).toBe(1);
    expect((await (await inner.open("s"))?.trials())?.length).toBe(2);
  });

  it.runIf(isLong)(
    "that report without end are told to report less, and their trial ends as any other",
    async () => {
      const { fetch } = await serveTrials(options());
      const { lease } = (await sent(fetch, "ask")).body as HandedTrial;
      for (let step = 0; step < 100_000; step++)
        await sent(fetch, "trials/0/report", `{"lease":"${lease}","step":${step},"value":1}`);
      const more = await sent(fetch, "trials/0/report", `{"lease":"${lease}","step":100000,"value":1}`);
      expect([more.status, more.body.error.message]).toEqual([
        400,
        "reports of a trial must be at most 100000; received one more; report fewer steps",
      ]);
      expect((await sent(fetch, "trials/0/tell", `{"lease":"${lease}","value":1}`)).body.taken).toBe(true);
    },
  );

  const act = fc.record({
    client: fc.nat({ max: 1 }),
    what: fc.constantFrom("report", "report", "report", "tell"),
    step: fc.nat({ max: 9 }),
    value: fc.constantFrom("1e999", "-1e999", "null", "0", "-0", "1", "0.5", "-3", "1e308"),
    restarts: fc.boolean(),
  });
  it("that report in any order and what is no number have the same trials pruned after each restart", async () => {
    const acts = fc.array(act, { minLength: 60, maxLength: 150 });
    const seen = new Set<unknown>();
    await fc.assert(
      fc.asyncProperty(acts, fc.constantFrom("minimize", "maximize"), async (order, direction) => {
        const played = async (mayRestart: boolean) => {
          const given = options({
            storage: memoryStorage(),
            direction,
            trials: 30,
            lag: 1,
            strategy: tpe(),
            scheduler: asha({ reduction: 2 }),
            steps: 8,
          });
          let { fetch } = await serveTrials(given);
          const held: (HandedTrial | undefined)[] = [];
          const answers: unknown[] = [];
          for (const { client, what, step, value, restarts } of order) {
            if (mayRestart && restarts) {
              ({ fetch } = await serveTrials(given));
              // those that are still there say so first
              for (const each of held)
                if (each) await sent(fetch, `trials/${each.number}/report`, `{"lease":"${each.lease}"}`);
            }
            const trial = held[client];
            if (!trial) {
              const { status, body } = await sent(fetch, "ask");
              held[client] = status === 200 ? body : undefined;
              answers.push([status, body?.number, body?.params]);
              continue;
            }
            const body = `{"lease":"${trial.lease}","value":${value}${what === "report" ? `,"step":${step}` : ""}}`;
            const told = await sent(fetch, `trials/${trial.number}/${what}`, body);
            answers.push(told);
            if (what === "tell") held[client] = undefined;
            if (what === "report") seen.add(told.body.pruned);
          }
          return answers;
        };
        expect(await played(true)).toEqual(await played(false));
      }),
      { numRuns: cases(40) },
    );
    expect(seen).toEqual(new Set([true, false]));
  });
});
