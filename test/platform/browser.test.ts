import { readFileSync } from "node:fs";
import { afterEach, expect, it, vi } from "vitest";
import { platform } from "../../src/platform/browser.js";

afterEach(() => void vi.unstubAllGlobals());

/** A host whose server answers every request so. */
function answering(answer: () => Promise<Response>): { asked: string[] } {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: URL) => {
    asked.push(url.href);
    return answer();
  });
  return { asked };
}

it("fetches the kernels from the package's own file, whatever media type the server gives", async () => {
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
])("says where it looked and what to do where %s", async (_, answer, reason) => {
  answering(answer);
  const error = await platform.kernels().catch((thrown) => thrown);
  expect(error).toMatchObject({ name: "FettleError", code: "not_found" });
  expect(error.message).toMatch(reason);
  expect(error.message).toMatch(/wasm\/kernels\.wasm.*give them to ready\(\{ module \}\)/);
});
