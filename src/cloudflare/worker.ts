/**
 * Studies on Cloudflare Workers: a Durable Object has one study and keeps it in its SQLite storage; a Worker lets those
 * pass who have the token, and does the jobs of a queue. What a request means is `serve/http.ts`.
 */
import { check, checkOptions, show } from "../errors.js";
import type { ParamsOf, Space } from "../search/space/space.js";
import { admit } from "../serve/http.js";
import { checkStudyOptions, STUDY_OPTIONS, type StudyOptions } from "../serve/study.js";
import type { TunerOptions } from "../tune/tuner/options.js";
import type { JobBatch, JobQueue, ObjectNamespace, ObjectState } from "./host.js";
import { SlicedObject } from "./object.js";
import { createConsumer, QueuedObject } from "./queue.js";

/** How studies are run on Cloudflare. `Env` is what the Worker is bound to. */
export interface CloudflareOptions<C extends Space, S extends Space, Env>
  extends Omit<StudyOptions<C, S>, "tune"> {
  /** The tuning of a study, as for `serveStudies`; data may come from a binding. */
  readonly tune: (settings: ParamsOf<C>, env: Env) => TunerOptions<S> | Promise<TunerOptions<S>>;
  /** What requests carry as `authorization: Bearer <token>`: a secret of at least 16 characters. Without it, no request is answered. */
  readonly token: (env: Env) => string | undefined;
  /** The binding of the Durable Objects. */
  readonly objects: (env: Env) => ObjectNamespace;
  /**
   * The binding of a queue that this Worker consumes as well. With it, objects do no work themselves: each training of a trial
   * on a fold is a message, and many isolates do them side by side, to the same bits.
   */
  readonly queue?: (env: Env) => JobQueue;
  /** With a queue: after how long the message of a job that still waits is sent again. Default 120. */
  readonly resendSeconds?: number;
}

/** What a Worker's module exports. */
export interface StudyWorker<Env> {
  /** The class of the Durable Objects; export it under the name that the configuration has. */
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
 * Makes what the module of a Worker exports.
 *
 * @throws FettleError `invalid_argument`, `unknown_name`, `invalid_space` for options that do not fit
 * @example
 * ```ts
 * const { StudyObject, worker } = studyWorker({
 *   token: (env: { FETTLE_TOKEN: string; STUDIES: ObjectNamespace }) => env.FETTLE_TOKEN,
 *   objects: (env) => env.STUDIES,
 *   settings: { trials: int(1, 100) },
 *   tune: ({ trials }) =>
 *     defineTuning({
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
  checkOptions(options, "studyWorker", [...STUDY_OPTIONS, "token", "objects", "queue", "resendSeconds"]);
  const { token, objects, tune, queue, resendSeconds = 120, ...rest } = options;
  for (const [name, value] of Object.entries({ token, objects, tune, queue })) {
    const isLeftOut = name === "queue" && value === undefined;
    check(
      isLeftOut || typeof value === "function",
      () => `${name} is a function of env, received ${show(value)}`,
    );
  }
  const optionsFor = (env: Env): StudyOptions<C, S> => ({
    ...rest,
    tune: (settings) => tune(settings, env),
  });
  checkStudyOptions({ ...rest, tune: () => ({}) as TunerOptions<S> });
  check(resendSeconds > 0, () => `resendSeconds is a positive number, received ${show(resendSeconds)}`);

  const consume = createConsumer<C, S>();
  const fetchObject = (env: Env) => (study: string, request: Request) => {
    const namespace = objects(env);
    return namespace.get(namespace.idFromName(study)).fetch(request);
  };
  return {
    StudyObject: class {
      private readonly hosted: SlicedObject<C, S> | QueuedObject<C, S>;

      constructor(state: ObjectState, env: Env) {
        const given = [state, token(env), optionsFor(env)] as const;
        this.hosted = queue
          ? new QueuedObject<C, S>(...given, queue(env), resendSeconds)
          : new SlicedObject<C, S>(...given);
      }
      fetch(request: Request): Promise<Response> {
        return this.hosted.fetch(request);
      }
      alarm(): Promise<void> {
        return this.hosted.alarm();
      }
    },
    worker: {
      async fetch(request, env) {
        const admitted = await admit(request, token(env));
        return admitted instanceof Response ? admitted : fetchObject(env)(admitted.id, request);
      },
      async queue({ messages }, env) {
        for (const message of messages) {
          try {
            await consume(message.body, optionsFor(env).tune, token(env) as string, fetchObject(env));
            message.ack();
          } catch {
            message.retry();
          }
        }
      },
    },
  };
}
