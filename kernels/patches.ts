/**
 * Patches of images and their adjoint, `Opcode.Patches…`. Images are [count, height, width, channels],
 * contiguous float32; a patch is the window of one place, row-major, channels last, with zeros outside the
 * image.
 *
 * A row of a window without dilation is contiguous in both, so it is one copy or one addition. The only
 * arithmetic is the sums of `add_patches_f32`: each from +0 over the windows in row-major order, so their
 * bits follow only from the shapes.
 * |error| <= (t - 1) 2^-24 / (1 - (t - 1) 2^-24) times the sum of magnitudes, for windows of t elements.
 */
import * as Opcode from "../src/graph/opcodes/program";
import { word } from "./words";

/** How windows lie on images, as the words of a program state it. It is the address of the first word. */
@unmanaged @final
class Windows {
  @inline get count(): i32 { return this.word(Opcode.PatchesCount); }
  @inline get height(): i32 { return this.word(Opcode.PatchesHeight); }
  @inline get width(): i32 { return this.word(Opcode.PatchesWidth); }
  /** Bytes of a pixel. */
  @inline get pixel(): i32 { return this.word(Opcode.PatchesChannels) << 2; }
  @inline get down(): i32 { return this.word(Opcode.PatchesDown); }
  @inline get across(): i32 { return this.word(Opcode.PatchesAcross); }
  @inline get kernelHeight(): i32 { return this.word(Opcode.PatchesKernelHeight); }
  @inline get kernelWidth(): i32 { return this.word(Opcode.PatchesKernelWidth); }
  @inline get strideDown(): i32 { return this.word(Opcode.PatchesStrideDown); }
  @inline get strideAcross(): i32 { return this.word(Opcode.PatchesStrideAcross); }
  @inline get dilationDown(): i32 { return this.word(Opcode.PatchesDilationDown); }
  @inline get dilationAcross(): i32 { return this.word(Opcode.PatchesDilationAcross); }
  @inline get top(): i32 { return this.word(Opcode.PatchesTop); }
  @inline get left(): i32 { return this.word(Opcode.PatchesLeft); }
  @inline target(base: usize): usize { return base + this.word(Opcode.PatchesTarget); }
  @inline source(base: usize): usize { return base + this.word(Opcode.PatchesSource); }
  @inline private word(index: i32): i32 { return word(changetype<usize>(this), index); }
}

/** Copies `bytes`, a positive multiple of 4; the last vector may overlap the one before. */
@inline
function copyShort(dst: usize, src: usize, bytes: i32): void {
  if (bytes >= 16) {
    const last = bytes - 16;
    if (bytes > 32) for (let i = 0; i < last; i += 16) v128.store(dst + i, v128.load(src + i));
    else v128.store(dst, v128.load(src));
    v128.store(dst + last, v128.load(src + last));
  } else {
    for (let i = 0; i < bytes; i += 4) store<u32>(dst + i, load<u32>(src + i));
  }
}

@inline
function zeroShort(dst: usize, bytes: i32): void {
  for (let i = 0; i < bytes; i += 4) store<u32>(dst + i, 0);
}

/** The first of `size` steps from `start`, `step` apart, that is at or after `edge`; `size` if none is. */
function firstFrom(edge: i32, start: i32, step: i32, size: i32): i32 {
  return start >= edge ? 0 : min(size, <i32>(<u32>(edge - start + step - 1) / <u32>step));
}

/** A row of an image with zeros around it, where it fits. */
const LINE: i32 = 8192;
const line: usize = memory.data(LINE, 16);

/**
 * Every window of images in rows of the target: for each row of windows, each row of a window in all of them.
 */
export function patches_f32(operands: usize, base: usize): void {
  const windows = changetype<Windows>(operands);
  const height = windows.height;
  const width = windows.width;
  const pixel = windows.pixel;
  const across = windows.across;
  const kernelHeight = windows.kernelHeight;
  const kernelWidth = windows.kernelWidth;
  const dilation = windows.dilationAcross;
  const stride = windows.strideAcross;
  const left = windows.left;
  const imageRow = width * pixel;
  const patchRow = kernelWidth * pixel;
  const patch = kernelHeight * patchRow;
  const step = stride * pixel;
  const reach = (across - 1) * step + patchRow;
  const padded = left > 0 || reach > imageRow;
  // a separate row in memory saves each window at an edge its branches
  const fits = dilation == 1 && left * pixel + max(imageRow, reach) + 16 <= LINE;
  if (fits) memory.fill(line, 0, left * pixel + max(imageRow, reach));
  let dst = windows.target(base);
  let image = windows.source(base);
  for (let n = windows.count; n > 0; --n, image += height * imageRow) {
    let y0 = -windows.top;
    for (let i = windows.down; i > 0; --i, y0 += windows.strideDown, dst += across * patch) {
      let y = y0;
      for (let p = 0; p < kernelHeight; ++p, y += windows.dilationDown) {
        const row = image + y * imageRow;
        const inside = <u32>y < <u32>height;
        let to = dst + p * patchRow;
        if (inside && fits) {
          if (padded) memory.copy(line + left * pixel, row, imageRow);
          let from = padded ? line : row;
          // a vector may reach into the next row of the window, which is written after it, and into the next
          // row of an image
          const hasNext = padded || n > 1 || y + 1 < height;
          if (patchRow < 16 && patchRow >= 8 && p + 1 < kernelHeight && hasNext) {
            for (let j = across; j > 0; --j, to += patch, from += step) v128.store(to, v128.load(from));
          } else {
            for (let j = across; j > 0; --j, to += patch, from += step) copyShort(to, from, patchRow);
          }
        } else {
          for (let j = 0; j < across; ++j, to += patch) {
            const x = j * stride - left;
            const begin = inside ? firstFrom(0, x, dilation, kernelWidth) : kernelWidth;
            const end = max(begin, firstFrom(width, x, dilation, kernelWidth));
            zeroShort(to, begin * pixel);
            for (let q = begin; q < end; ++q) copyShort(to + q * pixel, row + (x + q * dilation) * pixel, pixel);
            zeroShort(to + end * pixel, (kernelWidth - end) * pixel);
          }
        }
      }
    }
  }
}

/** Patches added up into images of zeros, patch by patch. */
export function add_patches_f32(operands: usize, base: usize): void {
  const windows = changetype<Windows>(operands);
  const height = windows.height;
  const width = windows.width;
  const pixel = windows.pixel;
  const kernelWidth = windows.kernelWidth;
  const dilation = windows.dilationAcross;
  const imageRow = width * pixel;
  const patchRow = kernelWidth * pixel;
  const area = height * imageRow;
  let src = windows.source(base);
  let image = windows.target(base);
  memory.fill(image, 0, windows.count * area);
  for (let n = windows.count; n > 0; --n, image += area) {
    let y0 = -windows.top;
    for (let i = windows.down; i > 0; --i, y0 += windows.strideDown) {
      let x = -windows.left;
      for (let j = windows.across; j > 0; --j, x += windows.strideAcross) {
        const begin = firstFrom(0, x, dilation, kernelWidth);
        const end = firstFrom(width, x, dilation, kernelWidth);
        let y = y0;
        for (let p = windows.kernelHeight; p > 0; --p, y += windows.dilationDown, src += patchRow) {
          if (<u32>y >= <u32>height) continue;
          const row = image + y * imageRow;
          if (dilation == 1) {
            addRun(row + (x + begin) * pixel, src + begin * pixel, (end - begin) * pixel);
          } else {
            for (let q = begin; q < end; ++q) addRun(row + (x + q * dilation) * pixel, src + q * pixel, pixel);
          }
        }
      }
    }
  }
}

/** dst += src, of `bytes`, a multiple of 4 that may be 0 or negative. */
@inline
function addRun(dst: usize, src: usize, bytes: i32): void {
  let i = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(dst + i, f32x4.add(v128.load(dst + i), v128.load(src + i)));
  if (bytes & 8 && i < bytes) {
    v128.store_lane<u64>(dst + i, f32x4.add(v128.load64_zero(dst + i), v128.load64_zero(src + i)), 0);
    i += 8;
  }
  if (i < bytes) store<f32>(dst + i, load<f32>(dst + i) + load<f32>(src + i));
}
