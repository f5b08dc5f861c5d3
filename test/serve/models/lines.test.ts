/**
 * Rows on lines: an answer for each, in order, however the bytes arrive, and nothing is kept that was
 * answered.
 */
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { loadPredictor, type Predictor } from "../../../src/predict/predictor.js";
import { modelServer } from "../../../src/serve/models/modelServer.js";
import { cases } from "../../cases.js";
import { authorized, passenger, passengers, post, postStream, TOKEN } from "./support.js";

const headers = { ...authorized, "content-type": "application/x-ndjson" };
const serve = modelServer(passengers.bytes(), { token: TOKEN, maxRows: 4, maxBytes: 500 });
let predictor: Predictor;
beforeAll(async () => {
  predictor = await loadPredictor(passengers.bytes());
});

const encoder = new TextEncoder();

/** The lines of a response, each as JSON. */
async function linesOf(response: Promise<Response>): Promise<unknown[]> {
  const answer = await response;
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/x-ndjson"]);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  const text = await answer.text();
  expect(text === "" || text.endsWith("\n")).toBe(true);
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

it("are answered as by the predictor, wherever the bytes are divided", async () => {
  const line = fc.constantFrom<[string, boolean]>(
    [JSON.stringify(passenger), true],
    [JSON.stringify({ ...passenger, age: null, port: "C", note: "é, ü and 😀" }), true],
    [JSON.stringify({ ...passenger, fare: "free" }), false],
    ["{", false],
    ["null", false],
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\n\n", "\n \t\n")), { maxLength: 12 }),
      fc.boolean(),
      fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 8 }),
      async (lines, isEnded, sizes) => {
        const text = lines
          .map(([[row], end], i) => row + (i < lines.length - 1 || isEnded ? end : ""))
          .join("");
        const answers = await linesOf(postStream(serve, pieces(encoder.encode(text), sizes), headers));
        expect(answers).toEqual(
          lines.map(([[row, isGood]], i) =>
            isGood
              ? predictor.answers(JSON.parse(row))[0]
              : expect.objectContaining({ row: i, error: expect.anything() }),
          ),
        );
      },
    ),
    { numRuns: cases(150) },
  );
});

/** Bytes in pieces of these sizes, over and over. */
function pieces(bytes: Uint8Array, sizes: readonly number[]): ReadableStream<Uint8Array> {
  let at = 0;
  let i = 0;
  return new ReadableStream({
    pull(controller) {
      const size = sizes[i++ % sizes.length] || 1;
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
      if (at >= bytes.length) controller.close();
    },
  });
}

it("at fault say why, and the others are answered", async () => {
  const lines = [passenger, { ...passenger, fare: "free" }, [1], passenger].map((row) => JSON.stringify(row));
  const [answer] = predictor.answers(passenger);
  const error = (message: string) => ({ code: "invalid_data", message });
  expect(await linesOf(post(serve, [...lines, "{", "x"].join("\n"), headers))).toEqual([
    answer,
    { error: error('every cell must be a number; received "free"'), row: 1, column: "fare" },
    { error: error("a row must be an object of cells by column; received an array of 1"), row: 2 },
    answer,
    {
      error: error("a row must be an object of cells by column; received text that is not JSON in UTF-8"),
      row: 4,
    },
    {
      error: error("a row must be an object of cells by column; received text that is not JSON in UTF-8"),
      row: 5,
    },
  ]);
});

it("may be none", async () => {
  for (const body of ["", "\n", " \r\n\n"]) expect(await linesOf(post(serve, body, headers))).toEqual([]);
});

it("are answered while others are on their way", async () => {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
  });
  const reader = ((await postStream(serve, body, headers)).body as ReadableStream<Uint8Array>).getReader();
  const line = JSON.stringify(passenger);
  const answer = `${JSON.stringify(predictor.answers(passenger)[0])}\n`;
  controller.enqueue(encoder.encode(`${line}\n${line.slice(0, 9)}`));
  expect(new TextDecoder().decode((await reader.read()).value)).toBe(answer);
  controller.enqueue(encoder.encode(`${line.slice(9)}\n${line}\n`));
  expect(new TextDecoder().decode((await reader.read()).value)).toBe(answer + answer);
  controller.close();
  expect((await reader.read()).done).toBe(true);
});

it("without an end are refused, and what came before is answered", async () => {
  const line = JSON.stringify(passenger);
  const [answer] = predictor.answers(passenger);
  const tooLong = {
    code: "memory_limit",
    message: "a line must be at most 500 bytes; received more than that",
  };
  for (const first of [
    `${line}\n`,
    `${line}\n${"x".repeat(400)}`,
    `${line}\n${"x".repeat(501)}`,
    `${line}\n${"x".repeat(501)}\n`,
  ]) {
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        controller.enqueue(encoder.encode(sent === 0 ? first : "x".repeat(50)));
        sent += 50;
      },
    });
    expect(await linesOf(postStream(serve, endless, headers))).toEqual([answer, { error: tooLong }]);
    expect(sent).toBeLessThan(1000);
  }
});

it("that break off are answered as far as they are whole", async () => {
  const broken = new ReadableStream({
    start(controller) {
      controller.enqueue(encoder.encode(`${JSON.stringify(passenger)}\n{"age":3`));
    },
    pull(controller) {
      controller.error(new Error("the client left"));
    },
  });
  expect(await linesOf(postStream(serve, broken, headers))).toEqual([
    predictor.answers(passenger)[0],
    { error: { code: "invalid_argument", message: "the body must be complete; received only a part" } },
  ]);
});

it("are read no faster than their answers, and no more once the client leaves", async () => {
  let sent = 0;
  let reason: unknown;
  const line = encoder.encode(`${JSON.stringify(passenger)}\n`);
  const endless = new ReadableStream({
    pull(controller) {
      sent++;
      controller.enqueue(line);
    },
    cancel(given) {
      reason = given;
    },
  });
  const body = (await postStream(serve, endless, headers)).body as ReadableStream<Uint8Array>;
  const reader = body.getReader();
  for (let i = 0; i < 10; i++) expect((await reader.read()).done).toBe(false);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(sent).toBeLessThan(15);
  await reader.cancel("enough");
  expect(reason).toBe("enough");
});

it("end with an error that nobody expects, of which the server's owner is told", async () => {
  const errors: unknown[] = [];
  const error = new TypeError("internals");
  const broken = Object.assign(await loadPredictor(passengers.bytes()), {
    answers() {
      throw error;
    },
  });
  const fetch = modelServer(broken, { token: TOKEN, onError: (each) => errors.push(each) });
  const unexpected = { error: { code: "internal", message: "the server met an unexpected error" } };
  expect(await linesOf(post(fetch, JSON.stringify(passenger), headers))).toEqual([unexpected]);
  const answer = await post(fetch, passenger);
  expect([answer.status, await answer.json()]).toEqual([500, unexpected]);
  expect(errors).toEqual([error, error]);
});
