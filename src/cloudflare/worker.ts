/**
 * Studies on Cloudflare Workers: a Durable Object has one study, goes on with it by alarms, a slice each, and keeps it in
 * its SQLite storage; a Worker lets those pass who have the token. What a request means is `serve/http.ts`.
 */
import { check, checkOptions, show } from "../errors.js";
import type { ParamsOf, Space } from "../search/space.js";
import { admit } from "../serve/http.js";
import { checkStudyOptions, ServedStudy, STUDY_OPTIONS, type StudyOptions } from "../serve/study.js";
import type { TunerOptions } from "../tune/tuner.js";
import type { ObjectNamespace, ObjectState } from "./host.js";
import { objectStore } from "./store.js";

/** How studies are run on Cloudflare. `Env` is what the Worker is bound to. */
export interface CloudflareOptions<C extends Space, S extends Space, Env>
  extends Omit<StudyOptions<C, S>, "tune"> {
  /** The tuning of a study, as for `serveStudies`; data may come from a binding. */
  readonly tune: (settings: ParamsOf<C>, env: Env) => TunerOptions<S> | Promise<TunerOptions<S>>;
  /** What requests carry as `authorization: Bearer <token>`: a secret of at least 16 characters. Without it, no request is answered. */
  readonly token: (env: Env) => string | undefined;
  /** The binding of the Durable Objects. */
  readonly objects: (env: Env) => ObjectNamespace;
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
  readonly worker: { fetch(request: Request, env: Env): Promise<Response> };
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
 * Object.keys(worker); // ["fetch"]
 * ```
 */
export function studyWorker<const C extends Space, const S extends Space, Env>(
  options: CloudflareOptions<C, S, Env>,
): StudyWorker<Env> {
  checkOptions(options, "studyWorker", [...STUDY_OPTIONS, "token", "objects"]);
  const { token, objects, tune, ...rest } = options;
  for (const [name, value] of Object.entries({ token, objects, tune })) {
    check(typeof value === "function", () => `${name} is a function of env, received ${show(value)}`);
  }
  const optionsFor = (env: Env): StudyOptions<C, S> => ({
    ...rest,
    tune: (settings) => tune(settings, env),
  });
  checkStudyOptions({ ...rest, tune: () => ({}) as TunerOptions<S> });

  class StudyObject {
    private readonly store: ReturnType<typeof objectStore>;
    private study: ServedStudy<C, S> | undefined;

    constructor(
      private readonly state: ObjectState,
      private readonly env: Env,
    ) {
      this.store = objectStore(state.storage);
    }

    async fetch(request: Request): Promise<Response> {
      const admitted = await admit(request, token(this.env));
      if (admitted instanceof Response) return admitted;
      const study = this.open(admitted.id);
      const response = await admitted.answer(study);
      const { storage } = this.state;
      if (study.isRunning && (await storage.getAlarm()) === null) await storage.setAlarm(AT_ONCE);
      return response;
    }

    /** If it is killed in here, the host calls it again, and the slice is done again to the same bits. */
    async alarm(): Promise<void> {
      const id = this.store.key();
      if (id === undefined) return;
      const status = await this.open(id).slice();
      if (status?.phase === "running") await this.state.storage.setAlarm(AT_ONCE);
    }

    private open(id: string): ServedStudy<C, S> {
      this.study ??= new ServedStudy(id, this.store, optionsFor(this.env));
      return this.study;
    }
  }

  return {
    StudyObject,
    worker: {
      async fetch(request, env) {
        const admitted = await admit(request, token(env));
        if (admitted instanceof Response) return admitted;
        const namespace = objects(env);
        return namespace.get(namespace.idFromName(admitted.id)).fetch(request);
      },
    },
  };
}

/** A time that has passed, so that an alarm is due. */
const AT_ONCE = 1;
