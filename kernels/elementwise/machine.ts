// The elementwise machine: a chain of elementwise operations as a small register program,
// run over blocks that fit in L1, so that a chain costs about one pass over its operands.
// A register is an address: of a block of an operand in memory, or of a scratch block.
// It knows nothing of shapes; strided operands come as addresses to gather from.
//
// Instruction (i32 words, byte offsets relative to the run's block):
//   n, operandCount, instructionCount, scratchCount,
//   operands: [Direct, offset, isOutput] | [Scalar, offset, 0] | [Immediate, bits, 0]
//           | [Strided, offset, rank, (dim, stride) × rank]   (last axis fastest, strides in elements)
//   instructions: [op, destination, a, b, c, d] × instructionCount (registers: operands, then scratch)
//
// Registers hold BLOCK floats. Only the last block may be partial; outputs of a partial
// vector are computed in scratch and copied, so nothing past an operand's end is written.

import { execute } from "./operations";

/** Kinds of operands; `src/compile/encode.ts` writes them. */
const DIRECT: i32 = 0;
const SCALAR: i32 = 1;
const IMMEDIATE: i32 = 2;
const STRIDED: i32 = 3;

/** Floats in a block: 2 KiB, so that a dozen registers stay in the smallest L1 (32 KiB). */
const BLOCK: i32 = 512;
const BLOCK_BYTES: i32 = BLOCK << 2;
/** Most registers of one region, operands and scratch together; `src/compile/fuse.ts` keeps to it. */
const MAX_REGISTERS: i32 = 64;

const scratch: usize = memory.data(MAX_REGISTERS * BLOCK_BYTES, 16);
const registers: usize = memory.data(MAX_REGISTERS * 4, 16);

@inline function word(at: usize): i32 { return load<i32>(at); }
@inline function register(index: i32): usize { return load<u32>(registers + (<usize>index << 2)); }
@inline function setRegister(index: i32, address: usize): void { store<u32>(registers + (<usize>index << 2), <u32>address); }
@inline function scratchOf(index: i32): usize { return scratch + <usize>index * BLOCK_BYTES; }

/** Runs one region whose words start at `at`; offsets are relative to `base`. */
export function elementwise(at: usize, base: usize): void {
  const n = word(at);
  const operandCount = word(at + 4);
  const instructionCount = word(at + 8);
  const scratchCount = word(at + 12);
  const operands = at + 16;

  // Scalars are spread once, other registers get their first addresses.
  let cursor = operands;
  const filled = min(BLOCK, (n + 3) & ~3);
  for (let i = 0; i < operandCount; i++) {
    const kind = word(cursor);
    if (kind == DIRECT) {
      setRegister(i, base + word(cursor + 4));
      cursor += 12;
    } else if (kind == STRIDED) {
      setRegister(i, scratchOf(i));
      cursor += 12 + (word(cursor + 8) << 3);
    } else {
      const value = kind == SCALAR ? v128.load32_splat(base + word(cursor + 4)) : i32x4.splat(word(cursor + 4));
      const block = scratchOf(i);
      for (let j = 0; j < filled; j += 4) v128.store(block + (<usize>j << 2), value);
      setRegister(i, block);
      cursor += 12;
    }
  }
  const instructions = cursor;
  const end = instructions + <usize>instructionCount * 24;
  for (let i = 0; i < scratchCount; i++) setRegister(operandCount + i, scratchOf(operandCount + i));

  for (let start = 0; start < n; start += BLOCK) {
    const length = min(BLOCK, n - start);
    const partial = (length & 3) != 0;
    cursor = operands;
    for (let i = 0; i < operandCount; i++) {
      const kind = word(cursor);
      if (kind == STRIDED) {
        gather(cursor + 8, base + word(cursor + 4), start, length, scratchOf(i));
        cursor += 12 + (word(cursor + 8) << 3);
      } else {
        if (kind == DIRECT) {
          const outputOfPartial = partial && word(cursor + 8) != 0;
          setRegister(i, outputOfPartial ? scratchOf(i) : base + word(cursor + 4) + (<usize>start << 2));
        }
        cursor += 12;
      }
    }
    const bytes: usize = <usize>((length + 3) >> 2) << 4;
    for (let at = instructions; at < end; at += 24) {
      execute(
        word(at), register(word(at + 4)),
        register(word(at + 8)), register(word(at + 12)), register(word(at + 16)), register(word(at + 20)), bytes,
      );
    }
    if (partial) {
      cursor = operands;
      for (let i = 0; i < operandCount; i++) {
        if (word(cursor) == STRIDED) {
          cursor += 12 + (word(cursor + 8) << 3);
          continue;
        }
        if (word(cursor) == DIRECT && word(cursor + 8) != 0) {
          memory.copy(base + word(cursor + 4) + (<usize>start << 2), scratchOf(i), <usize>length << 2);
        }
        cursor += 12;
      }
    }
  }
}

/** Applies the unary `op` to n floats; `src` may be `dst`. Writes exactly n floats. */
export function unary_f32(op: i32, src: usize, dst: usize, n: i32): void {
  const whole = <usize>(n & ~3) << 2;
  if (whole > 0) execute(op, dst, src, src, src, src, whole);
  const rest = <usize>(n & 3) << 2;
  if (rest > 0) {
    memory.copy(scratch, src + whole, rest);
    execute(op, scratch, scratch, scratch, scratch, scratch, 16);
    memory.copy(dst + whole, scratch, rest);
  }
}

/** Elements [start, start + length) of a strided operand, in order, to `dst`. `layout` is rank, (dim, stride)…. */
function gather(layout: usize, src: usize, start: i32, length: i32, dst: usize): void {
  const rank = word(layout);
  const last = layout + 4 + (<usize>(rank - 1) << 3);
  const inner = word(last);
  const innerStride = <usize>word(last + 4) << 2;
  let row = start / inner;
  let column = start % inner;
  while (length > 0) {
    // The address of the row: its coordinates from the last but one axis to the first.
    let from = src + <usize>column * innerStride;
    let rest = row;
    for (let axis = last - 8; axis > layout; axis -= 8) {
      const dim = word(axis);
      const next = rest / dim;
      from += <usize>((rest - next * dim) * word(axis + 4)) << 2;
      rest = next;
    }
    const run = min(inner - column, length);
    copyRun(dst, 4, from, innerStride, run);
    dst += <usize>run << 2;
    length -= run;
    column = 0;
    row++;
  }
}

/** Copies n floats between two strides in bytes. */
@inline
function copyRun(dst: usize, dstStride: usize, src: usize, srcStride: usize, n: i32): void {
  if (dstStride == 4 && srcStride == 4) {
    const end = dst + (<usize>n << 2);
    while (dst + 16 <= end) {
      v128.store(dst, v128.load(src));
      dst += 16;
      src += 16;
    }
    while (dst < end) {
      store<f32>(dst, load<f32>(src));
      dst += 4;
      src += 4;
    }
    return;
  }
  for (let i = 0; i < n; i++) {
    store<f32>(dst, load<f32>(src));
    dst += dstStride;
    src += srcStride;
  }
}

/**
 * Copies a strided array to another layout of the same dimensions. Words at `at`:
 *   dst offset, src offset, rank, (dim, dst stride, src stride) × rank, last axis fastest.
 */
export function copy(at: usize, base: usize): void {
  const rank = word(at + 8);
  const dims = at + 12;
  const last = dims + <usize>(rank - 1) * 12;
  let rows = 1;
  for (let axis = dims; axis < last; axis += 12) rows *= word(axis);
  for (let row = 0; row < rows; row++) {
    let dst = base + word(at);
    let src = base + word(at + 4);
    let rest = row;
    for (let axis = last - 12; axis >= dims; axis -= 12) {
      const dim = word(axis);
      const next = rest / dim;
      const index = rest - next * dim;
      dst += <usize>(index * word(axis + 4)) << 2;
      src += <usize>(index * word(axis + 8)) << 2;
      rest = next;
    }
    copyRun(dst, <usize>word(last + 4) << 2, src, <usize>word(last + 8) << 2, word(last));
  }
}
