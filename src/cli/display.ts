/** How a command shows a study: the flags, the pictures in characters, and Markdown. */
import { studyMarkdown } from "../report/markdown.js";
import type { StudyData } from "../report/plots/studyData.js";
import { drawStudy } from "../report/terminal/study.js";
import { type FlagsOf, JSON_ONLY, turnOn } from "./flags.js";
import { drawingFor, paintFor } from "./streams.js";

/** At most one of them is set. */
export const DISPLAY = {
  json: JSON_ONLY,
  markdown: turnOn("print only Markdown, for a notebook or a chat", ["json"]),
  plot: turnOn("draw the progress of the search and the importance of parameters", ["json", "markdown"]),
};
export type DisplayFlags = FlagsOf<typeof DISPLAY>;

/** Whether the command prints a single text, as with `--json`. */
export const printsOneText = ({ json, markdown }: DisplayFlags): boolean =>
  json === true || markdown === true;

/** The pictures, as lines for standard output. */
export function picturesOf(study: StudyData): string[] {
  return drawStudy(study, drawingFor(process.stdout), paintFor(process.stdout));
}

/** The study as Markdown, as lines for standard output. */
export const markdownOf = (study: StudyData): string[] => [studyMarkdown(study).trimEnd()];
