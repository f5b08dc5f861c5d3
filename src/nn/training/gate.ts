/** What may stand between `fit` and its steps: a training in slices. Nothing runs here. */
import type { SavedRun } from "../../engine/executor.js";
import type { Callback, Logs, TrainingControl } from "../callbacks/callback.js";
import type { ScoredArchitecture } from "../programs/architecture.js";
import type { FitData } from "./examples.js";
import type { FitSettings } from "./fitting.js";
import type { TrainingRun } from "./trainer.js";

/** A call of `fit` whose arguments were checked. */
export interface CheckedFit {
  readonly architecture: ScoredArchitecture;
  readonly data: FitData;
  readonly settings: FitSettings;
}

/** Where a training resumes. */
export interface Resumed {
  readonly run: SavedRun;
  /** Of its finished epochs. */
  readonly logs: readonly Logs[];
  /** Whether nothing of it is left. */
  readonly ended: boolean;
}

/** Decides when steps of a training run. */
export interface Gate {
  /** Before anything runs: where the training resumes, if it does not start. @throws FettleError */
  enter(fit: CheckedFit): Resumed | undefined;
  /**
   * Awaited before the first callback, and before steps.
   *
   * @returns how many steps may run at most
   * @throws FettleError for a training that must end here
   */
  wait(run: TrainingRun): Promise<number>;
  /**
   * Awaited after `onTrainBegin`.
   *
   * @param control - that of the callbacks
   * @returns whether the training resumes within an epoch, whose start callbacks have seen
   */
  begin(control: TrainingControl, callbacks: readonly Callback[]): Promise<boolean>;
  /** So many steps have run. */
  ran(steps: number): void;
}
