// The suffix makes Vercel's bundlers and Next.js provide a compiled module.
import kernels from "../../wasm/kernels.wasm?module";
import { embedded } from "./embedded.js";

export { turn } from "./embedded.js";

/**
 * Whether there may be threads: a constant, so that bundles for hosts without threads omit the code for them.
 */
export const HAS_THREADS = false;

/** Vercel's edge runtime. */
export const platform = embedded("edge-light", kernels);
