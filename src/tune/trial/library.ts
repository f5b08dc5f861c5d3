/**
 * The candidates for an ensemble: the best trials and untuned models, by their predictions for rows on which
 * they were not trained.
 */
import type { PipelineOptions } from "../../data/pipeline/options.js";
import type { Floats } from "../../ndarray.js";
import type { ParamsOf, Space } from "../../search/space/space.js";
import { sameValue } from "../../search/space/value.js";
import type { Study } from "../../search/study/contract.js";
import { concatenated } from "../../search/trial/curves.js";
import { ranked } from "../../search/trial/ranking.js";
import { isFeasible, type TrialRecord } from "../../search/trial/trial.js";
import { type ErrorProducts, errorProducts, type Validated } from "../ensemble/select.js";
import type { Fold } from "../jobs/score.js";
import { type Folds, foldsOfDivision } from "./folds.js";
import { outOfFold, validatedRows } from "./outOfFold.js";
import type { PlainModel } from "./plainModels.js";
import { followRoles } from "./roles.js";
import type { TrialSetup } from "./setup.js";

/**
 * How many of the best trials are candidates, with how many predicted numbers in all; and how few in any
 * case.
 */
const CANDIDATES = { most: 32, numbers: 2 ** 22, least: 8 };

/**
 * How many of the best trials are candidates: by the size of the table only, so that it is the same wherever
 * a study resumes.
 */
export function candidateCount({ folds, scored, data }: Folds): number {
  const rows = folds.slice(0, scored).reduce((sum, { validation }) => sum + validation.length, 0);
  const { most, numbers, least } = CANDIDATES;
  return Math.max(least, Math.min(most, Math.floor(numbers / (rows * data.outputs))));
}

/** A finished trial, or a model that needs no tuning. */
export interface Candidate {
  readonly model: number | PlainModel;
  /** Its predictions for the validation rows of each fold, by models trained on the other rows. */
  readonly own: readonly Floats[];
}

/** See the header of this file. */
export interface Library {
  readonly candidates: readonly Candidate[];
  /** Those by which trials are scored. */
  readonly folds: readonly Fold[];
  /** Their validation rows, end to end. */
  readonly rows: Validated;
  /** Products of the candidates' errors on these rows, over all divisions. */
  readonly products: readonly ErrorProducts[];
  /** How many divisions there are besides the one that scores trials. */
  readonly confirm: number;
}

/**
 * @param best - the best trial, whose pipeline all networks share
 * @param plain - untuned models with that pipeline
 * @param confirm - whether candidates are trained on the folds of one more division, from 1
 * @returns undefined if every candidate predicts NaN somewhere, so that nothing can be chosen
 */
export async function gatherLibrary<S extends Space>(
  setup: TrialSetup<S>,
  study: Pick<Study<S>, "trials" | "seed" | "directions">,
  best: number,
  plain: readonly PlainModel[],
  confirm: (division: number, trials: readonly number[]) => boolean,
): Promise<Library | undefined> {
  const { rows: divided } = setup;
  const { numbers, foldsOf } = candidatesOf(setup, study, best);
  /** By candidate and division. */
  let able: { readonly model: Candidate["model"]; readonly own: (readonly Floats[])[] }[] = [];
  for (const model of numbers) able.push({ model, own: [await outOfFold(setup, study, model)] });
  for (const model of plain) able.push({ model, own: [model.own] });
  const keepFinite = (): void => {
    able = able.filter(({ own }) => own[own.length - 1].every((each) => each.every(Number.isFinite)));
  };
  keepFinite();
  const divisions = (divided.folds.length - divided.finals.length) / divided.scored;
  let division = 1;
  for (; division < divisions && confirm(division, trialsOf(able)); division++) {
    const folds = foldsOf(division);
    for (const { model, own } of able)
      own.push(
        typeof model === "number"
          ? await outOfFold(setup, study, model, division)
          : foldsOfDivision(divided, division).map((fold, i) => model.predict(divided.folds[fold], folds[i])),
      );
    keepFinite();
  }
  if (able.length === 0) return undefined;
  const rows = validatedRows(foldsOf(0));
  let products: readonly ErrorProducts[] | undefined;
  for (let each = 0; each < division; each++) {
    const own = { ...validatedRows(foldsOf(each)), parts: partsIn(setup, rows.parts, each) };
    products = errorProducts(
      able.map((candidate) => concatenated(candidate.own[each])),
      own,
      products,
    );
  }
  const candidates = able.map(({ model, own: [first] }) => ({ model, own: first }));
  return {
    candidates,
    folds: foldsOf(0),
    rows,
    products: products as readonly ErrorProducts[],
    confirm: division - 1,
  };
}

const trialsOf = (candidates: readonly Pick<Candidate, "model">[]): number[] =>
  candidates.flatMap(({ model }) => (typeof model === "number" ? [model] : []));

/** The parts of the rows of a division: a row belongs to the same part in all divisions. */
function partsIn<S extends Space>(
  { rows: divided }: TrialSetup<S>,
  parts: Int32Array,
  division: number,
): Int32Array {
  if (division === 0) return parts;
  const idsOf = (each: number): number[] =>
    foldsOfDivision(divided, each).flatMap((fold) => [...divided.folds[fold].validation]);
  const partOf = new Map(idsOf(0).map((id, i) => [id, parts[i]]));
  return Int32Array.from(idsOf(division), (id) => partOf.get(id) as number);
}

/**
 * The best trials whose networks read the same features as that of the best, and the folds of a division
 * after their pipeline.
 */
function candidatesOf<S extends Space>(
  { model, pipeline = {}, foldsFor, identities, rows }: TrialSetup<S>,
  { trials, directions }: Pick<Study<S>, "trials" | "directions">,
  best: number,
): { readonly numbers: readonly number[]; readonly foldsOf: (division: number) => readonly Fold[] } {
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
  const { ofDivision } = foldsFor(own);
  const numbers = fitting.slice(0, candidateCount(rows)).map(({ number }) => number);
  return { numbers, foldsOf: ofDivision };
}
