// The program machine: runs n steps of a program in one call. A step gathers its batch,
// then executes the program's instructions in order. All state of a run is in its block
// (and the data it reads is outside), so stopping after any step needs nothing special.
// It allocates nothing, checks nothing and calls nothing outside: the compiler has verified
// the program and the engine the bindings. The words of the code are named in
// src/graph/opcodes/code.ts, those of the block in block.ts, operands in program.ts.

import * as Block from "../src/graph/opcodes/block";
import * as Code from "../src/graph/opcodes/code";
import * as Opcode from "../src/graph/opcodes/program";
import { copy, elementwise } from "./elementwise/machine";
import { batch_gemm, gemm, strided_gemm } from "./gemm/gemm";
import { add_patches_f32, patches_f32 } from "./patches";
import { largest_f32 } from "./pool";
import { fill_uniform_f32, shuffle_i32 } from "./random";
import { max_f32, sum_f32 } from "./reduce";
import { scatter_rows_f32, take_rows, take_rows_f32 } from "./rows";
import { log_softmax_slope_f32, softmax_f32 } from "./softmax";
import { setWord, word } from "./words";

/** Runs `steps` steps of the program at `code` on the run at `block`. */
export function run(code: usize, block: usize, steps: i32): void {
  for (let i = 0; i < steps; i++) {
    const total = word(block, Block.TotalRows);
    const cursor = word(block, Block.Cursor);
    let rows = word(block, Block.BatchRows);
    if (total > 0) {
      if (cursor == 0) begin_epoch(block);
      rows = min(rows, total - cursor);
    }
    if (word(code, Code.Rows) != rows) setRows(code, rows);
    execute(code + (<usize>word(code, Code.FirstInstruction) << 2), block);
    setWord(block, Block.Step, word(block, Block.Step) + 1);
    if (total > 0) {
      const next = cursor + rows;
      setWord(block, Block.Cursor, next < total ? next : 0);
      if (next >= total) setWord(block, Block.Epoch, word(block, Block.Epoch) + 1);
    }
  }
}

/** Lays out the row ids of the current epoch: a pure function of the seed and the epoch. */
export function begin_epoch(block: usize): void {
  const total = word(block, Block.TotalRows);
  const order = <usize>word(block, Block.RowOrder);
  memory.copy(order, <usize>word(block, Block.RowIds), <usize>total << 2);
  if (word(block, Block.Shuffle)) {
    shuffle_i32(order, total, word(block, Block.Epoch), word(block, Block.SeedLow), word(block, Block.SeedHigh));
  }
}

/** Rewrites every word that depends on the number of rows. */
function setRows(code: usize, rows: i32): void {
  let patch = code + (<usize>word(code, Code.FirstPatch) << 2);
  for (let i = word(code, Code.PatchCount); i > 0; i--) {
    let size = word(patch, Code.PatchScale);
    for (let power = word(patch, Code.PatchPower); power > 0; power--) size *= rows;
    size += word(patch, Code.PatchBase);
    setWord(code, word(patch, Code.PatchWord), word(patch, Code.PatchIsFloat) ? reinterpret<i32>(<f32>size) : size);
    patch += Code.PATCH_WORDS << 2;
  }
  setWord(code, Code.Rows, rows);
}

/** The address behind an operand that is an offset from the block. */
@inline function place(operands: usize, index: i32, block: usize): usize { return block + word(operands, index); }

/** The address of stream number `index`. */
@inline function stream(block: usize, index: i32): usize { return <usize>word(block, Block.Streams + index); }

/** Runs the instructions of a loop as often as its words state, and restores them. */
function loop(at: usize, block: usize): void {
  const operands = at + (Code.HEAD_WORDS << 2);
  const steps = word(operands, Opcode.LoopCount);
  for (let i = 0; i < steps; i++) {
    execute(operands + (Opcode.LOOP_WORDS << 2), block);
    move(at, 1);
  }
  move(at, -steps);
}

/** Moves the words that a loop lists by so many steps. */
function move(at: usize, steps: i32): void {
  const operands = at + (Code.HEAD_WORDS << 2);
  let entry = at + (<usize>word(operands, Opcode.LoopTable) << 2);
  for (let i = word(operands, Opcode.LoopMoves); i > 0; i--) {
    const index = word(entry, Opcode.MoveWord);
    setWord(at, index, word(at, index) + steps * word(entry, Opcode.MoveStride));
    entry += Opcode.MOVE_WORDS << 2;
  }
}

/** Runs instructions up to the next `End`. */
function execute(at: usize, block: usize): void {
  while (true) {
    const operands = at + (Code.HEAD_WORDS << 2);
    switch (word(at, Code.Opcode)) {
      case Opcode.End:
        return;
      case Opcode.Elementwise:
        elementwise(operands, block);
        break;
      case Opcode.Copy:
        copy(operands, block);
        break;
      case Opcode.Literal:
        memory.copy(
          place(operands, Opcode.LiteralTarget, block),
          operands + (Opcode.LiteralValues << 2),
          <usize>word(operands, Opcode.LiteralCount) << 2,
        );
        break;
      case Opcode.Sum:
        sum_f32(
          place(operands, Opcode.ReduceSource, block), place(operands, Opcode.ReduceTarget, block),
          word(operands, Opcode.ReduceOuter), word(operands, Opcode.ReduceLength), word(operands, Opcode.ReduceInner),
        );
        break;
      case Opcode.Max:
        max_f32(
          place(operands, Opcode.ReduceSource, block), place(operands, Opcode.ReduceTarget, block),
          word(operands, Opcode.ReduceOuter), word(operands, Opcode.ReduceLength), word(operands, Opcode.ReduceInner),
        );
        break;
      case Opcode.Softmax:
        softmax_f32(
          place(operands, Opcode.SoftmaxSource, block), place(operands, Opcode.SoftmaxTarget, block),
          word(operands, Opcode.SoftmaxRows), word(operands, Opcode.SoftmaxColumns),
          word(operands, Opcode.SoftmaxLogarithm) != 0,
        );
        break;
      case Opcode.LogSoftmaxSlope:
        log_softmax_slope_f32(
          place(operands, Opcode.SlopeSource, block), place(operands, Opcode.SlopeGradient, block),
          place(operands, Opcode.SlopeTarget, block),
          word(operands, Opcode.SlopeRows), word(operands, Opcode.SlopeColumns),
        );
        break;
      case Opcode.Gemm:
        gemm(operands, block);
        break;
      case Opcode.BatchGemm:
        batch_gemm(operands, block);
        break;
      case Opcode.StridedGemm:
        strided_gemm(operands, block);
        break;
      case Opcode.RandomUniform:
        fill_uniform_f32(
          place(operands, Opcode.RandomTarget, block),
          word(operands, Opcode.RandomCount), word(operands, Opcode.RandomStream),
          word(block, Block.Step), word(block, Block.SeedLow), word(block, Block.SeedHigh),
        );
        break;
      case Opcode.Step:
        store<f32>(place(operands, Opcode.StepTarget, block), <f32>(word(block, Block.Step) + 1));
        break;
      case Opcode.TakeRows:
        take_rows_f32(
          place(operands, Opcode.TakeTable, block),
          word(operands, Opcode.TakeRowCount), word(operands, Opcode.TakeColumns),
          place(operands, Opcode.TakeIds, block), word(operands, Opcode.TakeCount),
          place(operands, Opcode.TakeTarget, block),
        );
        break;
      case Opcode.ScatterRows:
        scatter_rows_f32(
          place(operands, Opcode.ScatterSource, block), word(operands, Opcode.ScatterColumns),
          place(operands, Opcode.ScatterIds, block), word(operands, Opcode.ScatterCount),
          place(operands, Opcode.ScatterTarget, block), word(operands, Opcode.ScatterRowCount),
        );
        break;
      case Opcode.TakeLargest:
        largest_f32(operands, block, false);
        break;
      case Opcode.ScatterLargest:
        largest_f32(operands, block, true);
        break;
      case Opcode.StreamIn:
        take_rows(
          stream(block, word(operands, Opcode.StreamIndex)), word(operands, Opcode.StreamColumns),
          <usize>word(block, Block.RowOrder) + (<usize>word(block, Block.Cursor) << 2),
          word(operands, Opcode.StreamRows), place(operands, Opcode.StreamBatch, block),
        );
        break;
      case Opcode.StreamOut: {
        const bytes = <usize>word(operands, Opcode.StreamColumns) << 2;
        memory.copy(
          stream(block, word(operands, Opcode.StreamIndex)) + <usize>word(block, Block.Cursor) * bytes,
          place(operands, Opcode.StreamBatch, block),
          <usize>word(operands, Opcode.StreamRows) * bytes,
        );
        break;
      }
      case Opcode.Loop:
        loop(at, block);
        break;
      case Opcode.Patches:
        patches_f32(operands, block);
        break;
      case Opcode.AddPatches:
        add_patches_f32(operands, block);
        break;
      default:
        unreachable();
    }
    at += <usize>word(at, Code.Length) << 2;
  }
}
