/**
 * The effect of the learning rate: the score at each rate on one problem, and the share of problems that each
 * rate solves.
 */
import type { RateSensitivity } from "../../benchmark/analysis.js";
import type { OptimizerFacts, ProblemFacts } from "../../benchmark/record.js";
import { stylesOf } from "../plots/palette.js";
import { linearScale, logScale, scaleOf } from "../plots/scale.js";
import { lineSeries, type Picture, pictureOf, targetLine } from "./picture.js";

const SIZE = { width: 680, height: 430 };
const PANEL = { left: 66, top: 74, width: 480, height: 300, title: "" };

/**
 * The score after the last step at each rate.
 *
 * @param rates - those of the problem
 * @param start - the score that runs begin with
 */
export function ratesPicture(
  problem: ProblemFacts,
  rates: readonly RateSensitivity[],
  optimizers: readonly OptimizerFacts[],
  start: number,
): Picture {
  const styles = stylesOf(rates.map(({ optimizer }) => optimizer));
  const x = axisOfRates(rates);
  const finals = rates.flatMap(({ points }) => points.map(({ final }) => final ?? start));
  const most = 1.25 * Math.max(start, problem.target);
  const scale = scaleOf([problem.target, start, ...finals.filter((score) => score <= most)]);
  const series = rates.flatMap(({ optimizer, points }) => {
    const style = styles.get(optimizer)!;
    const places = points.map(
      ({ rate, final }) => [x.scale.at(rate), scale.at(final ?? Number.NaN)] as const,
    );
    const rate = optimizers.find(({ name }) => name === optimizer)?.defaults.learningRate;
    const own = places.filter(([place]) => rate !== undefined && Math.abs(place - x.scale.at(rate)) < 1e-6);
    return [
      lineSeries(optimizer, style, places),
      lineSeries(optimizer, style, own, { symbol: "circle", symbolSize: 9, z: 4 }),
    ];
  });
  return pictureOf(
    {
      ...SIZE,
      name: `rates-${problem.name}`,
      title: problem.title,
      note: "all else at defaults; dot: default rate; thin grey: target",
    },
    [
      {
        ...PANEL,
        x,
        y: { scale, name: problem.learns ? "final test loss" : "final value" },
        series: [...series, targetLine(scale.at(problem.target))],
      },
    ],
    { optimizers: rates.map(({ optimizer }) => optimizer), side: "right" },
  );
}

/** The share of problems whose target is reached at each rate. */
export function solvedRatesPicture(rates: readonly RateSensitivity[]): Picture {
  const optimizers = [...new Set(rates.map(({ optimizer }) => optimizer))];
  const styles = stylesOf(optimizers);
  const x = axisOfRates(rates);
  const series = optimizers.map((optimizer) => {
    const own = rates.filter((one) => one.optimizer === optimizer);
    const places = own[0].points.map(({ rate }, i) => {
      const solved = own.filter(({ points }) => points[i].stepsToTarget !== null).length;
      return [x.scale.at(rate), (100 * solved) / own.length] as const;
    });
    return lineSeries(optimizer, styles.get(optimizer)!, places);
  });
  return pictureOf(
    {
      ...SIZE,
      name: "rates",
      title: "Problems whose target is reached, by learning rate",
      note: "all else at defaults; one run for each problem and rate",
    },
    [{ ...PANEL, x, y: { scale: linearScale(0, 100), name: "% of problems" }, series }],
    { optimizers, side: "right" },
  );
}

function axisOfRates(rates: readonly RateSensitivity[]) {
  const tried = rates[0].points.map(({ rate }) => rate);
  return { scale: logScale(Math.min(...tried), Math.max(...tried)), name: "learning rate" };
}
