/**
 * The dashboard of a run of `fettle tune`: it shows the events of the progress bar, and stays until Ctrl-C.
 */
import { heldOf } from "../dashboard/ended.js";
import { runSource } from "../dashboard/runSource.js";
import type { StudyEvent } from "../search/study/contract.js";
import type { BaselineReport } from "../tune/baselines/compare.js";
import { finalOrNone } from "../tune/tuner/result.js";
import { openDashboard } from "./dashboard.js";
import { titleOf } from "./files.js";
import { untilStopped } from "./interrupt.js";
import type { Keeper } from "./keeper.js";
import type { OpenStudy } from "./openTune.js";
import { note } from "./streams.js";
import { type Made, MODEL_FILE, modelBytes } from "./studyFolder.js";
import { heldFlags } from "./tuneFlags.js";

export interface Watch {
  onEvent(event: StudyEvent): void;
  /** Shows that the run has ended, and waits for Ctrl-C. */
  finish(
    result: Made | undefined,
    study: OpenStudy,
    trials: number,
    baselines: BaselineReport | undefined,
  ): Promise<void>;
  close(): Promise<void>;
}

/** @param cancel - ends the run once its running trials have ended */
export async function watchRun(
  { file, flags }: OpenStudy,
  metrics: readonly string[],
  keeper: Keeper | undefined,
  cancel: () => void,
): Promise<Watch> {
  const stored = keeper?.stored;
  const source = runSource({
    name: flags.study ?? titleOf(file),
    metrics,
    cancel,
    ...(stored && { stored }),
  });
  const dashboard = await openDashboard(source, 0);
  note(`The dashboard is at ${dashboard.url}`);
  return {
    onEvent: source.onEvent,
    async finish(result, study, trials, baselines) {
      const command = { file: study.file, flags: heldFlags(study.flags) };
      const model = modelBytes(result, command, trials);
      const { test, positive } = finalOrNone(result) ?? {};
      const held = heldOf({ test, baselines, positive });
      source.finish(new Map(model ? [[MODEL_FILE, model]] : []), held);
      await untilStopped(() => note("The run has ended; its dashboard stays until Ctrl-C."), dashboard.close);
    },
    close: dashboard.close,
  };
}
