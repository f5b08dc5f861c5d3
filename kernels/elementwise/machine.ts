// The elementwise machine: a chain of elementwise operations as a small register program,
// run over blocks that fit in L1, so that a chain costs about one pass over its operands.
// A register is an address: of a block of an operand in memory, or of a scratch block.
// It knows nothing of shapes; strided operands come as addresses to gather from. The words
// of a region are named in src/graph/opcodes/region.ts.
//
// Registers hold BLOCK floats. Only the last block may be partial; outputs of a partial
// vector are computed in scratch and copied, so nothing past an operand's end is written.

import * as Passes from "../../src/graph/opcodes/passes";
import * as Opcode from "../../src/graph/opcodes/program";
import * as Region from "../../src/graph/opcodes/region";
import { word } from "../words";
import { execute, executePair } from "./operations";

/** Floats in a block: 2 KiB, so that a dozen registers stay in the smallest L1 (32 KiB). */
const BLOCK: i32 = 512;
const BLOCK_BYTES: i32 = BLOCK << 2;

const OPERAND_BYTES: usize = Region.OPERAND_WORDS << 2;
const AXIS_BYTES: usize = Region.AXIS_WORDS << 2;
const COPY_AXIS_BYTES: usize = Opcode.COPY_AXIS_WORDS << 2;
const INSTRUCTION_BYTES: usize = Region.INSTRUCTION_WORDS << 2;

const scratch: usize = memory.data(Region.MAX_REGISTERS * BLOCK_BYTES, 16);
const registers: usize = memory.data(Region.MAX_REGISTERS * 4, 16);

@inline function register(index: i32): usize { return load<u32>(registers + (<usize>index << 2)); }
@inline function setRegister(index: i32, address: usize): void { store<u32>(registers + (<usize>index << 2), <u32>address); }
@inline function scratchOf(index: i32): usize { return scratch + <usize>index * BLOCK_BYTES; }

/** The address of an operand's elements. */
@inline function sourceOf(operand: usize, base: usize): usize { return base + word(operand, Region.Source); }
/** Bytes of a strided operand, its axes among them. */
@inline function stridedBytes(operand: usize): usize { return OPERAND_BYTES + <usize>word(operand, Region.Rank) * AXIS_BYTES; }

/** Runs one region whose words start at `at`; offsets are relative to `base`. */
export function elementwise(at: usize, base: usize): void {
  const n = word(at, Region.Length);
  const operandCount = word(at, Region.OperandCount);
  const instructionCount = word(at, Region.InstructionCount);
  const scratchCount = word(at, Region.ScratchCount);
  const operands = at + (Region.HEAD_WORDS << 2);

  // Scalars are broadcast once, other registers get their first addresses.
  let cursor = operands;
  let scatters = false;
  const filled = min(BLOCK, (n + 3) & ~3);
  for (let i = 0; i < operandCount; i++) {
    const kind = word(cursor, Region.Kind);
    if (kind == Region.Direct) {
      setRegister(i, sourceOf(cursor, base));
      cursor += OPERAND_BYTES;
    } else if (kind >= Region.Strided) {
      setRegister(i, scratchOf(i));
      scatters = scatters || kind == Region.StridedOutput;
      cursor += stridedBytes(cursor);
    } else {
      const value = kind == Region.Scalar
        ? v128.load32_splat(sourceOf(cursor, base))
        : i32x4.splat(word(cursor, Region.Source));
      const block = scratchOf(i);
      for (let j = 0; j < filled; j += 4) v128.store(block + (<usize>j << 2), value);
      setRegister(i, block);
      cursor += OPERAND_BYTES;
    }
  }
  const instructions = cursor;
  const end = instructions + <usize>instructionCount * INSTRUCTION_BYTES;
  for (let i = 0; i < scratchCount; i++) setRegister(operandCount + i, scratchOf(operandCount + i));

  for (let start = 0; start < n; start += BLOCK) {
    const length = min(BLOCK, n - start);
    const partial = (length & 3) != 0;
    cursor = operands;
    for (let i = 0; i < operandCount; i++) {
      const kind = word(cursor, Region.Kind);
      if (kind >= Region.Strided) {
        if (kind == Region.Strided) move(cursor, sourceOf(cursor, base), start, length, scratchOf(i), false);
        cursor += stridedBytes(cursor);
      } else {
        if (kind == Region.Direct) {
          const outputOfPartial = partial && word(cursor, Region.IsOutput) != 0;
          setRegister(i, outputOfPartial ? scratchOf(i) : sourceOf(cursor, base) + (<usize>start << 2));
        }
        cursor += OPERAND_BYTES;
      }
    }
    const bytes: usize = <usize>((length + 3) >> 2) << 4;
    for (let at = instructions; at < end; at += INSTRUCTION_BYTES) {
      const operation = word(at, Region.Operation);
      const destination = register(word(at, Region.Destination));
      const a = register(word(at, Region.A));
      const b = register(word(at, Region.B));
      const c = register(word(at, Region.C));
      const d = register(word(at, Region.D));
      if (operation < Passes.FIRST_PAIR) {
        execute(operation, destination, a, b, c, d, bytes);
      } else {
        at += INSTRUCTION_BYTES;
        executePair(
          operation, destination, a, b, c, d, register(word(at, Region.Destination)),
          register(word(at, Region.B)), register(word(at, Region.C)), register(word(at, Region.D)), bytes,
        );
      }
    }
    if (!partial && !scatters) continue;
    cursor = operands;
    for (let i = 0; i < operandCount; i++) {
      const kind = word(cursor, Region.Kind);
      if (kind >= Region.Strided) {
        if (kind == Region.StridedOutput) move(cursor, sourceOf(cursor, base), start, length, scratchOf(i), true);
        cursor += stridedBytes(cursor);
        continue;
      }
      if (partial && kind == Region.Direct && word(cursor, Region.IsOutput) != 0) {
        memory.copy(sourceOf(cursor, base) + (<usize>start << 2), scratchOf(i), <usize>length << 2);
      }
      cursor += OPERAND_BYTES;
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

/**
 * Elements [start, start + length) of a strided operand at `place`, in order, to a block, or from it if
 * `out`.
 */
function move(operand: usize, place: usize, start: i32, length: i32, block: usize, out: bool): void {
  const axes = operand + OPERAND_BYTES;
  const last = axes + <usize>(word(operand, Region.Rank) - 1) * AXIS_BYTES;
  const inner = word(last, Region.AxisLength);
  const innerStride = <usize>word(last, Region.AxisStride) << 2;
  let row = start / inner;
  let column = start % inner;
  if (axes + AXIS_BYTES == last && innerStride == 4 && (inner & 15) == 0) {
    const stride = <usize>word(axes, Region.AxisStride) << 2;
    const skip = stride - (<usize>inner << 2);
    const at = place + <usize>row * stride + (<usize>column << 2);
    if (out) copyRows(at, skip, block, 0, inner, column, length);
    else copyRows(block, 0, at, skip, inner, column, length);
    return;
  }
  while (length > 0) {
    // The address of the row: its coordinates from the last but one axis to the first, which needs no
    // division.
    let at = place + <usize>column * innerStride;
    let rest = row;
    for (let axis = last - AXIS_BYTES; axis > axes; axis -= AXIS_BYTES) {
      const dim = word(axis, Region.AxisLength);
      const next = rest / dim;
      at += <usize>((rest - next * dim) * word(axis, Region.AxisStride)) << 2;
      rest = next;
    }
    if (axes < last) at += <usize>(rest * word(axes, Region.AxisStride)) << 2;
    const run = min(inner - column, length);
    copyRun(out ? at : block, out ? innerStride : 4, out ? block : at, out ? 4 : innerStride, run);
    block += <usize>run << 2;
    length -= run;
    column = 0;
    row++;
  }
}

/**
 * Copies n floats of rows of `inner`, both multiples of 16, from `column` of the first row. `dstSkip` and
 * `srcSkip` are the bytes from the end of a row to the next. Gates of recurrent layers are such rows: the
 * checks of `move` for each of them took 2 to 4 % of a training step.
 */
function copyRows(dst: usize, dstSkip: usize, src: usize, srcSkip: usize, inner: i32, column: i32, n: i32): void {
  for (let left = inner - column; n > 0; n -= 16) {
    v128.store(dst, v128.load(src));
    v128.store(dst, v128.load(src, 16), 16);
    v128.store(dst, v128.load(src, 32), 32);
    v128.store(dst, v128.load(src, 48), 48);
    dst += 64;
    src += 64;
    left -= 16;
    if (left == 0) {
      dst += dstSkip;
      src += srcSkip;
      left = inner;
    }
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

/** Copies a strided array to another layout of the same dimensions. */
export function copy(at: usize, base: usize): void {
  const axes = at + (Opcode.CopyAxes << 2);
  const last = axes + <usize>(word(at, Opcode.CopyRank) - 1) * COPY_AXIS_BYTES;
  const inner = word(last, Opcode.CopyAxisLength);
  const innerTarget = word(last, Opcode.CopyAxisTargetStride);
  const innerSource = word(last, Opcode.CopyAxisSourceStride);
  if (axes + COPY_AXIS_BYTES == last && innerTarget == 1 && innerSource == 1 && (inner & 15) == 0) {
    copyRows(
      base + word(at, Opcode.CopyTarget), <usize>(word(axes, Opcode.CopyAxisTargetStride) - inner) << 2,
      base + word(at, Opcode.CopySource), <usize>(word(axes, Opcode.CopyAxisSourceStride) - inner) << 2,
      inner, 0, inner * word(axes, Opcode.CopyAxisLength),
    );
    return;
  }
  let rows = 1;
  for (let axis = axes; axis < last; axis += COPY_AXIS_BYTES) rows *= word(axis, Opcode.CopyAxisLength);
  for (let row = 0; row < rows; row++) {
    let dst = base + word(at, Opcode.CopyTarget);
    let src = base + word(at, Opcode.CopySource);
    let rest = row;
    for (let axis = last - COPY_AXIS_BYTES; axis > axes; axis -= COPY_AXIS_BYTES) {
      const dim = word(axis, Opcode.CopyAxisLength);
      const next = rest / dim;
      const index = rest - next * dim;
      dst += <usize>(index * word(axis, Opcode.CopyAxisTargetStride)) << 2;
      src += <usize>(index * word(axis, Opcode.CopyAxisSourceStride)) << 2;
      rest = next;
    }
    if (axes < last) {
      dst += <usize>(rest * word(axes, Opcode.CopyAxisTargetStride)) << 2;
      src += <usize>(rest * word(axes, Opcode.CopyAxisSourceStride)) << 2;
    }
    copyRun(dst, <usize>innerTarget << 2, src, <usize>innerSource << 2, inner);
  }
}
