/** A tuner that can be saved, over any backend. The caller decides when jobs run. */
import { check, must, type OptionNames, show } from "../../errors.js";
import { ready } from "../../numerics/kernels.js";
import { copyOptions } from "../../options.js";
import type { Space } from "../../search/space/space.js";
import { reopenStudy } from "../../search/study/checkpoint.js";
import type { Study, StudyJson } from "../../search/study/contract.js";
import type { Direction } from "../../search/trial/trial.js";
import type { StoredTrial } from "../../store/storage.js";
import { type ArchiveFormat, packArchive, unpackArchive } from "../../workers/archive.js";
import { type Lineage, lineageOf, type SavedEnds } from "../trial/lineage.js";
import {
  KEPT,
  TUNE_OPTIONS,
  type TuneOptions,
  type TuneResult,
  type TunerOptions,
} from "../tuner/options.js";
import { runTuner } from "../tuner/run.js";
import { type StudyFactory, scoringOf, setUpTuner, type TunerSetup } from "../tuner/setup.js";
import { mustContinue } from "../tuner/study.js";
import { checkTuner, type TunerFingerprint, tunerFingerprint } from "./fingerprint.js";
import { Journal, type ResumableBackend } from "./journal.js";
import { readEnds, readKept, readTrials, type SavedTrial } from "./saved.js";

/** Version 4: includes predictions, if the final fit needs them. */
const FORMAT: ArchiveFormat = { magic: "fettle/t", version: 4, oldest: 4, what: "a saved tuner" };

/** A tuner before it starts or resumes. */
export interface ResumableSetup<S extends Space> {
  readonly setup: TunerSetup<S>;
  readonly fingerprint: TunerFingerprint;
  /** Which points of the space exist. */
  readonly constraint?: TunerOptions<S>["constraint"];
  /** What was saved in addition to the study. */
  readonly saved?: {
    readonly trials: readonly SavedTrial[];
    /** The final states of trainings that other trials continue. */
    readonly ends: SavedEnds;
  };
}

const {
  jobs: _jobs,
  queue: _queue,
  signal: _signal,
  timeout: _timeout,
  trialTimeout: _trialTimeout,
  clock: _clock,
  callbacks: _callbacks,
  ...tunerOptions
} = TUNE_OPTIONS;
const TUNER_OPTIONS: OptionNames<TunerOptions<Space>> = tunerOptions;

/**
 * @param what - the function whose options they are
 * @param bytes - from `save`; null for a new tuner
 * @param elsewhere - the finished trials that `save` left out, among others
 * @throws FettleError for options, spaces and data that do not fit, for invalid bytes, and if the two
 * disagree
 */
export async function setUpResumable<S extends Space>(
  what: string,
  given: TunerOptions<S>,
  bytes: Uint8Array | null,
  elsewhere: readonly StoredTrial[] = [],
): Promise<ResumableSetup<S>> {
  const callbacks = (given as TuneOptions<S> | undefined)?.callbacks;
  must(
    callbacks === undefined,
    `callbacks of ${what}`,
    "left out, since no bytes have their states; use earlyStopping, reduceLROnPlateau or learningRateDecay of fit",
    callbacks,
  );
  const options = copyOptions(given, what, TUNER_OPTIONS, KEPT);
  const constraint = options.constraint && { constraint: options.constraint };
  if (bytes === null) {
    await ready();
    const setup = await setUpTuner<S>(options, scoringOf(options));
    return { setup, fingerprint: tunerFingerprint(setup), ...constraint };
  }
  const {
    study: part,
    asked,
    plan,
    trials,
    ends,
    kept = [],
    folds,
    ...others
  } = unpackArchive(FORMAT, bytes);
  const study = asked === undefined ? part : wholeStudy(part as StudyJson, asked as number, elsewhere);
  const [other] = Object.keys(others);
  check(
    other === undefined,
    () => `this is not ${FORMAT.what}: it has a section ${show(other)}`,
    "invalid_checkpoint",
  );
  await ready();
  let checkStudy = (): void => {};
  const restore: StudyFactory = (own, directions) => {
    const { space, strategy, constraint } = own;
    const reopened = reopenStudy(study, { space, strategy, ...(constraint && { constraint }) });
    checkStudy = () => mustContinue(own, directions, reopened);
    return reopened;
  };
  const setup = await setUpTuner<S>(options, scoringOf(options), restore, folds);
  const fingerprint = tunerFingerprint(setup);
  checkTuner(fingerprint, plan);
  checkStudy();
  for (const each of readKept(kept, setup)) setup.trialSetup.kept?.add(...each);
  const saved = {
    trials: readTrials(trials, setup.study),
    ends: readEnds(ends, setup.study, setup.trialSetup.rows.scored),
  };
  return { setup, fingerprint, saved, ...constraint };
}

/**
 * The study of a saved tuner.
 *
 * @param elsewhere - the finished trials that `save` left out, among others
 */
export function savedStudy(bytes: Uint8Array, elsewhere: readonly StoredTrial[]): StudyJson {
  const { study, asked } = unpackArchive(FORMAT, bytes);
  return asked === undefined
    ? (study as StudyJson)
    : wholeStudy(study as StudyJson, asked as number, elsewhere);
}

/** The trials in a saved tuner: all that run, and finished ones that `save` did not leave out. */
export const trialsIn = (bytes: Uint8Array): readonly StoredTrial[] =>
  (unpackArchive(FORMAT, bytes).study as StudyJson).trials;

/**
 * Trials that run in the study run, also if they have ended elsewhere. Of those that have ended in both, the
 * stored fact counts.
 *
 * @param asked - the number of its trials
 */
function wholeStudy(study: StudyJson, asked: number, elsewhere: readonly StoredTrial[]): StudyJson {
  const known = new Map(elsewhere.map((trial) => [trial.number, trial]));
  for (const trial of study.trials)
    if (trial.status === "running" || (known.get(trial.number)?.status ?? "running") === "running")
      known.set(trial.number, trial);
  const trials = Array.from({ length: asked }, (_, number) => {
    const trial = known.get(number);
    check(
      trial,
      () => `trial ${number} of the saved tuner must be in its storage, which lacks it`,
      "damaged_record",
    );
    return trial;
  });
  return { ...study, trials };
}

/** What a saved tuner searches, for people and tools that inspect it. */
export interface SavedDefinition {
  readonly space: Space;
  /** The name of the strategy. */
  readonly strategy: string;
  readonly seed: number;
  /** One for each tuned metric. */
  readonly directions: readonly Direction[];
  /** The names of those metrics. */
  readonly metrics: readonly string[];
}

export function savedDefinition(bytes: Uint8Array): SavedDefinition {
  const { study, plan } = unpackArchive(FORMAT, bytes);
  const { space, strategy, seed, direction } = study as StudyJson;
  const directions = [direction].flat();
  const { metric } = plan as TunerFingerprint;
  return { space, strategy: strategy.name, seed, directions, metrics: metric.slice(0, directions.length) };
}

export interface TunerCore<S extends Space> {
  readonly study: Study<S>;
  readonly result: TuneResult<S> | undefined;
  /** Starts the study, once: from now on, the backend receives jobs. */
  start(): void;
  /** Whether there is a result. @throws the error that ended the tuner without one */
  isOver(): boolean;
  /** @param isElsewhere - which finished trials are kept elsewhere, and left out. Default none */
  save(isElsewhere?: (number: number) => boolean): Uint8Array;
}

/**
 * @param concurrency - how many jobs the backend runs at a time
 * @param onEnd - called once the tuner has ended
 */
export function createTunerCore<S extends Space>(
  { setup, fingerprint, saved }: ResumableSetup<S>,
  backend: ResumableBackend,
  concurrency: number,
  onEnd: () => void,
): TunerCore<S> {
  const { study, trialSetup, budget } = setup;
  const journal = new Journal(backend, concurrency, saved?.trials);
  const lineage: Lineage | undefined =
    study.strategy.resume && lineageOf({ ...trialSetup, backend: journal }, study, saved?.ends);
  const { validation } = setup.foldSettings;
  /** A function may divide differently when it is called again. */
  const isFunction = typeof validation === "function" && validation.options === undefined;
  let started = false;
  let result: TuneResult<S> | undefined;
  let failure: { readonly error: unknown } | undefined;
  const onEvent: typeof budget.onEvent = (event) => {
    if (journal.refusal) throw journal.refusal.error;
    if (event.type === "trialEnded") journal.forget(event.record.number);
    return budget.onEvent?.(event);
  };
  const run = async (): Promise<void> => {
    try {
      const watched = { ...setup, budget: { ...budget, onEvent } };
      result = await runTuner(watched, journal, lineage, (trial) => journal.beginTrial(trial));
    } catch (error) {
      failure = { error };
    }
    onEnd();
  };
  return {
    study,
    get result() {
      return result;
    },
    start() {
      if (started) return;
      started = true;
      void run();
    },
    isOver() {
      if (failure) throw failure.error;
      return result !== undefined;
    },
    save(isElsewhere) {
      if (journal.refusal) throw journal.refusal.error;
      const whole = study.toJSON();
      const trials = whole.trials.filter(
        ({ number, status }) => status === "running" || !isElsewhere?.(number),
      );
      return packArchive(FORMAT, {
        study: { ...whole, trials },
        ...(isElsewhere && { asked: whole.trials.length }),
        plan: fingerprint,
        trials: journal.save(),
        ends: (lineage?.ends() ?? []).map(([number, { states }]) => [number, states]),
        ...(trialSetup.kept && { kept: trialSetup.kept.save() }),
        ...(isFunction && { folds: trialSetup.rows.folds.slice(0, trialSetup.rows.scored) }),
      });
    },
  };
}
