/** How long the work of a trial has run, of pieces that may run side by side. */
import { expect, it } from "vitest";
import { LiveTrial } from "../../../src/search/study/live.js";

it("a trial's time goes on while a piece of its work runs, and stands still while all wait", () => {
  let now = 0;
  const live = new LiveTrial(() => now);
  const start = live.elapsed;
  now += 100;
  expect(live.elapsed - start).toBe(100); // it begins running
  live.resume();
  live.pause();
  live.pause();
  now += 1000;
  expect(live.elapsed - start).toBe(100);
  live.resume();
  now += 10;
  expect(live.elapsed - start).toBe(110);
});
