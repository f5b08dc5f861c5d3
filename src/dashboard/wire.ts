/** The messages between the server of a dashboard and its page, as types. Nothing here runs. */
import type { HeldScores } from "../report/baselines.js";
import type { CurveLine } from "../report/plots/overlay.js";
import type { Params, Space } from "../search/space/space.js";
import type { Direction, TrialRecord, TrialStatus } from "../search/trial/trial.js";
import type { Note } from "../store/storage.js";

export type { CurveLine, Note };

/** Requests other than reading: `note` a trial, control a study, `enqueue` a point, `start` a study. */
export type Action = "note" | "pause" | "resume" | "cancel" | "enqueue" | "start";

/** A study in the list. */
export interface StudyCard {
  readonly name: string;
  /** The number of trials asked for. Missing if the host does not report it. */
  readonly trials?: number;
  /** The number of them with a result. */
  readonly finished?: number;
}

/** The list. */
export interface StudyList {
  readonly studies: readonly StudyCard[];
  /** Their origin, for people: a path or an address. */
  readonly source: string;
  readonly canStart: boolean;
}

/** The description of a study. Its trials arrive separately. */
export interface StudyAbout {
  readonly name: string;
  /** Empty if the host does not report it. */
  readonly strategy: string;
  readonly space: Space;
  /** One for each objective. */
  readonly directions: readonly Direction[];
  /** Names of the objectives. */
  readonly metrics: readonly string[];
  readonly seed?: number;
  /**
   * For a run or a host: `running`, `paused`, `stopping`, `failed`, `cancelled` or `done`. For a storage:
   * `done`, `failed` or `interrupted`, once the command that ran the study has recorded it; missing before.
   */
  readonly phase?: string;
  /** Scores of the final model, once there is one; a host does not report them. */
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

/** Events of a study: `about` comes first, and again when it changes. */
export type DashboardEvent =
  | { readonly type: "about"; readonly about: StudyAbout }
  /** New or changed trials. */
  | { readonly type: "trials"; readonly trials: readonly TrialRow[] }
  /** All notes. */
  | { readonly type: "notes"; readonly notes: readonly Note[] }
  /** All existing trials have been sent. */
  | { readonly type: "ready" }
  | { readonly type: "gone" };

/** Curves by number of their trial, of running trials so far; trials without any may be missing. */
export type CurvesByTrial = Readonly<Record<string, readonly CurveLine[]>>;

export type { Params };
