import { expect, it } from "vitest";
import { runExample } from "../runExample.js";

it("examples/custom-optimizer.ts finds y = 2a − 3b to within steps of its learning rates", async () => {
  const lines = (await runExample("custom-optimizer")).trim().split("\n");
  expect(lines).toHaveLength(3);
  // Signum moves by the learning rate at every step, so near the minimum it swings over a few of them
  for (const [i, rate, error] of [
    [0, "0.03", 0.1],
    [2, "0.0003", 0.005],
  ] as const) {
    const [, at, a, b] = lines[i].match(/^learning rate (\S+): y = (\S+) a \+ (\S+) b$/) ?? [];
    expect(at).toBe(rate);
    expect(Math.abs(Number(a) - 2)).toBeLessThan(error);
    expect(Math.abs(Number(b) + 3)).toBeLessThan(error);
  }
});
