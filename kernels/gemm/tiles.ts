/**
 * Tile and block sizes of the matrix product, in one table with their reasons.
 * It holds numbers only; the loops that obey them are in gemm.ts.
 */

/**
 * Rows of a register tile. 4 x 8 keeps 8 accumulators, 2 vectors of B, 1 broadcast element
 * of A and 1 product: 12 of the 16 vector registers of x86-64, of which engines reserve one
 * or two. Wider tiles (4 x 12, 6 x 8) measured slower: the accumulators spill.
 */
export const MR: i32 = 4;

/** Columns of a register tile: two vectors of four. */
export const NR: i32 = 8;

/** Columns of the tile of a vector-matrix product: 8 accumulators hide the latency of the additions. */
export const NV: i32 = 32;

/**
 * Depth of a block. A panel of B is KC x NR x 4 B = 8 KiB and one of A 4 KiB: both stay in
 * an L1 cache of 32 KiB. KC also fixes the order of summation, and with it the bits of every result and the
 * error bound.
 */
export const KC: i32 = 256;

/** Rows of a block of A: MC x KC x 4 B = 64 KiB, a part of the smallest L2 cache in use (256 KiB). */
export const MC: i32 = 64;

/** Columns of a block of B: KC x NC x 4 B = 256 KiB, streamed from L2 one panel at a time. */
export const NC: i32 = 256;

/**
 * A is packed when this many columns of B will use it: eight panels. Read in place, the rows of A transposed
 * are a leading dimension apart and fall into few sets of the cache, and four rows read along k need four
 * addresses in place of one.
 */
export const PACK_A_COLUMNS: i32 = 64;

/**
 * As `PACK_A_COLUMNS`, for a strided A: four panels pay for the copy (5 to 15 % of a product), two do not.
 */
export const PACK_STRIDED_COLUMNS: i32 = 32;

/**
 * B is packed when m times the bytes between its rows reaches this, or half of it where they are a multiple
 * of `PACK_B_COLLIDING`, so that the rows of a panel fall into a quarter of the sets of a cache or fewer: 32
 * rows of C pay for the copy where rows of B are 1 KiB apart, 16 where they are 2. Fewer than `PACK_B_ROWS`
 * never do. B transposed is always packed.
 */
export const PACK_B_REACH: i32 = 65536;
export const PACK_B_COLLIDING: i32 = 256;
export const PACK_B_ROWS: i32 = 16;
