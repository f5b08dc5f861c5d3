/**
 * Elements at the places of the largest of windows of images, and the adjoint. Images are float32 [images,
 * height, width, channels], contiguous; four channels at a time. The largest is the first among equal ones,
 * and the first NaN if there is one. Nothing is rounded but the sums of the adjoint, in the order of the
 * windows, row-major: where t windows meet,
 * |error| <= (t - 1) 2^-24 / (1 - (t - 1) 2^-24) times the sum of magnitudes.
 *
 * If channels are not a multiple of four, loads reach up to 12 bytes past an image, for which the block of a
 * run has room; stores do not.
 *
 * Each kind of row of windows has a separate function, so that its loops fit in the registers.
 */
import * as Opcode from "../src/graph/opcodes/program";
import { word } from "./words";

/**
 * target[window] = source[place of the largest], or target = 0, then target[place of the largest] +=
 * source[window].
 *
 * @param operands address of the words that state images and windows, in the order of `Opcode.Pool…`
 * @param block address from which their offsets count
 */
export function largest_f32(operands: usize, block: usize, scatters: bool): void {
  const target = block + word(operands, Opcode.PoolTarget);
  let selector = block + word(operands, Opcode.PoolSelector);
  const source = block + word(operands, Opcode.PoolSource);
  let image = scatters ? target : source;
  let windows = scatters ? source : target;
  const height = word(operands, Opcode.PoolHeight);
  const width = word(operands, Opcode.PoolWidth);
  const outHeight = word(operands, Opcode.PoolOutHeight);
  const outWidth = word(operands, Opcode.PoolOutWidth);
  const sizeHeight = word(operands, Opcode.PoolSizeHeight);
  const sizeWidth = word(operands, Opcode.PoolSizeWidth);
  const strideHeight = word(operands, Opcode.PoolStrideHeight);
  const strideWidth = word(operands, Opcode.PoolStrideWidth);
  const beforeHeight = word(operands, Opcode.PoolBeforeHeight);
  // bytes
  const pixel = word(operands, Opcode.PoolChannels) << 2;
  const line = width * pixel;
  const imageBytes = height * line;
  const rowBytes = outWidth * pixel;
  const images = word(operands, Opcode.PoolImages);
  // the result is the largest itself
  const plain = !scatters && source == selector;
  // no two windows overlap, so nothing was added there before: a load of a partial recent store would wait
  // for it
  const apart = strideHeight >= sizeHeight && strideWidth >= sizeWidth;
  const inside =
    (beforeHeight | word(operands, Opcode.PoolBeforeWidth)) == 0 &&
    (outHeight - 1) * strideHeight + sizeHeight <= height &&
    (outWidth - 1) * strideWidth + sizeWidth <= width;
  const small = inside && sizeHeight <= 2 && sizeWidth <= 2 && pixel >= 16 && (scatters ? apart : plain);
  const right = (sizeWidth - 1) * pixel;
  const below = (sizeHeight - 1) * line;
  const step = strideWidth * pixel;
  const covers = inside && apart && outHeight * outWidth * sizeHeight * sizeWidth == height * width;
  if (scatters && !covers) memory.fill(target, 0, images * imageBytes);
  for (let n = 0; n < images; ++n, selector += imageBytes, image += imageBytes) {
    for (let i = 0; i < outHeight; ++i, windows += rowBytes) {
      const row = i * strideHeight - beforeHeight;
      const top = max(row, 0);
      const at = selector + top * line;
      const place = image + top * line;
      if (!small) {
        const lines = (min(row + sizeHeight, height) - top) * line;
        rowOfAny(operands, at, place, windows, lines, scatters, plain, apart);
      } else if (scatters) {
        scatterRow(at, place, windows, right, below, step, pixel, rowBytes);
      } else {
        takeRow(at, windows, right, below, step, pixel, rowBytes);
      }
    }
  }
}

/** A row of windows of any size, of which `lines` bytes lie in the image. */
function rowOfAny(
  operands: usize,
  selector: usize,
  image: usize,
  windows: usize,
  lines: i32,
  scatters: bool,
  plain: bool,
  apart: bool,
): void {
  const width = word(operands, Opcode.PoolWidth);
  const outWidth = word(operands, Opcode.PoolOutWidth);
  const sizeWidth = word(operands, Opcode.PoolSizeWidth);
  const strideWidth = word(operands, Opcode.PoolStrideWidth);
  const beforeWidth = word(operands, Opcode.PoolBeforeWidth);
  const pixel = word(operands, Opcode.PoolChannels) << 2;
  const line = width * pixel;
  for (let c = 0; c < pixel; c += 16) {
    let window = windows + c;
    for (let j = 0; j < outWidth; ++j, window += pixel) {
      const column = j * strideWidth - beforeWidth;
      const left = max(column, 0);
      const pixels = (min(column + sizeWidth, width) - left) * pixel;
      const first = left * pixel + c;
      const at = selector + first;
      let most = v128.load(at);
      let nan = i32x4.splat(0);
      for (let y = 0; y < lines; y += line) {
        for (let x = y, end = y + pixels; x < end; x += pixel) {
          const here = v128.load(at + x);
          most = f32x4.pmax(most, here);
          nan = v128.or(nan, f32x4.ne(here, here));
        }
      }
      most = v128.or(most, nan);
      if (plain) {
        put(window, most, pixel - c);
        continue;
      }
      let taken = i32x4.splat(0);
      let free = i32x4.splat(-1);
      const other = image + first;
      for (let y = 0; y < lines; y += line) {
        for (let x = y, end = y + pixels; x < end; x += pixel) {
          const here = v128.load(at + x);
          const wins = v128.and(free, v128.or(f32x4.eq(here, most), f32x4.ne(here, here)));
          free = v128.andnot(free, wins);
          if (scatters) {
            const sum = apart ? f32x4.splat(0) : v128.load(other + x);
            put(other + x, f32x4.add(sum, v128.and(wins, v128.load(window))), pixel - c);
          } else {
            taken = v128.or(taken, v128.and(wins, v128.load(other + x)));
          }
        }
      }
      if (!scatters) put(window, taken, pixel - c);
    }
  }
}

/**
 * The largest of each of a row of windows of up to 2×2 elements inside of the image, which has four channels
 * or more. The second element is `right` bytes after the first, the third `below`: 0 where there is none, so
 * that it is the first once more.
 */
function takeRow(
  selector: usize,
  windows: usize,
  right: i32,
  below: i32,
  step: i32,
  pixel: i32,
  rowBytes: i32,
): void {
  for (let next = 0; next < pixel; next += 16) {
    // the last four channels may overlap earlier ones, which get the same numbers again
    const k = min(next, pixel - 16);
    let at = selector + k;
    for (let window = windows + k, end = window + rowBytes; window < end; window += pixel, at += step) {
      const a = v128.load(at);
      const b = v128.load(at + right);
      const c = v128.load(at + below);
      const d = v128.load(at + below + right);
      const most = f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d));
      const nan = v128.or(
        v128.or(f32x4.ne(a, a), f32x4.ne(b, b)),
        v128.or(f32x4.ne(c, c), f32x4.ne(d, d)),
      );
      v128.store(window, v128.or(most, nan));
    }
  }
}

/** The adjoint, of windows that do not meet. */
function scatterRow(
  selector: usize,
  image: usize,
  windows: usize,
  right: i32,
  below: i32,
  step: i32,
  pixel: i32,
  rowBytes: i32,
): void {
  const place = image - selector;
  for (let next = 0; next < pixel; next += 16) {
    // the last four channels may overlap earlier ones, which get the same numbers again
    const k = min(next, pixel - 16);
    let at = selector + k;
    for (let window = windows + k, end = window + rowBytes; window < end; window += pixel, at += step) {
      const a = v128.load(at);
      const b = v128.load(at + right);
      const c = v128.load(at + below);
      const d = v128.load(at + below + right);
      const second = beats(b, a);
      const fourth = beats(d, c);
      const down = beats(v128.bitselect(d, c, fourth), v128.bitselect(b, a, second));
      const number = f32x4.add(f32x4.splat(0), v128.load(window));
      const upper = v128.andnot(number, down);
      const lower = v128.and(number, down);
      // backwards: where places are one, the first element has the number
      const to = place + at;
      v128.store(to + below + right, v128.and(lower, fourth));
      v128.store(to + below, v128.andnot(lower, fourth));
      v128.store(to + right, v128.and(upper, second));
      v128.store(to, v128.andnot(upper, second));
    }
  }
}

/** Whether `later` is larger than `first`, or the only NaN of both. */
@inline
function beats(later: v128, first: v128): v128 {
  return v128.andnot(f32x4.eq(first, first), f32x4.ge(first, later));
}

/** Stores as many of four numbers as `bytes` hold. */
@inline
function put(to: usize, numbers: v128, bytes: i32): void {
  if (bytes >= 16) {
    v128.store(to, numbers);
  } else if (bytes == 4) {
    v128.store_lane<u32>(to, numbers, 0);
  } else {
    v128.store_lane<u64>(to, numbers, 0);
    if (bytes == 12) v128.store_lane<u32>(to, numbers, 2, 8);
  }
}
