/** The OpenAPI document: what it says of requests is true of the server. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { saveModel } from "../../../src/model/save.js";
import { dense } from "../../../src/nn/layers/index.js";
import { writeContents } from "../../../src/predict/description.js";
import { modelServer } from "../../../src/serve/models/modelServer.js";
import { VERSION } from "../../../src/version.js";
import { cases } from "../../cases.js";
import { contentsFrom, network, tableSpecs } from "../../model/export/tables.js";
import { get, modelOf, passengers, post, quantities, read, TOKEN } from "./support.js";

interface Operation {
  readonly security?: readonly unknown[];
  readonly requestBody?: { readonly content: Record<string, { readonly example: unknown }> };
  readonly responses: Record<string, unknown>;
}
interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, unknown>; readonly securitySchemes: unknown };
}

const documentOf = async (file: Uint8Array, options: object = {}) => {
  const fetch = modelServer(file, { token: TOKEN, ...options });
  const [status, document] = await read(get(fetch, "/openapi.json"));
  expect(status).toBe(200);
  return { fetch, document: document as Document };
};
const exampleOf = ({ paths }: Document, type: string) =>
  paths["/predict"].post.requestBody?.content[type].example;

it("describes rows and predictions of classes", async () => {
  const { document } = await documentOf(passengers.bytes());
  expect(document.openapi).toBe("3.1.0");
  expect(document.info).toMatchObject({ title: "Predictions of survived", version: VERSION });
  expect(document.components.securitySchemes).toEqual({ token: { type: "http", scheme: "bearer" } });
  const { Row, Rows, Prediction } = document.components.schemas;
  const cells = {
    age: { type: ["number", "null"] },
    fare: { type: "number" },
    port: { enum: ["C", "Q", "S", null] },
    member: { enum: [false, true, "no", "yes"] },
    day: { type: "string", format: "date" },
  };
  expect(Row).toEqual({ type: "object", properties: cells, required: ["fare", "member", "day"] });
  const row = { $ref: "#/components/schemas/Row" };
  const rows = { type: "array", items: row, minItems: 1, maxItems: 1000 };
  const columns = Object.fromEntries(
    Object.entries(cells).map(([name, items]) => [
      name,
      { type: "array", items, minItems: 1, maxItems: 1000 },
    ]),
  );
  const of = (properties: object) => ({ type: "object", properties, required: Object.keys(properties) });
  expect(Rows).toEqual({ anyOf: [row, rows, of({ rows }), of({ columns: of(columns) })] });
  const number = { type: ["number", "null"] };
  expect(Prediction).toEqual(
    of({ class: { enum: ["no", "yes"] }, probabilities: of({ no: number, yes: number }) }),
  );
  expect(exampleOf(document, "application/json")).toEqual({
    rows: [{ age: 0, fare: 0, port: "C", member: true, day: "2024-03-31" }],
  });
});

it("describes quantities, and arrays where every input is a number", async () => {
  const { document } = await documentOf(quantities.bytes());
  const number = { type: ["number", "null"] };
  const { Rows, Prediction } = document.components.schemas as Record<
    string,
    { anyOf: [unknown, { items: unknown }] }
  >;
  expect(Prediction).toEqual({ type: "object", properties: { u: number, v: number }, required: ["u", "v"] });
  expect(Rows.anyOf[1].items).toEqual({
    anyOf: [
      { $ref: "#/components/schemas/Row" },
      {
        type: "array",
        prefixItems: [{ type: "number" }, number],
        minItems: 2,
        maxItems: 2,
        description: "a, b",
      },
    ],
  });
});

it("allows any word where unknown words are not refused, or are too many to list", async () => {
  const port = async (options: object) => {
    const { document } = await documentOf(passengers.bytes(), options);
    return (document.components.schemas.Row as { properties: Record<string, unknown> }).properties.port;
  };
  expect(await port({ unknown: "ignore" })).toEqual({ type: ["string", "null"] });
  const lines = Array.from({ length: 2004 }, (_, i) => `w${i % 1001},${2 * i}`);
  const csv = `word,y\n${lines.join("\n")}\n`;
  const model = modelOf(csv, { target: "y", task: "regression" }, { schema: { as: { word: "category" } } });
  const { document } = await documentOf(model.bytes());
  expect(document.components.schemas.Row).toMatchObject({ properties: { word: { type: "string" } } });
});

it("says how dates are written", async () => {
  const dates = async (days: readonly string[]) => {
    const csv = `d,y\n${days.map((day, i) => `"${day}",${i + 0.5}`).join("\n")}\n`;
    const { document, fetch } = await documentOf(modelOf(csv, { target: "y", task: "regression" }).bytes());
    const example = exampleOf(document, "application/json");
    expect((await post(fetch, example)).status).toBe(200);
    const { d } = (document.components.schemas.Row as { properties: Record<string, unknown> }).properties;
    return [d, (example as { rows: { d: string }[] }).rows[0].d];
  };
  expect(await dates(["2024-01-02", "2024-01-20", "2023-05-06"])).toEqual([
    { type: "string", format: "date" },
    "2024-03-31",
  ]);
  expect(await dates(["2024-01-02T10:00Z", "2024-01-20T11:30Z", "2023-05-06T09:00Z"])).toEqual([
    { type: "string", format: "date-time" },
    "2024-03-31T12:00:00Z",
  ]);
  expect(await dates(["13/01/2024", "20/02/2024", "01/12/2023"])).toEqual([
    { type: "string", description: "A date, as 31/03/2024" },
    "31/03/2024",
  ]);
  expect(await dates(["01/13/2024 8:00", "02/20/2024 9:30", "12/01/2023 10:00"])).toEqual([
    { type: "string", description: "A date, as 03/31/2024 12:00" },
    "03/31/2024 12:00",
  ]);
});

it("lists every path, with the token where it is needed", async () => {
  const { document, fetch } = await documentOf(saveModel(network([dense(2)], 3, 4)));
  const operations = Object.entries(document.paths).map(([path, methods]) => {
    const [[method, { security, responses }]] = Object.entries(methods);
    return [method, path, security === undefined, Object.keys(responses).join(" ")];
  });
  expect(operations).toEqual([
    ["post", "/predict", true, "200 400 401 413 415 422 503"],
    ["get", "/schema", true, "200 401 503"],
    ["get", "/openapi.json", true, "200 401 503"],
    ["get", "/health", false, "200"],
  ]);
  for (const [method, path, needsToken] of operations) {
    const request = new Request(`https://example.com${path}`, { method: String(method) });
    expect((await fetch(request)).status).toBe(needsToken ? 401 : 200);
  }
  const prefixed = await documentOf(passengers.bytes(), { prefix: "" });
  expect(Object.keys(prefixed.document.paths)).toEqual(operations.map(([, path]) => path));
});

it("has examples that the server answers, and no reference that leads nowhere, for any model", async () => {
  await fc.assert(
    fc.asyncProperty(tableSpecs, async (spec) => {
      const { fetch, document } = await documentOf(writeContents(contentsFrom(spec), VERSION));
      const [status, answer] = await read(post(fetch, exampleOf(document, "application/json")));
      expect([status, answer]).toEqual([200, { predictions: [expect.anything()] }]);
      const { schemas } = document.components;
      for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g))
        expect(Object.keys(schemas)).toContain(name);
      const { Row, Prediction } = schemas as Record<string, { properties: object; required: string[] }>;
      expect(Object.keys(Row.properties)).toEqual(
        expect.arrayContaining(spec.columns.map(({ name }) => name)),
      );
      const [prediction] = (answer as { predictions: object[] }).predictions;
      expect(new Set(Object.keys(prediction))).toEqual(new Set(Prediction.required));
    }),
    { numRuns: cases(50) },
  );
});
