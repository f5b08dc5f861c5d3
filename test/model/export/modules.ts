/** Generated modules as tests use them: imported, beside the predictor of the same model. */
import { expect } from "vitest";
import { exportJs } from "../../../src/model/export/js.js";
import { networkFrom } from "../../../src/model/network.js";
import { dense } from "../../../src/nn/layers/index.js";
import type { Answer } from "../../../src/predict/answers.js";
import { type ModelContents, writeContents } from "../../../src/predict/description.js";
import { loadPredictor } from "../../../src/predict/predictor.js";
import { VERSION } from "../../../src/version.js";
import type { ColumnSpec, TableSpec } from "./tables.js";

export interface Exported {
  readonly inputs: readonly { readonly name: string; readonly kind: string }[];
  predict(row: unknown): unknown;
}

export const imported = (text: string): Promise<Exported> =>
  import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(text).toString("base64")}`);

/** The module of a model file. */
export const textOf = (contents: ModelContents): string =>
  exportJs(networkFrom(contents, {}, false), contents.table);
export const moduleOf = (contents: ModelContents): Promise<Exported> => imported(textOf(contents));
export const predictorOf = (contents: ModelContents) => loadPredictor(writeContents(contents, VERSION));

/** @param scale - of the target, or of what its logarithm is */
export function expectNear(actual: number, expected: number, scale = 1): void {
  if (Object.is(actual, expected)) return;
  expect(Math.abs(actual - expected) / Math.max(1, Math.abs(expected))).toBeLessThanOrEqual(1e-5 * scale);
}

export function expectSameAnswer(actual: Answer, expected: Answer, threshold: number, scale: number): void {
  const [shares, others] = [actual, expected].map((answer) =>
    "probabilities" in answer
      ? (answer.probabilities as Record<string, number>)
      : (answer as Record<string, number>),
  );
  expect(Object.keys(shares)).toEqual(Object.keys(others));
  for (const name of Object.keys(others)) expectNear(shares[name], others[name], scale);
  if (!("class" in expected && "probabilities" in expected)) return;
  const sorted = Object.values(others).sort((a, b) => b - a);
  const margin = sorted.length === 2 ? Math.abs(Object.values(others)[1] - threshold) : sorted[0] - sorted[1];
  if (margin > 1e-5) expect(actual.class).toBe(expected.class);
}

export const column = (
  name: string,
  kind: ColumnSpec["kind"],
  { categories = [], gaps = false }: Partial<ColumnSpec> = {},
): ColumnSpec => ({ name, kind, categories, gaps, times: false });

/** A model of one column of each kind. */
export const SMALL: TableSpec = {
  columns: [
    column("age", "number", { gaps: true }),
    column("sex", "boolean", { categories: ["female", "male"] }),
    column("port", "category", { categories: ["C", "Q", "S"] }),
    column("day", "date"),
  ],
  classes: ["no", "yes"],
  targets: ["survived"],
  options: {},
  threshold: 0.4,
  seed: 8,
  layers: [dense(8, { activation: "relu" })],
};
export const ROW = { age: 31, sex: "male", port: "Q", day: "2004-02-29" };

/** The message of the error that is thrown; undefined without one. */
export function messageOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
