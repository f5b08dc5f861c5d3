// Bundles of dist/ for those who load files as they are; bundlers and other hosts get the modules of dist/ itself. The
// bundles stand as deep as the modules, so that paths from them hold.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const shared = {
  absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
  bundle: true,
  format: "esm",
  // The paths of tsconfig.json lead to the sources.
  tsconfigRaw: "{}",
  logLevel: "warning",
};

// What Node loads, since opening a hundred files takes longer than a search's first step: the library, the command line
// and the worker threads.
await build({
  ...shared,
  entryPoints: {
    index: "dist/index.js",
    benchmark: "dist/benchmark/index.js",
    cloudflare: "dist/cloudflare/index.js",
    serve: "dist/serve/index.js",
    testing: "dist/testing/index.js",
    cli: "dist/cli/main.js",
    worker: "dist/tune/worker.js",
    benchmarkWorker: "dist/benchmark/worker.js",
  },
  outdir: "dist/node",
  // One copy of what entries share: a value made by one of them is one to the others.
  splitting: true,
  chunkNames: "chunk[hash]",
  platform: "node",
  target: "node20",
  external: ["commander", "cli-progress", "picocolors", "fast-check", "echarts"],
});

// What a page without a bundler loads, which knows neither packages nor their conditions.
await build({
  ...shared,
  entryPoints: { index: "dist/index.js" },
  outdir: "dist/browser",
  platform: "browser",
  target: "es2022",
  minify: true,
});
