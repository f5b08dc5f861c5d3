/** How many worker threads a command uses. */
import { platform } from "#platform";
import { count } from "../report/format.js";
import { note } from "./streams.js";

/** The number of threads to use: as requested, but at most one per core, with a note if that is fewer. */
export function cappedJobs(asked: number | undefined): number | undefined {
  const cores = platform.parallelism();
  if (asked === undefined || asked <= cores) return asked;
  note(`--jobs ${asked}: this machine has ${count(cores, "core")}; using ${cores}`);
  return cores;
}
