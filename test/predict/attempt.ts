/**
 * What reading a file is allowed to do: to refuse with a FettleError, and to take memory in proportion to the
 * file.
 */
import { expect, vi } from "vitest";
import { FettleError } from "../../src/errors.js";

/** What `run` returns, or the refusal; anything else that is thrown is thrown on. */
export async function attempt<T>(run: () => T | Promise<T>): Promise<T | FettleError> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof FettleError) return error;
    throw error;
  }
}

const { prototype } = (WebAssembly as unknown as { Memory: { prototype: { grow(pages: number): number } } })
  .Memory;

/** Fails if `run` takes more memory than twice the file and 4 MB: in arrays, or in WebAssembly. */
export async function withinMemory<T>(file: Uint8Array, run: () => T | Promise<T>): Promise<T> {
  const most = 2 * file.length + 4 * 2 ** 20;
  const grow = vi.spyOn(prototype, "grow");
  const before = process.memoryUsage().arrayBuffers;
  try {
    return await run();
  } finally {
    const arrays = process.memoryUsage().arrayBuffers - before;
    const pages = grow.mock.calls.reduce((sum, [delta]) => sum + delta, 0);
    grow.mockRestore();
    expect(arrays).toBeLessThanOrEqual(most);
    expect(65_536 * pages).toBeLessThanOrEqual(most);
  }
}
