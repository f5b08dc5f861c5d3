/** Mixup: what a step of training sees, and that nothing else sees it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile, compileStep } from "../../src/compile/compile.js";
import type { Executor } from "../../src/engine/executor.js";
import { loadModel, saveModel } from "../../src/model/save.js";
import { betaOf, mixRows, mixup } from "../../src/nn/arguments/mixup.js";
import { batchNormalization, dense, dropout } from "../../src/nn/layers/index.js";
import type { Sequential } from "../../src/nn/models/sequential.js";
import { architectureFrom, hyperparametersOf } from "../../src/nn/programs/architecture.js";
import { programOf } from "../../src/nn/programs/programs.js";
import { adam } from "../../src/optim/adam.js";
import { float } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import { createTuner, restoreTuner } from "../../src/tune/resume/slices.js";
import { tune } from "../../src/tune/tune.js";
import type { TuneResult, TunerOptions } from "../../src/tune/tuner/options.js";
import { cases } from "../cases.js";
import { compiled, randomRows, reference, refusal, wasm, weightsOf } from "./support.js";

/** Beta(α, α) of pairs of uniform numbers. */
function draws(executor: Executor, alpha: number, pairs: readonly (readonly [number, number])[]): number[] {
  const program = compile((u, v, a) => betaOf(u, v, a), [pairs.length], [pairs.length], []);
  const { data } = executor.load(program)(
    pairs.map(([u]) => u),
    pairs.map(([, v]) => v),
    alpha,
  );
  return Array.from(data);
}

describe("shares", () => {
  const SIDE = 200;
  const middle = (i: number): number => (i + 0.5) / SIDE;
  const grid = Array.from(
    { length: SIDE * SIDE },
    (_, k) => [middle(Math.floor(k / SIDE)), middle(k % SIDE)] as const,
  );

  it.each<[number, (q: number) => number]>([
    [0.5, (q) => (2 / Math.PI) * Math.asin(Math.sqrt(q))],
    [1, (q) => q],
    [2, (q) => q * q * (3 - 2 * q)],
    [3, (q) => q ** 3 * (10 - 15 * q + 6 * q * q)],
  ])("have the distribution Beta(%d, its own)", (alpha, distribution) => {
    const shares = draws(wasm, alpha, grid);
    // a grid of 200² points misplaces those of a strip along the line between below and above: 2 in 200
    for (const q of [0.02, 0.1, 0.25, 0.5, 0.8, 0.97])
      expect(
        Math.abs(shares.filter((share) => share < q).length / shares.length - distribution(q)),
      ).toBeLessThan(0.01);
  });

  it.each([0.1, 0.2, 0.4, 8])("have the variance of Beta(α, α), 1 / (8α + 4), at %d", (alpha) => {
    const shares = draws(wasm, alpha, grid);
    const variance = shares.reduce((sum, share) => sum + (share - 0.5) ** 2, 0) / shares.length;
    expect(Math.abs(variance - 1 / (8 * alpha + 4))).toBeLessThan(0.002);
  });

  it("are numbers from 0 to 1 at the ends of what is drawn, and the float64 reference's", () => {
    const ends = [0, 2 ** -24, 0.5, 1 - 2 ** -24];
    // not v = ¼ and ¾, where the cosine changes its sign by rounding
    const pairs = ends.flatMap((u) => [...ends, 0.2, 0.7].map((v) => [u, v] as const));
    for (const alpha of [1e-6, 0.01, 1, 1e6]) {
      const shares = draws(wasm, alpha, pairs);
      for (const share of shares) expect(Math.abs(share - 0.5)).toBeLessThanOrEqual(0.5 + 2 ** -23);
      draws(reference, alpha, pairs).forEach((share, i) => {
        expect(Math.abs(shares[i] - share), `${alpha} ${pairs[i]}`).toBeLessThan(1e-3);
      });
    }
  });
});

/**
 * What `mixRows` makes of a batch whose x is the identity matrix, so that a row says which rows it was mixed
 * of.
 */
function mixed(executor: Executor, rows: number, seed: number, weights?: readonly number[]) {
  const y = randomRows(rows, 2, seed);
  const program = compileStep(
    { inputs: { alpha: [] }, streams: { x: rows, y: 2, ...(weights && { weights: 1 }) } },
    rows,
    ({ inputs, streams }) => {
      const made = mixRows(streams, inputs.alpha);
      return {
        streams: Object.fromEntries(Object.entries(made).map(([name, value]) => [`${name}Mixed`, value])),
      };
    },
  );
  const identity = Float32Array.from({ length: rows * rows }, (_, k) => Number(k % (rows + 1) === 0));
  const matrix = (columns: number, data = new Float32Array(rows * columns)) =>
    executor.matrix(rows, columns, data);
  const streams = {
    x: matrix(rows, identity),
    y: matrix(2, Float32Array.from(y.flat())),
    xMixed: matrix(rows),
    yMixed: matrix(2),
    ...(weights && { weights: matrix(1, Float32Array.from(weights)), weightsMixed: matrix(1) }),
  };
  const run = executor.start(program, { streams, seed });
  run.write("alpha", 1);
  run.advance(1);
  const read = (name: "xMixed" | "yMixed" | "weightsMixed", columns: number): number[][] => {
    const data = streams[name]?.read() ?? new Float32Array(0);
    return Array.from({ length: data.length / columns }, (_, i) =>
      Array.from(data.subarray(i * columns, (i + 1) * columns)),
    );
  };
  const result = {
    y,
    xMixed: read("xMixed", rows),
    yMixed: read("yMixed", 2),
    weightsMixed: read("weightsMixed", 1).flat(),
  };
  run.free();
  for (const each of Object.values(streams)) each?.free();
  return result;
}

describe("rows", () => {
  it("are mixed of themselves and another, inputs and targets by the same share", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(1000), (rows, seed) => {
        for (const executor of [wasm, reference]) {
          const { y, xMixed, yMixed } = mixed(executor, rows, seed);
          xMixed.forEach((shares, i) => {
            const sum = shares.reduce((a, b) => a + b, 0);
            expect(Math.abs(sum - 1)).toBeLessThan(2 ** -22);
            expect(shares.filter((share, j) => share !== 0 && j !== i).length).toBeLessThanOrEqual(1);
            for (const column of [0, 1]) {
              const expected = shares.reduce((total, share, j) => total + share * y[j][column], 0);
              expect(Math.abs(yMixed[i][column] - expected)).toBeLessThan(2 ** -21);
            }
          });
        }
      }),
      { numRuns: cases(50) },
    );
  });

  it("meet every other row", () => {
    const met = new Set<number>();
    for (let seed = 0; seed < 60; seed++)
      for (const [i, shares] of mixed(wasm, 4, seed).xMixed.entries())
        shares.forEach((share, j) => {
          if (share > 0) met.add(4 * i + j);
        });
    expect(met.size).toBe(16);
  });

  it("count by share and weight, so that a loss that is linear in the targets is the mean of both", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 8 }),
        fc.nat(1000),
        (weights, seed) => {
          const { y, xMixed, yMixed, weightsMixed } = mixed(wasm, weights.length, seed, weights);
          xMixed.forEach((shares, i) => {
            const sumOf = (f: (j: number) => number) =>
              shares.reduce((sum, share, j) => sum + share * weights[j] * f(j), 0);
            expect(Math.abs(weightsMixed[i] - sumOf(() => 1))).toBeLessThan(1e-5);
            for (const column of [0, 1])
              expect(Math.abs(weightsMixed[i] * yMixed[i][column] - sumOf((j) => y[j][column]))).toBeLessThan(
                1e-5,
              );
          });
        },
      ),
      { numRuns: cases(50) },
    );
  });

  it("of weight 0 are in no input and no target that counts, and what counts is as much as without mixing", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 8 }),
        fc.nat(1000),
        (weights, seed) => {
          const { y, xMixed, yMixed, weightsMixed } = mixed(wasm, weights.length, seed, weights);
          for (const [i, shares] of xMixed.entries()) {
            expect(weightsMixed[i]).toBeLessThanOrEqual(Math.max(...weights));
            if (weightsMixed[i] === 0) continue;
            const mixedIn = shares.flatMap((share, j) => (share > 0 ? [j] : []));
            expect(mixedIn.filter((j) => weights[j] === 0)).toEqual([]);
            const [only, ...others] = mixedIn;
            if (others.length === 0)
              yMixed[i].forEach((target, column) => {
                expect(Math.abs(target - y[only][column])).toBeLessThan(2 ** -21);
              });
          }
        },
      ),
      { numRuns: cases(50) },
    );
    // half of the rows weigh 2, so that the mean is 1
    const weights = Array.from({ length: 400 }, (_, i) => 2 * (i % 2));
    const { weightsMixed } = mixed(wasm, weights.length, 3, weights);
    const total = weightsMixed.reduce((sum, weight) => sum + weight, 0);
    // a mean of 400 draws of variance below 1, within five standard deviations
    expect(Math.abs(total / 400 - 1)).toBeLessThan(5 / 20);
  });
});

const x = randomRows(40, 3, 1);
const y = x.map(([a, b]) => Number(a > b));
const build = (alpha?: number, classes = 2) =>
  compiled([dense(6), batchNormalization(), dropout(0.2), dense(classes, { activation: "softmax" })], {
    optimizer: adam({ learningRate: 0.01 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
    ...(alpha !== undefined && { augmentation: mixup(alpha) }),
  });

describe("a model", () => {
  it("is evaluated and validated on the rows as they are", async () => {
    const [plain, mixing] = [build(), build(0.4)];
    await plain.fit(x, y, { epochs: 3 });
    const { history } = await mixing.fit(x, y, { epochs: 3, validationData: [x, y] });
    expect(weightsOf(mixing)).not.toEqual(weightsOf(plain));
    expect(mixing.evaluate(x, y)).toEqual({ loss: history.valLoss[2], accuracy: history.valAccuracy[2] });
    plain.setWeights(mixing.getWeights());
    expect(plain.evaluate(x, y)).toEqual(mixing.evaluate(x, y));
    expect(history.loss[2]).not.toBe(history.valLoss[2]);
  });

  it("trains to the same bits in one call, in two, and from a file, with batches that are not full and weights", async () => {
    const options = { batchSize: 16, sampleWeight: x.map(([a]) => 1 + a), seed: 5 };
    const [once, twice] = [build(0.3), build(0.3)];
    await once.fit(x, y, { ...options, epochs: 5 });
    await twice.fit(x, y, { ...options, epochs: 2 });
    const { model: loaded } = await loadModel(saveModel(twice, { optimizer: true }));
    for (const model of [twice, loaded]) {
      await model.fit(x, y, { ...options, epochs: 3 });
      expect(weightsOf(model)).toEqual(weightsOf(once));
    }
  });

  it("learns nothing of a row of weight 0, in one batch", async () => {
    const weightsAfter = async (inputs: readonly number[]) => {
      const model = compiled([dense(3, { activation: "tanh" }), dense(2, { activation: "softmax" })], {
        optimizer: adam({ learningRate: 0.01 }),
        loss: "sparseCategoricalCrossentropy",
        augmentation: mixup(0.5),
      });
      const all = x.map((row, i) => (i % 4 === 0 ? inputs : row));
      await model.fit(all, y, { batchSize: 40, epochs: 2, sampleWeight: x.map((_, i) => Number(i % 4 > 0)) });
      return weightsOf(model);
    };
    expect(await weightsAfter([90, -70, 80])).toEqual(await weightsAfter([0, 0, 0]));
  });

  it("shares its program with one of another alpha, and none without mixup", () => {
    const [first, second, plain] = [0.2, 0.9, undefined].map((alpha) =>
      architectureFrom(build(alpha).described(), 3),
    );
    expect(programOf(second, "train", 8)).toBe(programOf(first, "train", 8));
    expect(programOf(plain, "train", 8)).not.toBe(programOf(first, "train", 8));
    expect(hyperparametersOf(second)["mixup.alpha"]).toBe(0.9);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, "0.2"])("has no alpha of %j", async (alpha) => {
    const received = typeof alpha === "string" ? '"0.2"' : alpha;
    expect(await refusal(() => mixup(alpha as number))).toBe(
      `invalid_argument: alpha must be a finite number above 0; received ${received}`,
    );
  });

  it.each([0.2, null, { alpha: 0.2 }, { ...mixup(0.2) }, dense(1), adam()])("takes no %o", async (other) => {
    const options = { optimizer: "adam", loss: "meanSquaredError", augmentation: other as never } as const;
    expect(await refusal(() => compiled([dense(1)], options))).toMatch(
      /^invalid_argument: augmentation must be mixup\(alpha\); received /,
    );
  });
});

it("is tuned to the same bits by threads, by one, and in slices", async () => {
  const space = { alpha: float(0.05, 1) };
  const options: TunerOptions<typeof space> = {
    x,
    y: y.map((label, i) => (i % 3 === 0 ? "c" : String(label))),
    space,
    trials: 2,
    strategy: random(),
    validation: { folds: 2 },
    fit: { epochs: 2, batchSize: 16 },
    model: ({ alpha }) => build(alpha, 3),
  };
  const outcome = ({ trials, final }: TuneResult<typeof space>) => ({
    values: trials.map(({ value }) => value),
    weights: weightsOf(final.model as Sequential),
  });
  const whole = outcome(await tune({ ...options, jobs: 1 }));
  expect(new Set(whole.values).size).toBe(2);
  expect(outcome(await tune({ ...options, jobs: 2 }))).toEqual(whole);
  let tuner = await createTuner(options);
  while (!tuner.result) {
    tuner = await restoreTuner(tuner.save(), options);
    await tuner.advance({ steps: 4 });
  }
  expect(outcome(tuner.result)).toEqual(whole);
});
