/**
 * A study of the command line from its first event to its exit code: the bar, Ctrl-C, where it is kept, and
 * what is printed at its end. A command says what it searches and how it shows the result.
 */
import type { Ending } from "../dashboard/ended.js";
import type { JsonReport } from "../report/json.js";
import type { Params, Space } from "../search/space/space.js";
import type { StudyEvent } from "../search/study/contract.js";
import type { TrialRecord } from "../search/trial/trial.js";
import type { SearchResult } from "../tune/tuner/options.js";
import { type DisplayFlags, printsOneText } from "./display.js";
import { EXIT } from "./exit.js";
import { type Interrupt, takeInterrupts } from "./interrupt.js";
import type { Keeper, Places } from "./keeper.js";
import { createProgressBar } from "./progress.js";
import { complainOfNone, howToResume } from "./resume.js";
import { note, printLines } from "./streams.js";
import type { Made } from "./studyFolder.js";

/** A search that has ended. */
export interface Ended<Result> {
  /** By number. */
  readonly trials: readonly TrialRecord<Params>[];
  /** Undefined if every trial failed. */
  readonly result: Result | undefined;
  /** Of the complete command. */
  readonly seconds: number;
  /** Whether no signal ended it. */
  readonly isWhole: boolean;
}

/** How a command shows a search that has ended. */
export interface Showing {
  readonly report: JsonReport;
  /** The final model, if the command makes one. */
  readonly made?: Made | undefined;
  /** What the summary has beyond the report. */
  readonly more?: Readonly<Record<string, unknown>>;
  markdown(): string[];
  /** Prints the result, if a trial has a value. */
  print(): void;
  /** Writes the report into the folder of `--out`, if there is a result. @returns a line about it */
  writeReport(folder: string, summary: Readonly<Record<string, unknown>>): Promise<string>;
  /** Awaited at the end, unless a signal ended the search. @param release - signals no longer end the run */
  stay?(release: () => void): Promise<void>;
}

/** A study that a command runs. */
export interface StudyRun<Result> {
  readonly command: "tune" | "optimize";
  readonly flags: DisplayFlags & Places;
  /** The name of the first objective. */
  readonly metric: string;
  /** What the first signal waits for, as in `the running trials`. */
  readonly running: string;
  readonly keeper: Keeper | undefined;
  /** Prints what precedes the bar. */
  introduce(event: Extract<StudyEvent, { readonly type: "studyStarted" }>): void;
  /** @returns undefined if every trial failed */
  search(onEvent: (event: StudyEvent) => void, signal: Interrupt["signal"]): Promise<Result | undefined>;
  onEvent?(event: StudyEvent): void;
  show(ended: Ended<Result>): Showing;
}

/** @returns the exit code */
export async function runStudy<Result extends SearchResult<Space>>(run: StudyRun<Result>): Promise<number> {
  const { command, flags, keeper } = run;
  const bar = createProgressBar(process.stderr, run.metric, async (event) => {
    await keeper?.stored?.(); // so that other commands find the study as soon as this one announces it
    run.introduce(event);
  });
  let study: { stop(): void } | undefined;
  const interrupt = takeInterrupts(run.running, bar, () => {
    study?.stop();
    keeper?.keep();
  });
  const ended: TrialRecord<Params>[] = [];
  const onEvent = (event: StudyEvent): void => {
    if (event.type === "studyStarted") {
      study = event.study;
      if (interrupt.signal.aborted) study.stop();
    }
    if (event.type === "trialEnded") ended.push(event.record);
    keeper?.onEvent(event);
    run.onEvent?.(event);
    if (!printsOneText(flags)) bar.update(event);
  };
  try {
    const result = await run.search(onEvent, interrupt.signal);
    await bar.shown();
    bar.stop();
    const trials = result?.trials ?? ended.sort((a, b) => a.number - b.number);
    const seconds = performance.now() / 1000; // the clock of the process started with the command
    const hasResult = result !== undefined && result.bestTrials.length > 0;
    const shown = run.show({ trials, result, seconds, isWhole: interrupt.exitCode === undefined });
    const { report, more, made } = shown;
    if (flags.json) printLines([JSON.stringify(report)]);
    else if (flags.markdown) printLines(result ? shown.markdown() : []);
    else if (hasResult) shown.print();
    if (!hasResult) complainOfNone(trials);
    if (hasResult && made?.finalError && result.study.directions.length === 1)
      note(`There is no model: ${made.finalError.message}.`);
    if (keeper) {
      const status: Ending = interrupt.signal.aborted ? "interrupted" : hasResult ? "finished" : "no result";
      const summary = { status, seconds, ...report, trials: trials.length, ...more };
      const lines = await keeper.finish(trials, summary, made);
      const written = flags.out === undefined || !result ? [] : [await shown.writeReport(flags.out, summary)];
      if (!printsOneText(flags)) printLines([...lines, ...written]);
    }
    if (interrupt.exitCode === undefined) await shown.stay?.(() => interrupt.release());
    if (interrupt.exitCode !== undefined) {
      note(howToResume(command, flags, trials.length));
      return interrupt.exitCode;
    }
    return hasResult ? EXIT.success : EXIT.failure;
  } finally {
    bar.stop();
    interrupt.release();
  }
}
