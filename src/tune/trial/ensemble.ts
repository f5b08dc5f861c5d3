/** Which trials, and models that need no tuning, the final model is the mean of, and what that is worth. What it chooses by is in `ensemble/select.ts`. */

import type { PipelineOptions } from "../../data/pipeline/options.js";
import { byName, checkOptions, isPlainObject, must, mustBeInteger, type OptionNames } from "../../errors.js";
import type { Floats } from "../../ndarray.js";
import type { ParamsOf, Space } from "../../search/space/space.js";
import { sameValue } from "../../search/space/value.js";
import type { Study } from "../../search/study/contract.js";
import { ranked } from "../../search/trial/ranking.js";
import { isFeasible, type TrialRecord } from "../../search/trial/trial.js";
import { crossFitted, errorProducts, pick, type SelectionSettings, withoutPart } from "../ensemble/select.js";
import { type Fold, scoreOn } from "../jobs/score.js";
import { outOfFold, validatedRows } from "./outOfFold.js";
import type { PlainModel, PlainName } from "./plainModels.js";
import { followRoles } from "./roles.js";
import { meanAndStd } from "./scoring.js";
import type { TrialSetup } from "./setup.js";

/** How the networks of an ensemble are chosen. */
export interface EnsembleOptions {
  /** How many networks it has, from 1 to 100. */
  readonly networks: number;
  /**
   * `greedy` takes, one after the other, the trial or model with which the mean of the predictions for validation rows is nearest to the
   * targets; a trial that is taken several times is trained with as many seeds. `best` takes the best, once each.
   *
   * @defaultValue `"greedy"`
   */
  readonly selection?: "greedy" | "best";
  /**
   * Whether the linear model of the same features, logistic or ridge regression, and the constant are among what is chosen from, beside
   * networks that read rows of features. Of large tables, or in a short time, it is the constant alone.
   *
   * @defaultValue `true`
   */
  readonly untuned?: boolean;
}

/** The models of a final model that is an ensemble, and what they are worth. */
export interface Ensemble {
  /** The trials, in the order in which they were chosen, and how many networks each has; none where models that need no tuning are better. */
  readonly members: readonly { readonly trial: number; readonly networks: number }[];
  /** How many of the models whose mean it is need no tuning; left out where none does. */
  readonly untuned?: { readonly linear?: number; readonly constant?: number };
  /**
   * The score by the metric that was tuned for, the mean over the folds. The rows of a fold are predicted by networks that neither were trained on
   * it nor chosen by it; of a single fold, each fifth is.
   */
  readonly score: number;
  /** The same of one network, which is chosen in the same way. */
  readonly single: number;
}

/** The best trials, among which networks are chosen. */
export const CANDIDATES = 8;
const MOST_NETWORKS = 100;

const OPTIONS: OptionNames<EnsembleOptions> = { networks: true, selection: true, untuned: true };

/**
 * The settings of option `ensemble`; undefined for a single network.
 *
 * @throws FettleError `invalid_argument`, `unknown_name`
 */
export function selectionFor(
  ensemble: number | EnsembleOptions | undefined,
  objectives: number,
): (SelectionSettings & Pick<EnsembleOptions, "untuned">) | undefined {
  if (ensemble === undefined) return undefined;
  const isNumber = typeof ensemble === "number";
  must(
    isNumber || isPlainObject(ensemble),
    "ensemble",
    "a number of networks, or { networks, selection, untuned }",
    ensemble,
  );
  const { networks, selection = "greedy", untuned = true } = isNumber ? { networks: ensemble } : ensemble;
  if (!isNumber) checkOptions(ensemble, "ensemble", OPTIONS);
  mustBeInteger("ensemble", networks);
  must(networks <= MOST_NETWORKS, "ensemble", `at most ${MOST_NETWORKS} networks`, networks);
  byName("selection of ensemble", { greedy: true, best: true }, selection);
  must(typeof untuned === "boolean", "untuned of ensemble", "true or false", untuned);
  if (networks === 1) return undefined;
  must(objectives === 1, "metric with an ensemble", "one metric", objectives);
  return { networks, selection, ...(!untuned && { untuned }) };
}

/** A trial that has ended, or a model that needs no tuning. */
export interface Candidate {
  readonly model: number | PlainModel;
  /** Its predictions for the validation rows of each fold, by models of the other rows. */
  readonly own: readonly Floats[];
}

/** What was chosen. */
export interface Chosen {
  readonly ensemble: Ensemble;
  /** What each network of the ensemble is of. */
  readonly picks: readonly Candidate[];
}

/**
 * @param best - the best trial, whose pipeline all networks share
 * @param plain - models of that pipeline that need no tuning
 * @returns undefined if there is nothing to choose by, since every candidate predicts NaN somewhere
 */
export async function chooseEnsemble<S extends Space>(
  setup: TrialSetup<S>,
  study: Pick<Study<S>, "trials" | "seed" | "directions">,
  best: number,
  settings: SelectionSettings,
  plain: readonly PlainModel[],
): Promise<Chosen | undefined> {
  const { trials, folds } = candidatesOf(setup, study, best);
  const able: Candidate[] = [];
  for (const { number } of trials) able.push({ model: number, own: await outOfFold(setup, study, number) });
  for (const model of plain) able.push({ model, own: model.own });
  const candidates = able.filter(({ own }) => own.every((each) => each.every(Number.isFinite)));
  if (candidates.length === 0) return undefined;
  const rows = validatedRows(folds);
  const all = candidates.map(({ own }) => Float32Array.from(own.flatMap((each) => [...each])));
  const products = errorProducts(all, rows);
  const picks = pick(withoutPart(products), settings).map((i) => candidates[i]);
  const scoreFor = (of: SelectionSettings): number => {
    const prediction = crossFitted(all, products, rows, of);
    let end = 0;
    const scores = folds.map((fold) => {
      const begin = end;
      end += fold.yTrue.length;
      return scoreOn(fold, setup.metrics[0], prediction.subarray(begin, end));
    });
    return meanAndStd(scores).value;
  };
  const scores = { score: scoreFor(settings), single: scoreFor({ networks: 1, selection: "greedy" }) };
  return { ensemble: { ...membersOf(picks.map(({ model }) => model)), ...scores }, picks };
}

/** How often each is among the models whose mean is taken. */
export function membersOf(models: readonly (number | PlainModel)[]): Pick<Ensemble, "members" | "untuned"> {
  const counts = new Map<number | PlainName, number>();
  for (const model of models) {
    const name = typeof model === "number" ? model : model.name;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const isTrial = (entry: [number | PlainName, number]): entry is [number, number] =>
    typeof entry[0] === "number";
  const untuned = [...counts].filter((entry) => !isTrial(entry));
  return {
    members: [...counts].filter(isTrial).map(([trial, networks]) => ({ trial, networks })),
    ...(untuned.length > 0 && { untuned: Object.fromEntries(untuned) }),
  };
}

/** The best trials whose networks take the same features as that of the best, and the folds under their pipeline. */
function candidatesOf<S extends Space>(
  { model, pipeline = {}, foldsFor, identities, rows }: TrialSetup<S>,
  { trials, directions }: Pick<Study<S>, "trials" | "directions">,
  best: number,
): { readonly trials: readonly TrialRecord[]; readonly folds: readonly Fold[] } {
  const able = (trials as readonly TrialRecord[]).filter(
    (trial) => trial.status === "complete" && isFeasible(trial),
  );
  const pipelineOf = ({ number, params: given }: TrialRecord): PipelineOptions => {
    const params = given as ParamsOf<S>;
    const chosen = typeof pipeline === "function" ? pipeline(params) : pipeline;
    const { followed = followRoles(model(params), rows.data, chosen) } = identities.get(number) ?? {};
    return followed.pipeline;
  };
  const own = pipelineOf(able.find(({ number }) => number === best) as TrialRecord);
  const fitting = ranked(able, directions[0]).filter((trial) => sameValue(pipelineOf(trial), own));
  return { trials: fitting.slice(0, CANDIDATES), folds: foldsFor(own).folds };
}
