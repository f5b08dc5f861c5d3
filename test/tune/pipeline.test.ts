/**
 * Pipelines of trials: their choices as parameters, the same on every thread, and kept with the final model.
 * Needs `dist/`.
 */
import { describe, expect, it } from "vitest";
import { encodeRows, encodeTable } from "../../src/data/dataset.js";
import { applyPipeline, restoreTarget } from "../../src/data/pipeline/pipeline.js";
import { readTable } from "../../src/data/table.js";
import { choice, float } from "../../src/search/space/builders.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { pbt } from "../../src/search/strategies/pbt/pbt.js";
import { tune } from "../../src/tune/tune.js";
import { refusal } from "../data/refusal.js";
import { columnsFrom } from "../data/rows.js";
import { linear, logistic, rates, untimed, x } from "./support.js";

const table = readTable(
  [
    "a,color,y",
    ...x.map(
      ([a, b], i) =>
        `${i % 9 === 0 ? "" : a},${b > 0 ? "red" : i % 2 ? "blue" : "green"},${Math.exp(2 * a + b)}`,
    ),
  ].join("\n"),
);
const data = encodeTable(table, { target: "y", missing: "impute" });
const common = {
  data,
  strategy: grid(),
  testSize: 0.2,
  fit: { epochs: 5, batchSize: 8 },
  validation: { folds: 3 },
  model: () => linear({ learningRate: 0.1 }),
};
const space = {
  scale: choice(["standard", "quantile"]),
  encode: choice(["oneHot", "target"]),
  target: choice(["standard", "log"]),
};

describe("a pipeline of a trial", () => {
  it("follows from its parameters, and scores as the same pipeline of a whole study", async () => {
    const { trials, best, final } = await tune({
      ...common,
      space,
      jobs: 1,
      pipeline: ({ scale, encode, target }) => ({ scale, encode, target, indicator: true }),
    });
    expect(trials.length).toBe(8);
    expect(new Set(trials.map(({ value }) => value)).size).toBe(8);
    const alone = (params: (typeof trials)[number]["params"] | undefined) =>
      tune({
        ...common,
        space: { only: choice([1]) },
        jobs: 1,
        pipeline: { ...params, indicator: true },
      });
    // of equal seeds: the first trials, and the final fits
    expect((await alone(trials[0].params)).trials[0].value).toBe(trials[0].value);
    const winner = await alone(best.params);
    expect(winner.final.test).toEqual(final.test);
    expect(winner.final.pipeline).toEqual(final.pipeline);
  });

  it("gives the same results on threads", async () => {
    const run = (jobs: number) =>
      tune({
        ...common,
        space,
        jobs,
        pipeline: ({ scale, encode, target }) => ({ scale, encode, target }),
      });
    const [one, two] = [await run(1), await run(2)];
    expect(untimed(two.trials)).toEqual(untimed(one.trials));
    expect(two.final.test).toEqual(one.final.test);
  });

  it("is kept with the final model, and as JSON leads from rows to predictions", async () => {
    const { final } = await tune({
      ...common,
      space: { only: choice([1]) },
      pipeline: { impute: "median", scale: "robust", target: "log" },
    });
    const pipeline = JSON.parse(JSON.stringify(final.pipeline));
    expect(pipeline.features).toEqual(["a", "color=blue", "color=green", "color=red"]);
    const rows = [0.5, 2, Number.NaN, 0];
    const inputs = applyPipeline(pipeline, columnsFrom(rows, 2));
    const z = final.model.predict({ data: inputs, shape: [2, 4] }).data as Float32Array;
    expect(final.predict({ data: rows, shape: [2, 2] }).data).toEqual(restoreTarget(pipeline, z));
  });

  it("takes rows of another table as encodeRows has them, and refuses gaps that training had none of", async () => {
    const text = ["a,c,y", ...x.map(([a], i) => `${a},${"uv"[i % 2]},${a > 0 ? "no" : "yes"}`)].join("\n");
    const table = readTable(text);
    const data = encodeTable(table, { target: "y" });
    const { final } = await tune({
      data,
      model: logistic,
      space: rates(0.1),
      strategy: grid(),
      jobs: 1,
      fit: { epochs: 2, batchSize: 8 },
    });
    const other = readTable("c,a\nv,0.25\nu,-2\n", { schema: table.schema });
    const rows = encodeRows(other, data);
    const matrix = [
      [0.25, 1],
      [-2, 0],
    ];
    expect(final.predict(rows).data).toEqual(final.predict(matrix).data);
    const gaps = encodeRows(readTable("c,a\nv,\n", { schema: table.schema }), data);
    expect(refusal(() => final.predict(gaps))).toBe(
      'invalid_data: row 0, column "a": a cell must be there, as in every training row; received none; train with missing: "impute" to fill it in',
    );
  });

  it("must stay what it is while a training continues", async () => {
    const { trials } = await tune({
      ...common,
      space: { shift: float(0, 1) },
      jobs: 1,
      strategy: pbt({ populationSize: 4, quantile: 0.5 }),
      trials: 12,
      fit: { epochs: 2, batchSize: 8 },
      pipeline: ({ shift }) => ({ scale: shift < 0.5 ? "standard" : "minMax" }),
    });
    const refused = trials.filter(({ status }) => status === "failed");
    expect(refused.length).toBeGreaterThan(0);
    for (const { error } of refused)
      expect(error).toMatch(/not its layers, optimizer or pipeline, nor .*; received \{"shift"/);
  });
});

it("refuses a target without a logarithm before the first trial", async () => {
  const run = tune({
    ...common,
    x,
    y: x.map(([a]) => a),
    data: undefined as never,
    space,
    pipeline: { target: "log" },
  });
  await expect(run).rejects.toThrow(/^row \d+: the target must be above 0 for target: "log"; received -/);
});
