/**
 * What Fettle asks of a host. The files of this folder are the only ones that
 * touch one; the right file is chosen by the conditions of `imports["#platform"]`
 * in package.json. Nothing here computes, and nothing runs at import.
 */

/**
 * Compiled kernels: a `WebAssembly.Module`. Public types do not name it, since not every
 * TypeScript project declares it.
 */
export type KernelsModule = object;

/** A thread that runs Fettle's worker loop and speaks in structured clones. */
export interface WorkerThread {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once if the thread ends or throws before `terminate`. */
  onFailure(listener: (error: Error) => void): void;
  terminate(): Promise<void>;
  /**
   * Leaves the thread, which has nothing to do, to whoever next wants one with its program; some seconds later it ends.
   * It knows what it was told, and does not keep the process alive.
   */
  release(): void;
}

export interface Platform {
  /** A word for messages: `node`, `browser`, `workerd`, `edge-light`. */
  readonly name: string;
  /** The compiled kernels where a host can give them at once; undefined where they must be awaited. */
  kernelsSync(): KernelsModule | undefined;
  kernels(): Promise<KernelsModule>;
  /** How many threads are worth starting, 1 where there are none. */
  parallelism(): number;
  /**
   * A thread of `dist/node/<program>.js`, by default `worker`: one that was released, or a new one; undefined where the
   * host has none.
   */
  spawnWorker(program?: string): WorkerThread | undefined;
  /** In a worker thread: answers each message in turn with what `handle` returns, unless that is undefined. */
  serve(handle: (message: unknown) => Promise<unknown>): void;
  /** Milliseconds of a monotonic clock, for progress and reports only, never for a result. */
  now(): number;
}
