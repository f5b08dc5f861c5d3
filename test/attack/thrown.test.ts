/**
 * Thrown values that cannot be printed, and results that cannot be read, fail their own trial and no other.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { messageOf, show } from "../../src/errors.js";
import { dense } from "../../src/nn/layers/index.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { choice } from "../../src/search/space/builders.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { createStudy, restoreStudy } from "../../src/search/study/create.js";
import { tune } from "../../src/tune/tune.js";
import { outcomeOf } from "../../src/workers/backend.js";
import { cases } from "../cases.js";
import { logistic, rates, x, y } from "../tune/support.js";
import { hostileValues, untouchable } from "./support/hostile.js";

const space = { n: choice([0, 1, 2, 3]) };
const base = { space, strategy: grid(), direction: "minimize" } as const;

/** A search whose trial 1 does `harm`, which it must survive as JSON too. */
async function searchWith(harm: () => unknown) {
  const objective = (({ n }: { n: number }) => (n === 1 ? harm() : n)) as (params: { n: number }) => number;
  const { trials, study } = await tune({ ...base, objective });
  const restored = restoreStudy(JSON.parse(JSON.stringify(study)), { strategy: grid() });
  expect(restored.trials.map(({ status }) => status)).toEqual(trials.map(({ status }) => status));
  return trials;
}

const throwing = (make: () => unknown) => (): never => {
  throw make();
};

describe.each(hostileValues)("%s", (kind, make) => {
  it("is told by a message, whatever it is", async () => {
    expect(typeof messageOf(make())).toBe("string");
    expect(typeof show(make())).toBe("string");
    const outcome = await outcomeOf(throwing(make));
    expect(outcome).toEqual({ error: { code: "internal", message: messageOf(make()) } });
  });

  it.each<[string, () => () => unknown]>([
    ["thrown", () => throwing(make)],
    ["rejected", () => () => Promise.reject(make())],
    [
      "thrown later",
      () => async () => {
        await undefined;
        throw make();
      },
    ],
  ])("%s by an objective, fails its own trial", async (_how, harm) => {
    const trials = await searchWith(harm());
    expect(trials.map(({ status }) => status)).toEqual(["complete", "failed", "complete", "complete"]);
    expect(trials[1].error).toBe(messageOf(make()));
  });

  it("returned by an objective, fails its own trial", async () => {
    const trials = await searchWith(make);
    expect(trials.map(({ status }) => status)).toEqual(["complete", "failed", "complete", "complete"]);
    expect(typeof trials[1].error).toBe("string");
  });

  it.each(["value", "values", "std", "error", "scores", "curve", "curves", "attributes", "status", "steps"])(
    "returned as the %s of an outcome, fails its own trial, or is left out",
    async (field) => {
      const trials = await searchWith(() => ({ value: 1, [field]: make() }));
      const { status, value } = trials[1];
      const isEmptyRecord = field === "attributes" && kind === "an object without a prototype";
      const isFine = isEmptyRecord || (make() === undefined && field !== "value");
      expect([status, value]).toEqual(isFine ? ["complete", 1] : ["failed", null]);
      expect(trials.filter((trial) => trial.status === "complete").length).toBe(isFine ? 4 : 3);
    },
  );

  it("thrown by model, fit or pipeline, fails its own trial", async () => {
    const options = {
      x,
      y,
      space: rates(0.1, 0.2, 0.3),
      strategy: grid(),
      validation: { folds: 2 },
      jobs: 1,
    };
    const unharmed = <T>(given: T, { learningRate }: { learningRate: number }, harms: boolean): T => {
      if (harms && learningRate === 0.2) throw make();
      return given;
    };
    for (const name of ["model", "fit", "pipeline"]) {
      const { trials } = await tune({
        ...options,
        model: (params) => unharmed(logistic(params), params, name === "model"),
        fit: (params) => unharmed({ epochs: 1 }, params, name === "fit"),
        pipeline: (params) => unharmed({}, params, name === "pipeline"),
      });
      expect(trials.map(({ status }) => status)).toEqual(["complete", "failed", "complete"]);
      expect(trials[1].error).toBe(messageOf(make()));
    }
  });

  it("thrown by a callback, is the cause of an error that names it", async () => {
    const model = sequential([dense(1, { activation: "sigmoid" })]);
    model.compile({ optimizer: "sgd", loss: "binaryCrossentropy" });
    const callbacks = [{ onEpochEnd: throwing(make) }];
    const error = await model.fit(x, y, { callbacks }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "callback_failed" });
    expect((error as Error).message).toBe(
      `callbacks[0] failed in onEpochEnd of epoch 0: ${messageOf(make())}`,
    );
  });
});

it("any value at all can be thrown, and returned", async () => {
  const any = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  await fc.assert(
    fc.asyncProperty(any, fc.boolean(), async (value, isThrown) => {
      const trials = await searchWith(isThrown ? throwing(() => value) : () => value);
      expect(
        trials.map(({ status }) => status).filter((status) => status === "complete").length,
      ).toBeGreaterThanOrEqual(3);
      if (isThrown) expect(trials[1]).toMatchObject({ status: "failed", error: messageOf(value) });
      else expect(["failed", "diverged", "complete"]).toContain(trials[1].status);
    }),
    { numRuns: cases(100) },
  );
});

it("a result is read once: a getter and a list that give something else the second time change nothing", async () => {
  let reads = 0;
  const fickle = new Proxy([0.5, 1], {
    get: (target, name) => (name === "0" ? (reads++ === 0 ? 0.5 : "torn") : Reflect.get(target, name)),
  });
  const trials = await searchWith(() => ({ value: 1, scores: fickle }));
  expect([trials[1].status, trials[1].scores]).toEqual(["complete", [0.5, 1]]);
  expect(reads).toBe(1);
});

it("an error of a gigabyte is cut", async () => {
  const long = "x".repeat(2 ** 20);
  const trials = await searchWith(throwing(() => new Error(long)));
  expect(trials[1].error).toBe("x".repeat(4000));
});

it("a list of values that throws when it is reported fails its own trial", async () => {
  const study = createStudy({ space, strategy: grid(), direction: ["minimize", "minimize"] });
  await study.optimize(
    async ({ n }, trial) => {
      if (n === 1) await trial.report(untouchable([1, 2]) as number[], 1);
      return [n, -n];
    },
    { trials: 4 },
  );
  expect(study.trials.map(({ status }) => status)).toEqual(["complete", "failed", "complete", "complete"]);
});
