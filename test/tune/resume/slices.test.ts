/** A tuner in slices: however it is cut, saved and restored, its result equals that of `tune` to the bit. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { kFold } from "../../../src/data/split/kFold.js";
import { dense, dropout } from "../../../src/nn/layers/index.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { adam } from "../../../src/optim/adam.js";
import { hyperband } from "../../../src/search/schedulers/hyperband.js";
import { choice, float, int } from "../../../src/search/space/builders.js";
import { genetic } from "../../../src/search/strategies/genetic/genetic.js";
import { gp } from "../../../src/search/strategies/gp/gp.js";
import { pbt } from "../../../src/search/strategies/pbt/pbt.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { tpe } from "../../../src/search/strategies/tpe/tpe.js";
import { createTuner, openBoundedTuner, restoreTuner, type Tuner } from "../../../src/tune/resume/slices.js";
import { tune } from "../../../src/tune/tune.js";
import type { TuneOptions, TuneResult } from "../../../src/tune/tuner/options.js";
import { finalOrNone } from "../../../src/tune/tuner/result.js";
import { packArchive, unpackArchive } from "../../../src/workers/archive.js";
import { cases } from "../../cases.js";
import { logistic, refusal, untimed, x, y } from "../support.js";

const space = {
  units: int(2, 12, { log: true }),
  activation: choice(["relu", "tanh"]),
  learningRate: float(1e-3, 1, { log: true }),
  dropout: float(0, 0.5),
};
type S = typeof space;
const base: TuneOptions<S> = {
  x,
  y,
  space,
  strategy: tpe({ startupTrials: 3 }),
  seed: 4,
  trials: 7,
  lag: 1,
  validation: { folds: 3 },
  testSize: 0.2,
  fit: { epochs: 5, batchSize: 16 },
  model({ units, activation, learningRate, dropout: rate }) {
    const model = sequential([
      dense(units, { activation: activation as "relu" }),
      dropout(rate),
      dense(1, { activation: "sigmoid" }),
    ]);
    model.compile({ optimizer: adam({ learningRate }), loss: "binaryCrossentropy" });
    return model;
  },
};
const fixed = { ...space, units: choice([6]), activation: choice(["relu"]), dropout: float(0.1, 0.5) };

const kinds: Record<string, TuneOptions<S>> = {
  "tpe, early stopping": {
    ...base,
    fit: { epochs: 8, batchSize: 16, earlyStopping: { patience: 1 } },
  },
  "random, early stopping and a plateau": {
    ...base,
    strategy: random(),
    trials: 4,
    fit: {
      epochs: 8,
      batchSize: 16,
      earlyStopping: { patience: 2 },
      reduceLROnPlateau: { factor: 0.5, patience: 1, cooldown: 1, minDelta: 0.05 },
    },
  },
  "gp, one part held out, all rows in a batch": {
    ...base,
    strategy: gp(),
    validation: { split: 0.3 },
    fit: { epochs: 4, batchSize: 33 },
  },
  "genetic, trials that fail and diverge": {
    ...base,
    strategy: genetic({ populationSize: 4 }),
    trials: 9,
    model: (params) => {
      if (params.activation === "tanh" && params.units > 5) throw new Error("no such network");
      return base.model({ ...params, learningRate: params.learningRate > 0.3 ? 1e38 : params.learningRate });
    },
  },
  "random, hyperband, a rate that decays": {
    ...base,
    strategy: random(),
    scheduler: hyperband(),
    trials: 12,
    fit: { epochs: 9, learningRateDecay: "cosine" },
  },
  "random, two metrics": { ...base, strategy: random(), metric: ["logLoss", "recall"], trials: 4 },
  "random, three classes, weights of rows and classes, an ensemble": {
    ...base,
    y: x.map(([a, b]) => (a > 0.3 ? "c" : b > 0 ? "b" : "a")),
    sampleWeight: x.map((_, row) => 1 + (row % 3)),
    strategy: random(),
    trials: 3,
    fit: { epochs: 3, batchSize: 16, classWeight: "balanced" },
    curves: "validation",
    ensemble: 2,
    model({ learningRate }) {
      const model = sequential([dense(3, { activation: "softmax" })]);
      model.compile({ optimizer: adam({ learningRate }), loss: "categoricalCrossentropy" });
      return model;
    },
  },
  pbt: {
    ...base,
    space: fixed as unknown as S,
    trials: 9,
    fit: { epochs: 2, batchSize: 16 },
    strategy: pbt({ populationSize: 3, quantile: 0.4 }),
  },
  "tpe, an ensemble": { ...base, ensemble: 4, threshold: "f1", calibrate: true },
  "pbt, an ensemble, one part held out": {
    ...base,
    space: fixed as unknown as S,
    trials: 6,
    fit: { epochs: 2, batchSize: 16 },
    strategy: pbt({ populationSize: 3, quantile: 0.4 }),
    validation: { split: 0.3 },
    ensemble: { networks: 3, selection: "best" },
  },
};

const FORMAT = { magic: "fettle/t", version: 4, what: "a saved tuning" };

/** What two runs share, however long they took. */
function outcome(result: TuneResult<S>) {
  const { trials, bestTrials, ensemble, calibration } = result;
  const final = finalOrNone(result);
  return {
    ensemble,
    calibration,
    trials: untimed(trials),
    front: bestTrials.map(({ number }) => number),
    test: final?.test,
    prediction: final && [...final.predict(x).data],
  };
}

/**
 * Runs a tuner in slices of `steps` steps; with `moves`, restores a new tuner from bytes after each slice.
 */
async function inSlices(options: TuneOptions<S>, slices: () => { steps: number; moves: boolean }) {
  let tuner = await createTuner(options);
  let total = 0;
  while (!tuner.result) {
    const { steps, moves } = slices();
    const taken = await tuner.advance({ steps });
    expect(taken.steps).toBeLessThanOrEqual(steps);
    if (!tuner.result) expect(taken.steps).toBe(steps);
    total += taken.steps;
    expect(total).toBeLessThan(5000); // one that trains the same step again and again never ends
    if (moves && !tuner.result) tuner = await restoreTuner(tuner.save(), options);
  }
  return { tuner, result: tuner.result, total };
}

describe.each(Object.entries(kinds))("%s", (_, options) => {
  let whole: ReturnType<typeof outcome>;
  let steps: number;
  beforeAll(async () => {
    whole = outcome(await tune({ ...options, jobs: 1 }));
    const { result, total } = await inSlices(options, () => ({ steps: 1e6, moves: false }));
    expect(outcome(result)).toEqual(whole);
    steps = total;
  });

  it("is the same, and trains no step twice, wherever it is cut", async () => {
    const cuts = fc.infiniteStream(
      fc.record({ steps: fc.integer({ min: 1, max: 200 }), moves: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(cuts, async (stream) => {
        const { result, total } = await inSlices(options, () => stream.next().value);
        expect(outcome(result)).toEqual(whole);
        expect(total).toBe(steps);
      }),
      { numRuns: cases(3) },
    );
  });

  it("is the same in slices of one step, each on a new tuner", async () => {
    const first = { ...options, trials: 2 };
    const { result } = await inSlices(first, () => ({ steps: 1, moves: true }));
    expect(outcome(result)).toEqual(outcome(await tune({ ...first, jobs: 1 })));
  });

  it("is the same after it was killed at random and resumed from its last bytes", async () => {
    const deaths = fc.infiniteStream(
      fc.record({ steps: fc.integer({ min: 1, max: 200 }), saves: fc.boolean(), dies: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(deaths, async (stream) => {
        let tuner = await createTuner(options);
        let bytes = tuner.save();
        // half of all slices are saved, so it comes to its end
        while (!tuner.result) {
          const { steps, saves, dies } = stream.next().value;
          await tuner.advance({ steps });
          if (saves) bytes = tuner.save();
          if (dies) tuner = await restoreTuner(bytes, options);
        }
        expect(outcome(tuner.result)).toEqual(whole);
      }),
      { numRuns: cases(2) },
    );
  });

  it("is over after it was saved at its end", async () => {
    const { tuner } = await inSlices(options, () => ({ steps: 1e6, moves: false }));
    const again = await restoreTuner(tuner.save(), options);
    expect(await again.advance()).toEqual({ steps: 0 });
    expect(outcome(again.result as NonNullable<typeof again.result>)).toEqual(whole);
  });
});

describe("a slice", () => {
  it("is as long as its clock allows, and at least one step", async () => {
    let now = 0;
    // each reading of the clock is 1 ms after the last
    const clock = () => now++;
    const tuner = await createTuner(base);
    expect(await tuner.advance({ maxMilliseconds: 1, clock })).toEqual({ steps: 1 });
    // after 1 ms: 1 step, half of the 5 ms left is 2 more; after 2: 3 steps in 2 ms, half of 4 ms is 3; …
    expect(await tuner.advance({ maxMilliseconds: 6, clock })).toEqual({ steps: 1 + 2 + 3 + 3 + 2 + 1 });
    expect(await tuner.advance({ steps: 4, maxMilliseconds: 6, clock })).toEqual({ steps: 4 });
  });

  it("ends where the clock stands still", async () => {
    const tuner = await createTuner(base);
    const { steps } = await tuner.advance({ maxMilliseconds: 5, steps: 200, clock: () => 0 });
    expect(steps).toBe(200);
  });

  it("is bounded where trials fail before they train", async () => {
    const model = (): never => {
      throw new Error("no such network");
    };
    const tuner = await createTuner({ ...base, model });
    await tuner.advance({ steps: 2 });
    expect(untimed(tuner.study.trials).map(({ number, error }) => [number, error])).toEqual([
      [0, "no such network"],
      [1, "no such network"],
    ]);
  });

  it("reports events, those of an unfinished trial again after a restore", async () => {
    const events: string[] = [];
    const options = {
      ...base,
      trials: 2,
      onEvent: (event: { type: string }) => void events.push(event.type),
    };
    let tuner = await createTuner(options);
    await tuner.advance({ steps: 5 });
    expect(events).toEqual(["studyStarted", "trialStarted"]);
    tuner = await restoreTuner(tuner.save(), options);
    await tuner.advance();
    const trial = ["trialStarted", "trialEnded"];
    expect(events.slice(2)).toEqual(["studyStarted", ...trial, ...trial, "studyEnded"]);
  });

  it("fails with what a listener throws, as does every slice after it", async () => {
    const stop = new Error("from a listener");
    const onEvent = (): never => {
      throw stop;
    };
    const tuner = await createTuner({ ...base, onEvent });
    await expect(tuner.advance()).rejects.toBe(stop);
    await expect(tuner.advance()).rejects.toBe(stop);
  });
});

it("resumes with more trials after its end, and fits the best of all", async () => {
  const { tuner } = await inSlices({ ...base, trials: 3 }, () => ({ steps: 1e6, moves: false }));
  const more = await restoreTuner(tuner.save(), base);
  await more.advance();
  const whole = await tune({ ...base, jobs: 1 });
  expect(whole.best.number).toBeGreaterThan(2); // not the one that was fitted before
  expect(outcome(more.result as TuneResult<S>)).toEqual(outcome(whole));
});

it.each<[string, Partial<TuneOptions<S>>]>([
  ["fit", { fit: { epochs: 5, batchSize: undefined, earlyStopping: { patience: 1, minDelta: undefined } } }],
  ["pipeline", { pipeline: { columns: { x0: { scale: undefined } } } }],
  ["validation", { validation: kFold({ folds: 3, seed: undefined } as object) }],
] as [string, object][])("is resumed with an option of %s given as undefined", async (_, own) => {
  const options = { ...base, ...own };
  const bytes = (await createTuner(options)).save();
  expect((await restoreTuner(bytes, options)).study.seed).toBe(4);
});

describe("what is refused", () => {
  let tuner: Tuner<S>;
  let bytes: Uint8Array;
  beforeAll(async () => {
    tuner = await createTuner(base);
    await tuner.advance({ steps: 60 });
    bytes = tuner.save();
  });

  it.each<[string, Partial<TuneOptions<S>>]>([
    ["other data; pass the same data", { x: x.map((row, i) => (i === 7 ? [9, 9, 9] : row)) }],
    ['validation {"folds":3}; received {"folds":4}; pass the same validation', { validation: { folds: 4 } }],
    ["testSize 0.2; received 0.1; pass the same testSize", { testSize: 0.1 }],
    ['metric ["logLoss","accuracy"]; received ["f1"]; pass the same metric', { metric: "f1" }],
    [
      'fit {"epochs":5,"batchSize":16}; received {"epochs":6,"batchSize":16}',
      { fit: { epochs: 6, batchSize: 16 } },
    ],
    ['scheduler null; received {"name":"hyperband"', { scheduler: hyperband() }],
    ["seed must be 4, as in study; received 5", { seed: 5 }],
    ["lag must be 1, as in study; received 2", { lag: 2 }],
    ['strategy must be the one that the study was saved with, "tpe"', { strategy: random() }],
    [
      "space must be the one that the study was saved with",
      { space: { ...space, units: int(2, 13, { log: true }) } },
    ],
  ])("to resume with %s", async (message, other) => {
    const error = await refusal(() => restoreTuner(bytes, { ...base, ...other }));
    expect(error).toMatch(/^invalid_argument: /);
    expect(error).toContain(message);
  });

  it("to resume with other kernels, and both are named", async () => {
    const { plan, ...others } = unpackArchive(FORMAT, bytes);
    const { kernels } = plan as { kernels: string };
    const saved = (name: string) =>
      packArchive(FORMAT, { ...others, plan: { ...(plan as object), kernels: name } });
    const foreign = "0.0.9 0123456789ab";
    expect(await refusal(() => restoreTuner(saved(foreign), base))).toBe(
      `invalid_checkpoint: the tuner was saved with the kernels "${foreign}"; received "${kernels}", which compute ` +
        "different bits; resume with the release and the kernels of the saved tuner",
    );
    // of another release, but the same
    const renamed = kernels.replace(/^\S+/, "0.0.9");
    expect((await restoreTuner(saved(renamed), base)).study.asked).toBe(tuner.study.asked);
  });

  it("to resume with a model that unfinished trainings do not fit", async () => {
    const other = await restoreTuner(bytes, {
      ...base,
      model: (params) => base.model({ ...params, units: 3 }),
    });
    const message =
      /^invalid_checkpoint: a saved run must have \d+ numbers of "parameters" for this program; received \d+/;
    expect(await refusal(() => other.advance())).toMatch(message);
    expect(await refusal(() => other.advance())).toMatch(message);
    expect(await refusal(async () => other.save())).toMatch(message);
  });

  it("to resume with the result of a training that the folds do not fit", async () => {
    const begun = await createTuner({ ...base, lag: 0 });
    type Saved = { results: { prediction: Float32Array }[] };
    let sections: Record<string, unknown>;
    do {
      await begun.advance({ steps: 1 });
      sections = unpackArchive(FORMAT, begun.save());
    } while (!(sections.trials as Saved[])[0]?.results.length);
    const [trial] = sections.trials as Saved[];
    const [{ prediction }] = trial.results;
    trial.results[0].prediction = prediction.slice(1);
    const other = await restoreTuner(packArchive(FORMAT, sections), { ...base, lag: 0 });
    expect(await refusal(() => other.advance())).toBe(
      `invalid_checkpoint: the saved result does not fit the data and model of this tuner: it has ${prediction.length - 1} predictions, the fold has ${prediction.length}`,
    );
  });

  it("invalid options", async () => {
    const given = { ...base, jobs: 2 } as TuneOptions<S>;
    expect(await refusal(() => createTuner(given))).toMatch(/^unknown_name: .*createTuner.*"jobs"/);
    expect(await refusal(() => restoreTuner(bytes, given))).toMatch(/^unknown_name: .*restoreTuner.*"jobs"/);
    expect(await refusal(() => tuner.advance({ steps: 0.5 }))).toBe(
      "invalid_argument: steps of advance must be a positive integer; received 0.5",
    );
    expect(await refusal(() => tuner.advance({ maxMilliseconds: 0 }))).toBe(
      "invalid_argument: maxMilliseconds of advance must be a positive number; received 0",
    );
  });

  it("another slice, or to save, before one has ended", async () => {
    const other = await restoreTuner(bytes, base);
    const slice = other.advance({ steps: 3 });
    expect(await refusal(() => other.advance())).toMatch(/^invalid_state: advance was called/);
    expect(() => other.save()).toThrow("save was called while a slice is running; await the slice first");
    await slice;
    expect(other.save().length).toBeGreaterThan(0);
  });

  it("bytes that were cut, changed, joined, or come from elsewhere; never restored as something else", async () => {
    const other = await createTuner({ ...base, seed: 5 });
    await other.advance({ steps: 100 });
    const foreign = other.save();
    const index = fc.nat({ max: bytes.length - 1 });
    const damaged = fc.oneof(
      fc.tuple(index, fc.integer({ min: 1, max: 255 })).map(([at, flip]) => {
        const copy = bytes.slice();
        copy[at] ^= flip;
        return copy;
      }),
      index.map((length) => bytes.slice(0, length)),
      fc.uint8Array({ minLength: 1, maxLength: 64 }).map((more) => Uint8Array.from([...bytes, ...more])),
      fc
        .tuple(index, index)
        .map(([to, from]) => Uint8Array.from([...bytes.slice(0, to), ...foreign.slice(from)])),
      fc.uint8Array({ maxLength: 200 }),
    );
    const same = (given: Uint8Array) =>
      Buffer.compare(given, bytes) === 0 || Buffer.compare(given, foreign) === 0;
    await fc.assert(
      fc.asyncProperty(damaged, async (given) => {
        fc.pre(!same(given));
        expect(await refusal(() => restoreTuner(given, base))).toMatch(/^invalid_checkpoint: /);
      }),
      { numRuns: cases(4000) },
    );
  });
});

it("needs as much memory for the largest of a choice of numbers as for the end of a range", async () => {
  const needs = async (units: S["units"]): Promise<number> => {
    const tuner = await openBoundedTuner({ ...base, space: { ...space, units } }, null);
    return tuner.largestTraining();
  };
  const largest = await needs(space.units);
  expect(await needs(choice([12, 2, 5]) as never)).toBe(largest);
  expect(await needs(choice([2, 5]) as never)).toBeLessThan(largest);
  expect(await needs(choice([2, null, 12]) as never)).toBe(largest);
});

it("keeps a thousand trials of ten parameters in less than a mebibyte", async () => {
  const others = Array.from({ length: 9 }, (_, i) => [`hyperparameter${i}`, float(1e-5, 1, { log: true })]);
  const wide = { ...Object.fromEntries(others), learningRate: float(0.01, 0.1) };
  const tuner = await createTuner({
    x,
    y,
    space: wide,
    strategy: random(),
    trials: 1000,
    model: (params) => logistic(params as { learningRate: number }),
    fit: { epochs: 1, batchSize: 48 },
  });
  await tuner.advance();
  expect(tuner.study.trials.length).toBe(1000);
  expect(tuner.save().length).toBeLessThan(2 ** 20);
});
