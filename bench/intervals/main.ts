/**
 * How often intervals of scores hold the score of the population that the rows were drawn from, by metric,
 * population and rows.
 *
 *     npm run bench:intervals                              # the table of docs/validation.md: 600 draws, seed 1
 *     npm run bench:intervals -- --draws 500 --seed 7 --rows 50,200 --population "half" --metric rocAuc
 */
import { parseArgs } from "node:util";
import { ready } from "../../src/numerics/kernels.js";
import { POPULATIONS } from "./cases.js";
import { type Coverage, coverage, truths } from "./coverage.js";

const { values } = parseArgs({
  options: {
    draws: { type: "string", default: "600" },
    seed: { type: "string", default: "1" },
    rows: { type: "string", default: "50,200,1000" },
    population: { type: "string", default: "" },
    metric: { type: "string", default: "" },
    detail: { type: "boolean", default: false },
  },
});
await ready();
const [draws, seed] = [Number(values.draws), Number(values.seed)];
const sizes = values.rows.split(",").map(Number);
const percent = (part: number, all: number): string => (all === 0 ? "–" : ((100 * part) / all).toFixed(1));
const cell = ({ draws, above, below, flagged, missed, width }: Coverage): string => {
  const held = percent(draws - above - below, draws);
  const sides = `${percent(above, draws)}/${percent(below, draws)}`;
  return values.detail
    ? `${held} (${sides}) few ${percent(flagged, draws)}: others ${percent(draws - flagged - missed, draws - flagged)} w ${(width / draws).toPrecision(2)}`
    : held;
};
console.log(`${draws} draws, seed ${seed}`);
for (const population of POPULATIONS.filter(({ name }) => name.includes(values.population))) {
  const chosen = {
    ...population,
    metrics: population.metrics.filter((each) => each.includes(values.metric)),
  };
  const truth = truths(chosen, seed);
  const bySize = sizes.map((rows) => coverage(chosen, truth, { rows, draws, seed }));
  for (const [i, name] of chosen.metrics.entries())
    console.log(`| ${population.name} | ${name} | ${bySize.map((of) => cell(of[i])).join(" | ")} |`);
}
