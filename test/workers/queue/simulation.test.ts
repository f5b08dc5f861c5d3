/**
 * Workers in simulated time, up to 1,000 of them: they are killed, and messages are lost, doubled, late and
 * out of order; the study is that of one process, to the bit. Nothing in it waits for a clock of the host.
 */
import fc from "fast-check";
import { createStudy, float, type Objective, random, type Strategy, tpe } from "fettle";
import { type JobQueue, memoryQueue, runWorker } from "fettle/queue";
import { describe, expect, it } from "vitest";
import { EventQueue } from "../../../bench/scale/eventQueue.js";
import { RandomStream } from "../../../src/numerics/random.js";
import { QueuedObjective, tuneWorker } from "../../../src/tune/resume/queued.js";
import { cases } from "../../cases.js";
import { unreliable } from "./faults.mjs";
import { objective as evaluate } from "./objective.mjs";

const space = { x: float(-5, 5), y: float(-5, 5) };
const objective: Objective<typeof space> = evaluate;

/** Time that passes when nothing else happens. */
class Timeline {
  now = 0;
  /** Those who wait for a time, by it. */
  private readonly waiting = new Map<number, (() => void)[]>();
  private readonly times = new EventQueue<readonly (() => void)[]>();
  readonly clock = (): number => this.now;
  readonly sleep = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const at = this.now + milliseconds;
      const others = this.waiting.get(at);
      if (others) others.push(resolve);
      else {
        const first = [resolve];
        this.waiting.set(at, first);
        this.times.add(at, first);
      }
    });

  /** Lets time pass until `work` has ended. */
  async until(work: Promise<unknown>): Promise<void> {
    let isOver = false;
    work.then(
      () => {
        isOver = true;
      },
      () => {
        isOver = true;
      },
    );
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve)); // all that follows from the last events
      if (isOver) break;
      const due = this.times.next();
      if (!due) throw new Error("nobody waits for anything, and the work has not ended");
      this.now = due.at;
      this.waiting.delete(due.at);
      for (const resolve of due.value) resolve();
    }
    await work;
  }
}

interface Simulated {
  readonly workers: number;
  readonly trials: number;
  readonly strategy: Strategy;
  readonly seed: number;
  /** The share of workers that are killed in the middle of their first or second job. */
  readonly killed: number;
}

/** @returns the trials, and what the workers did */
async function simulate({ workers, trials, strategy, seed, killed }: Simulated) {
  const time = new Timeline();
  const stream = new RandomStream(seed, 7);
  const chance = (): number => stream.uniform();
  const queue = memoryQueue({ lease: 5000, attempts: 1000, clock: time.clock });
  const through = unreliable(queue, chance, time.sleep, 20_000);
  const done = new Map<string, number>();
  const never = new Promise<never>(() => {});
  const evaluated = await tuneWorker({ objective });
  const over = { aborted: false };
  const work = async (): Promise<void> => {
    let left = chance() < killed ? Math.floor(2 * chance()) : Number.POSITIVE_INFINITY;
    let isDead = false;
    // of a killed worker nothing is heard any more
    const own: JobQueue = {
      ...through,
      async take(most) {
        const leases = isDead ? await never : await through.take(most);
        return leases?.map((lease) => ({ ...lease, extend: () => (isDead ? never : lease.extend()) }));
      },
    };
    const doJob = async (payload: Uint8Array, { name }: { name: string }): Promise<Uint8Array> => {
      await time.sleep(500 + 3000 * chance());
      if (left-- <= 0) {
        isDead = true;
        void work(); // another comes in its place
        return never;
      }
      done.set(name, (done.get(name) ?? 0) + 1);
      return evaluated(payload);
    };
    const { clock, sleep } = time;
    await runWorker(own, doJob, {
      clock,
      sleep,
      wait: true,
      signal: over,
      heartbeat: 1000,
      poll: 2000,
    });
  };
  const study = createStudy({
    space,
    strategy,
    direction: "minimize",
    seed: 5,
    lag: workers - 1,
    clock: () => 0,
  });
  const { clock, sleep } = time;
  const queued = new QueuedObjective<typeof space>(
    { objective, queue: through, jobs: 0 },
    { inFlight: workers, again: 15_000, poll: 500, clock, sleep },
  );
  for (let i = 0; i < workers; i++) void work();
  await time.until(study.optimize(queued.objective, { trials, concurrency: workers }));
  await time.until(queued.close());
  over.aborted = true;
  return { json: study.toJSON(), done };
}

async function alone({ workers, trials, strategy }: Simulated) {
  const study = createStudy({
    space,
    strategy,
    direction: "minimize",
    seed: 5,
    lag: workers - 1,
    clock: () => 0,
  });
  await study.optimize(objective, { trials });
  return study.toJSON();
}

describe("the study of simulated workers is that of one process", () => {
  it("for any number of them and any faults", async () => {
    const anyCase = fc.record({
      workers: fc.integer({ min: 1, max: 12 }),
      trials: fc.integer({ min: 1, max: 40 }),
      strategy: fc.constantFrom(random(), tpe({ startupTrials: 5 })),
      seed: fc.nat({ max: 1e6 }),
      killed: fc.constantFrom(0, 0.3, 0.6),
    });
    await fc.assert(
      fc.asyncProperty(anyCase, async (given) => {
        const { json, done } = await simulate(given);
        expect(json).toEqual(await alone(given));
        expect(done.size).toBe(given.trials);
      }),
      { numRuns: cases(12) },
    );
  });

  it("for 1,000 of them, of which 30 % are killed", async () => {
    const given = { workers: 1000, trials: 1500, strategy: random(), seed: 1, killed: 0.3 };
    const { json, done } = await simulate(given);
    expect(json).toEqual(await alone(given));
    expect(done.size).toBe(1500);
    // faults have cost work that was done again, and nothing else
    const all = [...done.values()].reduce((sum, count) => sum + count, 0);
    expect(all).toBeGreaterThan(1500);
    expect(all).toBeLessThan(2 * 1500);
  });
});
