/**
 * The progress bar, fed by a study's events or a benchmark's runs. On a stream other than a terminal it is
 * silent.
 */
import { SingleBar } from "cli-progress";
import { progressLine } from "../report/progress.js";
import type { StudyEvent } from "../search/study/contract.js";

/** A bar that counts. */
export interface Bar {
  /** @param time - seconds, for a search with a time limit */
  start(total: number, finished: number, time?: number): void;
  /** Another has ended; `best` is the best value so far, null without one. */
  step(best: number | null): void;
  /** Removes the bar, if there is one. */
  stop(): void;
}

/** A bar on `stream` that counts in `unit`, and shows the best value by `metric`. */
export function createBar(stream: NodeJS.WritableStream, unit: string, metric?: string): Bar {
  let best: number | null = null;
  let before = 0;
  let limit: { readonly time: number } | undefined;
  const bar = new SingleBar({
    stream,
    format: (_, { value, total, startTime, maxWidth }: BarState) => {
      const seconds = (Date.now() - startTime) / 1000;
      const state = { finished: value, before, total, seconds, unit, best, ...limit };
      // Room for the ^C that a terminal writes, which would otherwise break the line.
      return progressLine(metric === undefined ? state : { ...state, metric }, maxWidth - 3);
    },
    clearOnComplete: true,
    linewrap: true,
  });
  return {
    start(total, finished, time) {
      before = finished;
      limit = time === undefined ? undefined : { time };
      bar.start(total, finished);
    },
    step(value) {
      best = value;
      bar.increment();
    },
    stop: () => bar.stop(),
  };
}

export interface ProgressBar {
  update(event: StudyEvent): void;
  /** Resolves once all events so far are shown. */
  shown(): Promise<void>;
  /** Removes the bar, if there is one; it does not come back. */
  stop(): void;
}

type Started = Extract<StudyEvent, { readonly type: "studyStarted" }>;

/**
 * A bar on `stream` for a study, whose trials are compared by `metric`.
 *
 * @param introduce - prints what precedes the bar, which waits for it; if it throws, for example because a
 * storage fails, the keeper of the study reports why
 */
export function createProgressBar(
  stream: NodeJS.WritableStream,
  metric: string,
  introduce: (event: Started) => Promise<void> = async () => {},
): ProgressBar {
  const bar = createBar(stream, "trials", metric);
  let isOver = false;
  let last = Promise.resolve();
  const show = async (event: StudyEvent): Promise<void> => {
    if (event.type === "studyStarted") await introduce(event);
    if (isOver) return;
    if (event.type === "studyStarted") {
      const { trials, finished, timeout } = event;
      bar.start(trials, finished, timeout === undefined ? undefined : timeout / 1000);
    }
    if (event.type === "trialEnded") bar.step(event.best?.value ?? null);
  };
  return {
    update(event) {
      last = last.then(() => show(event)).catch(() => {});
    },
    shown: () => last,
    stop() {
      isOver = true;
      bar.stop();
    },
  };
}

/** The state that cli-progress passes to a format, reduced to what is used. */
interface BarState {
  readonly value: number;
  readonly total: number;
  /** Milliseconds since 1970. */
  readonly startTime: number;
  readonly maxWidth: number;
}
