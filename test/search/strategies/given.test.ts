/**
 * Beside trials that users give, a strategy suggests what it would without them: its defaults, its sequence,
 * each point that is left.
 */
import { describe, expect, it } from "vitest";
import { choice, float, int } from "../../../src/search/space/builders.js";
import { defaultPoint } from "../../../src/search/space/defaults.js";
import { type Params, resolveSpace, type Space } from "../../../src/search/space/space.js";
import { valueKey } from "../../../src/search/space/value.js";
import { createStrategy, strategyNames } from "../../../src/search/strategies/index.js";
import { createStudy } from "../../../src/search/study/create.js";

/** What a study suggests after points that were enqueued, and more that were added as finished trials. */
function suggested(
  name: string,
  options: Readonly<Record<string, unknown>>,
  { space, given, trials }: { space: Space; given: readonly Params[]; trials: number },
): Params[] {
  const study = createStudy({
    space,
    strategy: createStrategy(name, options),
    direction: "minimize",
    seed: 5,
  });
  for (const [i, params] of given.entries())
    if (i % 2 === 0) study.enqueue(params);
    else study.add(params, { value: i });
  const points: Params[] = [];
  while (points.length < trials + Math.ceil(given.length / 2)) {
    const trial = study.ask();
    if (trial === undefined) break;
    points.push(trial.params);
    study.tell(trial.number, { value: trial.number % 7 });
  }
  return points.slice(Math.ceil(given.length / 2));
}

const options: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { grid: { points: 4 } };

describe("the point of the defaults", () => {
  const space = { a: float(0, 1, { default: 0.3 }), b: int(1, 9), c: choice(["x", "y"], { default: "y" }) };
  const given = [
    { a: 0.1, b: 2, c: "x" },
    { a: 0.6, b: 7, c: "y" },
  ];
  const first = (name: string, before: readonly Params[]) =>
    suggested(name, options[name] ?? {}, { space, given: before, trials: 1 })[0];
  const defaults = defaultPoint(resolveSpace(space)) as Params;
  const offering = strategyNames.filter((name) => valueKey(first(name, [])) === valueKey(defaults));

  it("is what those strategies suggest first that learn from all trials", () => {
    expect([...offering].sort()).toEqual(["cmaes", "genetic", "gp", "nsga2", "tpe"]);
  });

  it.each(offering)("is what %s suggests first, also after trials that were given", (name) => {
    expect(first(name, given)).toEqual(defaults);
    expect(first(name, [given[0], defaults])).not.toEqual(defaults); // it was tried
  });
});

describe("a sequence", () => {
  const space = { a: float(0, 1), b: int(1, 4), c: choice(["x", "y", "z"]) };
  const given = [0.123, 0.456, 0.789].map((a) => ({ a, b: 2, c: "z" }));

  it.each([
    ["sobol", {}],
    ["sobol", { scramble: false }],
    ["grid", { points: 3 }],
  ])("of %s %o is whole, whatever was given", (name, settings) => {
    const plain = suggested(name, settings, { space, given: [], trials: 30 });
    expect(suggested(name, settings, { space, given, trials: 30 })).toEqual(plain);
  });
});

describe("a finite space", () => {
  const space = { a: int(1, 4), b: choice(["x", "y", "z"]) };
  const given = [
    { a: 1, b: "x" },
    { a: 3, b: "y" },
    { a: 4, b: "z" },
  ];

  // pbt suggests a first generation, and resumes it from then on
  it.each(strategyNames.filter((name) => name !== "pbt"))("is searched whole by %s", (name) => {
    const points = suggested(name, {}, { space, given, trials: 20 });
    const all = [...given, ...points].map((point) => valueKey(point));
    expect(new Set(all).size).toBe(12);
    expect(points).toHaveLength(name === "grid" ? 12 : 9);
  });
});
