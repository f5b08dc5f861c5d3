/**
 * Stryker at an exact version in `.mutants/`, so that installing Fettle does not install it. Vitest is the
 * root's.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { asReported, identity } from "./sample.js";

/** The last that runs on Node 20. */
const VERSION = "9.6.1";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const home = join(root, ".mutants");
const inHome = (...path) => join(home, "node_modules", ...path);

/** Installs it unless it is there. */
export function install() {
  const manifest = inHome("@stryker-mutator", "core", "package.json");
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).version === VERSION) return;
  mkdirSync(home, { recursive: true });
  const dependencies = { "@stryker-mutator/core": VERSION, "@stryker-mutator/vitest-runner": VERSION };
  writeFileSync(join(home, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
  // Its peer, vitest, is found in the root.
  const options = ["--prefix", home, "--no-package-lock", "--legacy-peer-deps", "--loglevel=error"];
  run("npm", ["install", ...options], { shell: process.platform === "win32" });
}

/**
 * The identities of all mutants of some files, none of them tried.
 *
 * @param files - paths below the root
 */
export async function mutantsOf(files) {
  const load = (...path) => import(pathToFileURL(inHome(...path)).href);
  const { createInstrumenter } = await load("@stryker-mutator", "instrumenter", "dist", "src", "index.js");
  const { createInjector } = await load("typed-inject", "dist", "src", "index.js");
  const logger = { debug() {}, info() {}, isDebugEnabled: () => false };
  const instrumenter = createInjector().provideValue("logger", logger).injectFunction(createInstrumenter);
  const { mutants } = await instrumenter.instrument(
    files.map((name) => ({
      name: join(root, name),
      mutate: true,
      content: readFileSync(join(root, name), "utf8"),
    })),
    { plugins: null, excludedMutations: [], ignorers: [] },
  );
  return mutants.map((mutant) => identity(asReported(mutant)));
}

/**
 * Tries some mutants of some files, with the tests that meet them, and appends what becomes of them to a
 * file.
 *
 * @param files - paths below the root
 * @param tests - the test files that they are held to, in the order to run them
 * @param identities - of the mutants to try
 * @param results - the file; of a mutant that is in it already the last line counts
 * @param processes - that run tests at once
 */
export function tryMutants({ files, tests, identities, results, processes }) {
  const [config, drawn] = ["stryker.json", "drawn.json"].map((name) => join(home, name));
  writeFileSync(drawn, JSON.stringify(identities));
  const plugin = fileURLToPath(new URL("sample.js", import.meta.url));
  const options = {
    plugins: ["@stryker-mutator/vitest-runner", plugin],
    testRunner: "vitest",
    vitest: { configFile: "test/mutation/vitest.config.js", related: false },
    checkers: ["drawn"],
    disableTypeChecks: false, // nothing checks types while tests run
    mutate: files,
    coverageAnalysis: "perTest",
    // What runs at import alone would have to be tried with all tests in a process of its own.
    ignoreStatic: true,
    concurrency: processes,
    // Generous, as a slow machine kills no mutant; loops without end are found by their turns.
    timeoutFactor: 2,
    timeoutMS: 20_000,
    dryRunTimeoutMinutes: 60,
    reporters: ["lines", "progress-append-only"],
    tempDirName: join(home, "sandbox"),
    ignorePatterns: [".runtimes", "bench", "dist", "test/runtimes"],
  };
  writeFileSync(config, JSON.stringify(options));
  run(process.execPath, [inHome("@stryker-mutator", "core", "bin", "stryker.js"), "run", config], {
    env: {
      ...process.env,
      FETTLE_MUTANTS: drawn,
      FETTLE_MUTANT_RESULTS: results,
      FETTLE_MUTANT_TESTS: tests.join(" "),
    },
  });
}

function run(command, args, options) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (status !== 0) throw new Error(`${command} ${args[0]} failed: ${error?.message ?? `exit ${status}`}`);
}
