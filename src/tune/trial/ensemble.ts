/**
 * Which trials and untuned models the ensemble averages, and its score. `ensemble/select.ts` has the
 * arithmetic of the choice.
 */
import type { Space } from "../../search/space/space.js";
import { concatenated } from "../../search/trial/curves.js";
import { crossFitted, pick, type SelectionSettings, withoutPart } from "../ensemble/select.js";
import { scoreOn } from "../jobs/score.js";
import type { Candidate, Library } from "./library.js";
import type { PlainModel, PlainName } from "./plainModels.js";
import { meanAndStd } from "./scoring.js";
import type { TrialSetup } from "./setup.js";

/** The models of an ensemble, and their scores. */
export interface Ensemble {
  /**
   * The trials, in the order in which they were chosen, and how many networks each has; empty if models that
   * need no tuning are better.
   */
  readonly members: readonly { readonly trial: number; readonly networks: number }[];
  /** How many of the averaged models are untuned; left out if there are none. */
  readonly untuned?: { readonly linear?: number; readonly constant?: number };
  /**
   * The score by the tuned metric, the mean over the folds. The rows of a fold are predicted by networks that
   * were neither trained nor chosen on it; a single fold is divided into fifths for the choice.
   */
  readonly score: number;
  /** The same score of one network, chosen in the same way. */
  readonly single: number;
  /** On how many more divisions into folds they were chosen; left out if there were none. */
  readonly confirm?: number;
}

/** What was chosen. */
export interface Chosen {
  readonly ensemble: Ensemble;
  /** The trial or untuned model of each network of the ensemble. */
  readonly picks: readonly Candidate[];
}

/** Chooses the models of an ensemble from a library. */
export function chooseEnsemble<S extends Space>(
  { metrics: [metric] }: Pick<TrialSetup<S>, "metrics">,
  { candidates, folds, rows, products, confirm }: Library,
  settings: SelectionSettings,
): Chosen {
  const all = candidates.map(({ own }) => concatenated(own));
  const picks = pick(withoutPart(products), settings).map((i) => candidates[i]);
  const scoreFor = (of: SelectionSettings): number => {
    const prediction = crossFitted(all, products, rows, of);
    let end = 0;
    const scores = folds.map((fold) => {
      const begin = end;
      end += fold.yTrue.length;
      // `checkMasks` refuses ensembles of networks with masks
      return scoreOn(fold, metric, { prediction: prediction.subarray(begin, end), mask: undefined });
    });
    return meanAndStd(scores).value;
  };
  const scores = { score: scoreFor(settings), single: scoreFor({ networks: 1, selection: "greedy" }) };
  const members = membersOf(picks.map(({ model }) => model));
  return { ensemble: { ...members, ...scores, ...(confirm > 0 && { confirm }) }, picks };
}

/** How often each is among the averaged models. */
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
