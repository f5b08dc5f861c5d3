/** Studies for pictures, and what is read back from a picture's option. */

import type { Direction } from "../../../src/direction.js";
import type { Plot } from "../../../src/report/plots/plot.js";
import { type StudyData, studyData } from "../../../src/report/plots/studyData.js";
import type { Params, Space } from "../../../src/search/space/space.js";
import { makeRecord, type TrialOutcome } from "../../../src/search/trial/trial.js";

/** A study with given trials. */
export function studyOf(
  space: Space,
  outcomes: readonly (readonly [params: Params, outcome: TrialOutcome])[],
  direction: Direction | readonly Direction[] = "minimize",
  metrics?: readonly string[],
): StudyData {
  const objectives = [direction].flat().length;
  const trials = outcomes.map(([params, outcome], number) =>
    makeRecord({ number, params }, outcome, objectives),
  );
  const source = { space, strategy: { name: "random" }, direction, trials };
  return studyData(source, metrics && { metrics });
}

/** A series of an option, as tests read it. */
export interface Series {
  readonly type: string;
  readonly name?: string;
  readonly data: readonly (readonly (number | string)[])[];
  readonly lineStyle?: { readonly color: string; readonly opacity?: number };
}

export const seriesOf = ({ option }: Plot): readonly Series[] => option.series as unknown as Series[];

export function named(plot: Plot, name: string): Series["data"] {
  const found = seriesOf(plot).filter((series) => series.name === name);
  if (found.length !== 1) throw new Error(`${plot.name} has ${found.length} series ${name}`);
  return found[0].data;
}

export const namesOf = (plot: Plot): (string | undefined)[] => seriesOf(plot).map(({ name }) => name);

/** Whether a value is JSON and no more: equal after it was written and read. */
export const isPlain = (value: unknown): boolean => {
  const look = (each: unknown): boolean =>
    each === null ||
    ["string", "boolean"].includes(typeof each) ||
    (typeof each === "number" && Number.isFinite(each)) ||
    (typeof each === "object" &&
      [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(each)) &&
      Object.values(each as object).every(look));
  return look(value);
};
