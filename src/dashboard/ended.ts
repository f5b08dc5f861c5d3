/**
 * What the command line stores when a study ends: how it ended, and the scores of its final model. The reader
 * does not trust it.
 */
import { isRecord } from "../errors.js";
import { type HeldScores, heldScores } from "../report/baselines.js";
import type { StudyAbout } from "./wire.js";

/** The artifact. */
export const SUMMARY = "summary.json";

/** The status in the summary. */
export type Ending = "finished" | "no result" | "interrupted";

/** By the status; without a summary, the study has not ended, or was killed. */
const PHASES: Readonly<Record<Ending, string>> = {
  finished: "done",
  "no result": "failed",
  interrupted: "interrupted",
};

/**
 * @param summary - the bytes of the artifact
 * @param finished - the number of trials with a result: if the summary has another number, the study is
 * running again
 */
export function endIn(
  summary: Uint8Array | undefined,
  finished: number | undefined,
): Pick<StudyAbout, "phase" | "held"> {
  const read = summary && parsed(new TextDecoder().decode(summary));
  if (!isRecord(read) || read.trials !== finished) return {};
  const phase = Object.hasOwn(PHASES, String(read.status)) ? PHASES[read.status as Ending] : undefined;
  if (phase === undefined) return {};
  const held = heldOf(read);
  return { phase, ...(held && { held }) };
}

/** Scores on held-out rows for people; undefined without valid scores. */
export function heldOf({
  test,
  baselines,
  positive,
}: {
  readonly test?: unknown;
  readonly baselines?: unknown;
  readonly positive?: unknown;
}): HeldScores | undefined {
  if (!isRecord(test) || Object.keys(test).length === 0) return undefined;
  try {
    return heldScores(
      test as Parameters<typeof heldScores>[0],
      baselines as Parameters<typeof heldScores>[1],
      typeof positive === "string" ? positive : undefined,
    );
  } catch {
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
