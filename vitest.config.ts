import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Tests that need a process of their own: they replace a module or a global, count what the whole process holds or how long it takes, or clean
 * up in a file that several share, which a process loads once. All others share processes and what these have loaded: loading the modules anew for
 * each file was a sixth of the time of all tests.
 */
export const APART = [
  "test/platform/**/*.test.ts",
  ...[
    "attack/limits",
    "attack/locks",
    "attack/slow",
    "attack/threads",
    "attack/trials",
    "cli/limits",
    "cli/lock",
    "cli/optimize/programs",
    "cli/optimize/stopped",
    "cli/reach",
    "cli/refusedStorage",
    "cli/rowFlags",
    "cli/speed",
    "cloudflare/node",
    "cloudflare/object",
    "cloudflare/queue",
    "data/limits",
    "dashboard/sent",
    "docs/guide",
    "docs/serving",
    "docs/serving-models",
    "expressions",
    "faults/strategyParts",
    "nn/firstFit",
    "nn/memory",
    "numerics/finite",
    "numerics/kernels",
    "predict/loading",
    "runtimes/predict",
    "serve/driver",
    "store/claim",
    "store/indexedDb",
    "tune/jobs/backend",
    "tune/resume/study",
    "tune/tuner/time",
    "workers/threads",
  ].map((file) => `test/${file}.test.ts`),
];
const ALL = ["test/**/*.test.ts"];
/** What users read, run and install, a quarter of the time of all tests: `npm test` is without it, `npm run test:docs` is it alone. */
export const DOCS = ["test/docs/**", "test/**/example*.test.ts", "test/package/package.test.ts"];

/** Files that take 5 s or more and are not among the largest, which vitest begins with: at the end, they would run alone. */
const LONG = [
  "runtimes/study",
  "docs/tuning-anything",
  "nn/examples",
  "store/conformance",
  "store/faults",
  "optim/conformance",
  "nn/layers/recurrent/example",
  "graph/conformance",
  "workers/queue/processes",
  "attack/signals",
  "attack/locks",
].map((file) => `/test/${file}.test.ts`);

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = new Set(sorted.map(({ project }) => project.name)); // one runs after the other
    return [...projects].flatMap((name) => {
      const own = sorted.filter(({ project }) => project.name === name);
      const isLong = ({ moduleId }: TestSpecification) => LONG.some((path) => moduleId.endsWith(path));
      return [...own.filter(isLong), ...own.filter((file) => !isLong(file))];
    });
  }
}

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const { compilerOptions } = JSON.parse(readFileSync(path("./tsconfig.json"), "utf8"));
const paths: Readonly<Record<string, readonly [string]>> = compilerOptions.paths;

// a fifth of the random cases that tests name, to which the mutants were held, or with `--mode long` 20 times as many
export default defineConfig(({ mode }) => {
  const timesTheCases = mode === "long" ? 20 : 0.2;
  const left = mode === "core" ? DOCS : [];
  // written into each project, since one that extends this file does not see the mode
  const resolve = {
    // longer names first, since the shorter is their beginning
    alias: Object.fromEntries(
      Object.entries(paths)
        .sort(([a], [b]) => b.length - a.length)
        .map(([name, [file]]) => [name, path(file)]),
    ),
  };
  const test = {
    // bundles that are built: nothing to transform
    server: { deps: { external: [/\/dist\/node\//] } },
    globalSetup: ["test/store/postgres.setup.ts"],
    setupFiles: ["test/setup.ts"],
    provide: { timesTheCases },
    // a poll of one second, vitest's own, ends too early on a machine that does other work too
    expect: { poll: { timeout: 30_000 } },
    testTimeout: Math.max(1, timesTheCases) * 60_000,
    hookTimeout: Math.max(1, timesTheCases) * 60_000,
  };
  return {
    resolve,
    test: {
      ...test,
      projects: [
        { resolve, test: { ...test, name: "apart", include: APART, exclude: left } },
        {
          resolve,
          test: { ...test, name: "together", include: ALL, exclude: [...APART, ...left], isolate: false },
        },
      ],
      // one more than there are cores, since tests wait too: for processes, leases and signals
      maxWorkers: availableParallelism() + 1,
      sequence: { sequencer: LongFirst },
    },
  };
});
