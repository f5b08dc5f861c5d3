/** Predictions of trials for the validation rows of each fold, by networks that were not trained on them. */
import { transformed } from "../../data/pipeline/target.js";
import type { Floats } from "../../ndarray.js";
import type { Space } from "../../search/space/space.js";
import type { Study } from "../../search/study/contract.js";
import { seedOfTrial } from "../../search/study/ledger.js";
import { ancestry } from "../../search/trial/ancestry.js";
import type { Validated } from "../ensemble/select.js";
import type { JobResult } from "../jobs/job.js";
import type { Fold } from "../jobs/score.js";
import type { TrialSetup } from "./setup.js";
import { templateAgain, trainOnFolds } from "./training.js";

/**
 * Predictions of a trial for each fold: the kept ones, or it is retrained, with the same bits.
 *
 * @param division - the division of the rows, from 0, whose folds scored it
 */
export async function outOfFold<S extends Space>(
  setup: TrialSetup<S>,
  { trials, seed }: Pick<Study<S>, "trials" | "seed">,
  number: number,
  division = 0,
): Promise<readonly Floats[]> {
  const kept = division === 0 && setup.kept?.of(number);
  if (kept) return kept;
  const line = ancestry(trials, number);
  let results: readonly JobResult[] = [];
  for (const trial of line) {
    const { job } = templateAgain(setup, trial, seedOfTrial(seed, trial.number));
    results = await trainOnFolds(
      setup,
      { ...job, keepState: line.length > 1 },
      results.map(({ state }) => state),
      undefined,
      undefined,
      division,
    );
  }
  return results.map(({ prediction }) => prediction);
}

/** The most parts: a choice that is scored on a part is made on the others. */
const MOST_PARTS = 10;
/** The parts of a single fold. */
const PARTS_OF_ONE = 5;

/**
 * The validation rows of all folds, end to end. Each fold is one part; a single fold is divided into several.
 */
export function validatedRows(folds: readonly Fold[]): Validated {
  const [{ outputs, weights }] = folds;
  const sizes = folds.map(({ yTrue }) => yTrue.length / outputs);
  const joined = (of: (fold: Fold) => Floats | undefined): Float64Array =>
    Float64Array.from(folds.flatMap((fold) => [...(of(fold) ?? [])]));
  return {
    outputs,
    targets: joined(({ target, yTrue }) =>
      transformed(target, { y: yTrue }, [...Array(yTrue.length / outputs).keys()]),
    ),
    ...(weights && { weights: joined((fold) => fold.weights) }),
    parts: Int32Array.from(
      sizes.flatMap((rows, fold) =>
        Array.from({ length: rows }, (_, row) =>
          folds.length === 1 ? row % PARTS_OF_ONE : fold % MOST_PARTS,
        ),
      ),
    ),
  };
}
