/** What a worker thread answers, without a thread. */
import { afterEach, expect, it, vi } from "vitest";
import { kernelsModule } from "../../src/numerics/kernels.js";
import { platform } from "../../src/platform/node.js";
import { serveJobs } from "../../src/workers/serveJobs.js";

afterEach(() => void vi.restoreAllMocks());

it("a result that cannot be sent back is an error that names the part, and the others of its batch are sent", async () => {
  let handle: Parameters<typeof platform.serve>[0] = async () => undefined;
  vi.spyOn(platform, "serve").mockImplementation((given) => {
    handle = given;
  });
  serveJobs<null, { readonly seed: number; readonly programs: object }, object>(() => ({ seed }) => ({
    seed,
    ...(seed === 2 && { curves: [{ loss: () => 1 }] }),
  }));
  const sent: unknown[] = [];
  const post = (message: unknown): void => void sent.push(structuredClone(message));
  expect(await handle({ type: "setup", kernels: kernelsModule(), setup: null }, post)).toBe("ready");
  const jobs = [1, 2, 3].map((seed) => ({ seed, programs: {} }));
  expect(await handle({ type: "jobs", programs: [], jobs }, post)).toBe(undefined);
  const message =
    "the result of a job.curves[0].loss cannot be copied to another thread; received function loss";
  expect(sent).toEqual([
    [{ result: { seed: 1 } }, { error: { code: "internal", message } }, { result: { seed: 3 } }],
  ]);
});
