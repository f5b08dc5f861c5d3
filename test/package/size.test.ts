/** What a page downloads to tune, as the benchmark measures it. Needs `dist/`. */
import { expect, it } from "vitest";
import { size } from "../../bench/suites/size.js";

it("{ tune } and the kernels are at most 94 kB gzipped, and more than the kernels alone", async () => {
  const rows = new Map<string, number>();
  for await (const { name, ours } of size({})) rows.set(name, ours);
  expect(rows.get("{ tune } with kernels")).toBeLessThanOrEqual(94);
  expect(rows.get("{ tune } with kernels")).toBeGreaterThan(30 + (rows.get("kernels.wasm") as number));
});
