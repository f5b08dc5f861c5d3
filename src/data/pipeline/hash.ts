/** MurmurHash3 of words, for categories that are put into buckets. */

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

function mix(block: number): number {
  return Math.imul(rotate(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
}

/**
 * The 32-bit hash of a word in UTF-8, with seed 0, as a signed integer.
 *
 * @example
 * ```ts
 * murmurHash3("hello"); // 613153351
 * ```
 * @see A. Appleby, MurmurHash3_x86_32
 */
export function murmurHash3(word: string): number {
  const bytes = new TextEncoder().encode(word);
  const whole = bytes.length & ~3;
  let hash = 0;
  for (let i = 0; i < whole; i += 4) {
    const block = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    hash = (Math.imul(rotate(hash ^ mix(block), 13), 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let i = bytes.length - 1; i >= whole; i--) rest = (rest << 8) | bytes[i];
  hash ^= mix(rest) ^ bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** The bucket of a word among so many, as in scikit-learn's `FeatureHasher`. */
export function bucketOf(word: string, buckets: number): number {
  return Math.abs(murmurHash3(word)) % buckets;
}
