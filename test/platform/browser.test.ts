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
async function shown(hidden = false) {
  vi.resetModules(); // which have seen no frame
  const { turn } = await import("../../src/platform/browser.js");
  const page = { now: 0, requested: [] as (() => void)[], timers: [] as number[] };
  vi.stubGlobal("document", { hidden });
  vi.stubGlobal("requestAnimationFrame", (paints: () => void) => page.requested.push(paints));
  vi.stubGlobal("performance", { now: () => page.now });
  vi.stubGlobal("setTimeout", (_: () => void, milliseconds: number) => page.timers.push(milliseconds));
  return {
    ...page,
    paintAt(now: number) {
      page.now = now;
      for (const paints of page.requested.splice(0)) paints();
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
  const { turnsAt, paintAt, requested, timers } = await shown();
  expect([await turnsAt(0), await turnsAt(14), requested.length]).toEqual([true, true, 1]);
  paintAt(16);
  expect([await turnsAt(30), requested.length, timers]).toEqual([true, 1, []]);
  expect([await turnsAt(31), timers]).toEqual([false, [20]]);
  paintAt(33);
  expect([await turnsAt(47), await turnsAt(48)]).toEqual([true, false]);
  // a frame that never comes is not waited for again within a second
  expect([await turnsAt(63), await turnsAt(1047), await turnsAt(1048)]).toEqual([true, true, false]);
  paintAt(1050);
  expect(await turnsAt(1060)).toBe(true);
});

it("waits for no frame in a hidden page, nor in a Worker", async () => {
  const hidden = await shown(true);
  for (const at of [0, 50, 100]) expect(await hidden.turnsAt(at)).toBe(true);
  expect(hidden.requested).toEqual([]);
  vi.stubGlobal("document", undefined);
  for (const at of [0, 50, 100]) expect(await hidden.turnsAt(at)).toBe(true);
  expect(hidden.requested).toEqual([]);
});
