// The suffix makes Vercel's bundlers and Next.js give a compiled module.
import kernels from "../../wasm/kernels.wasm?module";
import { embedded } from "./embedded.js";

/** Vercel's edge runtime. */
export const platform = embedded("edge-light", kernels);
