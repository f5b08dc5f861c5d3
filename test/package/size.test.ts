/** What a page downloads to tune and to predict, as the benchmarks measure it. Needs `dist/`. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { bundled, size, zipped } from "../../bench/suites/size.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A page in one line. */
const pageOf = (path: string): string => readFileSync(`${root}/${path}`, "utf8").replaceAll(/\s+/g, " ");

it("{ tune } and the kernels are at most 45.2 kB gzipped, with dense models 66.9; all that these load 199", async () => {
  const rows = new Map<string, number>();
  for await (const { name, ours } of size({})) rows.set(name, ours);
  const kB = (name: string): number => rows.get(name) as number;
  expect(kB("{ tune } with kernels")).toBeLessThanOrEqual(45.2);
  expect(kB("{ tune } with kernels")).toBeGreaterThan(10 + kB("kernels.wasm"));
  expect(kB("{ tune, sequential, dense, adam }")).toBeLessThanOrEqual(66.9);
  expect(kB("and all that they load")).toBeLessThanOrEqual(199);
  const figures = pageOf("docs/performance.md").match(
    /is ([\d.]+) kB gzipped with its kernels \(([\d.]+)\).*`adam` it is ([\d.]+):.* names none: ([\d.]+) in all/,
  );
  const names = [
    "{ tune } with kernels",
    "kernels.wasm",
    "{ tune, sequential, dense, adam }",
    "and all that they load",
  ];
  for (const [i, name] of names.entries())
    expect(Math.abs(Number(figures?.[i + 1]) - kB(name))).toBeLessThanOrEqual(1);
  expect(kB("and all that they load")).toBeGreaterThan(20 + kB("{ tune, sequential, dense, adam }"));
});

it("{ loadPredictor } and its kernels are at most 25.5 kB gzipped; other layers, padding, dates and other marks are 51.6 more, and all kernels", async () => {
  const { first, later } = await bundled('export { loadPredictor } from "fettle/predict";', root);
  const kernels = zipped(readFileSync(`${root}/wasm/predict.wasm`));
  expect(first + kernels).toBeLessThanOrEqual(25.5);
  expect([first > 10, kernels > 5]).toEqual([true, true]);
  for (const page of ["README.md", "docs/models.md", "docs/runtimes.md", "CHANGELOG.md"])
    expect(pageOf(page)).toMatch(new RegExp(`${Math.round(first + kernels)} kB,? gzipped`));
  expect(later).toBeLessThanOrEqual(51.6);
  expect(later).toBeGreaterThan(20);
});

it("{ d1Storage }, all that a Worker needs to keep studies in D1, and take jobs of them, is at most 9.7 kB gzipped", async () => {
  const { first, later } = await bundled('export { d1Storage } from "fettle/store/d1";', root);
  expect(first).toBeLessThanOrEqual(9.7);
  expect([first > 4, later]).toEqual([true, 0]);
});

it("{ indexedDbStorage } is at most 6.3 kB gzipped, all of it at first", async () => {
  const { first, later } = await bundled('export { indexedDbStorage } from "fettle/store/indexeddb";', root);
  expect(first).toBeLessThanOrEqual(6.3);
  expect([first > 1, later]).toEqual([true, 0]);
});
