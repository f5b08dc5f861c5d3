import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/**
 * Tests that need a process of their own: they replace a module or a global, count what the whole process holds or how long it takes, or clean
 * up in a file that several share, which a process loads once. All others share processes and what these have loaded: loading the modules anew for
 * each file was a sixth of the time of all tests.
 */
export const APART = [
  ...["attack", "cloudflare", "docs", "package", "platform", "runtimes", "tune/jobs", "workers"].map(
    (folder) => `test/${folder}/**/*.test.ts`,
  ),
  ...[
    "cli/limits",
    "cli/lock",
    "cli/optimize/programs",
    "data/limits",
    "expressions",
    "faults/strategyParts",
    "nn/memory",
    "numerics/finite",
    "numerics/kernels",
    "predict/loading",
    "store/indexedDb",
    "tune/resume/study",
  ].map((file) => `test/${file}.test.ts`),
];
const ALL = ["test/**/*.test.ts"];

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

// `--mode long` is the suite with 20 times the random cases
export default defineConfig(({ mode }) => {
  const timesTheCases = mode === "long" ? 20 : 1;
  // written into each project, since one that extends this file does not see the mode
  const resolve = {
    // longer names first, since the shorter is their beginning
    alias: {
      "#platform": path("./src/platform/node.ts"),
      "fettle/testing": path("./src/testing/index.ts"),
      "fettle/benchmark": path("./src/benchmark/index.ts"),
      "fettle/cloudflare": path("./src/cloudflare/index.ts"),
      "fettle/export": path("./src/model/export/index.ts"),
      "fettle/ops": path("./src/ops/index.ts"),
      "fettle/predict": path("./src/predict/index.ts"),
      "fettle/queue": path("./src/workers/queue/index.ts"),
      "fettle/serve/node": path("./src/serve/node/index.ts"),
      "fettle/serve": path("./src/serve/index.ts"),
      "fettle/store/indexeddb": path("./src/store/indexedDb/index.ts"),
      "fettle/report": path("./src/report/index.ts"),
      "fettle/store/d1": path("./src/store/d1/index.ts"),
      "fettle/store/postgres": path("./src/store/postgres/index.ts"),
      "fettle/store/sqlite": path("./src/store/sqlite/index.ts"),
      "fettle/store": path("./src/store/index.ts"),
      fettle: path("./src/index.ts"),
    },
  };
  const test = {
    // bundles that are built: nothing to transform
    server: { deps: { external: [/\/dist\/node\//] } },
    setupFiles: ["test/setup.ts"],
    provide: { timesTheCases },
    testTimeout: timesTheCases * 60_000,
    hookTimeout: timesTheCases * 60_000,
  };
  return {
    resolve,
    test: {
      ...test,
      projects: [
        { resolve, test: { ...test, name: "apart", include: APART } },
        { resolve, test: { ...test, name: "together", include: ALL, exclude: APART, isolate: false } },
      ],
      // by default one core is left idle, half of two
      maxWorkers: availableParallelism(),
    },
  };
});
