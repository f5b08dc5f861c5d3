/** A tuner whose jobs others do, in any order, twice or late: its result equals that of `tune` to the bit. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Program } from "../../../src/compile/program.js";
import type { Model } from "../../../src/model/model.js";
import { halving } from "../../../src/search/schedulers/halving.js";
import { int } from "../../../src/search/space/builders.js";
import { pbt } from "../../../src/search/strategies/pbt/pbt.js";
import { random } from "../../../src/search/strategies/random/random.js";
import type { Job } from "../../../src/tune/jobs/job.js";
import type { TunerFingerprint } from "../../../src/tune/resume/fingerprint.js";
import {
  createJobWorker,
  createRemoteTuner,
  type JobName,
  type RemoteTuner,
} from "../../../src/tune/resume/remote.js";
import { packedWorker, packJob } from "../../../src/tune/resume/remoteJobs.js";
import { createTuner, restoreTuner } from "../../../src/tune/resume/slices.js";
import { tune } from "../../../src/tune/tune.js";
import type { TuneOptions } from "../../../src/tune/tuner/options.js";
import { packArchive, unpackArchive } from "../../../src/workers/archive.js";
import { cases } from "../../cases.js";
import { refusal, untimed, y } from "../support.js";
import { base as shared, space } from "./tuning.js";

type S = typeof space;
const base: TuneOptions<S> = { ...shared, trials: 7 };
const kinds: Record<string, TuneOptions<S>> = {
  "tpe, early stopping": {
    ...base,
    fit: {
      epochs: 6,
      batchSize: 16,
      earlyStopping: { patience: 1 },
      reduceLROnPlateau: { patience: 1, minDelta: 0.1 },
    },
  },
  "halving, with several jobs of a trial on a fold, and a rate that decays": {
    ...base,
    strategy: random(),
    scheduler: halving(),
    trials: 9,
    // the last batch of an epoch is smaller
    fit: { epochs: 4, batchSize: 15, learningRateDecay: "cosine" },
  },
  "pbt, whose trials continue others": {
    ...base,
    space: { ...space, units: int(4, 4) },
    strategy: pbt({ populationSize: 3 }),
    trials: 9,
  },
};

const weightsOf = (final: Model) =>
  Object.entries(final.model.getWeights()).map(([name, { data }]) => [name, [...data]]);

describe.each(Object.entries(kinds))("%s", (_, options) => {
  it("gives the result of tune, whichever jobs are done first, twice, or lost", async () => {
    const whole = await tune({ ...options, jobs: 1 });
    const doJob = await createJobWorker(options);
    let most = 0;
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat()), async (dice) => {
        const roll = (sides: number) => (dice.next().value as number) % sides;
        let tuner: RemoteTuner<S> = await createRemoteTuner(options, null);
        let steps = 0;
        let last: { name: JobName; outcome: Uint8Array } | undefined;
        for (;;) {
          steps += (await tuner.advance()).steps;
          if (tuner.result) break;
          const waiting = tuner.waiting();
          most = Math.max(most, new Set(waiting.map(({ trial }) => trial)).size);
          const name = waiting[roll(waiting.length)];
          const outcome = await doJob(tuner.job(name) as Uint8Array);
          if (last && roll(3) === 0) tuner.deliver(last.name, last.outcome); // once more
          if (roll(4) > 0) tuner.deliver(name, outcome);
          last = { name, outcome };
          // steps that were delivered and not counted yet
          if (roll(6) === 0) {
            steps += (await tuner.advance()).steps;
            tuner = await createRemoteTuner(options, tuner.save());
          }
        }
        const { trials, final } = tuner.result;
        expect(untimed(trials)).toEqual(untimed(whole.trials));
        expect(final.test).toEqual(whole.final.test);
        expect(weightsOf(final)).toEqual(weightsOf(whole.final));
        const alone = await (await createTuner(options)).advance();
        expect(steps).toBe(alone.steps);
      }),
      { numRuns: cases(2) },
    );
    expect(most).toBeGreaterThan(1); // trials side by side
  });
});

it("resumes a tuner that did its own jobs, and the other way round", async () => {
  const options = kinds["tpe, early stopping"];
  const whole = await tune({ ...options, jobs: 1 });
  const alone = await createTuner(options);
  await alone.advance({ steps: 30 }); // within a training
  const shared = await createRemoteTuner(options, alone.save());
  const doJob = await createJobWorker(options);
  for (let jobs = 0; jobs < 7; jobs++) {
    await shared.advance();
    const [name] = shared.waiting();
    shared.deliver(name, await doJob(shared.job(name) as Uint8Array));
  }
  await shared.advance();
  const back = await restoreTuner(shared.save(), options);
  await back.advance();
  expect(untimed(back.result?.trials ?? [])).toEqual(untimed(whole.trials));
  expect(weightsOf(back.result?.final as Model)).toEqual(weightsOf(whole.final));
});

it("a training that failed on a worker fails its trial, and no other", async () => {
  const options = { ...base, trials: 3, strategy: random() };
  const tuner = await createRemoteTuner(options, null);
  const doJob = await createJobWorker(options);
  const format = { magic: "fettle/o", version: 2, what: "the outcome of a job" };
  const error = { code: "memory_limit", message: "too large for this worker" };
  for (await tuner.advance(); !tuner.result; await tuner.advance()) {
    const [name] = tuner.waiting();
    const outcome = await doJob(tuner.job(name) as Uint8Array);
    const { of } = unpackArchive(format, outcome) as { of: number };
    tuner.deliver(name, name.trial === 0 ? packArchive(format, { of, outcome: { error } }) : outcome);
  }
  expect(
    tuner.result.trials.map((trial) => (trial.status === "failed" ? trial.error : trial.status)),
  ).toEqual(["too large for this worker", "no such network", "complete"]);
});

it("a worker gives a job its own programs, and equal ones as one object", async () => {
  const seen: Program[] = [];
  const plan = { kernels: "simd" } as unknown as TunerFingerprint;
  const work = packedWorker(plan, async ({ programs }) => {
    seen.push(programs.train);
    throw new Error("done");
  });
  const slot = { name: "a", offset: 0, length: 1 };
  const first = {
    format: 1,
    rows: 8,
    inputs: [],
    state: [],
    outputs: [],
    streams: [],
    bytes: 64,
    stateOffset: 0,
    stateBytes: 0,
    code: Int32Array.of(1, 2),
    graph: { nodes: [] },
  };
  const others = { rows: 4, inputs: [slot], state: [slot], outputs: [slot], streams: [slot], bytes: 128 };
  const all = [first, ...Object.entries(others).map(([name, other]) => ({ ...first, [name]: other })), first];
  for (const each of all) {
    const program = each as unknown as Program;
    const programs = { initialize: program, train: program, evaluate: program };
    await work(packJob(plan, { programs } as Job), undefined);
  }
  expect(seen).toEqual(all);
  expect(seen[all.length - 1]).toBe(seen[0]);
});

describe("refuses", () => {
  const options = {
    ...base,
    model: ({ learningRate }: { learningRate: number }) => base.model({ units: 4, learningRate }),
  };

  it("a job of other data", async () => {
    const tuner = await createRemoteTuner(options, null);
    await tuner.advance();
    const other = await createJobWorker({ ...options, y: y.map((each) => 1 - each) });
    const job = tuner.job(tuner.waiting()[0]) as Uint8Array;
    expect(await refusal(() => other(job))).toBe(
      "invalid_argument: the tuner was saved with other data; pass the same data",
    );
  });

  it("the outcome of another job, or a corrupted one, and keeps the job waiting", async () => {
    const tuner = await createRemoteTuner(options, null);
    await tuner.advance();
    const doJob = await createJobWorker(options);
    const waiting = tuner.waiting();
    const [name] = waiting;
    const outcome = await doJob(tuner.job(name) as Uint8Array);
    const cut = outcome.subarray(0, outcome.length - 8);
    expect(await refusal(async () => tuner.deliver(name, cut))).toMatch(
      "invalid_checkpoint: this is not the outcome of a job",
    );
    const job = tuner.job(name) as Uint8Array;
    expect(await refusal(async () => tuner.deliver(name, job))).toMatch(
      "invalid_checkpoint: this is not the outcome of a job",
    );
    // of the same name, in a tuner of another model
    const other = await createRemoteTuner(
      { ...options, model: ({ learningRate }) => base.model({ units: 5, learningRate }) },
      null,
    );
    const foreign = await doJob(other.job(name) as Uint8Array);
    expect(await refusal(async () => tuner.deliver(name, foreign))).toBe(
      'invalid_checkpoint: this is the outcome of another job "0/0"',
    );
    const format = { magic: "fettle/o", version: 2, what: "the outcome of a job" };
    const { of, outcome: whole } = unpackArchive(format, outcome) as {
      of: number;
      outcome: { result: object };
    };
    const forged = (change: object) =>
      packArchive(format, { of, outcome: { result: { ...whole.result, ...change } } });
    expect(await refusal(async () => tuner.deliver(name, forged({ finite: 1 })))).toBe(
      'invalid_checkpoint: the outcome of job "0/0" is corrupted',
    );
    expect(
      await refusal(async () => tuner.deliver(name, forged({ prediction: new Float32Array(3) }))),
    ).toMatch(
      "invalid_checkpoint: the saved result does not fit the data and model of this tuner: it has 3 predictions",
    );
    expect(tuner.waiting()).toEqual(waiting);
    expect(tuner.job({ trial: 99, index: 0 })).toBeUndefined();
  });
});
