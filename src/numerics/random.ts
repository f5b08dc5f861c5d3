/**
 * Streams of random numbers for search, data and initial weights. A stream is a key and a counter of
 * Philox4x32-10, so it costs nothing to fork, and forks are independent of how much their parent was used.
 * Not for elements of tensors: those are drawn by the kernels, from counters that never meet these (word 3
 * is 1 at the root here, 0 there).
 */
import { must, mustBeInteger } from "../errors.js";
import { philox, splitSeed } from "./philox.js";
import { normQuantile } from "./special.js";

/** Word 3 of a root's counters. */
const ROOT = 1;
/** Set in word 1 of the counters that make forks, clear in those that make numbers. */
const FORK = 0x80000000;
const TWO_32 = 0x100000000;
const TWO_53 = 2 ** 53;

/** The last block: read immediately, so that all streams share it. */
const words = new Uint32Array(4);

/** The state of a stream: a key and the two upper words of its counters. */
interface Origin {
  readonly k0: number;
  readonly k1: number;
  readonly c2: number;
  readonly c3: number;
}

/**
 * The origin of fork `id`: the complete block of its counter. Under one key Philox is a bijection of
 * counters, so no two forks of a stream share an origin.
 */
function forked(origin: Origin, id: number): Origin {
  mustBeInteger("the id of a fork", id, 0);
  const high = (FORK | Math.floor(id / TWO_32)) >>> 0;
  philox(id >>> 0, high, origin.c2, origin.c3, origin.k0, origin.k1, words);
  return { k0: words[0], k1: words[1], c2: words[2], c3: words[3] };
}

/** The upper 53 of 64 bits. */
function numberFrom(high: number, low: number): number {
  return (high >>> 5) * 0x4000000 + (low >>> 6);
}

/**
 * A reproducible stream of random numbers: the same seed and path give the same numbers on every runtime.
 *
 * @example
 * ```ts
 * const random = new RandomStream(42);
 * random.uniform(); // 0.126...
 * random.integer(6) + 1; // 3
 * const trial = random.fork(7); // the same as new RandomStream(42, 7)
 * ```
 */
export class RandomStream {
  readonly #seed: number;
  readonly #path: readonly number[];
  readonly #origin: Origin;
  /** How many 53-bit numbers were drawn; a block gives two. */
  #drawn = 0;
  /** The second number of the last block. */
  #second = 0;

  /**
   * @param seed - a non-negative safe integer
   * @param path - ids of forks, each a non-negative safe integer: `new RandomStream(s, a, b)` is
   * `new RandomStream(s).fork(a).fork(b)`
   * @throws FettleError `invalid_argument` for any other seed or id
   */
  constructor(seed: number, ...path: number[]) {
    const [k0, k1] = splitSeed(seed);
    this.#seed = seed;
    this.#path = path;
    this.#origin = path.reduce(forked, { k0, k1, c2: 0, c3: ROOT });
  }

  /** 53 random bits as an integer. */
  #bits(): number {
    const drawn = this.#drawn++;
    if (drawn % 2 === 1) return this.#second;
    const block = drawn / 2;
    const { k0, k1, c2, c3 } = this.#origin;
    philox(block >>> 0, Math.floor(block / TWO_32), c2, c3, k0, k1, words);
    this.#second = numberFrom(words[2], words[3]);
    return numberFrom(words[0], words[1]);
  }

  /** A number in [0, 1), a multiple of 2^-53. */
  uniform(): number {
    return this.#bits() / TWO_53;
  }

  /**
   * An integer from 0 to `bound - 1`, each equally likely: 53-bit draws past the last multiple of `bound` are
   * rejected.
   *
   * @param bound - a positive safe integer
   * @throws FettleError `invalid_argument` for any other bound
   */
  integer(bound: number): number {
    mustBeInteger("bound", bound);
    const limit = TWO_53 - (TWO_53 % bound);
    let bits = this.#bits();
    while (bits >= limit) bits = this.#bits();
    return bits % bound;
  }

  /**
   * A standard normal number, by the inverse of its distribution function at the middle of one of 2^52
   * equal cells: one draw per number, and never infinite. In browsers, `await ready()` first.
   *
   * @throws FettleError `invalid_state` if the kernels had to be awaited and were not
   */
  normal(): number {
    return normQuantile((Math.floor(this.#bits() / 2) + 0.5) / 2 ** 52);
  }

  /**
   * The integers 0 to n - 1 in random order, every order equally likely (Fisher-Yates).
   *
   * @param n - how many, an integer from 0 to 2^31 - 1
   * @throws FettleError `invalid_argument` for any other n
   */
  permutation(n: number): Int32Array {
    must(Number.isInteger(n) && n >= 0 && n < 2 ** 31, "n", `an integer from 0 to ${2 ** 31 - 1}`, n);
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    return order;
  }

  /**
   * The stream of `id`, the same however much of this one was used.
   *
   * @param id - a non-negative safe integer; different ids give different streams
   * @throws FettleError `invalid_argument` for any other id
   */
  fork(id: number): RandomStream {
    return new RandomStream(this.#seed, ...this.#path, id);
  }
}
