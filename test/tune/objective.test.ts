/** `tune` of a plain objective function. */
import { describe, expect, it, vi } from "vitest";
import { platform } from "#platform";
import { choice, float, int } from "../../src/search/space/builders.js";
import { gp } from "../../src/search/strategies/gp/gp.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { random } from "../../src/search/strategies/random/random.js";
import type { StudyEvent } from "../../src/search/study/contract.js";
import { createStudy } from "../../src/search/study/create.js";
import type { Direction, TrialOutcome } from "../../src/search/trial/trial.js";
import { tune } from "../../src/tune/tune.js";
import { refusal, untimed } from "./support.js";

const space = { a: choice([3, 1, 2]), b: choice(["x", "y"]) };

describe("an objective", () => {
  it("may be synchronous or not, and returns a number or an outcome; direction decides the best", async () => {
    const value = ({ a, b }: { a: number; b: string }): number => a * (b === "x" ? 1 : 10);
    const options = { space, strategy: grid() };
    const least = await tune({ ...options, direction: "minimize", objective: value });
    expect(least.trials.map((trial) => trial.value)).toEqual([3, 30, 1, 10, 2, 20]);
    expect(least.best.params).toEqual({ a: 1, b: "x" });
    const most = await tune({
      ...options,
      direction: "maximize",
      objective: async (params) => {
        await Promise.resolve();
        return { value: value(params), std: 0.5, attributes: { note: "kept" } };
      },
    });
    expect(most.best.params).toEqual({ a: 3, b: "y" });
    expect(most.best.std).toBe(0.5);
    expect(most.best.attributes).toEqual({ note: "kept" });
    expect(Object.keys(most).sort()).toEqual(["best", "bestTrials", "study", "trials"]);
  });

  it("that throws fails its trial, and NaN or infinity is a diverged one", async () => {
    const { trials, best } = await tune({
      space: { n: choice([0, 1, 2, 3, 4, 5]) },
      strategy: grid(),
      direction: "minimize",
      objective: ({ n }) => {
        if (n === 0) throw new Error("not today");
        if (n === 1) return Promise.reject(new Error("nor later"));
        if (n === 2) return Number.NaN;
        if (n === 3) return Number.NEGATIVE_INFINITY;
        if (n === 4) return "many" as never;
        return n;
      },
    });
    expect(trials.map(({ status }) => status)).toEqual([
      ...["failed", "failed", "diverged", "diverged", "failed", "complete"],
    ]);
    expect(trials[0].error).toBe("not today");
    expect(trials[1].error).toBe("nor later");
    expect(trials[4].error).toMatch(
      /^the result of an objective must be a number, a list of numbers or an outcome; received "many"/,
    );
    expect(best.value).toBe(5);
  });

  /** Nine trials by the default strategy that end out of order, and how many ran at the same time. */
  const parallel = async (options: { jobs?: number; lag?: number }) => {
    let running = 0;
    let most = 0;
    const jobs = options.jobs === -1 ? platform.parallelism() : (options.jobs ?? 1);
    const { trials, study } = await tune({
      space: { p: float(0, 1) },
      direction: "maximize",
      trials: 18,
      seed: 4,
      strategy: gp({ startupTrials: 2 }),
      ...options,
      async objective({ p }, { number }) {
        most = Math.max(most, ++running);
        while (most < jobs) await new Promise((resolve) => setTimeout(resolve));
        for (let i = 0; i <= (number * 5) % 7; i++) await Promise.resolve();
        running--;
        return p * (1.2 - p);
      },
    });
    return { most, lag: study.lag, trials: untimed(trials) };
  };

  it("runs as many trials at the same time as it has jobs, with the same results at 2, 4, 8, and at 1 with their lag", async () => {
    const { trials, ...two } = await parallel({ jobs: 2 });
    expect(two).toEqual({ most: 2, lag: 7 });
    expect(await parallel({ jobs: 4 })).toEqual({ most: 4, lag: 7, trials });
    expect(await parallel({ jobs: 8 })).toEqual({ most: 8, lag: 7, trials });
    expect(await parallel({ jobs: 1, lag: 7 })).toEqual({ most: 1, lag: 7, trials });
  });

  it("runs as many at the same time as the host has processors with -1, with the same results", async () => {
    const { trials } = await parallel({ jobs: 2 });
    const processors = vi.spyOn(platform, "parallelism").mockReturnValue(3);
    const all = await parallel({ jobs: -1 });
    processors.mockReturnValue(1);
    const one = await parallel({ jobs: -1 });
    processors.mockRestore();
    expect([all, one]).toEqual([
      { most: 3, lag: 7, trials },
      { most: 1, lag: 7, trials },
    ]);
  });

  it("learns from every trial where nothing runs in parallel", async () => {
    const { trials, ...alone } = await parallel({});
    expect(alone).toEqual({ most: 1, lag: 0 });
    expect(await parallel({ jobs: 1 })).toEqual({ ...alone, trials });
    expect((await parallel({ jobs: 2 })).trials).not.toEqual(trials);
  });

  it("of a saved study keeps the lag that it began with, at any number of jobs", async () => {
    const given = { space: { p: float(0, 1) }, direction: "maximize", trials: 6 } as const;
    const { study } = await tune({ ...given, objective: ({ p }) => p, jobs: 4 });
    const saved = JSON.parse(JSON.stringify(study));
    const again = await tune({ ...given, objective: ({ p }) => p, trials: 7, study: saved });
    expect(again.study.lag).toBe(7);
    expect(await refusal(() => tune({ ...given, objective: ({ p }) => p, lag: 0, study: saved }))).toBe(
      "invalid_argument: lag must be 7, as in study; received 0",
    );
  });

  it("may report steps, and may end when the search is aborted; finished trials are kept", async () => {
    const events: string[] = [];
    const signal = { aborted: false };
    const { trials, best, study } = await tune({
      space: { n: int(1, 9) },
      direction: "minimize",
      trials: 5,
      signal,
      onEvent(event: StudyEvent) {
        events.push(event.type === "stepReported" ? `step ${event.step} ${event.value}` : event.type);
      },
      objective(_, trial) {
        trial.report(0.5, 1);
        if (trial.number === 2) {
          signal.aborted = true;
          if (trial.aborted) throw new Error("given up"); // kept for later, not failed
        }
        return trial.number;
      },
    });
    const one = ["trialStarted", "step 1 0.5", "trialEnded"];
    expect(events).toEqual(["studyStarted", ...one, ...one, "trialStarted", "step 1 0.5", "studyEnded"]);
    expect(trials.map(({ number }) => number)).toEqual([0, 1]);
    expect(best.number).toBe(0);
    expect(study.waiting).toBe(1);
  });

  it.each<[string, Direction | Direction[], (a: number) => TrialOutcome]>([
    ["one objective", "minimize", (a) => ({ value: a })],
    ["several", ["minimize", "maximize"], (a) => ({ values: [a, -a * a] })],
  ])("learns from earlier trials all that they ended with, of %s", async (_, direction, ended) => {
    const space = { a: choice([3, 1, 2, 4]), b: choice(["x", "y"]) };
    const earlier = createStudy({ space, strategy: random(), direction, seed: 3 });
    const ends: TrialOutcome[] = [
      ended(3),
      { ...ended(1), constraints: [-1, 0] },
      { ...ended(2), constraints: [0.5, Number.POSITIVE_INFINITY] },
      { ...ended(4), status: "pruned" },
      { status: "failed" },
      { status: "diverged", constraints: [-2] },
    ];
    const points = [3, 1, 2].flatMap((a) => ["x", "y"].map((b) => ({ a, b }) as { a: 3; b: "x" }));
    for (const [i, end] of ends.entries()) earlier.add(points[i], end);
    const { trials, study } = await tune({
      space,
      direction: direction as "minimize",
      strategy: random(),
      objective: () => (Array.isArray(direction) ? [9, -99] : 9),
      warmStart: earlier.trials,
      trials: 1,
    });
    expect(trials).toHaveLength(ends.length + 1);
    expect(untimed(trials.slice(0, -1))).toEqual(untimed(earlier.trials));
    expect(study.bestTrials.map(({ number }) => number)).toEqual(
      earlier.bestTrials.map(({ number }) => number),
    );
  });

  it("is refused with the options of models, and without a direction", async () => {
    const objective = (): number => 1;
    expect(
      await refusal(() => tune({ space, objective, direction: "minimize", metric: "r2" } as never)),
    ).toMatch(/^unknown_name: unknown option of tune for an objective "metric"\./);
    expect(await refusal(() => tune({ space, objective } as never))).toBe(
      'invalid_argument: direction must be "minimize" or "maximize", or a list with one of them for each objective; received undefined',
    );
    expect(await refusal(() => tune({ space, objective: 3, direction: "minimize" } as never))).toBe(
      "invalid_argument: objective must be a function of parameters; received 3",
    );
  });
});
