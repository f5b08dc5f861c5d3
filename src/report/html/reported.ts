/** What sections are made from. */
import type { Draw } from "../plots/render.js";
import type { StudyData } from "../plots/studyData.js";
import type { ReportOptions } from "./options.js";

/** A study with all that is said of it. */
export interface Reported extends ReportOptions {
  readonly study: StudyData;
  readonly draw: Draw;
}
