/** When a model is loaded, and what its options do. */
import { beforeAll, describe, expect, it } from "vitest";
import { loadPredictor, type Predictor } from "../../../src/predict/predictor.js";
import { modelServer } from "../../../src/serve/models/modelServer.js";
import { refusal } from "../../data/refusal.js";
import { authorized, get, passenger, passengers, post, read, refused, TOKEN } from "./support.js";

const token = TOKEN;
const bytes = passengers.bytes();
let predictor: Predictor;
beforeAll(async () => {
  predictor = await loadPredictor(bytes);
});

describe("the model", () => {
  it("is loaded once, at the first request that needs it", async () => {
    let loads = 0;
    const fetch = modelServer(
      async () => {
        loads++;
        await new Promise((resolve) => setTimeout(resolve, 5));
        return bytes;
      },
      { token },
    );
    await get(fetch, "/health");
    await post(fetch, passenger, { "content-type": "application/json" });
    await get(fetch, "/elsewhere");
    expect(loads).toBe(0);
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => (await post(fetch, passenger)).status),
    );
    expect([loads, ...new Set(statuses)]).toEqual([1, 200]);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    [
      "cannot be fetched",
      () => Promise.reject(new Error("/secret/path is gone")),
      "Error: /secret/path is gone",
    ],
    [
      "cannot be fetched, at once",
      () => {
        throw new Error("at once");
      },
      "Error: at once",
    ],
    ["is damaged", async () => bytes.subarray(9), "FettleError: this is not a model file of Fettle: its"],
    [
      "is none",
      async () => undefined,
      "FettleError: this is not a model file of Fettle: it must be a Uint8Array",
    ],
    [
      "has another rule for words",
      () => loadPredictor(bytes, { unknown: "ignore" }),
      'FettleError: unknown must be that of the Predictor, or left out; received "missing"',
    ],
  ])("that %s is loaded again at the next request", async (_, broken, reason) => {
    const errors: string[] = [];
    const load = { now: broken };
    const fetch = modelServer(() => load.now() as Promise<Uint8Array>, {
      token,
      unknown: "missing",
      onError(error) {
        errors.push(String(error));
        throw error;
      },
    });
    const failed = [
      503,
      refused("invalid_state", "the model could not be loaded; the next request tries again"),
    ];
    for (const _ of "12") expect(await read(post(fetch, passenger))).toEqual(failed);
    expect(errors).toEqual([expect.stringContaining(reason), expect.stringContaining(reason)]);
    load.now = async () => bytes;
    const predictions = predictor.answers(passenger);
    expect(await read(post(fetch, passenger))).toEqual([200, { predictions }]);
  });
});

describe("options", () => {
  const model: unknown = bytes;
  it.each<[unknown, object, string]>([
    [model, {}, "invalid_argument: token must be a secret of at least 16 characters, such as openssl rand"],
    [model, { token: "short" }, "received one of 5 characters"],
    [model, { token: null }, "received a value of type object"],
    [
      model,
      { token, prefix: "models" },
      'invalid_argument: prefix must be empty, or a path that does not end with "/", such as /models/iris; received "models"',
    ],
    ...["/", "/a/", "/a?b", "/a#b", "/a/../b", "/ä", "/a b", "//", 5].map(
      (prefix): [unknown, object, string] => [
        model,
        { token, prefix },
        `such as /models/iris; received ${JSON.stringify(prefix)}`,
      ],
    ),
    [model, { token, maxRows: 0 }, "invalid_argument: maxRows must be a positive integer; received 0"],
    [model, { token, maxBytes: 1.5 }, "invalid_argument: maxBytes must be a positive integer; received 1.5"],
    [
      model,
      { token, maxBytes: Number.POSITIVE_INFINITY },
      "maxBytes must be a positive integer; received Infinity",
    ],
    [
      model,
      { token, unknown: "guess" },
      'invalid_argument: unknown must be "refuse", "missing" or "ignore"; received "guess"',
    ],
    [
      model,
      { token, onError: "log" },
      'invalid_argument: onError must be a function of an error; received "log"',
    ],
    [model, { token, rows: 5 }, 'unknown_name: unknown option of modelServer "rows"'],
    [
      "model.fettle",
      { token },
      'invalid_argument: model must be the bytes of a model file as a Uint8Array, a Predictor, or a function that returns a promise of one of them; received "model.fettle"',
    ],
    [new ArrayBuffer(8), { token }, "model must be the bytes of a model file as a Uint8Array"],
  ])("refuse what is wrong: %#", async (given, options, message) => {
    expect(refusal(() => modelServer(given as never, options as never))).toContain(message);
  });

  it("refuse another rule than the Predictor's", async () => {
    expect(refusal(() => modelServer(predictor, { token, unknown: "ignore" }))).toBe(
      'invalid_argument: unknown must be that of the Predictor, or left out; received "ignore"',
    );
    expect((await post(modelServer(predictor, { token, unknown: "refuse" }), passenger)).status).toBe(200);
  });

  it("set what paths begin with", async () => {
    const fetch = modelServer(bytes, { token, prefix: "/models/titanic" });
    expect((await get(fetch, "/models/titanic/health", {})).status).toBe(200);
    expect((await get(fetch, "/models/titanic/schema")).status).toBe(200);
    for (const path of [
      "/schema",
      "/models/titanicschema",
      "/models/titanic",
      "/models/titanic/",
      "/MODELS/titanic/schema",
    ])
      expect(await read(get(fetch, path))).toEqual([
        404,
        refused(
          "not_found",
          `the path must be one of /models/titanic/predict, /models/titanic/schema, /models/titanic/openapi.json, /models/titanic/health; received "${path}"`,
        ),
      ]);
  });

  it("may get the token at each request", async () => {
    let secret: string | undefined;
    const fetch = modelServer(bytes, { token: () => secret });
    expect((await get(fetch, "/schema")).status).toBe(503);
    secret = TOKEN;
    expect((await get(fetch, "/schema")).status).toBe(200);
    secret = "another secret of some length";
    expect((await get(fetch, "/schema")).status).toBe(401);
    expect((await get(fetch, "/schema", { authorization: `Bearer ${secret}` })).status).toBe(200);
  });

  it("say who is told of unexpected errors, which responses do not show", async () => {
    const errors: unknown[] = [];
    const error = new TypeError("internals");
    const token = () => {
      throw error;
    };
    const fetch = modelServer(bytes, { token, onError: (each) => errors.push(each) });
    expect(await read(get(fetch, "/schema", authorized))).toEqual([
      500,
      refused("internal", "the server met an unexpected error"),
    ]);
    expect(errors).toEqual([error]);
  });
});
