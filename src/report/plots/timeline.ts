/** The duration of trials, and how they ended. */
import { statuses } from "../../search/trial/trial.js";
import { formatDuration } from "../format.js";
import { countStatuses } from "../study.js";
import { axisOf, countAxis, dots, plotOf, thinned, thinnedNote } from "./frame.js";
import { COLORS } from "./palette.js";
import type { Plot, Point } from "./plot.js";
import { mustBeStudyData, type StudyData } from "./studyData.js";

const STYLE = {
  complete: [COLORS.trial, "circle"],
  pruned: [COLORS.grey, "triangle"],
  diverged: [COLORS.warm, "diamond"],
  failed: [COLORS.second, "rect"],
} as const;

/**
 * The seconds of each trial by its number, coloured by how it ended. A study does not record when a trial
 * started.
 *
 * @example
 * ```ts
 * const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" });
 * study.add({ x: 0.5 }, { value: 1, seconds: 2 });
 * plotTimeline(studyData(study)).description; // "1 trial: 1 complete. Together they took 2.0 s; the longest, trial 0, took 2.0 s."
 * ```
 */
export function plotTimeline(study: StudyData): Plot {
  mustBeStudyData(study);
  const timed = study.trials.filter(({ seconds }) => seconds !== null);
  const series = statuses.flatMap((status) => {
    const own = timed.filter((trial) => trial.status === status);
    const points = thinned(own.map(({ number, seconds }): Point => [number, seconds as number]));
    const [color, symbol] = STYLE[status];
    return points.length === 0
      ? []
      : [{ all: own.length, points, drawn: dots(status, color, points, { symbol }) }];
  });
  const total = (of: (one: (typeof series)[number]) => number): number =>
    series.reduce((sum, one) => sum + of(one), 0);
  const [numbers, seconds] = [study.trials.map(({ number }) => number), timed.map((one) => one.seconds ?? 0)];
  return plotOf(
    {
      name: "timeline",
      title: "Seconds of each trial",
      description:
        said(study) +
        thinnedNote(
          total(({ points }) => points.length),
          total(({ all }) => all),
        ),
    },
    countAxis(numbers, "trial"),
    axisOf(seconds, "seconds"),
    series.map(({ drawn }) => drawn),
  );
}

function said({ trials }: StudyData): string {
  const counts = `${countStatuses(trials)}.`;
  let [all, longest] = [0, trials[0]];
  for (const trial of trials) {
    all += trial.seconds ?? 0;
    if ((trial.seconds ?? -1) > (longest.seconds ?? -1)) longest = trial;
  }
  if (!longest || longest.seconds === null) return `${counts} Their time was not measured.`;
  return `${counts} Together they took ${formatDuration(all)}; the longest, trial ${longest.number}, took ${formatDuration(longest.seconds)}.`;
}
