/** The example of recurrent layers: what it shows of a year that nothing was chosen by. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { cases } from "../../../cases.js";
import { runExample } from "../../../runExample.js";

const isLong = cases(1) > 1;
const root = new URL("../../../../", import.meta.url);

it("examples/weather-gru.ts: a recurrent network errs less than a dense one, than today, and than last year", async () => {
  const output = await runExample("weather-gru", ...(isLong ? [] : ["4"]));
  const errors = output.split("\n").map((line) => Number(/: (\d\.\d\d) °C/.exec(line)?.[1]));
  const [lastYear, today, recurrent, dense] = errors;
  expect([lastYear, today]).toEqual([3.77, 2.24]);
  expect(recurrent).toBeLessThan(today); // 2.20, with four trials 2.19
  expect(recurrent).toBeLessThan(dense - (isLong ? 0.2 : 0.15));
}, 180_000); // two tunings, ten seconds of computing, on a machine that may be busy

it("the series has every day of four years, in order", () => {
  const text = readFileSync(new URL("examples/data/seattle-weather.csv", root), "utf8");
  const [, ...dates] = text
    .trim()
    .split("\n")
    .map((line) => line.split(",")[0]);
  const first = Date.UTC(2012, 0, 1);
  expect(dates).toEqual(
    Array.from({ length: 1461 }, (_, i) => new Date(first + i * 86_400_000).toISOString().slice(0, 10)),
  );
});
