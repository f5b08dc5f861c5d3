/** How many worker threads a command uses. */
import { platform } from "#platform";
import { count } from "../report/format.js";
import { note } from "./streams.js";

/** The number to use of those asked for: at most one for each core, with a remark if that is fewer. */
export function cappedJobs(asked: number | undefined): number | undefined {
  const cores = platform.parallelism();
  if (asked === undefined || asked <= cores) return asked;
  note(`--jobs ${asked}: this machine has ${count(cores, "core")}; using ${cores}`);
  return cores;
}
