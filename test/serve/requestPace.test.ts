/**
 * How many requests a server takes: so many a second on a clock that the test turns, and so many at a time.
 */
import { afterEach, expect, it, vi } from "vitest";
import { Requests } from "../../src/serve/requests.js";

afterEach(() => {
  vi.restoreAllMocks();
});

it("takes as many a second as it says, and as many at once after a pause", async () => {
  let now = 5000;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const limits = {
    maxRequests: 3,
    maxRequestsPerSecond: 10,
    maxRequestMilliseconds: Number.POSITIVE_INFINITY,
  };
  const requests = new Requests(limits);
  /** How many are taken until one is refused. */
  const taken = async (): Promise<number> => {
    for (let count = 0; ; count++)
      try {
        await requests.answer(async () => {});
      } catch (error) {
        expect(error).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
        return count;
      }
  };
  const counts: number[] = [];
  for (const milliseconds of [0, 90, 20, 550, 60_000]) {
    now += milliseconds;
    counts.push(await taken());
  }
  expect(counts).toEqual([10, 0, 1, 5, 10]);
  now += 60_000;
  const open = Array.from({ length: 3 }, () => requests.answer(() => new Promise<void>(() => {})));
  await expect(requests.answer(async () => {})).rejects.toMatchObject({ status: 503 });
  expect(open).toHaveLength(3);
});
