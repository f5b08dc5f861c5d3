/**
 * Copies of operands in the order in which the micro-kernel reads them. Packing never
 * changes a value, so it never changes a result: gemm.ts packs where it pays.
 */
import { KC, MC, MR, NC, NR } from "./tiles";

/** Packed block of A: panels of [KC, 4]. */
export const blockA: usize = memory.data(MC * KC * sizeof<f32>(), 64);
/** Packed block of B: panels of [KC, 8]. */
const blockB: usize = memory.data(KC * NC * sizeof<f32>(), 64);

/**
 * Packs A[m, k], stored transposed as [k, m] with rows `lda` bytes apart, into panels of
 * [k, 4]. A last panel of fewer than 4 rows leaves the rest of it undefined.
 *
 * @returns the address of the panels, k * 16 bytes apart
 */
export function packTransposedA(m: i32, k: i32, a: usize, lda: i32): usize {
  let to = blockA;
  for (let i = 0; i < m; i += MR) {
    let from = a + i * sizeof<f32>();
    if (m - i >= MR) {
      for (let p = 0; p < k; ++p, from += lda, to += 16) v128.store(to, v128.load(from));
    } else {
      const bytes = (m - i) * sizeof<f32>();
      for (let p = 0; p < k; ++p, from += lda, to += 16) memory.copy(to, from, bytes);
    }
  }
  return blockA;
}

/** As `packTransposedA`, for A[m, k] with rows `lda` bytes apart. */
export function packA(m: i32, k: i32, a: usize, lda: i32): usize {
  for (let to = blockA; m > 0; m -= MR, a += MR * lda, to += k * 16) transpose4(m, k, a, lda, to, 16);
  return blockA;
}

/**
 * Packs B[k, n], with rows `ldb` bytes apart, into panels of [k, 8]; a last panel of fewer columns is padded
 * with zeros.
 *
 * @returns the address of the panels, k * 32 bytes apart
 */
export function packB(k: i32, n: i32, b: usize, ldb: i32): usize {
  let to = blockB;
  for (let j = 0; j < n; j += NR) {
    let from = b + j * sizeof<f32>();
    if (n - j >= NR) {
      for (let p = 0; p < k; ++p, from += ldb, to += 32) {
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
      }
    } else {
      memory.fill(to, 0, k * 32);
      copyColumns(k, n - j, from, ldb, to, 32);
    }
  }
  return blockB;
}

/**
 * Copies [rows, n], for n < 8: one column at a time would take as long for each as for all together. Strides
 * are in bytes.
 */
export function copyColumns(rows: i32, n: i32, from: usize, fromStep: i32, to: usize, toStep: i32): void {
  for (; rows > 0; --rows, from += fromStep, to += toStep) {
    let at = 0;
    if (n & 4) {
      v128.store(to, v128.load(from));
      at = 16;
    }
    if (n & 2) {
      store<u64>(to + at, load<u64>(from + at));
      at += 8;
    }
    if (n & 1) store<u32>(to + at, load<u32>(from + at));
  }
}

/** As `packB`, for B stored transposed as [n, k] with rows `ldb` bytes apart. */
export function packTransposedB(k: i32, n: i32, b: usize, ldb: i32): usize {
  // The last panel, if ragged, has zeros in its missing columns.
  if (n & 7) memory.fill(blockB + (n & ~7) * k * 4, 0, k * 32);
  let j = 0;
  for (; j + 4 <= n; j += 4, b += 4 * ldb) transpose4(4, k, b, ldb, columnOf(j, k), 32);
  for (; j < n; ++j, b += ldb) copyVector(k, b, 4, columnOf(j, k), 32);
  return blockB;
}

/** Where column j of B starts in panels of [k, 8]. */
function columnOf(j: i32, k: i32): usize {
  return blockB + (j & ~7) * k * 4 + (j & 7) * 4;
}

/**
 * Copies four rows of k floats, `ldb` bytes apart, into four columns of rows `step` bytes apart; past `rows`
 * it repeats the last.
 */
function transpose4(rows: i32, k: i32, b: usize, ldb: i32, to: usize, step: i32): void {
  let b1 = rows > 1 ? b + ldb : b;
  let b2 = rows > 2 ? b1 + ldb : b1;
  let b3 = rows > 3 ? b2 + ldb : b2;
  for (; k >= 4; k -= 4, b += 16, b1 += 16, b2 += 16, b3 += 16, to += 4 * step) transpose4x4(b, b1, b2, b3, to, step);
  for (; k > 0; --k, b += 4, b1 += 4, b2 += 4, b3 += 4, to += step) {
    store<f32>(to, load<f32>(b));
    store<f32>(to, load<f32>(b1), 4);
    store<f32>(to, load<f32>(b2), 8);
    store<f32>(to, load<f32>(b3), 12);
  }
}

/** Four floats at each of four addresses, as columns of rows `step` bytes apart. */
@inline
export function transpose4x4(b0: usize, b1: usize, b2: usize, b3: usize, to: usize, step: i32): void {
  const r0 = v128.load(b0);
  const r1 = v128.load(b1);
  const r2 = v128.load(b2);
  const r3 = v128.load(b3);
  const lo01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const hi01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const lo23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const hi23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f64>(lo01, lo23, 0, 2));
  v128.store(to + step, v128.shuffle<f64>(lo01, lo23, 1, 3));
  v128.store(to + 2 * step, v128.shuffle<f64>(hi01, hi23, 0, 2));
  v128.store(to + 3 * step, v128.shuffle<f64>(hi01, hi23, 1, 3));
}

/** Packs a vector x[k], with elements `step` bytes apart, for k up to KC. */
export function packVector(k: i32, x: usize, step: i32): usize {
  copyVector(k, x, step, blockB, 4);
  return blockB;
}

/** Copies k floats from one stride in bytes to another. */
function copyVector(k: i32, from: usize, fromStep: i32, to: usize, toStep: i32): void {
  for (; k > 0; --k, from += fromStep, to += toStep) store<f32>(to, load<f32>(from));
}
