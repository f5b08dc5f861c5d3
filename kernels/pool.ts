/**
 * Elements at the places of the largest of windows of images, and the adjoint. Images are float32 [images, height, width,
 * channels], contiguous; four channels at a time. The largest is the first among equal ones, and the first NaN if there is
 * one. Nothing is rounded but the sums of the adjoint, in the order of the windows, row-major: where t windows meet,
 * |error| <= (t - 1) 2^-24 / (1 - (t - 1) 2^-24) times the sum of magnitudes.
 *
 * Where channels are no multiple of four, loads reach up to 12 bytes past an image, which the block of a run has room for;
 * stores do not.
 */
import * as Opcode from "../src/graph/opcodes/program";
import { word } from "./words";

/**
 * target[window] = source[place of the largest], or target = 0, then target[place of the largest] += source[window].
 *
 * @param operands address of the words that state images and windows, in the order of `Opcode.Pool…`
 * @param block address from which their offsets count
 */
export function largest_f32(operands: usize, block: usize, scatters: bool): void {
  let target = block + word(operands, Opcode.PoolTarget);
  let selector = block + word(operands, Opcode.PoolSelector);
  let source = block + word(operands, Opcode.PoolSource);
  const height = word(operands, Opcode.PoolHeight);
  const width = word(operands, Opcode.PoolWidth);
  const outHeight = word(operands, Opcode.PoolOutHeight);
  const outWidth = word(operands, Opcode.PoolOutWidth);
  const sizeHeight = word(operands, Opcode.PoolSizeHeight);
  const sizeWidth = word(operands, Opcode.PoolSizeWidth);
  const strideHeight = word(operands, Opcode.PoolStrideHeight);
  const strideWidth = word(operands, Opcode.PoolStrideWidth);
  const beforeHeight = word(operands, Opcode.PoolBeforeHeight);
  const beforeWidth = word(operands, Opcode.PoolBeforeWidth);
  // bytes
  const pixel = word(operands, Opcode.PoolChannels) << 2;
  const line = width * pixel;
  const image = height * line;
  const images = word(operands, Opcode.PoolImages);
  // what is taken is the largest itself
  const plain = !scatters && source == selector;
  // no two windows meet at a place, so that none has added there before: a load of what was just stored in part would wait for it
  const apart = strideHeight >= sizeHeight && strideWidth >= sizeWidth;
  if (scatters) memory.fill(target, 0, images * image);
  for (let n = 0; n < images; ++n, selector += image) {
    for (let i = 0; i < outHeight; ++i) {
      const row = i * strideHeight - beforeHeight;
      const top = max(row, 0);
      const lines = (min(row + sizeHeight, height) - top) * line;
      for (let j = 0; j < outWidth; ++j) {
        const column = j * strideWidth - beforeWidth;
        const left = max(column, 0);
        const pixels = (min(column + sizeWidth, width) - left) * pixel;
        const first = top * line + left * pixel;
        for (let c = 0; c < pixel; c += 16) {
          const at = selector + first + c;
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
            put(target + c, most, pixel - c);
            continue;
          }
          let taken = i32x4.splat(0);
          let free = i32x4.splat(-1);
          const other = (scatters ? target : source) + first + c;
          for (let y = 0; y < lines; y += line) {
            for (let x = y, end = y + pixels; x < end; x += pixel) {
              const here = v128.load(at + x);
              const wins = v128.and(free, v128.or(f32x4.eq(here, most), f32x4.ne(here, here)));
              free = v128.andnot(free, wins);
              if (scatters) {
                const sum = apart ? f32x4.splat(0) : v128.load(other + x);
                put(other + x, f32x4.add(sum, v128.and(wins, v128.load(source + c))), pixel - c);
              } else {
                taken = v128.or(taken, v128.and(wins, v128.load(other + x)));
              }
            }
          }
          if (!scatters) put(target + c, taken, pixel - c);
        }
        if (scatters) source += pixel;
        else target += pixel;
      }
    }
    if (scatters) target += image;
    else source += image;
  }
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
