/**
 * Studies over HTTP: the same result as `tune`, whenever the server is lost, and commands that do what they
 * say.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { FettleError } from "../../src/errors.js";
import { loadModel } from "../../src/model/save.js";
import type { StudyResult, StudyStatus } from "../../src/serve/record.js";
import { type ByteStore, byteStorage } from "../../src/store/bytes/byteStorage.js";
import { memoryStorage } from "../../src/store/memory.js";
import { tune } from "../../src/tune/tune.js";
import type { TuneResult } from "../../src/tune/tuner/options.js";
import { packArchive } from "../../src/workers/archive.js";
import { bytesInMemory } from "../store/byteStores.js";
import { asJson, untimed, x } from "../tune/support.js";
import {
  ask,
  authorized,
  options,
  read,
  refusalOf,
  served,
  type space,
  tunerFor,
  unexpected,
} from "./support.js";

const body = { trials: 6, strategy: "tpe" };
let whole: TuneResult<typeof space>;
beforeAll(async () => {
  whole = await tune({ ...tunerFor(body), jobs: 1 });
});

type Fetch = (request: Request) => Promise<Response>;
type Records = TuneResult<typeof space>["trials"];

async function expectWhole(fetch: Fetch, id: string): Promise<void> {
  const status = await read<StudyStatus>(ask(fetch, `GET /studies/${id}`));
  expect(status).toMatchObject({ id, phase: "done", settings: body, finished: 6, trials: 6 });
  // 6 trials on 2 folds of 24 rows and the final fit on 48, in batches of 16, for 4 epochs; a trial's start
  // is one step
  expect(status.steps).toBe(6 * (1 + 2 * 2 * 4) + 3 * 4);
  expect(status.best?.number).toBe(whole.best.number);
  expect([status.best?.curves, whole.best.curves?.names]).toEqual([undefined, ["loss"]]); // sent after each slice
  const trials = await read<Records>(ask(fetch, `GET /studies/${id}/trials`));
  expect(untimed(trials)).toEqual(asJson(untimed(whole.trials)));
  const result = await read<StudyResult>(ask(fetch, `GET /studies/${id}/result`));
  expect(result.metrics).toEqual(["logLoss"]);
  expect(result.best).toEqual(whole.bestTrials.map(({ number }) => number));
  expect(result.test).toEqual(whole.final.test);
  const weights = whole.final.model.getWeights();
  expect(Object.keys(result.weights)).toEqual(Object.keys(weights));
  for (const [name, { shape, data }] of Object.entries(weights)) {
    expect(result.weights[name].shape).toEqual(shape);
    expect(result.weights[name].data).toEqual([...data]);
  }
  const file = await ask(fetch, `GET /studies/${id}/model`);
  const model = await loadModel(new Uint8Array(await file.arrayBuffer()));
  expect(model.predict(x).data).toEqual(whole.final.predict(x).data);
  const headers = { ...authorized, "content-type": "application/json" };
  const rows = JSON.stringify(x.slice(0, 3));
  const { predictions } = await read<{ predictions: unknown }>(
    ask(fetch, `POST /studies/${id}/predict`, { headers, body: rows }),
  );
  expect(predictions).toEqual(whole.final.answers(x.slice(0, 3)));
  expect((await ask(fetch, `POST /studies/${id}/predict`, { headers, body: '[["a", 1, 2]]' })).status).toBe(
    422,
  );
}

async function ended(fetch: Fetch, id: string): Promise<StudyStatus> {
  for (;;) {
    const status = await read<StudyStatus>(ask(fetch, `GET /studies/${id}`));
    if (status.phase !== "running") return status;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

describe("a study", () => {
  it("runs in the background to the result of tune", async () => {
    const { fetch } = served({ background: true });
    const started = await ask(fetch, "POST /studies/a", { body });
    expect(started.status).toBe(201);
    expect(await started.json()).toEqual({
      id: "a",
      phase: "running",
      settings: body,
      steps: 0,
      finished: 0,
    });
    await ended(fetch, "a");
    await expectWhole(fetch, "a");
  });

  it("runs slice by slice, each on a new server", async () => {
    const storage = memoryStorage();
    const fresh: Fetch = (request) => served({ storage, sliceSteps: 5 }).fetch(request);
    await read(ask(fresh, "POST /studies/a", { body }));
    let slices = 0;
    while ((await read<StudyStatus>(ask(fresh, "POST /studies/a/advance"))).phase === "running") slices++;
    expect(slices).toBeGreaterThan(20);
    await expectWhole(fresh, "a");
  });

  it("that was running when its server was lost continues at the next request", async () => {
    const storage = memoryStorage();
    await read(ask(served({ storage }).fetch, "POST /studies/a", { body }));
    const { fetch } = served({ storage, background: true });
    await ended(fetch, "a");
    await expectWhole(fetch, "a");
  });

  it("does not affect another", async () => {
    const { fetch } = served({ background: true, sliceSteps: 7 });
    const other = { trials: 4, strategy: "random" };
    await Promise.all([
      read(ask(fetch, "POST /studies/a", { body })),
      read(ask(fetch, "POST /studies/b", { body: other })),
    ]);
    expect(await ended(fetch, "b")).toMatchObject({ phase: "done", settings: other, finished: 4 });
    await ended(fetch, "a");
    await expectWhole(fetch, "a");
  });

  it("has its trials so far, but no result before it is done", async () => {
    const { fetch } = served({ sliceSteps: 40 });
    await read(ask(fetch, "POST /studies/a", { body }));
    for (let slice = 0; slice < 3; slice++) await read(ask(fetch, "POST /studies/a/advance"));
    const { finished } = await read<StudyStatus>(ask(fetch, "GET /studies/a"));
    expect(finished).toBeGreaterThan(1);
    expect(await refusalOf(ask(fetch, "GET /studies/a/result"))).toEqual([
      409,
      "invalid_state",
      `study "a" must be done to have a result; it is running, with ${finished} finished trials`,
    ]);
    for (const words of ["GET /studies/a/model", "POST /studies/a/predict"])
      expect(
        await refusalOf(
          ask(fetch, words, { headers: { ...authorized, "content-type": "application/json" } }),
        ),
      ).toEqual([
        409,
        "invalid_state",
        'study "a" must be done, with a model that can be saved, to predict; it is running',
      ]);
    const trials = await read<Records>(ask(fetch, "GET /studies/a/trials"));
    expect(untimed(trials)).toEqual(asJson(untimed(whole.trials.slice(0, finished))));
  });

  it("that begins anew under the same name predicts by its own model", async () => {
    const { fetch } = served({ background: true });
    const headers = { ...authorized, "content-type": "application/json" };
    const predicted = () =>
      read(ask(fetch, "POST /studies/a/predict", { headers, body: JSON.stringify(x.slice(0, 3)) }));
    const answers = [];
    for (const trials of [1, 4]) {
      await read(ask(fetch, "POST /studies/a", { body: { trials, strategy: "random" } }));
      await ended(fetch, "a");
      answers.push(await predicted());
      await ask(fetch, "DELETE /studies/a");
    }
    expect(answers[0]).not.toEqual(answers[1]);
  });
});

describe("commands", () => {
  it("pause, resume and cancel a study, and may be sent twice", async () => {
    const { fetch } = served({ sliceSteps: 10 });
    const phaseAfter = async (words: string) => (await read<StudyStatus>(ask(fetch, words))).phase;
    await read(ask(fetch, "POST /studies/a", { body }));
    for (const _ of "12") expect(await phaseAfter("POST /studies/a/pause")).toBe("paused");
    const before = await read(ask(fetch, "GET /studies/a"));
    expect(await read(ask(fetch, "POST /studies/a/advance"))).toEqual(before);
    for (const _ of "12") expect(await phaseAfter("POST /studies/a/resume")).toBe("running");
    expect(await phaseAfter("POST /studies/a/advance")).toBe("running");
    for (const _ of "12") expect(await phaseAfter("POST /studies/a/cancel")).toBe("cancelled");
    for (const command of ["pause", "resume"]) {
      const rule = command === "pause" ? "running" : "paused or failed";
      expect(await refusalOf(ask(fetch, `POST /studies/a/${command}`))).toEqual([
        409,
        "invalid_state",
        `to ${command} study "a", it must be ${rule}; it is cancelled`,
      ]);
    }
    expect(await read(ask(fetch, "GET /studies/a/trials"))).toEqual([]);
  });

  it("pause a study that runs in the background, and resume it to the same result", async () => {
    const { fetch } = served({ background: true, sliceSteps: 9 });
    await read(ask(fetch, "POST /studies/a", { body }));
    const paused = await read<StudyStatus>(ask(fetch, "POST /studies/a/pause"));
    expect(paused.phase).toBe("paused");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await read(ask(fetch, "GET /studies/a"))).toEqual(paused);
    await read(ask(fetch, "POST /studies/a/resume"));
    await ended(fetch, "a");
    await expectWhole(fetch, "a");
  });

  it("start a study once, and refuse other settings", async () => {
    const { fetch } = served();
    const first = await ask(fetch, "POST /studies/a", { body });
    const again = await ask(fetch, "POST /studies/a", { body: { strategy: "tpe", trials: 6 } });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(await again.json()).toEqual(await first.json());
    const [status, code] = await refusalOf(ask(fetch, "POST /studies/a", { body: { ...body, trials: 7 } }));
    expect([status, code]).toEqual([409, "invalid_state"]);
  });

  it("delete a study, so that its name is free again", async () => {
    const storage = memoryStorage();
    const { fetch } = served({ storage });
    await read(ask(fetch, "POST /studies/a", { body }));
    expect((await ask(fetch, "DELETE /studies/a")).status).toBe(204);
    expect(await storage.names()).toEqual([]);
    for (const words of ["GET /studies/a", "DELETE /studies/a", "POST /studies/a/advance"]) {
      expect(await refusalOf(ask(fetch, words))).toEqual([
        404,
        "not_found",
        'study "a" does not exist; POST /studies/a starts it',
      ]);
    }
    expect((await ask(fetch, "POST /studies/a", { body: { ...body, trials: 7 } })).status).toBe(201);
  });
});

describe("an error", () => {
  it("in the option tuner fails the study, which resumes once the cause is corrected", async () => {
    let broken = false;
    const storage = memoryStorage();
    const fresh: Fetch = (request) =>
      served({
        storage,
        sliceSteps: 20,
        tuner(given) {
          if (broken) throw new Error("no table of that name");
          return options.tuner(given);
        },
      }).fetch(request);
    await read(ask(fresh, "POST /studies/a", { body }));
    await read(ask(fresh, "POST /studies/a/advance"));
    broken = true;
    const failed = await read<StudyStatus>(ask(fresh, "POST /studies/a/advance"));
    expect(failed).toMatchObject({ phase: "failed", error: "no table of that name", steps: 16 });
    expect(await read(ask(fresh, "GET /studies/a"))).toEqual(failed);
    broken = false;
    const resumed = await read<StudyStatus>(ask(fresh, "POST /studies/a/resume"));
    expect(resumed).not.toHaveProperty("error");
    while ((await read<StudyStatus>(ask(fresh, "POST /studies/a/advance"))).phase === "running");
    await expectWhole(fresh, "a");
  });

  it("in the option tuner is told to the host at the start, not to the client, and nothing is stored", async () => {
    const storage = memoryStorage();
    for (const cause of [
      new Error("no table of that name"),
      new FettleError("not_found", "no /home/table.csv"),
    ]) {
      const told: unknown[] = [];
      const { fetch } = served({
        storage,
        onError: (error) => told.push(error),
        tuner() {
          throw cause;
        },
      });
      expect(await refusalOf(ask(fetch, "POST /studies/a", { body }))).toEqual(unexpected);
      expect(told).toEqual([
        new FettleError("internal", `the option tuner failed: ${cause.message}`, { cause }),
      ]);
      expect(await storage.names()).toEqual([]);
    }
  });

  it("about other data fails the study", async () => {
    const storage = memoryStorage();
    await read(ask(served({ storage }).fetch, "POST /studies/a", { body }));
    const { fetch } = served({
      storage,
      tuner: () => ({ ...tunerFor(body), x: x.map((row, i) => (i === 0 ? [1, 2, 3] : row)) }),
    });
    const { phase, error } = await read<StudyStatus>(ask(fetch, "POST /studies/a/advance"));
    expect([phase, error]).toEqual(["failed", "the tuner was saved with other data; pass the same data"]);
  });

  it("in the store loses only what was not stored", async () => {
    const memory = bytesInMemory();
    let puts = 0;
    const store: ByteStore = {
      ...memory,
      put: async (key, bytes) => {
        if (++puts % 3 === 0) throw new Error("disk full");
        await memory.put(key, bytes);
      },
    };
    const told: unknown[] = [];
    const { fetch } = served({
      storage: byteStorage(store),
      sliceSteps: 11,
      onError: (error) => told.push(error),
    });
    await read(ask(fetch, "POST /studies/a", { body }));
    let failures = 0;
    for (;;) {
      const answer = await ask(fetch, "POST /studies/a/advance");
      if (answer.status === 500) {
        failures++;
        expect(await refusalOf(Promise.resolve(answer))).toEqual(unexpected);
        expect(told[failures - 1]).toEqual(new FettleError("internal", "the storage failed: disk full"));
      } else if (((await answer.json()) as StudyStatus).phase === "done") break;
    }
    expect(failures).toBeGreaterThan(3);
    expect(told).toHaveLength(failures);
    await expectWhole(fetch, "a");
  });

  it("in the store never shows what it says, whatever its code, from any route", async () => {
    const cause = Object.assign(new Error("ENOENT: /srv/secret"), { code: "ENOENT" });
    const causes = [
      cause,
      new FettleError("invalid_argument", "/srv/secret"),
      "/srv/secret",
      undefined,
      null,
    ];
    for (const thrown of causes)
      for (const broken of ["get", "put", "delete"] as const) {
        const memory = bytesInMemory();
        await read(ask(served({ storage: byteStorage(memory) }).fetch, "POST /studies/old", { body }));
        const store: ByteStore = { ...memory, [broken]: async () => Promise.reject(thrown) };
        const told: unknown[] = [];
        const answers = [];
        for (const words of [
          ...["POST /studies/new", "GET /studies/old", "GET /studies/old/trials", "GET /studies/old/events"],
          ...["POST /studies/old/pause", "POST /studies/old/resume", "POST /studies/old/advance"],
          ...["POST /studies/old/predict", "DELETE /studies/old"],
        ]) {
          const server = served({ storage: byteStorage(store), onError: (error) => told.push(error) });
          const sent = { headers: { ...authorized, "content-type": "application/json" }, body };
          const answer = await ask(server.fetch, words, words.startsWith("POST") ? sent : {});
          if (answer.status < 500) await answer.body?.cancel();
          else answers.push([answer.status, await answer.text()]);
        }
        const expected = { get: 9, put: 3, delete: 1 }[broken];
        const text = JSON.stringify({ error: { code: "internal", message: unexpected[2] } });
        expect(answers).toEqual(Array.from({ length: expected }, () => [500, text]));
        expect(told.map((error) => (error as Error).cause)).toEqual(answers.map(() => thrown));
      }
  });

  it("in the background is told to the host", async () => {
    const memory = bytesInMemory();
    let puts = 0;
    const put = async (key: string, bytes: Uint8Array): Promise<void> => {
      if (++puts > 2) throw new Error("disk full");
      await memory.put(key, bytes);
    };
    const cause = await new Promise<unknown>((resolve) => {
      const { fetch } = served({
        storage: byteStorage({ ...memory, put }),
        background: true,
        onError: resolve,
      });
      void ask(fetch, "POST /studies/a", { body });
    });
    expect(cause).toEqual(new FettleError("internal", "the storage failed: disk full"));
  });

  it("of onError changes nothing, thrown or rejected", async () => {
    for (const onError of [
      () => {
        throw new Error("no log");
      },
      async () => Promise.reject(new Error("no log")),
    ]) {
      const { fetch } = served({ tuner: () => Promise.reject(new Error("no data")), onError });
      expect(await refusalOf(ask(fetch, "POST /studies/a", { body }))).toEqual(unexpected);
    }
  });

  it.each([
    ["that are no record", Uint8Array.from({ length: 100 }, (_, i) => i), 409, "damaged_record"],
    [
      "of a later release",
      packArchive({ magic: "fettle/k", version: 2, what: "a study" }, {}),
      500,
      "invalid_checkpoint",
    ],
  ])("in a record %s is reported, and it can be deleted", async (_, bytes, ...expected) => {
    const storage = memoryStorage();
    await ask(served({ storage }).fetch, "POST /studies/a", { body });
    await (await storage.open("a"))?.keep("served", bytes);
    const { fetch } = served({ storage });
    const [status, code] = await refusalOf(ask(fetch, "GET /studies/a"));
    expect([status, code]).toEqual(expected);
    expect((await ask(fetch, "DELETE /studies/a")).status).toBe(204);
    expect((await ask(fetch, "GET /studies/a")).status).toBe(404);
  });
});
