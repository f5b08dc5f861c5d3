/** Models to serve, made by hand as if they were trained, and a client. */
import { type EncodeOptions, encodeTable } from "../../../src/data/dataset.js";
import { type FitPipelineOptions, fitPipeline } from "../../../src/data/pipeline/pipeline.js";
import type { SchemaOptions } from "../../../src/data/schema.js";
import { readTable } from "../../../src/data/table.js";
import { Model } from "../../../src/model/model.js";
import { dense } from "../../../src/nn/layers/index.js";
import { network } from "../../model/export/tables.js";

export const TOKEN = "0123456789abcdef";
export const authorized = { authorization: `Bearer ${TOKEN}` };
const jsonHeaders = { ...authorized, "content-type": "application/json" };

interface Choices {
  readonly schema?: SchemaOptions;
  readonly pipeline?: FitPipelineOptions;
  readonly threshold?: number;
}

/** A model of a table with random parameters, as `tune` would end with. */
export function modelOf(csv: string, options: EncodeOptions, choices: Choices = {}): Model {
  const data = encodeTable(readTable(csv, choices.schema), { missing: "impute", ...options });
  const { pipeline } = fitPipeline(data, choices.pipeline);
  const activation = data.task === "regression" ? "linear" : data.outputs === 1 ? "sigmoid" : "softmax";
  const layers = [dense(4, { activation: "tanh" }), dense(data.outputs, { activation })];
  const { inputs, task, target, targets, outputs, classes, schema } = data;
  return new Model(network(layers, pipeline.features.length, 7), {
    schema: { na: schema?.na ?? [], columns: schema?.columns ?? [] },
    inputs,
    pipeline,
    task,
    target,
    outputs,
    classes,
    threshold: choices.threshold ?? 0.5,
    ...(targets && { targets }),
  });
}

/** Passengers, one of each kind of input; ages and ports may be missing, fares may not. */
export const passengers = modelOf(
  `age,fare,port,member,day,survived
31,7.25,Q,yes,2024-01-31,yes
,8.5,C,no,2024-02-01,no
54,71,S,no,2024-02-03,no
2,30,,yes,2024-03-05,yes
`,
  { target: "survived" },
  { threshold: 0.4 },
);

export const passenger = { age: 40, fare: 9.5, port: "S", member: true, day: "2024-02-02" };

/** Two quantities of two numbers, of which `b` may be missing. */
export const quantities = modelOf("a,b,u,v\n1,2,0.5,10\n2,,1.25,20.5\n4,6,2,30\n", { target: ["u", "v"] });

type Fetch = (request: Request) => Promise<Response>;

/** A request to predict; bodies that are no string are sent as JSON. */
export function post(fetch: Fetch, body: unknown, headers: Record<string, string> = jsonHeaders) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(new Request("https://example.com/predict", { method: "POST", headers, body: text }));
}

/** As `post`, of a stream. */
export function postStream(
  fetch: Fetch,
  body: ReadableStream,
  headers: Record<string, string> = jsonHeaders,
) {
  const init = { method: "POST", headers, body, duplex: "half" } as const;
  return fetch(new Request("https://example.com/predict", init));
}

export function get(fetch: Fetch, path: string, headers: Record<string, string> = authorized) {
  return fetch(new Request(`https://example.com${path}`, { headers }));
}

/** Status and JSON. */
export async function read(response: Promise<Response>): Promise<[number, unknown]> {
  const { status, headers, text } = await response.then(async (it) => ({
    status: it.status,
    headers: it.headers,
    text: await it.text(),
  }));
  if (headers.get("content-type") !== "application/json") throw new Error(`${status} ${text}`);
  return [status, JSON.parse(text)];
}

/** The body of a refusal. */
export const refused = (code: string, message: string) => ({ error: { code, message } });
