/**
 * Patches of images and their adjoint, `Opcode.Patches…`. Images are [count, height, width, channels], contiguous float32;
 * a patch is the window of one place, row-major, channels last, with zeros outside the image.
 *
 * A row of a window without dilation is contiguous in both, so it is one copy. The only arithmetic is the sums of
 * `add_patches_f32`: each from +0 over the elements of a window in row-major order, so their bits follow from the shapes
 * alone. |error| <= (t - 1) 2^-24 / (1 - (t - 1) 2^-24) times the sum of magnitudes, for windows of t elements.
 */
import * as Opcode from "../src/graph/opcodes/program";
import { storeEdge } from "./softmax";
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

/** Copies `bytes`, a positive multiple of 4, in order of addresses; the last vector may overlap the one before. */
@inline
function copyShort(dst: usize, src: usize, bytes: i32): void {
  if (bytes >= 16) {
    const last = bytes - 16;
    for (let i = 0; i < last; i += 16) v128.store(dst + i, v128.load(src + i));
    v128.store(dst + last, v128.load(src + last));
  } else {
    for (let i = 0; i < bytes; i += 4) store<u32>(dst + i, load<u32>(src + i));
  }
}

@inline
function zeroShort(dst: usize, bytes: i32): void {
  for (let i = 0; i < bytes; i += 4) store<u32>(dst + i, 0);
}

/** The first element of a window at `start` that is at or after `edge`, in elements `dilation` apart; at most `size`. */
@inline
function firstFrom(edge: i32, start: i32, dilation: i32, size: i32): i32 {
  if (start >= edge) return 0;
  return min(size, <i32>(<u32>(edge - start + dilation - 1) / <u32>dilation));
}

/** Every window of images in rows of the target. */
export function patches_f32(operands: usize, base: usize): void {
  const windows = changetype<Windows>(operands);
  const height = windows.height;
  const width = windows.width;
  const pixel = windows.pixel;
  const kernelHeight = windows.kernelHeight;
  const kernelWidth = windows.kernelWidth;
  const dilationAcross = windows.dilationAcross;
  const dilated = dilationAcross > 1;
  const imageRow = width * pixel;
  const patchRow = kernelWidth * pixel;
  let dst = windows.target(base);
  let image = windows.source(base);
  for (let n = windows.count; n > 0; --n, image += height * imageRow) {
    let y0 = -windows.top;
    for (let i = windows.down; i > 0; --i, y0 += windows.strideDown) {
      let x0 = -windows.left;
      for (let j = windows.across; j > 0; --j, x0 += windows.strideAcross) {
        const begin = firstFrom(0, x0, dilationAcross, kernelWidth);
        const end = firstFrom(width, x0, dilationAcross, kernelWidth);
        const before = begin * pixel;
        const inside = (end - begin) * pixel;
        let y = y0;
        for (let p = kernelHeight; p > 0; --p, y += windows.dilationDown, dst += patchRow) {
          if (<u32>y >= <u32>height || inside <= 0) {
            zeroShort(dst, patchRow);
            continue;
          }
          zeroShort(dst, before);
          let src = image + y * imageRow + (x0 + begin * dilationAcross) * pixel;
          if (dilated) {
            for (let q = 0; q < inside; q += pixel, src += dilationAcross * pixel) copyShort(dst + before + q, src, pixel);
          } else {
            copyShort(dst + before, src, inside);
          }
          zeroShort(dst + before + inside, patchRow - before - inside);
        }
      }
    }
  }
}

/**
 * Patches added up into images. Element by element of the images: which windows hold it follows from division, and nothing
 * is read back. The last vector of a pixel may read past it, never past the block of the run.
 */
export function add_patches_f32(operands: usize, base: usize): void {
  const windows = changetype<Windows>(operands);
  const height = windows.height;
  const width = windows.width;
  const pixel = windows.pixel;
  const down = windows.down;
  const across = windows.across;
  const kernelHeight = windows.kernelHeight;
  const kernelWidth = windows.kernelWidth;
  const patch = kernelHeight * kernelWidth * pixel;
  let dst = windows.target(base);
  let src = windows.source(base);
  for (let n = windows.count; n > 0; --n, src += down * across * patch) {
    for (let y = 0; y < height; ++y) {
      for (let x = 0; x < width; ++x, dst += pixel) {
        for (let c = 0; c < pixel; c += 32) {
          const two = pixel - c > 16;
          let s0 = f32x4.splat(0);
          let s1 = f32x4.splat(0);
          let top = y + windows.top;
          for (let p = 0; p < kernelHeight && top >= 0; ++p, top -= windows.dilationDown) {
            const i = place(top, windows.strideDown, down);
            if (i < 0) continue;
            let at = src + i * across * patch + p * kernelWidth * pixel + c;
            let left = x + windows.left;
            for (let q = 0; q < kernelWidth && left >= 0; ++q, left -= windows.dilationAcross, at += pixel) {
              const j = place(left, windows.strideAcross, across);
              if (j < 0) continue;
              s0 = f32x4.add(s0, v128.load(at + j * patch));
              if (two) s1 = f32x4.add(s1, v128.load(at + j * patch, 16));
            }
          }
          const last = two ? s1 : s0;
          const to = two ? dst + c + 16 : dst + c;
          const bytes = dst + pixel - to;
          if (two) v128.store(dst + c, s0);
          if (bytes >= 16) v128.store(to, last);
          else storeEdge(to, last, <i32>bytes);
        }
      }
    }
  }
}

/** The window that begins at `start`, or -1 if none does. */
@inline
function place(start: i32, stride: i32, count: i32): i32 {
  const index = stride == 1 ? start : <i32>(<u32>start / <u32>stride);
  return index * stride == start && index < count ? index : -1;
}
