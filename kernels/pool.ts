/**
 * Elements at the places of the largest of windows of images, and the adjoint. Images are float32 [images, height, width,
 * channels], contiguous; four channels at a time. The largest is the first among equal ones, and the last NaN if there is one.
 * Nothing is rounded but the sums of the adjoint, in the order of the windows, row-major: where t windows meet,
 * |error| <= (t - 1) 2^-24 / (1 - (t - 1) 2^-24) times the sum of magnitudes.
 *
 * Where channels are no multiple of four, loads reach up to 12 bytes past an image, which the block of a run has room for;
 * stores do not.
 */
import * as Opcode from "../src/graph/opcodes/program";
import { word } from "./words";

/** Four places that are taken one by one. */
const places: usize = memory.data(16, 16);

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
  if (scatters) memory.fill(target, 0, images * image);
  for (let n = 0; n < images; ++n, selector += image) {
    for (let i = 0; i < outHeight; ++i) {
      const row = i * strideHeight - beforeHeight;
      const top = max(row, 0);
      const bottom = min(row + sizeHeight, height);
      for (let j = 0; j < outWidth; ++j) {
        const column = j * strideWidth - beforeWidth;
        const left = max(column, 0);
        const right = min(column + sizeWidth, width);
        const first = top * line + left * pixel;
        const lines = (bottom - top) * line;
        const pixels = (right - left) * pixel;
        // the one that goes window by window; the other is an image
        const windows = scatters ? source : target;
        const elements = (scatters ? target : source) + first;
        for (let c = 0; c < pixel; c += 16) {
          const at = selector + first + c;
          let most = v128.load(at);
          let place = i32x4.splat(0);
          for (let y = 0; y < lines; y += line) {
            const end = y + pixels;
            for (let x = y; x < end; x += pixel) {
              const here = v128.load(at + x);
              const wins = v128.or(f32x4.gt(here, most), f32x4.ne(here, here));
              most = v128.bitselect(here, most, wins);
              place = v128.bitselect(i32x4.splat(x), place, wins);
            }
          }
          if (!scatters && source == selector && c + 16 <= pixel) {
            v128.store(windows + c, most);
            continue;
          }
          v128.store(places, place);
          const lanes = min(16, pixel - c);
          for (let lane = 0; lane < lanes; lane += 4) {
            const element = elements + c + lane + load<i32>(places + lane);
            const window = windows + c + lane;
            if (scatters) store<f32>(element, load<f32>(element) + load<f32>(window));
            else store<f32>(window, load<f32>(element));
          }
        }
        if (scatters) source += pixel;
        else target += pixel;
      }
    }
    if (scatters) target += image;
    else source += image;
  }
}
