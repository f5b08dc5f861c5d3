/**
 * Weights in a study: in the loss and the scores, on every thread; class weights; the default metric. Needs
 * `dist/`.
 */
import { describe, expect, it } from "vitest";
import { encodeTable } from "../../src/data/dataset.js";
import { readTable } from "../../src/data/table.js";
import { metrics } from "../../src/metrics/registry.js";
import { choice } from "../../src/search/space/builders.js";
import { grid } from "../../src/search/strategies/grid/grid.js";
import { gridSearch } from "../../src/tune/gridSearch.js";
import { tune } from "../../src/tune/tune.js";
import { linear, logistic, quantity, rates, refusal, untimed, x, y } from "./support.js";

const sampleWeight = x.map((_, i) => 1 + (i % 4));
const common = {
  x,
  y,
  space: rates(0.3, 0.1),
  strategy: grid(),
  model: logistic,
  jobs: 1,
  fit: { epochs: 8, batchSize: 8 },
  validation: { folds: 3 },
  testSize: 0.2,
};
const table = readTable(
  ["a,b,c,w,y", ...x.map((row, i) => [...row, sampleWeight[i], y[i] ? "yes" : "no"].join(","))].join("\n"),
);

it("columns that the schema gives another role are no inputs, also where an option names other columns", () => {
  const read = readTable("a,g,h,v,w,y\n1,p,r,1,2,no\n2,q,s,1,3,yes\n3,p,r,1,2,no\n4,q,s,1,3,yes\n");
  const roles: Readonly<Record<string, "group" | "weight">> = { g: "group", v: "weight" };
  const columns = read.schema.columns.map((column) => ({
    ...column,
    role: roles[column.name] ?? column.role,
  }));
  const data = encodeTable(
    { ...read, schema: { ...read.schema, columns } },
    { target: "y", group: "h", weight: "w" },
  );
  expect(data.inputs.map(({ name }) => name)).toEqual(["a"]);
  expect([...(data.sampleWeight as Float64Array)]).toEqual([2, 3, 2, 3]);
  expect([...(data.groups as Int32Array)]).toEqual([0, 1, 0, 1]);
});

describe("sample weights", () => {
  it("count in the loss and in the scores, and are the same from a column", async () => {
    const { trials, final } = await tune({ ...common, sampleWeight, metric: "logLoss" });
    const plain = await tune({ ...common, metric: "logLoss" });
    expect(trials.map(({ value }) => value)).not.toEqual(plain.trials.map(({ value }) => value));
    const data = encodeTable(table, { target: "y", weight: "w" });
    expect(data.inputs.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    const { x: _x, y: _y, ...rest } = common;
    const fromColumn = await tune({ ...rest, data, metric: "logLoss" });
    expect(untimed(fromColumn.trials)).toEqual(untimed(trials));
    expect(fromColumn.final.test).toEqual(final.test);
    // and where a final model is scored again
    const again = fromColumn.final;
    const scored = (weights?: Float64Array) =>
      metrics.logLoss.compute(data.y, again.predict(data).data, 1, weights);
    expect(again.evaluate(data).logLoss).toBe(scored(data.sampleWeight));
    expect(again.evaluate(data).logLoss).not.toBe(scored());
    const { schema } = table;
    const columns = schema.columns.map((column) =>
      column.name === "w" ? { ...column, role: "weight" as const } : column,
    );
    expect(encodeTable({ ...table, schema: { ...schema, columns } }, { target: "y" }).sampleWeight).toEqual(
      data.sampleWeight,
    );
  });

  it("reach custom metrics, row by row", async () => {
    const seen: number[][] = [];
    const watched = {
      name: "watched",
      direction: "maximize" as const,
      compute(
        yTrue: ArrayLike<number>,
        yPred: ArrayLike<number>,
        outputs: number,
        weights?: ArrayLike<number>,
      ) {
        seen.push([...(weights as Float64Array)]);
        return metrics.accuracy.compute(
          yTrue as Float64Array,
          yPred as Float64Array,
          outputs,
          weights as Float64Array,
        );
      },
    };
    await tune({ ...common, sampleWeight, metric: watched, space: rates(0.3), testSize: 0 });
    expect(seen.flat().sort()).toEqual([...sampleWeight].sort());
  });

  it("give the same on threads", async () => {
    const run = (jobs: number) =>
      tune({ ...common, sampleWeight, jobs, fit: { ...common.fit, classWeight: "balanced" } });
    const [one, two] = [await run(1), await run(2)];
    expect(untimed(two.trials)).toEqual(untimed(one.trials));
    expect(two.final.predict(x).data).toEqual(one.final.predict(x).data);
  });

  it.each<[string, object, string]>([
    [
      "too few",
      { sampleWeight: [1] },
      "invalid_shape: sampleWeight must have one weight for each of the 60 rows; received 1",
    ],
    [
      "beside data",
      { x: undefined, y: undefined, data: encodeTable(table, { target: "y" }), sampleWeight },
      "invalid_argument: sampleWeight must be left out with data, which has its own; choose the option weight of encodeTable",
    ],
    [
      "for a class that does not exist",
      { fit: { classWeight: { 7: 1 } } },
      'unknown_name: unknown class "7"',
    ],
  ])("are refused: %s", async (_, options, message) => {
    expect(await refusal(() => tune({ ...common, ...options } as never))).toContain(message);
  });

  it("are refused as a column of words", () => {
    expect(() => encodeTable(table, { target: "a", weight: "y" })).toThrow(
      'weight "y" must be a column of numbers; received "boolean"',
    );
  });
});

describe("class weights", () => {
  it("raise the recall of a rare class, and may be tuned", async () => {
    const rare = x.map(([a, b]) => Number(a + b > 0.7));
    const { trials } = await tune({
      ...common,
      y: rare,
      metric: "recall",
      space: { weight: choice([1, 20]) },
      model: () => logistic({ learningRate: 0.3 }),
      fit: ({ weight }) => ({ ...common.fit, classWeight: { 1: weight } }),
    });
    expect(trials[1].value).toBeGreaterThan((trials[0].value as number) + 0.2);
  });
});

describe("the default metric", () => {
  it("of classes is log loss, with the accuracy of each trial beside it", async () => {
    const { metric, metrics, study, trials } = await tune(common);
    expect([metric, metrics, study.direction]).toEqual(["logLoss", ["logLoss"], "minimize"]);
    const losses = (await tune({ ...common, metric: "logLoss" })).trials;
    expect(trials.map(({ value, std }) => [value, std])).toEqual(
      losses.map(({ value, std }) => [value, std]),
    );
    const accuracies = (await tune({ ...common, metric: "accuracy" })).trials;
    expect(trials.map(({ attributes }) => attributes)).toEqual(
      accuracies.map(({ value: mean, std }) => ({ scores: { accuracy: { mean, std } } })),
    );
    expect(losses.every(({ attributes }) => attributes === undefined)).toBe(true);
    // a trial that diverged has no scores
    const diverging = await tune({ ...common, space: rates(0.1, 3e38) });
    expect(diverging.trials.map(({ status, attributes = {} }) => [status, "scores" in attributes])).toEqual([
      ["complete", true],
      ["diverged", false],
    ]);
  });

  it("is log loss of rare classes too, and r2 of quantities", async () => {
    const of = async (options: object) =>
      (await tune({ ...common, space: rates(0.1), testSize: 0, ...options })).metric;
    expect(await of({ y: x.map((_, i) => Number(i < 6)) })).toBe("logLoss");
    expect(await of({ y: quantity, model: linear })).toBe("r2");
  });

  it("ranks the combinations of a grid by log loss, and gives their accuracies", async () => {
    const { strategy: _, ...options } = common;
    const { rows, bestScore } = await gridSearch(options);
    expect(rows.map(({ scores }) => Object.keys(scores))).toEqual(rows.map(() => ["logLoss", "accuracy"]));
    expect(bestScore).toBe(Math.min(...rows.map(({ scores }) => scores.logLoss.mean)));
  });
});
