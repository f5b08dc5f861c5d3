/** How the page is bundled: tables as text, the kernels as a file beside the worker. */
import { fileURLToPath } from "node:url";

/**
 * Options of esbuild.
 *
 * @param {string} outdir
 */
export const bundle = (outdir) => ({
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  entryPoints: ["index.html", "style.css", "page.js", "worker.js"],
  outdir,
  bundle: true,
  // the default strategy is loaded when it is needed
  splitting: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  loader: { ".html": "copy", ".csv": "text", ".wasm": "file" },
  // the built package: the paths of tsconfig.json would lead to its sources
  tsconfigRaw: "{}",
  logLevel: "warning",
});
