/**
 * Studies over HTTP on any host that has `Request` and `Response`: Node, Deno, Bun, Vercel and others. The host provides
 * the store that keeps them. It opens no port.
 *
 * @example
 * ```ts
 * const server = serveStudies({
 *   token: "a secret of 16 characters or more",
 *   store: memoryStore(),
 *   settings: { trials: int(1, 100), strategy: choice(["tpe", "random"]) },
 *   tuner: ({ trials, strategy }) =>
 *     defineTuner({
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
import { check, checkOptions, must, type OptionNames } from "../errors.js";
import type { Space } from "../search/space/space.js";
import { admit } from "./http.js";
import { checkStudyOptions, STUDY_OPTIONS, type StudyOptions } from "./options.js";
import type { Store } from "./store.js";
import { openTuner, ServedStudy } from "./study.js";
import { whyInvalidToken } from "./token.js";

/** How studies are served. */
export interface ServerOptions<C extends Space, S extends Space> extends StudyOptions<C, S> {
  /** The secret of requests, at least 16 characters. They carry it as `authorization: Bearer <token>`. */
  readonly token: string;
  /** Where studies are kept. Only one process at a time may use a study. */
  readonly store: Store;
  /**
   * Whether studies run in the background, slice after slice, as long as the process lives; after a restart a study
   * continues at the first request for it. Where code runs only while a request is answered, use false: each
   * `POST …/advance` runs one slice. Default true.
   */
  readonly background?: boolean;
}

const OPTIONS: OptionNames<ServerOptions<Space, Space>> = {
  ...STUDY_OPTIONS,
  ...{ token: true, store: true, background: true },
};

/** Studies over HTTP. */
export interface StudyServer {
  /** Answers a request; `docs/serving.md` lists the paths. It never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
}

/**
 * Creates a handler of requests to studies. It reads and starts nothing before the first request.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` or `invalid_space` for invalid options
 */
export function serveStudies<const C extends Space, const S extends Space>(
  options: ServerOptions<C, S>,
): StudyServer {
  checkServerOptions(options);
  const { token, store, background = true } = options;
  /** The studies in use; all others are in the store alone. */
  const open = new Map<string, { readonly study: ServedStudy<C, S>; users: number }>();
  const use = async <R>(id: string, call: (study: ServedStudy<C, S>) => Promise<R>): Promise<R> => {
    const entry = open.get(id) ?? { study: new ServedStudy(id, store, options, openTuner), users: 0 };
    open.set(id, entry);
    entry.users++;
    try {
      return await call(entry.study);
    } finally {
      entry.users--;
      if (entry.users === 0 && !entry.study.hasListeners) open.delete(id);
    }
  };

  /** The names of the studies that run in the background. */
  const inBackground = new Set<string>();
  const runInBackground = (id: string): Promise<void> =>
    use(id, async (study) => {
      inBackground.add(id);
      try {
        // a turn of the event loop after each slice, for requests and other studies
        while ((await study.runSlice())?.phase === "running")
          await new Promise((resolve) => setTimeout(resolve));
      } finally {
        inBackground.delete(id);
      }
    });

  return {
    async fetch(request) {
      const admitted = await admit(request, token);
      if (admitted instanceof Response) return admitted;
      const { id, answer } = admitted;
      return use(id, async (study) => {
        const response = await answer(study);
        // if the store fails, this stops, and the next request reports why
        if (background && study.isRunning && !inBackground.has(id)) runInBackground(id).catch(() => {});
        return response;
      });
    },
  };
}

function checkServerOptions<C extends Space, S extends Space>(options: ServerOptions<C, S>): void {
  checkOptions(options, "serveStudies", OPTIONS);
  checkStudyOptions(options);
  const { token, store, background = true } = options;
  const invalid = whyInvalidToken(token);
  check(invalid === undefined, () => invalid as string);
  const isStore = (["get", "put", "delete"] as const).every((name) => typeof store?.[name] === "function");
  must(isStore, "store", "an object with the methods get, put and delete", store);
  must(typeof background === "boolean", "background", "true or false", background);
}
