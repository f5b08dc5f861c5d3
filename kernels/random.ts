/**
 * Counter-based random numbers: Philox4x32-10 (J. Salmon, M. Moraes, R. Dror and D. Shaw, "Parallel
 * random numbers: as easy as 1, 2, 3", SC 2011). A value depends only on its counter and key, so any element
 * can be made in any order. Not a stream: nothing here remembers a position.
 *
 * Key: (seedLo, seedHi). The four counter words:
 *
 * | use                | word 0 | word 1     | word 2 | word 3 |
 * |--------------------|--------|------------|--------|--------|
 * | uniform element i  | i >> 2 | stream     | step   | 0      |
 * | shuffle, swap of i | i      | 0xFFFFFFFF | epoch  | 0      |
 *
 * So stream 0xFFFFFFFF is taken. `src/numerics/philox.ts` makes the same bits in TypeScript, and
 * `src/numerics/random.ts` keeps word 3 other than 0 at its root, so that the two never meet.
 */

/** Multipliers and key increments of the paper. */
const M0: u32 = 0xd2511f53;
const M1: u32 = 0xcd9e8d57;
const W0: u32 = 0x9e3779b9;
const W1: u32 = 0xbb67ae85;

const SHUFFLE_STREAM: u32 = 0xffffffff;

/** Where `philox` leaves its four words. */
const words: usize = memory.data(16, 16);

/** The address of the four u32 words that `philox` writes. */
export function philox_words(): usize {
  return words;
}

/** One block: four u32 words of (counter, key), written to `philox_words()`. */
export function philox(c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32): void {
  for (let round = 0; round < 10; round++) {
    const p0 = <u64>M0 * <u64>c0;
    const p1 = <u64>M1 * <u64>c2;
    c0 = <u32>(p1 >> 32) ^ c1 ^ k0;
    c1 = <u32>p1;
    c2 = <u32>(p0 >> 32) ^ c3 ^ k1;
    c3 = <u32>p0;
    k0 += W0;
    k1 += W1;
  }
  store<u32>(words, c0, 0);
  store<u32>(words, c1, 4);
  store<u32>(words, c2, 8);
  store<u32>(words, c3, 12);
}

/** Low (even) or high (odd) 32 bits of the four 64-bit products `a` (lanes 0, 1) and `b` (lanes 2, 3). */
@inline
function products_lo(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 2, 4, 6);
}

@inline
function products_hi(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 1, 3, 5, 7);
}

/** A word as a float32 in [0, 1): its 24 high bits over 2^24, exact. */
@inline
function unit_f32x4(word: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(word, 8)), f32x4.splat(f32(1.0 / 16777216.0)));
}

/** Where `philox_4` leaves its words: word 0 of four blocks, then word 1, 2 and 3 of them. */
const lanes: usize = memory.data(64, 16);

/** Four blocks at once, one a lane of `c0`: the rounds of `philox`, written to `lanes`. */
@inline
function philox_4(c0: v128, stream: u32, step: u32, k0: u32, k1: u32): void {
  const m0 = i32x4.splat(M0);
  const m1 = i32x4.splat(M1);
  let c1 = i32x4.splat(stream);
  let c2 = i32x4.splat(step);
  let c3 = i32x4.splat(0);
  for (let round = 0; round < 10; round++) {
    const a0 = i64x2.extmul_low_i32x4_u(c0, m0);
    const b0 = i64x2.extmul_high_i32x4_u(c0, m0);
    const a1 = i64x2.extmul_low_i32x4_u(c2, m1);
    const b1 = i64x2.extmul_high_i32x4_u(c2, m1);
    c0 = v128.xor(v128.xor(products_hi(a1, b1), c1), i32x4.splat(k0));
    c1 = products_lo(a1, b1);
    c2 = v128.xor(v128.xor(products_hi(a0, b0), c3), i32x4.splat(k1));
    c3 = products_lo(a0, b0);
    k0 += W0;
    k1 += W1;
  }
  v128.store(lanes, c0, 0);
  v128.store(lanes, c1, 16);
  v128.store(lanes, c2, 32);
  v128.store(lanes, c3, 48);
}

/** Sixteen uniforms at `out`: the blocks `block` to `block + 3`, transposed from lanes to memory order. */
function uniform_16(out: usize, block: u32, stream: u32, step: u32, k0: u32, k1: u32): void {
  philox_4(i32x4.add(i32x4.splat(block), i32x4(0, 1, 2, 3)), stream, step, k0, k1);
  const c0 = v128.load(lanes, 0);
  const c1 = v128.load(lanes, 16);
  const c2 = v128.load(lanes, 32);
  const c3 = v128.load(lanes, 48);
  const lo01 = v128.shuffle<i32>(c0, c1, 0, 4, 1, 5);
  const hi01 = v128.shuffle<i32>(c0, c1, 2, 6, 3, 7);
  const lo23 = v128.shuffle<i32>(c2, c3, 0, 4, 1, 5);
  const hi23 = v128.shuffle<i32>(c2, c3, 2, 6, 3, 7);
  v128.store(out, unit_f32x4(v128.shuffle<i64>(lo01, lo23, 0, 2)), 0);
  v128.store(out, unit_f32x4(v128.shuffle<i64>(lo01, lo23, 1, 3)), 16);
  v128.store(out, unit_f32x4(v128.shuffle<i64>(hi01, hi23, 0, 2)), 32);
  v128.store(out, unit_f32x4(v128.shuffle<i64>(hi01, hi23, 1, 3)), 48);
}

/**
 * `n` float32 uniforms in [0, 1) at `out` (4-byte aligned): element i is word `i & 3` of the block
 * (i >> 2, stream, step, 0), as (word >>> 8) * 2^-24. Exactly `n` floats are written.
 */
export function fill_uniform_f32(out: usize, n: i32, stream: u32, step: u32, seedLo: u32, seedHi: u32): void {
  let i = 0;
  for (; i <= n - 16; i += 16) {
    uniform_16(out + (<usize>i << 2), <u32>i >> 2, stream, step, seedLo, seedHi);
  }
  for (; i < n; i++) {
    if ((i & 3) == 0) philox(<u32>i >> 2, stream, step, 0, seedLo, seedHi);
    const word = load<u32>(words + (<usize>(i & 3) << 2));
    store<f32>(out + (<usize>i << 2), <f32>(<i32>(word >> 8)) * f32(1.0 / 16777216.0));
  }
}

/**
 * Shuffles `n` int32 at `data` in place: Fisher-Yates from the last element down (Durstenfeld 1964). The
 * partner of i is the high part of (64 random bits) * (i + 1), the bits being word 0 (high) and word 1
 * (low) of the block (i, 0xFFFFFFFF, epoch, 0). Multiply-shift (D. Lemire, "Fast random integer generation
 * in an interval", 2019) without its rejection: a partner's probability is off by less than 2^-64.
 */
export function shuffle_i32(data: usize, n: i32, epoch: u32, seedLo: u32, seedHi: u32): void {
  for (let top = n - 1; top > 0; top -= 4) {
    philox_4(i32x4.sub(i32x4.splat(top), i32x4(0, 1, 2, 3)), SHUFFLE_STREAM, epoch, seedLo, seedHi);
    let word = lanes;
    for (let i = top; i > max(top - 4, 0); i--, word += 4) {
      const bound = <u64>(i + 1);
      const high = <u64>load<u32>(word, 0) * bound;
      const low = <u64>load<u32>(word, 16) * bound;
      const j = <usize>((high + (low >> 32)) >> 32);
      const a = data + (<usize>i << 2);
      const b = data + (j << 2);
      const kept = load<i32>(a);
      store<i32>(a, load<i32>(b));
      store<i32>(b, kept);
    }
  }
}
