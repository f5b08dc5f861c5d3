/** Errors in ulp, units in the last place. `want` is taken as exact; it is a float64. */

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** floor(log2 |x|), from the bits; denormals count as -1023. */
function exponentOf(x: number): number {
  float[0] = x;
  return ((words[1] >>> 20) & 0x7ff) - 1023;
}

/** The spacing of float32 at x, that of the denormals near 0. */
export function ulpF32(x: number): number {
  return 2 ** (Math.min(127, Math.max(-126, exponentOf(x))) - 23);
}

/** The spacing of float64 at x. */
export function ulpF64(x: number): number {
  return 2 ** (Math.max(-1022, exponentOf(x)) - 52);
}

function error(got: number, want: number, ulp: number): number {
  if (Object.is(got, want) || got === want) return 0;
  return Number.isFinite(got) && Number.isFinite(want)
    ? Math.abs(got - want) / ulp
    : Number.POSITIVE_INFINITY;
}

/** The halfway point between the greatest float32 and 2^128: from here on a result rounds to infinity. */
const OVERFLOW = 2 ** 128 - 2 ** 103;

/** The error of a float32 result; infinite where one of the two is NaN or infinite and the other is not. */
export function errorF32(got: number, want: number): number {
  const rounded = Math.abs(want) >= OVERFLOW ? Math.sign(want) * Number.POSITIVE_INFINITY : want;
  return error(got, rounded, ulpF32(want));
}

export function errorF64(got: number, want: number): number {
  return error(got, want, ulpF64(want));
}

/** The argument with the greatest error, for an assertion whose message says where. */
export function worst(
  xs: ArrayLike<number>,
  errorAt: (index: number) => number,
): { error: number; at: number } {
  let found = { error: 0, at: Number.NaN };
  for (let i = 0; i < xs.length; i++) {
    const e = errorAt(i);
    if (e > found.error) found = { error: e, at: xs[i] };
  }
  return found;
}
