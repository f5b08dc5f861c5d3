/** A claim on a study in PostgreSQL whose connection ends: who takes it again, how often, and who is told. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { claimStudy } from "../../src/store/postgres/claim.js";

type Event = "error" | "end";
/** What the server answers each connection: whether the lock is free, or nothing. */
let answer: "own" | "taken" | "no server" = "own";
/** Set to keep the answer back until it is called. */
let hold: ((release: () => void) => void) | undefined;
const clients: FakeClient[] = [];

class FakeClient {
  isEnded = false;
  private readonly listeners: [Event, () => void][] = [];
  readonly asked: unknown[][] = [];
  on(event: Event, listener: () => void): void {
    this.listeners.push([event, listener]);
  }
  async connect(): Promise<void> {
    if (answer === "no server") throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  }
  async query(sql: string, values: unknown[] = []) {
    this.asked.push([sql, ...values]);
    if (hold && values.length > 0) await new Promise<void>(hold);
    return { rows: [{ own: answer === "own" }], fields: [] };
  }
  async end(): Promise<void> {
    if (this.isEnded) return;
    this.isEnded = true;
    this.emit("end");
  }
  emit(event: Event): void {
    for (const [own, listener] of this.listeners) if (own === event) listener();
  }
}
vi.mock("../../src/store/postgres/drivers.js", async (original) => ({
  ...(await original<object>()),
  urlClient: async () => {
    clients.push(new FakeClient());
    return { name: "host/name", client: clients.at(-1) };
  },
}));

beforeEach(() => {
  vi.useFakeTimers();
  clients.length = 0;
  answer = "own";
  hold = undefined;
});
afterEach(() => vi.useRealTimers());
const seconds = (count: number) => vi.advanceTimersByTimeAsync(1000 * count);

it.each([
  ["another process has it for less than a minute", "taken", 59, 0],
  ["another process has it for a minute", "taken", 60, 1],
  ["another process keeps it", "taken", 200, 1],
  ["no server answers", "no server", 200, 0],
] as const)("asks for it each second while %s", async (_, later, count, told) => {
  const lost = vi.fn();
  const giveUp = await claimStudy("postgres://host/name", "first", lost);
  expect(clients[0].asked.at(-1)?.at(-1)).toBe("fettle tune first");
  answer = later;
  clients[0].emit("end");
  await seconds(count);
  expect([clients.length, lost.mock.calls.length]).toEqual([1 + count, told]);
  expect(clients.slice(1).map(({ isEnded }) => isEnded)).not.toContain(false);
  answer = "own";
  await seconds(1);
  await seconds(100); // it is held, and nothing more is asked
  expect([clients.length, clients.at(-1)?.isEnded]).toEqual([2 + count, false]);
  clients.at(-1)?.emit("end");
  await seconds(1);
  expect(clients.length).toBe(3 + count);
  await giveUp?.();
  await seconds(100);
  expect([clients.length, clients.at(-1)?.isEnded]).toEqual([3 + count, true]);
});

it.each([
  ["taken", undefined],
  ["no server", "store_failed"],
] as const)("is none at first where it is %s", async (first, code) => {
  answer = first;
  const claim = claimStudy("postgres://host/name", "first").catch((error) => error.code);
  expect(await claim).toBe(code);
  await seconds(10);
  expect(clients.map(({ isEnded }) => isEnded)).toEqual([true]);
});

it("that was given up while it was asked for is not kept", async () => {
  const giveUp = await claimStudy("postgres://host/name", "first");
  clients[0].emit("end");
  let release = (): void => {};
  hold = (resolve) => {
    release = resolve;
  };
  await seconds(1);
  await giveUp?.();
  release();
  await seconds(10);
  expect(clients.map(({ isEnded }) => isEnded)).toEqual([true, true]);
});
