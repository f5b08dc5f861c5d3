/** What a page is sent: each event once, until it differs, and each trial when its status changes. */
import { expect, it } from "vitest";
import { Sent } from "../../src/dashboard/storageSource.js";
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
