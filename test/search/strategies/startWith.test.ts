import { describe, expect, it } from "vitest";
import { float, int } from "../../../src/search/space/builders.js";
import type { Params } from "../../../src/search/space/space.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { createStrategy, strategyNames } from "../../../src/search/strategies/index.js";
import { random } from "../../../src/search/strategies/random/random.js";
import { startWith } from "../../../src/search/strategies/startWith.js";
import { createStudy, restoreStudy } from "../../../src/search/study/create.js";

const space = { x: float(0, 1), n: int(1, 4) };
const points = [
  { x: 0.25, n: 4 },
  { x: 0.5, n: 1 },
  { x: 0.75, n: 2 },
];
const objective = ({ x, n }: Params) => (x as number) + (n as number);
const begun = (strategy = random()) => createStudy({ space, strategy, direction: "minimize", seed: 3 });

describe("startWith", () => {
  it.each(strategyNames)(
    "suggests its points, then what %s does after points that were enqueued",
    async (name) => {
      const strategy = createStrategy(name, name === "grid" ? { points: 3 } : {});
      const [one, other] = [begun(startWith(points, strategy)), begun(strategy)];
      for (const point of points) other.enqueue(point);
      for (const study of [one, other]) await study.optimize(objective, { trials: 9 });
      expect(one.trials.slice(0, 3).map(({ params }) => params)).toEqual(points);
      expect(one.trials).toHaveLength(9);
      expect(one.trials.map(({ params }) => params)).toEqual(other.trials.map(({ params }) => params));
    },
  );

  it("ends where the trials end, and goes on from there when the study is resumed", async () => {
    const study = begun(startWith(points, random()));
    await study.optimize(objective, { trials: 2 });
    expect(study.asked).toBe(2);
    const resumed = restoreStudy(JSON.parse(JSON.stringify(study)), {
      strategy: startWith(points, random()),
    });
    await resumed.optimize(objective, { trials: 4 });
    const alone = () => restoreStudy(JSON.parse(JSON.stringify(study)), { strategy: random() });
    expect(alone).toThrow('"random" with options {"startWith":[{"x":0.25');
    const whole = begun(startWith(points, random()));
    await whole.optimize(objective, { trials: 4 });
    expect(resumed.trials[2].params).toEqual(points[2]);
    expect(resumed.toJSON()).toEqual(whole.toJSON());
  });

  it("adds its points to the size of a grid, and keeps those that it was given", async () => {
    const given = [...points];
    const strategy = startWith(given, grid({ points: 2 }));
    given.length = 0;
    expect(strategy.size?.(space)).toBe(3 + 2 * 2);
    const study = begun(strategy);
    await study.optimize(objective, { trials: 100 });
    expect(study.trials.map(({ params }) => params.x)).toEqual([0.25, 0.5, 0.75, 0, 0, 1, 1]);
  });

  it.each([
    ["once", startWith(points, random())],
    ["twice", startWith(points.slice(0, 1), startWith(points.slice(1), random()))],
  ])("is made again from the name and the options, also if it is used %s", async (_, strategy) => {
    const again = begun(createStrategy(strategy.name, JSON.parse(JSON.stringify(strategy.options))));
    const first = begun(strategy);
    for (const study of [first, again]) await study.optimize(objective, { trials: 5 });
    expect(again.toJSON()).toEqual(first.toJSON());
    expect(again.trials.slice(0, 3).map(({ params }) => params)).toEqual(points);
  });

  it("refuses what is no list, no strategy, or outside the space", () => {
    expect(() => startWith({} as never, random())).toThrow("points must be a list of parameters");
    expect(() => startWith([], "gp" as never)).toThrow("strategy must be a strategy");
    expect(() => begun(startWith([{ x: 2, n: 1 }], random())).ask()).toThrow("x");
  });
});
