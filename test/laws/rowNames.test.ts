/**
 * The row that an error names is the row of the table that was read, wherever it stands among the rows that
 * are used. Threads need `dist/`.
 */
import { describe, expect, it } from "vitest";
import { type Dataset, type EncodeOptions, encodeTable, takeExamples } from "../../src/data/dataset.js";
import { fitPipeline } from "../../src/data/pipeline/pipeline.js";
import { readTable } from "../../src/data/table.js";
import { choice } from "../../src/index.js";
import { dense, embedding, flatten, type Layer } from "../../src/nn/layers/index.js";
import type { LossName } from "../../src/nn/losses/given.js";
import { sequential } from "../../src/nn/models/sequential.js";
import { sgd } from "../../src/optim/sgd.js";
import { randomSearch } from "../../src/tune/gridSearch.js";
import { nestedCrossValidation } from "../../src/tune/nestedCv.js";
import { tune } from "../../src/tune/tune.js";
import { refusal } from "../nn/support.js";

type Cells = Readonly<Record<string, string | number>>;

const ROWS = 12;
/** Of the rows that are used, the one with the fault. */
const FAULT = 7;
/** Numbers so close to each other that a scaled 1e38 is beyond float32. */
const close = (i: number): number => 1.5 + i / 2 ** 12;
const cellsOf = (i: number): Cells => ({
  a: close(i),
  c: i,
  id: (i * 7) % 3,
  g: `p${i % 4}`,
  w: 1 + (i % 2),
  t: 10 + i,
  k: i % 2 ? "yes" : "no",
  y: close(i),
});

/** A table of rows in front, then of those that are used. */
function tableOf(front: readonly Cells[], fault: Cells) {
  const used = Array.from({ length: ROWS }, (_, i) => ({ ...cellsOf(i), ...(i === FAULT && fault) }));
  const all = [...front.map((cells, i) => ({ ...cellsOf(i), ...cells })), ...used];
  return readTable(
    [Object.keys(all[0]).join(","), ...all.map((row) => Object.values(row).join(","))].join("\n"),
  );
}

/** Why rows in front are left out. */
const fronts: Readonly<
  Record<string, { readonly front: readonly Cells[]; readonly options?: EncodeOptions }>
> = {
  nothing: { front: [] },
  "no target": { front: [{ y: "" }, { y: "" }, { y: "" }] },
  "a missing cell": { front: [{ c: "" }], options: { missing: "drop" } },
  "a rare class": {
    front: [{ k: "rare" }, { k: "odd" }],
    options: { target: "k", rareClasses: { fewerThan: 2, rule: "drop" } },
  },
};

/** The roles of columns, a cell that fits none, and what is said of it. */
const roles: readonly (readonly [string, Cells, EncodeOptions, string])[] = [
  ["input", { a: "" }, {}, "are missing, the first in row # below the header"],
  ["group", { g: "" }, { group: "g" }, "row # below the header has one"],
  ["weight", { w: "" }, { weight: "w" }, "received NaN in row # below the header"],
  ["weight", { w: -1 }, { weight: "w" }, "received -1 in row # below the header"],
  ["time", { t: "" }, { time: "t", drop: ["t"] }, "received NaN in row # below the header"],
];

const named = (message: string, { length }: readonly Cells[]): string =>
  message.replace("#", String(length + FAULT + 1));

describe.each(Object.entries(fronts))("with rows left out in front for %s", (_, { front, options = {} }) => {
  const isDropped = options.missing === "drop";
  it.each(roles.filter(([role]) => role !== "input" || !isDropped))(
    "%s %o",
    async (_role, fault, own, message) => {
      const encode = () => encodeTable(tableOf(front, fault), { target: "y", ...options, ...own });
      expect(await refusal(encode)).toContain(named(message, front));
    },
  );
});

const layered = (layers: () => readonly Layer[], loss: LossName) => () => {
  const model = sequential(layers());
  model.compile({ optimizer: sgd({ learningRate: 0.01 }), loss });
  return model;
};
const all = Array.from({ length: ROWS }, (_, i) => i);
const held = { train: all.filter((i) => i !== FAULT && i !== 8), validation: [FAULT, 8] };
const search = (data: Dataset, more: object = {}) => ({
  data,
  space: { units: choice([1]) },
  model: layered(() => [dense(1)], "meanSquaredError"),
  trials: 1,
  jobs: 1,
  fit: { epochs: 1 },
  validation: [held],
  ...more,
});
const nested = (data: Dataset, more: object = {}) =>
  nestedCrossValidation(randomSearch, { ...search(data, more), validation: { folds: 2 } });

/** What a data set is used for, a cell that it cannot be used with, and what is said of it. */
const uses: readonly (readonly [string, Cells, string, (data: Dataset) => unknown])[] = [
  [
    "the logarithm of a target",
    { y: -5 },
    'row # below the header: the target must be above 0 for target: "log"; received -5',
    (data) => fitPipeline(data, { target: "log" }),
  ],
  [
    "the scaled target of a validation row",
    { y: 1e38 },
    "row # below the header: the target must be near enough",
    (data) => tune(search(data)),
  ],
  [
    "the scaled target of a validation row, on threads",
    { y: 1e38 },
    "row # below the header: the target must be near enough",
    (data) => tune(search(data, { jobs: 2, trials: 4, validation: [held, held] })),
  ],
  [
    "a scaled input of a validation row",
    { a: 1e38 },
    'column "a", row # below the header: values must be near enough',
    (data) => tune(search(data)),
  ],
  [
    "the targets of a loss",
    { y: -5 },
    "received -5 in row # below the header",
    (data) =>
      tune(
        search(data, {
          model: layered(() => [dense(1, { activation: "exponential" })], "poisson"),
          pipeline: { target: "none" },
        }),
      ),
  ],
  [
    "the targets of a metric",
    { y: -5 },
    "received -5 in row # below the header",
    (data) => tune(search(data, { metric: "meanSquaredLogError" })),
  ],
  [
    "an id",
    { id: 3 },
    'row # below the header, column "id" must be an id of embedding_1',
    (data) => tune(search(data, { model: layered(() => [embedding(3, 2), flatten(), dense(1)], "mse") })),
  ],
  [
    "rows taken twice",
    { y: -5 },
    "row # below the header: the target must be above",
    (data) => {
      const twice = takeExamples(takeExamples(data, Int32Array.of(3, FAULT, 5)), Int32Array.of(2, 1));
      return fitPipeline(twice, { target: "log" });
    },
  ],
  [
    "the search of nested cross-validation",
    { y: -5 },
    "row # below the header: the target must be above",
    (data) =>
      nested(data, {
        pipeline: { target: "log" },
        outer: [{ train: all.slice(3), validation: all.slice(0, 3) }],
      }),
  ],
  [
    "a row that nested cross-validation scores",
    { a: 1e38 },
    'row # below the header, column "a": values must be near enough',
    (data) => nested(data, { outer: [held] }),
  ],
];

describe.each(Object.entries(fronts).slice(0, 3))(
  "of a data set, with rows left out in front for %s",
  (_, { front, options = {} }) => {
    it.each(uses)("%s", async (_use, fault, message, use) => {
      const drop = "id" in fault ? ["a", "c", "g", "w", "t", "k"] : ["c", "id", "g", "w", "t", "k"];
      const own = options.missing ? { ...options, drop: drop.filter((name) => name !== "c") } : { drop };
      if (options.missing && "id" in fault) return;
      const data = encodeTable(tableOf(front, fault), { target: "y", ...own });
      expect(data.rows).toBe(ROWS);
      expect(await refusal(async () => use(data))).toContain(named(message, front));
    });
  },
);

it("rows of arrays keep the numbers that they have there", async () => {
  const y = all.map((i) => (i === FAULT ? -5 : 1 + i));
  const arrays = {
    x: all.map((i) => [i]),
    y,
    space: { units: choice([1]) },
    model: search({} as Dataset).model,
  };
  const refused = nestedCrossValidation(randomSearch, {
    ...arrays,
    trials: 1,
    jobs: 1,
    pipeline: { target: "log" },
    validation: { folds: 2 },
    outer: [{ train: all.slice(3), validation: all.slice(0, 3) }],
  });
  expect(await refusal(() => refused)).toContain(`row ${FAULT}: the target must be above 0`);
});
