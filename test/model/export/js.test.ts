/** Generated modules against the predictor: the same answers and the same refusals. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { NumberFormat } from "../../../src/data/numbers.js";
import type { PipelineOptions } from "../../../src/data/pipeline/options.js";
import { contentsOf } from "../../../src/model/contents.js";
import { type ActivationName, activations } from "../../../src/nn/activations.js";
import { activation, dense, elu, type Layer, leakyReLU, prelu } from "../../../src/nn/layers/index.js";
import { ready } from "../../../src/numerics/kernels.js";
import { RandomStream } from "../../../src/numerics/random.js";
import type { Answer } from "../../../src/predict/answers.js";
import type { ModelContents } from "../../../src/predict/description.js";
import type { RowRecord } from "../../../src/predict/rows.js";
import { cases } from "../../cases.js";
import {
  column,
  expectNear,
  expectSameAnswer,
  messageOf,
  moduleOf,
  predictorOf,
  ROW,
  SMALL,
} from "./modules.js";
import { contentsFrom, network, recordFor, tableSpecs } from "./tables.js";

beforeAll(() => ready());

describe("a module of a table", () => {
  it("answers as the predictor does, for any columns, pipeline and network", async () => {
    await fc.assert(
      fc.asyncProperty(tableSpecs, async (spec) => {
        const contents = contentsFrom(spec);
        const [predictor, module] = await Promise.all([predictorOf(contents), moduleOf(contents)]);
        const random = new RandomStream(spec.seed, 6);
        const { outputs, log } = contents.table!.pipeline.target;
        const scale = Math.max(1, ...outputs.map((each) => each.scale));
        for (let i = 0; i < 10; i++) {
          const row = recordFor(spec.columns, random);
          const [expected] = predictor.answers(row);
          // e to the power of a large number magnifies its error
          const powers = log ? Object.values(expected).map(log === "log" ? Math.log : Math.log1p) : [];
          const size = Math.max(1, ...powers.map(Math.abs));
          expectSameAnswer(module.predict(row) as Answer, expected, spec.threshold, scale * size);
        }
      }),
      { numRuns: cases(60) },
    );
  });

  it("refuses the cells that the predictor refuses, but for milliseconds as a date", async () => {
    const cell = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        undefined,
        Number.NaN,
        "",
        " na ",
        true,
        false,
        0,
        1,
        2.5,
        1e39,
        1e300,
        1 / 0,
      ),
      fc.constantFrom<unknown>(
        "1e5",
        "-.5",
        "+3.",
        "1e39",
        "0x10",
        "1,5",
        "1_000",
        "inf",
        "TRUE",
        "No",
        "1",
        "yes ",
      ),
      fc.constantFrom<unknown>(
        "2024-02-29",
        "2023-02-29",
        "2024-13-01",
        "2024-01-01T25:00Z",
        "2024-01-01T24:00Z",
        "2024-01-01 10:61",
        "2024",
      ),
      fc.constantFrom<unknown>(
        {},
        [],
        [1],
        ["a"],
        new Date(0),
        new Date(Number.NaN),
        Symbol.iterator,
        () => 1,
      ),
    );
    await fc.assert(
      fc.asyncProperty(tableSpecs, fc.array(cell, { minLength: 5, maxLength: 20 }), async (spec, values) => {
        const contents = contentsFrom(spec);
        const [predictor, module] = await Promise.all([predictorOf(contents), moduleOf(contents)]);
        const whole = recordFor(spec.columns, new RandomStream(spec.seed, 6));
        const { name, kind } = spec.columns[0];
        for (const value of values) {
          if (kind === "date" && typeof value === "number" && Number.isFinite(value)) continue;
          const row = Object.fromEntries([...Object.entries(whole), [name, value]]) as RowRecord;
          const expected = messageOf(() => predictor.answers([row]));
          const actual = messageOf(() => module.predict(row));
          expect([value, actual === undefined]).toEqual([value, expected === undefined]);
          if (actual !== undefined)
            expect(actual.startsWith(`column ${JSON.stringify(name)} must be `)).toBe(true);
        }
      }),
      { numRuns: cases(100) },
    );
  });

  it("reads cells as the table writes them, and refuses the same", async () => {
    const contents = contentsFrom({ ...SMALL, threshold: 0.5 });
    const base = contents.table!;
    const schemaWith = (change: object) => ({
      ...base.schema,
      columns: base.schema.columns.map((each) => (each.name === "age" ? { ...each, ...change } : each)),
    });
    const formats: NumberFormat[] = [
      { decimal: "," },
      { decimal: ",", group: ".", unit: "€" },
      { group: ",", unit: "$", negative: "brackets" },
      { negative: "after", unit: "EUR" },
      { unit: "kg", group: " " },
      { unit: "day", scaled: true },
      { scaled: true, unit: "$", negative: "brackets" },
      { clock: true },
      { clock: "am/pm" },
      { decimal: ",", clock: true, negative: "after" },
      { unit: "%" },
    ];
    const cells = [
      ...[
        "5",
        "-5",
        "+5",
        "5.5",
        "5,5",
        "1.234,5",
        "1,234.5",
        "1 234.5",
        "1\u00a0234",
        "1e3",
        "unknown",
        "Unknown",
      ],
      ...[
        "$5",
        "-$5",
        "$-5",
        "$ 5.25",
        "($5)",
        "$(5)",
        "-($5)",
        "(5)",
        "(-5)",
        "5-",
        "-5-",
        "5 EUR",
        "5- EUR",
        "5-EUR",
      ],
      ...[
        "5 kg",
        "5kg",
        "kg 5",
        "5 g",
        "3 days",
        "1 day",
        "5 k",
        "1.3k",
        "1.3 kg",
        "$2M",
        "2bn $",
        "(2k)",
        "1e3k",
      ],
      ...[
        "2:05",
        "1:02:05",
        "1:60",
        "1:02,5",
        "1:02.5-",
        "-0:30",
        "12 %",
        "% 12",
        "\u22125 €",
        "1'000",
        "5,-",
        "5.--",
        "5,– €",
        ...["10:30 PM", "12:05 am", "12 p.m.", "1:02:03.5 AM", "13:00 PM", "0:10 AM", "10:30"],
        "x",
        "",
      ],
    ];
    for (const format of formats) {
      const schema = schemaWith({ format, na: ["Unknown"] });
      const own: ModelContents = { ...contents, table: { ...base, schema } };
      const [predictor, module] = await Promise.all([predictorOf(own), moduleOf(own)]);
      const read = cells.filter((age) => {
        const expected = messageOf(() => predictor.answers([{ ...ROW, age }]));
        const where = `${age} by ${JSON.stringify(format)}`;
        expect(messageOf(() => module.predict({ ...ROW, age })) === undefined, where).toBe(
          expected === undefined,
        );
        if (expected !== undefined) return false;
        const [answer] = predictor.answers([{ ...ROW, age }]);
        expectSameAnswer(module.predict({ ...ROW, age }) as Answer, answer, 0.5, 1);
        return true;
      });
      expect(read.length).toBeGreaterThan(4);
    }
    const folded = schemaWith({}).columns.map((each) =>
      each.name === "port" ? { ...each, ignoreCase: true } : each,
    );
    const own: ModelContents = {
      ...contents,
      table: { ...base, schema: { ...base.schema, columns: folded } },
    };
    const [predictor, module] = await Promise.all([predictorOf(own), moduleOf(own)]);
    expect(module.predict({ ...ROW, port: "q" })).toEqual(module.predict(ROW));
    expect(predictor.answers([{ ...ROW, port: "q" }])).toEqual(predictor.answers([ROW]));
    // and a word that is new in any case is what the model says
    const ignoring: ModelContents = { ...own, table: { ...own.table!, unknown: "ignore" } };
    const [other, exported] = await Promise.all([predictorOf(ignoring), moduleOf(ignoring)]);
    const [expected] = other.answers([{ ...ROW, port: "nowhere" }]);
    expectSameAnswer(exported.predict({ ...ROW, port: "Nowhere" }) as Answer, expected, 0.5, 1);
  });

  it("reads a word that is new as the rest of its column, and a boolean with any spaces", async () => {
    const contents = contentsFrom({ ...SMALL, threshold: 0.5 });
    const base = contents.table!;
    const words = { categories: ["not  male", "male"] };
    const columns = base.schema.columns.map((each) => {
      if (each.name === "port") return { ...each, rest: "S" };
      return each.name === "sex" ? { ...each, ...words } : each;
    });
    const inputs = base.inputs.map((each) => (each.name === "sex" ? { ...each, ...words } : each));
    const table = { ...base, inputs, schema: { ...base.schema, columns } };
    const own: ModelContents = { ...contents, table };
    const [predictor, module] = await Promise.all([predictorOf(own), moduleOf(own)]);
    const row = { ...ROW, port: "nowhere", sex: "Not male" };
    const [expected] = predictor.answers([row]);
    expect(expected).toEqual(predictor.answers([{ ...ROW, port: "S", sex: false }])[0]);
    expectSameAnswer(module.predict(row) as Answer, expected, 0.5, 1);
  });

  it.each<[string, unknown, string]>([
    ["no object", 5, "row must be an object with a value for each input; received 5"],
    ["null", null, "row must be an object with a value for each input; received null"],
    ["a list", [ROW], "row must be an object with a value for each input; received [object Object]"],
    [
      "a column that is absent",
      { ...ROW, port: undefined },
      'column "port" must be present, as in every training row (train with missing: "impute" to fill it in); received undefined',
    ],
    [
      "text for a number",
      { ...ROW, age: "31 years" },
      'column "age" must be a number that fits float32; received "31 years"',
    ],
    [
      "infinity",
      { ...ROW, age: -1 / 0 },
      'column "age" must be a number that fits float32; received -Infinity',
    ],
    [
      "a number that float32 lacks",
      { ...ROW, age: 1e300 },
      'column "age" must be a number that fits float32; received 1e+300',
    ],
    ["another word", { ...ROW, port: "Z" }, 'column "port" must be "C" or "Q" or "S"; received "Z"'],
    ["another boolean", { ...ROW, sex: 1 }, 'column "sex" must be "female" or "male"; received 1'],
    [
      "a list of a word",
      { ...ROW, port: ["C"] },
      'column "port" must be "C" or "Q" or "S"; received an object',
    ],
    ["an object", { ...ROW, sex: {} }, 'column "sex" must be "female" or "male"; received an object'],
    [
      "a day that is none",
      { ...ROW, day: "2003-02-29" },
      'column "day" must be a date; received "2003-02-29"',
    ],
    [
      "an hour that is none",
      { ...ROW, day: "2003-02-28 24:00" },
      'column "day" must be a date; received "2003-02-28 24:00"',
    ],
    [
      "a date of another order",
      { ...ROW, day: "29.02.2004" },
      'column "day" must be a date; received "29.02.2004"',
    ],
  ])("refuses %s", async (_, row, message) => {
    const { predict } = await moduleOf(contentsFrom(SMALL));
    expect(predict(ROW)).toHaveProperty("class");
    expect(messageOf(() => predict(row))).toBe(message);
  });

  it("refuses a number that is too far from the training rows to be scaled", async () => {
    const contents = contentsFrom({ ...SMALL, columns: [column("x", "number")] });
    const table = contents.table!;
    const [first] = table.pipeline.columns;
    const features = first.features.map((each) => ({ ...each, scaling: { center: 0, scale: 1e-3 } }));
    const pipeline = { ...table.pipeline, columns: [{ ...first, features }] };
    const { predict } = await moduleOf({ ...contents, table: { ...table, pipeline } });
    expect(messageOf(() => predict({ x: 1e38 }))).toBe(
      'column "x" must be near enough to the training rows to be scaled; received 1e+38',
    );
    expect(predict({ x: 1e30 })).toHaveProperty("class");
  });

  it("says how many words there are where they are many", async () => {
    const categories = [..."abcdef"];
    const { predict } = await moduleOf(
      contentsFrom({ ...SMALL, columns: [column("x", "category", { categories })] }),
    );
    expect(messageOf(() => predict({ x: "g" }))).toBe('column "x" must be one of its 6 words; received "g"');
  });

  it("takes dates as Date, milliseconds and text, without a zone in UTC", async () => {
    const { predict } = await moduleOf(contentsFrom(SMALL));
    const moment = Date.UTC(2004, 1, 29, 22, 30);
    const all = [new Date(moment), "2004-02-29 22:30", "2004-02-29T22:30:00.000Z", "2004-03-01T00:30+02:00"];
    const { TZ } = process.env;
    process.env.TZ = "Asia/Tokyo";
    try {
      expect(new Date(0).getTimezoneOffset()).toBe(-540);
      for (const day of all) expect(predict({ ...ROW, day })).toEqual(predict({ ...ROW, day: moment }));
      expect(predict(ROW)).toEqual(predict({ ...ROW, day: Date.UTC(2004, 1, 29) }));
    } finally {
      if (TZ === undefined) delete process.env.TZ;
      else process.env.TZ = TZ;
    }
  });

  it.each<[string, PipelineOptions]>([
    ["statistics", { encode: "target" }],
    ["groups", { encode: "hashed", buckets: 5, scale: "none" }],
  ])("fills with a code that is no word's as the predictor does: %s", async (_, options) => {
    const columns = [column("port", "category", { categories: ["C", "Q", "S"], gaps: true })];
    const contents = contentsFrom({ ...SMALL, columns, options });
    const table = contents.table!;
    const pipeline = {
      ...table.pipeline,
      columns: table.pipeline.columns.map((each) => ({ ...each, fill: 99 })),
    };
    const changed = { ...contents, table: { ...table, pipeline } };
    const [predictor, { predict }] = await Promise.all([predictorOf(changed), moduleOf(changed)]);
    expectSameAnswer(predict({}) as Answer, predictor.answers({})[0], 0.4, 1);
    for (const port of "CQS") expect(predict({})).not.toEqual(predict({ port }));
  });

  it("exports the names, kinds and words of its inputs", async () => {
    const { inputs } = await moduleOf(contentsFrom(SMALL));
    expect(inputs).toEqual(contentsFrom(SMALL).table!.inputs);
  });
});

describe("a module of a network", () => {
  const names = Object.keys(activations) as ActivationName[];

  it.each(names)("is near the predictor with %s, at any size of its inputs", async (name) => {
    const contents = contentsOf(
      network([dense(7, { activation: name }), activation(name), dense(2)], 3, 4),
      false,
    );
    const [predictor, { predict }] = await Promise.all([predictorOf(contents), moduleOf(contents)]);
    const random = new RandomStream(4, 7);
    for (let i = 0; i < cases(120); i++) {
      const size = 10 ** (6 * random.uniform() - 4);
      const row = Array.from({ length: 3 }, () => Math.fround(size * random.normal()));
      const { data } = predictor.predict([row]);
      const found = predict(row) as number[];
      expect(found.length).toBe(2);
      for (const [j, value] of found.entries()) expectNear(value, data[j], Math.max(1, size));
    }
  });

  it.each<[string, Layer[]]>([
    ["a slope", [leakyReLU({ negativeSlope: 0.1 })]],
    ["an alpha", [elu({ alpha: 0.5 })]],
    ["slopes of each unit", [prelu()]],
    ["one slope", [prelu({ sharedAxes: [1] })]],
    ["two of each", [leakyReLU(), elu(), prelu(), leakyReLU({ negativeSlope: 0 }), elu({ alpha: 0 })]],
  ])("is near the predictor with %s", async (_, layers) => {
    const contents = contentsOf(network([dense(9), ...layers, dense(3)], 3, 4), false);
    const [predictor, { predict }] = await Promise.all([predictorOf(contents), moduleOf(contents)]);
    const random = new RandomStream(4, 7);
    for (let i = 0; i < cases(50); i++) {
      const row = Array.from({ length: 3 }, () => Math.fround(3 * random.normal()));
      const { data } = predictor.predict([row]);
      for (const [j, value] of (predict(row) as number[]).entries()) expectNear(value, data[j], 1);
    }
  });

  it("has the bits of the predictor where no function is used but relu", async () => {
    const contents = contentsOf(network([dense(9, { activation: "relu" }), dense(2)], 30, 4), false);
    const [predictor, { predict }] = await Promise.all([predictorOf(contents), moduleOf(contents)]);
    const random = new RandomStream(4, 7);
    for (let i = 0; i < cases(50); i++) {
      const row = Float32Array.from({ length: 30 }, () => random.normal());
      expect(predict(row)).toEqual([...predictor.predict({ data: row, shape: [1, 30] }).data]);
    }
  });

  it.each<[string, number[]]>([
    ["few digits", [0.5, -0, 3, 1e-30, 0, 0]],
    ["many digits", [0, 0, 0, 1 / 3, 0, 0]],
    ["many parameters of many digits", [1 / 3, 1 / 7, -1 / 9, Math.PI, 1e9 / 7, 1e-9 / 7]],
    ["no numbers", [1, Number.NaN, 2, -1 / 0, 1 / 0, 1]],
  ])("keeps parameters of %s", async (_, numbers) => {
    const model = network([dense(3, { activation: "relu" }), dense(2)], 2, 4);
    const { network: described, tensors, notes } = contentsOf(model, false);
    const kernel = { shape: [2, 3], data: Float32Array.from(numbers) };
    const contents = { network: described, notes, tensors: { ...tensors, "dense_1.kernel": kernel } };
    const [predictor, { predict }] = await Promise.all([predictorOf(contents), moduleOf(contents)]);
    expect(predict([1, 2])).toEqual([...predictor.predict([[1, 2]]).data]);
  });

  it.each<[string, unknown, string]>([
    ["a number too few", [1], "numbers must be 2 finite numbers; received 1"],
    ["a number that is none", [1, Number.NaN], "numbers must be 2 finite numbers; received 1,NaN"],
    ["text", ["1", "2"], "numbers must be 2 finite numbers; received 1,2"],
    ["a number that float32 lacks", [1, 1e39], "numbers must be 2 finite numbers; received 1,1e+39"],
    ["nothing", undefined, "numbers must be 2 finite numbers; received undefined"],
  ])("refuses %s", async (_, numbers, message) => {
    const { predict, inputs } = await moduleOf(contentsOf(network([dense(1)], 2, 4), false));
    expect(inputs.map(({ name }) => name)).toEqual(["x0", "x1"]);
    expect(messageOf(() => predict(numbers))).toBe(message);
  });
});
