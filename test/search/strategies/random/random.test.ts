import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../../../src/numerics/random.js";
import { choice, float, int } from "../../../../src/search/space/builders.js";
import { resolveSpace } from "../../../../src/search/space/space.js";
import { createStrategy, strategyNames } from "../../../../src/search/strategies/index.js";
import { random } from "../../../../src/search/strategies/random/random.js";
import { createStudy } from "../../../../src/search/study/create.js";
import { anySpace } from "../../../../src/testing/arbitraries/space.js";
import { cases } from "../../../cases.js";
import { caught } from "../../support.js";

describe("random search", () => {
  test("uses every point of a finite space once, then has nothing left", () => {
    const space = { a: int(1, 40), b: choice(["x", "y"]), c: int(1, 3, { when: { b: ["x"] } }) };
    const study = createStudy({ space, strategy: random(), seed: 3, direction: "maximize" });
    const seen = new Set<string>();
    for (let trial = study.ask(); trial; trial = study.ask()) seen.add(JSON.stringify(trial.params));
    expect(study.asked).toBe(40 * 3 + 40);
    expect(seen.size).toBe(160);
    expect(study.ask()).toBeUndefined();
  });

  test("gives each of the last points the same chance", () => {
    const space = { a: int(0, 99) };
    const last = Array.from({ length: 200 }, (_, seed) => {
      const study = createStudy({ space, strategy: random(), seed, direction: "maximize" });
      let params = study.ask()?.params;
      for (let i = 1; i < 100; i++) params = study.ask()?.params;
      return params?.a as number;
    });
    // the last point of a random order is uniform: four quarters, 3 degrees, exceeded once in 10,000 times
    const quarters = [0, 1, 2, 3].map((q) => last.filter((x) => Math.floor(x / 25) === q).length);
    expect(quarters.reduce((sum, n) => sum + (n - 50) ** 2 / 50, 0)).toBeLessThan(21.11);
  });

  test("draws trial n from the seed and n alone", () => {
    const space = { x: float(0, 1), units: int(1, 1000, { log: true }) };
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 50 }), (seed, number) => {
        const study = createStudy({ space, strategy: random(), seed, direction: "maximize" });
        for (let i = 0; i < number; i++) study.ask();
        const alone = random().suggest({
          space: resolveSpace(space),
          number,
          history: [],
          suggested: 0,
          earlier: [],
          direction: "minimize",
          directions: ["minimize"],
          random: new RandomStream(seed, 0, number),
          studyRandom: new RandomStream(seed, 2),
        });
        expect(study.ask()?.params).toEqual(alone);
      }),
    );
  });

  test("draws differently for every seed and trial", () => {
    const points = [1, 2, 3].flatMap((seed) => {
      const study = createStudy({
        space: { x: float(0, 1) },
        strategy: random(),
        seed,
        direction: "maximize",
      });
      return Array.from({ length: 50 }, () => study.ask()?.params.x);
    });
    expect(new Set(points).size).toBe(150);
  });

  test("continues in a space where only some parameters are discrete", () => {
    const space = { kind: choice(["a", "b"]), x: float(0, 1, { when: { kind: ["b"] } }) };
    const study = createStudy({ space, strategy: random(), seed: 1, direction: "maximize" });
    const kinds = Array.from({ length: 50 }, () => study.ask()?.params.kind);
    expect(kinds.filter((kind) => kind === "a")).toHaveLength(1);
  });

  test("never ends in a space that cannot be counted, even when its countable part is used up", () => {
    const space = { k: int(0, 99), x: float(0, 1, { when: { k: [99] } }) };
    const study = createStudy({ space, strategy: random(), seed: 1, direction: "maximize" });
    const points = Array.from({ length: 500 }, () => study.ask()?.params);
    expect(points).not.toContain(undefined);
    expect(new Set(points.map((params) => params?.k)).size).toBe(100);
  });
});

describe("strategies by name", () => {
  test("are made again from their own name and options", () => {
    expect(strategyNames.map((name) => createStrategy(name).name)).toEqual(strategyNames);
    for (const strategy of [createStrategy("random"), createStrategy("grid", { points: { x: 3 } })]) {
      const again = createStrategy(strategy.name, JSON.parse(JSON.stringify(strategy.options)));
      expect([again.name, again.options]).toEqual([strategy.name, strategy.options]);
    }
    fc.assert(
      fc.property(anySpace({ finite: true }), fc.nat(), (space, seed) => {
        const [a, b] = [random(), createStrategy("random")].map((strategy) =>
          createStudy({ space, strategy, seed, direction: "maximize" }),
        );
        expect(a.ask()).toEqual(b.ask());
      }),
      { numRuns: cases(20) },
    );
  });

  test("name the strategy that pbt starts with, random by default", () => {
    const startOf = (options?: object) => createStrategy("pbt", options as never).options.start;
    expect(startOf()).toEqual({ name: "random", options: {} });
    expect(startOf({ start: { name: "sobol" } })).toEqual({ name: "sobol", options: { scramble: true } });
    const unscrambled = { name: "sobol", options: { scramble: false } };
    expect(startOf({ start: unscrambled })).toEqual(unscrambled);
    for (const start of ["grid", { name: "grid", options: 3 }]) {
      expect(caught(() => startOf({ start })).message).toBe(
        `start of pbt must be an object with a name and options; received ${JSON.stringify(start)}`,
      );
    }
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      "a name close to one",
      () => createStrategy("randm"),
      /unknown strategy "randm". Did you mean "random"\? Known: grid, random/,
    ],
    ["a name of the prototype", () => createStrategy("constructor"), /unknown strategy "constructor"/],
    ["an option", () => createStrategy("random", { points: 3 }), /unknown option of random "points"/],
  ])("refuse %s that does not exist", (_, make, message) => {
    const error = caught(make);
    expect(error).toMatchObject({ code: "unknown_name" });
    expect(error.message).toMatch(message);
  });
});
