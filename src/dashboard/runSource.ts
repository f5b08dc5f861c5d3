/** The run of this process as the only study of a dashboard, made from its events, like the progress bar. */
import type { Direction } from "../direction.js";
import { check, FettleError } from "../errors.js";
import type { HeldScores } from "../report/baselines.js";
import type { Params } from "../search/space/space.js";
import type { Study, StudyEvent } from "../search/study/contract.js";
import type { Curves } from "../search/trial/curves.js";
import type { TrialRecord } from "../search/trial/trial.js";
import { checkedNote, type Note, type StoredStudy } from "../store/storage.js";
import { linesByTrial, linesOf, ReportedLines } from "./lines.js";
import { inParts, rowOf, type Source } from "./source.js";
import type { Action, CurveLine, DashboardEvent, StudyAbout, TrialRow } from "./wire.js";

export interface RunOptions {
  readonly name: string;
  readonly metrics: readonly string[];
  /** Ends the run once its running trials have ended. */
  readonly cancel: () => void;
  /** Where notes are kept; by default in memory. */
  readonly stored?: () => Promise<StoredStudy | undefined>;
}

/** A source that listens to a run. */
export interface RunSource extends Source {
  readonly onEvent: (event: StudyEvent) => void;
  /** The final model and its scores, once there are any. */
  finish(artifacts: ReadonlyMap<string, Uint8Array>, held?: HeldScores): void;
}

/** The used part of a run: `studyStarted` contains a complete study. */
type Running = Pick<Study, "toJSON" | "pause" | "resume"> & Partial<Pick<Study, "enqueue">>;

const ACTIONS = {
  running: ["note", "pause", "cancel", "enqueue"],
  paused: ["note", "resume", "cancel", "enqueue"],
  stopping: ["note"],
  done: ["note"],
} as const satisfies Readonly<Record<string, readonly Action[]>>;

/** The phase after a command. */
const PHASES = { pause: "paused", resume: "running", cancel: "stopping" } as const;

export function runSource(options: RunOptions): RunSource {
  const { name, metrics, stored } = options;
  const rows: TrialRow[] = [];
  const records = new Map<number, TrialRecord>();
  const reported = new Map<number, ReportedLines>();
  /** Curves of running trials so far. */
  const growing = new Map<number, Curves>();
  const notes = new Map<number, Note>();
  const listeners = new Set<(event: DashboardEvent) => void>();
  let artifacts: ReadonlyMap<string, Uint8Array> = new Map();
  let running: Running | undefined;
  let about: StudyAbout = {
    name,
    metrics,
    strategy: "",
    space: {},
    directions: metrics.map((): Direction => "minimize"),
    phase: "running",
    artifacts: [],
    actions: [],
  };
  const publish = (event: DashboardEvent): void => {
    for (const listener of listeners) listener(event);
  };
  const change = (changes: Partial<StudyAbout>): void => {
    about = { ...about, ...changes };
    publish({ type: "about", about });
  };
  const go = (phase: keyof typeof ACTIONS): void =>
    change({
      phase,
      actions: ACTIONS[phase].filter((action) => action !== "enqueue" || running?.enqueue !== undefined),
    });
  const put = (row: TrialRow): void => {
    rows[row.number] = row;
    publish({ type: "trials", trials: [row] });
  };
  const noted = async (): Promise<readonly Note[]> =>
    (await (await stored?.())?.notes()) ?? [...notes.values()].sort((a, b) => a.number - b.number);
  const study = {
    follow(listener: (event: DashboardEvent) => void, failed: (error: unknown) => void) {
      listener({ type: "about", about });
      for (const event of inParts(rows.filter(Boolean))) listener(event);
      listeners.add(listener);
      noted().then((all) => {
        listener({ type: "notes", notes: all });
        listener({ type: "ready" });
      }, failed);
      return () => void listeners.delete(listener);
    },
    trials: async () => rows.filter(Boolean),
    async curves(numbers: readonly number[]) {
      const kept = await stored?.();
      const lines = async (number: number): Promise<readonly CurveLine[]> => {
        // those of an earlier run are in the storage
        const earlier = async () =>
          new ReportedLines(about.metrics).add((await kept?.reports(number)) ?? []).lines;
        const own = reported.get(number)?.lines ?? (await earlier());
        return linesOf(records.get(number) ?? { curves: growing.get(number) }, own, about.metrics);
      };
      return linesByTrial(numbers, lines);
    },
    artifact: async (artifact: string) => artifacts.get(artifact),
    async note(note: Note) {
      const kept = await stored?.();
      if (kept) await kept.note(note);
      else {
        check(rows[note.number], () => `there is no trial ${note.number}`, "invalid_state");
        const own = checkedNote(note);
        if (own) notes.set(note.number, own);
        else notes.delete(note.number);
      }
      publish({ type: "notes", notes: await noted() });
    },
    async command(command: "pause" | "resume" | "cancel") {
      const isLive = about.phase === "running" || about.phase === "paused";
      if (!running || !isLive) throw new FettleError("invalid_state", `the run is already ${about.phase}`);
      if (command === "pause") running.pause();
      if (command === "resume") running.resume();
      if (command === "cancel") options.cancel();
      go(PHASES[command]);
    },
    async enqueue(params: Params) {
      const { enqueue } = running ?? {};
      if (!running || !enqueue || !about.actions.includes("enqueue"))
        throw new FettleError("invalid_state", "points can be added only during the run");
      enqueue.call(running, params);
    },
  };
  return {
    name: "this run",
    studies: async () => [{ name, trials: rows.length, finished: records.size }],
    open: async (wanted) => (wanted === name ? study : undefined),
    onEvent(event) {
      if (event.type === "studyStarted") {
        running = event.study;
        const { strategy, space, seed, direction, trials } = event.study.toJSON();
        for (const trial of trials) {
          rows[trial.number] = rowOf(trial);
          if (trial.status !== "running") records.set(trial.number, trial as TrialRecord);
        }
        for (const part of inParts(rows.filter(Boolean))) publish(part);
        change({
          strategy: strategy.name,
          space,
          seed,
          directions: [direction].flat(),
          ...(event.timeout === undefined && { budget: event.trials }),
        });
        go("running");
      }
      if (event.type === "trialStarted") {
        const { seed: _, ...trial } = event.trial;
        put(rowOf({ ...trial, ...(event.given && { given: event.given }), status: "running" }));
      }
      if (event.type === "stepReported") {
        const { number } = event;
        reported.set(number, (reported.get(number) ?? new ReportedLines(metrics)).add([event]));
      }
      if (event.type === "epochsTrained") growing.set(event.number, event.curves);
      if (event.type === "trialEnded") {
        growing.delete(event.record.number);
        records.set(event.record.number, event.record);
        const { given } = rows[event.record.number] ?? {};
        put({ ...rowOf(event.record), ...(given && { given }) });
      }
    },
    finish(made, held) {
      artifacts = made;
      const list = [...made].map(([artifact, { length }]) => ({ name: artifact, size: length }));
      change({ artifacts: list, ...(held && { held }) });
      go("done");
    },
  };
}
