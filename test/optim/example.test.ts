import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("examples/custom-optimizer.ts finds y = 2a − 3b to within steps of its last learning rate", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const tsx = fileURLToPath(import.meta.resolve("tsx/cli"));
  const output = execFileSync(process.execPath, [tsx, "examples/custom-optimizer.ts"], {
    cwd: root,
    encoding: "utf8",
  });
  const lines = output.trim().split("\n");
  expect(lines).toHaveLength(3);
  const [, a, b] = lines[2].match(/^learning rate 0\.0003: y = (\S+) a \+ (\S+) b$/) ?? [];
  // Signum moves by the learning rate at every step, so near the minimum it swings over a few of them
  expect(Math.abs(Number(a) - 2)).toBeLessThan(0.005);
  expect(Math.abs(Number(b) + 3)).toBeLessThan(0.005);
});
