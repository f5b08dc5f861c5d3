/**
 * The browser example without a browser. What its page does is tested in Chromium, by
 * `npm run test:runtimes`.
 */
import { execFileSync } from "node:child_process";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { bundle } from "../../examples/browser/bundle.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

it("the browser example is bundled to a page, its script, its workers and the kernels", async () => {
  const { outputFiles, warnings } = await build({ ...bundle("served"), write: false });
  expect(warnings).toEqual([]);
  const files = outputFiles.map(({ path }) => basename(path));
  expect(files).toEqual(
    expect.arrayContaining(["index.html", "page.js", "style.css", "worker.js", "drawing.js", "offline.js"]),
  );
  expect(files.filter((file) => file.endsWith(".wasm"))).toHaveLength(1);
  const sizes = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents.length]));
  // the page has the three tables and none of the library
  expect(sizes.get("page.js")).toBeLessThan(200_000);
  expect(outputFiles.find(({ path }) => path.endsWith("page.js"))?.text).not.toContain("begin_epoch");
});

it("the browser example tunes anywhere, and its fingerprint is of what came of it", () => {
  const program = `
    import { readFileSync } from "node:fs";
    import { tune } from "fettle";
    import { fingerprint, optionsFor } from "./examples/browser/tuning.js";
    const csv = readFileSync("examples/data/wine.csv", "utf8");
    for (const seed of [1, 1, 2]) {
      const result = await tune({ ...optionsFor({ csv, target: "cultivar", trials: 3, epochs: 5, seed }), jobs: 1 });
      console.log(await fingerprint(result));
    }`;
  const words = ["--input-type=module", "--eval", program];
  const prints = execFileSync(process.execPath, words, { cwd: root, encoding: "utf8" }).trim().split("\n");
  for (const print of prints) expect(print).toMatch(/^[0-9a-f]{64}$/);
  expect(prints[1]).toBe(prints[0]);
  expect(prints[2]).not.toBe(prints[0]);
});
