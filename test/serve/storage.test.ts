/** A served study in its storage: what others see of it, and what a kill between two writes leaves. */

import { expect, it } from "vitest";
import { float } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import { createStudy, restoreStudy } from "../../src/search/study/create.js";
import type { TrialRecord } from "../../src/search/trial/trial.js";
import { type StudyStatus, unpackRecord } from "../../src/serve/record.js";
import { memoryStorage } from "../../src/store/memory.js";
import type { StoredStudy, StudyStorage } from "../../src/store/storage.js";
import { trialsIn } from "../../src/tune/resume/tunerCore.js";
import { ask, read, refusalOf, served, space } from "./support.js";

const body = { trials: 4, strategy: "random" };

/** Runs slices until the study ends. */
async function runToEnd(fetch: (request: Request) => Promise<Response>): Promise<void> {
  while ((await read<StudyStatus>(ask(fetch, "POST /studies/a/advance"))).phase === "running");
}

it("is a study like any other: its trials, its settings, and its model", async () => {
  const storage = memoryStorage();
  const { fetch } = served({ storage });
  await read(ask(fetch, "POST /studies/a", { body }));
  await runToEnd(fetch);
  const study = (await storage.open("a")) as StoredStudy;
  expect(study.settings).toEqual({ served: body, metrics: ["logLoss"] });
  expect(await storage.studies()).toEqual([{ name: "a", trials: 4, finished: 4 }]);
  const trials = (await study.trials()) as readonly TrialRecord[];
  expect(JSON.parse(JSON.stringify(trials))).toEqual(await read(ask(fetch, "GET /studies/a/trials")));
  const again = restoreStudy({ ...study.definition, trials }, { space, strategy: random() });
  expect(again.best.number).toBe((await read<StudyStatus>(ask(fetch, "GET /studies/a"))).best?.number);
  const model = new Uint8Array(await (await ask(fetch, "GET /studies/a/model")).arrayBuffer());
  expect((await study.artifact("model.fettle"))?.bytes).toEqual(model);
});

it("has running trials while it runs", async () => {
  const storage = memoryStorage();
  const { fetch } = served({ storage, sliceSteps: 3 });
  await read(ask(fetch, "POST /studies/a", { body }));
  await read(ask(fetch, "POST /studies/a/advance"));
  const stored = (await (await storage.open("a"))?.trials()) ?? [];
  expect(stored.map(({ number, status }) => [number, status])).toEqual([[0, "running"]]);
});

/** A storage whose process is killed after a study's record was written, and before its trials. */
function killedBeforeTrials(storage: StudyStorage, kills: (write: number) => boolean): StudyStorage {
  let writes = 0;
  return {
    ...storage,
    async open(name) {
      const study = await storage.open(name);
      if (!study) return undefined;
      const append: StoredStudy["append"] = async (trials) => {
        if (kills(writes++)) throw new Error("killed");
        await study.append(trials);
      };
      return Object.assign(Object.create(study) as StoredStudy, { append });
    },
  };
}

it.each<[string, (write: number) => boolean]>([
  ["the first write", (write) => write < 1],
  ["the first 5 writes", (write) => write < 5],
  ["the first 100 writes", (write) => write < 100],
  ["every second write", (write) => write % 2 === 1],
  ["two of three writes", (write) => write % 3 > 0],
])("has all trials after kills between its record and %s of its trials", async (_, kills) => {
  const storage = memoryStorage();
  const killed = killedBeforeTrials(storage, kills);
  const fresh = () => served({ storage: killed, sliceSteps: 7 });
  await read(ask(fresh().fetch, "POST /studies/a", { body }));
  for (let request = 0; request < 400; request++) {
    const answer = await ask(fresh().fetch, "POST /studies/a/advance");
    if (answer.ok && ((await answer.json()) as StudyStatus).phase === "done") break;
  }
  // the last kill may be after the record of a study that is done
  await read(ask(fresh().fetch, "POST /studies/a/advance"));
  const trials = await read(ask(fresh().fetch, "GET /studies/a/trials"));
  expect(JSON.parse(JSON.stringify(await (await storage.open("a"))?.trials()))).toEqual(trials);
  expect(trials).toHaveLength(4);
});

it("leaves a study alone that no server of studies began, and says so", async () => {
  const storage = memoryStorage();
  const other = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" });
  other.ask();
  await storage.create("a", other.toJSON());
  const { fetch } = served({ storage });
  const message = 'the storage has a study "a" that no server of studies began; choose another name';
  for (const words of ["GET /studies/a", "DELETE /studies/a", "POST /studies/a/pause"])
    expect(await refusalOf(ask(fetch, words))).toEqual([404, "not_found", message]);
  expect(await refusalOf(ask(fetch, "POST /studies/a", { body }))).toEqual([409, "conflict", message]);
  expect(await (await storage.open("a"))?.trials()).toEqual(other.toJSON().trials);
});

it("starts again if its process was killed before it had a record", async () => {
  const storage = memoryStorage();
  const empty = createStudy({
    space: { x: float(0, 1) },
    strategy: random(),
    direction: "minimize",
  }).toJSON();
  await storage.create("a", empty, { served: { trials: 50, strategy: "tpe" }, metrics: ["logLoss"] });
  const { fetch } = served({ storage });
  expect((await ask(fetch, "GET /studies/a")).status).toBe(404);
  await read(ask(fetch, "POST /studies/a", { body }));
  expect((await storage.open("a"))?.settings).toEqual({ served: body, metrics: ["logLoss"] });
  await runToEnd(fetch);
  expect(await storage.studies()).toEqual([{ name: "a", trials: 4, finished: 4 }]);
});

it("keeps in its record only the trials of the last slice, whichever process runs it", async () => {
  const run = async (isFresh: boolean) => {
    const storage = memoryStorage();
    let { fetch } = served({ storage, sliceSteps: 30 });
    await read(ask(fetch, "POST /studies/a", { body: { ...body, trials: 12, strategy: "tpe" } }));
    let finished = 0;
    for (;;) {
      if (isFresh) ({ fetch } = served({ storage, sliceSteps: 30 }));
      const status = await read<StudyStatus>(ask(fetch, "POST /studies/a/advance"));
      const record = unpackRecord((await (await storage.open("a"))?.artifact("served"))!.bytes);
      const ended = trialsIn(record.tuner).filter(({ status }) => status !== "running");
      expect(ended).toHaveLength(status.finished - finished);
      finished = status.finished;
      const trials = await read<readonly TrialRecord[]>(ask(fetch, "GET /studies/a/trials"));
      expect(trials).toHaveLength(finished);
      if (status.phase === "done") break;
    }
    const model = await (await ask(fetch, "GET /studies/a/model")).arrayBuffer();
    const trials = await read<readonly TrialRecord[]>(ask(fetch, "GET /studies/a/trials"));
    return { model: new Uint8Array(model), trials: trials.map(({ seconds: _, ...trial }) => trial) };
  };
  const once = await run(false);
  expect(once.trials).toHaveLength(12);
  expect(await run(true)).toEqual(once);
});

it("says which trial a storage has lost", async () => {
  const storage = memoryStorage();
  const { fetch } = served({ storage });
  await read(ask(fetch, "POST /studies/a", { body }));
  await runToEnd(fetch);
  const losing: StudyStorage = {
    ...storage,
    async open(name) {
      const study = (await storage.open(name)) as StoredStudy;
      const trials: StoredStudy["trials"] = async () =>
        (await study.trials()).filter(({ number }) => number !== 1);
      return Object.assign(Object.create(study) as StoredStudy, { trials });
    },
  };
  expect(await refusalOf(ask(served({ storage: losing }).fetch, "GET /studies/a/trials"))).toEqual([
    409,
    "damaged_record",
    "trial 1 of the saved tuner must be in its storage, which lacks it",
  ]);
});
