import { readFileSync } from "node:fs";
import { afterEach, expect, it, vi } from "vitest";
import { platform } from "../../src/platform/browser.js";

afterEach(() => void vi.unstubAllGlobals());

/** Stubs `fetch`, and lists the addresses that it is called with. */
function answering(answer: () => Promise<Response>): { asked: string[] } {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: URL) => {
    asked.push(url.href);
    return answer();
  });
  return { asked };
}

it.each([
  ["the kernels", platform.kernels, "kernels.wasm", "run"],
  ["those of predictors", platform.predictorKernels, "predict.wasm", "gemm"],
] as const)("fetches %s from the package's file, with any media type", async (_, load, name, export_) => {
  const file = new URL(`../../wasm/${name}`, import.meta.url);
  const { asked } = answering(
    async () => new Response(readFileSync(file), { headers: { "content-type": "text/plain" } }),
  );
  expect(WebAssembly.Module.exports((await load?.()) as WebAssembly.Module)).toContainEqual({
    name: export_,
    kind: "function",
  });
  expect(asked).toEqual([file.href]);
  expect(platform.kernelsSync()).toBeUndefined();
});

it.each<[string, () => Promise<Response>, RegExp]>([
  ["there is no such file", async () => new Response("", { status: 404 }), /the server answered 404/],
  ["the server gives a page instead", async () => new Response("<!doctype html>"), /magic word/],
  ["there is no network", () => Promise.reject(new TypeError("fetch failed")), /fetch failed/],
])("gives the address and the way out when %s", async (_, answer, reason) => {
  answering(answer);
  const error = await platform.kernels().catch((thrown) => thrown);
  expect(error).toMatchObject({ name: "FettleError", code: "not_found" });
  expect(error.message).toMatch(reason);
  expect(error.message).toMatch(/wasm\/kernels\.wasm.*await ready\(\{ module \}\).*docs\/runtimes\.md/);
});

/** A page whose frames come when the test says so; `now` is its clock. */
async function shown({
  document = { hidden: false } as { hidden: boolean } | null,
  userAgent = "Firefox/153.0",
} = {}) {
  vi.resetModules(); // which have seen no frame
  vi.stubGlobal("navigator", { userAgent });
  const { turn } = await import("../../src/platform/browser.js");
  const page = { now: 0, requested: [] as ((time: number) => void)[], timers: [] as number[] };
  vi.stubGlobal("document", document ?? undefined);
  vi.stubGlobal("requestAnimationFrame", (paints: (time: number) => void) => page.requested.push(paints));
  vi.stubGlobal("performance", { now: () => page.now });
  vi.stubGlobal("setTimeout", (_: () => void, milliseconds: number) => page.timers.push(milliseconds));
  return {
    ...page,
    /** Paints the frame of a time, a little later. */
    paint(time: number) {
      page.now = time + 5;
      for (const paints of page.requested.splice(0)) paints(time);
    },
    /** Whether a turn at a time ends before the next frame. */
    async turnsAt(now: number): Promise<boolean> {
      page.now = now;
      let hasEnded = false;
      void turn().then(() => {
        hasEnded = true;
      });
      // a message is a task, which comes after two turns of Node's loop
      for (let i = 0; i < 20 && !hasEnded; i++) await new Promise((resolve) => setImmediate(resolve));
      return hasEnded;
    },
  };
}

it("waits for a frame that is overdue, and for no other", async () => {
  const { turnsAt, paint, requested, timers } = await shown();
  expect([await turnsAt(0), await turnsAt(16), requested.length]).toEqual([true, true, 1]);
  paint(16);
  expect([await turnsAt(32), requested.length, timers]).toEqual([true, 1, []]);
  expect([await turnsAt(33), requested.length, timers]).toEqual([false, 1, [20]]);
  paint(33);
  expect([await turnsAt(49), await turnsAt(50)]).toEqual([true, false]);
  // a frame that never comes is not waited for again within a second
  expect([await turnsAt(67), await turnsAt(1049), await turnsAt(1050)]).toEqual([true, true, false]);
  paint(1050);
  expect(await turnsAt(1060)).toBe(true);
});

it("goes on when the overdue frame is painted", async () => {
  const { turnsAt, paint } = await shown();
  expect(await turnsAt(0)).toBe(true);
  const turn = turnsAt(20);
  await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
  paint(20);
  expect(await turn).toBe(true);
});

it.each([
  ["a hidden page", { document: { hidden: true } }],
  ["Chromium, which paints between tasks", { userAgent: "Chrome/140.0.0.0 Safari/537.36" }],
  ["a Worker", { document: null }],
])("waits for no frame in %s", async (_, page) => {
  const { turnsAt, requested } = await shown(page);
  for (const at of [0, 50, 100]) expect(await turnsAt(at)).toBe(true);
  expect(requested).toEqual([]);
});

it("posts a task where the host has a scheduler, and a message elsewhere", async () => {
  const { turnsAt } = await shown({ document: { hidden: true } });
  const posted: (() => void)[] = [];
  const channel = vi.spyOn(globalThis, "MessageChannel");
  vi.stubGlobal("scheduler", { postTask: async (task: () => void) => void posted.push(task) });
  expect([await turnsAt(0), posted.length, channel.mock.calls.length]).toEqual([true, 1, 0]);
  vi.stubGlobal("scheduler", {});
  expect([await turnsAt(0), posted.length, channel.mock.calls.length]).toEqual([true, 1, 1]);
});
