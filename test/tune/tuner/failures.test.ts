/** Searches in which no trial gives a value: the first cause is thrown, with what the trial threw. */
import { describe, expect, it } from "vitest";
import { FettleError } from "../../../src/errors.js";
import { choice } from "../../../src/search/space/builders.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import type { StudyEvent } from "../../../src/search/study/contract.js";
import { gridSearch, randomSearch } from "../../../src/tune/gridSearch.js";
import { createTuner } from "../../../src/tune/resume/slices.js";
import { sweep } from "../../../src/tune/sweep.js";
import { tune } from "../../../src/tune/tune.js";
import { linear, logistic, quantity, rates, x, y } from "../support.js";

const space = rates(0.1, 0.2);
const base = { x, y, space, fit: { epochs: 1 }, validation: { folds: 2 } };
const always = new Error("always");
const failing = (): never => {
  throw always;
};

async function thrownBy(run: () => Promise<unknown>): Promise<FettleError> {
  const error = await run().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FettleError);
  return error as FettleError;
}

describe("a search whose trials all fail throws the first cause", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["tune", () => tune({ ...base, strategy: grid(), jobs: 1, model: failing })],
    ["tune on threads", () => tune({ ...base, strategy: grid(), jobs: 2, model: failing })],
    [
      "tune for an objective",
      () => tune({ space, strategy: grid(), objective: failing, direction: "minimize" }),
    ],
    ["gridSearch", () => gridSearch({ ...base, jobs: 1, model: failing })],
    ["randomSearch", () => randomSearch({ ...base, jobs: 1, trials: 2, model: failing })],
    [
      "sweep",
      () => sweep({ ...base, jobs: 1, parameter: "learningRate", values: [0.1, 0.2], model: failing }),
    ],
    [
      "a tuner",
      async () => {
        const tuner = await createTuner({ ...base, strategy: grid(), model: failing });
        while (!tuner.result) await tuner.advance({ steps: 1 });
      },
    ],
  ])("%s", async (_, run) => {
    const error = await thrownBy(run);
    expect(error.code).toBe("trial_failed");
    expect(error.message).toBe("no trial gave a value (2 failed); trial 0 failed: always");
    expect(error.cause).toBe(always);
  });

  it("of a model that is async, which is named", async () => {
    const model = (async (params: { learningRate: number }) => logistic(params)) as never;
    expect((await thrownBy(() => tune({ ...base, strategy: grid(), jobs: 1, model }))).message).toBe(
      "no trial gave a value (2 failed); trial 0 failed: model must return a compiled model, not a promise; " +
        "await what it needs before tuning",
    );
  });
});

it("a search whose trials all diverge says so", async () => {
  const options = {
    ...base,
    y: quantity,
    model: linear,
    space: rates(1e20, 1e30),
    strategy: grid(),
    jobs: 1,
  };
  const error = await thrownBy(() => tune({ ...options, fit: { epochs: 5 } }));
  expect(error.code).toBe("trial_failed");
  expect(error.message).toBe(
    "no trial gave a value (2 diverged); trial 0 diverged: its value is NaN or infinite; " +
      "if it is a model's, search smaller learning rates, or scale the data",
  );
});

it("counts failed and diverged trials, and names the first that failed", async () => {
  const error = await thrownBy(() =>
    tune({
      space: { n: choice([0, 1, 2]) },
      strategy: grid(),
      direction: "maximize",
      objective: ({ n }) => {
        if (n > 0) throw new Error(`not ${n}`);
        return Number.NaN;
      },
    }),
  );
  expect(error.message).toBe("no trial gave a value (2 failed, 1 diverged); trial 1 failed: not 1");
});

describe("a search without a best resolves", () => {
  const objective = ({ learningRate }: { learningRate: number }): number => learningRate;
  const options = { space, strategy: grid(), direction: "minimize", jobs: 1 } as const;

  it.each(["a signal", "its study", "its time"])("if %s ended it", async (by) => {
    const signal = { aborted: false };
    let [now, stop] = [0, () => {}];
    const onEvent = (event: StudyEvent) => {
      if (event.type === "studyStarted") stop = () => event.study.stop();
      if (event.type !== "trialEnded") return;
      if (by === "a signal") signal.aborted = true;
      if (by === "its study") stop();
      if (by === "its time") now = 2000;
    };
    const limits = { signal, onEvent, timeout: 1000, clock: () => now };
    const result = await tune({ ...options, ...limits, objective: failing });
    expect([result.bestTrials, result.trials.length]).toEqual([[], 1]);
    expect(() => result.best).toThrow(
      "best needs a complete trial that satisfies its constraints; this study has none among 1. Run more trials",
    );
    expect({ ...JSON.parse(JSON.stringify({ ...result })), study: 0 }).toMatchObject({ bestTrials: [] });
  });

  it("if every trial violates a constraint", async () => {
    const result = await tune({
      ...options,
      objective: (params) => ({ value: objective(params), constraints: [1] }),
    });
    expect([result.bestTrials, result.trials.length]).toEqual([[], 2]);
    expect(() => result.best).toThrow("none among 2");
  });

  it("with a best, if some trials fail", async () => {
    const { best } = await tune({
      ...options,
      objective: (params) => (params.learningRate === 0.1 ? failing() : objective(params)),
    });
    expect(best.number).toBe(1);
  });
});
