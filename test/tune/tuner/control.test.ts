/** Points to try first, earlier trials, and rules that end a search. */
import { expect, it } from "vitest";
import { float } from "../../../src/search/space/builders.js";
import { grid } from "../../../src/search/strategies/grid/grid.js";
import { tune } from "../../../src/tune/tune.js";

const space = { x: float(-4, 4) };
const objective = ({ x }: { x: number }): number => x * x;
const direction = "minimize" as const;

it("tries given points first, within the budget", async () => {
  const { trials } = await tune({ space, objective, direction, trials: 3, enqueue: [{ x: 1 }, { x: 0 }] });
  expect(trials.map(({ value }) => value).slice(0, 2)).toEqual([1, 0]);
  expect(trials).toHaveLength(3);
});

it.each([
  ["a whole grid after them", {}, [1, -4, 0, 4]],
  ["what a constraint leaves of it", { constraint: ({ x }: { x: number }) => x > -2 }, [1, 0, 4]],
])("tries %s, and says how many from the start", async (_, options, tried) => {
  const strategy = grid({ points: 3 });
  let planned = 0;
  const { trials } = await tune({
    space,
    objective,
    direction,
    strategy,
    enqueue: [{ x: 1 }],
    ...options,
    onEvent(event) {
      if (event.type === "studyStarted") planned = event.trials;
    },
  });
  expect(trials.map(({ params }) => params.x)).toEqual(tried);
  expect(planned).toBe(tried.length);
});

it("learns from an earlier search", async () => {
  const first = await tune({ space, objective, direction, trials: 5, seed: 1 });
  const failed = { params: { x: 4 }, value: null, status: "failed" as const };
  const { trials, best } = await tune({
    space,
    objective: () => 100,
    direction,
    trials: 2,
    warmStart: [...first.trials, failed],
  });
  expect(trials.map(({ status, value }) => status + value)).toEqual([
    ...first.trials.map(({ value }) => `complete${value}`),
    ...["failednull", "complete100", "complete100"],
  ]);
  expect(best.value).toBe(first.best.value);
});

it("stops at a target", async () => {
  const { trials } = await tune({ space, objective, direction, lag: 0, trials: 500, stop: { target: 0.25 } });
  expect(trials.length).toBeLessThan(500);
  expect(trials.filter(({ value }) => (value ?? 9) <= 0.25).map(({ number }) => number)).toEqual([
    trials.length - 1,
  ]);
});

it("refuses anything but a list", async () => {
  await expect(tune({ space, objective, direction, enqueue: { x: 1 } as never })).rejects.toThrow(
    'enqueue must be a list; received {"x":1}',
  );
});
