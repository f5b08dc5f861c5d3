// Cloudflare's bundler leaves this import as it is, and the host gives a compiled module.
import kernels from "../../wasm/kernels.wasm";
import { embedded } from "./embedded.js";

export { turn } from "./embedded.js";

/** Whether there may be threads: a constant, so that bundles for hosts without any leave out what hands jobs to them. */
export const HAS_THREADS = false;

/** Cloudflare's workerd. */
export const platform = embedded("workerd", kernels);
