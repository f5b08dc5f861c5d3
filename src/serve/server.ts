/**
 * Studies over HTTP on any host that has `Request` and `Response`: Node, Deno, Bun, Vercel and others. Who keeps them is a
 * store of the host's. It opens no port.
 *
 * @example
 * ```ts
 * const server = serveStudies({
 *   token: "a secret of 16 characters or more",
 *   store: memoryStore(),
 *   settings: { trials: int(1, 100), strategy: choice(["tpe", "random"]) },
 *   tune: ({ trials, strategy }) =>
 *     defineTuning({
 *       x: [[0], [1], [2], [3], [4], [5]],
 *       y: [0, 2, 4, 6, 8, 10],
 *       space: { learningRate: float(1e-3, 1e-1, { log: true }) },
 *       model: ({ learningRate }) => {
 *         const model = sequential([dense(1)]);
 *         model.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError" });
 *         return model;
 *       },
 *       strategy: createStrategy(strategy),
 *       validation: { folds: 2 },
 *       trials,
 *     }),
 * });
 * const ask = async (method: string, path: string, body = "") => {
 *   const headers = { authorization: "Bearer a secret of 16 characters or more" };
 *   const url = `https://example.com/studies/${path}`;
 *   const response = await server.fetch(new Request(url, { method, headers, ...(body && { body }) }));
 *   return (await response.json()) as StudyStatus;
 * };
 * (await ask("POST", "first", '{ "trials": 3, "strategy": "tpe" }')).phase; // "running"
 * while ((await ask("GET", "first")).phase === "running") await new Promise((resolve) => setTimeout(resolve, 10));
 * (await ask("GET", "first")).finished; // 3
 * ```
 */
import { check, checkOptions, show } from "../errors.js";
import type { Space } from "../search/space/space.js";
import { admit, whyNoToken } from "./http.js";
import type { Store } from "./store.js";
import { checkStudyOptions, openTuning, ServedStudy, STUDY_OPTIONS, type StudyOptions } from "./study.js";

/** How studies are served. */
export interface ServerOptions<C extends Space, S extends Space> extends StudyOptions<C, S> {
  /** What requests carry as `authorization: Bearer <token>`: a secret of at least 16 characters. */
  readonly token: string;
  /** Where studies are kept. A study is the business of one process at a time. */
  readonly store: Store;
  /**
   * Whether studies go on by themselves, slice after slice, as long as the process lives; one that was started before goes
   * on when it is asked for. Where code runs only while a request is answered, false: each `POST …/advance` does a slice.
   * Default true.
   */
  readonly background?: boolean;
}

/** Studies over HTTP. */
export interface StudyServer {
  /** Answers a request; the paths are in `docs/serving.md`. It never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
}

/**
 * Makes what answers requests to studies. Nothing is read or begun before the first.
 *
 * @throws FettleError `invalid_argument`, `unknown_name`, `invalid_space` for options that do not fit
 */
export function serveStudies<const C extends Space, const S extends Space>(
  options: ServerOptions<C, S>,
): StudyServer {
  checkOptions(options, "serveStudies", [...STUDY_OPTIONS, "token", "store", "background"]);
  checkStudyOptions(options);
  const { token, store, background = true } = options;
  const misused = whyNoToken(token);
  check(misused === undefined, () => misused as string);
  for (const method of ["get", "put", "delete"] as const) {
    check(
      typeof store?.[method] === "function",
      () => `a store has get, put and delete, received ${show(store)}`,
    );
  }
  /** Studies that somebody uses now. All others are in the store alone. */
  const open = new Map<string, { readonly study: ServedStudy<C, S>; users: number }>();
  const use = async <T>(id: string, work: (study: ServedStudy<C, S>) => Promise<T>): Promise<T> => {
    const entry = open.get(id) ?? { study: new ServedStudy(id, store, options, openTuning), users: 0 };
    open.set(id, entry);
    entry.users++;
    try {
      return await work(entry.study);
    } finally {
      entry.users--;
      if (entry.users === 0 && !entry.study.isHeard) open.delete(id);
    }
  };

  /** Names of studies that go on by themselves. */
  const driven = new Set<string>();
  const drive = (id: string): Promise<void> =>
    use(id, async (study) => {
      driven.add(id);
      try {
        // Others have their turn after each slice.
        while ((await study.slice())?.phase === "running")
          await new Promise((resolve) => setTimeout(resolve));
      } finally {
        driven.delete(id);
      }
    });

  return {
    async fetch(request) {
      const admitted = await admit(request, token);
      if (admitted instanceof Response) return admitted;
      const { id, answer } = admitted;
      return use(id, async (study) => {
        const response = await answer(study);
        // A store that fails stops it, and says so to whoever asks next.
        if (background && study.isRunning && !driven.has(id)) drive(id).catch(() => {});
        return response;
      });
    },
  };
}
