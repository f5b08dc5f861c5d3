/**
 * How warm will it be in three days? A network with two inputs: the weather of the last 14 days at Seattle, which a gated recurrent unit
 * reads day by day, and the season of the forecast day. It is compared with networks that have only one of the inputs. All are tuned with the
 * same budget: trials learn from 2012 and 2013 and are scored on 2014. The best settings then learn from the three years, and forecast each
 * day of 2015, by which nothing was chosen.
 *
 *     npm run example examples/weather-calendar.ts [<trials>]
 */
import { readFileSync } from "node:fs";
import { adam, dense, float, functional, gru, input, int, merge, metrics, type ParamsOf, tune } from "fettle";

const [trials = 12] = process.argv.slice(2).map(Number);
const WINDOW = 14;
const AHEAD = 3;

const csv = readFileSync(new URL("data/seattle-weather.csv", import.meta.url), "utf8");
const days = csv
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => line.split(","));
const weather = days.map(([, rain, highest, ...others]) =>
  [Math.log1p(Number(rain)), highest, ...others].map(Number),
);
const warmth = days.map(([, , highest]) => Number(highest));
const season = days.map((_, day) => [Math.sin, Math.cos].map((wave) => wave((2 * Math.PI * day) / 365.25)));

/** The days to forecast in some years. */
const daysOf = (from: number, to: number): number[] =>
  days.flatMap(([date], day) => {
    const year = Number(date.slice(0, 4));
    return from <= year && year <= to && day >= WINDOW + AHEAD ? [day] : [];
  });
const [train, test] = [daysOf(2012, 2014), daysOf(2015, 2015)];
const warmthOf = (chosen: readonly number[]): number[] => chosen.map((day) => warmth[day]);

/** The data available for a forecast day: the last weather is that of AHEAD days before. */
const known = {
  weather: (day: number) => weather.slice(day - AHEAD - WINDOW + 1, day - AHEAD + 1).flat(),
  calendar: (day: number) => season[day],
};
type Part = keyof typeof known;

const space = {
  units: int(4, 32, { log: true }),
  learningRate: float(0.003, 0.03, { log: true }),
  epochs: int(4, 24, { log: true }),
};
type Settings = ParamsOf<typeof space>;

function build(parts: readonly Part[], { units, learningRate }: Settings) {
  const inputs = { weather: input([WINDOW, 4]), calendar: input(2) };
  const read = { weather: gru(units).apply(inputs.weather), calendar: inputs.calendar };
  const [first, ...others] = parts.map((part) => read[part]);
  const all = others.length > 0 ? merge("concatenate").apply(first, ...others) : first;
  const model = functional({
    inputs: Object.fromEntries(parts.map((part) => [part, inputs[part]])),
    outputs: dense(1).apply(dense(units, { activation: "relu" }).apply(all)),
  });
  model.compile({ optimizer: adam({ learningRate }), loss: "meanSquaredError" });
  return model;
}

const show = (name: string, predicted: ArrayLike<number>): void =>
  console.log(`${name}: ${metrics.meanAbsoluteError(warmthOf(test), Array.from(predicted)).toFixed(2)} °C`);
show("as warm as today", warmthOf(test.map((day) => day - AHEAD)));
show("as warm as a year before", warmthOf(test.map((day) => day - 365)));

const learnt = daysOf(2012, 2013).length;
const rows = [...train.keys()];
for (const parts of [["weather"], ["calendar"], ["weather", "calendar"]] satisfies Part[][]) {
  const rowsOf = (chosen: readonly number[]) =>
    chosen.map((day) => parts.flatMap((part) => known[part](day)));
  const { final } = await tune({
    x: rowsOf(train),
    y: warmthOf(train),
    space,
    trials,
    model: (settings) => build(parts, settings),
    fit: ({ epochs }) => ({ epochs }),
    validation: [{ train: rows.slice(0, learnt), validation: rows.slice(learnt) }],
    metric: "meanAbsoluteError",
  });
  if (final) show(parts.join(" and "), final.predict(rowsOf(test)).data);
}
