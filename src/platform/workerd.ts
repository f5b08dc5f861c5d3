// A WebAssembly file as an ES module, as Cloudflare's bundler leaves it.
import kernels from "../../wasm/kernels.wasm";
import { embedded } from "./embedded.js";

/** Cloudflare's workerd. */
export const platform = embedded("workerd", kernels);
