/**
 * Predictions of a saved model over HTTP, on any host that has `Request` and `Response`: Node, Deno, Bun,
 * Cloudflare Workers, Vercel and others. This file routes requests; rows.ts interprets rows and answers them.
 * It opens no port, keeps nothing of a request, and contains no training code.
 *
 *     POST /predict         predictions of rows, as JSON, or of one row per line
 *     GET  /schema          the inputs and outputs of the model
 *     GET  /openapi.json    the same for tools that make clients
 *     GET  /health          { "status": "ok" }, without the token
 */
import { checkUnknownRule, type UnknownRule } from "../../data/read.js";
import { must } from "../../errors.js";
import { listener, type Tell, teller } from "../../listener.js";
import { loadPredictor, Predictor } from "../../predict/predictor.js";
import { integer, type OptionRules, readOptions, rule } from "../../rules.js";
import { inShort } from "../body.js";
import type { Asked, Reply } from "../exchange.js";
import { handlerOf } from "../handler.js";
import { checkMethod, json, Refusal } from "../responses.js";
import { checkToken, secret } from "../token.js";
import { describeModel, type ModelDescription } from "./description.js";
import type { Limits } from "./lines.js";
import { openApi } from "./openapi.js";
import { predictions } from "./predictions.js";
import { RowAnswerer } from "./rows.js";

/** How a model is served. */
export interface ModelServerOptions {
  /**
   * The secret of requests, at least 16 characters. They carry it as `authorization: Bearer <token>`. A
   * function is called for each request, for hosts where secrets are known only then; without a valid token,
   * every request is refused.
   */
  readonly token: string | (() => string | undefined);
  /** The prefix of the paths, such as `/models/iris`. @defaultValue `""` */
  readonly prefix?: string;
  /**
   * The most rows of a request; of a request with one row per line, the most rows answered together.
   * @defaultValue 1000
   */
  readonly maxRows?: number;
  /**
   * The most bytes of a body; of a request with one row per line, the most bytes of a line.
   * @defaultValue 1,048,576
   */
  readonly maxBytes?: number;
  /**
   * How a word that the model was not trained on is treated, see `loadPredictor`. A `Predictor` has its own
   * rule.
   * @defaultValue `"refuse"`
   */
  readonly unknown?: UnknownRule;
  /**
   * Receives errors that responses do not show: why the model could not be loaded (503), and unexpected
   * errors (500).
   * @defaultValue such errors are not reported
   */
  readonly onError?: (error: unknown) => void;
}

const RULES = {
  token: [
    (_: string, token: unknown) => {
      if (typeof token !== "function") secret("token", token);
    },
  ],
  prefix: [rule<string>('empty, or a path that does not end with "/", such as /models/iris', isPrefix), ""],
  maxRows: [integer(), 1000],
  maxBytes: [integer(), 2 ** 20],
  unknown: (_: string, unknown: unknown) => checkUnknownRule(unknown),
  onError: listener,
} satisfies OptionRules<ModelServerOptions>;

/**
 * A model to serve: the bytes of a model file, a predictor, or a function that returns a promise of one of
 * them.
 */
export type ServableModel = Uint8Array | Predictor | (() => Promise<Uint8Array | Predictor>);

/** A loaded model. */
interface Served {
  readonly answerer: RowAnswerer;
  readonly description: ModelDescription;
}

type Handler = (served: Served, request: Asked) => Promise<Reply> | Reply;

/**
 * Creates a handler of requests for predictions of a model; `docs/serving-models.md` lists the paths. It
 * never rejects. The model is loaded at the first request that needs it; if that fails, the response is 503,
 * and the next request tries again.
 *
 * @throws FettleError `invalid_argument` or `unknown_name` for invalid options, and for anything but a model
 * @example
 * ```ts
 * const model = sequential([dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 * await model.fit([[0], [1]], [1, 3]);
 * model.setWeights({ "dense_1.kernel": [[2]], "dense_1.bias": [1] });
 * const answer = modelServer(saveModel(model), { token: "a secret of 16 characters or more" });
 * const response = await answer(
 *   new Request("https://example.com/predict", {
 *     method: "POST",
 *     headers: { authorization: "Bearer a secret of 16 characters or more", "content-type": "application/json" },
 *     body: '[{ "x0": 4 }, { "x0": 0.5 }]',
 *   }),
 * );
 * await response.json(); // { predictions: [{ y0: 9 }, { y0: 2 }] }
 * ```
 */
export function modelServer(
  model: ServableModel,
  options: ModelServerOptions,
): (request: Request) => Promise<Response> {
  const { token, prefix, maxRows, maxBytes, unknown, onError } = readOptions(options, "modelServer", RULES);
  checkModel(model, unknown);
  const limits: Limits = { maxRows, maxBytes };
  const tell = teller(onError);

  const served = lazily(async (): Promise<Served> => {
    const given = typeof model === "function" ? await model() : model;
    if (given instanceof Predictor) refuseOtherRule(given, unknown);
    const predictor = given instanceof Predictor ? given : await loadPredictor(given, unknown && { unknown });
    return { answerer: new RowAnswerer(predictor), description: describeModel(predictor) };
  }, tell);

  const routes: Readonly<Record<string, readonly [method: string, handler: Handler]>> = {
    "/predict": ["POST", ({ answerer }, request) => predictions(answerer, request, limits, tell)],
    "/schema": ["GET", ({ description }) => json(description)],
    "/openapi.json": ["GET", ({ description }) => json(openApi(description, prefix, limits))],
  };
  const paths = [...Object.keys(routes), "/health"].map((path) => prefix + path);

  const answer = async (request: Asked): Promise<Reply> => {
    const { pathname } = new URL(request.url);
    if (pathname === `${prefix}/health`) {
      checkMethod(request, ["GET"]);
      return json({ status: "ok" });
    }
    const secret = typeof token === "function" ? token() : token;
    checkToken(request, secret);
    const path = pathname.startsWith(prefix) ? pathname.slice(prefix.length) : "";
    if (!Object.hasOwn(routes, path))
      throw new Refusal(
        404,
        "not_found",
        `the path must be one of ${paths.join(", ")}; received ${inShort(pathname)}`,
      );
    const [method, handler] = routes[path];
    checkMethod(request, [method]);
    const loaded = await served();
    if (!loaded)
      throw new Refusal(503, "invalid_state", "the model could not be loaded; the next request tries again");
    return handler(loaded, request);
  };

  return handlerOf(answer, tell);
}

/** The result of `load`, which is called once; undefined if it fails, and then the next call tries again. */
function lazily<T>(load: () => Promise<T>, tell: Tell): () => Promise<T | undefined> {
  let loading: Promise<T | undefined> | undefined;
  return () => {
    loading ??= load().catch((error) => {
      loading = undefined;
      tell(error);
      return undefined;
    });
    return loading;
  };
}

function checkModel(model: unknown, unknown: UnknownRule | undefined): void {
  const isBytes = Object.prototype.toString.call(model) === "[object Uint8Array]";
  must(
    isBytes || model instanceof Predictor || typeof model === "function",
    "model",
    "the bytes of a model file as a Uint8Array, a Predictor, or a function that returns a promise of one of them",
    model,
  );
  if (model instanceof Predictor) refuseOtherRule(model, unknown);
}

/** A predictor already has its rule. */
function refuseOtherRule(predictor: Predictor, unknown: UnknownRule | undefined): void {
  must(
    unknown === undefined || unknown === predictor.unknown,
    "unknown",
    "that of the Predictor, or left out",
    unknown,
  );
}

/** Whether paths of requests can have this prefix, as `URL` writes them. */
function isPrefix(prefix: unknown): boolean {
  if (prefix === "") return true;
  if (typeof prefix !== "string" || !prefix.startsWith("/") || prefix.endsWith("/")) return false;
  return new URL(`http://localhost${prefix}`).pathname === prefix;
}
