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
