/** What the server of a dashboard and its page say to each other, as types. Nothing here runs. */
import type { HeldScores } from "../report/baselines.js";
import type { CurveLine } from "../report/plots/overlay.js";
import type { Params, Space } from "../search/space/space.js";
import type { Direction, TrialRecord, TrialStatus } from "../search/trial/trial.js";
import type { Note } from "../store/storage.js";

export type { CurveLine, Note };

/** What may be asked for beside reading: `note` a trial, steer a study, `enqueue` a point, `start` a study. */
export type Action = "note" | "pause" | "resume" | "cancel" | "enqueue" | "start";

/** A study in the list. */
export interface StudyCard {
  readonly name: string;
  /** How many trials were asked for. Missing where the host does not say. */
  readonly trials?: number;
  /** How many of them have a result. */
  readonly finished?: number;
}

/** The list. */
export interface StudyList {
  readonly studies: readonly StudyCard[];
  /** Where they are, for people: a path or an address. */
  readonly source: string;
  readonly canStart: boolean;
}

/** What a study is. Its trials come by themselves. */
export interface StudyAbout {
  readonly name: string;
  /** Empty where the host does not say. */
  readonly strategy: string;
  readonly space: Space;
  /** One for each objective. */
  readonly directions: readonly Direction[];
  /** Names of the objectives. */
  readonly metrics: readonly string[];
  readonly seed?: number;
  /**
   * Of a run or a host: `running`, `paused`, `stopping`, `failed`, `cancelled` or `done`. Of a storage `done`, `failed` or `interrupted`, once
   * the command that ran the study has said so; missing before.
   */
  readonly phase?: string;
  /** Of the final model, once there is one; a host does not say. */
  readonly held?: HeldScores;
  /** Why it failed, or why it waits. */
  readonly trouble?: string;
  /** The number of trials that it may run, if it is known. */
  readonly budget?: number;
  readonly artifacts: readonly { readonly name: string; readonly size?: number }[];
  readonly actions: readonly Action[];
}

/** A trial without its curves. */
export interface TrialRow
  extends Omit<TrialRecord, "curves" | "curve" | "status" | "value" | "std" | "seconds"> {
  readonly status: TrialStatus | "running";
  readonly value: number | null;
  readonly std: number | null;
  readonly seconds: number | null;
  /** Whether a person chose its point. */
  readonly given?: true;
}

/** What happens to a study, in the order in which it is sent: `about` comes first, and again when it changes. */
export type DashboardEvent =
  | { readonly type: "about"; readonly about: StudyAbout }
  /** Trials that are new or have changed. */
  | { readonly type: "trials"; readonly trials: readonly TrialRow[] }
  /** All notes. */
  | { readonly type: "notes"; readonly notes: readonly Note[] }
  /** All trials that there were have been sent. */
  | { readonly type: "ready" }
  | { readonly type: "gone" };

/** Curves by number of their trial. Of a trial that runs they are those so far; trials without any may be missing. */
export type CurvesByTrial = Readonly<Record<string, readonly CurveLine[]>>;

export type { Params };
