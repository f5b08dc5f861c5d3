import { FettleError } from "../errors.js";
import type { Platform, Turn } from "./platform.js";

/**
 * Compiled from bytes: streaming would require the media type application/wasm and is no faster for so few
 * bytes.
 */
async function fetchKernels(address: () => URL): Promise<WebAssembly.Module> {
  let url: URL | undefined;
  try {
    url = address();
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (cause) {
    throw new FettleError(
      "not_found",
      `the kernels could not be loaded from ${url}: ${(cause as Error).message}; await ready({ module }) first; ` +
        'for Workers, bundle with the condition "workerd" (docs/runtimes.md, Bundlers)',
      { cause },
    );
  }
}

/**
 * Whether there may be threads: a constant, so that bundles for hosts without threads omit the code for them.
 */
export const HAS_THREADS = false;

/** What a page may have; a Worker has no document. */
const host = globalThis as {
  readonly navigator?: { readonly userAgent: string };
  readonly scheduler?: { postTask?(task: () => void): Promise<void> };
  readonly document?: { readonly hidden: boolean };
  requestAnimationFrame?(paints: (time: number) => void): number;
};

/**
 * Lets the host's tasks run. Not by a timer: a page delays nested timers by 4 ms, a hidden page all by a
 * second. `scheduler.postTask` takes about half the time of a message.
 */
const task = (): Promise<void> =>
  host.scheduler?.postTask?.(() => {}) ??
  new Promise((resolve) => {
    if (typeof MessageChannel === "undefined") return void setTimeout(resolve);
    const { port1, port2 } = new MessageChannel();
    const onmessage = (): void => {
      port1.close();
      resolve();
    };
    Object.assign(port1, { onmessage }); // Node's types lack it
    port2.postMessage(0);
  });

/** Chromium paints between tasks; Firefox often only while the page waits. */
const paintsAlone = (): boolean | undefined => host.navigator?.userAgent.includes("Chrome/");
/** Milliseconds from one frame to the next at 60 a second. */
const FRAME = 17;
/** How long an overdue frame is waited for. */
const WAIT = 20;
/** How long none is waited for after one that did not come: an iframe out of view paints none. */
const WITHOUT = 1000;
/** When the last frame was painted; before the first, when one was first requested. */
let painted: number | undefined;
let next: Promise<void> | undefined;

/** A task, and where the host does not paint between tasks, the frame that is overdue. */
export const turn: Turn = async () => {
  await task();
  if (paintsAlone() || !host.requestAnimationFrame || host.document?.hidden !== false) return;
  const now = performance.now();
  painted ??= now;
  next ??= new Promise((resolve) => {
    host.requestAnimationFrame?.((time) => {
      painted = time;
      next = undefined;
      resolve();
    });
  });
  if (now - painted < FRAME) return;
  painted = now + WITHOUT - FRAME;
  await Promise.race([next, new Promise((resolve) => setTimeout(resolve, WAIT))]);
};

/** Browsers, and any host that has `fetch` and `import.meta.url`. */
export const platform: Platform = {
  name: "browser",
  kernelsSync: () => undefined,
  // written out, so that bundlers find the files
  kernels: () => fetchKernels(() => new URL("../../wasm/kernels.wasm", import.meta.url)),
  predictorKernels: () => fetchKernels(() => new URL("../../wasm/predict.wasm", import.meta.url)),
  parallelism: () => 1,
  spawnWorker: () => undefined,
  serve: () => {},
  now: () => performance.now(),
  time: () => Date.now(),
};
