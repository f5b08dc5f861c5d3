/** The flags of `fettle optimize`, and which of them belong to its study. */
import { DISPLAY } from "../display.js";
import { readJson } from "../files.js";
import {
  type FlagsOf,
  grouped,
  integer,
  jobCount,
  names,
  namesOf,
  OVERWRITE,
  positiveNumber,
  STUDY_IN_STORAGE,
  text,
  turnOn,
  without,
} from "../flags.js";
import { NO_SCHEDULER, POINTS, SCHEDULERS, STEPS, STRATEGY, TRIALS } from "../strategyFlags.js";

const OUTPUT = grouped("Other options:", {
  ...DISPLAY,
  out: text(
    "<folder>",
    "write study.json, trials.csv and summary.json, and a folder for each trial, while the study runs",
  ),
  overwrite: OVERWRITE,
  resume: text(
    "<folder>",
    "resume the study in a folder of --out; with --trials, until it has that many trials",
  ),
  storage: text(
    "<where>",
    "keep the study in a file, folder/ or postgres://host/name, each trial once it has ended; an existing study is resumed; --out writes its files too",
  ),
  study: STUDY_IN_STORAGE,
});

export const OPTIMIZE = {
  ...grouped("Parameters:", {
    /** Its file, or the contents of that file when the study began. */
    space: text<string | Readonly<Record<string, unknown>>>(
      "<file.json>",
      "the parameters to tune and their ranges",
    ),
    env: turnOn(
      "pass the parameters as environment variables too: FETTLE_LEARNING_RATE for learningRate, and FETTLE_PARAMS as JSON",
    ),
  }),
  ...grouped("Value:", {
    metric: names(
      "<names>",
      "name of the value in a JSON object (default: value); several, separated by commas, give a Pareto front",
    ),
    direction: names(
      "<words>",
      "minimize or maximize; for several metrics one each, separated by commas (default: minimize)",
    ),
    value: text(
      "<where>",
      "where to read the value: last-line of standard output, exit-code, or file:<name> in the folder of the trial",
      "last-line",
    ),
  }),
  ...grouped("Search:", {
    trials: TRIALS,
    seconds: positiveNumber("<n>", "time limit of the command"),
    strategy: STRATEGY,
    points: POINTS,
    scheduler: text(
      "<name>",
      `how unpromising trials are pruned, by the steps that the program prints: ${SCHEDULERS.join(", ")}`,
      NO_SCHEDULER,
    ),
    steps: STEPS,
    seed: integer(0)("<n>", "seed of the search", 0),
    jobs: jobCount(1)("<n>", "programs to run at once; -1 for one per core", 1),
    lag: integer(0)(
      "<n>",
      "most recent trials that the strategy ignores, so that others can run meanwhile; the same lag gives the same trials with any --jobs (default: 0, or 7 with several jobs)",
    ),
    trialTimeout: positiveNumber(
      "<seconds>",
      "time limit of a program; beyond it, the program is ended and its trial fails",
    ),
    grace: positiveNumber(
      "<seconds>",
      "time between SIGTERM, which asks a program to end, and SIGKILL, which ends it",
      5,
    ),
  }),
  ...OUTPUT,
};
export type OptimizeFlags = FlagsOf<typeof OPTIMIZE>;

/** Flags of one command, not of its study. */
const OF_THE_COMMAND = ["seconds", "jobs", ...namesOf(OUTPUT)] as const;

/** Flags that may be given when a study is resumed; all others are those that it began with. */
export const CHANGEABLE: readonly string[] = ["trials", ...OF_THE_COMMAND];

/**
 * The flags that a study keeps, with the contents of the file of --space, since that file may change later.
 */
export function heldFlags(flags: OptimizeFlags): Readonly<Record<string, unknown>> {
  const { space } = flags;
  return { ...without(flags, OF_THE_COMMAND), ...(typeof space === "string" && { space: readJson(space) }) };
}
