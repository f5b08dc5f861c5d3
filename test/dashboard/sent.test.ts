/** What a page is sent: each event once, until it differs, and each trial when its status changes. */
import { createStudy, float, random } from "fettle";
import { memoryStorage } from "fettle/store";
import { expect, it, vi } from "vitest";
import { Sent, storageSource } from "../../src/dashboard/storageSource.js";
import type { DashboardEvent, TrialRow } from "../../src/dashboard/wire.js";

const notes = (text: string): DashboardEvent => ({ type: "notes", notes: [{ number: 0, text, tags: [] }] });
const row = (number: number, status: string) => ({ number, status }) as TrialRow;

it("events of different types are compared each with the last of its own", () => {
  const seen: string[] = [];
  const sent = new Sent((event) => seen.push(event.type === "notes" ? event.notes[0].text : event.type));
  const events = [
    notes("a"),
    { type: "ready" } as const,
    notes("a"),
    { type: "ready" } as const,
    notes("b"),
    notes("a"),
  ];
  for (const event of events) sent.once(event);
  expect(seen).toEqual(["a", "ready", "b", "a"]);
});

it("trials are sent again only with another status", () => {
  const seen: (readonly [number, string])[][] = [];
  const sent = new Sent((event) => {
    if (event.type === "trials") seen.push(event.trials.map(({ number, status }) => [number, status]));
  });
  sent.trials([row(0, "running"), row(1, "running")]);
  sent.trials([row(0, "complete"), row(1, "running")]);
  sent.trials([row(0, "complete"), row(1, "running")]);
  expect(seen).toEqual([
    [
      [0, "running"],
      [1, "running"],
    ],
    [[0, "complete"]],
  ]);
});

it("reads a growing study from its first running trial, not from its beginning", async () => {
  vi.useFakeTimers();
  const storage = memoryStorage();
  const study = createStudy({ space: { x: float(0, 1) }, strategy: random(), direction: "minimize" });
  const told = (value: number) => ({ value, std: null, seconds: null, status: "complete" }) as const;
  const kept = await storage.create("a", study.toJSON());
  const read = vi.spyOn(kept, "trials");
  const seen: number[] = [];
  const stop = (await storageSource(storage, "", false).open("a"))!.follow(
    (event) => event.type === "trials" && seen.push(...event.trials.map(({ number }) => number)),
    (error) => expect.unreachable(String(error)),
  );
  const next = () => vi.advanceTimersByTimeAsync(1000);
  for (const number of [0, 1, 2]) await kept.add({ number, params: { x: 0 } });
  await next();
  for (const number of [0, 2]) await kept.tell({ ...told(1), number, params: { x: 0 } });
  await next();
  await kept.tell({ ...told(1), number: 1, params: { x: 0 } });
  await next();
  await next(); // nothing has changed
  await kept.add({ number: 3, params: { x: 0 } });
  await next();
  stop();
  vi.useRealTimers();
  expect(read.mock.calls.map(([, from]) => from)).toEqual([0, 0, 0, 1, 3]);
  expect(seen).toEqual([0, 1, 2, 0, 2, 1, 3]);
});
