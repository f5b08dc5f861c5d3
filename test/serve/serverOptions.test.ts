/** The options of `serveStudies`, and the list of studies. */
import { beforeAll, describe, expect, it } from "vitest";
import { FettleError } from "../../src/errors.js";
import { serveStudies } from "../../src/serve/server.js";
import { memoryStorage } from "../../src/store/memory.js";
import { tune } from "../../src/tune/tune.js";
import type { TuneResult } from "../../src/tune/tuner/options.js";
import { refusal } from "../tune/support.js";
import { ask, options, read, refusalOf, served, type space, TOKEN, tunerFor, unexpected } from "./support.js";

const body = { trials: 6, strategy: "tpe" };
let whole: TuneResult<typeof space>;
beforeAll(async () => {
  whole = await tune({ ...tunerFor(body), jobs: 1 });
});

describe("options", () => {
  it.each([
    [
      { token: undefined },
      "invalid_argument: token must be a secret of at least 16 characters, such as openssl rand",
    ],
    [{ token: "short" }, "received one of 5 characters"],
    [{ token: 1 }, "received a value of type number"],
    [
      { storage: {} },
      "invalid_argument: storage must be a storage of fettle/store, such as memoryStorage(); received {}",
    ],
    [
      { storage: undefined },
      "storage must be a storage of fettle/store, such as memoryStorage(); received undefined",
    ],
    [
      { tuner: 1 },
      "invalid_argument: tuner must be a function that returns the options of createTuner; received 1",
    ],
    [{ settings: { n: 1 } }, "invalid_space"],
    [{ sliceSteps: 0 }, "invalid_argument: sliceSteps must be a positive integer; received 0"],
    [{ sliceMilliseconds: -1 }, "invalid_argument: sliceMilliseconds must be a positive number; received -1"],
    [{ sliceMilliseconds: "5" }, 'sliceMilliseconds must be a positive number; received "5"'],
    [{ background: "no" }, 'invalid_argument: background must be true or false; received "no"'],
    [
      { token: `${TOKEN}\n` },
      "received one that no header can carry: with characters outside ASCII, or with a space or line break at either end",
    ],
    [{ token: `${TOKEN}é` }, "received one that no header can carry"],
    [{ onError: "log" }, 'invalid_argument: onError must be a function of an error; received "log"'],
    [{ tokens: TOKEN }, 'unknown_name: unknown option of serveStudies "tokens". Did you mean "token"?'],
  ])("%j are refused", async (wrong, message) => {
    const given = { ...options, ...wrong } as unknown as typeof options;
    expect(await refusal(() => serveStudies(given))).toContain(message);
  });

  it.each([undefined, "a", []])("that are %j are refused", async (wrong) => {
    expect(await refusal(() => serveStudies(wrong as never))).toContain(
      "invalid_argument: the options of serveStudies must be an object",
    );
  });

  it("never repeat an invalid token", async () => {
    expect(await refusal(() => serveStudies({ ...options, token: "abcxyz" }))).not.toContain("abcxyz");
  });

  it.each([undefined, 5, "options"])(
    "of a tuner that are %j are told to the host when a study starts",
    async (wrong) => {
      const told: Error[] = [];
      const { fetch } = served({
        tuner: () => wrong as never,
        onError: (error) => told.push(error as Error),
      });
      const message = `the result of tuner must be the options of createTuner; received ${JSON.stringify(wrong)}`;
      expect(await refusalOf(ask(fetch, "POST /studies/a", { body }))).toEqual(unexpected);
      expect(told.map(({ cause }) => cause)).toEqual([new FettleError("invalid_argument", message)]);
    },
  );

  it("without settings accept an empty body or {}", async () => {
    const server = serveStudies({
      token: TOKEN,
      storage: memoryStorage(),
      tuner: () => tunerFor(body),
      background: false,
    });
    for (const [id, sent] of Object.entries({ a: undefined, b: "", c: "{}", d: " { } " })) {
      expect(
        (await ask(server.fetch, `POST /studies/${id}`, sent === undefined ? {} : { body: sent })).status,
      ).toBe(201);
    }
    expect(await refusalOf(ask(server.fetch, "POST /studies/e", { body: { trials: 1 } }))).toEqual([
      400,
      "invalid_argument",
      'invalid settings: this server has no settings, so the body must be empty or {}; received {"trials":1}',
    ]);
  });
});

describe("the list of studies", () => {
  const names = ["c", "a", "b"];
  const filled = async () => {
    const server = served();
    for (const id of names) await ask(server.fetch, `POST /studies/${id}`, { body });
    return server;
  };

  it("has the names in order, in parts", async () => {
    const { fetch } = await filled();
    expect(await read(ask(fetch, "GET /studies"))).toEqual({ studies: ["a", "b", "c"] });
    expect(await read(ask(fetch, "GET /studies?limit=2"))).toEqual({ studies: ["a", "b"], next: "b" });
    expect(await read(ask(fetch, "GET /studies?limit=2&after=b"))).toEqual({ studies: ["c"] });
    expect(await read(ask(fetch, "GET /studies?limit=3"))).toEqual({ studies: ["a", "b", "c"] });
  });

  it("is for those with the token, within its bounds", async () => {
    const { fetch } = await filled();
    expect((await ask(fetch, "GET /studies", { headers: {} })).status).toBe(401);
    expect((await ask(fetch, "POST /studies", { body: "{}" })).status).toBe(405);
    for (const query of ["limit=0", "limit=1001", "limit=x", "limit=1e2", "after=../x", "limit="])
      expect([query, (await ask(fetch, `GET /studies?${query}`)).status]).toEqual([query, 400]);
  });

  it("has studies that tell what they search, before and after", async () => {
    const { fetch } = await filled();
    const definition = {
      space: whole.study.space,
      strategy: "tpe",
      seed: 3,
      directions: ["minimize"],
      metrics: ["logLoss"],
    };
    expect(await read(ask(fetch, "GET /studies/a/definition"))).toEqual(definition);
    await ask(fetch, "POST /studies/a/advance");
    expect(await read(ask(fetch, "GET /studies/a/definition"))).toEqual(definition);
    expect((await ask(fetch, "GET /studies/none/definition")).status).toBe(404);
  });
});
