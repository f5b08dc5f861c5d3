// Bundles of dist/ for those who load files as they are; bundlers and other hosts get the modules of dist/ itself. The
// bundles stand as deep as the modules, so that paths from them hold.
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const shared = {
  cwd: fileURLToPath(new URL("..", import.meta.url)),
  // the paths of tsconfig.json lead to the sources
  tsconfig: false,
  // of what is imported while it runs and is in the bundle anyway
  checks: { ineffectiveDynamicImport: false },
};
const forNode = {
  ...shared,
  platform: "node",
  external: [/^node:/, "commander", "cli-progress", "picocolors", "fast-check", "echarts"],
};

/** Writes a bundle to `dist/<folder>`; returns the paths of the modules in it. */
async function bundle(folder, input, output = {}) {
  const made = await rolldown(input);
  const { output: chunks } = await made.write({
    dir: `dist/${folder}`,
    format: "esm",
    comments: false,
    ...output,
  });
  await made.close();
  return chunks.flatMap(({ modules }) => Object.keys(modules));
}

// What a page without a bundler loads, which knows neither packages nor their conditions.
await bundle(
  "browser",
  { ...shared, platform: "browser", input: { index: "dist/index.js" } },
  { minify: true, codeSplitting: false },
);

// Threads are worlds of their own: each program is one file, with what it needs and nothing else.
const programs = { worker: "dist/tune/jobs/worker.js", benchmarkWorker: "dist/benchmark/worker.js" };
for (const [name, path] of Object.entries(programs)) {
  await bundle("node", { ...forNode, input: { [name]: path } }, { codeSplitting: false });
}

// What Node loads, since opening a hundred files takes longer than a search's first step, and each takes .7 ms. The
// library is one file, and so is what other entries share: a value made by one of them is one to the others.
const library = new Set(
  await bundle("node", { ...forNode, input: { index: "dist/index.js" } }, { codeSplitting: false }),
);
await bundle(
  "node",
  {
    ...forNode,
    input: {
      index: "dist/index.js",
      benchmark: "dist/benchmark/index.js",
      cloudflare: "dist/cloudflare/index.js",
      ops: "dist/ops/index.js",
      serve: "dist/serve/index.js",
      testing: "dist/testing/index.js",
      cli: "dist/cli/main.js",
    },
  },
  {
    chunkFileNames: "[name].js",
    codeSplitting: {
      groups: [
        { name: "library", test: (id) => library.has(id) },
        { name: "shared", minShareCount: 2 },
      ],
    },
  },
);
