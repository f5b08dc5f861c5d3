/** The input of sections. */
import type { Draw } from "../plots/render.js";
import type { StudyData } from "../plots/studyData.js";
import type { ReportOptions } from "./options.js";

/** A study with the other contents of its report. */
export interface Reported extends ReportOptions {
  readonly study: StudyData;
  readonly draw: Draw;
}
