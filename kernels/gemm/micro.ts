/**
 * The register tiles of the matrix product: multiply-add over k, then one store. They know
 * nothing about blocking, packing or ragged edges in n; gemm.ts deals with those.
 *
 * Every tile sums in the same order: from +0 upwards in k, one multiply-add an element.
 * Strict builds round the product and the sum; relaxed builds fuse them.
 */
import { MR } from "./tiles";

/** The tile is added to C, instead of overwriting it. */
export const ADD: i32 = 1;
/** max(x, 0) on the way out; NaN stays NaN. */
export const RELU: i32 = 2;

/** a * b + c in four lanes: fused in relaxed builds, rounded twice in strict ones. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/**
 * max(x, 0) where NaN stays NaN: `pmax(x, 0)` is `x < 0 ? 0 : x`, one instruction. It would
 * keep -0, but sums that start at +0 are never -0 in strict builds.
 */
@inline
function relu(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0));
}

@inline
function storeRow(c: usize, x0: v128, x1: v128): void {
  v128.store(c, x0);
  v128.store(c, x1, 16);
}

/** Replaces the bytes from a row of A to the next: four are adjacent, as in a packed panel. */
export const BESIDE: i32 = 0;

/**
 * C[m, 8] = A[m, k] B[k, 8], for k >= 1, in tiles of four rows. All strides are in bytes, so A may be
 * packed panels, a row-major matrix or its transpose, and B a packed panel or rows of a matrix.
 * The last tile may have fewer rows; it repeats the last one and does not store it: nothing outside the
 * operands is read. The loop over tiles is here, because V8 of Node 20 then compiles the one over k better.
 *
 * @param aPanel from four rows of A to the next four
 * @param aRow from one row of A to the next, or `BESIDE`, where a last tile of fewer rows still reads four
 * @param bias 8 floats added to each row, or 0
 * @param flags `ADD` and `RELU`
 */
export function f32_gemm_4x8(
  m: i32,
  k: i32,
  a: usize,
  aPanel: i32,
  aRow: i32,
  aStep: i32,
  b: usize,
  bStep: i32,
  c: usize,
  cRow: i32,
  bias: usize,
  flags: i32,
): void {
  if (aRow == BESIDE) tiles(BESIDE, m, k, a, aPanel, 0, aStep, b, bStep, c, cRow, bias, flags);
  else tiles(APART, m, k, a, aPanel, aRow, aStep, b, bStep, c, cRow, bias, flags);
}

/**
 * As `f32_gemm_4x8`, for an A of which element [i, p] lies at a + rows[i] + columns[p]: tables of i32. It is
 * a separate function, because V8 compiles three loops in one less well.
 */
export function f32_gemm_4x8_placed(
  m: i32,
  k: i32,
  a: usize,
  rows: i32,
  columns: i32,
  b: usize,
  bStep: i32,
  c: usize,
  cRow: i32,
  bias: usize,
  flags: i32,
): void {
  tiles(PLACED, m, k, a, 0, rows, columns, b, bStep, c, cRow, bias, flags);
}

/** Other rows of A: some distance apart, or where tables say. */
const APART: i32 = 1;
const PLACED: i32 = 2;

/** One loop for each: with one address of A in place of four, products are 5 to 10 % faster. */
@inline
function tiles(
  kind: i32,
  m: i32,
  k: i32,
  a: usize,
  aPanel: i32,
  aRow: i32,
  aStep: i32,
  b: usize,
  bStep: i32,
  c: usize,
  cRow: i32,
  bias: usize,
  flags: i32,
): void {
  const first = b - bStep;
  const end = first + k * bStep;
  // Addresses are advanced before they are used, and the address of B counts the steps: an engine
  // then needs neither a copy of each address nor a counter. One step per iteration: with two in a block,
  // V8 loads all 12 operands first, and the accumulators spill.
  if (kind != PLACED) a -= aStep;
  for (; m > 0; m -= MR, a += aPanel, c += MR * cRow) {
    let a0 = kind == PLACED ? a + load<i32>(aRow) : a;
    let a1 = m > 1 ? (kind == PLACED ? a + load<i32>(aRow, 4) : a0 + aRow) : a0;
    let a2 = m > 2 ? (kind == PLACED ? a + load<i32>(aRow, 8) : a1 + aRow) : a1;
    let a3 = m >= MR ? (kind == PLACED ? a + load<i32>(aRow, 12) : a2 + aRow) : a2;
    let column: usize = kind == PLACED ? aStep - 4 : 0;
    let c00 = f32x4.splat(0);
    let c01 = f32x4.splat(0);
    let c10 = f32x4.splat(0);
    let c11 = f32x4.splat(0);
    let c20 = f32x4.splat(0);
    let c21 = f32x4.splat(0);
    let c30 = f32x4.splat(0);
    let c31 = f32x4.splat(0);
    b = first;
    do {
      let place = 0;
      if (kind == PLACED) {
        column += 4;
        place = load<i32>(column);
      } else {
        a0 += aStep;
        if (kind != BESIDE) {
          a1 += aStep;
          a2 += aStep;
          a3 += aStep;
        }
      }
      b += bStep;
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      let s = v128.load32_splat(a0 + place);
      c00 = madd(s, b0, c00);
      c01 = madd(s, b1, c01);
      s = kind == BESIDE ? v128.load32_splat(a0, 4) : v128.load32_splat(a1 + place);
      c10 = madd(s, b0, c10);
      c11 = madd(s, b1, c11);
      s = kind == BESIDE ? v128.load32_splat(a0, 8) : v128.load32_splat(a2 + place);
      c20 = madd(s, b0, c20);
      c21 = madd(s, b1, c21);
      s = kind == BESIDE ? v128.load32_splat(a0, 12) : v128.load32_splat(a3 + place);
      c30 = madd(s, b0, c30);
      c31 = madd(s, b1, c31);
    } while (b != end);
    // Each condition is tested once per tile, not once per row.
    if (flags & ADD) {
      c00 = f32x4.add(v128.load(c), c00);
      c01 = f32x4.add(v128.load(c, 16), c01);
      if (m > 1) {
        c10 = f32x4.add(v128.load(c + cRow), c10);
        c11 = f32x4.add(v128.load(c + cRow, 16), c11);
      }
      if (m > 2) {
        c20 = f32x4.add(v128.load(c + 2 * cRow), c20);
        c21 = f32x4.add(v128.load(c + 2 * cRow, 16), c21);
      }
      if (m >= MR) {
        c30 = f32x4.add(v128.load(c + 3 * cRow), c30);
        c31 = f32x4.add(v128.load(c + 3 * cRow, 16), c31);
      }
    }
    if (bias) {
      const bias0 = v128.load(bias);
      const bias1 = v128.load(bias, 16);
      c00 = f32x4.add(c00, bias0);
      c01 = f32x4.add(c01, bias1);
      c10 = f32x4.add(c10, bias0);
      c11 = f32x4.add(c11, bias1);
      c20 = f32x4.add(c20, bias0);
      c21 = f32x4.add(c21, bias1);
      c30 = f32x4.add(c30, bias0);
      c31 = f32x4.add(c31, bias1);
    }
    if (flags & RELU) {
      c00 = relu(c00);
      c01 = relu(c01);
      c10 = relu(c10);
      c11 = relu(c11);
      c20 = relu(c20);
      c21 = relu(c21);
      c30 = relu(c30);
      c31 = relu(c31);
    }
    storeRow(c, c00, c01);
    if (m > 1) storeRow(c + cRow, c10, c11);
    if (m > 2) storeRow(c + 2 * cRow, c20, c21);
    if (m >= MR) storeRow(c + 3 * cRow, c30, c31);
    if (kind == PLACED) aRow += MR * 4;
  }
}
