// Cloudflare's bundler keeps this import, and the host provides a compiled module.
import kernels from "../../wasm/kernels.wasm";
import { embedded } from "./embedded.js";

export { turn } from "./embedded.js";

/**
 * Whether there may be threads: a constant, so that bundles for hosts without threads omit the code for them.
 */
export const HAS_THREADS = false;

/** Cloudflare's workerd. */
export const platform = embedded("workerd", kernels);
