/** How long the work of a trial has run, of pieces that may run side by side, and how it ends. */
import { describe, expect, it } from "vitest";
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

describe("work that is ended early", () => {
  const late = new Error("late");
  const never = new Promise<void>(() => {});

  it("resolves with what its end returns, and rejects with what that throws", async () => {
    const [one, two] = [new LiveTrial(() => 0), new LiveTrial(() => 0)];
    const seen: Error[] = [];
    const resolved = one.orEnd(never, (error) => void seen.push(error));
    const rejected = two.orEnd(never, (error) => {
      throw error;
    });
    one.end(late);
    one.end(new Error("later")); // only the first counts
    two.end(late);
    await expect(resolved).resolves.toBeUndefined();
    await expect(rejected).rejects.toBe(late);
    expect(seen).toEqual([late]);
  });

  it("settles as the work does that ends by itself", async () => {
    const live = new LiveTrial(() => 0);
    await expect(live.orEnd(Promise.reject(late), () => {})).rejects.toBe(late);
    await expect(live.orEnd(Promise.resolve(), () => {})).resolves.toBeUndefined();
  });
});
