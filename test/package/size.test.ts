/** What a page downloads to tune, as the benchmark measures it. Needs `dist/`. */
import { expect, it } from "vitest";
import { size } from "../../bench/suites/size.js";

it("{ tune } and the kernels are at most 32 kB gzipped, with dense models 75; all that these load 114", async () => {
  const rows = new Map<string, number>();
  for await (const { name, ours } of size({})) rows.set(name, ours);
  const kB = (name: string): number => rows.get(name) as number;
  expect(kB("{ tune } with kernels")).toBeLessThanOrEqual(32);
  expect(kB("{ tune } with kernels")).toBeGreaterThan(10 + kB("kernels.wasm"));
  expect(kB("{ tune, sequential, dense, adam }")).toBeLessThanOrEqual(75);
  expect(kB("and all that they load")).toBeLessThanOrEqual(114);
  expect(kB("and all that they load")).toBeGreaterThan(20 + kB("{ tune, sequential, dense, adam }"));
});
