/** The flags of `fettle tune`, and which of them belong to its study. */
import type { MetricName } from "../metrics/names.js";
import { REPORTED } from "../metrics/registry.js";
import { DENSE_DEFAULTS } from "../tune/dense.js";
import { DATA } from "./dataset.js";
import { DISPLAY } from "./display.js";
import { readJson } from "./files.js";
import {
  classWeight,
  costs,
  epochs,
  type FlagsOf,
  grouped,
  integer,
  jobCount,
  names,
  namesOf,
  OVERWRITE,
  positiveNumber,
  SEED,
  STUDY_IN_STORAGE,
  share,
  text,
  turnOff,
  turnOn,
  without,
} from "./flags.js";
import { QUEUE } from "./queue.js";
import { NO_SCHEDULER, POINTS, POPULATION, SCHEDULERS, STRATEGY, TRIALS } from "./strategyFlags.js";
import { MODEL_FILE } from "./studyFolder.js";
import { isFile, VALIDATION } from "./validation.js";

/** Networks of the final model; docs/training.md has the measurement. */
export const ENSEMBLE = 8;

/** What is kept of each epoch, as a value of `curves` of `tune`. */
export const CURVES = { training: true, validation: "validation", none: false } as const;

/** Flags of time, which belong to one command. */
const TIME = {
  /** Of the command; `time` is a column. */
  seconds: positiveNumber(
    "<n>",
    "time limit of the command, including the final fit and the baselines; the result names the trial after which the search ended",
  ),
  allSeconds: turnOn(
    "search for all of --seconds; without it, a search of at least 60 trials ends if its second half gained no more than chance would",
  ),
};

const SEARCH = grouped("Search:", {
  trials: TRIALS,
  ...TIME,
  metric: names(
    "<names>",
    `metric to tune for: ${REPORTED.join(", ")}, or any other, such as balancedAccuracy or f1Macro (default: ` +
      "r2 or logLoss); several, separated by commas, give a Pareto front",
  ),
  threshold: text<MetricName>(
    "<metric>",
    "metric that chooses the decision threshold, such as f1, for two classes (default: a threshold of 0.5)",
  ),
  cost: costs(
    "<costs>",
    "costs of a missed row of the positive class and of a false alarm, such as missed=100,false=5; the decision threshold minimizes the cost",
  ),
  /** Its file, or the contents of that file when the study began. */
  space: text<string | Readonly<Record<string, unknown>>>(
    "<file.json>",
    `parameters to tune and their ranges: ${Object.keys(DENSE_DEFAULTS).join(", ")}`,
  ),
  strategy: STRATEGY,
  points: POINTS,
  scheduler: text(
    "<name>",
    `how unpromising trials are pruned: ${SCHEDULERS.join(", ")}; or ${POPULATION}: a ` +
      "population of 8 networks; each trial trains one for --epochs more, and the best replace the worst",
    NO_SCHEDULER,
  ),
});

const TRAINING = grouped("Training:", {
  epochs: epochs(
    "<n>",
    `epochs of each training (default: tuned; ${DENSE_DEFAULTS.epochs} with a scheduler)`,
  ),
  ensemble: integer(1)(
    "<n>",
    "networks of the final model, which predicts their mean: usually better than one network, but as many " +
      "times larger and slower; 1 for a single network; needs a single metric",
    ENSEMBLE,
  ),
  confirm: integer(0)(
    "<n>",
    "further divisions of the rows into folds, to choose the networks of the final model: each takes as " +
      "long as 32 trials (default: 0; with --seconds up to 3, if the search leaves time)",
  ),
  calibrate: turnOff(
    "do not calibrate the probabilities of the final model (default: a temperature is chosen, for classification with one metric)",
  ),
  batchSize: integer(1)("<rows>", "rows per batch (default: tuned)"),
  classWeight: classWeight(
    "<how>",
    "weights of classes in training: balanced, or class=number; may be repeated",
  ),
  curves: {
    ...text<keyof typeof CURVES>(
      "<kind>",
      "what to keep for each epoch and fold: the training loss, also the loss and metrics of the " +
        "validation rows (slower), or nothing (default: training)",
    ),
    choices: Object.keys(CURVES),
  },
});

const WATCH = {
  watch: turnOn(
    "serve a dashboard of the run, to this machine only, and print its address (see fettle dashboard)",
  ),
};

const FILES = grouped("Files:", {
  out: text(
    "<folder>",
    `write ${MODEL_FILE}, study.json, trials.csv, curves.csv and summary.json, while the study runs; and report.html, if echarts is installed`,
  ),
  overwrite: OVERWRITE,
  resume: text(
    "<folder>",
    "resume the study in a folder of --out; with --trials, until it has that many trials; with --seconds, for that long",
  ),
  storage: text(
    "<where>",
    "keep the study in a file, folder/ or postgres://host/name, each trial once it has ended; an existing study is resumed as with --resume; --out writes its files too (see fettle studies)",
  ),
  study: STUDY_IN_STORAGE,
  queue: QUEUE,
});

export const TUNE = {
  ...DATA,
  testSize: share("<share>", "share of rows held out for the final scores; 0 holds out no rows", 0.2),
  searchRows: integer(2)(
    "<n>",
    "how many of the other rows trials use; the final model is fitted to all (default: all; with --seconds, as many as the time allows)",
  ),
  ...SEARCH,
  ...VALIDATION,
  ...TRAINING,
  ...grouped("Other options:", {
    seed: SEED,
    jobs: jobCount(0)(
      "<n>",
      "worker threads; their number does not change results; -1 for one per core, the default; with --queue, 0 leaves all work to other workers",
    ),
    ...DISPLAY,
    ...WATCH,
  }),
  ...FILES,
};

/** Studies older than ensembles, calibration and others have no value of these. */
type Later = "ensemble" | "calibrate" | "shuffle";
export type TuneFlags = Omit<FlagsOf<typeof TUNE>, Later> & Partial<Pick<FlagsOf<typeof TUNE>, Later>>;

/** Flags that may be given when a study is resumed; all others are those that it began with. */
export const CHANGEABLE: readonly string[] = [
  "trials",
  "seconds",
  "jobs",
  ...namesOf({ ...DISPLAY, ...WATCH, ...FILES }),
];

/** Limits of the search, and the places where a study is kept or shown. */
export const OF_A_RUN = { ...TIME, ...WATCH, ...FILES };

/** Flags of one command, not of its study. */
const OF_THE_COMMAND = ["jobs", ...namesOf({ ...DISPLAY, ...OF_A_RUN })] as const;

/** The flags of a study as they are kept: with the contents of files, since those may change later. */
export function heldFlags(flags: TuneFlags): Readonly<Record<string, unknown>> {
  const kept = without(flags, OF_THE_COMMAND);
  const held = Object.entries({
    schema: kept.schema,
    space: kept.space,
    ...(isFile(kept.validation) && { validation: kept.validation }),
  }).flatMap(([name, given]) => (typeof given === "string" ? [[name, readJson(given)]] : []));
  return { ...kept, ...Object.fromEntries(held) };
}
