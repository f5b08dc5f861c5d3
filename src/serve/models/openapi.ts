/**
 * The OpenAPI 3.1 document of a served model, for tools that make clients and pages. The server accepts
 * everything in it, and more, such as numbers as text. Nothing is served here.
 *
 * @see https://spec.openapis.org/oas/v3.1.1
 */
import { VERSION } from "../../version.js";
import { JSON_TYPE, LINES_TYPE } from "../body.js";
import type { InputDescription, ModelDescription } from "./description.js";
import type { Limits } from "./lines.js";

/** A part of the document. */
type Json = Readonly<Record<string, unknown>>;

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const arrayOf = (items: Json, more: Json = {}): Json => ({ type: "array", items, ...more });
const object = (properties: Json, required = Object.keys(properties)): Json => ({
  type: "object",
  properties,
  required,
});

/** @param prefix - of the paths */
export function openApi(model: ModelDescription, prefix: string, limits: Limits): Json {
  const example = Object.fromEntries(model.inputs.map((input) => [input.name, exampleOf(input)]));
  const get = (operationId: string, summary: string, schema: Json, others: Json): Json => ({
    get: {
      operationId,
      summary,
      responses: { 200: response(summary, { [JSON_TYPE]: { schema } }), ...others },
      ...(others !== refusals && { security: [] }),
    },
  });
  return {
    openapi: "3.1.0",
    info: {
      title: `Predictions of ${model.targets.join(", ")}`,
      version: VERSION,
      description: `A model of Fettle. A request has at most ${limits.maxBytes} bytes and ${limits.maxRows} rows.`,
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    paths: {
      [`${prefix}/predict`]: {
        post: {
          operationId: "predict",
          summary: "Predictions for rows, in the same order",
          requestBody: {
            required: true,
            content: {
              [JSON_TYPE]: { schema: ref("Rows"), example: { rows: [example] } },
              [LINES_TYPE]: {
                schema: { type: "string", description: "One row per line, any number of lines." },
                example: `${JSON.stringify(example)}\n`,
              },
            },
          },
          responses: {
            200: response("The predictions", {
              [JSON_TYPE]: { schema: object({ predictions: arrayOf(ref("Prediction")) }) },
              [LINES_TYPE]: {
                schema: {
                  type: "string",
                  description: 'For each line a prediction, or {"error", "row", "column"}.',
                },
              },
            }),
            ...refusals,
            400: refused("The body is not JSON, or has no rows"),
            413: refused("The body is too long, or has too many rows"),
            415: refused("The body has another type"),
            422: response("Rows are refused, and nothing is predicted", {
              [JSON_TYPE]: { schema: ref("RefusedRows") },
            }),
          },
        },
      },
      [`${prefix}/schema`]: get(
        "schema",
        "The inputs and outputs of the model",
        { type: "object" },
        refusals,
      ),
      [`${prefix}/openapi.json`]: get("openapi", "This document", { type: "object" }, refusals),
      [`${prefix}/health`]: get(
        "health",
        "Whether the server answers",
        object({ status: { const: "ok" } }),
        {},
      ),
    },
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: { ...rowSchemas(model, limits), Prediction: predictionSchema(model), ...refusalSchemas },
    },
  };
}

const response = (description: string, content: Json): Json => ({ description, content });
const refused = (description: string): Json =>
  response(description, { [JSON_TYPE]: { schema: ref("Refusal") } });
const refusals: Json = {
  401: refused("The token is missing or wrong"),
  503: refused("The model could not be loaded"),
};

const refusal: Json = object({ code: { type: "string" }, message: { type: "string" } });
const refusalSchemas: Json = {
  Refusal: object({ error: refusal }),
  RefusedRows: object(
    {
      error: refusal,
      rows: arrayOf(
        object(
          { row: { type: "integer", minimum: 0 }, column: { type: "string" }, message: { type: "string" } },
          ["row", "message"],
        ),
      ),
      more: { type: "integer", minimum: 1, description: "The number of refused rows that are not listed" },
    },
    ["error", "rows"],
  ),
};

function rowSchemas({ inputs, unknown }: ModelDescription, { maxRows }: Limits): Json {
  const cells = inputs.map((input) => [input.name, cellSchema(input, unknown === "refuse")] as const);
  const present = inputs.filter(({ missing }) => !missing).map(({ name }) => name);
  const allNumbers = inputs.every(({ kind }) => kind === "number");
  const size = { minItems: inputs.length, maxItems: inputs.length };
  const names = inputs.map(({ name }) => name).join(", ");
  const array = { type: "array", prefixItems: cells.map(([, cell]) => cell), ...size, description: names };
  const some = { minItems: 1, maxItems: maxRows };
  const rows = arrayOf(allNumbers ? { anyOf: [ref("Row"), array] } : ref("Row"), some);
  const columns = Object.fromEntries(cells.map(([name, cell]) => [name, arrayOf(cell, some)]));
  return {
    Row: object(Object.fromEntries(cells), present),
    Rows: {
      anyOf: [ref("Row"), rows, object({ rows }), object({ columns: object(columns) })],
    },
  };
}

/** @param isClosed - whether words that the model was not trained on are refused */
function cellSchema(input: InputDescription, isClosed: boolean): Json {
  const { kind, categories = [], moreCategories, missing, times, dateOrder = "ymd" } = input;
  const type = (name: string) => ({ type: missing ? [name, "null"] : name });
  if (kind === "number") return type("number");
  if (kind === "date") {
    if (dateOrder !== "ymd") return { ...type("string"), description: `A date, as ${exampleOf(input)}` };
    return { ...type("string"), format: times ? "date-time" : "date" };
  }
  const words = kind === "boolean" ? [false, true, ...categories] : categories;
  if (kind === "category" && (moreCategories !== undefined || !isClosed)) return type("string");
  return { enum: missing ? [...words, null] : words };
}

function exampleOf({ kind, categories = [], dateOrder = "ymd", times }: InputDescription): unknown {
  if (kind === "number") return 0;
  if (kind === "boolean") return true;
  if (kind === "category") return categories[0];
  const date = { ymd: "2024-03-31", dmy: "31/03/2024", mdy: "03/31/2024" }[dateOrder];
  return times ? `${date}${dateOrder === "ymd" ? "T12:00:00Z" : " 12:00"}` : date;
}

function predictionSchema({ classes, targets }: ModelDescription): Json {
  // null: a number that is not finite, such as from a network whose training diverged
  const number = { type: ["number", "null"] };
  const numbers = (names: readonly string[]) =>
    object(Object.fromEntries(names.map((name) => [name, number])));
  if (classes.length === 0) return numbers(targets);
  return object({ class: { enum: classes }, probabilities: numbers(classes) });
}
