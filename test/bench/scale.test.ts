/** The model of a study on many workers: what it says where the answer is known on paper. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { EventQueue } from "../../bench/scale/eventQueue.js";
import { limits, type Scenario, simulate } from "../../bench/scale/simulate.js";
import { cases } from "../cases.js";
import { prop } from "../prop.js";

const FREE = { ask: 0, tell: 0, commit: 0, row: 0, message: 0, latency: 0 };
const base: Scenario = {
  workers: 4,
  trials: 400,
  lag: 7,
  batch: 1,
  inOrder: true,
  seed: 1,
  duration: { mean: 2, spread: 0 },
  costs: FREE,
};

test("workers are busy all the time where nothing costs and trials take the same", () => {
  const { seconds, throughput, busy, told } = simulate(base);
  expect(seconds).toBe(200);
  expect(throughput).toBeCloseTo(2, 12);
  expect(busy.workers).toBeCloseTo(1, 12);
  expect(told).toEqual(Array.from({ length: 400 }, (_, i) => i));
});

test("a lag of 0 runs one trial at a time", () => {
  expect(simulate({ ...base, lag: 0 }).seconds).toBe(800);
});

test.each([
  ["coordinator", { ask: 0.3, tell: 0.7 }, 1],
  ["database", { commit: 0.4, row: 0.1 }, 1],
  ["queue", { message: 0.5 }, 1],
] as const)("%s bounds many workers to what it can do", (name, costs, rate) => {
  const scenario = { ...base, workers: 400, lag: 100, trials: 4000, costs: { ...FREE, ...costs } };
  const { throughput, busy } = simulate(scenario);
  expect(limits(scenario)[name]).toBeCloseTo(rate, 12);
  // trials that run at either mark, of the 2,000 between them
  expect(Math.abs(throughput / rate - 1)).toBeLessThan(101 / 2000);
  expect(busy[name]).toBeGreaterThan(0.99);
  expect(busy[name]).toBeLessThanOrEqual(1 + 1e-9);
});

test("results wait for those before them, unless they are told as they come", () => {
  const scenario: Scenario = { ...base, duration: { mean: 2, spread: 1 }, lag: 3 };
  const [inOrder, asTheyCome] = [true, false].map((inOrder) => simulate({ ...scenario, inOrder }));
  expect(inOrder.seconds).toBeGreaterThan(asTheyCome.seconds);
  expect(inOrder.mostWaiting).toBe(3 + 1);
  expect(asTheyCome.told).not.toEqual(inOrder.told);
});

const seconds = (max: number) => fc.double({ min: 0, max, noNaN: true });
const scenarios: fc.Arbitrary<Scenario> = fc.record({
  workers: fc.integer({ min: 1, max: 30 }),
  trials: fc.integer({ min: 8, max: 200 }),
  lag: fc.integer({ min: 0, max: 100 }),
  batch: fc.integer({ min: 1, max: 8 }),
  inOrder: fc.boolean(),
  seed: fc.nat(),
  duration: fc.record({ mean: fc.double({ min: 0.01, max: 10, noNaN: true }), spread: seconds(2) }),
  costs: fc.record({
    ask: seconds(1),
    tell: seconds(1),
    commit: seconds(1),
    row: seconds(1),
    message: seconds(1),
    latency: seconds(1),
  }),
});

prop([scenarios], { numRuns: cases(100) })(
  "every trial is told once, in order where it must be, and nothing does more than it can",
  (scenario) => {
    const { seconds, told } = simulate(scenario);
    const numbers = Array.from({ length: scenario.trials }, (_, i) => i);
    expect(scenario.inOrder ? told : [...told].sort((a, b) => a - b)).toEqual(numbers);
    const { coordinator, database, queue } = limits(scenario);
    for (const most of [coordinator, database, queue])
      expect(scenario.trials / seconds).toBeLessThanOrEqual(most * (1 + 1e-9));
  },
);

prop([fc.array(fc.integer({ min: 0, max: 20 }))], { numRuns: cases(100) })(
  "events come by time, and those of one time as they were added",
  (times) => {
    const queue = new EventQueue<number>();
    for (const [order, at] of times.entries()) queue.add(at, order);
    const expected = times
      .map((at, value) => ({ at, value }))
      .sort((a, b) => a.at - b.at || a.value - b.value);
    for (const { at, value } of expected) expect(queue.next()).toMatchObject({ at, value });
    expect(queue.next()).toBeUndefined();
  },
);
