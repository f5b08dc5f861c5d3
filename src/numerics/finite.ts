/**
 * Finds numbers that are not finite: in the kernels, through scratch memory, once they are loaded. It does
 * not know why numbers must be finite.
 */
import type { Floats } from "../ndarray.js";
import { kernels, kernelsAreLoaded } from "./kernels.js";
import { scratch } from "./scratch.js";

/** How many numbers are checked at a time: 64 or 128 kB, which fit in a processor's cache. */
const CHUNK = 16384;
/** Below this length a loop is as fast as a copy and a call. */
const SHORT = 256;

/**
 * The index of the first number that is NaN or infinite; −1 if there is none. It needs no kernels, but takes
 * half of the time with them.
 *
 * @example
 * ```ts
 * firstNotFinite(Float32Array.of(1, 2, Infinity)); // 2
 * ```
 */
export function firstNotFinite(data: Floats): number {
  const areFinite = data.length >= SHORT && kernelsAreLoaded() ? inKernels(data) : inLoop(data);
  return areFinite ? -1 : data.findIndex((value) => !Number.isFinite(value));
}

function inKernels(data: Floats): boolean {
  const { address, numbers } = scratch(CHUNK);
  const isFloat32 = data instanceof Float32Array;
  const check = isFloat32 ? kernels().all_finite_f32 : kernels().all_finite_f64;
  const room = isFloat32 ? new Float32Array(numbers.buffer, address, CHUNK) : numbers;
  for (let i = 0; i < data.length; i += CHUNK) {
    const some = data.subarray(i, i + CHUNK);
    room.set(some);
    if (!check(address, some.length)) return false;
  }
  return true;
}

/**
 * In four sums of 0 · x, so that none waits for another: each is NaN as soon as one of its numbers is not
 * finite.
 */
function inLoop(data: Floats): boolean {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = data.length - (data.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += 0 * data[i];
    b += 0 * data[i + 1];
    c += 0 * data[i + 2];
    d += 0 * data[i + 3];
  }
  for (let i = whole; i < data.length; i++) a += 0 * data[i];
  return a + b + c + d === 0;
}
