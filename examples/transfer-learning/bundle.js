/** How the page is bundled: the table as text, kernels and weights as files. */
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/**
 * Options of esbuild.
 *
 * @param {string} outdir
 */
export const bundle = (outdir) => ({
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  entryPoints: ["index.html", "style.css", "page.js"],
  outdir,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  loader: { ".html": "copy", ".csv": "text", ".wasm": "file", ".bin": "file" },
  // the built package: the paths of tsconfig.json would lead to its sources
  tsconfigRaw: "{}",
  logLevel: "warning",
});

/** Writes the page as static files. */
export async function writePage(outdir) {
  rmSync(outdir, { recursive: true, force: true });
  await build({ ...bundle(outdir), minify: true });
}
