// Cloudflare's bundler leaves this import as it is, and the host gives a compiled module.
import kernels from "../../wasm/kernels.wasm";
import { embedded } from "./embedded.js";

/** Cloudflare's workerd. */
export const platform = embedded("workerd", kernels);
