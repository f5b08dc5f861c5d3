/**
 * The laws that every executor keeps, built-in or custom, as property tests over random programs. They test
 * the results of runs, and how they are stopped, saved and freed, not their speed.
 */

import fc from "fast-check";
import { compileStep } from "../compile/compile.js";
import type { Program } from "../compile/program.js";
import type { Executor, Run } from "../engine/executor.js";
import { isRecord, must } from "../errors.js";
import type { Floats } from "../ndarray.js";
import { integer, type OptionRules, readOptions, rule } from "../rules.js";
import { anyRunChoices, runCaseOf } from "./arbitraries/runs.js";
import { anyRecipe, stepOf } from "./graphs.js";
import { CHECK_RULES, type CheckOptions, fail, hold, lawOf } from "./laws.js";
import { FLOAT32, type Precision } from "./operations/rounding.js";
import { checkRun, type RunCase, withRun } from "./run.js";

/** Which cases, and in which precision. */
export interface ExecutorCheckOptions extends CheckOptions {
  /** The numbers that the executor computes in. Default `FLOAT32`. */
  readonly precision?: Precision;
  /** The most instructions of a random step, at least 5. Default 24. */
  readonly instructions?: number;
}

const RULES = {
  ...CHECK_RULES,
  precision: [
    rule(
      "FLOAT32, FLOAT64 or another precision",
      (value) => isRecord(value) && typeof value.round === "function",
    ),
    FLOAT32,
  ],
  instructions: [integer(5), 24],
} satisfies OptionRules<ExecutorCheckOptions>;

/** A law of executors, as a property of fast-check. */
export type ExecutorLaw = (
  executor: Executor,
  options: ExecutorCheckOptions & Required<Pick<ExecutorCheckOptions, "precision" | "instructions">>,
) => fc.IRawProperty<unknown>;

/** The laws of executors by name: each gives a property for fast-check's `assert`. */
export const executorLaws: Readonly<Record<string, ExecutorLaw>> = {
  "agrees with the references on random graphs, step by step, within the rounding of its numbers": (
    executor,
    { precision, instructions, onShare },
  ) =>
    overCases(instructions, (made) => {
      const share = checkRun(executor, ...made, precision);
      onShare?.(share);
    }),

  "gives the same for n steps in one call as in n calls": (executor, { instructions }) =>
    overCases(instructions, (made) => {
      const [whole, single] = [true, false].map((atOnce) =>
        withRun(executor, ...made, (run) => {
          if (atOnce) run.advance(made[1].steps);
          else for (let step = 0; step < made[1].steps; step++) run.advance(1);
          return arraysOf(run);
        }),
      );
      checkSame(single, whole, "single steps gave other numbers");
    }),

  "resumes from a saved run as if it had never stopped": (executor, { instructions }) =>
    overCases(instructions, (made, stop) => {
      const { steps } = made[1];
      const before = Math.min(stop, steps - 1);
      const [whole, saved] = withRun(executor, ...made, (run) => {
        run.advance(before);
        const state = run.save();
        run.advance(steps - before);
        return [arraysOf(run), state] as const;
      });
      const resumed = withRun(executor, ...made, (run) => {
        run.advance(1); // so that the complete state must come from the saved one
        run.restore(saved);
        run.advance(steps - before);
        return arraysOf(run);
      });
      checkSame(resumed, whole, `the run restored at step ${before} continued differently`);
    }),

  "keeps two runs apart, however they alternate": (executor, { instructions }) =>
    overCases(instructions, (made) => {
      const { steps } = made[1];
      const alone = withRun(executor, ...made, (run) => {
        run.advance(steps);
        return arraysOf(run);
      });
      withRun(executor, ...made, (first) =>
        withRun(executor, ...made, (second) => {
          for (let step = 0; step < steps; step++) for (const run of [second, first]) run.advance(1);
          for (const run of [first, second])
            checkSame(arraysOf(run), alone, "a second run changed the numbers");
        }),
      );
    }),

  "frees all memory of a run and its matrices": (executor, { instructions }) =>
    overCases(instructions, (made) => {
      const before = executor.bytesInUse;
      withRun(executor, ...made, (run) => {
        run.advance(1);
        if (executor.bytesInUse <= before) fail("a running run uses no memory");
      });
      if (executor.bytesInUse !== before)
        fail(`${executor.bytesInUse} bytes are in use after everything was freed; before it were ${before}`);
    }),
};

/**
 * Checks all laws of an executor.
 *
 * @throws BrokenLaw with the law's name, what went wrong, the smallest case that breaks it, and how to replay
 * it; FettleError `invalid_argument` or `unknown_name` for invalid arguments
 * @example
 * ```ts
 * checkExecutor(createEngine(), { numRuns: 20 });
 * checkExecutor(createEngine({ executor: "reference" }), { precision: FLOAT64, numRuns: 5 });
 * ```
 */
export function checkExecutor(executor: Executor, options: ExecutorCheckOptions = {}): void {
  for (const name of Object.keys(executorLaws)) checkExecutorLaw(executor, name, options);
}

/**
 * Checks one of `executorLaws`, so that a test runner can show each separately.
 *
 * @throws BrokenLaw as {@link checkExecutor}; FettleError `unknown_name` for an unknown law
 * @example
 * ```ts
 * checkExecutorLaw(createEngine(), "gives the same for n steps in one call as in n calls", { numRuns: 10 });
 * ```
 */
export function checkExecutorLaw(executor: Executor, name: string, options: ExecutorCheckOptions = {}): void {
  must(typeof executor?.start === "function", "executor", "an executor such as createEngine()", executor);
  const property = lawOf(executorLaws, name)(executor, readOptions(options, "checkExecutor", RULES));
  hold(`executor "${executor.name}"`, name, property, options);
}

type Case = readonly [program: Program, given: RunCase];

/** A property of random programs, with a step at which a run may stop. */
const overCases = (instructions: number, check: (made: Case, stop: number) => void) =>
  fc.property(anyRecipe(instructions), anyRunChoices, fc.nat({ max: 4 }), (recipe, choices, stop) => {
    const { signature, rows, write } = stepOf(recipe);
    const program = compileStep(signature, rows, write);
    check([program, runCaseOf(choices, program)], stop);
  });

/** All arrays of a run that can be read. */
function arraysOf(run: Run): Readonly<Record<string, Floats>> {
  const { state, outputs, inputs } = run.program;
  return Object.fromEntries([...state, ...outputs, ...inputs].map(({ name }) => [name, run.read(name)]));
}

function checkSame(
  actual: Readonly<Record<string, Floats>>,
  expected: Readonly<Record<string, Floats>>,
  message: string,
): void {
  for (const [name, values] of Object.entries(expected)) {
    const i = values.findIndex((value, at) => !Object.is(value, actual[name][at]));
    if (i >= 0) fail(`${message}: "${name}", element ${i}, is ${actual[name][i]}, not ${values[i]}`);
  }
}
