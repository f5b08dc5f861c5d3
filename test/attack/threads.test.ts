/**
 * Threads that are lost: at any moment, always by the same job, or all of them for good. Threads need
 * `dist/`.
 */
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { platform } from "../../src/platform/node.js";
import type { WorkerThread } from "../../src/platform/platform.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import type { StudyEvent } from "../../src/search/study/contract.js";
import type { TrialRecord } from "../../src/search/trial/trial.js";
import { tune } from "../../src/tune/tune.js";
import { cases } from "../cases.js";
import { logistic, rates, untimed, x, y } from "../tune/support.js";

afterEach(() => void vi.restoreAllMocks());

type Job = { readonly trial?: number; readonly fold: number };

/**
 * New threads in place of those that the platform lends.
 *
 * @param kills - whether a thread ends instead of doing a job, as if that took all its memory
 */
function mortalThreads(kills: (job: Job) => boolean = () => false): Worker[] {
  const started: Worker[] = [];
  const program = new URL("../../dist/node/worker.mjs", import.meta.url);
  vi.spyOn(platform, "spawnWorker").mockImplementation((): WorkerThread => {
    const worker = new Worker(program);
    started.push(worker);
    const ready = new Promise((resolve) => worker.once("message", resolve));
    return {
      post(message) {
        const { jobs = [] } = message as { jobs?: readonly Job[] };
        if (jobs.some(kills)) void ready.then(() => worker.terminate());
        else worker.postMessage(message);
      },
      onMessage: (listener) => worker.on("message", listener),
      onFailure: (listener) => worker.on("exit", (code) => listener(new Error(`ended with code ${code}`))),
      async terminate() {
        worker.removeAllListeners();
        await worker.terminate();
      },
      release: () => void worker.terminate(),
    };
  });
  return started;
}

const options = {
  x,
  y,
  model: logistic,
  fit: { epochs: 3 },
  validation: { folds: 3 },
  space: rates(0.001, 0.003, 0.01, 0.03, 0.1, 0.3),
  strategy: grid(),
};
const shown = ({ trials }: { readonly trials: readonly TrialRecord<unknown>[] }) =>
  JSON.stringify(untimed(trials));

it("threads that are killed at any moment change nothing", async () => {
  const long = { ...options, fit: { epochs: 60 } };
  const alone = await tune({ ...long, jobs: 1 });
  const moments = fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(moments, fc.integer(), async (after, pick) => {
      const started = mortalThreads();
      const timers = after.map((milliseconds, i) =>
        setTimeout(() => void started[Math.abs(pick + i) % started.length]?.terminate(), milliseconds),
      );
      const killed = await tune({ ...long, jobs: 2 });
      for (const timer of timers) clearTimeout(timer);
      expect(shown(killed)).toBe(shown(alone));
      expect(killed.final.predict(x).data).toEqual(alone.final.predict(x).data);
    }),
    { numRuns: cases(5) },
  );
});

describe("a job that kills its thread", () => {
  it("is done three times, and only its own trial fails", async () => {
    const killed: Job[] = [];
    mortalThreads((job) => job.trial === 2 && job.fold === 1 && killed.push(job) > 0);
    const { trials, final } = await tune({ ...options, jobs: 2 });
    vi.restoreAllMocks();
    const alone = await tune({ ...options, jobs: 1 });
    expect(trials.map(({ status }) => status)).toEqual(
      [0, 1, 2, 3, 4, 5].map((number) => (number === 2 ? "failed" : "complete")),
    );
    expect(trials[2].error).toMatch(/^the worker thread of this training was lost, 3 times: ended with code/);
    for (const number of [0, 1, 3, 4, 5]) expect(trials[number].value).toBe(alone.trials[number].value);
    // once more for each time that it waited behind another job when its thread ended
    expect(killed.length).toBeGreaterThanOrEqual(3);
    expect(killed.length).toBeLessThan(7);
    expect(final).toBeDefined();
  });

  it("is the final fit's: the trials are returned, with the reason", async () => {
    mortalThreads(({ trial }) => trial === undefined);
    const { trials, finalError } = await tune({ ...options, jobs: 2 });
    expect(trials.map(({ status }) => status)).toEqual(new Array(6).fill("complete"));
    expect(finalError?.message).toMatch(/^the final model could not be fitted: the worker thread of this/);
  });
});

describe("threads that are all lost, and cannot be started again", () => {
  /** Once a trial has ended, all threads are killed, and no other starts. */
  async function loseAllAfter(trial: number) {
    const started = mortalThreads();
    const spawn = vi.mocked(platform.spawnWorker).getMockImplementation();
    let none = false;
    vi.spyOn(platform, "spawnWorker").mockImplementation(() => (none ? undefined : spawn?.()));
    const ended: number[] = [];
    const onEvent = (event: StudyEvent<typeof options.space>) => {
      if (event.type !== "trialEnded") return;
      ended.push(event.record.number);
      if (event.record.number !== trial) return;
      none = true;
      for (const worker of started) void worker.terminate();
    };
    return { result: await tune({ ...options, fit: { epochs: 2000 }, jobs: 2, onEvent }), ended };
  }

  it("keep the trials that had ended, of which none failed", async () => {
    const { result, ended } = await loseAllAfter(1);
    const { trials, best, finalError, study } = result;
    expect(trials.map(({ number }) => number)).toEqual([...ended].sort((a, b) => a - b));
    expect(trials.length).toBeLessThan(6);
    expect(new Set(trials.map(({ status }) => status))).toEqual(new Set(["complete"]));
    expect(best.status).toBe("complete");
    expect(finalError?.message).toBe(
      "the final model could not be fitted: the last worker thread was lost: the host starts no more threads",
    );
    vi.restoreAllMocks();
    const resumed = await tune({
      ...options,
      fit: { epochs: 2000 },
      study: JSON.parse(JSON.stringify(study)),
    });
    expect(shown(resumed)).toBe(shown(await tune({ ...options, fit: { epochs: 2000 }, jobs: 1 })));
  });
});
