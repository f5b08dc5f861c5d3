/**
 * The error of a search without a single value. A trial that fails or diverges is a finished trial, and the
 * search continues; but if every trial does, there is nothing to return, and the first cause is thrown.
 */
import { FettleError, isA } from "../../errors.js";
import type { Space } from "../../search/space/space.js";
import type { Objective, OptimizeOptions, Study, StudyEvent } from "../../search/study/contract.js";
import { BrokenTrial } from "../../search/trial/curves.js";

/**
 * Runs a study to its end.
 *
 * @returns why it ended
 * @throws FettleError `trial_failed` if no trial gave a value, with the first cause; not if the study was
 * ended early
 */
export async function optimizeStudy<S extends Space>(
  study: Study<S>,
  objective: Objective<S>,
  options: OptimizeOptions<S>,
): Promise<EndReason> {
  /** The errors of trials, by number: records keep only the message. */
  const thrown = new Map<number, unknown>();
  const remembering: Objective<S> = async (params, trial) => {
    try {
      return await objective(params, trial);
    } catch (error) {
      thrown.set(trial.number, isA(error, BrokenTrial) ? error.error : error);
      throw error;
    }
  };
  let reason: EndReason = "budget";
  await study.optimize(remembering, {
    ...options,
    onEvent(event) {
      if (event.type === "studyEnded") ({ reason } = event);
      return options.onEvent?.(event);
    },
  });
  if (!EARLY.includes(reason)) checkAnyValue(study, thrown);
  return reason;
}

type EndReason = Extract<StudyEvent, { readonly type: "studyEnded" }>["reason"];

/** How a study ends if its caller stopped it. */
const EARLY: readonly string[] = ["aborted", "timeout", "stopped"];

function checkAnyValue<S extends Space>({ trials }: Study<S>, thrown: ReadonlyMap<number, unknown>): void {
  const failed = trials.filter(({ status }) => status === "failed");
  const diverged = trials.filter(({ status }) => status === "diverged");
  if (trials.length === 0 || failed.length + diverged.length < trials.length) return;
  const counts = [
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
    ...(diverged.length > 0 ? [`${diverged.length} diverged`] : []),
  ];
  const [first = diverged[0]] = failed;
  const reason =
    first.error ??
    "its value is NaN or infinite; if it is a model's, search smaller learning rates, or scale the data";
  throw new FettleError(
    "trial_failed",
    `no trial gave a value (${counts.join(", ")}); trial ${first.number} ${first.status}: ${reason}`,
    thrown.has(first.number) ? { cause: thrown.get(first.number) } : {},
  );
}
