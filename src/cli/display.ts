/** How a command shows a study: the flags, the pictures in characters, and Markdown. */
import { type Command, Option } from "commander";
import { studyMarkdown } from "../report/markdown.js";
import type { StudyData } from "../report/plots/studyData.js";
import { drawStudy } from "../report/terminal/study.js";
import { drawingFor, paintFor } from "./streams.js";

/** The flags, as commander gives them; at most one of them is set. */
export interface DisplayFlags {
  readonly json?: true;
  readonly markdown?: true;
  readonly plot?: true;
}

/** Names of flags that do not belong to a study. */
export const DISPLAY_FLAGS: readonly (keyof DisplayFlags)[] = ["json", "markdown", "plot"];

/** @param json - the help text of `--json` */
export function addDisplayFlags(command: Command, json: string): Command {
  return command
    .option("--json", json)
    .addOption(new Option("--markdown", "print only Markdown, for a notebook or a chat").conflicts("json"))
    .addOption(
      new Option("--plot", "draw the progress of the search and the importance of parameters").conflicts([
        "json",
        "markdown",
      ]),
    );
}

/** Whether the command prints a single text, as with `--json`. */
export const printsOneText = ({ json, markdown }: DisplayFlags): boolean =>
  json === true || markdown === true;

/** The pictures, as lines for standard output. */
export function picturesOf(study: StudyData): string[] {
  return drawStudy(study, drawingFor(process.stdout), paintFor(process.stdout));
}

/** The study as Markdown, as lines for standard output. */
export const markdownOf = (study: StudyData): string[] => [studyMarkdown(study).trimEnd()];
