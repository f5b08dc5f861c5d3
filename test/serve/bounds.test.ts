/** Bounds of servers: each takes as much as it says, and not one more. */
import { describe, expect, it } from "vitest";
import type { Input } from "../../src/data/dataset.js";
import { FettleError } from "../../src/errors.js";
import type { Predictor } from "../../src/predict/predictor.js";
import { inShort } from "../../src/serve/body.js";
import { checkListeners, checkMemory, checkRoomInStorage, Room } from "../../src/serve/limits.js";
import { listStudies } from "../../src/serve/list.js";
import { describeModel } from "../../src/serve/models/description.js";
import { predictions } from "../../src/serve/models/predictions.js";
import { RowAnswerer, RowFault } from "../../src/serve/models/rows.js";
import { headOf } from "../../src/serve/node/head.js";
import { memoryStorage } from "../../src/store/memory.js";
import { ask, options, read, served } from "./support.js";

/** Whether a call neither throws nor rejects. */
const passes = async (call: () => unknown): Promise<boolean> => {
  try {
    await call();
    return true;
  } catch {
    return false;
  }
};
const listOf = (length: number) => Array.from({ length }, (_, i) => `w${i}`);

const bounds: readonly (readonly [
  name: string,
  most: number,
  fits: (n: number) => Promise<boolean> | boolean,
])[] = [
  ["characters of a received value", 100, (n) => !inShort("x".repeat(n - 2)).endsWith("...")],
  [
    "refused rows in an answer",
    100,
    async (n) => {
      const results = listOf(n).map((column) => new RowFault("no", column));
      const answerer = { rowsOf: () => [], results: () => results } as unknown as RowAnswerer;
      const request = new Request("http://a/", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
      });
      const { body } = await predictions(answerer, request, { maxRows: 9, maxBytes: 99 }, () => {});
      const { rows, more } = JSON.parse(String(body)) as { rows: object[]; more?: number };
      expect([rows.length, more]).toEqual([Math.min(n, 100), n > 100 ? n - 100 : undefined]);
      return more === undefined;
    },
  ],
  [
    "characters of a reason",
    300,
    (n) => {
      const predictor = {
        inputs: [],
        targets: [],
        classes: [],
        answers() {
          throw new FettleError("invalid_data", "x".repeat(n));
        },
      } as unknown as Predictor;
      const [fault] = new RowAnswerer(predictor).results([{}]);
      return !(fault as RowFault).message.endsWith("...");
    },
  ],
  [
    "words of a category",
    1000,
    (n) => {
      const input = { name: "a", kind: "category", categories: listOf(n), gaps: false } as unknown as Input;
      const schema = { columns: [], na: [] };
      const model = { inputs: [input], schema, targets: [], classes: [] } as unknown as Predictor;
      const { categories, moreCategories } = describeModel(model).inputs[0];
      expect([categories?.length, moreCategories]).toEqual([
        Math.min(n, 1000),
        n > 1000 ? n - 1000 : undefined,
      ]);
      return moreCategories === undefined;
    },
  ],
  ["readers of a study", 100, (n) => passes(() => checkListeners(n - 1))],
  ["bytes of a training", 7, (n) => passes(() => checkMemory(n, 7))],
  [
    "studies in a storage",
    3,
    (n) => {
      const names = async () => listOf(n - 1);
      return passes(() => checkRoomInStorage({ ...memoryStorage(), names }, 3));
    },
  ],
  [
    "running studies",
    2,
    (n) => {
      const room = new Room(2, 100);
      return passes(() => listOf(n).forEach((id) => void room.reserve(id, 1)));
    },
  ],
  [
    "bytes of running studies",
    5,
    (n) => {
      const room = new Room(9, 5);
      room.reserve("a", 2);
      room.reserve("a", 3); // in the place of the 2
      return passes(() => room.reserve("b", n - 3));
    },
  ],
  [
    "names in a list",
    1000,
    (n) => passes(() => listStudies(new Request(`http://a/studies?limit=${n}`), { names: async () => [] })),
  ],
  [
    "headers of a request",
    100,
    (n) => {
      const rawHeaders = ["host", "a", ...listOf(n - 1).flatMap((name) => [name, "1"])];
      return passes(() => headOf({ method: "GET", url: "/", rawHeaders } as never, 9));
    },
  ],
  [
    "bytes of a body",
    9,
    (n) => {
      const rawHeaders = ["host", "a", "content-length", String(n)];
      return passes(() => headOf({ method: "POST", url: "/", rawHeaders } as never, 9));
    },
  ],
];

describe("the bound of", () => {
  it.each(bounds)("%s is %i", async (_, most, fits) => {
    expect([await fits(most), await fits(most + 1)]).toEqual([true, false]);
  });
});

it("a study beyond a bound is refused before its tuner is asked for", async () => {
  let calls = 0;
  const { fetch } = served({
    background: true,
    maxRunning: 1,
    tuner(given) {
      calls++;
      return options.tuner(given);
    },
  });
  const body = { trials: 50, strategy: "random" };
  await read(ask(fetch, "POST /studies/a", { body }));
  expect((await ask(fetch, "POST /studies/b", { body })).status).toBe(429);
  expect(calls).toBe(1);
  await read(ask(fetch, "POST /studies/a/cancel"));
});

it("a server that starts resumes the studies of its storage, and leaves other names alone", async () => {
  const asked: string[] = [];
  const storage = {
    ...memoryStorage(),
    names: async () => ["a b", "first", "", "second"],
    async open(name: string) {
      asked.push(name);
      return undefined;
    },
  };
  served({ storage, background: true });
  await expect.poll(() => asked).toContain("second");
  expect([...new Set(asked)]).toEqual(["first", "second"]);
});
