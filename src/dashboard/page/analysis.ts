/**
 * A thread of the page that draws what the parameters do: it fits forests to the trials, which would hold up the page. It answers each message
 * with a plot, or with why there is none.
 */
import { loadKernels } from "../../numerics/kernels.js";
import { plotImportances } from "../../report/plots/importances.js";
import { plotParallel } from "../../report/plots/parallel.js";
import type { Plot } from "../../report/plots/plot.js";
import { plotSlice } from "../../report/plots/slices.js";
import type { StudyData } from "../../report/plots/studyData.js";

export interface AnalysisRequest {
  readonly study: StudyData;
  readonly picture: "importances" | "parallel" | "slice";
  readonly objective: number;
  /** Of a slice. */
  readonly parameter: string;
}

export type AnalysisAnswer = { readonly plot: Plot } | { readonly refused: string };

function drawn({ study, picture, objective, parameter }: AnalysisRequest): Plot {
  if (picture === "importances") return plotImportances(study, { objective });
  if (picture === "parallel") return plotParallel(study, { objective });
  return plotSlice(study, parameter, { objective });
}

addEventListener("message", async ({ data }: MessageEvent<AnalysisRequest>) => {
  let answer: AnalysisAnswer;
  try {
    await loadKernels();
    answer = { plot: drawn(data) };
  } catch (error) {
    answer = { refused: error instanceof Error ? error.message : String(error) };
  }
  postMessage(answer);
});
