/** The network that is tuned by default: every point of its space builds and trains. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeTable } from "../../src/data/dataset.js";
import { fitPipeline } from "../../src/data/pipeline/pipeline.js";
import { readTable } from "../../src/data/table.js";
import { describePiece } from "../../src/model/describe.js";
import { type ActivationName, activations } from "../../src/nn/activations.js";
import { architectureFrom } from "../../src/nn/programs/architecture.js";
import { choice, float, int } from "../../src/search/space/builders.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { random } from "../../src/search/strategies/random/random.js";
import { createStudy } from "../../src/search/study/create.js";
import {
  checkDenseSpace,
  denseFit,
  denseModel,
  denseParams,
  densePipeline,
  densePoints,
  denseSpace,
  denseValidation,
} from "../../src/tune/dense.js";
import { tune } from "../../src/tune/tune.js";
import { cases } from "../cases.js";
import { randomRows, refusal } from "./support.js";

const targets = fc.constantFrom(
  { task: "regression" as const, outputs: 1 },
  { task: "regression" as const, outputs: 2 },
  { task: "classification" as const, outputs: 1 },
  { task: "classification" as const, outputs: 3 },
);

describe("activations", () => {
  const names = Object.keys(activations) as ActivationName[];
  const data = { task: "regression" as const, outputs: 1 };

  it("are accepted by name, and so are Keras' other names for them", () => {
    const space = { activation: choice([...names, "swish", "hardSwish"]) };
    expect(() => checkDenseSpace(data, space, 100)).not.toThrow();
  });

  it("have the kernels that they are best served by", () => {
    const starts = names.map((activation) => {
      const [first] = denseModel(data, { activation }).layers;
      return [activation, describePiece("layer", first).options.kernelInitializer];
    });
    const others = { tanh: "glorotUniform", selu: "lecunNormal" };
    expect(Object.fromEntries(starts)).toEqual({
      ...Object.fromEntries(names.map((name) => [name, "heUniform"])),
      ...others,
    });
  });
});

describe("denseSpace and denseModel", () => {
  it("every point builds a model that trains a step to finite weights", async () => {
    await fc.assert(
      fc.asyncProperty(
        targets,
        fc.integer({ min: 4, max: 2000 }),
        fc.integer({ min: 0, max: 1e6 }),
        async (data, rows, seed) => {
          const study = createStudy({
            space: denseSpace(rows),
            strategy: random(),
            direction: "minimize",
            seed,
          });
          const params = study.ask()?.params ?? {};
          const batchSize = params.batchSize as number;
          expect(batchSize).toBeLessThanOrEqual(rows);
          const model = denseModel(data, params);
          const x = randomRows(batchSize, 5, seed % 100);
          const y = x.map((_, i) =>
            Array.from({ length: data.outputs }, (__, j) => Number(i % data.outputs === j)),
          );
          const { history } = await model.fit(x, y, { batchSize, seed });
          expect(Number.isFinite(history.loss[0])).toBe(true);
          const weights = Object.values(model.getWeights());
          expect(weights.every(({ data }) => data.every(Number.isFinite))).toBe(true);
          expect(model.predict(x).shape).toEqual([batchSize, data.outputs]);
        },
      ),
      { numRuns: cases(40) },
    );
  });

  it("weight decay and the bound of the gradient's norm go to any optimizer, which has its own decay without", () => {
    const data = { task: "regression" as const, outputs: 1 };
    const numbers = (params: Record<string, string | number>) =>
      architectureFrom(denseModel(data, params).described(), 2).optimizer.hyperparameters;
    const given = { weightDecay: 0.25, globalClipNorm: 2 };
    for (const optimizer of ["sgd", "adam", "adamw", "lion"]) {
      expect(numbers({ optimizer, ...given })).toMatchObject(given);
    }
    expect(numbers({ optimizer: "adamw" }).weightDecay).toBe(0.004);
    expect(numbers({ optimizer: "adamw", weightDecay: 0 }).weightDecay).toBe(0);
    expect(numbers({ optimizer: "adamw" })).not.toHaveProperty("globalClipNorm");
  });

  it("Adam forgets squared gradients by 0.95 a step, others as they do; beta2 is for those that have it", async () => {
    const data = { task: "regression" as const, outputs: 1 };
    const beta2 = (params: Record<string, string | number>) =>
      architectureFrom(denseModel(data, params).described(), 2).optimizer.hyperparameters.beta2;
    expect(beta2({})).toBe(0.95);
    expect(beta2({ optimizer: "adamw" })).toBe(0.999);
    expect(beta2({ optimizer: "lion" })).toBe(0.99);
    expect(beta2({ beta2: 0.75 })).toBe(0.75);
    expect(beta2({ optimizer: "adamw", beta2: 0.5 })).toBe(0.5);
    expect(await refusal(() => denseModel(data, { optimizer: "sgd", beta2: 0.5 }))).toMatch(
      /^unknown_name: .*beta2/,
    );
  });

  it("the model is what the parameters say", async () => {
    const model = denseModel(
      { task: "classification", outputs: 3 },
      { layers: 2, units: 7, dropout: 0.25, l2: 0.5, optimizer: "sgd", learningRate: 0.125, momentum: 0.5 },
    );
    const architecture = architectureFrom(model.described(), 4);
    expect(
      architecture.network.layers.map(({ layer: { type, hyperparameters } }) => [type, hyperparameters]),
    ).toEqual([
      ["dense", { "kernel.l2": 0.5 }],
      ["dropout", { rate: 0.25 }],
      ["dense", { "kernel.l2": 0.5 }],
      ["dropout", { rate: 0.25 }],
      ["dense", {}],
    ]);
    expect(architecture.loss).toBe("categoricalCrossentropy");
    expect(architecture.optimizer.name).toBe("sgd");
    expect(architecture.optimizer.hyperparameters).toMatchObject({ learningRate: 0.125, momentum: 0.5 });
    expect(architectureFrom(denseModel({ task: "classification", outputs: 1 }, {}).described(), 4).loss).toBe(
      "binaryCrossentropy",
    );
    expect(architectureFrom(denseModel({ task: "regression", outputs: 1 }, {}).described(), 4).loss).toBe(
      "meanSquaredError",
    );
  });

  it("the space is of Adam alone, and its batches are at most a fifth of the rows", () => {
    expect(Object.keys(denseSpace(500))).toEqual(
      ["layers", "units", "activation", "learningRate", "batchSize"].concat(["l2", "dropout", "epochs"]),
    );
    expect(
      architectureFrom(denseModel({ task: "regression", outputs: 1 }, {}).described(), 2).optimizer.name,
    ).toBe("adam");
    expect([3, 79, 80, 639, 640].map((rows) => denseSpace(rows).batchSize)).toMatchObject([
      { values: [3] },
      { values: [16] },
      { values: [16] },
      { values: [16, 32, 64] },
      { values: [16, 32, 64, 128] },
    ]);
  });

  it("the space has stronger penalties and dropout where columns are more than rows", () => {
    expect(denseSpace(100, 100)).toEqual(denseSpace(100));
    expect(denseSpace(100, 101)).toEqual({
      ...denseSpace(100),
      l2: float(1e-4, 1, { log: true }),
      dropout: float(0, 0.7),
    });
    expect(() => denseSpace(100, -1)).toThrow("inputs must be");
  });

  it("the first points are of the space and differ, whatever its rows, columns and parameters", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.boolean(),
        fc.subarray(Object.keys(denseSpace(9)), { minLength: 1 }),
        (rows, isWide, names) => {
          const whole = denseSpace(rows, isWide ? rows + 1 : 0);
          const space = Object.fromEntries(names.map((name) => [name, whole[name]]));
          const points = densePoints(space);
          const study = createStudy({ space, strategy: random(), seed: 0, direction: "minimize" });
          for (const point of points) study.enqueue(point);
          expect(points.map(() => study.ask()?.params)).toEqual(points);
          expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(points.length);
          expect(points.length).toBe(names.length === 8 ? 12 : points.length);
        },
      ),
      { numRuns: cases(50) },
    );
    const batches = [20, 639, 640].map((rows) => densePoints(denseSpace(rows))[1].batchSize);
    expect(batches).toEqual([16, 64, 128]);
    expect(() => densePoints({ optimizer: choice(["sgd"]) })).toThrow(
      'unknown parameter of densePoints "optimizer"',
    );
    // out of range: the closest that there is
    expect(densePoints({ units: int(64, 100), l2: float(0.004, 1) })[0]).toEqual({ units: 64, l2: 0.004 });
  });

  it("trials are scored by five folds, and by one part of many rows", () => {
    expect([10, 3999, 4000].map(denseValidation)).toEqual([{ folds: 5 }, { folds: 5 }, { split: 0.2 }]);
  });

  it("a space must count in integers", async () => {
    const data = { task: "regression", outputs: 1 } as const;
    for (const name of ["units", "layers", "batchSize", "epochs"]) {
      expect(await refusal(() => checkDenseSpace(data, { [name]: float(1, 2) }, 100))).toMatch(
        new RegExp(
          `^invalid_argument: parameter "${name}" must be an int range, or a choice of integers; received {`,
        ),
      );
      checkDenseSpace(data, { [name]: choice([1, 2]) }, 100);
    }
    expect(await refusal(() => checkDenseSpace(data, { units: choice([1.5]) }, 100))).toMatch(/units/);
    expect(await refusal(() => checkDenseSpace(data, { epochs: int(0, 3) }, 100))).toBe(
      'invalid_argument: parameter "epochs" ({"epochs":0}): epochs must be a positive integer; received 0',
    );
    expect(await refusal(() => checkDenseSpace(data, { epochs: int(1, 1_000_001) }, 100))).toMatch(
      /epochs must be at most 1000000, since curves keep a number for each; received 1000001/,
    );
    checkDenseSpace(data, { epochs: int(1, 1_000_000) }, 100);
    checkDenseSpace(data, { batchSize: int(1, 100) }, 100);
    expect(await refusal(() => checkDenseSpace(data, { batchSize: int(1, 101) }, 100))).toMatch(
      /batchSize must be at most 100, the number of rows to train on; received 101/,
    );
    expect(await refusal(() => checkDenseSpace(data, { activation: float(0, 1) }, 100))).toMatch(
      /activation/,
    );
    expect(await refusal(() => checkDenseSpace(data, { optimizer: int(0, 1) }, 100))).toMatch(/optimizer/);
    expect(await refusal(() => checkDenseSpace(data, { learningRate: choice(["fast"]) }, 100))).toMatch(
      /learningRate/,
    );
  });

  it("has at most 499 hidden layers", async () => {
    const data = { task: "regression", outputs: 1 } as const;
    const layersOf = (layers: number) => denseModel(data, { layers, units: 1, dropout: 0 }).layers.length;
    expect(layersOf(499)).toBe(2 * 499 + 1); // each with its dropout
    expect(await refusal(() => layersOf(500))).toBe(
      "invalid_argument: layers must be at most 499; received 500",
    );
  });

  it("refuses a parameter that it does not have, and values that layers and optimizers refuse", async () => {
    const data = { task: "regression", outputs: 1 } as const;
    expect(await refusal(() => denseModel(data, { unit: 3 }))).toMatch(
      /^unknown_name: unknown parameter of the dense network "unit"\. Did you mean "units"\?/,
    );
    expect(await refusal(() => denseParams({ depth: 3 }))).toMatch(/^unknown_name: /);
    expect(await refusal(() => denseModel(data, { units: 0 }))).toBe(
      "invalid_argument: `units` must be a positive integer; received 0",
    );
    expect(await refusal(() => denseModel(data, { optimizer: "adam", momentum: 0.5 }))).toMatch(
      /^unknown_name: unknown option of adam "momentum"/,
    );
    expect(denseParams({ units: 3 })).toMatchObject({ units: 3, layers: 1, optimizer: "adam" });
  });
});

describe("densePipeline", () => {
  it("makes two features of a number where the target is a quantity, and one where it is a class", () => {
    const table = readTable("a,w,y\n1,u,2\n3,v,4\n4,v,9\n");
    const [quantity, classes] = (["regression", "classification"] as const).map((task) => {
      const data = encodeTable(table, { target: "y", task });
      return fitPipeline(data, densePipeline(data)).pipeline.features;
    });
    expect(quantity).toEqual(["a", "a (quantile)", "w=u", "w=v"]);
    expect(classes).toEqual(["a", "w=u", "w=v"]);
  });

  it("refuses what is no data set", async () => {
    const data = encodeTable(readTable("a,y\n1,2\n3,4\n"), { target: "y", task: "regression" });
    expect(await refusal(() => densePipeline({} as never))).toMatch(/^invalid_argument: `?data/);
    expect(await refusal(() => densePipeline({ ...data, columns: [] }))).toMatch(
      /^invalid_shape: columns must be 1 of one length; received 0 of lengths/,
    );
  });

  it("adds parts of numbers and dates from 1,000 rows on, but of those that are almost always the same", () => {
    const rows = (count: number) =>
      Array.from(
        { length: count },
        (_, i) => `${i % 7},${i % 2},${i === 5 ? 3 : 0},${i % 3 ? i : ""},u${i % 4},${dayOf(i)},${i % 5}`,
      );
    const dayOf = (i: number) => new Date(Date.UTC(2024, 0, 1 + (i % 300))).toISOString().slice(0, 10);
    const of = (count: number, task: "regression" | "classification") => {
      const table = readTable(["many,two,rare,gaps,word,day,y", ...rows(count)].join("\n"));
      return densePipeline(encodeTable(table, { target: "y", task, missing: "impute" }));
    };
    // whether a cell is missing may tell, which the pipeline decides
    const indicator = "auto";
    expect(of(999, "classification")).toEqual({ scale: ["standard"], indicator });
    const withParts = (scale: string[]) =>
      Object.fromEntries(["many", "gaps", "day"].map((name) => [name, { scale }]));
    expect(of(1000, "classification")).toEqual({
      scale: ["standard"],
      indicator,
      columns: withParts(["standard", "parts"]),
    });
    expect(of(1000, "regression")).toEqual({
      scale: ["standard", "quantile"],
      indicator,
      columns: withParts(["standard", "quantile", "parts"]),
    });
  });
});

describe("denseFit", () => {
  it("is what the parameters say, and what is to be otherwise wins", () => {
    const common = { epochs: 40, learningRateDecay: "cosine" };
    expect(denseFit({})).toEqual(common);
    expect(denseFit({ units: 8, batchSize: 4, epochs: 7 })).toEqual({ ...common, batchSize: 4, epochs: 7 });
    const settings = { epochs: 3, learningRateDecay: "none", classWeight: "balanced" } as const;
    expect(denseFit({ batchSize: 4, epochs: 7 }, settings)).toEqual({ batchSize: 4, ...settings });
    const all = { ...settings, batchSize: 8 };
    expect(denseFit({ batchSize: 4, epochs: 7 }, all)).toEqual(all);
  });

  it("trains each trial for its own epochs", async () => {
    const x = randomRows(40, 2, 4);
    const { trials } = await tune({
      x,
      y: x.map(([a, b]) => a - b),
      space: { epochs: choice([2, 5]) },
      strategy: grid(),
      model: (params) => denseModel({ task: "regression", outputs: 1 }, params),
      fit: denseFit,
      validation: { folds: 2 },
      jobs: 1,
    });
    expect(trials.map(({ params, steps }) => [params.epochs, steps])).toEqual([
      [2, 2],
      [5, 5],
    ]);
  });
});
