/** Models of tables as ONNX files, in ONNX Runtime: from raw cells to answers. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeTable } from "../../../src/data/dataset.js";
import type {
  ColumnOptions,
  Encoding,
  Imputation,
  PipelineOptions,
  ScalingName,
  TargetTransformName,
} from "../../../src/data/pipeline/options.js";
import { fitPipeline } from "../../../src/data/pipeline/pipeline.js";
import type { ColumnKind, Schema } from "../../../src/data/schema.js";
import { readTable } from "../../../src/data/table.js";
import { exportOnnx } from "../../../src/model/export/onnx.js";
import { Model } from "../../../src/model/model.js";
import { dense, globalAveragePooling1d, type Layer, masking } from "../../../src/nn/layers/index.js";
import { sequential } from "../../../src/nn/models/sequential.js";
import { RandomStream } from "../../../src/numerics/random.js";
import type { TableDescription } from "../../../src/predict/description.js";
import { choice } from "../../../src/search/space/builders.js";
import { tune } from "../../../src/tune/tune.js";
import { VERSION } from "../../../src/version.js";
import { cases } from "../../cases.js";
import {
  anyLayer,
  CLOSE,
  decoded,
  difference,
  doubles,
  networkOf,
  randomNetwork,
  run,
  type Values,
  words,
} from "./onnxRuntime.js";

/** A cell as people have it; null for a missing one. */
type Cell = number | boolean | string | Date | null;
type Row = Readonly<Record<string, Cell>>;

const CITIES = ["Zürich", "北京", "São Paulo", 'a "b", c', "0", "other", "#1", "Nice", "nice", "𝒳"];
const COLORS = ["red", "red", "red", "green", "green", "blue"];
/** Words that no table here has. */
const UNKNOWN = ["never seen", "RED", "missing"];
const DAY = 86_400_000;

/**
 * What the columns are, and a random cell of each; the names are those of other values of a file, and code.
 */
const COLUMNS: Readonly<Record<string, readonly [kind: ColumnKind, cell: (random: RandomStream) => Cell]>> = {
  // a mean so large that float32 has no digits of the cells
  size: ["number", (random) => 1e9 + random.normal()],
  features: ["number", (random) => Math.floor(90 * random.uniform())],
  y: ["boolean", (random) => random.uniform() < 0.4],
  dense_1: ["category", (random) => pick(COLORS, random)],
  '"}, "label': ["category", (random) => pick(CITIES, random)],
  when: ["date", (random) => new Date(Math.floor(20_000 * random.uniform()) * DAY)],
  moment: ["date", (random) => new Date(Math.floor(20_000 * DAY * random.uniform()))],
};
const NAMES = Object.keys(COLUMNS);
const pick = <T>(from: readonly T[], random: RandomStream): T =>
  from[Math.floor(random.uniform() * from.length)];

/** Random rows. One cell in eight is missing, and cell `i` of row `i`, so that each column has gaps. */
function rowsOf(seed: number, count: number, unknown = 0): Row[] {
  const random = new RandomStream(seed, 5);
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(
      NAMES.map((name, j): [string, Cell] => {
        const [kind, cell] = COLUMNS[name];
        const value = cell(random);
        if (random.uniform() < 1 / 8 || i === j) return [name, null];
        return [name, kind === "category" && random.uniform() < unknown ? pick(UNKNOWN, random) : value];
      }),
    ),
  );
}

const textOf = (cell: Cell): string =>
  cell === null ? "" : cell instanceof Date ? cell.toISOString() : String(cell);
const csvOf = (rows: readonly Row[]): string =>
  [Object.keys(rows[0]), ...rows.map((row) => Object.values(row).map(textOf))]
    .map((cells) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(","))
    .join("\n");

/** The inputs of a file for rows. */
const inputsOf = (rows: readonly Row[]): Values =>
  Object.fromEntries(
    NAMES.map((name) => {
      const cells = rows.map((row) => row[name]);
      const isText = COLUMNS[name][0] === "category";
      return [
        name,
        isText
          ? words(cells.map(textOf))
          : doubles(cells.map((cell) => (cell === null ? Number.NaN : Number(cell)))),
      ];
    }),
  );

/**
 * Targets by name, and the last activation of a network for them. Quantities differ by less than 1, so that
 * 1e-6 is 1e-6 after scaling.
 */
const TASKS = {
  quantity: [["target"], (random: RandomStream) => 1 + random.uniform(), "linear"],
  quantities: [["target", "other"], (random: RandomStream) => 1 + random.uniform(), "linear"],
  "two classes": [["target"], (_: RandomStream, i: number) => ["no", "yes"][i % 2], "sigmoid"],
  "three classes": [["target"], (_: RandomStream, i: number) => ["p", "q", "r"][i % 3], "softmax"],
} as const;
type TaskName = keyof typeof TASKS;

/** What is known of a random table. */
function tableOf(task: TaskName, options: PipelineOptions, seed: number, threshold = 0.5): TableDescription {
  const random = new RandomStream(seed, 6);
  const [targets, cell] = TASKS[task];
  const rows = rowsOf(seed, 40).map((row, i) => ({
    ...row,
    ...Object.fromEntries(targets.map((name) => [name, cell(random, i)])),
  }));
  const as = Object.fromEntries(NAMES.map((name) => [name, COLUMNS[name][0]]));
  const data = encodeTable(readTable(csvOf(rows), { as }), { target: targets, missing: "impute" });
  const { inputs, outputs, classes, target, schema } = data;
  return {
    inputs,
    outputs,
    classes,
    target,
    threshold,
    task: data.task,
    schema: schema as Schema,
    ...(data.targets && { targets: data.targets }),
    pipeline: fitPipeline(data, options).pipeline,
  };
}

const SCALED = ["standard", "minMax", "robust", "quantile", "parts"] as const;

/** @param scales - of numbers and dates */
function anyOptions(scales: readonly ScalingName[]): fc.Arbitrary<PipelineOptions> {
  const optionsFor = (name: string): fc.Arbitrary<ColumnOptions> =>
    fc.record({
      impute: fc.constantFrom<Imputation>("mean", "median", "mode", name === "size" ? 1e9 : 3),
      indicator: fc.constantFrom(false, true, "auto" as const),
      encode: fc.constantFrom<Encoding>("auto", "oneHot", "ordinal", "hashed", "target"),
      buckets: fc.integer({ min: 1, max: 5 }),
      minFrequency: fc.integer({ min: 1, max: 9 }),
      scale: fc.subarray(COLUMNS[name][0] === "category" ? [...SCALED, "none"] : [...scales], {
        minLength: 1,
        maxLength: 2,
      }),
    });
  return fc.record({
    scaleOneHot: fc.boolean(),
    target: fc.constantFrom<TargetTransformName>("standard", "log", "log1p", "none"),
    columns: fc.record(Object.fromEntries(NAMES.map((name) => [name, optionsFor(name)]))),
  });
}

describe("a pipeline", () => {
  it("makes the same features of raw cells, to the bit but for those of sines and between quantiles", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyOptions([...SCALED, "none"]),
        fc.nat(),
        fc.integer({ min: 1, max: 30 }),
        async (options, seed, count) => {
          const own = tableOf("quantity", options, seed);
          const { features } = own.pipeline;
          const width = features.length;
          const model = networkOf([dense(width, { useBias: false })], width, (i) =>
            Number(i % (width + 1) === 0),
          );
          const target = { outputs: features.map(() => ({ center: 0, scale: 1 })) };
          const table = { ...own, outputs: width, pipeline: { ...own.pipeline, target } };
          const rows = rowsOf(seed + 1, count, 0.2);
          const expected = new Model(model, table, {}, "ignore").predict(rows).data;
          const found = await run(exportOnnx(model, table), inputsOf(rows));
          const [y] = Object.values(found);
          // a unit in the last place of float32: in [0.5, 1) of a wave, in [2, 4) of a score
          const allowed = own.pipeline.columns
            .flatMap((column) => column.features)
            .map(({ source, scaling }) =>
              source.type === "cycle" ? 2 ** -24 : "knots" in scaling ? 2 ** -22 : 0,
            );
          const rounded = Array.from(y.data as Float64Array, (value, i) =>
            Math.abs(value - expected[i]) <= allowed[i % width] ? expected[i] : value,
          );
          expect(rounded).toEqual(Array.from(expected));
        },
      ),
      { numRuns: cases(15) },
    );
  });

  it.each(Object.keys(TASKS) as TaskName[])("predicts what Fettle does from raw cells: %s", async (task) => {
    await fc.assert(
      fc.asyncProperty(
        anyOptions(SCALED),
        fc.array(anyLayer, { maxLength: 2 }),
        fc.double({ min: 0.2, max: 0.8, noNaN: true }),
        fc.nat(),
        fc.integer({ min: 1, max: 30 }),
        async (options, layers, threshold, seed, count) => {
          const table = tableOf(task, options, seed, threshold);
          const { pipeline, outputs, classes } = table;
          const last = dense(outputs, { activation: TASKS[task][2] });
          const model = randomNetwork([...layers, last], pipeline.features.length, seed);
          const rows = rowsOf(seed + 1, count, 0.2);
          const bytes = exportOnnx(model, table);
          const whole = new Model(model, table, {}, "ignore");
          const expected = Array.from(whole.predict(rows).data);
          const found = await run(bytes, inputsOf(rows));
          if (classes.length === 0) {
            // an input is called y
            expect(found.y_2.dims).toEqual([count, outputs]);
            expect(difference(found.y_2.data, expected)).toBeLessThan(CLOSE);
            return;
          }
          const { probabilities, label } = found;
          const shares = outputs === 1 ? expected.flatMap((share) => [1 - share, share]) : expected;
          expect(probabilities.dims).toEqual([count, classes.length]);
          expect(difference(probabilities.data, shares)).toBeLessThan(CLOSE);
          expect(label.dims).toEqual([count]);
          for (const [i, word] of whole.classify(rows).entries()) {
            const row = shares.slice(i * classes.length, (i + 1) * classes.length).sort((a, b) => b - a);
            const margin = outputs === 1 ? expected[i] - threshold : row[0] - row[1];
            // rounding decides between those that are as good as equal
            if (Math.abs(margin) > CLOSE) expect(label.data[i]).toBe(word);
          }
        },
      ),
      { numRuns: cases(15) },
    );
  });
});

/** What is said of a table by the file itself. */
const metadataOf = (bytes: Uint8Array): Readonly<Record<string, string>> => {
  const entries = decoded(bytes).metadata_props as readonly {
    readonly key: string;
    readonly value: string;
  }[];
  return Object.fromEntries(entries.map(({ key, value }) => [key, value]));
};

/** A model of a table that is written as text. */
function modelOf(
  csv: string,
  as: Readonly<Record<string, ColumnKind>>,
  options: PipelineOptions,
  layers: readonly Layer[],
) {
  const data = encodeTable(readTable(csv, { as }), { target: "target", missing: "impute" });
  const { inputs, outputs, classes, target, task } = data;
  const { pipeline } = fitPipeline(data, options);
  const table: TableDescription = {
    inputs,
    outputs,
    classes,
    target,
    task,
    pipeline,
    threshold: 0.5,
    schema: data.schema as Schema,
  };
  const model = randomNetwork(layers, pipeline.features.length, 1);
  return { table, model };
}

describe("a file", () => {
  const csv = "size,color,good,target\n1,red,no,p\n2,blue,yes,q\n4,red,yes,p\n8,,no,p\n";
  const as = { size: "number", color: "category", good: "boolean" } as const;

  it("says what its inputs, outputs and features are", () => {
    const { model, table } = modelOf(csv, as, {}, [dense(1, { activation: "sigmoid" })]);
    const bytes = exportOnnx(model, table);
    expect(metadataOf(bytes)).toEqual({
      fettle: VERSION,
      task: "classification",
      positive: "q",
      target: "target",
      classes: '["p","q"]',
      threshold: "0.5",
      features: '["size","color=blue","color=red","good"]',
    });
    const { input, output } = decoded(bytes).graph as Readonly<
      Record<"input" | "output", readonly ValueInfo[]>
    >;
    const shown = ({ name, type: { tensor_type }, doc_string }: ValueInfo) => [
      ...[name, tensor_type.elem_type, doc_string],
      ...tensor_type.shape.dim.map(({ dim_param, dim_value }) => dim_param ?? dim_value),
    ];
    // elements: 1 is float, 8 string, 11 double
    expect(input.map(shown)).toEqual([
      ["size", 11, "a number; NaN for a missing one", "rows", 1],
      ["color", 8, 'a category; "" for a missing one', "rows", 1],
      ["good", 11, '0 for "no", 1 for "yes"; NaN for a missing one', "rows", 1],
    ]);
    expect(output.map(shown)).toEqual([
      ["probabilities", 1, undefined, "rows", 2],
      ["label", 8, undefined, "rows"],
    ]);
  });

  it("names several targets", () => {
    const table = tableOf("quantities", {}, 1);
    const model = randomNetwork([dense(2)], table.pipeline.features.length, 1);
    const { target, targets, task, threshold } = metadataOf(exportOnnx(model, table));
    expect({ target, targets, task, threshold }).toEqual({
      target: "target, other",
      targets: '["target","other"]',
      task: "regression",
      threshold: undefined,
    });
  });

  it("predicts the first of two classes at the threshold, and the first of more that are equal", async () => {
    const inputs = { size: doubles([1]), color: words(["red"]), good: doubles([0]) };
    const tie = async (text: string, layer: Layer) => {
      const { table } = modelOf(text, as, {}, [layer]);
      const model = networkOf([layer], table.pipeline.features.length, () => 0);
      const { label } = await run(exportOnnx(model, table), inputs);
      return label.data;
    };
    expect(await tie(csv, dense(1, { activation: "sigmoid" }))).toEqual(["p"]);
    expect(await tie(csv.replace("8,,no,p", "8,,no,r"), dense(3, { activation: "softmax" }))).toEqual(["p"]);
  });

  it("reads a word that is new as the rest of its column", async () => {
    const { table, model } = modelOf(csv, as, {}, [dense(1, { activation: "sigmoid" })]);
    const columns = table.schema.columns.map((column) =>
      column.name === "color" ? { ...column, rest: "red" } : column,
    );
    const own = { ...table, schema: { ...table.schema, columns } };
    const rows = ["green", "red", "blue"].map((color) => ({ size: 3, color, good: false }));
    const [first, second, third] = new Model(model, own).predict(rows).data;
    expect([first === second, first === third]).toEqual([true, false]);
    const { probabilities } = await run(exportOnnx(model, own), {
      size: doubles([3, 3, 3]),
      color: words(rows.map(({ color }) => color)),
      good: doubles([0, 0, 0]),
    });
    const shares = [first, second, third].flatMap((share) => [1 - share, share]);
    expect(difference(probabilities.data, shares)).toBeLessThan(CLOSE);
  });

  it("stays small where a category has many words", () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `w${i % 1500},${i % 7}.5`);
    const { model, table } = modelOf(
      `word,target\n${lines.join("\n")}\n`,
      { word: "category" },
      { encode: "oneHot" },
      [dense(1)],
    );
    // a table of words by words would have 9 MB
    expect(exportOnnx(model, table).length).toBeLessThan(70_000);
  });
});

interface ValueInfo {
  readonly name: string;
  readonly doc_string?: string;
  readonly type: {
    readonly tensor_type: {
      readonly elem_type: number;
      readonly shape: {
        readonly dim: readonly { readonly dim_param?: string; readonly dim_value?: number }[];
      };
    };
  };
}

it("keeps padded steps, and those that count from being taken for them", async () => {
  const rows = Array.from({ length: 30 }, (_, i) =>
    Array.from({ length: 3 }, (_, t) => (t <= i % 3 ? [2 + ((i * 7 + t) % 5), (i * 3 + t) % 4] : [0, 0])),
  );
  const { final } = await tune({
    x: rows,
    y: rows.map((row) => row.flat().reduce((sum, each) => sum + each, 0)),
    trials: 1,
    jobs: 1,
    missing: "impute",
    validation: { split: 0.5 },
    space: { one: choice([1]) },
    model: () => {
      // a step of means counts in the mean of the steps, and padding does not
      const model = sequential([masking(0), globalAveragePooling1d(), dense(1)]);
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      return model;
    },
  });
  const { columns } = final.pipeline;
  const means = columns.map(({ features: [{ scaling }] }) => ("center" in scaling ? scaling.center : 0));
  const x = [...rows, [...means.slice(0, 2), 5, 7, 0, 0], [Number.NaN, 1, 0, 0, 5, Number.NaN]].map((row) =>
    row.flat(),
  );
  const inputs = Object.fromEntries(columns.map(({ name }, j) => [name, doubles(x.map((row) => row[j]))]));
  const { y } = await run(exportOnnx(final.model, final.table), inputs);
  expect(difference(y.data, final.predict(x).data)).toBeLessThan(CLOSE);
});
