/** How many worker threads a command uses. */
import { platform } from "#platform";
import { jobsOf } from "../platform/jobs.js";
import { count } from "../report/format.js";
import { note } from "./streams.js";

/** The number of threads to use: as requested, but at most one per core, with a note if that is fewer. */
export function cappedJobs(asked: number | undefined): number | undefined {
  if (asked === undefined) return undefined;
  const [jobs, cores] = [jobsOf(asked), platform.parallelism()];
  if (jobs <= cores) return jobs;
  note(`--jobs ${asked}: this machine has ${count(cores, "core")}; using ${cores}`);
  return cores;
}
