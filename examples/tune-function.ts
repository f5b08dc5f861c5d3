/**
 * An ordinary function: the settings of a forecast. Holt-Winters smoothing updates the level, the trend and the season of a series at rates
 * that have to be found (P. Winters, "Forecasting sales by exponentially weighted moving averages", Management Science 6, 1960). The series
 * is the airline passengers of 1949 to 1960, in thousands per month (G. Box and G. Jenkins, "Time Series Analysis", 1970, series G). The last
 * two years score the answer.
 *
 *     npm run example examples/tune-function.ts [<trials> <seed>]
 */
import { choice, float, type ParamsOf, tune } from "fettle";
import { report } from "./report.js";

const [trials = 40, seed = 0] = process.argv.slice(2).map(Number);

const passengers = [
  112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118, 115, 126, 141, 135, 125, 149, 170, 170, 158,
  133, 114, 140, 145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166, 171, 180, 193, 181, 183, 218,
  230, 242, 209, 191, 172, 194, 196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201, 204, 188, 235,
  227, 234, 264, 302, 293, 259, 229, 203, 229, 242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278,
  284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271, 306, 315, 301, 356, 348, 355, 422, 465, 467, 404,
  347, 305, 336, 340, 318, 362, 348, 363, 435, 491, 505, 404, 359, 310, 337, 360, 342, 406, 396, 420, 472,
  548, 559, 463, 407, 362, 405, 417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432,
];
const YEAR = 12;
const mean = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each) / numbers.length;

const space = {
  level: float(0, 1),
  trend: float(0, 1),
  season: float(0, 1),
  kind: choice(["additive", "multiplicative"]),
};
type Settings = ParamsOf<typeof space>;

/** What the months after `series` will be. */
function forecast(series: readonly number[], settings: Settings, months: number): number[] {
  const [first, second] = [series.slice(0, YEAR), series.slice(YEAR, 2 * YEAR)];
  const multiplies = settings.kind === "multiplicative";
  const without = (value: number, part: number) => (multiplies ? value / part : value - part);
  let level = mean(first);
  let trend = (mean(second) - mean(first)) / YEAR;
  const seasons = first.map((value) => without(value, level));
  for (const [i, value] of series.entries()) {
    const month = i % YEAR;
    const before = level;
    level = settings.level * without(value, seasons[month]) + (1 - settings.level) * (level + trend);
    trend = settings.trend * (level - before) + (1 - settings.trend) * trend;
    seasons[month] = settings.season * without(value, level) + (1 - settings.season) * seasons[month];
  }
  return Array.from({ length: months }, (_, k) => {
    const [ahead, part] = [level + (k + 1) * trend, seasons[(series.length + k) % YEAR]];
    return multiplies ? ahead * part : ahead + part;
  });
}

/** The mean error, in percent, of the two years after `end`, from all months before it. */
function errorOf(settings: Settings, end: number): number {
  const months = passengers.slice(end, end + 2 * YEAR);
  const predicted = forecast(passengers.slice(0, end), settings, months.length);
  return mean(months.map((value, k) => (100 * Math.abs(predicted[k] - value)) / value));
}

// where forecasts begin: each ends before the last two years, which no trial sees
const ends = [4, 5, 6, 7, 8].map((years) => years * YEAR);
const held = 10 * YEAR;

const { best, study } = await tune({
  space,
  objective: (settings) => mean(ends.map((end) => errorOf(settings, end))),
  direction: "minimize",
  trials,
  seed,
});

console.log(report(study));
// where the search of R's HoltWinters starts
const defaults: Settings = { level: 0.3, trend: 0.1, season: 0.1, kind: "additive" };
const [tuned, byDefault] = [best.params, defaults].map((settings) => errorOf(settings, held));
console.log(`Error of the last two years: ${tuned.toFixed(2)} %; by default ${byDefault.toFixed(2)} %`);
