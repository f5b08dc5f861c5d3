// The elementwise machine: a chain of elementwise operations as a small register program,
// run over blocks that fit in L1, so that a chain costs about one pass over its operands.
// A register is an address: of a block of an operand in memory, or of a scratch block.
// It knows nothing of shapes; strided operands come as addresses to gather from.
//
// Instruction (i32 words, byte offsets relative to the run's block):
//   n, operandCount, instructionCount, scratchCount,
//   operands: [Direct, offset, isOutput] | [Scalar, offset, 0] | [Immediate, bits, 0]
//           | [Strided, offset, rank, (dim, stride) × rank]   (last axis fastest, strides in elements)
//   instructions: [op, destination, a, b, c] × instructionCount (registers: operands, then scratch)
//
// Registers hold BLOCK floats. Only the last block may be partial; outputs of a partial
// vector are computed in scratch and copied, so nothing past an operand's end is written.

import { Elementwise } from "../src/graph/opcodes";
import {
  cos_f32x4, erf_f32x4, exp_f32x4, expm1_f32x4, log1p_f32x4, log_f32x4,
  pow_f32x4, sigmoid_f32x4, sin_f32x4, softplus_f32x4, tanh_f32x4,
} from "./math/f32";

/** Kinds of operands; `src/compile/encode.ts` writes them. */
const DIRECT: i32 = 0;
const SCALAR: i32 = 1;
const IMMEDIATE: i32 = 2;
const STRIDED: i32 = 3;

/** Floats in a block: 1 KiB, so that a dozen registers stay in the smallest L1 (32 KiB). */
const BLOCK: i32 = 256;
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
  const end = instructions + <usize>instructionCount * 20;
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
    for (let at = instructions; at < end; at += 20) {
      execute(word(at), register(word(at + 4)), register(word(at + 8)), register(word(at + 12)), register(word(at + 16)), bytes);
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
  if (whole > 0) execute(op, dst, src, src, src, whole);
  const rest = <usize>(n & 3) << 2;
  if (rest > 0) {
    memory.copy(scratch, src + whole, rest);
    execute(op, scratch, scratch, scratch, scratch, 16);
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

const ONE: f32 = 1;

@inline
function apply1(op: i32, x: v128): v128 {
  if (op == Elementwise.Move) return x;
  if (op == Elementwise.Neg) return f32x4.neg(x);
  if (op == Elementwise.Abs) return f32x4.abs(x);
  if (op == Elementwise.Sign) return sign(x);
  if (op == Elementwise.Sqrt) return f32x4.sqrt(x);
  if (op == Elementwise.Exp) return exp_f32x4(x);
  if (op == Elementwise.Expm1) return expm1_f32x4(x);
  if (op == Elementwise.Log) return log_f32x4(x);
  if (op == Elementwise.Log1p) return log1p_f32x4(x);
  if (op == Elementwise.Sin) return sin_f32x4(x);
  if (op == Elementwise.Cos) return cos_f32x4(x);
  if (op == Elementwise.Tanh) return tanh_f32x4(x);
  if (op == Elementwise.Sigmoid) return sigmoid_f32x4(x);
  if (op == Elementwise.Softplus) return softplus_f32x4(x);
  if (op == Elementwise.Erf) return erf_f32x4(x);
  return f32x4.max(x, f32x4.splat(0)); // Relu: wasm's max keeps NaN
}

@inline
function apply2(op: i32, x: v128, y: v128): v128 {
  if (op == Elementwise.Add) return f32x4.add(x, y);
  if (op == Elementwise.Sub) return f32x4.sub(x, y);
  if (op == Elementwise.Mul) return f32x4.mul(x, y);
  if (op == Elementwise.Div) return f32x4.div(x, y);
  if (op == Elementwise.Pow) return pow_f32x4(x, y);
  if (op == Elementwise.Maximum) return f32x4.max(x, y);
  if (op == Elementwise.Minimum) return f32x4.min(x, y);
  if (op == Elementwise.Greater) return v128.and(f32x4.gt(x, y), f32x4.splat(ONE));
  if (op == Elementwise.GreaterEqual) return v128.and(f32x4.ge(x, y), f32x4.splat(ONE));
  return v128.and(f32x4.eq(x, y), f32x4.splat(ONE)); // Equal
}

/** 1, −1, or x itself where it is 0 or NaN. */
@inline
function sign(x: v128): v128 {
  const zero = f32x4.splat(0);
  const ones = v128.or(v128.and(x, i32x4.splat(0x80000000)), f32x4.splat(ONE));
  return v128.bitselect(ones, x, v128.or(f32x4.gt(x, zero), f32x4.lt(x, zero)));
}

@inline
function map1(op: i32, dst: usize, a: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(dst + i, apply1(op, v128.load(a + i)));
}

@inline
function map2(op: i32, dst: usize, a: usize, b: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(dst + i, apply2(op, v128.load(a + i), v128.load(b + i)));
}

/** One operation over `bytes` (a multiple of 16) of its registers. */
function execute(op: i32, dst: usize, a: usize, b: usize, c: usize, bytes: usize): void {
  switch (op) {
    case Elementwise.Move: map1(Elementwise.Move, dst, a, bytes); return;
    case Elementwise.Neg: map1(Elementwise.Neg, dst, a, bytes); return;
    case Elementwise.Abs: map1(Elementwise.Abs, dst, a, bytes); return;
    case Elementwise.Sign: map1(Elementwise.Sign, dst, a, bytes); return;
    case Elementwise.Sqrt: map1(Elementwise.Sqrt, dst, a, bytes); return;
    case Elementwise.Exp: map1(Elementwise.Exp, dst, a, bytes); return;
    case Elementwise.Expm1: map1(Elementwise.Expm1, dst, a, bytes); return;
    case Elementwise.Log: map1(Elementwise.Log, dst, a, bytes); return;
    case Elementwise.Log1p: map1(Elementwise.Log1p, dst, a, bytes); return;
    case Elementwise.Sin: map1(Elementwise.Sin, dst, a, bytes); return;
    case Elementwise.Cos: map1(Elementwise.Cos, dst, a, bytes); return;
    case Elementwise.Tanh: map1(Elementwise.Tanh, dst, a, bytes); return;
    case Elementwise.Sigmoid: map1(Elementwise.Sigmoid, dst, a, bytes); return;
    case Elementwise.Softplus: map1(Elementwise.Softplus, dst, a, bytes); return;
    case Elementwise.Erf: map1(Elementwise.Erf, dst, a, bytes); return;
    case Elementwise.Relu: map1(Elementwise.Relu, dst, a, bytes); return;
    case Elementwise.Add: map2(Elementwise.Add, dst, a, b, bytes); return;
    case Elementwise.Sub: map2(Elementwise.Sub, dst, a, b, bytes); return;
    case Elementwise.Mul: map2(Elementwise.Mul, dst, a, b, bytes); return;
    case Elementwise.Div: map2(Elementwise.Div, dst, a, b, bytes); return;
    case Elementwise.Pow: map2(Elementwise.Pow, dst, a, b, bytes); return;
    case Elementwise.Maximum: map2(Elementwise.Maximum, dst, a, b, bytes); return;
    case Elementwise.Minimum: map2(Elementwise.Minimum, dst, a, b, bytes); return;
    case Elementwise.Greater: map2(Elementwise.Greater, dst, a, b, bytes); return;
    case Elementwise.GreaterEqual: map2(Elementwise.GreaterEqual, dst, a, b, bytes); return;
    case Elementwise.Equal: map2(Elementwise.Equal, dst, a, b, bytes); return;
    case Elementwise.Select: {
      const zero = f32x4.splat(0);
      for (let i: usize = 0; i < bytes; i += 16) {
        // "not equal" is true for NaN, as in the reference
        v128.store(dst + i, v128.bitselect(v128.load(b + i), v128.load(c + i), f32x4.ne(v128.load(a + i), zero)));
      }
      return;
    }
    default: unreachable();
  }
}
