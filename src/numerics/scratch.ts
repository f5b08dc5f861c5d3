/**
 * Memory of the process's shared kernels, lent to one computation at a time for what a kernel reads and
 * writes. It is not an arena: nothing is freed, and the next computation reuses the same memory.
 */
import { FettleError } from "../errors.js";
import { type KernelExports, kernels } from "./kernels.js";

const PAGE = 65536;

/** Numbers where kernels can reach them. */
export interface Scratch {
  /** Of the first number, in bytes; a multiple of 16. */
  readonly address: number;
  /** The numbers, and more after them, with the previous contents. */
  readonly numbers: Float64Array;
}

let lent: Scratch | undefined;

/**
 * Room for numbers, valid until the next call of this function.
 *
 * @param length - how many float64, an integer from 0
 * @throws FettleError `memory_limit` if the host refuses that much memory, `invalid_state` before `ready()`
 * if that is needed
 * @example
 * ```ts
 * const { address, numbers } = scratch(2);
 * numbers.set([3, 1]);
 * kernels().log_sum_exp(address, 2, 2); // ln(e³ + e¹ + e²)
 * ```
 */
export function scratch(length: number): Scratch {
  lent = roomIn(kernels(), length, lent);
  return lent;
}

/**
 * Room for numbers in the memory of an instance of the kernels; `before`, if that has room for them.
 *
 * @throws FettleError `memory_limit`
 */
export function roomIn({ memory, heap_base }: KernelExports, length: number, before?: Scratch): Scratch {
  if (before?.numbers.buffer === memory.buffer && length <= before.numbers.length) return before;
  const address = (heap_base() + 15) & -16;
  const missing = Math.ceil((address + 8 * length - memory.buffer.byteLength) / PAGE);
  if (missing > 0) {
    try {
      memory.grow(missing);
    } catch {
      throw new FettleError(
        "memory_limit",
        `this host refuses ${8 * length} bytes of memory. Use fewer trials or parameters.`,
      );
    }
  }
  return { address, numbers: new Float64Array(memory.buffer, address) };
}
