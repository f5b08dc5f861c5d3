/**
 * A tuning that can be saved: a prepared search under way, whoever does its jobs, and the bytes that it is in between.
 * When jobs are done is its caller's business.
 */
import { check, checkOptions, isRecord, show } from "../../errors.js";
import { oneOrSeveralMetrics } from "../../metrics/registry.js";
import { kernelsName, ready } from "../../numerics/kernels.js";
import type { Space } from "../../search/space/space.js";
import { copyJson, sameValue } from "../../search/space/value.js";
import { restoreStudy } from "../../search/study/checkpoint.js";
import type { Study, StudyJson } from "../../search/study/study.js";
import type { TrialRecord } from "../../search/trial/trial.js";
import { type ArchiveFormat, crc32, packArchive, unpackArchive } from "../../workers/archive.js";
import { type Lineage, lineageOf, type SavedEnds } from "../trial/lineage.js";
import type { Work } from "../trial/trials.js";
import { MODEL_OPTIONS, SEARCH_OPTIONS, type TuneResult, type TunerOptions } from "../tuner/options.js";
import { type ModelSearch, type OpenStudy, prepareSearch, runSearch } from "../tuner/search.js";
import { type Doer, Journal } from "./journal.js";
import { readEnds, readTrials, type SavedTrial } from "./saved.js";

const DAMAGED = "invalid_checkpoint";
const FORMAT: ArchiveFormat = { magic: "fettle/t", version: 1, what: "a saved tuning" };

/** A tuning before it begins or goes on. */
export interface Prepared<S extends Space> {
  readonly search: ModelSearch<S>;
  /** What must be the same when it goes on. */
  readonly plan: Plan;
  /** What it was beside its study, where it was saved. */
  readonly saved?: {
    readonly trials: readonly SavedTrial[];
    /** Where trainings ended that others go on from. */
    readonly ends: SavedEnds;
  };
}

/**
 * @param what - the function that the options are of
 * @param bytes - of `save`; null where it begins
 * @throws FettleError for options, spaces and data that do not fit, bytes that are none, and what the two disagree in
 */
export async function prepareTuning<S extends Space>(
  what: string,
  options: TunerOptions<S>,
  bytes: Uint8Array | null,
): Promise<Prepared<S>> {
  checkOptions(options, what, OPTIONS);
  if (bytes === null) {
    await ready();
    const search = await prepareSearch<S>(options, detailsOf(options));
    return { search, plan: planOf(search) };
  }
  const { study, plan, trials, ends, ...others } = unpackArchive(FORMAT, bytes);
  const [other] = Object.keys(others);
  check(other === undefined, () => `this is not ${FORMAT.what}: it has a section ${show(other)}`, DAMAGED);
  await ready();
  const open: OpenStudy = ({ space, strategy, constraint }) =>
    restoreStudy(study, { space, strategy, ...(constraint && { constraint }) });
  const search = await prepareSearch<S>(options, detailsOf(options), open);
  const own = planOf(search);
  checkPlan(own, plan);
  const saved = {
    trials: readTrials(trials, search.study),
    ends: readEnds(ends, search.study, search.work.folds.rounds.length),
  };
  return { search, plan: own, saved };
}

/** The finished trials of a saved tuning, by number. */
export function savedTrials(bytes: Uint8Array): readonly TrialRecord[] {
  const { trials } = unpackArchive(FORMAT, bytes).study as StudyJson;
  return trials.filter((trial): trial is TrialRecord => trial.status !== "running");
}

const OPTIONS = [...SEARCH_OPTIONS, ...MODEL_OPTIONS, "metric"].filter(
  (name) => name !== "jobs" && name !== "signal",
);

function detailsOf<S extends Space>({ metric }: TunerOptions<S>) {
  const metrics = oneOrSeveralMetrics("metric", metric);
  return { metrics, objectives: Math.max(1, metrics.length), detailed: false, refit: true };
}

/** A tuning under way. */
export interface Session<S extends Space> {
  readonly study: Study<S>;
  readonly result: TuneResult<S> | undefined;
  /** Begins, if it has not: from now on, jobs are given to the doer. */
  begin(): void;
  /** Whether there is a result. @throws what ended it without one */
  isOver(): boolean;
  save(): Uint8Array;
}

/**
 * @param jobs - how many jobs the doer takes at a time
 * @param onEnd - called once it is over
 */
export function openSession<S extends Space>(
  { search, plan, saved }: Prepared<S>,
  doer: Doer,
  jobs: number,
  onEnd: () => void,
): Session<S> {
  const { study, work, budget } = search;
  const journal = new Journal(doer, jobs, saved?.trials);
  const whole: Work<S> = { ...work, runner: journal };
  const lineage: Lineage | undefined = study.strategy.proceed && lineageOf(whole, study, saved?.ends);
  let begun = false;
  let result: TuneResult<S> | undefined;
  let failure: { readonly error: unknown } | undefined;
  return {
    study,
    get result() {
      return result;
    },
    begin() {
      if (begun) return;
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
        .finally(onEnd);
    },
    isOver() {
      if (failure) throw failure.error;
      return result !== undefined;
    },
    save() {
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

/** @throws FettleError if `saved` is no plan, or another one */
export function checkPlan(own: Plan, saved: unknown): void {
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
