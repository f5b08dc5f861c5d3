/**
 * Studies over HTTP on any host that has `Request` and `Response`: Node, Deno, Bun, Vercel and others. The
 * host provides the storage that keeps them. It opens no port.
 *
 * @example
 * ```ts
 * const server = serveStudies({
 *   token: "a secret of 16 characters or more",
 *   storage: memoryStorage(),
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
import { teller } from "../listener.js";
import { flag, type OptionRules, type ReadOptions, readOptions } from "../rules.js";
import type { Space } from "../search/space/space.js";
import type { StudyStorage } from "../store/storage.js";
import { openBoundedTuner } from "../tune/resume/slices.js";
import { Driver } from "./driver.js";
import type { Reply } from "./exchange.js";
import { ofHost } from "./faults.js";
import { handlerOf } from "./handler.js";
import { type Admitted, admit, isName } from "./http.js";
import { checkRoomInStorage, Room } from "./limits.js";
import { isForList, listStudies } from "./list.js";
import type { Neighbours } from "./neighbours.js";
import {
  isStorage,
  LIMIT_RULES,
  type ServedStudyOptions,
  type ServerLimits,
  STUDY_RULES,
  type StudySettings,
} from "./options.js";
import { Requests } from "./requests.js";
import { ServedStudy } from "./study.js";
import { later, sleep } from "./timer.js";
import { checkToken, secret } from "./token.js";

/** How studies are served. */
export interface ServerOptions<C extends Space, S extends Space>
  extends ServedStudyOptions<C, S>,
    ServerLimits {
  /** The secret of requests, at least 16 characters. They carry it as `authorization: Bearer <token>`. */
  readonly token: string;
  /**
   * Where studies are kept. It may have studies that no server began: they are in the list of names, and are
   * not served.
   */
  readonly storage: StudyStorage;
  /**
   * Whether studies run in the background, slice after slice and in turn, as long as the process lives. After
   * a restart they continue by themselves. If code runs only during requests, use false: each `POST
   * …/advance` runs one slice. Default true.
   */
  readonly background?: boolean;
}

const RULES = {
  ...STUDY_RULES,
  ...LIMIT_RULES,
  token: [secret],
  storage: [isStorage],
  background: [flag, true],
} satisfies OptionRules<ServerOptions<Space, Space>>;

/** Studies over HTTP. */
export interface StudyServer {
  /** Answers a request; `docs/serving.md` lists the paths. It never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
}

/** Milliseconds until the names of the studies are requested again, after the storage failed. */
const AGAIN = 5_000;
/** Milliseconds to wait for a study before reading the next. */
const LONG = 1_000;

/**
 * Creates a handler of requests to studies. In the background, running studies resume at once.
 *
 * @throws FettleError `invalid_argument`, `unknown_name` or `invalid_space` for invalid options
 */
export function serveStudies<const C extends Space, const S extends Space>(
  options: ServerOptions<C, S>,
): StudyServer {
  const limits = readOptions<ServerOptions<Space, Space>, typeof RULES>(
    options as never,
    "serveStudies",
    RULES,
  ) as unknown as StudySettings<C, S> & ReadOptions<ServerOptions<C, S>, typeof RULES>;
  const { token, storage, background } = limits;
  const tell = teller(limits.onError);
  const requests = new Requests(limits);
  const driver = new Driver(() => requests.giveWay());
  // without background work, a process does not know which studies run
  const room = background
    ? new Room(limits.maxRunning, limits.maxMemory)
    : new Room(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  const neighbours: Neighbours = {
    room,
    admit: () => ofHost("the storage", () => checkRoomInStorage(storage, limits.maxStudies)),
    unheard: (id) => forget(id),
  };

  /** The studies in use; all others are only in the storage. */
  const open = new Map<string, { readonly study: ServedStudy<C, S>; users: number }>();
  const take = (id: string): ServedStudy<C, S> => {
    const entry = open.get(id) ?? {
      study: new ServedStudy(id, storage, limits, openBoundedTuner, neighbours),
      users: 0,
    };
    open.set(id, entry);
    entry.users++;
    return entry.study;
  };
  const forget = (id: string): void => {
    const entry = open.get(id);
    if (entry && entry.users === 0 && !entry.study.hasListeners) open.delete(id);
  };
  const leave = (id: string): void => {
    const entry = open.get(id);
    if (entry) entry.users--;
    forget(id);
  };
  const drive = (id: string): Promise<void> => {
    const study = take(id);
    return driver.drive(
      {
        id,
        get isFree() {
          return study.isFree;
        },
        prepare: () => study.prepare(),
        runSlice: (host) => study.runSlice(undefined, host),
        stall: (reason) => {
          if (reason !== undefined) tell(reason);
          study.stall(reason);
        },
      },
      () => leave(id),
    );
  };
  const answer = async ({ id, answer }: Admitted): Promise<Reply> => {
    const study = take(id);
    try {
      const response = await answer(study, tell);
      if (background && study.isRunning && !driver.has(id)) void drive(id);
      return response;
    } finally {
      leave(id);
    }
  };
  const resumeAll = async (): Promise<void> => {
    try {
      for (const id of await storage.names()) {
        await requests.giveWay();
        // a slow one does not delay the others
        if (isName(id) && !driver.has(id)) await Promise.race([drive(id), sleep(LONG)]);
      }
    } catch (error) {
      tell(error);
      later(AGAIN, resumeAll);
    }
  };
  if (background) void resumeAll();

  return {
    fetch: handlerOf(async (request) => {
      if (isForList(request)) {
        checkToken(request, token);
        return requests.answer(() => listStudies(request, storage));
      }
      const admitted = admit(request, token);
      return requests.answer(() => answer(admitted));
    }, tell),
  };
}
