/** Convention "torch" follows PyTorch itself, with every option: `fixtures/pytorch.py` wrote the points. */
import { describe, expect, it } from "vitest";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import { reference, trajectory } from "./drive.js";
import fixture from "./fixtures/pytorch.json" with { type: "json" };
import { quadratic, rosenbrock } from "./problems.js";

const problems = { quadratic, Rosenbrock: rosenbrock };
const cases = fixture.cases.map((entry) => ({ ...entry, label: JSON.stringify(entry.options) }));

describe.each(cases)("$optimizer, $problem, $label", ({ optimizer: name, problem, options, points }) => {
  it("is at PyTorch's points, to 1e-9 of the largest coordinate", () => {
    const { start, loss } = problems[problem as keyof typeof problems];
    const optimizer = getOptimizer(name, { ...options, convention: "torch" });
    const all = trajectory(reference, optimizer, start, loss, Math.max(...fixture.steps));
    fixture.steps.forEach((step, k) => {
      const size = Math.max(...points[k].map(Math.abs));
      points[k].forEach((x, i) => {
        expect(Math.abs(all[step - 1][i] - x)).toBeLessThan(1e-9 * size);
      });
    });
  });
});

it("covers every optimizer that PyTorch has, each with all of its options", () => {
  const used = new Map<string, Set<string>>();
  for (const { optimizer, options } of cases) {
    used.set(optimizer, new Set([...(used.get(optimizer) ?? []), ...Object.keys(options)]));
  }
  const without = Object.keys(optimizers).filter((name) => !used.has(name));
  expect(without, "add cases to fixtures/pytorch.py, or a name here if PyTorch lacks it").toEqual([
    // Adafactor and what PyTorch has of Muon are in arrays.test.ts
    ...["lion", "adafactor", "lamb", "muon", "scheduleFreeAdamW"],
  ]);
  for (const [name, options] of used) {
    const { hyperparameters } = getOptimizer(name, { convention: "torch" });
    for (const number of Object.keys(hyperparameters)) expect(options, name).toContain(number);
  }
  for (const clipping of ["clipValue", "clipNorm", "globalClipNorm"])
    expect(used.get("sgd")).toContain(clipping);
  // flags, by name
  expect(used.get("sgd")).toContain("nesterov");
  expect(used.get("adam")).toContain("amsgrad");
  expect(used.get("adamw")).toContain("amsgrad");
  expect(used.get("nadam")).toContain("decoupledWeightDecay");
  expect(used.get("rmsprop")).toContain("centered");
});
