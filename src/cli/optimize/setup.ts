/**
 * The study that the flags of `fettle optimize` describe, checked as far as possible before anything runs.
 */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, normalize } from "node:path";
import { check, must, show } from "../../errors.js";
import { createScheduler } from "../../search/schedulers/index.js";
import type { Scheduler } from "../../search/schedulers/scheduler.js";
import { type Space, spaceFromJson } from "../../search/space/space.js";
import type { Strategy } from "../../search/strategies/strategy.js";
import type { StudyJson } from "../../search/study/contract.js";
import type { Direction } from "../../search/trial/trial.js";
import { verbatim } from "../messages.js";
import { namesFolder } from "../output.js";
import { NO_SCHEDULER, POPULATION, readSpace, strategyOf } from "../strategyFlags.js";
import { type ProgramCommand, readCommand } from "./command.js";
import type { OptimizeFlags } from "./flags.js";
import type { ValueSource } from "./programs.js";

/** A study that has not started. */
export interface OptimizeSetup {
  readonly space: Space;
  readonly command: ProgramCommand;
  readonly metrics: readonly string[];
  readonly directions: readonly Direction[];
  readonly source: ValueSource;
  readonly strategy: Strategy;
  readonly scheduler: Scheduler | undefined;
}

const FILE = "file:";

/**
 * @param words - the program and its arguments
 * @param study - the study to resume
 * @throws FettleError for every fault in files and flags that shows before anything runs
 */
export async function readSetup(
  words: readonly string[],
  flags: OptimizeFlags,
  study?: StudyJson,
): Promise<OptimizeSetup> {
  const { metric: metrics = ["value"], env = false, scheduler, steps } = flags;
  const [first] = words;
  check(
    first !== undefined,
    "missing required argument 'program', after -- if it has options\nRun fettle optimize --help for usage.",
  );
  const twice = metrics.find((name, i) => metrics.indexOf(name) < i);
  check(twice === undefined, () => `--metric must have each name once; received ${show(twice)} twice`);
  const directions = directionsOf(flags, metrics);
  const source = sourceOf(flags.value, metrics);
  const space = study ? verbatim(() => spaceFromJson(study.space)) : spaceOf(flags.space);
  const command = verbatim(() => readCommand(words, space, env));
  if (command.program !== undefined) checkProgram(command.program);
  const isScheduled = scheduler !== NO_SCHEDULER;
  check(
    isScheduled === (steps !== undefined),
    isScheduled
      ? "--scheduler needs --steps, the number of steps that a complete trial reports"
      : "--steps needs --scheduler",
  );
  check(
    !isScheduled || source === "last-line",
    () =>
      `--scheduler reads steps from standard output, so --value must be left out; received ${show(flags.value)}`,
  );
  check(
    flags.strategy !== POPULATION,
    `strategy ${POPULATION} resumes earlier trainings, which programs cannot do; choose another strategy`,
  );
  return {
    space,
    command,
    metrics,
    directions,
    source,
    strategy: await strategyOf(flags, metrics.length),
    scheduler: isScheduled ? createScheduler(scheduler) : undefined,
  };
}

function directionsOf(
  { direction = ["minimize"] }: OptimizeFlags,
  metrics: readonly string[],
): readonly Direction[] {
  for (const each of direction)
    must(each === "minimize" || each === "maximize", "--direction", '"minimize" or "maximize"', each);
  check(
    direction.length === 1 || direction.length === metrics.length,
    () =>
      `--direction must be one word, or one for each of the ${metrics.length} names of --metric; received ${direction.length}`,
  );
  return metrics.map((_, i) => (direction[i] ?? direction[0]) as Direction);
}

export function sourceOf(value: string, metrics: readonly string[]): ValueSource {
  if (value.startsWith(FILE)) {
    const file = normalize(value.slice(FILE.length));
    const isInside =
      value.length > FILE.length && !isAbsolute(file) && !file.startsWith("..") && !namesFolder(file);
    must(
      isInside,
      "the file of --value",
      "below the folder of a trial, which is {folder} and FETTLE_FOLDER",
      file,
    );
    return { file };
  }
  must(
    value === "last-line" || value === "exit-code",
    "--value",
    '"last-line", "exit-code", or "file:" and a name in the folder of a trial',
    value,
  );
  check(
    value === "last-line" || metrics.length === 1,
    () => `--value exit-code is one value; received ${metrics.length} names of --metric`,
  );
  return value;
}

function spaceOf(given: OptimizeFlags["space"]): Space {
  check(
    given !== undefined,
    "--space must be given, a JSON file with the parameters and their ranges\nRun fettle optimize --help for an example.",
  );
  return readSpace(given);
}

/** Refuses a program that does not exist: it would fail in every trial. */
function checkProgram(program: string): void {
  if (process.platform === "win32") return; // Windows searches by its own rules
  const places = /\//.test(program)
    ? [program]
    : (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, program));
  check(
    places.some(isProgram),
    () =>
      `the program ${show(program)} must be executable: ${/\//.test(program) ? "the file does not exist, or is not executable" : "it is not in PATH"}; no shell runs it; for shell syntax, use sh -c`,
    "not_found",
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
