import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

function example(name: string, ...args: string[]): string {
  const tsx = fileURLToPath(import.meta.resolve("tsx/cli"));
  return execFileSync(process.execPath, [tsx, `examples/${name}.ts`, ...args], {
    cwd: root,
    encoding: "utf8",
  });
}

describe("the seed grid", () => {
  const lines = example("seed-grid", "--jobs", "1").trim().split("\n");

  it("prints the best and every one of 275 combinations", () => {
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

  it("prints the same with two threads", () => {
    expect(example("seed-grid", "--jobs", "2").trim().split("\n")).toEqual(lines);
  });
});
