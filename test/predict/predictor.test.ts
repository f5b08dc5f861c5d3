/**
 * Rows in every form: the same predictions to the bit, as of features scaled by hand; and refusals that name
 * the row and the column.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadModel } from "../../src/model/save.js";
import { RandomStream } from "../../src/numerics/random.js";
import { writeContents } from "../../src/predict/description.js";
import { loadPredictor, type Predictor } from "../../src/predict/predictor.js";
import { VERSION } from "../../src/version.js";
import { cases } from "../cases.js";
import { column, messageOf, SMALL } from "../model/export/modules.js";
import {
  type ColumnSpec,
  cellFor,
  contentsFrom,
  type TableSpec,
  tableSpecs,
} from "../model/export/tables.js";

/** More rows than a predictor takes at a time. */
const MOST = 600;
const load = (spec: TableSpec): Promise<Predictor> =>
  loadPredictor(writeContents(contentsFrom(spec), VERSION));

/** Cells of each column, as codes and numbers. */
function cellsOf(columns: readonly ColumnSpec[], rows: number, seed: number): number[][] {
  const random = new RandomStream(seed, 8);
  return columns.map((column) => Array.from({ length: rows }, () => cellFor(column, random)));
}

/** A cell as people write it. */
const written = ({ kind, categories }: ColumnSpec, cell: number): number | string | null => {
  if (Number.isNaN(cell)) return null;
  if (kind === "number") return cell;
  return kind === "date" ? new Date(cell).toISOString() : categories[cell];
};

const numbers: fc.Arbitrary<TableSpec> = tableSpecs.map((spec) => ({
  ...spec,
  columns: spec.columns.map(
    (column): ColumnSpec => ({ ...column, kind: "number", categories: [], times: false }),
  ),
  options: { ...spec.options, scale: "standard", indicator: false, target: "none" },
}));

describe("rows", () => {
  it("have the same predictions in every form", async () => {
    await fc.assert(
      fc.asyncProperty(tableSpecs, fc.integer({ min: 1, max: MOST }), async (spec, rows) => {
        const predictor = await load(spec);
        const { columns } = spec;
        const cells = cellsOf(columns, rows, spec.seed);
        const words = columns.map((column, j) => cells[j].map((cell) => written(column, cell)));
        const byName = (values: (j: number) => unknown) =>
          Object.fromEntries(columns.map(({ name }, j) => [name, values(j)]));
        const forms = [
          { columns: cells },
          { columns: cells.map((values) => Float64Array.from(values)) },
          Array.from({ length: rows }, (_, i) => cells.map((values) => values[i])),
          Array.from({ length: rows }, (_, i) => byName((j) => words[j][i])),
          byName((j) => words[j]),
          byName((j) => (columns[j].kind === "number" ? Float64Array.from(cells[j]) : words[j])),
        ];
        const [first, ...others] = forms.map((form) => [...predictor.predict(form as never).data]);
        for (const other of others) expect(other).toEqual(first);
        // a row at a time
        const last = cells.map((values) => values.slice(-1));
        const { outputs } = contentsFrom(spec).table as { outputs: number };
        expect([...predictor.predict({ columns: last }).data]).toEqual(first.slice(-outputs));
      }),
      { numRuns: cases(40) },
    );
  });

  it("are filled and scaled as the pipeline says, for any number of rows", async () => {
    await fc.assert(
      fc.asyncProperty(numbers, fc.integer({ min: 1, max: MOST }), async (spec, rows) => {
        const { table, ...contents } = contentsFrom(spec);
        const pipeline = (table as NonNullable<typeof table>).pipeline.columns;
        const cells = cellsOf(spec.columns, rows, spec.seed);
        const ofFeatures = await loadPredictor(writeContents(contents, VERSION));
        const expected = Array.from({ length: rows }, (_, i) => {
          const features = pipeline.map(({ fill, features: [{ scaling }] }, j) => {
            const { center, scale } = scaling as { center: number; scale: number };
            return ((Number.isNaN(cells[j][i]) ? fill : cells[j][i]) - center) / scale;
          });
          return [...ofFeatures.predict([features]).data];
        });
        const predictor = await load(spec);
        const typed = cells.map((values) => Float64Array.from(values));
        expect([...predictor.predict({ columns: typed }).data]).toEqual(expected.flat());
      }),
      { numRuns: cases(40) },
    );
  });

  it("are refused by row and column, in every block and form", async () => {
    const column = (name: string, gaps: boolean): ColumnSpec => ({
      name,
      kind: "number",
      categories: [],
      gaps,
      times: false,
    });
    const predictor = await load({
      columns: [column("a", true), column("b", false)],
      classes: [],
      targets: ["y"],
      layers: [],
      options: {},
      threshold: 0.5,
      seed: 1,
    });
    const ones = (value: number, at: number) =>
      Float64Array.from({ length: MOST }, (_, i) => (i === at ? value : 1));
    const [a, gap, far] = [ones(Number.NaN, 300), ones(Number.NaN, 511), ones(1e39, 511)];
    const none = /row 511, column "b": a cell must be there/;
    expect(() => predictor.predict({ columns: [a, gap] })).toThrow(none);
    expect(() => predictor.predict({ columns: [[...a], [...gap]] })).toThrow(none);
    expect(() => predictor.predict({ a, b: gap })).toThrow(none);
    expect(() => predictor.predict([...gap].map((b, i) => [a[i], b]))).toThrow(none);
    expect(() => predictor.predict({ a, b: far })).toThrow(
      /row 511, column "b": numbers must be finite and fit float32/,
    );
    expect(() => predictor.predict({ columns: [a, far] })).toThrow(
      /row 511, column "b": values must be near enough to the training rows/,
    );
    const words = Array.from(gap, (b) => (Number.isNaN(b) ? "many" : b));
    for (const rows of [words.map((b, i) => ({ a: a[i], b })), { a, b: words }])
      expect(() => predictor.predict(rows)).toThrow(/row 511, column "b": .*"many"/);
    // and the first of a block after a block that is whole
    expect(() => predictor.predict({ columns: [ones(1, 0), ones(Number.NaN, 512)] })).toThrow(
      /row 512, column "b"/,
    );
    expect(predictor.predict({ columns: [a, ones(1, 0)] }).shape).toEqual([MOST, 1]);
  });

  it("are of the second class above the threshold of the model", async () => {
    const predictor = await load({ ...SMALL, threshold: 0.3 });
    const random = new RandomStream(4, 1);
    const rows = Array.from({ length: 60 }, () => ({
      age: 3 * random.normal(),
      sex: random.uniform() < 0.5 ? "male" : "female",
      port: "CQS"[Math.floor(3 * random.uniform())],
      day: "2004-02-29",
    }));
    const shares = Array.from(predictor.predict(rows).data);
    expect(shares.some((share) => share > 0.3 && share < 0.5)).toBe(true);
    const classes = shares.map((share) => (share > 0.3 ? "yes" : "no"));
    expect(predictor.classify(rows)).toEqual(classes);
    expect(predictor.answers(rows).map((answer) => answer.class)).toEqual(classes);
  });

  it("have codes of their categories, and that after the last for an unknown word", async () => {
    const columns = [
      column("n", "number"),
      column("word", "category", { categories: ["a", "b", "c"], gaps: true }),
      column("is", "boolean", { categories: ["no", "yes"], gaps: true }),
    ];
    const options = [{ encode: "ordinal" }, { encode: "oneHot" }, { encode: "hashed" }] as const;
    for (const own of options) {
      const predictor = await load({ ...SMALL, columns, options: own });
      const refusalOf = (...row: number[]): string | undefined => {
        const forms = [[[1, 0, 0], row], { columns: row.map((cell, j) => [j === 0 ? 1 : 0, cell]) }];
        const messages = forms.map((form) => messageOf(() => predictor.predict(form as never)));
        expect(messages[1]).toBe(messages[0]);
        return messages[0];
      };
      for (const code of [0, 2, 3, Number.NaN]) expect(refusalOf(1, code, 1)).toBeUndefined();
      for (const code of [0.5, -1, 4, Number.POSITIVE_INFINITY])
        expect(refusalOf(1, code, 1)).toBe(
          `row 1, column "word": every code of a category must be an integer from 0 to 3; received ${code}`,
        );
      for (const code of [0.5, -1, 2])
        expect(refusalOf(1, 1, code)).toBe(
          `row 1, column "is": every code of a boolean must be an integer from 0 to 1; received ${code}`,
        );
    }
  });

  it("may have any number of words for a missing cell, as the table of the training has", async () => {
    const { table, ...others } = contentsFrom({
      ...SMALL,
      columns: [column("n", "number", { gaps: true })],
      options: {},
    });
    const na = Array.from({ length: 20_000 }, (_, i) => `w${i}`);
    const schema = { ...table!.schema, na };
    const file = writeContents({ ...others, table: { ...table!, schema } }, VERSION);
    const predictor = await loadPredictor(file);
    expect(predictor.predict({ n: "W19999" })).toEqual(predictor.predict({}));
  });

  it("may have columns that are called like the parts of a tensor", async () => {
    const named = (first: string, second: string) =>
      load({ ...SMALL, columns: [column(first, "number"), column(second, "number")], options: {} });
    const [expected, predictor] = await Promise.all([named("a", "b"), named("shape", "data")]);
    const [a, b] = [
      [1, 2],
      [3, 4],
    ];
    expect(predictor.predict({ shape: a, data: b, other: a })).toEqual(expected.predict({ a, b }));
  });

  it("have numbers as their columns write them", async () => {
    const column = (name: string): ColumnSpec => ({
      name,
      kind: "number",
      categories: [],
      gaps: false,
      times: false,
    });
    const contents = contentsFrom({
      columns: [column("price"), column("rooms")],
      classes: [],
      targets: ["y"],
      layers: [],
      options: {},
      threshold: 0.5,
      seed: 1,
    });
    const { schema, ...table } = contents.table!;
    const [price, rooms] = schema.columns;
    const format = { decimal: ",", group: ".", unit: "€" } as const;
    const columns = [{ ...price, format }, rooms];
    const written = { ...contents, table: { ...table, schema: { ...schema, columns } } };
    const predictor = await loadPredictor(writeContents(written, VERSION));
    const expected = [...predictor.predict({ price: 1234.5, rooms: 3 }).data];
    expect([...predictor.predict({ price: "1.234,5 €", rooms: "3e0" }).data]).toEqual(expected);
    expect([...predictor.predict({ price: "1.234,6 €", rooms: "3e0" }).data]).not.toEqual(expected);
    expect(() => predictor.predict({ price: "1,234.5", rooms: 3 })).toThrow(
      'row 0, column "price": every cell must be a number written with {"decimal":",","group":".","unit":"€"}; received "1,234.5"',
    );
    expect(() => predictor.predict({ price: "9e99", rooms: 3 })).toThrow("must be finite and fit float32");
    expect(() => predictor.predict({ price: 1, rooms: "3 €" })).toThrow(
      'row 0, column "rooms": every cell must be a number; received "3 €"',
    );
  });
});

describe("a word that the model was not trained on", () => {
  const column: ColumnSpec = {
    name: "c",
    kind: "category",
    categories: ["a", "b"],
    gaps: true,
    times: false,
  };
  const spec: TableSpec = {
    columns: [column],
    classes: [],
    targets: ["y"],
    options: { encode: "oneHot", scale: "none", target: "none", impute: "mode", indicator: true },
    layers: [],
    threshold: 0.5,
    seed: 3,
  };

  // by the rule of the file, that of the options, and what applies
  it.each([
    [undefined, undefined, "refuse"],
    ["ignore", undefined, "ignore"],
    ["missing", undefined, "missing"],
    ["ignore", "refuse", "refuse"],
    ["missing", "ignore", "ignore"],
    [undefined, "missing", "missing"],
  ] as const)("in a file with the rule %s, loaded with %s, is treated as %s", async (inFile, given, rule) => {
    const { table, ...contents } = contentsFrom(spec);
    const described = { ...(table as NonNullable<typeof table>), ...(inFile && { unknown: inFile }) };
    const bytes = writeContents({ ...contents, table: described }, VERSION);
    const predictor = await loadPredictor(bytes, given ? { unknown: given } : {});
    expect(predictor.unknown).toBe(rule);
    const model = await loadModel(bytes, given ? { unknown: given } : {});
    expect(model.unknown).toBe(rule);
    for (const each of [predictor, model]) {
      const read = (cell: string | null) => [...each.predict([{ c: cell }]).data];
      if (rule === "refuse") expect(() => read("new")).toThrow('row 0, column "c"');
      else if (rule === "missing") expect(read("new")).toEqual(read(null));
      else for (const known of ["a", "b", null]) expect(read("new")).not.toEqual(read(known));
    }
  });
});
