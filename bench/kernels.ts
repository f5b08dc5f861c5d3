/** Operands in the memory of kernels, for benchmarks below the engine. */
import type { Kernels } from "../test/kernels/load.js";

/**
 * Copies arrays into the memory of an instance from `start` on, 64 bytes aligned; returns their addresses.
 */
export function place(
  { memory, heap_base }: Kernels,
  arrays: readonly (Float32Array | Int32Array)[],
  start = heap_base(),
): number[] {
  let end = start;
  const addresses = arrays.map(({ byteLength }) => {
    const address = Math.ceil(end / 64) * 64;
    end = address + byteLength;
    return address;
  });
  const missing = end - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  arrays.forEach((array, i) => {
    const words = new Int32Array(array.buffer, array.byteOffset, array.length);
    new Int32Array(memory.buffer, addresses[i], array.length).set(words);
  });
  return addresses;
}
