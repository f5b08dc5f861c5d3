/**
 * The data of a study that pictures, reports and pages read: plain data, the same from a study in memory, in
 * bytes or in a storage.
 */
import { checkOptions, isRecord, must, mustBeList, type OptionNames } from "../../errors.js";
import type { Params, Space } from "../../search/space/space.js";
import type { StudyJson } from "../../search/study/contract.js";
import { Curves } from "../../search/trial/curves.js";
import { readCurves } from "../../search/trial/savedCurves.js";
import { type Direction, mustBeDirection, mustBeTrials, type TrialRecord } from "../../search/trial/trial.js";

/** A study in the form that pictures read. */
export interface StudyData {
  readonly name: string;
  readonly space: Space;
  /** The name of the strategy. */
  readonly strategy: string;
  /** One for each objective. */
  readonly directions: readonly Direction[];
  /** The names of the objectives. */
  readonly metrics: readonly string[];
  /** Finished trials, by number, with their curves. */
  readonly trials: readonly TrialRecord<Params>[];
}

/** What `studyData` accepts: a study, its JSON, or a study's parts from a storage. */
export interface StudySource {
  readonly space: Space;
  readonly strategy: { readonly name: string };
  readonly direction: Direction | readonly Direction[];
  /** Of a study in memory; otherwise those of `direction`. */
  readonly directions?: readonly Direction[];
  readonly trials: readonly (TrialRecord<Params> | StudyJson["trials"][number])[];
}

/** Names that a study does not contain. */
export interface AboutStudy {
  /** Default `"study"`. */
  readonly name?: string;
  /** The names of the objectives. Default `"value"`, or `"value 1"`, `"value 2"`… */
  readonly metrics?: readonly string[];
}

const ABOUT: OptionNames<AboutStudy> = { name: true, metrics: true };

/**
 * A study as plain data for pictures and reports. It excludes running trials.
 *
 * @param study - a study, its JSON, or `{ ...stored.definition, trials: await stored.trials() }` of a storage
 * @throws FettleError `invalid_argument` for anything else; `invalid_checkpoint` for damaged curves
 * @example
 * ```ts
 * const study = createStudy({ space: { x: float(-5, 5) }, strategy: random(), direction: "minimize" });
 * await study.optimize(({ x }) => x * x, { trials: 5 });
 * const data = studyData(study, { name: "parabola", metrics: ["height"] });
 * data.trials.length; // 5
 * studyData(JSON.parse(JSON.stringify(study))).metrics; // ["value"]
 * ```
 */
export function studyData(study: StudySource, about: AboutStudy = {}): StudyData {
  must(
    isRecord(study) && isRecord(study.space) && isRecord(study.strategy),
    "study",
    "a study, its JSON, or its record in a storage (of the result of tune, its study)",
    study,
  );
  checkOptions(about, "studyData", ABOUT);
  const directions = study.directions ?? [study.direction].flat();
  mustBeList("directions", directions);
  for (const direction of directions) mustBeDirection(direction);
  mustBeTrials(study.trials);
  const unnamed = directions.length === 1 ? ["value"] : directions.map((_, i) => `value ${i + 1}`);
  const { name = "study", metrics = unnamed } = about;
  must(typeof name === "string", "the name of a study", "a string", name);
  const own =
    isNames(metrics) && metrics.length === directions.length && new Set(metrics).size === metrics.length;
  must(own, "metrics", `a list of ${directions.length} different names, one for each objective`, metrics);
  const finished = study.trials.filter((trial) => trial.status !== "running");
  return {
    name,
    space: study.space,
    strategy: study.strategy.name,
    directions,
    metrics,
    trials: finished.map(withCurves).sort((a, b) => a.number - b.number),
  };
}

/** Refuses anything but what {@link studyData} returns, such as a study itself. */
export function mustBeStudyData(study: unknown): asserts study is StudyData {
  must(
    isRecord(study) &&
      typeof study.name === "string" &&
      typeof study.strategy === "string" &&
      isRecord(study.space) &&
      isNames(study.metrics) &&
      isNames(study.directions),
    "the study of a picture or table",
    `what studyData(study) returns${isRecord(study) && isRecord(study.history) ? "; plotTraining draws what fit returns" : ""}`,
    study,
  );
  mustBeTrials(study.trials);
}

const isNames = (names: unknown): boolean =>
  Array.isArray(names) && names.every((name) => typeof name === "string");

/** A trial with the class of its curves, which JSON does not keep. */
function withCurves(trial: StudySource["trials"][number]): TrialRecord<Params> {
  const { curves } = trial as TrialRecord<Params>;
  if (curves === undefined || curves instanceof Curves) return trial as TrialRecord<Params>;
  return { ...(trial as TrialRecord<Params>), curves: readCurves(curves) };
}
