/**
 * Requests of strangers and of careless, broken or hostile clients: each is refused with a reason, and the
 * next is answered as ever.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { loadPredictor, type Predictor } from "../../../src/predict/predictor.js";
import { modelServer } from "../../../src/serve/models/modelServer.js";
import { cases } from "../../cases.js";
import { attack } from "./attack.js";
import { authorized, get, passenger, passengers, post, postStream, read, refused, TOKEN } from "./support.js";

const JSON_TYPE = "application/json";
const typed = (type: string, more: Record<string, string> = {}) => ({
  ...authorized,
  "content-type": type,
  ...more,
});

const unexpected: unknown[] = [];
const options = { token: TOKEN, maxBytes: 20_000, maxRows: 50, onError: (e: unknown) => unexpected.push(e) };
const serve = modelServer(passengers.bytes(), options);
let predictor: Predictor;
beforeAll(async () => {
  predictor = await loadPredictor(passengers.bytes());
});

describe("without the token", () => {
  it.each(["POST /predict", "GET /schema", "GET /openapi.json", "GET /", "PUT /predict"])(
    "%s is refused",
    async (words) => {
      const [method, path] = words.split(" ");
      for (const authorization of [
        ...["", TOKEN, "Bearer", "Bearer ", `Basic ${TOKEN}`, `bearer${TOKEN}`, `Bearer ${TOKEN}0`],
        ...[`Bearer ${TOKEN}, Bearer ${TOKEN}`, `Bearer\t${TOKEN}`, "Bearer undefined"],
      ]) {
        const request = new Request(`https://example.com${path}?token=${TOKEN}`, {
          method,
          headers: { authorization },
        });
        const answer = await serve(request);
        expect([authorization, answer.status]).toEqual([authorization, 401]);
        expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      }
    },
  );
});

it("takes the scheme in any case, with any number of spaces", async () => {
  for (const authorization of [`bearer ${TOKEN}`, `BEARER   ${TOKEN}`])
    expect((await get(serve, "/schema", { authorization })).status).toBe(200);
});

describe("a mistake", () => {
  const form = 'the body must be a row, an array of rows, {"rows": [...]} or {"columns": {...}}; received';
  it.each<[string, number, string, string]>([
    ["", 400, "invalid_argument", 'the body must be JSON in UTF-8; received ""'],
    ["{", 400, "invalid_argument", 'the body must be JSON in UTF-8; received "{"'],
    [
      "x".repeat(500),
      400,
      "invalid_argument",
      `the body must be JSON in UTF-8; received "${"x".repeat(99)}...`,
    ],
    ["null", 400, "invalid_argument", `${form} null`],
    ["5", 400, "invalid_argument", `${form} 5`],
    ['"rows"', 400, "invalid_argument", `${form} "rows"`],
    ["[]", 400, "invalid_argument", "rows must be an array of at least one row; received an array of 0"],
    [
      '{"rows":[]}',
      400,
      "invalid_argument",
      "rows must be an array of at least one row; received an array of 0",
    ],
    ['{"rows":{}}', 400, "invalid_argument", "rows must be an array of rows; received an object"],
    ['{"rows":null}', 400, "invalid_argument", "rows must be an array of rows; received null"],
    ['{"rows":[{}],"columns":{}}', 400, "invalid_argument", `${form} "rows" with "columns"`],
    [
      '{"columns":[]}',
      400,
      "invalid_argument",
      "columns must be an object of arrays; received an array of 0",
    ],
    ['{"columns":{}}', 400, "invalid_argument", 'column "age" must be an array of cells; received none'],
    [
      '{"columns":{"age":[1],"fare":"2"}}',
      400,
      "invalid_argument",
      'column "fare" must be an array of cells; received "2"',
    ],
    [
      '{"columns":{"age":[1],"fare":[2],"port":["C"],"member":[true],"day":[]}}',
      400,
      "invalid_shape",
      "columns must be arrays of equal length; received lengths 1 and 0",
    ],
    [
      '{"columns":{"age":[],"fare":[],"port":[],"member":[],"day":[]}}',
      400,
      "invalid_argument",
      "rows must be an array of at least one row; received an array of 0",
    ],
    [
      JSON.stringify(Array(51).fill({})),
      413,
      "memory_limit",
      "the rows of a request must be at most 50; received 51",
    ],
    [
      "9".repeat(20_001),
      413,
      "memory_limit",
      "the body must be at most 20000 bytes; received more than that",
    ],
  ])("in a body is refused: %.60s", async (body, status, code, message) => {
    expect(await read(post(serve, body))).toEqual([status, refused(code, message)]);
  });

  it("in the type of a body is refused", async () => {
    const rule =
      "the header content-type must be application/json or application/x-ndjson, in UTF-8; received";
    for (const type of [
      ...["text/plain", "application/jsonp", "application/x-www-form-urlencoded", "json", "*/*", ","],
      ...[`${JSON_TYPE}, text/plain`, `text/plain;${JSON_TYPE}`, `${JSON_TYPE}; charset=utf-16`],
    ])
      expect(await read(post(serve, passenger, typed(type)))).toEqual([
        415,
        refused("invalid_argument", `${rule} "${type}"`),
      ]);
    const request = new Request("https://example.com/predict", {
      method: "POST",
      headers: authorized,
      body: new TextEncoder().encode("{}"),
    });
    expect(await read(serve(request))).toEqual([415, refused("invalid_argument", `${rule} none`)]);
    expect(await read(post(serve, passenger, typed(JSON_TYPE, { "content-encoding": "gzip" })))).toEqual([
      415,
      refused("invalid_argument", 'the header content-encoding must be identity, or absent; received "gzip"'),
    ]);
    for (const type of [
      "APPLICATION/JSON",
      `${JSON_TYPE};charset=UTF-8`,
      `${JSON_TYPE} ; charset="utf-8" ; x=y`,
    ])
      expect((await post(serve, passenger, typed(type))).status).toBe(200);
  });

  it("in the encoding of a body is refused; a mark of the byte order is not", async () => {
    const sent = (bytes: Uint8Array) =>
      read(
        serve(
          new Request("https://example.com/predict", {
            method: "POST",
            headers: typed(JSON_TYPE),
            body: bytes as Uint8Array<ArrayBuffer>,
          }),
        ),
      );
    expect(await sent(Uint8Array.of(0x7b, 0xff, 0x7d))).toEqual([
      400,
      refused("invalid_argument", "the body must be JSON in UTF-8; received bytes that are not UTF-8"),
    ]);
    const text = new TextEncoder().encode(JSON.stringify(passenger));
    expect((await sent(Uint8Array.of(0xef, 0xbb, 0xbf, ...text)))[0]).toBe(200);
  });

  it.each([
    ["GET /predict", "POST"],
    ["OPTIONS /predict", "POST"],
    ["POST /schema", "GET"],
    ["HEAD /openapi.json", "GET"],
    ["POST /health", "GET"],
  ])("in the method is refused: %s", async (words, allow) => {
    const [method, path] = words.split(" ");
    const answer = await serve(new Request(`https://example.com${path}`, { method, headers: authorized }));
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
    expect(await answer.json()).toEqual(
      refused("invalid_argument", `the method must be ${allow}; received "${method}"`),
    );
  });

  it.each([
    "/",
    "/predict/",
    "/predict/1",
    "/%70redict",
    "//predict",
    "/Predict",
    "/constructor",
    "/__proto__",
    `/${"a".repeat(5000)}`,
  ])("in the path is refused: %.30s", async (path) => {
    const shown = JSON.stringify(path);
    expect(await read(get(serve, path))).toEqual([
      404,
      refused(
        "not_found",
        `the path must be one of /predict, /schema, /openapi.json, /health; received ${shown.length > 100 ? `${shown.slice(0, 100)}...` : shown}`,
      ),
    ]);
  });
});

describe("a hostile body", () => {
  it.each([
    ["of arrays in arrays", (depth: number) => "[".repeat(depth) + "]".repeat(depth)],
    ["of objects in objects", (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`],
    ["with a deep cell", (depth: number) => `{"age":${"[".repeat(depth)}${"]".repeat(depth)}}`],
    ["with deep rows", (depth: number) => `{"rows":${"[".repeat(depth)}${"]".repeat(depth)}}`],
    ["with deep columns", (depth: number) => `{"columns":{"age":${"[".repeat(depth)}${"]".repeat(depth)}}}`],
  ])("%s is refused", async (_, make) => {
    const large = modelServer(predictor, { ...options, maxBytes: 2 ** 22 });
    for (const depth of [5, 1_000, 400_000]) {
      const [status] = await read(post(large, make(depth)));
      expect(status === 400 || status === 422).toBe(true);
    }
  });

  it("with names of objects' own members is taken by the word", async () => {
    const expected = { predictions: JSON.parse(JSON.stringify(predictor.answers(passenger))) };
    const text = JSON.stringify(passenger).slice(1);
    for (const more of [
      ...['"__proto__":{"fare":null,"rows":[]}', '"constructor":{"prototype":{"fare":1}}'],
      ...[
        '"hasOwnProperty":1',
        '"toString":null',
        '"valueOf":{}',
        '"length":5',
        '"shape":[1,2]',
        '"data":[1]',
      ],
    ])
      expect(await read(post(serve, `{${more},${text}`))).toEqual([200, expected]);
    // what an object inherits is no cell
    const inherited = `{"__proto__":${JSON.stringify(passenger)}}`;
    expect((await read(post(serve, inherited)))[0]).toBe(422);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it("with cells that are no values is refused", async () => {
    for (const cell of ['{"toISOString":1,"valueOf":1,"toString":1}', '{"length":1e9}', "[[[]]]", "{}", "[]"])
      expect(await read(post(serve, `{"fare":1,"member":true,"day":${cell}}`))).toMatchObject([
        422,
        { rows: [{ row: 0, column: "day" }] },
      ]);
  });

  it("that ends in the middle, or is not whole, is refused", async () => {
    const text = new TextEncoder().encode(JSON.stringify(passenger));
    const broken = new ReadableStream({
      start(controller) {
        controller.enqueue(text.subarray(0, 9));
      },
      pull(controller) {
        controller.error(new Error("the client left"));
      },
    });
    expect(await read(postStream(serve, broken))).toEqual([
      400,
      refused("invalid_argument", "the body must be complete; received only a part"),
    ]);
  });

  it("that is slow, in small pieces or in empty ones is read as it comes", async () => {
    const text = new TextEncoder().encode(JSON.stringify(passenger));
    let at = 0;
    const slow = new ReadableStream({
      async pull(controller) {
        if (at % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        controller.enqueue(new Uint8Array(0));
        controller.enqueue(text.subarray(at, ++at));
        if (at === text.length) controller.close();
      },
    });
    const waiting = read(postStream(serve, slow));
    expect((await post(serve, passenger)).status).toBe(200);
    expect((await waiting)[0]).toBe(200);
  });

  it("that does not end is not read further than its limit", async () => {
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 1000;
        controller.enqueue(new Uint8Array(1000).fill(0x20));
      },
    });
    const tooLong = [
      413,
      refused("memory_limit", "the body must be at most 20000 bytes; received more than that"),
    ];
    expect(await read(postStream(serve, endless))).toEqual(tooLong);
    expect(sent).toBeLessThan(23_000);
  });

  it("that says that it is too long is not read; what else it says of its length is not believed", async () => {
    let pulls = 0;
    const watched = () =>
      new ReadableStream(
        {
          pull(controller) {
            pulls++;
            controller.enqueue(new TextEncoder().encode(JSON.stringify(passenger)));
            controller.close();
          },
        },
        { highWaterMark: 0 },
      );
    const saying = (length: string) =>
      read(postStream(serve, watched(), typed(JSON_TYPE, { "content-length": length })));
    for (const length of ["20001", "00020001", "9".repeat(400)]) expect((await saying(length))[0]).toBe(413);
    expect(pulls).toBe(0);
    for (const length of ["1", "-1", "1e9", "20001, 5", "0x9999", "Infinity", ""])
      expect((await saying(length))[0]).toBe(200);
  });

  it("of the greatest length that is allowed is answered", async () => {
    const text = JSON.stringify(passenger);
    expect((await post(serve, text.padEnd(20_000))).status).toBe(200);
    expect((await post(serve, text.padEnd(20_001))).status).toBe(413);
  });
});

it("of thousands of requests, a third malformed, each gets the predictions of its rows or a reason", async () => {
  const statuses = await attack((body) => read(post(serve, body)), predictor, cases(170));
  expect(statuses).toEqual([200, 400, 413, 422]);
  expect(unexpected).toEqual([]);
  expect((await post(serve, passenger)).status).toBe(200);
});
