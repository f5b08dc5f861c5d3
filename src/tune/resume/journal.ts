/**
 * A backend that remembers, for each trial that has not ended, the results of its jobs in order, and how far its present job
 * has got. When a trial begins again elsewhere, the journal answers for the jobs that were done, so that nothing is trained
 * twice.
 */
import type { Backend, JobControl } from "../../workers/backend.js";
import type { FoldCurves, Job, JobData, JobResult, OpenJob } from "../jobs/job.js";
import { checkIsOf, type SavedTrial } from "./saved.js";

/** The backend behind a journal. */
export interface ResumableBackend {
  readonly data: JobData;
  /** The job that has begun here and not ended. */
  readonly current: { readonly job: Job; readonly open: OpenJob } | undefined;
  /**
   * @param index - the number of the job within its trial; the two together name it
   * @param onCurves - told the curves so far, where they are known here
   */
  run(job: Job, index: number, onCurves?: (curves: FoldCurves) => void): Promise<JobResult>;
  /** Awaited before a trial begins for the first time. */
  beginTrial(): Promise<void>;
}

interface Entry {
  /** What the trial had done when it was saved. */
  readonly saved: Omit<SavedTrial, "trial">;
  /** The jobs that it has asked for since it began here, in order, and their results. */
  readonly jobs: Job[];
  readonly results: (JobResult | undefined)[];
}

export class Journal implements Backend<Job, JobResult, FoldCurves> {
  /** Why the saved trainings cannot be resumed, once that is known. */
  refusal: { readonly error: unknown } | undefined;
  private readonly entries = new Map<number | null, Entry>();

  constructor(
    private readonly backend: ResumableBackend,
    /** How many jobs the backend does at a time. */
    readonly concurrency: number,
    saved: readonly SavedTrial[] = [],
  ) {
    for (const { trial, ...rest } of saved) this.enter(trial, rest);
  }

  /** Awaited before a trial begins: the first time, that takes a step. */
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
      // A trial that has not asked for all its saved jobs yet is where it was saved.
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
