/**
 * Row ids are not places: what is made of some rows of a table is what is made of a table of those rows
 * alone. Other rows are wild, so that one that is read by mistake is seen.
 */
import { describe, expect, it } from "vitest";
import { type Dataset, takeExamples } from "../../src/data/dataset.js";
import { takeRows } from "../../src/data/matrix.js";
import { applyPipeline, fitPipeline } from "../../src/data/pipeline/pipeline.js";
import { fitTarget, transformed } from "../../src/data/pipeline/target.js";
import { shuffleSplit } from "../../src/data/split/shuffle.js";
import { timeSeriesSplit } from "../../src/data/split/time.js";
import { lossWeights } from "../../src/data/weights.js";
import { metricNamed } from "../../src/metrics/registry.js";
import { RandomStream } from "../../src/numerics/random.js";
import { examplesOf } from "../../src/tune/jobs/fold.js";
import { constantOf, fitLinear, inUnits, predicted } from "../../src/tune/linear/choice.js";
import { toDataset } from "../../src/tune/trial/data.js";
import { createFoldsFor, foldsBy, type Validation } from "../../src/tune/trial/folds.js";
import { plainModels } from "../../src/tune/trial/plainModels.js";

const ROWS = 40;
type Kind = "regression" | "two classes" | "three classes";
const kinds: readonly Kind[] = ["regression", "two classes", "three classes"];

/**
 * A table of which the rows that count are at places of their own, in an order of their own, between others.
 */
function tableOf(kind: Kind): { readonly whole: Dataset; readonly ids: Int32Array } {
  const random = new RandomStream(kinds.indexOf(kind) + 3);
  const ids = Int32Array.from(new RandomStream(7).permutation(3 * ROWS)).slice(0, ROWS);
  const counts = new Set(ids);
  const x = Array.from({ length: 3 * ROWS }, (_, row) =>
    [0, 1].map(() => (counts.has(row) ? random.normal() : 1e4 * random.normal())),
  );
  const y = x.map(([a, b], row) => {
    const value = a - b + 0.3 * random.normal();
    if (kind === "regression") return counts.has(row) ? [value, 3 - a] : [-1e5 * value, 7];
    const classes = kind === "two classes" ? 2 : 3;
    return [counts.has(row) ? Number(value > -0.3) + Number(classes > 2 && value > 0.6) : row % classes];
  });
  const whole = toDataset({
    x,
    y,
    task: kind === "regression" ? "regression" : "classification",
    sampleWeight: x.map((_, row) => (counts.has(row) ? 1 + (row % 3) : 1e3)),
    groups: x.map((_, row) => (counts.has(row) ? row % 7 : row % 5)),
    time: x.map((_, row) => (row * 37) % 50),
  });
  return { whole, ids };
}

const all = (rows: number): Int32Array => Int32Array.from({ length: rows }, (_, row) => row);
const [TRAIN, HELD] = [all(ROWS).subarray(0, 25), all(ROWS).subarray(25)];

/** A table, where its rows are, and what only some subjects look at. */
interface Given {
  readonly data: Dataset;
  /** The id in `data` of each row that counts. */
  readonly at: (rows: Int32Array) => Int32Array;
  /** The way back. */
  readonly placesOf: (ids: Int32Array) => number[];
}

const foldsIn = ({ at }: Given) => [
  { train: at(TRAIN), validation: at(HELD) },
  { train: at(HELD), validation: at(TRAIN) },
];
const learning = ({ data }: Given) => ({
  data,
  pipeline: { scale: "minMax" } as const,
  weights: { ...(data.sampleWeight && { sampleWeight: data.sampleWeight }) },
});

/** How rows are divided, and what of the table decides it. */
const validations: Readonly<
  Record<string, { readonly validation: Validation; readonly needs?: readonly ("groups" | "time")[] }>
> = {
  "folds, at random or by class": { validation: { folds: 3 } },
  "a share, at random or by class": { validation: { split: 0.3 } },
  "folds, by group": { validation: { folds: 3 }, needs: ["groups"] },
  "a share, by group": { validation: { split: 0.3 }, needs: ["groups"] },
  "folds, in time": { validation: { folds: 3 }, needs: ["time"] },
  "a share, in time": { validation: { split: 0.3 }, needs: ["time"] },
  "a splitter": { validation: shuffleSplit({ folds: 2 }) },
  "a splitter in time": { validation: timeSeriesSplit({ folds: 2, gap: 1 }), needs: ["time"] },
};

/**
 * What is made of some rows of a table: anything that can be compared. Row ids are returned as places among
 * those that count.
 */
const subjects: Readonly<Record<string, (given: Given) => unknown>> = {
  takeRows: ({ data, at }) => takeRows(data.y, data.outputs, at(HELD)),
  "a pipeline": ({ data, at }) => {
    const { pipeline, x, y } = fitPipeline(data, { scale: "quantile", rows: at(TRAIN) });
    return [pipeline, x, y, applyPipeline(pipeline, data.columns, at(HELD))];
  },
  "a transform of the target": ({ data, at }) => {
    const target = fitTarget(data.task === "regression" ? "standard" : "none", data, at(TRAIN));
    return [target, transformed(target, data, at(HELD))];
  },
  "weights of a loss": ({ data, at }) => {
    const { sampleWeight } = data;
    const how = { ...(sampleWeight && { sampleWeight }) };
    return [
      lossWeights(how, data, at(TRAIN), at(HELD)),
      ...(data.task === "classification"
        ? [lossWeights({ ...how, classWeight: "balanced" }, data, at(TRAIN), at(HELD))]
        : []),
    ];
  },
  "a fold as networks take it": (given) => {
    const setup = { data: given.data, folds: foldsIn(given) };
    const { trained, ...examples } = examplesOf(setup, { fold: 1, pipeline: { scale: "minMax" } });
    return [examples, trained()];
  },
  "folds as they are scored": (given) => {
    const folds = foldsIn(given);
    const { finalFold, ...made } = createFoldsFor({ data: given.data, folds, finals: [1], scored: 1 })({
      target: "minMax" as never,
    });
    return [made.features, made.folds, finalFold];
  },
  ...Object.fromEntries(
    Object.entries(validations).map(([name, { validation, needs = [] }]) => [
      `folds by ${name}`,
      ({ data, at, placesOf }: Given) => {
        const { groups, time, ...rest } = data;
        const given = {
          ...rest,
          ...(needs.includes("groups") && { groups }),
          ...(needs.includes("time") && { time }),
        };
        const folds = foldsBy("validation", validation, given as Dataset, at(all(ROWS)), 3);
        return folds.map(({ train, validation: held }) => [train, held].map(placesOf));
      },
    ]),
  ),
  "the constant": ({ data, at }) => constantOf(data, at(TRAIN)),
  "truths beside predictions": ({ data, at }) => predicted(data, at(HELD), new Float64Array()),
  "the linear model": (given) => {
    const metric = metricNamed(given.data.task === "regression" ? "r2" : "logLoss");
    const { penalty, ofFolds, fit: fitTo } = fitLinear(learning(given), foldsIn(given), metric);
    const rows = given.at(HELD);
    return [
      penalty,
      ofFolds.map((fitted) => inUnits(given.data, fitted, rows)),
      inUnits(given.data, fitTo(given.at(TRAIN)), rows),
    ];
  },
  "models that need no tuning": (given) => {
    const rows = { data: given.data, folds: foldsIn(given), finals: [1], scored: 1 };
    const { folds, finalFold } = createFoldsFor(rows)({});
    return plainModels({ rows, folds, finalFold, pipeline: {} }).map(({ name, own }) => [name, own]);
  },
};

describe.each(kinds)("of a table of %s", (kind) => {
  const { whole, ids } = tableOf(kind);
  const alone = takeExamples(whole, ids);
  const inWhole: Given = {
    data: whole,
    at: (rows) => rows.map((row) => ids[row]),
    placesOf: (own) => Array.from(own, (id) => ids.indexOf(id)),
  };
  const byItself: Given = { data: alone, at: (rows) => rows, placesOf: (rows) => [...rows] };

  it.each(Object.entries(subjects))("%s", (_, subject) => {
    expect(subject(inWhole)).toEqual(subject(byItself));
  });

  it("all that a data set has of each row is taken with it", () => {
    const { length } = ids;
    /** Of each field, how many numbers a row has; 0 of what is no list of rows. */
    const widths: Readonly<Record<keyof Dataset, number>> = {
      rows: 0,
      inputs: 0,
      columns: 0,
      shape: 0,
      origin: 0,
      trainRows: 0,
      imputes: 0,
      leftOut: 0,
      schema: 0,
      notes: 0,
      receipt: 0,
      task: 0,
      target: 0,
      targets: 0,
      classes: 0,
      outputs: 0,
      y: whole.outputs,
      labels: kind === "regression" ? 0 : 1,
      sampleWeight: 1,
      groups: 1,
      time: 1,
    };
    for (const [name, width] of Object.entries(widths)) {
      const [own, before] = [alone, whole].map(
        (data) => data[name as keyof Dataset],
      ) as readonly Float64Array[];
      if (width === 0) continue;
      expect(own, name).toHaveLength(length * width);
      expect([...own], name).toEqual([...takeRows(Float64Array.from(before), width, ids)]);
    }
    expect(alone.origin).toEqual({ rows: ids });
    expect(alone.rows).toBe(length);
    expect(alone.columns.map((column) => [...column])).toEqual(
      whole.columns.map((column) => Array.from(ids, (id) => column[id])),
    );
  });
});
