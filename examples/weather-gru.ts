/**
 * How warm will tomorrow be? A gated recurrent unit reads the weather of the last 14 days at Seattle, day by day; a dense network sees the
 * same 14 days at once. Both are tuned with the same budget: each trial learns from 2012 and 2013 and is scored on 2014. Then both learn
 * from all three years, with the best settings, and forecast every day of 2015, by which nothing was chosen. Each forecast is the mean of
 * seven networks, trained from seven seeds.
 *
 * Two forecasts need no network: as warm as today, and as warm as on this day a year ago. Most of the predictable part of the next day is
 * linear: a ridge regression on the same 84 numbers, its penalty chosen in the same way, errs by 2.17 °C.
 *
 *     npm run example examples/weather-gru.ts [<trials>]
 */
import { readFileSync } from "node:fs";
import {
  adam,
  averageModels,
  dense,
  dropout,
  flatten,
  float,
  gru,
  int,
  metrics,
  type ParamsOf,
  type Sequential,
  sequential,
  tune,
} from "fettle";

const [trials = 16] = process.argv.slice(2).map(Number);

const WINDOW = 14;
const YEAR = 365;

interface Day {
  readonly year: number;
  /** The features of a day. */
  readonly features: readonly number[];
  readonly highest: number;
}

const [, ...lines] = readFileSync(new URL("data/seattle-weather.csv", import.meta.url), "utf8")
  .trim()
  .split("\n");
const days = lines.map((line, i): Day => {
  const [date, rain, highest, lowest, wind] = line.split(",");
  const season = (2 * Math.PI * i) / 365.25; // the first day is New Year's
  return {
    year: Number(date.slice(0, 4)),
    features: [
      ...[Math.log1p(Number(rain)), Number(highest), Number(lowest), Number(wind)],
      ...[Math.sin(season), Math.cos(season)],
    ],
    highest: Number(highest),
  };
});
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Features standardized by their mean and variance up to a year. */
function standardized(lastYear: number): number[][] {
  const known = days.filter(({ year }) => year <= lastYear);
  const scales = days[0].features.map((_, j) => {
    const values = known.map(({ features }) => features[j]);
    return { center: mean(values), spread: Math.sqrt(mean(values.map((v) => (v - mean(values)) ** 2))) };
  });
  return days.map(({ features }) => features.map((v, j) => (v - scales[j].center) / scales[j].spread));
}

/** The days that can be forecast, and the days before each, [WINDOW, features]. */
const targets = days.flatMap(({ year }, day) => (day >= WINDOW ? [{ day, year }] : []));
const windowsOf = (features: readonly number[][]) =>
  targets.map(({ day }) => features.slice(day - WINDOW, day));

const space = {
  units: int(4, 32, { log: true }),
  learningRate: float(0.001, 0.03, { log: true }),
  rate: float(0, 0.3),
  epochs: int(5, 40, { log: true }),
};
type Settings = ParamsOf<typeof space>;

type Network = (settings: Settings) => Sequential;
const networks: Readonly<Record<string, Network>> = {
  "gated recurrent unit": ({ units, rate, learningRate }) => {
    const model = sequential([gru(units, { dropout: rate }), dense(1)]);
    model.compile({ optimizer: adam({ learningRate }), loss: "meanSquaredError" });
    return model;
  },
  "dense network": ({ units, rate, learningRate }) => {
    const model = sequential([flatten(), dense(units, { activation: "relu" }), dropout(rate), dense(1)]);
    model.compile({ optimizer: adam({ learningRate }), loss: "meanSquaredError" });
    return model;
  },
};

/** Positions of targets by year. */
const rowsOf = (from: number, to: number): number[] =>
  targets.flatMap(({ year }, row) => (year >= from && year <= to ? [row] : []));
const [train, test] = [rowsOf(2012, 2014), rowsOf(2015, 2015)];
const truth = (rows: readonly number[]): number[] => rows.map((row) => days[targets[row].day].highest);
const errorOf = (predicted: readonly number[]): number => metrics.meanAbsoluteError(truth(test), predicted);

const windows = windowsOf(standardized(2014));
const warmth = truth(train);
const [center, spread] = [mean(warmth), Math.sqrt(mean(warmth.map((v) => (v - mean(warmth)) ** 2)))];

/** Trains a network on the three years before 2015. */
async function trained(model: Sequential, epochs: number, seed: number): Promise<Sequential> {
  await model.fit(
    train.map((row) => windows[row]),
    warmth.map((v) => (v - center) / spread),
    { epochs, seed },
  );
  return model;
}

/** The error of a network in 2015. */
function tested(model: Pick<Sequential, "predict">): number {
  const predicted = model.predict(test.map((row) => windows[row]));
  return errorOf(test.map((_, i) => predicted.get(i, 0) * spread + center));
}

const show = (name: string, error: number, rest = ""): void =>
  console.log(`${name}: ${error.toFixed(2)} °C${rest}`);
show("as a year ago", errorOf(test.map((row) => days[targets[row].day - YEAR].highest)));
show("as today", errorOf(test.map((row) => days[targets[row].day - 1].highest)));

const known = windowsOf(standardized(2013));
for (const [name, model] of Object.entries(networks)) {
  const { best } = await tune({
    x: train.map((row) => known[row]),
    y: truth(train),
    space,
    model,
    fit: ({ epochs }) => ({ epochs }),
    pipeline: { scale: "none" },
    validation: [{ train: rowsOf(2012, 2013), validation: rowsOf(2014, 2014) }],
    metric: "meanAbsoluteError",
    trials,
    jobs: 1,
  });
  const settings = best.params as Settings;
  const models: Sequential[] = [];
  for (let seed = 1; seed <= 7; seed++) models.push(await trained(model(settings), settings.epochs, seed));
  const errors = models.map(tested);
  const range = `alone from ${Math.min(...errors).toFixed(2)} to ${Math.max(...errors).toFixed(2)}`;
  show(
    name,
    tested(averageModels(models)),
    `, the mean of seven; ${range}, with ${JSON.stringify(settings)}`,
  );
}
