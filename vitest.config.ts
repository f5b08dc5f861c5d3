import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/**
 * Folders whose tests only compute: they touch no global, mock no module and start no thread. Their files share processes and what these have
 * loaded; loading modules is a fifth of the time of all tests.
 */
const PURE = [
  "autograd",
  "compile",
  "engine",
  "graph",
  "kernels",
  "laws",
  "metrics",
  "nn/layers",
  "nn/losses",
  "optim",
  "search/analysis",
  "search/schedulers",
  "search/space",
  "search/strategies",
  "search/study",
  "search/trial",
  "tune/trial",
  "tune/tuner",
].map((folder) => `test/${folder}/**/*.test.ts`);
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
      "fettle/serve/node": path("./src/serve/node/index.ts"),
      "fettle/serve": path("./src/serve/index.ts"),
      "fettle/store/sqlite": path("./src/store/sqlite/index.ts"),
      "fettle/store": path("./src/store/index.ts"),
      fettle: path("./src/index.ts"),
    },
  };
  const test = {
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
        { resolve, test: { ...test, name: "apart", include: ALL, exclude: PURE } },
        { resolve, test: { ...test, name: "together", include: PURE, isolate: false } },
      ],
      // by default one core is left idle, half of two
      maxWorkers: availableParallelism(),
    },
  };
});
