/**
 * Does jobs in this thread, one after another, some steps at a time: as many as its caller asks for. It waits for
 * nothing and reads no clock.
 */
import { createEngine } from "../../engine/engine.js";
import { type FoldExamples, type Job, type JobResult, type LoadedFold, loadFold, OpenJob } from "./job.js";

export class Stepper {
  private readonly engine = createEngine();
  /** Folds on the engine, each from the first job on it. */
  private readonly loaded: LoadedFold[] = [];
  private readonly line: Waiting[] = [];
  private open: OpenJob | undefined;

  /**
   * @param folds - as jobs number them
   * @param onWork - called when something was put in line
   */
  constructor(
    readonly folds: readonly FoldExamples[],
    private readonly onWork: () => void,
  ) {}

  /** Whether nothing is in line. */
  get idle(): boolean {
    return this.line.length === 0;
  }

  /** The job under way, if one was begun. */
  get current(): { readonly job: Job; readonly open: OpenJob } | undefined {
    const [first] = this.line;
    return this.open && "job" in first ? { job: first.job, open: this.open } : undefined;
  }

  /** Puts a job in line. */
  run(job: Job): Promise<JobResult> {
    return new Promise((resolve, reject) => this.enter({ job, resolve, reject }));
  }

  /** Puts something in line that takes one step and does nothing. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.enter({ resolve }));
  }

  /** Takes at most `steps` steps of what is in line. @returns how many */
  advance(steps: number): number {
    let taken = 0;
    while (taken < steps && this.line.length > 0) {
      const [first] = this.line;
      if ("job" in first) {
        try {
          this.open ??= new OpenJob(this.engine, this.fold(first.job.fold), first.job);
          taken += this.open.advance(steps - taken);
          if (!this.open.done) break;
          first.resolve(this.open.result());
        } catch (error) {
          first.reject(error);
        }
        this.open?.free();
        this.open = undefined;
      } else {
        taken++;
        first.resolve();
      }
      this.line.shift();
    }
    return taken;
  }

  private enter(waiting: Waiting): void {
    this.line.push(waiting);
    this.onWork();
  }

  private fold(index: number): LoadedFold {
    this.loaded[index] ??= loadFold(this.engine, this.folds[index]);
    return this.loaded[index];
  }
}

type Waiting =
  | {
      readonly job: Job;
      readonly resolve: (result: JobResult) => void;
      readonly reject: (error: unknown) => void;
    }
  | { readonly resolve: () => void };
