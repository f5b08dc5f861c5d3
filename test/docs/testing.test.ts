/** The examples of docs/testing.md, each run as a module of its own on the built package. */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(root, "docs/testing.md"), "utf8");
const blocks = [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code);
/** The message that the page shows for the broken strategy. */
const [, message] = page.match(/```\n(strategy "stuck"[\s\S]*?)```/) as RegExpMatchArray;

function run(code: string, i: number): string {
  const file = join(root, `testing-${process.pid}-${i}.tmp.mjs`);
  writeFileSync(file, code);
  try {
    return execFileSync(process.execPath, [file], { encoding: "utf8" });
  } finally {
    rmSync(file);
  }
}

it.each(blocks.map((code, i) => [i, code] as const))(
  "example %i runs, and prints the message shown",
  (i, code) => {
    const breaks = code.includes("stuck");
    expect(run(code, i)).toBe(breaks ? message : "");
  },
);

it("has one example for each check", () => {
  const checks = blocks.flatMap((code) => code.match(/\bcheck[A-Z]\w+(?=\()/g) ?? []);
  expect(new Set(checks)).toEqual(
    new Set([
      "checkGradients",
      "checkOperation",
      "checkOptimizer",
      "checkStrategy",
      "checkScheduler",
      "checkExecutor",
      "checkReproducibility",
    ]),
  );
});
