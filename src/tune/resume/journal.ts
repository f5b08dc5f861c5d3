/**
 * A backend that records, for each unfinished trial, the results of its jobs in order, and the progress of
 * its current job. When a trial restarts elsewhere, the journal supplies the results of finished jobs, so
 * that nothing is trained twice.
 */
import type { Backend, JobControl } from "../../workers/backend.js";
import type { JobData } from "../jobs/fold.js";
import type { FoldCurves, Job, JobResult, OpenJob } from "../jobs/job.js";
import { checkIsOf, type SavedTrial } from "./saved.js";

/** The backend behind a journal. */
export interface ResumableBackend {
  readonly data: JobData;
  /** The job that is running here. */
  readonly current: { readonly job: Job; readonly open: OpenJob } | undefined;
  /**
   * @param index - the number of the job within its trial; together with the trial, its name
   * @param onCurves - receives the curves so far, if they are known here
   */
  run(job: Job, index: number, onCurves?: (curves: FoldCurves) => void): Promise<JobResult>;
  /** Awaited before a trial starts for the first time. */
  beginTrial(): Promise<void>;
}

interface Entry {
  /** The finished jobs of the trial when it was saved. */
  readonly saved: Omit<SavedTrial, "trial">;
  /** The jobs that it has requested since it started here, in order, and their results. */
  readonly jobs: Job[];
  readonly results: (JobResult | undefined)[];
}

export class Journal implements Backend<Job, JobResult, FoldCurves> {
  /** Why the saved trainings cannot be resumed, once known. */
  refusal: { readonly error: unknown } | undefined;
  private readonly entries = new Map<number | null, Entry>();

  constructor(
    private readonly backend: ResumableBackend,
    /** How many jobs the backend runs at a time. */
    readonly concurrency: number,
    saved: readonly SavedTrial[] = [],
  ) {
    for (const { trial, ...rest } of saved) this.enter(trial, rest);
  }

  /** Awaited before a trial starts: the first time, it takes a step. */
  async beginTrial(trial: number): Promise<void> {
    if (this.entries.has(trial)) return;
    await this.backend.beginTrial();
    this.entries.delete(null); // a final fit, after fewer trials
    this.enter(trial);
  }

  async run(job: Job, _control?: JobControl, onCurves?: (curves: FoldCurves) => void): Promise<JobResult> {
    const { trial = null } = job;
    const { saved, jobs, results } = this.entries.get(trial) ?? this.enter(trial);
    const index = jobs.length;
    const resume = index === saved.results.length ? saved.open : undefined;
    const known = saved.results[index] ?? resume;
    try {
      if (known) checkIsOf(job, this.backend.data, known);
    } catch (error) {
      this.refusal = { error };
      throw error;
    }
    const own = resume ? { ...job, resume } : job;
    jobs.push(own);
    results.push(undefined);
    const result = saved.results[index] ?? (await this.backend.run(own, index, onCurves));
    results[index] = result;
    return result;
  }

  /** Forgets a trial that has ended. */
  forget(trial: number): void {
    this.entries.delete(trial);
  }

  save(): SavedTrial[] {
    const { current } = this.backend;
    return [...this.entries].map(([trial, { saved, jobs, results }]) => {
      // A trial that has not yet requested all its saved jobs is still in its saved state.
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
