/**
 * Points of a Sobol' sequence in the unit cube, scrambled or not: any point by its index, without computing
 * earlier ones.
 */

import { rows } from "./directions.js";

/** Bits of an index and of a coordinate. */
const BITS = 32;

/**
 * By dimension: what each bit of an index adds (without carry) to a coordinate, highest bit of the coordinate
 * first.
 */
let directions: readonly Uint32Array[] | undefined;

function directionsOf(): readonly Uint32Array[] {
  directions ??= [
    Uint32Array.from({ length: BITS }, (_, i) => 2 ** (BITS - 1 - i)),
    ...rows.split("\n").map((row) => {
      const [degree, inner, ...odd] = row.split(" ").map(Number);
      const v = new Uint32Array(BITS);
      for (let i = 0; i < BITS; i++) {
        if (i < degree) v[i] = odd[i] * 2 ** (BITS - 1 - i);
        else {
          // v_i = a₁v_{i−1} ⊕ … ⊕ a_{s−1}v_{i−s+1} ⊕ v_{i−s} ⊕ v_{i−s} / 2ˢ
          let word = v[i - degree] ^ (v[i - degree] >>> degree);
          for (let k = 1; k < degree; k++) if ((inner >>> (degree - 1 - k)) & 1) word ^= v[i - k];
          v[i] = word;
        }
      }
      return v;
    }),
  ];
  return directions;
}

/** Murmur3's last step: every bit of the result depends on every bit of `x`. */
function mix(x: number): number {
  let h = x;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Owen's nested uniform scrambling in base 2: each bit is flipped or not, by a hash of the bits above it. The
 * halves of the unit interval, the halves of those, and so on trade places at random, which keeps points
 * evenly spread. A table of these permutations would have 2³² entries; a hash replaces it.
 *
 * @param x - 32 bits
 * @param key - 32 bits; each key gives another scrambling
 * @see A. Owen, "Randomly permuted (t, m, s)-nets and (t, s)-sequences", 1995; S. Laine and T. Karras,
 * "Stratified sampling for stochastic transparency", 2011; B. Burley, "Practical hash-based Owen scrambling",
 * JCGT 9, 2020
 */
export function scramble(x: number, key: number): number {
  let turned = 0;
  for (let bit = 0; bit < BITS; bit++) {
    // a leading one distinguishes prefixes of different lengths
    const prefix = bit === 0 ? 1 : (1 << bit) | (x >>> (BITS - bit));
    turned |= (mix(mix(prefix) ^ key) & 1) << (BITS - 1 - bit);
  }
  return (x ^ turned) >>> 0;
}

/**
 * The coordinates of a point, each a multiple of 2⁻³² in [0, 1).
 *
 * Every 2ᵐ points whose first index is a multiple of 2ᵐ are evenly spread: in any one dimension, each of 2ᵐ
 * equal intervals holds one. Points are in the order of the Gray code, as in Joe and Kuo's program.
 *
 * Dimensions beyond 64 repeat the first 64 with the points in another order: that of indices scrambled by a
 * key, which keeps blocks of 2ᵐ points together (Burley, section 5).
 *
 * @param index - an integer in [0, 2³²)
 * @param dimensions - a positive integer
 * @param keys - the key that scrambles each dimension, [dimensions]; without keys the sequence is not
 * scrambled
 */
export function sobolPoint(index: number, dimensions: number, keys?: ArrayLike<number>): Float64Array {
  const all = directionsOf();
  const point = new Float64Array(dimensions);
  let gray = 0;
  for (let d = 0; d < dimensions; d++) {
    const column = d % all.length;
    if (column === 0) {
      const place = d === 0 ? index : scramble(index, mix((keys?.[d] ?? 0) + d));
      gray = (place ^ (place >>> 1)) >>> 0;
    }
    const v = all[column];
    let x = 0;
    for (let rest = gray, bit = 0; rest > 0; rest >>>= 1, bit++) if (rest & 1) x ^= v[bit];
    point[d] = (keys ? scramble(x >>> 0, keys[d]) : x >>> 0) / 2 ** BITS;
  }
  return point;
}
