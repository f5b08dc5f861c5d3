/** How the page is bundled: tables as text, the kernels as a file next to the workers. */
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/**
 * Options of esbuild.
 *
 * @param {string} outdir
 */
export const bundle = (outdir) => ({
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  entryPoints: ["index.html", "style.css", "icon.svg", "page.js", "worker.js", "drawing.js", "offline.js"],
  outdir,
  bundle: true,
  // the default strategy is loaded when it is needed
  splitting: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  loader: { ".html": "copy", ".svg": "copy", ".csv": "text", ".wasm": "file" },
  // requested by ECharts outside of a document
  define: { global: "globalThis" },
  // the built package: the paths of tsconfig.json would lead to its sources
  tsconfigRaw: "{}",
  logLevel: "warning",
});

/** Writes the page as static files, with the list of files that it needs to open offline. */
export async function writePage(outdir) {
  rmSync(outdir, { recursive: true, force: true });
  await build({ ...bundle(outdir), minify: true });
  writeFileSync(join(outdir, "files.json"), JSON.stringify(readdirSync(outdir)));
}
