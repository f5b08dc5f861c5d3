/** Trials that end, block or never leave their worker cost workers, and not the study. Needs `dist/`. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createStudy, float, random, tuneWorker } from "fettle";
import { memoryQueue, runWorker } from "fettle/queue";
import { sqliteStorage } from "fettle/store/sqlite";
import { afterAll, describe, expect, it } from "vitest";
import { QueuedObjective } from "../../../src/tune/resume/queued.js";
import { misbehaved } from "./objective.mjs";

const folder = mkdtempSync(join(tmpdir(), "fettle-misbehaving-"));
const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const script = fileURLToPath(new URL("misbehaving.mjs", import.meta.url));
const space = { x: float(-5, 5) };
const [ATTEMPTS, LEASE, TIMEOUT] = [2, 1500, 1000];

/** What a worker says and how it ends. */
function worker(path: string): Promise<string> {
  const child = spawn(process.execPath, [script, path, String(LEASE), String(TIMEOUT)], { stdio: "pipe" });
  children.add(child);
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  return new Promise((resolve) =>
    child.on("close", (code, signal) => {
      children.delete(child);
      resolve(`${signal ?? code} ${said}`);
    }),
  );
}

it("a study ends though trials end their process, loop forever or never answer, and each of them has failed", async () => {
  const path = join(folder, "study.db");
  const storage = await sqliteStorage(path);
  const study = createStudy({ space, direction: "minimize", seed: 3, strategy: random() });
  const queue = (await storage.create("study", study.toJSON())).queue?.({ lease: LEASE, attempts: ATTEMPTS });
  if (!queue) throw new Error("no queue");
  const queued = new QueuedObjective<typeof space>({ objective: misbehaved, queue, jobs: 0 });
  await queue.ended(); // workers that come before the study would end
  const ends: string[] = [];
  let isOver = false;
  /** One worker after another, as a service of the system starts them. */
  const service = async (): Promise<void> => {
    while (!isOver) ends.push(await worker(path));
  };
  const services = [service(), service()];
  await study.optimize(queued.objective, { trials: 8, concurrency: queued.concurrency });
  isOver = true;
  await queued.close();
  await Promise.all(services);
  const lost =
    /^the job was handed out 2 times, and each time its worker ended or stopped sending heartbeats/;
  const late = /^the job took longer than 1 s, which is its limit/;
  const errors = study.trials.map(({ status, error }) => (status === "failed" ? error : status));
  const done = "complete";
  expect(errors).toEqual([
    ...[done, done, expect.stringMatching(lost), done],
    ...[expect.stringMatching(lost), done, expect.stringMatching(late), done],
  ]);
  expect(study.trials.map(({ value }) => value)).toEqual(
    study.trials.map(({ status, params }) => (status === "failed" ? null : params.x)),
  );
  // none is still looping
  const count = (end: RegExp): number => ends.filter((each) => end.test(each)).length;
  expect(count(/^3 /)).toBe(ATTEMPTS);
  expect(count(/^SIGKILL .*A job has blocked its thread for 1 s, its limit/s)).toBe(ATTEMPTS);
  expect(count(/^0 /)).toBe(ends.length - 2 * ATTEMPTS);
  await storage.close();
}, 60_000);

describe("a job that is given up", () => {
  it("is told so, when it takes too long and when it is nobody's any more", async () => {
    const queue = memoryQueue({ attempts: 1 });
    await queue.put(["late", "gone"].map((name) => ({ name, payload: new Uint8Array() })));
    const reasons: Record<string, unknown> = {};
    const working = runWorker(
      queue,
      async (_, { name, signal }) => {
        if (name === "gone") await queue.remove(["gone"]);
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        reasons[name] = signal.reason;
        return new Uint8Array();
      },
      { jobs: 2, heartbeat: 20, jobTimeout: 200, poll: 5 },
    );
    while ((await queue.ended()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await queue.ended()).toEqual([
      { name: "late", error: "the job took longer than 0.2 s, which is its limit" },
    ]);
    await queue.end();
    expect(await working).toEqual({ done: 0, failed: 1 });
    expect(reasons).toMatchObject({ late: { code: "time_limit" }, gone: { code: "aborted" } });
  });

  it("sees it in the signal of its trial", async () => {
    const queue = memoryQueue({ attempts: 1 });
    let aborted: boolean | undefined;
    const objective = async (_: { x: number }, trial: { signal: AbortSignal; aborted: boolean }) => {
      await new Promise((resolve) => trial.signal.addEventListener("abort", resolve));
      aborted = trial.aborted;
      return 0;
    };
    const working = runWorker(queue, await tuneWorker({ objective }), {
      jobTimeout: 50,
      poll: 5,
      wait: true,
      signal: AbortSignal.timeout(500),
    });
    const queued = new QueuedObjective<typeof space>({ objective: () => 0, queue: queue, jobs: 0 });
    const study = createStudy({ space, direction: "minimize", strategy: random() });
    await study.optimize(queued.objective, { trials: 1 });
    await queued.close();
    await working;
    expect(aborted).toBe(true);
    expect(study.trials[0].error).toContain("took longer than 0.05 s");
  });
});
