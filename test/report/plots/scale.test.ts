/** Where values lie on the axes of pictures. */
import { expect, it } from "vitest";
import { shareOf } from "../../../src/report/plots/scale.js";

it.each([
  [{ low: 1, high: 100, log: true }, [1, 10, 100], [0, 0.5, 1]],
  [{ low: 1e-4, high: 1, log: true }, [1e-4, 1e-3, 1e-1], [0, 0.25, 0.75]],
  [{ low: -1, high: 3 }, [-1, 0, 3], [0, 0.25, 1]],
])("in %o, %j are at %j", (range, values, shares) => {
  for (const [i, value] of values.entries()) expect(shareOf(range, value)).toBeCloseTo(shares[i], 12);
});
