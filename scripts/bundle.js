// Bundles what Node loads from dist/ into dist/node/, since opening a hundred files takes longer than a search's
// first step: the library, the command line and the worker thread, with what they share in chunks. Bundlers and
// other hosts get the modules of dist/ itself. Its files stand as deep as the modules, so that paths from them hold.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

await build({
  absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
  entryPoints: {
    index: "dist/index.js",
    testing: "dist/testing/index.js",
    cli: "dist/cli/main.js",
    worker: "dist/tune/worker.js",
  },
  outdir: "dist/node",
  bundle: true,
  // One copy of what entries share: a value made by one of them is one to the others.
  splitting: true,
  chunkNames: "chunk[hash]",
  format: "esm",
  platform: "node",
  target: "node20",
  external: ["commander", "cli-progress", "picocolors", "fast-check"],
  // The paths of tsconfig.json lead to the sources.
  tsconfigRaw: "{}",
  logLevel: "warning",
});
