/**
 * Dense linear algebra in float64 for symmetric positive definite matrices: the needs of Gaussian processes
 * and linear models. The loops are in `kernels/search/triangles.ts`, whose order of operations is fixed, so
 * that results are the same bits on every runtime. Not for tensors of models: those are float32 and go
 * through the engine. Callers guarantee shapes.
 *
 * A lower triangle is packed by rows: element (i, j), j ≤ i, is at i·(i + 1)/2 + j. So a matrix grows by a
 * row without being moved. Functions of arrays copy them to the kernels' memory; a `Triangle` is there
 * already.
 */
import { check } from "../errors.js";
import { type KernelExports, kernels } from "./kernels.js";
import { scratch } from "./scratch.js";
import { log } from "./special.js";

/** How many numbers a packed triangle of `n` rows holds. */
export function packedSize(n: number): number {
  return (n * (n + 1)) / 2;
}

/** `n` rounded up to a multiple of 8: a vector has room for as many, and is a multiple of 16 bytes. */
export function roundedUp(n: number): number {
  return Math.ceil(n / 8) * 8;
}

/** The numbers that a `Triangle` of `n` rows needs, a multiple of 2. */
export function triangleSize(n: number): number {
  return roundedUp(packedSize(n)) + blocksSize(n) + roundedUp(n);
}

/** Of a factor in blocks of eight rows. */
function blocksSize(n: number): number {
  const blocks = Math.ceil(n / 8);
  return 32 * blocks * (blocks + 1);
}

/** A matrix or its factor in the memory of kernels. */
export class Triangle {
  private readonly blocks: number;
  private readonly room: number;

  /** @param rows - the address of `triangleSize(n)` numbers, of which the caller fills the first with rows */
  constructor(
    private readonly kernels: KernelExports,
    private readonly n: number,
    private readonly rows: number,
  ) {
    this.blocks = rows + 8 * roundedUp(packedSize(n));
    this.room = this.blocks + 8 * blocksSize(n);
  }

  /** Says that the first `n` rows are those of a factor. */
  factored(n: number): this {
    this.kernels.to_blocks(this.rows, this.blocks, 0, n);
    return this;
  }

  /** Factors the rows from `from` on; see `cholesky`. */
  factor(from: number): number {
    const added = this.kernels.cholesky(this.rows, this.blocks, from, this.n, this.room);
    check(
      !Number.isNaN(added),
      "a matrix to be factored must be finite and positive definite; received another",
    );
    return added;
  }

  /** Solves L·x = b in place for the first `n` rows; `b` is the address of `roundedUp(n)` numbers. */
  solveLower(b: number, n = this.n): void {
    this.kernels.solve_lower(this.blocks, n, b);
  }

  /** Solves Lᵀ·x = b in place. */
  solveUpper(b: number, n = this.n): void {
    this.kernels.solve_upper(this.rows, n, b);
  }

  /** Writes A⁻¹ as W'·W to the address `out`, packed, and W = L⁻¹ to `work`: n³/3 multiplications. */
  invert(out: number, work: number): void {
    this.kernels.invert(this.rows, this.n, out, work);
  }
}

/** A triangle in lent memory, with the numbers behind it. */
function lent(a: Float64Array, n: number, more = 0) {
  const size = triangleSize(n);
  const { address, numbers } = scratch(size + more);
  numbers.set(a.subarray(0, packedSize(n)));
  const rest = numbers.subarray(size, size + more);
  return { triangle: new Triangle(kernels(), n, address), numbers, rest, address: address + 8 * size };
}

/**
 * Cholesky's factorisation A = L·Lᵀ, in place: rows `from` to `n − 1` of the packed lower triangle `a` turn
 * from rows of A into rows of L; rows before `from` are rows of L already. One more row costs n²/2
 * multiplications, an entire matrix n³/6, and both ways give the same bits.
 *
 * A pivot below 1e-12 of its diagonal element, or negative by rounding, is raised to that: the factor is then
 * that of A with a little added to that diagonal element.
 *
 * @param a - packed lower triangle, at least `packedSize(n)` numbers
 * @param n - rows of the entire matrix
 * @param from - rows that are already factored
 * @returns the largest amount added to a diagonal element; usually 0
 * @throws FettleError `invalid_argument` if a diagonal element is not positive, or numbers are not finite;
 * then `a` is unchanged
 * @example
 * ```ts
 * const a = Float64Array.of(4, 2, 5); // [[4, 2], [2, 5]]
 * cholesky(a, 2);
 * a; // [2, 1, 2]
 * ```
 */
export function cholesky(a: Float64Array, n: number, from = 0): number {
  const { triangle, numbers } = lent(a, n);
  const added = triangle.factored(from).factor(from);
  a.set(numbers.subarray(0, packedSize(n)));
  return added;
}

/**
 * Solves L·x = b in place.
 *
 * @param l - packed factor
 * @param n - rows
 * @param b - [n], overwritten by x
 */
export function solveLower(l: Float64Array, n: number, b: Float64Array): void {
  const { triangle, rest, address } = lent(l, n, roundedUp(n));
  rest.set(b.subarray(0, n));
  triangle.factored(n).solveLower(address);
  b.set(rest.subarray(0, n));
}

/**
 * Solves Lᵀ·x = b in place.
 *
 * @param l - packed factor
 * @param n - rows
 * @param b - [n], overwritten by x
 */
export function solveUpper(l: Float64Array, n: number, b: Float64Array): void {
  const { triangle, rest, address } = lent(l, n, n);
  rest.set(b.subarray(0, n));
  triangle.solveUpper(address);
  b.set(rest);
}

/**
 * ln det A of A = L·Lᵀ: twice the sum of the logarithms of the pivots.
 *
 * @param l - packed factor
 * @param n - rows
 * @example
 * ```ts
 * logDeterminant(Float64Array.of(2, 1, 2), 2); // 2.772588722239781, that is ln 16
 * ```
 */
export function logDeterminant(l: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0, at = 0; i < n; i++, at += i + 1) sum += log(l[at]);
  return 2 * sum;
}
