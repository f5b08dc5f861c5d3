/**
 * Tuning in slices: as much work at a time as the caller allows, down to one step of a training, saved in between as
 * bytes and gone on with elsewhere to the same result as without. It runs in its caller's thread, starts no timers and
 * keeps nothing outside itself.
 */

import { platform } from "#platform";
import { check, checkOptions, FettleError, isRecord, show } from "../errors.js";
import { kernelsName, ready } from "../numerics/kernels.js";
import { restoreStudy } from "../search/checkpoint.js";
import type { Space } from "../search/space.js";
import type { Study, StudyJson } from "../search/study.js";
import type { TrialRecord } from "../search/trial.js";
import { copyJson, sameValue } from "../search/value.js";
import { type ArchiveFormat, crc32, packArchive, unpackArchive } from "./archive.js";
import { Journal, type SavedTrial } from "./journal.js";
import { type Lineage, lineageOf } from "./lineage.js";
import { MODEL_OPTIONS, SEARCH_OPTIONS, type TuneOptions, type TuneResult } from "./options.js";
import { readEnds, readTrials, type SavedEnds } from "./saved.js";
import { foldsOf, type ModelSearch, type OpenStudy, prepareSearch, runSearch } from "./search.js";
import { Stepper } from "./stepper.js";
import type { Work } from "./trials.js";

/** What `tune` takes for a model, but for threads and a signal: a tuner has neither. */
export type TunerOptions<S extends Space> = Omit<TuneOptions<S>, "jobs" | "signal">;

/** How much work a slice is. */
export interface SliceOptions {
  /** The most steps: one a batch of a training, and one for each trial that begins. Default no bound. */
  readonly steps?: number;
  /**
   * Milliseconds of `clock` after which no step is begun; one is always done. What comes between steps is not
   * divided: suggesting a trial, and predicting a fold. Default no bound.
   */
  readonly maxMilliseconds?: number;
  /** A clock in milliseconds. Default the host's; where that stands still during computation, bound the steps. */
  readonly clock?: () => number;
}

/** A tuning that is done in slices. Made by `createTuner` or `restoreTuner`. */
export interface Tuner<S extends Space> {
  /** The trials so far. */
  readonly study: Study<S>;
  /** What came of it, once all is done; the last fit is part of that. */
  readonly result: TuneResult<S> | undefined;
  /**
   * Does a slice of the work.
   *
   * @returns the steps that were done; fewer than allowed, or none, once there is a result
   * @throws FettleError `invalid_argument` for bounds that are none; `invalid_state` while another slice is at work;
   * `invalid_checkpoint` where trainings that were saved are not of this data and model; and what `onEvent` and strategies throw, as `tune` does
   */
  advance(slice?: SliceOptions): Promise<{ readonly steps: number }>;
  /**
   * Everything there is to go on elsewhere. Trials in progress, with their trainings, are a section of their own
   * beside the history.
   *
   * @throws FettleError `invalid_state` while a slice is at work; `invalid_checkpoint` if what it was restored from was
   * refused meanwhile
   */
  save(): Uint8Array;
}

const DAMAGED = "invalid_checkpoint";
const FORMAT: ArchiveFormat = { magic: "fettle/t", version: 1, what: "a saved tuning" };

/**
 * Prepares a tuning that is done in slices, with the same result as `tune` to the bit, however it is cut. No trial is
 * begun.
 *
 * @throws FettleError for options, spaces and data that do not fit
 * @example
 * ```ts
 * const x = Array.from({ length: 90 }, (_, i) => [i / 90]);
 * const space = { learningRate: float(0.01, 0.5, { log: true }) };
 * const options: TunerOptions<typeof space> = {
 *   x,
 *   y: x.map(([a]) => 2 * a),
 *   space,
 *   model: ({ learningRate }) => {
 *     const model = sequential([dense(1)]);
 *     model.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError" });
 *     return model;
 *   },
 *   trials: 3,
 * };
 * let tuner = await createTuner(options);
 * await tuner.advance({ steps: 100 });
 * const bytes = tuner.save(); // into a file, a database, another runtime
 * tuner = await restoreTuner(bytes, options);
 * while (!tuner.result) await tuner.advance({ maxMilliseconds: 10 });
 * tuner.result.best?.status; // "complete"
 * ```
 */
export async function createTuner<const S extends Space>(options: TunerOptions<S>): Promise<Tuner<S>> {
  checkOptions(options, "createTuner", OPTIONS);
  await ready();
  const search = await prepareSearch<S>(options, detailsOf(options));
  return openTuner(search, planOf(search));
}

/**
 * Goes on with a tuning where it was saved, on this runtime or another, to the same result as if it had never stopped.
 *
 * @param bytes - from `save()`
 * @param options - those it began with: the data and the code are not in the bytes. `trials`, `stop` and `onEvent` may
 * differ. Events of trials that were in progress are told again.
 * @throws FettleError `invalid_checkpoint` for bytes that are damaged, foreign, of a newer release or of other kernels;
 * `invalid_argument` if data or settings are not those that it began with
 * @example
 * ```ts
 * const options = {
 *   x: [[0], [1], [2], [3], [4], [5]],
 *   y: [0, 2, 4, 6, 8, 10],
 *   space: { units: choice([1, 2]) },
 *   model: ({ units }: { units: number }) => {
 *     const model = sequential([dense(units), dense(1)]);
 *     model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
 *     return model;
 *   },
 *   strategy: grid(),
 *   validation: { folds: 2 },
 * };
 * const bytes = (await createTuner(options)).save();
 * const tuner = await restoreTuner(bytes, options);
 * await tuner.advance();
 * tuner.result?.trials.map(({ params }) => params); // [{ units: 1 }, { units: 2 }]
 * ```
 */
export async function restoreTuner<const S extends Space>(
  bytes: Uint8Array,
  options: TunerOptions<S>,
): Promise<Tuner<S>> {
  checkOptions(options, "restoreTuner", OPTIONS);
  const { study, plan, trials, ends, ...others } = unpackArchive(FORMAT, bytes);
  const [other] = Object.keys(others);
  check(other === undefined, () => `this is not ${FORMAT.what}: it has a section ${show(other)}`, DAMAGED);
  await ready();
  const open: OpenStudy = ({ space, strategy, constraint }) =>
    restoreStudy(study, { space, strategy, ...(constraint && { constraint }) });
  const search = await prepareSearch<S>(options, detailsOf(options), open);
  const own = planOf(search);
  checkPlan(own, plan);
  return openTuner(search, own, {
    trials: readTrials(trials, search.study),
    ends: readEnds(ends, search.study, search.work.folds.rounds.length),
  });
}

/** The finished trials of a saved tuning, by number. */
export function savedTrials(bytes: Uint8Array): readonly TrialRecord[] {
  const { trials } = unpackArchive(FORMAT, bytes).study as StudyJson;
  return trials.filter((trial): trial is TrialRecord => trial.status !== "running");
}

const OPTIONS = [...SEARCH_OPTIONS, ...MODEL_OPTIONS, "metric"].filter(
  (name) => name !== "jobs" && name !== "signal",
);

function detailsOf<S extends Space>({ metric = [] }: TunerOptions<S>) {
  const metrics = [metric].flat();
  return { metrics, objectives: Math.max(1, metrics.length), detailed: false, refit: true };
}

/** What of a tuning is beside its study. */
interface Saved {
  readonly trials: readonly SavedTrial[];
  /** Where trainings ended that others go on from. */
  readonly ends: SavedEnds;
}

/** The steps of a slice that is bounded by time are taken so many at once, at most. */
const MOST_AT_ONCE = 64;

function openTuner<S extends Space>(search: ModelSearch<S>, plan: Plan, saved?: Saved): Tuner<S> {
  const { study, work, budget } = search;
  let wake = (): void => {};
  const stepper = new Stepper(foldsOf(work.folds), () => wake());
  const journal = new Journal(stepper, saved?.trials);
  const whole: Work<S> = { ...work, runner: journal };
  const lineage: Lineage | undefined = study.strategy.proceed && lineageOf(whole, study, saved?.ends);
  let begun = false;
  let busy = false;
  let result: TuneResult<S> | undefined;
  let failure: { readonly error: unknown } | undefined;

  const begin = (): void => {
    begun = true;
    const onEvent: typeof budget.onEvent = (event) => {
      if (journal.refusal) throw journal.refusal.error;
      if (event.type === "trialEnded") journal.forget(event.record.number);
      budget.onEvent?.(event);
    };
    runSearch({ ...search, budget: { ...budget, onEvent } }, journal, lineage, (trial) =>
      journal.begin(trial),
    )
      .then(
        (found) => {
          result = found;
        },
        (error: unknown) => {
          failure = { error };
        },
      )
      .finally(() => wake());
  };
  /** Until there is a step to take, or nothing left to do. */
  const moreToDo = async (): Promise<boolean> => {
    while (stepper.idle && !result && !failure) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (failure) throw failure.error;
    return !result;
  };

  return {
    study,
    get result() {
      return result;
    },
    async advance(slice = {}) {
      checkSlice(slice);
      checkFree(busy, "advance");
      const { steps = Number.POSITIVE_INFINITY, maxMilliseconds, clock = () => platform.now() } = slice;
      busy = true;
      try {
        if (!begun) begin();
        const start = maxMilliseconds === undefined ? 0 : clock();
        let taken = 0;
        let next = maxMilliseconds === undefined ? steps : 1;
        while ((await moreToDo()) && taken < steps && next > 0) {
          taken += stepper.advance(Math.min(next, steps - taken));
          if (maxMilliseconds !== undefined) next = stepsFor(maxMilliseconds, clock() - start, taken);
        }
        return { steps: taken };
      } finally {
        busy = false;
      }
    },
    save() {
      checkFree(busy, "save");
      if (journal.refusal) throw journal.refusal.error;
      return packArchive(FORMAT, {
        study: study.toJSON(),
        plan,
        trials: journal.save(),
        ends: (lineage?.ends() ?? []).map(([number, { states }]) => [number, states]),
      });
    },
  };
}

/** How many steps to take at once, in half of the time that is left, by what steps have cost so far; 0 if none is left. */
function stepsFor(allowed: number, elapsed: number, taken: number): number {
  if (elapsed >= allowed) return 0;
  const half = ((allowed - elapsed) * taken) / (2 * elapsed); // infinite where the clock stood still
  return Math.max(1, Math.min(MOST_AT_ONCE, Math.floor(half)));
}

type Plan = ReturnType<typeof planOf>;

/** What must be the same when a tuning goes on, as plain data. */
function planOf<S extends Space>({ plan, work }: ModelSearch<S>) {
  const { fit = {}, schedule, task, metrics, constraints, folds } = work;
  const { train, validation } = folds.last;
  const parts = [train, validation].flatMap((part) => (part ? [part.x, part.y] : []));
  const bytes = parts.map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  );
  return {
    kernels: kernelsName(),
    validation: plan.validation,
    testSize: plan.testSize,
    standardize: plan.standardize,
    task,
    metric: metrics.map(({ name }) => name),
    constraints: constraints !== undefined,
    fit: typeof fit === "function" ? "a function" : copyJson(fit),
    scheduler: schedule
      ? { name: schedule.scheduler.name, options: schedule.scheduler.options, steps: schedule.epochs }
      : null,
    // The last, since the folds that it is taken of depend on what is above.
    data: bytes.reduce((crc, part) => crc32(part, crc), 0),
  };
}

function checkPlan(own: Plan, saved: unknown): void {
  check(
    isRecord(saved) && sameValue(Object.keys(saved), Object.keys(own)),
    "this is not a saved tuning: its settings are damaged",
    DAMAGED,
  );
  const build = (kernels: string) => kernels.split(" ")[1];
  check(
    typeof saved.kernels === "string" && build(saved.kernels) === build(own.kernels),
    () =>
      `the tuning was saved with the kernels ${show(saved.kernels)}, here are ${show(own.kernels)}, which compute other ` +
      "bits; go on with the release and the kernels that it began with",
    DAMAGED,
  );
  const { kernels: _, ...settings } = own;
  for (const [name, value] of Object.entries(settings)) {
    check(sameValue(saved[name], value), () =>
      name === "data"
        ? "the tuning was saved with other data; pass the same"
        : `the tuning was saved with ${name} ${show(saved[name])}, received ${show(value)}; pass the same`,
    );
  }
}

function checkSlice(slice: SliceOptions): void {
  checkOptions(slice, "advance", ["steps", "maxMilliseconds", "clock"]);
  const { steps, maxMilliseconds, clock } = slice;
  check(
    steps === undefined || (Number.isSafeInteger(steps) && steps > 0),
    () => `steps of advance is a positive integer, received ${show(steps)}`,
  );
  check(
    maxMilliseconds === undefined || maxMilliseconds > 0,
    () => `maxMilliseconds of advance is a positive number, received ${show(maxMilliseconds)}`,
  );
  check(
    clock === undefined || typeof clock === "function",
    () => `clock of advance is a function that returns milliseconds, received ${show(clock)}`,
  );
}

function checkFree(busy: boolean, what: string): void {
  if (busy) {
    throw new FettleError("invalid_state", `${what} was called while a slice is at work; await it first`);
  }
}
