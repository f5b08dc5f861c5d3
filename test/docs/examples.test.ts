import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { runExample } from "../runExample.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

const read = (path: string): string => readFileSync(join(root, path), "utf8");

describe("the Cloudflare example, copied out of the installed package,", () => {
  it("asks for this release", () => {
    const { version } = JSON.parse(read("package.json")) as { version: string };
    const { dependencies } = JSON.parse(read("examples/cloudflare/package.json")) as {
      dependencies: { fettle: string };
    };
    expect(dependencies.fettle).toBe(`^${version}`);
  });

  it("refers to no file outside itself", () => {
    const readme = read("examples/cloudflare/README.md");
    const sources = ["study", "worker", "parallel", "predict"].map((name) =>
      read(`examples/cloudflare/src/${name}.ts`),
    );
    expect(readme).not.toMatch(/\]\((?!https:)/);
    expect(sources.join("")).not.toMatch(/\.\.\//);
  });
});

describe("the seed grid", async () => {
  const lines = (await runExample("seed-grid", "--jobs", "1")).trim().split("\n");

  it("prints the best and all 275 combinations", () => {
    expect(lines).toHaveLength(276);
    expect(lines[0]).toMatch(
      /^Best: 0\.\d{4} using \{"learningRate":[\d.]+,"momentum":[\d.]+,"weightDecay":[\d.]+\}$/,
    );
    expect(new Set(lines.slice(1).map((line) => line.split(" with ")[1])).size).toBe(275);
  });

  it("finds the combination with the highest mean", () => {
    const means = lines.slice(1).map((line) => Number.parseFloat(line) || 0);
    const best = Number.parseFloat(lines[0].slice("Best: ".length));
    expect(best).toBe(Math.max(...means));
    expect(best).toBeGreaterThan(0.97);
  });

  it("prints the same with two threads", async () => {
    expect((await runExample("seed-grid", "--jobs", "2")).trim().split("\n")).toEqual(lines);
  });
});
