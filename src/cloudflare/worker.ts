/**
 * Studies on Cloudflare Workers: a Durable Object has one study and keeps it in its SQLite storage; the
 * Worker forwards requests that carry the token, and runs the jobs of a queue. `serve/http.ts` decides what a
 * request means.
 */

import { teller } from "../listener.js";
import { func, type OptionRules, readOptions } from "../rules.js";
import type { ParamsOf, Space } from "../search/space/space.js";
import { responseOf } from "../serve/exchange.js";
import { refusalOf } from "../serve/faults.js";
import { admit } from "../serve/http.js";
import { positive, type ServedStudyOptions, STUDY_RULES, type StudySettings } from "../serve/options.js";
import type { TunerOptions } from "../tune/tuner/options.js";
import type { JobBatch, ObjectNamespace, ObjectState, QueueBinding } from "./host.js";
import { SlicedObject } from "./object.js";
import { createConsumer, QueuedObject } from "./queue.js";

/** How studies run on Cloudflare. `Env` is the type of the Worker's bindings. */
export interface CloudflareOptions<C extends Space, S extends Space, Env>
  extends Omit<ServedStudyOptions<C, S>, "tuner"> {
  /** The options of a study's tuner, as for `serveStudies`; data may come from a binding. */
  readonly tuner: (settings: ParamsOf<C>, env: Env) => TunerOptions<S> | Promise<TunerOptions<S>>;
  /**
   * The secret of requests, at least 16 characters. They carry it as `authorization: Bearer <token>`; without
   * a valid one, every request is refused.
   */
  readonly token: (env: Env) => string | undefined;
  /** The binding of the Durable Objects. */
  readonly objects: (env: Env) => ObjectNamespace;
  /**
   * The binding of a queue that this Worker also consumes. With it, objects run no jobs themselves: each job
   * is a message, and many isolates run jobs in parallel, with the same results bit for bit.
   */
  readonly queue?: (env: Env) => QueueBinding;
  /**
   * With a queue: the seconds after which the message of a waiting job is resent. Default 120.
   */
  readonly resendSeconds?: number;
}

const ofEnv = func<never>("a function of env");
const RULES = {
  token: [ofEnv],
  objects: [ofEnv],
  queue: ofEnv,
  ...STUDY_RULES,
  resendSeconds: [positive, 120],
} satisfies OptionRules<CloudflareOptions<Space, Space, unknown>>;

/** The exports of a Worker's module. */
export interface StudyWorker<Env> {
  /** The class of the Durable Objects; export it under the name in the configuration. */
  readonly StudyObject: new (
    state: ObjectState,
    env: Env,
  ) => {
    fetch(request: Request): Promise<Response>;
    alarm(): Promise<void>;
  };
  /** The Worker itself, the module's default export. */
  readonly worker: {
    fetch(request: Request, env: Env): Promise<Response>;
    queue(batch: JobBatch, env: Env): Promise<void>;
  };
}

/**
 * Creates the exports of a Worker's module.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` or `invalid_space` for invalid options
 * @example
 * ```ts
 * const { StudyObject, worker } = studyWorker({
 *   token: (env: { FETTLE_TOKEN: string; STUDIES: ObjectNamespace }) => env.FETTLE_TOKEN,
 *   objects: (env) => env.STUDIES,
 *   settings: { trials: int(1, 100) },
 *   tuner: ({ trials }) =>
 *     defineTuner({
 *       x: [[0], [1], [2], [3], [4], [5]],
 *       y: [0, 2, 4, 6, 8, 10],
 *       space: { units: int(1, 8) },
 *       model: ({ units }) => {
 *         const model = sequential([dense(units), dense(1)]);
 *         model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 *         return model;
 *       },
 *       trials,
 *     }),
 * });
 * Object.keys(worker); // ["fetch", "queue"]
 * ```
 */
export function studyWorker<const C extends Space, const S extends Space, Env>(
  options: CloudflareOptions<C, S, Env>,
): StudyWorker<Env> {
  type Options = CloudflareOptions<Space, Space, unknown>;
  const read = readOptions<Options, typeof RULES>(
    options as never,
    "studyWorker",
    RULES,
  ) as unknown as CloudflareOptions<C, S, Env> & { readonly resendSeconds: number };
  const { token, objects, tuner, queue, resendSeconds, ...rest } = read;
  const optionsFor = (env: Env) =>
    ({ ...rest, tuner: (settings: ParamsOf<C>) => tuner(settings, env) }) as StudySettings<C, S>;
  const consume = createConsumer<C, S>();
  const tell = teller(options.onError);
  const fetchObject = (env: Env) => (study: string, request: Request) => {
    const namespace = objects(env);
    return namespace.get(namespace.idFromName(study)).fetch(request);
  };
  return {
    StudyObject: class {
      private readonly object: SlicedObject<C, S> | QueuedObject<C, S>;

      constructor(state: ObjectState, env: Env) {
        const common = [state, token(env), optionsFor(env)] as const;
        this.object = queue
          ? new QueuedObject<C, S>(...common, queue(env), resendSeconds)
          : new SlicedObject<C, S>(...common);
      }
      fetch(request: Request): Promise<Response> {
        return this.object.fetch(request);
      }
      alarm(): Promise<void> {
        return this.object.alarm();
      }
    },
    worker: {
      async fetch(request, env) {
        try {
          return await fetchObject(env)(admit(request, token(env)).id, request);
        } catch (error) {
          return responseOf(refusalOf(error, tell));
        }
      },
      async queue({ messages }, env) {
        for (const message of messages) {
          try {
            await consume(message.body, optionsFor(env).tuner, token(env) as string, fetchObject(env));
            message.ack();
          } catch (error) {
            tell(error);
            message.retry();
          }
        }
      },
    },
  };
}
