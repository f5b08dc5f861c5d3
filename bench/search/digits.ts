/**
 * A real search, looked up: a network on the digits table at every configuration of a grid. `make-table.ts`
 * made it.
 */
import { readFileSync } from "node:fs";
import { configurations, digitsSpace, placeOf } from "./digits-space.js";
import type { TestFunction } from "./problem.js";

/** In 1e-4 nats. */
const { losses } = JSON.parse(readFileSync(new URL("digits.json", import.meta.url), "utf8")) as {
  readonly losses: readonly number[];
};
if (losses.length !== configurations) {
  throw new Error(`digits.json holds ${losses.length} of ${configurations} configurations; make it again`);
}

/** See the head of this file. All seeds have the same instance: what a configuration gives is as it is. */
export const digits: TestFunction = {
  name: "digits",
  citation:
    "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998; trained by Fettle",
  space: digitsSpace,
  optimum: Math.min(...losses) / 1e4,
  instance: () => (params) => losses[placeOf(params)] / 1e4,
};
