/** Creates a study for clients, or resumes it from its storage with the same options. */
import { check, isRecord, must, show } from "../../errors.js";
import type { Space } from "../../search/space/space.js";
import { sameValue } from "../../search/space/value.js";
import { reopenStudy } from "../../search/study/checkpoint.js";
import type { Study } from "../../search/study/contract.js";
import { beginStudy } from "../../search/study/study.js";
import type { StoredStudy, StudySettings } from "../../store/storage.js";
import type { TrialStudyOptions } from "./options.js";

/** The pruning settings that the study keeps: a resumed study must have the same. */
export function pruningOf({ scheduler, steps }: TrialStudyOptions<Space>) {
  return {
    scheduler: scheduler ? { name: scheduler.name, options: scheduler.options } : null,
    steps: steps ?? null,
  };
}

/** The scheduler in the settings of a served study; undefined if there is none. */
export function schedulerIn({ serve }: StudySettings) {
  const { scheduler, steps } = isRecord(serve) ? serve : {};
  if (!isRecord(scheduler) || typeof scheduler.name !== "string") return undefined;
  return {
    name: scheduler.name,
    options: scheduler.options as Readonly<Record<string, unknown>>,
    steps: steps as number,
  };
}

/** A new study. */
export function created({
  space,
  strategy,
  direction,
  seed,
  lag,
  constraint,
}: TrialStudyOptions<Space>): Study {
  return beginStudy({
    space,
    strategy,
    direction,
    seed,
    lag,
    ...(constraint && { constraint }),
  });
}

/** A study from its storage. @throws FettleError for one that began with other options */
export async function restored(stored: StoredStudy, options: TrialStudyOptions<Space>): Promise<Study> {
  const { space, strategy, constraint, direction, seed, lag } = options;
  const { definition } = stored;
  for (const [name, given] of Object.entries({ direction, seed, lag })) {
    const own = definition[name as "seed"];
    must(
      sameValue([own].flat(), [given].flat()),
      name,
      `${show(own)}, as study ${show(stored.name)} began`,
      given,
    );
  }
  const saved = stored.settings.serve;
  check(
    saved === undefined || sameValue(saved, pruningOf(options)),
    () =>
      `scheduler and steps must be those that study ${show(stored.name)} began with, ${show(saved)}; received ${show(pruningOf(options))}`,
  );
  const trials = await stored.trials();
  return reopenStudy({ ...definition, trials }, { space, strategy, ...(constraint && { constraint }) });
}
