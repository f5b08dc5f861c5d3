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

it("fetches the kernels from the package's file, with any media type", async () => {
  const file = new URL("../../wasm/kernels.wasm", import.meta.url);
  const { asked } = answering(
    async () => new Response(readFileSync(file), { headers: { "content-type": "text/plain" } }),
  );
  expect(WebAssembly.Module.exports((await platform.kernels()) as WebAssembly.Module)).toContainEqual({
    name: "run",
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
