/**
 * Linear algebra of symmetric positive definite matrices in float64, for Gaussian processes and linear
 * models. `src/numerics/linalg.ts` says what each computes and calls them. Sums are in the order of their
 * indices, whatever the vectors: the bits are those of plain loops.
 *
 * A triangle has its rows one after another, element (i, j), j <= i, at i (i + 1) / 2 + j. A factor is stored
 * a second time in `blocks` of eight rows, each by columns, so that a vector has neighbouring rows: row
 * 8 b + q of column k is number 32 b (b + 1) + 8 k + q, k < 8 b + 8. What a block has right of the diagonal,
 * or below row n, is never used.
 */
import { c2 } from "../math/f64x2";

/** A pivot is at least this share of its diagonal element. */
const PIVOT_FLOOR: f64 = 1e-12;

@inline function row(rows: usize, i: i32): usize { return rows + ((<usize>i * (<usize>i + 1)) >> 1 << 3); }
@inline function number(at: usize, i: i32): f64 { return load<f64>(at + (<usize>i << 3)); }

/** Copies rows `from` to n - 1 of a triangle to its blocks. */
export function to_blocks(rows: usize, blocks: usize, from: i32, n: i32): void {
  for (let i = from; i < n; i++) {
    const b = <usize>(i >> 3);
    let to = blocks + (((b * (b + 1)) << 8) + (<usize>(i & 7) << 3));
    for (let at = row(rows, i), end = at + (<usize>i << 3); at <= end; at += 8, to += 64) store<f64>(to, load<f64>(at));
  }
}

/** sums + column x, for two rows. */
@inline function plus(sums: v128, column: usize, x: v128): v128 {
  return f64x2.add(sums, f64x2.mul(v128.load(column), x));
}

/** Solves L x = b in place for the first n rows; b has room for n rounded up to a multiple of 8. */
export function solve_lower(blocks: usize, n: i32, b: usize): void {
  let column = blocks;
  for (let from = b, end = b + (<usize>n << 3); from < end; from += 64, column -= 64) {
    let s0 = c2(0), s2 = c2(0), s4 = c2(0), s6 = c2(0);
    for (let known = b; known < from; known += 8, column += 64) {
      const x = v128.load64_splat(known);
      s0 = plus(s0, column, x);
      s2 = plus(s2, column + 16, x);
      s4 = plus(s4, column + 32, x);
      s6 = plus(s6, column + 48, x);
    }
    // the sums of the block's eight unknowns move on, so that the next is always the first lane
    for (let at = from, last = from + 64; at < last; at += 8, column += 72) {
      const next = (load<f64>(at) - f64x2.extract_lane(s0, 0)) / load<f64>(column);
      store<f64>(at, next);
      const x = c2(next);
      s0 = plus(s0, column, x);
      s2 = plus(s2, column + 16, x);
      s4 = plus(s4, column + 32, x);
      s6 = plus(s6, column + 48, x);
      s0 = v128.shuffle<i64>(s0, s2, 1, 2);
      s2 = v128.shuffle<i64>(s2, s4, 1, 2);
      s4 = v128.shuffle<i64>(s4, s6, 1, 2);
      s6 = v128.shuffle<i64>(s6, s6, 1, 0);
    }
  }
}

/** to[j] -= a x[j] + b y[j] + (c z[j] + d w[j]) for j < n. */
function subtract_four(to: usize, n: i32, a: f64, x: usize, b: f64, y: usize, c: f64, z: usize, d: f64, w: usize): void {
  const end = to + (<usize>n << 3);
  for (; to + 8 < end; to += 16, x += 16, y += 16, z += 16, w += 16) {
    const high = f64x2.add(f64x2.mul(c2(a), v128.load(x)), f64x2.mul(c2(b), v128.load(y)));
    const low = f64x2.add(f64x2.mul(c2(c), v128.load(z)), f64x2.mul(c2(d), v128.load(w)));
    v128.store(to, f64x2.sub(v128.load(to), f64x2.add(high, low)));
  }
  if (to < end) {
    const sum = a * load<f64>(x) + b * load<f64>(y) + (c * load<f64>(z) + d * load<f64>(w));
    store<f64>(to, load<f64>(to) - sum);
  }
}

/** to[j] += a x[j] for j < n. */
function add_multiple(to: usize, n: i32, a: f64, x: usize): void {
  for (const end = to + (<usize>n << 3); to < end; to += 8, x += 8) {
    store<f64>(to, load<f64>(to) + a * load<f64>(x));
  }
}

/** Solves transposed L x = b in place, four unknowns at a time. */
export function solve_upper(rows: usize, n: i32, b: usize): void {
  let i = n - 1;
  for (; i >= 3; i -= 4) {
    const r3 = row(rows, i), r2 = row(rows, i - 1), r1 = row(rows, i - 2), r0 = row(rows, i - 3);
    const at = b + (<usize>i << 3);
    const x3 = load<f64>(at) / number(r3, i);
    const x2 = (load<f64>(at - 8) - number(r3, i - 1) * x3) / number(r2, i - 1);
    const x1 = (load<f64>(at - 16) - (number(r3, i - 2) * x3 + number(r2, i - 2) * x2)) / number(r1, i - 2);
    const s = number(r3, i - 3) * x3 + number(r2, i - 3) * x2 + number(r1, i - 3) * x1;
    const x0 = (load<f64>(at - 24) - s) / number(r0, i - 3);
    subtract_four(b, i - 3, x3, r3, x2, r2, x1, r1, x0, r0);
    store<f64>(at, x3);
    store<f64>(at - 8, x2);
    store<f64>(at - 16, x1);
    store<f64>(at - 24, x0);
  }
  for (; i >= 0; i--) {
    const r = row(rows, i);
    const x = number(b, i) / number(r, i);
    store<f64>(b + (<usize>i << 3), x);
    add_multiple(b, i, -x, r);
  }
}

/**
 * Turns rows `from` to n - 1 of a matrix into those of its factor, also in `blocks`, where the rows before
 * are. `room` has room for n rounded up to a multiple of 8.
 *
 * @returns the largest amount added to a diagonal element; NaN if a diagonal element is not positive, or
 * numbers are not finite
 */
export function cholesky(rows: usize, blocks: usize, from: i32, n: i32, room: usize): f64 {
  let added: f64 = 0;
  for (let i = from; i < n; i++) {
    const at = row(rows, i);
    const bytes = <usize>i << 3;
    const diagonal = number(at, i);
    if (!(diagonal > 0 && diagonal < Infinity)) return NaN;
    memory.copy(room, at, bytes);
    solve_lower(blocks, i, room);
    memory.copy(at, room, bytes);
    let pivot = diagonal;
    for (let k = 0; k < i; k++) pivot -= number(at, k) * number(at, k);
    const floor = PIVOT_FLOOR * diagonal;
    if (!(pivot >= floor)) {
      if (isNaN(pivot)) return NaN;
      added = max(added, floor - pivot);
      pivot = floor;
    }
    store<f64>(at + bytes, sqrt(pivot));
    to_blocks(rows, blocks, i, i + 1);
  }
  return added;
}

/** The triangle of the inverse of L L', as W' W with W = the inverse of L, which is left at `work`. */
export function invert(rows: usize, n: i32, out: usize, work: usize): void {
  const bytes = row(0, n);
  memory.fill(out, 0, bytes);
  memory.fill(work, 0, bytes);
  for (let i = 0; i < n; i++) {
    // row i of W is (e_i - the sum of L_ik W_k) / L_ii
    const l = row(rows, i);
    const w = row(work, i);
    let k = 0;
    for (; k + 3 < i; k += 4) {
      const r0 = row(work, k), r1 = row(work, k + 1), r2 = row(work, k + 2), r3 = row(work, k + 3);
      const l0 = number(l, k), l1 = number(l, k + 1), l2 = number(l, k + 2), l3 = number(l, k + 3);
      subtract_four(w, k + 1, l0, r0, l1, r1, l2, r2, l3, r3);
      const at = w + (<usize>(k + 1) << 3);
      store<f64>(at, load<f64>(at) - (l1 * number(r1, k + 1) + l2 * number(r2, k + 1) + l3 * number(r3, k + 1)));
      store<f64>(at, load<f64>(at, 8) - (l2 * number(r2, k + 2) + l3 * number(r3, k + 2)), 8);
      store<f64>(at, load<f64>(at, 16) - l3 * number(r3, k + 3), 16);
    }
    for (; k < i; k++) add_multiple(w, k + 1, -number(l, k), row(work, k));
    const pivot = number(l, i);
    for (let j = w, end = w + (<usize>i << 3); j < end; j += 8) store<f64>(j, load<f64>(j) / pivot);
    store<f64>(w + (<usize>i << 3), 1 / pivot);
  }
  add_products(work, n, out);
}

/** Adds W' W to `out`: the outer product of each row of W with itself, four rows at a time. */
function add_products(work: usize, n: i32, out: usize): void {
  const tail = n & 3;
  for (let k = 0; k < tail; k++) {
    const r = row(work, k);
    for (let i = 0; i <= k; i++) add_multiple(row(out, i), i + 1, number(r, i), r);
  }
  for (let k = tail; k < n; k += 4) {
    const r0 = row(work, k), r1 = row(work, k + 1), r2 = row(work, k + 2), r3 = row(work, k + 3);
    for (let i = 0; i <= k; i++) {
      const to = row(out, i);
      // minus the negative sum, which rounds alike
      subtract_four(to, i + 1, -number(r0, i), r0, -number(r1, i), r1, -number(r2, i), r2, -number(r3, i), r3);
    }
    for (let m = 1; m < 4; m++) {
      // rows k + m of W reach beyond the square that all four share
      const r = row(work, k + m);
      for (let i = k + 1; i <= k + m; i++) add_multiple(row(out, i), i + 1, number(r, i), r);
    }
  }
}
