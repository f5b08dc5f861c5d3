/**
 * The examples of networks: settings are chosen on validation rows, and the figures are of test rows. They
 * are the same bits everywhere; the bounds leave room for other bits of later releases. The figures in
 * comments are those of the long form (`--mode long`), which is what a user runs; the short form has fewer
 * trials, and is held to the same.
 */
import { expect, it } from "vitest";
import { cases } from "../cases.js";
import { runExample } from "../runExample.js";

const isLong = cases(1) > 1;
/** What the example prints with all of its trials, or with so many. */
const outputOf = (name: string, ...few: readonly number[]): Promise<string> =>
  runExample(name, ...(isLong ? [] : few.map(String)));

/** Up to fifteen seconds of computing, on a machine that may be busy. */
const PATIENCE = 240_000;

/** The first number of each line that begins with one of the names. */
function figures(output: string, names: readonly string[], unit: RegExp): number[] {
  return names.map((name) => {
    const line = output.split("\n").find((each) => each.startsWith(name));
    return Number(unit.exec(line ?? "")?.[1]);
  });
}

it(
  "digits-cnn: a small convolutional network reads 98.5 of 100 digits that it has not seen",
  async () => {
    const names = ["validation accuracy", "test accuracy"];
    const [validation, test] = figures(await outputOf("digits-cnn", 1, 1), names, /accuracy (\d\.\d{4})/);
    expect(validation).toBeGreaterThan(0.985); // 0.9965
    expect(test).toBeGreaterThan(0.985); // 0.9861, the median of five seeds
  },
  PATIENCE,
);

it(
  "weather-calendar: a network with two inputs errs less than one with either",
  async () => {
    const names = [
      "as warm as today",
      "as warm as a year before",
      "weather:",
      "calendar",
      "weather and calendar",
    ];
    const errors = figures(await outputOf("weather-calendar", 3), names, /: (\d\.\d\d) °C/);
    const [today, lastYear, weather, calendar, both] = errors;
    expect([today, lastYear]).toEqual([3.47, 3.77]);
    expect(both).toBeLessThan(weather - 0.1); // 2.83 and 3.06
    expect(both).toBeLessThan(calendar - 0.2); // 3.19
  },
  PATIENCE,
);

it(
  "embedding-routes: vectors of airports predict flights better than one-hot columns do",
  async () => {
    const output = await outputOf("embedding-routes", 3);
    const names = ["logistic regression", "dense network", "embeddings"];
    const areas = figures(output, names, /area (\d\.\d{3})/); // 0.926, 0.951, 0.964
    const [regression, dense, embeddings] = figures(output, names, /cross-entropy (\d\.\d{3})/); // 0.257, 0.221, 0.183
    expect(areas).toEqual([...areas].sort());
    expect(dense).toBeLessThan(regression - 0.02);
    expect(embeddings).toBeLessThan(dense - 0.02);
  },
  PATIENCE,
);

it(
  "factorization-layer: a custom layer of products predicts flights better than a dense network",
  async () => {
    const names = ["dense network", "factorization machine"];
    const [dense, products] = figures(
      await outputOf("factorization-layer", 3),
      names,
      /cross-entropy (\d\.\d{3})/,
    );
    expect(products).toBeLessThan(dense - 0.02); // 0.186 and 0.221
  },
  PATIENCE,
);

it(
  "autoencoder: draws digits from eight numbers with two thirds of the error of principal components",
  async () => {
    const names = ["8 principal components", "autoencoder of 8 numbers"];
    const [linear, drawn] = figures(await outputOf("autoencoder", 2), names, /: (\d\.\d{4})/);
    expect(linear).toBe(0.1556); // 0.15565 by numpy.linalg.svd of the same rows
    expect(drawn).toBeLessThan(0.75 * linear); // 0.1062
  },
  PATIENCE,
);

it(
  "large-table: a file of 100 MB is trained on in much less memory than its rows take",
  async () => {
    const output = await runExample("large-table", "100");
    const [rows, r2, above] = figures(
      output,
      ["", "loss", "peak memory"],
      /(?:^|r2 of validation |MB, )([\d.]+)/,
    );
    expect(rows).toBeGreaterThan(3_000_000);
    expect(r2).toBeGreaterThan(0.99); // 0.9997
    expect(above).toBeLessThan(180); // 120 MB above the start; 256 MB if all batches are kept
  },
  PATIENCE,
);
