/** The progress bar, fed by a study's events. On a stream that is no terminal it is silent. */
import { SingleBar } from "cli-progress";
import { progressLine } from "../report/progress.js";
import type { StudyEvent } from "../search/optimize.js";

export interface ProgressBar {
  update(event: StudyEvent): void;
  /** Takes the bar away; a bar that is not there stays so. */
  stop(): void;
}

/** A bar on `stream` for a study that is judged by `metric`. */
export function createProgressBar(stream: NodeJS.WritableStream, metric: string): ProgressBar {
  let best: number | null = null;
  const bar = new SingleBar({
    stream,
    format: (_, { value, total, startTime, maxWidth }: BarState) => {
      const seconds = (Date.now() - startTime) / 1000;
      // Room for the ^C that a terminal writes, which would otherwise break the line.
      return progressLine({ finished: value, total, seconds, metric, best }, maxWidth - 3);
    },
    clearOnComplete: true,
    linewrap: true,
  });
  return {
    update(event) {
      if (event.type === "studyStarted") bar.start(event.trials, event.finished);
      if (event.type === "trialEnded") {
        best = event.best?.value ?? null;
        bar.increment();
      }
    },
    stop: () => bar.stop(),
  };
}

/** What cli-progress tells a format, as far as it is used. */
interface BarState {
  readonly value: number;
  readonly total: number;
  /** Milliseconds since 1970. */
  readonly startTime: number;
  readonly maxWidth: number;
}
