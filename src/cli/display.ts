/** How a command shows a study: the flags, and the pictures in characters. */
import { type Command, Option } from "commander";
import { type DrawnStudy, drawStudy } from "../report/terminal/study.js";
import { drawingFor, paintFor } from "./streams.js";

/** The flags, as commander gives them; at most one of them is set. */
export interface DisplayFlags {
  readonly json?: true;
  readonly plot?: true;
}

/** Their names, which are no part of a study. */
export const DISPLAY_FLAGS: readonly (keyof DisplayFlags)[] = ["json", "plot"];

/** @param json - what `--json` does, in words */
export function addDisplayFlags(command: Command, json: string): Command {
  return command
    .option("--json", json)
    .addOption(
      new Option("--plot", "draw the course of the search and the importance of parameters").conflicts(
        "json",
      ),
    );
}

/** The pictures, as lines for standard output. */
export function picturesOf(study: DrawnStudy): string[] {
  return drawStudy(study, drawingFor(process.stdout), paintFor(process.stdout));
}
