/**
 * A thread of the page that draws the effects of parameters: it fits forests to the trials, which would block
 * the page. It answers each message with a plot or an error.
 */
import { loadKernels } from "../../numerics/kernels.js";
import { plotImportances } from "../../report/plots/importances.js";
import { plotParallel } from "../../report/plots/parallel.js";
import { parameterNames } from "../../report/plots/parameters.js";
import type { Plot } from "../../report/plots/plot.js";
import { plotSlice } from "../../report/plots/slices.js";
import type { StudyData } from "../../report/plots/studyData.js";

export interface AnalysisRequest {
  readonly study: StudyData;
  readonly picture: "importances" | "parallel" | "slice";
  readonly objective: number;
  /** The parameter of a slice. */
  readonly parameter: string;
}

export type AnalysisAnswer =
  | {
      readonly plot: Plot;
      /** The parameters of the axes of parallel coordinates. */
      readonly parameters: readonly string[];
    }
  | { readonly refused: string };

/** Axes of parallel coordinates, in addition to the objective's. */
const MOST_AXES = 12;

const namesOf = (study: StudyData): readonly string[] => parameterNames(study).slice(0, MOST_AXES);

function drawn({ study, picture, objective, parameter }: AnalysisRequest): Plot {
  if (picture === "importances") return plotImportances(study, { objective });
  if (picture === "parallel") return plotParallel(study, { objective, parameters: namesOf(study) });
  return plotSlice(study, parameter, { objective });
}

addEventListener("message", async ({ data }: MessageEvent<AnalysisRequest>) => {
  let answer: AnalysisAnswer;
  try {
    await loadKernels();
    answer = { plot: drawn(data), parameters: namesOf(data.study) };
  } catch (error) {
    answer = { refused: error instanceof Error ? error.message : String(error) };
  }
  postMessage(answer);
});
