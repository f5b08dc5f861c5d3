/**
 * Products in which one side is a vector. They are bound by loads, so nothing is packed.
 * Row vector times matrix sums like the register tiles; matrix times column vector has
 * a different order (see `dots`).
 */
import { madd } from "./micro";
import { KC, NV } from "./tiles";

/**
 * c[n] = x[k] B[k, n]: elements of x and rows of B are `xStep` and `ldb` bytes apart, c is contiguous.
 * The same order of summation as the register tiles of gemm.ts, so the same bits.
 */
export function vectorMatrix(n: i32, k: i32, x: usize, xStep: i32, b: usize, ldb: i32, c: usize): void {
  for (let p = 0; p < k; p += KC, x += KC * xStep, b += KC * ldb) {
    const depth = min(KC, k - p);
    const add = p > 0;
    let j = 0;
    for (; j + NV <= n; j += NV) columns32(depth, x, xStep, b + j * 4, ldb, c + j * 4, add);
    for (; j + 4 <= n; j += 4) columns4(depth, x, xStep, b + j * 4, ldb, c + j * 4, add);
    for (; j < n; ++j) column(depth, x, xStep, b + j * 4, ldb, c + j * 4, add);
  }
}

/**
 * C[m, n] = x[m] y[n]: elements of x and rows of C are `xStep` and `ldc` bytes apart, y is contiguous.
 * The product is added to +0, as everywhere.
 */
export function outer(m: i32, n: i32, x: usize, xStep: i32, y: usize, c: usize, ldc: i32): void {
  const zero = f32x4.splat(0);
  for (; m > 0; --m, x += xStep, c += ldc) {
    const s = v128.load32_splat(x);
    let j = 0;
    for (; j + 4 <= n; j += 4) v128.store(c + j * 4, madd(s, v128.load(y + j * 4), zero));
    for (; j < n; ++j)
      store<f32>(c + j * 4, f32x4.extract_lane(madd(s, v128.load32_zero(y + j * 4), zero), 0));
  }
}

@inline
function put(c: usize, x: v128, add: bool): void {
  if (add) x = f32x4.add(v128.load(c), x);
  v128.store(c, x);
}

@inline
function putOne(c: usize, x: f32, add: bool): void {
  store<f32>(c, add ? load<f32>(c) + x : x);
}

function columns32(k: i32, x: usize, xStep: i32, b: usize, ldb: i32, c: usize, add: bool): void {
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let c2 = f32x4.splat(0);
  let c3 = f32x4.splat(0);
  let c4 = f32x4.splat(0);
  let c5 = f32x4.splat(0);
  let c6 = f32x4.splat(0);
  let c7 = f32x4.splat(0);
  for (; k > 0; --k, x += xStep, b += ldb) {
    const s = v128.load32_splat(x);
    c0 = madd(s, v128.load(b), c0);
    c1 = madd(s, v128.load(b, 16), c1);
    c2 = madd(s, v128.load(b, 32), c2);
    c3 = madd(s, v128.load(b, 48), c3);
    c4 = madd(s, v128.load(b, 64), c4);
    c5 = madd(s, v128.load(b, 80), c5);
    c6 = madd(s, v128.load(b, 96), c6);
    c7 = madd(s, v128.load(b, 112), c7);
  }
  put(c, c0, add);
  put(c + 16, c1, add);
  put(c + 32, c2, add);
  put(c + 48, c3, add);
  put(c + 64, c4, add);
  put(c + 80, c5, add);
  put(c + 96, c6, add);
  put(c + 112, c7, add);
}

function columns4(k: i32, x: usize, xStep: i32, b: usize, ldb: i32, c: usize, add: bool): void {
  let sum = f32x4.splat(0);
  for (; k > 0; --k, x += xStep, b += ldb) sum = madd(v128.load32_splat(x), v128.load(b), sum);
  put(c, sum, add);
}

function column(k: i32, x: usize, xStep: i32, b: usize, ldb: i32, c: usize, add: bool): void {
  // In vectors nevertheless: relaxed builds have no fused scalar.
  let sum = f32x4.splat(0);
  for (; k > 0; --k, x += xStep, b += ldb) sum = madd(v128.load32_splat(x), v128.load32_splat(b), sum);
  putOne(c, f32x4.extract_lane(sum, 0), add);
}

/**
 * c[m] = A[m, k] x[k], for k up to KC: rows of A are `lda` bytes apart and elements of c `cStep`
 * bytes, x is contiguous. With `add` the sums are added to c.
 *
 * Eight partial sums take the elements k = 0..7 modulo 8, ascending, as long as four elements
 * remain; the last k mod 4 elements go to the first of the second four. Then the second four are
 * added to the first, and the total is (s0 + s1) + (s2 + s3). The order depends only on k.
 */
export function dots(m: i32, k: i32, a: usize, lda: i32, x: usize, c: usize, cStep: i32, add: bool): void {
  for (; m > 0; m -= 4, a += 4 * lda, c += 4 * cStep) {
    const sums = dots4(m, k, a, lda, x);
    putOne(c, f32x4.extract_lane(sums, 0), add);
    if (m > 1) putOne(c + cStep, f32x4.extract_lane(sums, 1), add);
    if (m > 2) putOne(c + 2 * cStep, f32x4.extract_lane(sums, 2), add);
    if (m > 3) putOne(c + 3 * cStep, f32x4.extract_lane(sums, 3), add);
  }
}

/** Four rows of `dots`; rows past `rows` repeat the last one. */
function dots4(rows: i32, k: i32, a: usize, lda: i32, x: usize): v128 {
  let a0 = a;
  let a1 = rows > 1 ? a0 + lda : a0;
  let a2 = rows > 2 ? a1 + lda : a1;
  let a3 = rows > 3 ? a2 + lda : a2;
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  let t0 = f32x4.splat(0);
  let t1 = f32x4.splat(0);
  let t2 = f32x4.splat(0);
  let t3 = f32x4.splat(0);
  for (; k >= 8; k -= 8) {
    let v = v128.load(x);
    s0 = madd(v128.load(a0), v, s0);
    s1 = madd(v128.load(a1), v, s1);
    s2 = madd(v128.load(a2), v, s2);
    s3 = madd(v128.load(a3), v, s3);
    v = v128.load(x, 16);
    t0 = madd(v128.load(a0, 16), v, t0);
    t1 = madd(v128.load(a1, 16), v, t1);
    t2 = madd(v128.load(a2, 16), v, t2);
    t3 = madd(v128.load(a3, 16), v, t3);
    a0 += 32;
    a1 += 32;
    a2 += 32;
    a3 += 32;
    x += 32;
  }
  if (k >= 4) {
    const v = v128.load(x);
    s0 = madd(v128.load(a0), v, s0);
    s1 = madd(v128.load(a1), v, s1);
    s2 = madd(v128.load(a2), v, s2);
    s3 = madd(v128.load(a3), v, s3);
    a0 += 16;
    a1 += 16;
    a2 += 16;
    a3 += 16;
    x += 16;
    k -= 4;
  }
  for (; k > 0; --k, a0 += 4, a1 += 4, a2 += 4, a3 += 4, x += 4) {
    const v = v128.load32_zero(x);
    t0 = madd(v128.load32_zero(a0), v, t0);
    t1 = madd(v128.load32_zero(a1), v, t1);
    t2 = madd(v128.load32_zero(a2), v, t2);
    t3 = madd(v128.load32_zero(a3), v, t3);
  }
  s0 = f32x4.add(s0, t0);
  s1 = f32x4.add(s1, t1);
  s2 = f32x4.add(s2, t2);
  s3 = f32x4.add(s3, t3);
  // [s0 s1 s2 s3] transposed, so that lane i of the total belongs to row i.
  const lo01 = v128.shuffle<f32>(s0, s1, 0, 4, 1, 5);
  const hi01 = v128.shuffle<f32>(s0, s1, 2, 6, 3, 7);
  const lo23 = v128.shuffle<f32>(s2, s3, 0, 4, 1, 5);
  const hi23 = v128.shuffle<f32>(s2, s3, 2, 6, 3, 7);
  const first = f32x4.add(v128.shuffle<f64>(lo01, lo23, 0, 2), v128.shuffle<f64>(lo01, lo23, 1, 3));
  const second = f32x4.add(v128.shuffle<f64>(hi01, hi23, 0, 2), v128.shuffle<f64>(hi01, hi23, 1, 3));
  return f32x4.add(first, second);
}
