/**
 * Optimizers that see arrays, or evaluate other weights than they train, follow float64 trajectories:
 * `fixtures/arrays.py` wrote them.
 */
import { describe, expect, it } from "vitest";
import type { Executor } from "../../src/engine/executor.js";
import { getOptimizer, optimizers } from "../../src/optim/registry.js";
import { drive } from "../../src/testing/drive.js";
import { reference, wasm } from "./drive.js";
import fixture from "./fixtures/arrays.json" with { type: "json" };

const { shapes: layout, steps } = fixture;
const size = layout.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b), 0);
const start = Array.from({ length: size }, (_, i) => (((i * 3) % 7) - 3) / 8);
const gradient = (w: readonly number[]): number[] =>
  w.map((x, i) => (1 + ((i * 7) % 11)) * (x - (((i * 5) % 13) - 6) / 4) + 0.5 * (w.at(i - 1) as number));

interface Case {
  readonly optimizer: string;
  readonly convention: string;
  readonly options: object;
  readonly points: readonly (readonly number[])[];
  readonly evaluated: readonly (readonly number[])[];
}
const cases = (fixture.cases as readonly Case[]).map((entry) => ({
  ...entry,
  label: JSON.stringify(entry.options),
}));

/**
 * The largest difference from the points, and from the weights that are evaluated, as a share of the largest
 * coordinate.
 */
function worst(
  executor: Executor,
  { optimizer: name, convention, options, points, evaluated }: Case,
): number {
  const { run, follow, point } = drive(executor, getOptimizer(name, { ...options, convention }), start, {
    layout,
    joined: true,
  });
  let largest = 0;
  const compare = (actual: readonly number[], expected: readonly number[]): void => {
    const scale = Math.max(...expected.map(Math.abs));
    actual.forEach((x, i) => {
      const error = Math.abs(x - expected[i]) / scale;
      if (!(error <= largest)) largest = error;
    });
  };
  const apart = run.program.state.find(({ name }) => name === "slot evaluation");
  for (let t = 1; t <= (steps.at(-1) as number); t++) {
    follow(gradient(point()));
    const k = steps.indexOf(t);
    if (k < 0) continue;
    compare(point(), points[k]);
    if (evaluated.length > 0) compare(apart ? Array.from(run.read(apart.name)) : point(), evaluated[k]);
  }
  run.free();
  return largest;
}

describe.each(cases)("$optimizer, $convention, $label", (entry) => {
  it("is at the points, in float64 to 1e-9 of the largest coordinate", () => {
    expect(worst(reference, entry)).toBeLessThan(1e-9);
  });

  it("is there in WebAssembly to 1e-4", () => {
    expect(worst(wasm, entry)).toBeLessThan(1e-4);
  });
});

it("covers every optimizer that sees arrays or evaluates other weights, with each of its numbers", () => {
  for (const name of ["adafactor", "lamb", "muon", "scheduleFreeAdamW"]) {
    const used = new Set(
      cases.filter(({ optimizer }) => optimizer === name).flatMap(({ options }) => Object.keys(options)),
    );
    for (const number of Object.keys(getOptimizer(name).hyperparameters))
      expect(used, name).toContain(number);
  }
  const seen = Object.keys(optimizers).filter((name) => getOptimizer(name).perArray);
  expect(seen).toEqual(["adafactor", "lamb", "muon"]);
});
