/**
 * Requests of strangers and of careless or broken clients: each is refused with a reason and changes nothing.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type ByteStore, byteStorage } from "../../src/store/bytes/byteStorage.js";
import { cases } from "../cases.js";
import { bytesInMemory } from "../store/byteStores.js";
import { anyBody, anyPath, header, isProper, method } from "./arbitraries.js";
import { ask, authorized, read, refusalOf, served, TOKEN } from "./support.js";

const body = { trials: 6, strategy: "tpe" };
const store = bytesInMemory();
/** The keys that were written to the store. */
const writes: string[] = [];
const watched: ByteStore = {
  ...store,
  async put(key, bytes) {
    writes.push(key);
    await store.put(key, bytes);
  },
  async delete(key) {
    writes.push(key);
    await store.delete(key);
  },
};
const { fetch } = served({ storage: byteStorage(watched) });

/** Every route, as method and path of the study `running`. */
const routes = [
  ...["POST ", "GET ", "DELETE ", "GET /trials", "GET /result", "GET /events", "GET /model", "POST /predict"],
  ...["POST /pause", "POST /resume", "POST /cancel", "POST /advance"],
].map((route) => route.replace(" ", " /studies/running"));

beforeAll(async () => {
  await read(ask(fetch, "POST /studies/running", { body }));
  await read(ask(fetch, "POST /studies/over", { body }));
  await read(ask(fetch, "POST /studies/over/cancel"));
  writes.length = 0;
});

describe("without the token", () => {
  it.each(routes)("%s is refused", async (words) => {
    for (const authorization of [
      ...["", TOKEN, "Bearer", "Bearer ", `Basic ${TOKEN}`, `bearer${TOKEN}`, `Bearer ${TOKEN}0`],
      ...[
        `Bearer ${TOKEN.slice(1)}`,
        `Bearer ${TOKEN}${TOKEN}`,
        `Bearer\t${TOKEN}`,
        `Bearer ${TOKEN.slice(0, -1)}F`,
        "Bearer undefined",
      ],
    ]) {
      const answer = await ask(fetch, words, { headers: { authorization } });
      expect([authorization, answer.status]).toEqual([authorization, 401]);
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      expect(await answer.text()).toContain("must be Bearer <token>; received another");
    }
    const none = await ask(fetch, words, { headers: {} });
    expect([none.status, await none.text()]).toEqual([401, expect.stringContaining("received none")]);
    expect((await ask(fetch, `${words}?token=${TOKEN}`, { headers: {} })).status).toBe(401);
    expect(writes).toEqual([]);
  });
});

it("takes the scheme in any case, with any number of spaces", async () => {
  for (const authorization of [
    `bearer ${TOKEN}`,
    `BEARER ${TOKEN}`,
    `Bearer    ${TOKEN}`,
    ` bEaReR  ${TOKEN} `,
  ])
    expect((await ask(fetch, "GET /studies/running", { headers: { authorization } })).status).toBe(200);
});

describe("a mistake", () => {
  it.each([
    [
      "POST /studies/a",
      "{",
      400,
      "invalid_argument",
      'the body must be empty, or JSON in UTF-8; received "{"',
    ],
    [
      "POST /studies/a",
      undefined,
      400,
      "invalid_argument",
      'invalid settings: "trials" must be an integer from 1 to 50; received undefined',
    ],
    [
      "POST /studies/a",
      "[]",
      400,
      "invalid_argument",
      "invalid settings: parameters must be an object; received []",
    ],
    [
      "POST /studies/a",
      '{"trials":51,"strategy":"tpe"}',
      400,
      "invalid_argument",
      '"trials" must be an integer from 1 to 50; received 51',
    ],
    [
      "POST /studies/a",
      '{"trials":"5","strategy":"tpe"}',
      400,
      "invalid_argument",
      '"trials" must be an integer from 1 to 50; received "5"',
    ],
    [
      "POST /studies/a",
      '{"trials":5,"strategy":"best"}',
      400,
      "invalid_argument",
      '"strategy" must be one of ["tpe","random","gp"]; received "best"',
    ],
    [
      "POST /studies/a",
      '{"trials":5,"strategy":"tpe","x":1}',
      400,
      "invalid_argument",
      'parameters must be among trials, strategy; received "x"',
    ],
    [
      "POST /studies/a",
      '{"trials":5,"strategy":"tpe","__proto__":{}}',
      400,
      "invalid_argument",
      '"__proto__"',
    ],
    ["POST /studies/a.b", "{}", 404, "not_found", "a name of 1 to 64 letters, digits, - and _"],
    [`GET /studies/${"a".repeat(65)}`, undefined, 404, "not_found", "a name of 1 to 64"],
    ["GET /", undefined, 404, "not_found", "the path must be /studies/<name> or /studies/<name>/<action>"],
    ["GET /studies/", undefined, 404, "not_found", 'received "/studies/"'],
    ["GET /study/a", undefined, 404, "not_found", 'received "/study/a"'],
    [
      "GET /studies/a/toString",
      undefined,
      404,
      "not_found",
      "one of the actions definition, trials, running, result",
    ],
    ["GET /studies/a/trials/1", undefined, 404, "not_found", 'received "/studies/a/trials/1"'],
    ["GET /studies/a", undefined, 404, "not_found", 'study "a" does not exist; POST /studies/a starts it'],
    [
      "PUT /studies/a",
      "{}",
      405,
      "invalid_argument",
      'the method must be POST, GET or DELETE; received "PUT"',
    ],
    ["GET /studies/a/pause", undefined, 405, "invalid_argument", 'the method must be POST; received "GET"'],
    [
      "POST /studies/over/resume",
      undefined,
      409,
      "invalid_state",
      'to resume study "over", it must be paused or failed; it is cancelled',
    ],
  ])("%s %s is answered with %i %s", async (words, sent, status, code, message) => {
    const answer = refusalOf(ask(fetch, words, sent === undefined ? {} : { body: sent }));
    expect(await answer).toEqual([status, code, expect.stringContaining(message)]);
    expect(writes).toEqual([]);
  });

  it("in the encoding or length of a body is refused", async () => {
    const request = (sent: Uint8Array) =>
      new Request("https://example.com/studies/a", { method: "POST", headers: authorized, body: sent });
    expect((await fetch(request(Uint8Array.of(0x7b, 0xff, 0x7d)))).status).toBe(400);
    const tooLong = [413, "memory_limit", "the body must be at most 16384 bytes; received more than that"];
    expect(await refusalOf(fetch(request(new Uint8Array(16_385))))).toEqual(tooLong);
  });

  it("in how deep a body is nested is refused", async () => {
    const message = "the body must be JSON that is nested at most 100 deep; received more than that";
    for (const deep of [
      "[".repeat(8_000) + "]".repeat(8_000),
      `${'{"a":'.repeat(2_500)}1${"}".repeat(2_500)}`,
      "[".repeat(101) + "]".repeat(101),
    ])
      expect(await refusalOf(ask(fetch, "POST /studies/a", { body: deep }))).toEqual([
        400,
        "invalid_argument",
        message,
      ]);
    // brackets in a string are none
    for (const flat of [`"${"[".repeat(500)}"`, `"\\"${"[".repeat(500)}"`, "[".repeat(100) + "]".repeat(100)])
      expect((await refusalOf(ask(fetch, "POST /studies/a", { body: flat })))[2]).not.toContain("deep");
    expect(writes).toEqual([]);
  });

  it("of an endless body is noticed before all of it is read", async () => {
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 1024;
        controller.enqueue(new Uint8Array(1024));
      },
    });
    const init = { method: "POST", headers: authorized, body: endless, duplex: "half" } as const;
    expect((await fetch(new Request("https://example.com/studies/a", init))).status).toBe(413);
    expect(sent).toBeLessThan(20_000);
  });
});

it("requests at random get 4xx and change nothing", async () => {
  let asked = 0;
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(
      fc
        .record({
          method,
          path: anyPath("running", "over", "none"),
          authorization: header,
          body: fc.option(anyBody),
        })
        .filter((it) => !isProper(it, ["over"], ["running"])),
      async ({ method, path, authorization, body }) => {
        const takesBody = method !== "GET" && method !== "HEAD" && body !== null;
        const request = new Request(new URL(`https://example.com${path}`), {
          method,
          headers: { authorization },
          ...(takesBody && { body: body as string }),
        });
        const { status } = await fetch(request);
        expect(status).toBeGreaterThanOrEqual(400);
        expect(status).toBeLessThan(500);
        expect(writes).toEqual([]);
        seen.add(status);
        asked++;
      },
    ),
    { numRuns: cases(2_000) },
  );
  expect(asked).toBe(cases(2_000));
  expect([...seen].sort()).toEqual([400, 401, 404, 405, 409, 413]);
  expect((await ask(fetch, "GET /studies/running")).status).toBe(200);
});
