/**
 * A study with its trials, behind the contract of `contract.ts`: `createStudy` opens an empty one,
 * `restoreStudy` a saved one. Both first check user input.
 */
import { check, isPlainObject, show } from "../../errors.js";
import { ownParams, type Params, type ParamsOf, type Space, whyOutside } from "../space/space.js";
import { readOnce } from "../space/value.js";
import type { BestTrial, Trial, TrialRecord } from "../trial/trial.js";
import { noBest } from "./best.js";
import type { Study, StudyJson } from "./contract.js";
import { Ledger, type LedgerEntry } from "./ledger.js";
import { optimize, pause, resume, stop } from "./optimize.js";
import { type StudySettings, suggest, visibleTo } from "./suggest.js";

/** The version of the JSON that this release writes and the latest it reads. 2: trials may have curves. */
export const studyVersion = 2;

/** A study that already has some trials. */
export function openStudy<S extends Space>(
  settings: StudySettings,
  entries: readonly LedgerEntry[],
): Study<S> {
  const { space, strategy, seed, directions, lag } = settings;
  const ledger = new Ledger(entries, settings);
  const study: Study<S> = {
    space: space.parameters as S,
    strategy,
    direction: directions[0],
    directions,
    seed,
    lag,
    get trials() {
      return ledger.records as TrialRecord<ParamsOf<S>>[];
    },
    get asked() {
      return ledger.size;
    },
    get waiting() {
      return ledger.waiting;
    },
    get best() {
      const best = ledger.best as BestTrial<ParamsOf<S>> | undefined;
      if (!best) throw noBest(study);
      return best;
    },
    get bestTrials() {
      return ledger.bestTrials as TrialRecord<ParamsOf<S>>[];
    },
    canAsk: () => canAsk(settings, ledger),
    ask: () => ask(settings, ledger) as Trial<ParamsOf<S>> | undefined,
    tell: (number, outcome) => ledger.finish(number, outcome) as TrialRecord<ParamsOf<S>>,
    enqueue: (params) => ledger.append({ params: pointOf(settings, params, "enqueue"), given: true }),
    add: (params, outcome) =>
      ledger.appendFinished(pointOf(settings, params, "add"), outcome) as TrialRecord<ParamsOf<S>>,
    release: (number) => ledger.release(number),
    optimize: (objective, options) => optimize(study, objective, options, ledger),
    stop: () => stop(study),
    pause: () => pause(study),
    resume: () => resume(study),
    toJSON: () => toJson(settings, ledger),
  };
  return study;
}

function canAsk(settings: StudySettings, ledger: Ledger): boolean {
  if (ledger.waiting > 0 || !settings.strategy.adaptive) return true;
  return ledger.finishedInRow >= visibleTo(ledger.size, settings);
}

function ask(settings: StudySettings, ledger: Ledger): Trial | undefined {
  if (ledger.waiting === 0) {
    check(canAsk(settings, ledger), () => whyNotYet(settings, ledger), "invalid_state");
    const suggestion = suggest(settings, ledger);
    if (suggestion === undefined) return undefined;
    ledger.append(suggestion);
  }
  return ledger.start();
}

function whyNotYet(settings: StudySettings, ledger: Ledger): string {
  const { strategy, lag } = settings;
  const number = ledger.size;
  const last = visibleTo(number, settings) - 1;
  const [given, wayOut] = strategy.generation
    ? ["", ""]
    : [`with lag ${lag}, `, ", or give the study a larger lag"];
  return (
    `strategy ${show(strategy.name)} learns from trials: ${given}trial ${number} can start once all trials up to ` +
    `${last} have finished; trial ${ledger.finishedInRow} has not. Finish it with tell${wayOut}`
  );
}

/**
 * A user's point as one of the space. It is read once: a getter may return something else the second time.
 */
function pointOf({ space }: StudySettings, params: unknown, method: string): Params {
  const point = isPlainObject(params)
    ? Object.fromEntries(Object.entries(params).map(([name, value]) => [name, readOnce(value)]))
    : params;
  const wrong = whyOutside(space, point);
  check(wrong === undefined, () => `${method} needs a point of the space: ${wrong}`);
  return ownParams(space, point as Params);
}

function toJson({ space, strategy, directions, seed, lag }: StudySettings, ledger: Ledger): StudyJson {
  return {
    format: "fettle-study",
    version: studyVersion,
    space: space.parameters,
    strategy: { name: strategy.name, options: strategy.options },
    direction: directions.length === 1 ? directions[0] : directions,
    seed,
    lag,
    ...(space.constraint && { constrained: true as const }),
    trials: ledger.toJSON(),
  };
}
