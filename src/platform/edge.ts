// The suffix asks Vercel's bundlers and Next.js for a compiled module.
import kernels from "../../wasm/kernels.wasm?module";
import { embedded } from "./embedded.js";

/** Vercel's edge runtime. */
export const platform = embedded("edge-light", kernels);
