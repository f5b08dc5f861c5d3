/** What `fettle benchmark` is to run: the standard problems and optimizers, those of a user's module, and a choice among them. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Contestant, standardOptimizers } from "../benchmark/contestant.js";
import type { Problem } from "../benchmark/problem.js";
import { standardProblems } from "../benchmark/problems/index.js";
import { TABLES } from "../benchmark/problems/learning.js";
import type { BenchmarkOptions } from "../benchmark/runner.js";
import { byName, check, FettleError, isRecord, show } from "../errors.js";
import { readText } from "./files.js";

/** Those of the command's options that say what to run. */
export interface PlanOptions {
  readonly problems?: readonly string[];
  readonly optimizers?: readonly string[];
  readonly with?: string;
  readonly seeds: number;
  readonly trials: number;
  readonly jobs?: number;
}

/**
 * What the options ask for.
 *
 * @throws FettleError `unknown_name` for problems and optimizers that do not exist; as `importOwn`
 */
export async function readPlan(options: PlanOptions): Promise<BenchmarkOptions> {
  const { problems, optimizers, with: file, seeds, trials, jobs } = options;
  const texts = TABLES.map(({ name }) => {
    const path = fileURLToPath(new URL(`../../examples/data/${name}.csv`, import.meta.url));
    return [name, readText(path)] as const;
  });
  const own = file === undefined ? { problems: [], optimizers: [] } : await importOwn(file);
  const allProblems = [...standardProblems(Object.fromEntries(texts)), ...own.problems];
  const allOptimizers = [...standardOptimizers(), ...own.optimizers];
  return {
    problems: select("problem", allProblems, problems),
    optimizers: select("optimizer", allOptimizers, optimizers),
    ...{ seeds, trials, ...(jobs === undefined ? {} : { jobs }) },
  };
}

function select<T extends { readonly name: string }>(
  kind: string,
  all: readonly T[],
  chosen?: readonly string[],
): readonly T[] {
  const names = all.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  check(twice === undefined, () => `there are two ${kind}s of the name ${show(twice)}`);
  const table = Object.fromEntries(all.map((one) => [one.name, one]));
  return chosen?.map((name) => byName(kind, table, name)) ?? all;
}

/**
 * The `problems` and `optimizers` that a module exports, either or both.
 *
 * @throws FettleError `not_found` if there is no such file; `invalid_data` if it cannot be loaded or exports something else
 */
async function importOwn(
  file: string,
): Promise<{ readonly problems: readonly Problem[]; readonly optimizers: readonly Contestant[] }> {
  const path = resolve(file);
  check(existsSync(path), `cannot read ${show(file)}: there is no such file`, "not_found");
  let own: Readonly<Record<string, unknown>>;
  try {
    own = (await import(pathToFileURL(path).href)) as typeof own;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FettleError("invalid_data", `cannot load ${show(file)}: ${reason}`, { cause: error });
  }
  const { problems = [], optimizers = [] } = own;
  check(
    isListOf(problems, "start"),
    () => `problems of ${show(file)} is a list of what defineProblem returns, got ${show(problems)}`,
    "invalid_data",
  );
  check(
    isListOf(optimizers, "create"),
    () => `optimizers of ${show(file)} is a list of what contestant returns, got ${show(optimizers)}`,
    "invalid_data",
  );
  check(
    own.problems !== undefined || own.optimizers !== undefined,
    () => `${show(file)} exports neither problems nor optimizers`,
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
