import { expect, it } from "vitest";
import { Pace } from "../../src/serve/pace.js";

it("reaches slices that take as long as they should", () => {
  const pace = new Pace(100, 1e6);
  for (let slice = 0; slice < 20; slice++) pace.took(pace.steps * 0.25); // a step takes a quarter of a millisecond
  expect(pace.steps).toBe(400);
});

it("at most doubles a slice, and at most quarters it", () => {
  const pace = new Pace(100, 1e6);
  expect(pace.steps).toBe(16);
  pace.took(0.001);
  expect(pace.steps).toBe(32);
  pace.took(1e9);
  expect(pace.steps).toBe(8);
  for (const steps of [2, 1, 1]) {
    pace.took(1e9);
    expect(pace.steps).toBe(steps);
  }
});

it("never exceeds the maximum, even where the clock stands still", () => {
  const pace = new Pace(100, 50);
  for (const steps of [32, 50, 50]) {
    pace.took(0);
    expect(pace.steps).toBe(steps);
  }
  expect(new Pace(100, 3).steps).toBe(3);
});
