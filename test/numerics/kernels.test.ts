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
});
