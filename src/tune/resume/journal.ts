/**
 * What trials have done so far that have not ended: the results of their jobs, in order, and the job under way where it
 * stopped. A trial that begins again, elsewhere, is given what it had, and nothing is trained twice.
 */

import type { Pool } from "../../workers/pool.js";
import type { FoldExamples, Job, JobResult, OpenJob } from "../jobs/job.js";
import { checkIsOf, type SavedTrial } from "./saved.js";

/** Who does the jobs. */
export interface Doer {
  /** As jobs number them. */
  readonly folds: readonly FoldExamples[];
  /** The job under way, if it is here and was begun. */
  readonly current: { readonly job: Job; readonly open: OpenJob } | undefined;
  /** @param index - the job's number within its trial, which with the trial's is its name */
  run(job: Job, index: number): Promise<JobResult>;
  /** Awaited before a trial begins for the first time. */
  turn(): Promise<void>;
}

interface Entry {
  /** What it had when it was saved. */
  readonly saved: Omit<SavedTrial, "trial">;
  /** What it has asked for, in order, and what came of it. */
  readonly jobs: Job[];
  readonly results: (JobResult | undefined)[];
}

/** Has jobs done, and remembers them until their trial ends. */
export class Journal implements Pool<Job, JobResult> {
  /** Why what was saved cannot be gone on with, once that is known. */
  refusal: { readonly error: unknown } | undefined;
  private readonly entries = new Map<number | null, Entry>();

  constructor(
    private readonly doer: Doer,
    /** How many the doer takes at a time. */
    readonly jobs: number,
    saved: readonly SavedTrial[] = [],
  ) {
    for (const { trial, ...rest } of saved) this.enter(trial, rest);
  }

  /** Awaited before a trial begins: that takes a step, if it did not begin before. */
  async begin(trial: number): Promise<void> {
    if (this.entries.has(trial)) return;
    await this.doer.turn();
    this.entries.delete(null); // a last fit that was of fewer trials
    this.enter(trial);
  }

  async run(job: Job): Promise<JobResult> {
    const { trial = null, fold } = job;
    const { saved, jobs, results } = this.entries.get(trial) ?? this.enter(trial);
    const index = jobs.length;
    const resume = index === saved.results.length ? saved.open : undefined;
    const known = saved.results[index] ?? resume;
    try {
      if (known) checkIsOf(job, this.doer.folds[fold], known);
    } catch (error) {
      this.refusal = { error };
      throw error;
    }
    const own = resume ? { ...job, resume } : job;
    jobs.push(own);
    results.push(undefined);
    const result = saved.results[index] ?? (await this.doer.run(own, index));
    results[index] = result;
    return result;
  }

  /** Drops what is known of a trial. */
  forget(trial: number): void {
    this.entries.delete(trial);
  }

  save(): SavedTrial[] {
    const { current } = this.doer;
    return [...this.entries].map(([trial, { saved, jobs, results }]) => {
      // A trial that was not begun again is where it was.
      if (jobs.length < saved.results.length) return { trial, ...saved };
      const known = results.slice(0, results.findLastIndex((result) => result !== undefined) + 1);
      const open =
        current && current.job === jobs[known.length]
          ? current.open.save()
          : known.length === saved.results.length
            ? saved.open
            : undefined;
      return { trial, results: known.map((result) => result ?? null), ...(open && { open }) };
    });
  }

  async close(): Promise<void> {}

  private enter(trial: number | null, saved: Entry["saved"] = { results: [] }): Entry {
    const entry = { saved, jobs: [], results: [] };
    this.entries.set(trial, entry);
    return entry;
  }
}
