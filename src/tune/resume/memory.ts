/** How much of the kernels' memory a tuner needs, known from its programs before anything trains. */

import type { Program } from "../../compile/program.js";
import { unitsFor } from "../../data/pipeline/target.js";
import type { Parameter } from "../../search/space/parameter.js";
import { fromUnit } from "../../search/space/scale.js";
import {
  allows,
  buildParams,
  type Constraint,
  type ParamsOf,
  resolveSpace,
  type Space,
} from "../../search/space/space.js";
import type { ParamValue } from "../../search/space/value.js";
import { jobTemplate } from "../trial/training.js";
import type { ResumableSetup } from "./tunerCore.js";

/** Bytes of a number of a matrix, of a word of code, and of a row id. */
const WORD = 4;

/**
 * Bytes of the largest training of a tuner: its rows on the fold with the most, a run that trains and one
 * that evaluates. The largest is assumed to be at the corner of the space where every number is largest. If
 * the space does not have that point, or it gives no model, the result is 0, and the engine's limit applies
 * to each training.
 */
export function largestTraining<S extends Space>({ setup, constraint }: ResumableSetup<S>): number {
  const { study, trialSetup } = setup;
  const space = resolveSpace(study.space, constraint as Constraint | undefined);
  const corner = buildParams(space, largestOf);
  if (!allows(space, corner)) return 0;
  try {
    const { job, folds } = jobTemplate(trialSetup, corner as ParamsOf<S>, 0);
    const rows = Math.max(
      ...trialSetup.rows.folds.map(({ train, validation }) => train.length + validation.length),
    );
    const { features } = trialSetup.foldsFor(job.pipeline);
    const numbers = rows * (features + unitsFor(trialSetup.rows.data.outputs, job.pipeline));
    const { train, evaluate } = job.programs;
    return folds.length === 0 ? 0 : WORD * numbers + bytesOf(train, rows) + bytesOf(evaluate, rows);
  } catch {
    return 0; // such a trial fails on its own, with its reason
  }
}

/** Bytes of a run: its block, its code, and the row ids with their shuffled copy. */
function bytesOf({ bytes, code }: Program, rows: number): number {
  return bytes + WORD * (code.length + 2 * rows);
}

/** The largest number of a parameter; of other values the last. */
function largestOf(parameter: Parameter): ParamValue {
  if (parameter.type !== "choice") return fromUnit(parameter, 1);
  const { values } = parameter;
  const numbers = values.filter((value) => typeof value === "number");
  return numbers.length > 0 ? Math.max(...numbers) : (values.at(-1) as ParamValue);
}
