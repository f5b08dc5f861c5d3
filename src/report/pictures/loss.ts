/** How the score of each optimizer falls on one problem: medians as lines, quartiles as bands. */
import type { LearningCurve } from "../../benchmark/curves.js";
import type { ProblemFacts } from "../../benchmark/record.js";
import { stylesOf } from "../plots/palette.js";
import { linearScale, scaleOf } from "../plots/scale.js";
import { bandSeries, comparedPicture, lineSeries, type Picture, targetLine } from "./picture.js";

/** Scores that the axis covers: up to those of the start; higher ones are outside the picture. */
function shown({ target }: ProblemFacts, curves: readonly LearningCurve[]): number[] {
  const most = Math.max(...curves.map(({ points }) => points[0].upper ?? points[0].median ?? target));
  const medians = curves.flatMap(({ points }) => points.map(({ median }) => median ?? most));
  return [target, most, ...medians.filter((score) => score <= most)];
}

/** @param curves - those of the problem */
export function lossPicture(problem: ProblemFacts, curves: readonly LearningCurve[]): Picture {
  const optimizers = [...new Set(curves.map(({ optimizer }) => optimizer))];
  const styles = stylesOf(optimizers);
  const y = { scale: scaleOf(shown(problem, curves)), name: problem.learns ? "test loss" : "value" };
  const x = { scale: linearScale(0, problem.steps), name: "steps" };
  return comparedPicture(
    {
      name: `loss-${problem.name}`,
      title: problem.title,
      note: "median over seeds; bands: quartiles, unless they diverged; thin grey: target",
    },
    { x, y },
    optimizers,
    (phase) => {
      const own = curves.filter((curve) => curve.phase === phase);
      return [
        ...own.flatMap(({ optimizer, points }) => {
          const places = points.flatMap(({ step, lower, upper }) =>
            lower === null || upper === null ? [] : [[step, y.scale.at(lower), y.scale.at(upper)] as const],
          );
          return places.length > 1 ? [bandSeries(styles.get(optimizer)!.color, places)] : [];
        }),
        ...own.map(({ optimizer, points }) =>
          lineSeries(
            optimizer,
            styles.get(optimizer)!,
            points.map(({ step, median }) => [step, y.scale.at(median ?? Number.NaN)]),
          ),
        ),
        targetLine(y.scale.at(problem.target)),
      ];
    },
  );
}
