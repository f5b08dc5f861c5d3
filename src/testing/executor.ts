/**
 * The laws that every executor keeps, as property tests over random programs; for the built-in ones and for others of
 * the same interface. They test what a run computes and how it is stopped, saved and freed, not how fast it is.
 */
import fc from "fast-check";
import { compileStep } from "../compile/compile.js";
import type { Program } from "../compile/program.js";
import type { Executor, Matrix, Run } from "../engine/executor.js";
import type { Floats } from "../ndarray.js";
import { anyTask, type TaskChoices, taskOf } from "./arbitraries/tasks.js";
import { anyRecipe, type StepRecipe, stepOf } from "./graphs.js";
import { type CheckOptions, fail, hold, lawOf } from "./laws.js";
import { FLOAT32, type Precision } from "./operations/rounding.js";
import { checkRun, type RunTask } from "./run.js";

/** Which cases, and in which numbers. */
export interface ExecutorCheckOptions extends CheckOptions {
  /** The numbers that the executor computes in. Default `FLOAT32`. */
  readonly precision?: Precision;
  /** Instructions of a random step, at most. Default 24. */
  readonly instructions?: number;
}

type Law = (
  executor: Executor,
  options: ExecutorCheckOptions & Required<Pick<ExecutorCheckOptions, "precision" | "instructions">>,
) => fc.IRawProperty<unknown>;

/** The laws of executors by name: each gives a property for fast-check's `assert`. */
export const executorLaws: Readonly<Record<string, Law>> = {
  "does what random graphs say, step by step, within the rounding of its numbers": (
    executor,
    { precision, instructions, onShare },
  ) =>
    fc.property(anyRecipe(instructions), anyTask, (recipe, choices) => {
      const { program, task } = caseOf(recipe, choices);
      const share = checkRun(executor, program, task, precision);
      onShare?.(share);
    }),

  "takes n steps in one call as in n calls": (executor, { instructions }) =>
    fc.property(anyRecipe(instructions), anyTask, (recipe, choices) => {
      const made = caseOf(recipe, choices);
      const [whole, single] = [true, false].map((atOnce) =>
        withRun(executor, made, (run) => {
          if (atOnce) run.advance(made.task.steps);
          else for (let step = 0; step < made.task.steps; step++) run.advance(1);
          return arraysOf(run);
        }),
      );
      checkSame(single, whole, "single steps led elsewhere");
    }),

  "goes on from a saved run as if it had not been saved": (executor, { instructions }) =>
    fc.property(anyRecipe(instructions), anyTask, fc.nat({ max: 4 }), (recipe, choices, stop) => {
      const made = caseOf(recipe, choices);
      const { steps } = made.task;
      const before = Math.min(stop, steps - 1);
      const [whole, saved] = withRun(executor, made, (run) => {
        run.advance(before);
        const state = run.save();
        run.advance(steps - before);
        return [arraysOf(run), state] as const;
      });
      const resumed = withRun(executor, made, (run) => {
        run.advance(1); // somewhere else, so that all of it must come from what was saved
        run.restore(saved);
        run.advance(steps - before);
        return arraysOf(run);
      });
      checkSame(resumed, whole, `after a save at step ${before} it went on differently`);
    }),

  "keeps two runs apart, however they take turns": (executor, { instructions }) =>
    fc.property(anyRecipe(instructions), anyTask, (recipe, choices) => {
      const made = caseOf(recipe, choices);
      const { steps } = made.task;
      const alone = withRun(executor, made, (run) => {
        run.advance(steps);
        return arraysOf(run);
      });
      withRun(executor, made, (first) =>
        withRun(executor, made, (second) => {
          for (let step = 0; step < steps; step++) for (const run of [second, first]) run.advance(1);
          for (const run of [first, second]) checkSame(arraysOf(run), alone, "two runs at once met");
        }),
      );
    }),

  "gives back the memory that a run and its matrices took": (executor, { instructions }) =>
    fc.property(anyRecipe(instructions), anyTask, (recipe, choices) => {
      const made = caseOf(recipe, choices);
      const before = executor.bytesInUse;
      withRun(executor, made, (run) => {
        run.advance(1);
        if (executor.bytesInUse <= before) fail("a run in use took no memory");
      });
      if (executor.bytesInUse !== before)
        fail(`${executor.bytesInUse} bytes are in use after all was freed, ${before} were before`);
    }),
};

/**
 * Holds an executor to all laws.
 *
 * @throws Error with the law's name, what went wrong, the smallest case that breaks it, and how to replay it
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
 * Holds an executor to one of `executorLaws`, so that a test runner can show each by itself.
 *
 * @throws Error as {@link checkExecutor}
 * @example
 * ```ts
 * checkExecutorLaw(createEngine(), "takes n steps in one call as in n calls", { numRuns: 10 });
 * ```
 */
export function checkExecutorLaw(executor: Executor, name: string, options: ExecutorCheckOptions = {}): void {
  const { precision = FLOAT32, instructions = 24 } = options;
  const property = lawOf(executorLaws, name)(executor, { ...options, precision, instructions });
  hold(`executor "${executor.name}"`, name, property, options);
}

interface Case {
  readonly program: Program;
  readonly task: RunTask;
}

function caseOf(recipe: StepRecipe, choices: TaskChoices): Case {
  const { signature, rows, write } = stepOf(recipe);
  const program = compileStep(signature, rows, write);
  return { program, task: taskOf(choices, program) };
}

/** Starts a run with its data and state written, and frees all of it in the end. */
function withRun<T>(executor: Executor, { program, task }: Case, use: (run: Run) => T): T {
  const { batchSize, seed, shuffle, rows } = task;
  const room = rows?.length ?? task.dataRows;
  const streams: Record<string, Matrix> = {};
  for (const { name, columns, direction } of program.streams) {
    streams[name] =
      direction === "in"
        ? executor.matrix(task.dataRows, columns, task.streams[name])
        : executor.matrix(room, columns);
  }
  const subset = rows && { rows: Int32Array.from(rows) };
  const run = executor.start(program, { streams, batchSize, seed, shuffle, ...subset });
  try {
    for (const { name } of [...program.inputs, ...program.state]) run.write(name, task.arrays[name]);
    return use(run);
  } finally {
    run.free();
    for (const matrix of Object.values(streams)) matrix.free();
  }
}

/** All that a run can be asked for. */
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
