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

/** The same on a platform that has none. */
async function onHostWithoutKernels() {
  const kernels = async (): Promise<never> => {
    throw new Error("no kernels here");
  };
  vi.resetModules();
  vi.doMock("#platform", () => ({ platform: { ...host, kernelsSync: () => undefined, kernels } }));
  return import("../../src/numerics/kernels.js");
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

  it.each([
    ["bytes", new Uint8Array(8), /compiled WebAssembly\.Module, got Uint8Array\(8\)/],
    [
      "an address",
      "/assets/kernels-3f2a.wasm",
      /compiled WebAssembly\.Module, got "\/assets\/kernels-3f2a\.wasm"/,
    ],
    ["null", null, /compiled WebAssembly\.Module, got null/],
    [
      "an empty module",
      new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)),
      /not Fettle's kernels/,
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
