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

const message = (): Promise<void> =>
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

/** What a page has; a Worker has no document. */
const page = globalThis as {
  readonly document?: { readonly hidden: boolean };
  requestAnimationFrame?(paints: () => void): number;
};
/** Milliseconds after a frame until the next is overdue, at 60 a second. */
const FRAME = 15;
/** How long such a frame is waited for, and then not: an iframe out of view paints none. */
const [WAIT, WITHOUT] = [20, 1000];
/** When the page last painted; before the first frame, when one was first requested. */
let painted: number | undefined;
let isRequested = false;

/**
 * By a message: a page delays nested timers by 4 ms, and a hidden page delays every timer by a second.
 * Chromium paints between messages; Firefox only while the page waits, so an overdue frame is waited for.
 */
export const turn: Turn = async () => {
  await message();
  if (!page.requestAnimationFrame || !page.document || page.document.hidden) return;
  const now = performance.now();
  painted ??= now;
  if (!isRequested) {
    isRequested = true;
    page.requestAnimationFrame(() => {
      isRequested = false;
      painted = performance.now();
    });
  }
  if (now - painted < FRAME) return;
  painted = now + WITHOUT - FRAME;
  await new Promise<void>((resolve) => {
    page.requestAnimationFrame?.(resolve);
    setTimeout(resolve, WAIT);
  });
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
