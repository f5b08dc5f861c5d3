/**
 * Predictions over HTTP: those of the predictor, for every form of a body; what is wrong with rows; and
 * options.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { saveModel } from "../../../src/model/save.js";
import { dense } from "../../../src/nn/layers/index.js";
import { RandomStream } from "../../../src/numerics/random.js";
import { writeContents } from "../../../src/predict/description.js";
import { loadPredictor, type Predictor } from "../../../src/predict/predictor.js";
import { modelServer } from "../../../src/serve/models/modelServer.js";
import { VERSION } from "../../../src/version.js";
import { cases } from "../../cases.js";
import { contentsFrom, network, recordFor, tableSpecs } from "../../model/export/tables.js";
import { get, modelOf, passenger, passengers, post, quantities, read, refused, TOKEN } from "./support.js";

const token = TOKEN;
const bytes = passengers.bytes();
const serve = modelServer(bytes, { token });
let predictor: Predictor;
beforeAll(async () => {
  predictor = await loadPredictor(bytes);
});

describe("POST /predict", () => {
  it("answers a row, rows and columns as the predictor does", async () => {
    const other = { ...passenger, age: null, port: "C", member: "no" };
    const [first, second] = predictor.answers([passenger, other]);
    expect(first).toEqual({ class: expect.stringMatching(/^(no|yes)$/), probabilities: expect.anything() });
    const rows = [passenger, other];
    const columns = Object.fromEntries(
      Object.keys(passenger).map((name) => [name, rows.map((row) => row[name as keyof typeof row])]),
    );
    expect(await read(post(serve, passenger))).toEqual([200, { predictions: [first] }]);
    for (const body of [rows, { rows }, { columns: { ...columns, cabin: ["more", "than", "two"] } }])
      expect(await read(post(serve, body))).toEqual([200, { predictions: [first, second] }]);
  });

  it("answers rows of any model, cells of any kind, to the bit", async () => {
    await fc.assert(
      fc.asyncProperty(tableSpecs, fc.integer({ min: 1, max: 9 }), async (spec, count) => {
        const file = writeContents(contentsFrom(spec), VERSION);
        const random = new RandomStream(spec.seed, 6);
        const rows = Array.from({ length: count }, () => recordFor(spec.columns, random));
        const expected = (await loadPredictor(file)).answers(rows);
        const answer = await post(modelServer(file, { token }), rows);
        expect(await answer.text()).toBe(JSON.stringify({ predictions: expected }));
      }),
      { numRuns: cases(40) },
    );
  });

  it("answers quantities by name, and arrays where every input is a number", async () => {
    const model = await loadPredictor(quantities.bytes());
    const fetch = modelServer(model, { token });
    const predictions = model.answers([
      { a: 3, b: 1 },
      { a: 2, b: null },
    ]);
    expect(Object.keys(predictions[0])).toEqual(["u", "v"]);
    expect(await read(post(fetch, [[3, 1], { a: 2 }]))).toEqual([200, { predictions }]);
    expect(
      await read(
        post(fetch, [
          [3, 1],
          [2, null],
        ]),
      ),
    ).toEqual([200, { predictions }]);
    expect(await read(post(serve, [[40, 9.5, 1, 1, "2024-02-02"]]))).toEqual([
      422,
      {
        ...refused("invalid_data", "every row must fit the schema; received 1 of 1 that do not"),
        rows: [{ row: 0, message: "a row must be an object of cells by column; received an array of 5" }],
      },
    ]);
  });

  it("answers a network alone, whose numbers are x0, x1 and so on", async () => {
    const file = saveModel(network([dense(3, { activation: "relu" }), dense(2)], 2, 4));
    const model = await loadPredictor(file);
    const fetch = modelServer(file, { token });
    const predictions = model.answers([
      [1, 2],
      [-3, 0.5],
    ]);
    expect(Object.keys(predictions[0])).toEqual(["y0", "y1"]);
    const columns = { x1: [2, "0.5"], x0: [1, -3] };
    for (const body of [[[1, 2], { x0: -3, x1: 0.5 }], { columns }])
      expect(await read(post(fetch, body))).toEqual([200, { predictions }]);
    const [status, { rows }] = (await read(post(fetch, [[1, 2], [1], { x0: 1 }, [1, "two"], [1e39, 0]]))) as [
      number,
      { rows: unknown },
    ];
    expect([status, rows]).toEqual([
      422,
      [
        {
          row: 1,
          message:
            "a row must be an object of cells by column, or an array of 2 numbers; received an array of 1",
        },
        { row: 2, column: "x1", message: "a cell must be there, as in every training row; received none" },
        { row: 3, column: "x1", message: 'every cell must be a number; received "two"' },
        {
          row: 4,
          column: "x0",
          message: expect.stringMatching(/^numbers must be finite and fit float32; received 1e\+39/),
        },
      ],
    ]);
  });

  it("writes null for a number that is not finite, as of a network whose training diverged", async () => {
    const model = network([dense(1)], 1, 4);
    model.setWeights({ "dense_1.kernel": [[3e38]], "dense_1.bias": [0] });
    expect(await read(post(modelServer(saveModel(model), { token }), [[1e9], [0]]))).toEqual([
      200,
      { predictions: [{ y0: null }, { y0: 0 }] },
    ]);
  });

  it("takes inputs that are named as the forms of a body are", async () => {
    const csv = "rows,columns,y\n1,2,0.5\n2,4,1.25\n4,6,2\n";
    const named = await loadPredictor(modelOf(csv, { target: "y", task: "regression" }).bytes());
    const fetch = modelServer(named, { token });
    const predictions = named.answers([{ rows: 1, columns: 2 }]);
    for (const body of [
      { rows: 1, columns: 2 },
      { rows: [[1, 2]] },
      { columns: { rows: [1], columns: [2] } },
    ])
      expect(await read(post(fetch, body))).toEqual([200, { predictions }]);
  });

  it("refuses all rows where some are at fault, and says why of each", async () => {
    const faults: [object, string, string][] = [
      [{ fare: null }, "fare", "a cell must be there, as in every training row; received none"],
      [{ fare: "much" }, "fare", 'every cell must be a number; received "much"'],
      [{ fare: true }, "fare", 'every cell must be a number; received "true"'],
      [{ port: "Paris" }, "port", 'every cell must be "C" or "Q" or "S"; received "Paris"'],
      [{ member: "maybe" }, "member", 'every cell must be "no" or "yes"; received "maybe"'],
      [{ day: "2024-02-30" }, "day", 'every cell must be a date; received "2024-02-30"'],
      [
        { age: { years: 3 } },
        "age",
        "a value must be a word, a number, a boolean or null; received an object",
      ],
      [{ age: [3, 4] }, "age", "a value must be a word, a number, a boolean or null; received an array of 2"],
    ];
    const rows = [passenger, ...faults.flatMap(([fault]) => [{ ...passenger, ...fault }, passenger])];
    expect(await read(post(serve, rows))).toEqual([
      422,
      {
        ...refused("invalid_data", "every row must fit the schema; received 8 of 17 that do not"),
        rows: faults.map(([, column, message], i) => ({ row: 2 * i + 1, column, message })),
      },
    ]);
  });

  it("names the row and column of a value that float32 cannot hold", async () => {
    const fetch = modelServer(quantities.bytes(), { token });
    const [status, { rows }] = (await read(
      post(fetch, [
        [1, 2],
        [1e39, 2],
        [1, 2],
        [1, -1e39],
      ]),
    )) as [number, { rows: object[] }];
    const message = expect.stringMatching(/^numbers must be finite and fit float32; received -?1e\+39/);
    expect([status, rows]).toEqual([
      422,
      [
        { row: 1, column: "a", message },
        { row: 3, column: "b", message },
      ],
    ]);
  });

  it("lists 100 rows, counts the others, and shows long cells in short", async () => {
    const rows = Array.from({ length: 1000 }, (_, i) =>
      i % 4 === 0 ? passenger : { ...passenger, port: "x".repeat(600) },
    );
    const [status, answer] = (await read(post(serve, rows))) as [
      number,
      { rows: { row: number; message: string }[] },
    ];
    expect([status, answer]).toMatchObject([
      422,
      {
        ...refused("invalid_data", "every row must fit the schema; received 750 of 1000 that do not"),
        more: 650,
      },
    ]);
    expect(answer.rows.map(({ row }) => row)).toEqual(
      Array.from({ length: 1000 }, (_, i) => i)
        .filter((i) => i % 4 > 0)
        .slice(0, 100),
    );
    expect(answer.rows.every(({ message }) => message.length === 303 && message.endsWith("xxx..."))).toBe(
      true,
    );
  });

  it("reads unknown words as the option says", async () => {
    const rows = [{ ...passenger, port: "Paris" }];
    for (const unknown of ["ignore", "missing"] as const) {
      const predictions = (await loadPredictor(bytes, { unknown })).answers(rows);
      expect(await read(post(modelServer(bytes, { token, unknown }), rows))).toEqual([200, { predictions }]);
    }
  });
});

describe("GET", () => {
  it("/health answers without a token and without loading", async () => {
    const fetch = modelServer(() => Promise.reject(new Error("no model")), { token });
    expect(await read(get(fetch, "/health", {}))).toEqual([200, { status: "ok" }]);
  });

  it("/schema says what is read and answered", async () => {
    expect(await read(get(serve, "/schema"))).toEqual([
      200,
      {
        inputs: [
          { name: "age", kind: "number", missing: true },
          { name: "fare", kind: "number", missing: false },
          { name: "port", kind: "category", categories: ["C", "Q", "S"], missing: true },
          { name: "member", kind: "boolean", categories: ["no", "yes"], missing: false },
          { name: "day", kind: "date", missing: false },
        ],
        na: ["NA", "N/A", "#N/A", "NaN", "null", "none", "?", "-"].map((word) =>
          expect.stringMatching(new RegExp(word.replace("?", "\\?"), "i")),
        ),
        unknown: "refuse",
        task: "classification",
        targets: ["survived"],
        classes: ["no", "yes"],
        positive: "yes",
        threshold: 0.4,
      },
    ]);
    expect(await read(get(modelServer(quantities.bytes(), { token }), "/schema"))).toMatchObject([
      200,
      { task: "regression", targets: ["u", "v"], classes: [] },
    ]);
    const alone = saveModel(network([dense(2)], 3, 4));
    expect(await read(get(modelServer(alone, { token, unknown: "ignore" }), "/schema"))).toEqual([
      200,
      {
        inputs: ["x0", "x1", "x2"].map((name) => ({ name, kind: "number", missing: false })),
        na: [],
        unknown: "ignore",
        task: "regression",
        targets: ["y0", "y1"],
        classes: [],
      },
    ]);
  });

  it("/schema lists 1,000 words of a category and counts the others", async () => {
    const lines = Array.from({ length: 2500 }, (_, i) => `w${String(i % 1200).padStart(4, "0")},${2 * i}`);
    const model = modelOf(
      `word,y\n${lines.join("\n")}\n`,
      { target: "y", task: "regression" },
      { schema: { as: { word: "category" } } },
    );
    const [, { inputs }] = (await read(get(modelServer(model.bytes(), { token }), "/schema"))) as [
      number,
      { inputs: { categories: string[]; moreCategories: number }[] },
    ];
    const [{ categories, moreCategories }] = inputs;
    expect([categories.length, categories[0], categories[999], moreCategories]).toEqual([
      1000,
      "w0000",
      "w0999",
      200,
    ]);
  });
});
