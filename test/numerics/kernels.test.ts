import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { platform as host } from "#platform";

/** Loads src/numerics/kernels.ts anew, on a platform that gives the kernels asynchronously only. */
async function onAsynchronousHost() {
  vi.resetModules();
  vi.doMock("#platform", () => ({
    platform: { ...host, name: "browser", kernelsSync: () => undefined },
  }));
  return import("../../src/numerics/kernels.js");
}

/** Kernels from a file of `wasm/`. */
const built = (file: string) =>
  new WebAssembly.Module(readFileSync(new URL(`../../wasm/${file}`, import.meta.url)));

/** The same on a platform that downloads them, and lists what it did. */
async function onPage() {
  const asked: string[] = [];
  const download = (file: string) => async () => {
    asked.push(file);
    return built(file);
  };
  const both = { kernels: download("kernels.wasm"), predictorKernels: download("predict.wasm") };
  vi.resetModules();
  vi.doMock("#platform", () => ({ platform: { ...host, kernelsSync: () => undefined, ...both } }));
  return { asked, ...(await import("../../src/numerics/kernels.js")) };
}

/** The same on a platform that has none. */
async function onHostWithoutKernels() {
  const kernels = async (): Promise<never> => {
    throw new Error("no kernels here");
  };
  vi.resetModules();
  vi.doMock("#platform", () => ({ platform: { ...host, kernelsSync: () => undefined, kernels } }));
  return import("../../src/numerics/kernels.js");
}

/** A module without code that says it holds these kernels. */
function labelled(label: string): WebAssembly.Module {
  const words = new TextEncoder().encode(`fettle${label}`);
  const section = [0, words.length + 1, 6, ...words];
  return new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, ...section));
}

describe("kernels", () => {
  beforeEach(() => {
    vi.doUnmock("#platform");
    vi.resetModules();
  });

  it("are loaded at the first call, once", async () => {
    const { kernels, kernelsModule } = await import("../../src/numerics/kernels.js");
    expect(kernels()).toBe(kernels());
    expect(kernelsModule()).toBe(kernelsModule());
    expect(kernels().f64_exp(0)).toBe(1);
  });

  it("have instances with memories of their own", async () => {
    const { instantiate, kernels, kernelsModule } = await import("../../src/numerics/kernels.js");
    const own = instantiate(kernelsModule());
    expect(own.memory).not.toBe(kernels().memory);
    expect(own.f64_log(1)).toBe(0);
  });

  it("ask for ready() where the host loads asynchronously, and then work", async () => {
    const { kernels, ready } = await onAsynchronousHost();
    expect(() => kernels()).toThrow(
      expect.objectContaining({
        code: "invalid_state",
        message: expect.stringContaining("await ready() first"),
      }),
    );
    await Promise.all([ready(), ready()]);
    const first = kernels();
    await ready();
    expect(kernels()).toBe(first);
    expect(first.f64_exp(0)).toBe(1);
  });

  it("are those that ready() is given, which the host need not find", async () => {
    const { kernelsModule, ready } = await onHostWithoutKernels();
    const module = host.kernelsSync() as WebAssembly.Module;
    await expect(ready()).rejects.toThrow("no kernels here");
    await ready({ module });
    expect(kernelsModule()).toBe(module);
    // The first counts.
    await ready({ module: await host.kernels() });
    expect(kernelsModule()).toBe(module);
  });

  it("are not of another release where the host finds them, as behind a cache", async () => {
    vi.resetModules();
    const stale = {
      ...host,
      kernelsSync: () => undefined,
      kernels: async () => labelled("0.0.9 0123456789ab"),
    };
    vi.doMock("#platform", () => ({ platform: stale }));
    const { ready } = await import("../../src/numerics/kernels.js");
    await expect(ready()).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("the kernels of Fettle 0.1.0; received those of 0.0.9"),
    });
  });

  it("have a name, that of the release and one of their own", async () => {
    const { kernelsName } = await import("../../src/numerics/kernels.js");
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    const nameOf = (file: string) => {
      const bytes = readFileSync(new URL(`../../wasm/${file}`, import.meta.url));
      return /fettle(\S+ [0-9a-f]{12})$/.exec(bytes.toString("latin1"))?.[1];
    };
    expect(kernelsName()).toBe(nameOf("kernels.wasm"));
    expect(kernelsName()).toMatch(new RegExp(`^${version} [0-9a-f]{12}$`));
    expect(nameOf("kernels-relaxed.wasm")).not.toBe(kernelsName());
  });

  describe("of predictors", () => {
    it("are all that a page downloads to predict, and go on where all kernels follow", async () => {
      const { asked, ...page } = await onPage();
      await page.loadPredictorKernels();
      await page.loadPredictorKernels();
      expect(asked).toEqual(["predict.wasm"]);
      const few = page.predictorKernels();
      expect([few.f64_exp(0), "run" in few, "run" in page.instantiatePredictorKernels()]).toEqual([
        1,
        false,
        false,
      ]);
      expect(() => page.kernels()).toThrow("await ready() first");
      await page.ready();
      expect(asked).toEqual(["predict.wasm", "kernels.wasm"]);
      expect([page.kernels().f64_pow(2, 3), page.predictorKernels()]).toEqual([8, few]);
      expect("run" in page.instantiatePredictorKernels()).toBe(true);
    });

    it("are not downloaded where all kernels are loaded", async () => {
      const { asked, ...page } = await onPage();
      await page.ready();
      await page.loadPredictorKernels();
      expect(asked).toEqual(["kernels.wasm"]);
      expect(page.predictorKernels()).toBe(page.kernels());
    });

    it("are among all kernels where nothing is downloaded", async () => {
      const { kernels, loadPredictorKernels, predictorKernels } = await import(
        "../../src/numerics/kernels.js"
      );
      await loadPredictorKernels();
      expect(predictorKernels()).toBe(kernels());
    });

    it("may be given to ready(), which then loads no others", async () => {
      const { asked, ...page } = await onPage();
      await page.ready({ module: built("predict.wasm") });
      await page.loadPredictorKernels();
      expect([asked, page.predictorKernels().f64_log(1)]).toEqual([[], 0]);
      await page.ready();
      expect([asked, page.kernels().f64_log(1)]).toEqual([["kernels.wasm"], 0]);
    });

    it("are no kernels for an engine", async () => {
      const { instantiate } = await onPage();
      expect(() => instantiate(built("predict.wasm"))).toThrow(
        "module must hold Fettle's kernels; received a part of them. Import fettle/kernels.wasm.",
      );
    });
  });

  it.each([
    ["bytes", new Uint8Array(8), /compiled WebAssembly\.Module; received Uint8Array\(8\)/],
    [
      "an address",
      "/assets/kernels-3f2a.wasm",
      /compiled WebAssembly\.Module; received "\/assets\/kernels-3f2a\.wasm"/,
    ],
    ["null", null, /compiled WebAssembly\.Module; received null/],
    [
      "an empty module",
      new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)),
      /must hold Fettle's kernels/,
    ],
    [
      "of another release",
      labelled("0.0.9 0123456789ab"),
      /must hold the kernels of Fettle 0\.1\.0; received those of 0\.0\.9\. Import fettle\/kernels\.wasm of the same release/,
    ],
  ])("are not %s", async (_, module, message) => {
    const { instantiate, ready } = await import("../../src/numerics/kernels.js");
    const refusal = {
      name: "FettleError",
      code: "invalid_argument",
      message: expect.stringMatching(message),
    };
    await expect(ready({ module: module as object })).rejects.toMatchObject(refusal);
    expect(() => instantiate(module as object)).toThrow(expect.objectContaining(refusal));
  });
});
