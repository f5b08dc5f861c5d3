import type { MetricLike } from "../../src/metrics/names.js";
import { dense, type Layer } from "../../src/nn/layers/index.js";
import type { Loss } from "../../src/nn/losses/given.js";
import type { Sequential } from "../../src/nn/models/sequential.js";
import { compiled, randomRows, refusal } from "./support.js";

export type Rows = readonly number[] | readonly (readonly number[])[];

export const sigmoids = (units: number): Layer => dense(units, { activation: "sigmoid" });
export const softmaxes = (units: number): Layer => dense(units, { activation: "softmax" });
export const x4 = randomRows(4, 2, 1);
export const of = (loss: Loss, last: Layer, ...scored: MetricLike[]): Sequential =>
  compiled([last], { optimizer: "sgd", loss, metrics: scored });
/** What `fit` says; "" if it trains. */
export async function saysOf(
  model: Sequential,
  y: Rows,
  x: readonly (readonly number[])[] = x4,
): Promise<string> {
  try {
    await model.fit(x, y as never);
    return "";
  } catch (error) {
    return refusal(() => {
      throw error;
    });
  }
}
