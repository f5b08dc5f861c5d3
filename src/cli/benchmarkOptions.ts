/**
 * The benchmark that the flags of `fettle benchmark` describe: standard problems and optimizers, and those of
 * a user's module.
 */
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Contestant, standardOptimizers } from "../benchmark/contestant.js";
import type { Problem } from "../benchmark/problem.js";
import { standardProblems } from "../benchmark/problems/index.js";
import { TABLES } from "../benchmark/problems/learning.js";
import type { BenchmarkOptions } from "../benchmark/runBenchmark.js";
import { byName, check, FettleError, isRecord, messageOf, must, show } from "../errors.js";
import { defined } from "../options.js";
import { isThere, readText } from "./files.js";
import { type FlagsOf, integer, jobCount, names, text, turn } from "./flags.js";

const OPTIMIZERS = standardOptimizers()
  .map(({ name }) => name)
  .join(", ");

export const BENCHMARK = {
  problems: names("<names>", "problems to run, separated by commas (default: all)"),
  optimizers: names("<names>", `optimizers to compare: ${OPTIMIZERS} (default: all)`),
  with: text("<file.js>", "module that exports further problems or optimizers"),
  seeds: integer(1)("<n>", "runs with default settings; the same number run tuned", 10),
  trials: integer(1)("<n>", "trials to tune each optimizer", 20),
  jobs: jobCount(1)(
    "<n>",
    "worker threads; their number does not change results; -1 for one per core, the default",
  ),
  out: text("<folder>", "folder for runs, tables and pictures", "fettle-benchmark"),
  pictures: turn(
    "draw pictures; needs the package echarts (default: if it is installed)",
    "draw no pictures",
  ),
};
export type BenchmarkFlags = FlagsOf<typeof BENCHMARK>;

/**
 * The options of the benchmark.
 *
 * @throws FettleError `unknown_name` for problems and optimizers that do not exist; as `importModule`
 */
export async function readBenchmark(flags: BenchmarkFlags): Promise<BenchmarkOptions> {
  const { problems, optimizers, with: file, seeds, trials, jobs } = flags;
  const texts = TABLES.map(({ name }) => {
    const path = fileURLToPath(new URL(`../../examples/data/${name}.csv`, import.meta.url));
    return [name, readText(path)] as const;
  });
  const custom = file === undefined ? { problems: [], optimizers: [] } : await importModule(file);
  const allProblems = [...standardProblems(Object.fromEntries(texts)), ...custom.problems];
  const allOptimizers = [...standardOptimizers(), ...custom.optimizers];
  return {
    problems: select("problem", allProblems, problems),
    optimizers: select("optimizer", allOptimizers, optimizers),
    ...defined({ seeds, trials, jobs }),
  };
}

function select<T extends { readonly name: string }>(
  kind: string,
  all: readonly T[],
  chosen?: readonly string[],
): readonly T[] {
  const twice = repeated(all.map(({ name }) => name));
  check(twice === undefined, () => `${kind}s must have different names; received ${show(twice)} twice`);
  const table = Object.fromEntries(all.map((one) => [one.name, one]));
  const again = repeated(chosen ?? []);
  check(again === undefined, () => `--${kind}s must have different names; received ${show(again)} twice`);
  return chosen?.map((name) => byName(kind, table, name)) ?? all;
}

/** The first name that is listed twice. */
function repeated(names: readonly string[]): string | undefined {
  return names.find((name, i) => names.indexOf(name) < i);
}

/**
 * The `problems` and `optimizers` that a module exports, either or both.
 *
 * @throws FettleError `not_found` if there is no such file; `invalid_data` if it cannot be loaded or exports
 * something else
 */
async function importModule(
  file: string,
): Promise<{ readonly problems: readonly Problem[]; readonly optimizers: readonly Contestant[] }> {
  const path = resolve(file);
  check(isThere(path), () => `cannot read ${show(file)}: there is no such file`, "not_found");
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(path).href)) as typeof module;
  } catch (error) {
    throw new FettleError("invalid_data", `cannot load ${show(file)}: ${messageOf(error)}`, { cause: error });
  }
  const { problems = [], optimizers = [] } = module;
  must(
    isListOf(problems, "start"),
    `problems of ${show(file)}`,
    "an array of problems made by defineProblem",
    problems,
    "invalid_data",
  );
  must(
    isListOf(optimizers, "create"),
    `optimizers of ${show(file)}`,
    "an array of optimizers made by contestant",
    optimizers,
    "invalid_data",
  );
  check(
    module.problems !== undefined || module.optimizers !== undefined,
    () => `${show(file)} must export problems, optimizers or both; received ${show(Object.keys(module))}`,
    "invalid_data",
  );
  return { problems: problems as Problem[], optimizers: optimizers as Contestant[] };
}

/** Whether a value is a list of objects with a name and a function called `method`. */
function isListOf(value: unknown, method: string): boolean {
  return (
    Array.isArray(value) &&
    value.every((one) => isRecord(one) && typeof one.name === "string" && typeof one[method] === "function")
  );
}
