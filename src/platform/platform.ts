/**
 * The interface to a host. Only the files of this folder touch one; the conditions of `imports["#platform"]`
 * in package.json choose among them. Nothing here computes, and nothing runs at import.
 */

/**
 * Compiled kernels: a `WebAssembly.Module`. Public types do not name it, since not every
 * TypeScript project declares it.
 */
export type KernelsModule = object;

/** A thread that runs one of Fettle's programs. Messages are structured clones. */
export interface WorkerThread {
  /** @throws `DataCloneError` for data that cannot be cloned; then nothing is sent */
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called for each end, error or unreadable message of the thread before `terminate`. */
  onFailure(listener: (error: Error) => void): void;
  terminate(): Promise<void>;
  /**
   * Returns an idle thread, for the next `spawnWorker` of its program. It keeps its state, does not keep the
   * process alive, and ends after some seconds.
   */
  release(): void;
}

/** Watches the thread that it was made in. */
export interface Watchdog {
  /** Sends a heartbeat of the thread. @param isAtWork - whether it is watched until the next call */
  beat(isAtWork: boolean): void;
  stop(): void;
}

/** Files of a host. */
export interface Files {
  /**
   * @param path - or the address of a file
   * @throws FettleError `not_found`
   */
  read(path: string): Promise<Uint8Array>;
  /** Writes a file completely or not at all. @throws FettleError `not_found` */
  write(path: string, bytes: Uint8Array): Promise<void>;
}

/** A terminal, whose last line can be rewritten. */
export interface Terminal {
  /** Characters of a line. */
  readonly columns: number;
  write(text: string): void;
}

export interface Platform {
  /** Its name in messages: `node`, `browser`, `workerd`, `edge-light`. */
  readonly name: string;
  /** The compiled kernels; undefined if the host can only load them asynchronously. */
  kernelsSync(): KernelsModule | undefined;
  kernels(): Promise<KernelsModule>;
  /**
   * The kernels for predictors, if they are downloaded: `kernels/predict.ts`. Elsewhere the program already
   * contains all kernels.
   */
  predictorKernels?(): Promise<KernelsModule>;
  /** The useful number of threads; 1 without threads. */
  parallelism(): number;
  /**
   * A thread of `dist/node/<program>.mjs`, by default `worker`: a released one, or a new one. Undefined
   * without threads, as in most bundles.
   */
  spawnWorker(program?: string): WorkerThread | undefined;
  /**
   * Kills this process, if the host allows it, once its thread has worked for this many milliseconds without
   * a heartbeat.
   */
  watchThread?(limit: number): Watchdog;
  /**
   * In a worker thread: answers each message, in order, with the result of `handle`, unless that is
   * undefined.
   *
   * @param handle - may send other messages before, by `post`
   */
  serve(handle: (message: unknown, post: (message: unknown) => void) => Promise<unknown>): void;
  /** Files, if the host has them. */
  readonly files?: Files;
  /** Standard error, if it is a terminal. */
  terminal?(): Terminal | undefined;
  /** Milliseconds of a monotonic clock, for progress and reports, never for results. */
  now(): number;
  /** Milliseconds since 1970, the same in all threads: for time limits of trainings. */
  time(): number;
}

/**
 * Lets the host do its own work first, such as timers, events and input: resolves in a later task. Each
 * platform file exports it as `turn`, apart from `platform`, so that bundles of code without waits omit it.
 */
export type Turn = () => Promise<void>;
