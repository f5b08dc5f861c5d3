/**
 * Rows of a table by number: gather and its adjoint. Rows are contiguous float32; the
 * only arithmetic is the sums of `scatter_rows_f32`, in the order of the ids.
 */

/** Copies `bytes`, a multiple of 4: a call of memory.copy costs more than a short row. */
function copyRow(dst: usize, src: usize, bytes: usize): void {
  if (bytes > 256) {
    memory.copy(dst, src, bytes);
    return;
  }
  for (; bytes >= 16; bytes -= 16, dst += 16, src += 16) v128.store(dst, v128.load(src));
  for (; bytes > 0; bytes -= 4, dst += 4, src += 4) store<u32>(dst, load<u32>(src));
}

/**
 * dst[i] = table[ids[i]] for i in [0, count): rows of `columns` floats. Rows that follow each other are one
 * copy.
 *
 * @param ids address of i32 row numbers, which the caller guarantees
 */
export function take_rows(table: usize, columns: i32, ids: usize, count: i32, dst: usize): void {
  const bytes = columns * 4;
  for (let i = 0; i < count; ) {
    const first = load<i32>(ids + i * 4);
    let length = 1;
    while (i + length < count && load<i32>(ids + (i + length) * 4) == first + length) ++length;
    copyRow(dst, table + first * bytes, length * bytes);
    dst += length * bytes;
    i += length;
  }
}

/**
 * dst[i] = table[ids[i]], where anything but an integer in [0, rows), NaN included, gives a row of NaN.
 *
 * @param ids address of f32 row numbers, exact up to 2^24
 */
export function take_rows_f32(
  table: usize,
  rows: i32,
  columns: i32,
  ids: usize,
  count: i32,
  dst: usize,
): void {
  const bytes = columns * 4;
  for (let i = 0; i < count; ++i, dst += bytes) {
    const row = rowOf(load<f32>(ids + i * 4), rows);
    if (row >= 0) copyRow(dst, table + row * bytes, bytes);
    else for (let j = 0; j < bytes; j += 4) store<f32>(dst + j, NaN);
  }
}

/**
 * dst = 0 [dstRows, columns], then dst[ids[i]] += src[i] for i = 0, 1, ..., count - 1.
 * Rows whose id is not an integer in [0, dstRows), NaN included, are left out. Each addition rounds:
 * |error| <= (t - 1) 2^-24 / (1 - (t - 1) 2^-24) times the sum of magnitudes, where t rows meet in a sum.
 */
export function scatter_rows_f32(
  src: usize,
  columns: i32,
  ids: usize,
  count: i32,
  dst: usize,
  dstRows: i32,
): void {
  const bytes = columns * 4;
  memory.fill(dst, 0, dstRows * bytes);
  for (let i = 0; i < count; ++i, src += bytes) {
    const row = rowOf(load<f32>(ids + i * 4), dstRows);
    if (row < 0) continue;
    const to = dst + row * bytes;
    let j = 0;
    for (; j + 16 <= bytes; j += 16) v128.store(to + j, f32x4.add(v128.load(to + j), v128.load(src + j)));
    for (; j < bytes; j += 4) store<f32>(to + j, load<f32>(to + j) + load<f32>(src + j));
  }
}

/** The id as a row number, or -1 if there is no such row: other numbers are not rounded to a row. */
function rowOf(id: f32, rows: i32): i32 {
  if (!(id >= 0 && id < <f32>rows)) return -1;
  const row = <i32>id;
  return <f32>row == id ? row : -1;
}
