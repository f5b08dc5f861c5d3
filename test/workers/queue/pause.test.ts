/** Pauses between polls: short after a change, then longer, and ended early on demand. */
import { expect, it } from "vitest";
import { Pause } from "../../../src/workers/queue/pause.js";

/** A pause, and the milliseconds of each wait so far. */
function paused(most: number) {
  const waits: number[] = [];
  const pause = new Pause(most, async (milliseconds) => void waits.push(milliseconds));
  return { pause, waits };
}

it("doubles each wait up to the longest, and begins again after a change", async () => {
  const { pause, waits } = paused(50);
  for (let i = 0; i < 6; i++) await pause.wait();
  expect(waits).toEqual([4, 8, 16, 32, 50, 50]);
  pause.reset();
  for (let i = 0; i < 2; i++) await pause.wait();
  expect(waits.slice(6)).toEqual([4, 8]);
});

it("is never longer than the longest, not even the first", async () => {
  const { pause, waits } = paused(3);
  await pause.wait();
  await pause.wait();
  expect(waits).toEqual([3, 3]);
});

it("ends a wait, or the next one if none is running, once", async () => {
  const never: number[] = [];
  const pause = new Pause(50, (milliseconds) => {
    never.push(milliseconds);
    return new Promise(() => {});
  });
  pause.end();
  await pause.wait(); // does not sleep
  expect(never).toEqual([]);
  const wait = pause.wait();
  expect(never).toEqual([8]);
  pause.end();
  await wait;
  const next = pause.wait();
  expect(never).toEqual([8, 16]);
  pause.end();
  await next;
});
