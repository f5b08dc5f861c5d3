// The program machine: runs n steps of a program in one call. A step gathers its batch,
// then executes the program's instructions in order. All state of a run is in its block
// (and the data it reads is outside), so stopping after any step needs nothing special.
// It allocates nothing, checks nothing and calls nothing outside: the compiler has verified
// the program and the engine the bindings.
//
// Code (i32 words; it moves freely, since all offsets are relative to the block):
//   [0] rows that the code is set to   [1] patch count   [2] word of the first patch
//   [3] word of the first instruction
//   patch: word, base, scale, power, isFloat: when the rows change, that word becomes base + scale × rows^power
//   instruction: opcode, length in words, operands…
//
// Block (i32 words, then whatever the program lays out):
//   [0] seed, low  [1] seed, high  [2] steps done  [3] epochs done  [4] next row of the epoch
//   [5] rows of the data, 0 if the program reads no data  [6] rows of a batch  [7] shuffle: 0 or 1
//   [8] address of the row ids (i32 × rows)  [9] address of their shuffled copy
//   [10…15] addresses of the streams

import * as Opcode from "../src/graph/opcodes/program";
import { copy, elementwise } from "./elementwise/machine";
import { gemm } from "./gemm/gemm";
import { fill_uniform_f32, shuffle_i32 } from "./random";
import { max_f32, sum_f32 } from "./reduce";
import { scatter_rows_f32, take_rows, take_rows_f32 } from "./rows";
import { softmax_f32 } from "./softmax";

@inline function word(at: usize, index: i32): i32 { return load<i32>(at + (<usize>index << 2)); }
@inline function setWord(at: usize, index: i32, value: i32): void { store<i32>(at + (<usize>index << 2), value); }

/** Runs `steps` steps of the program at `code` on the run at `block`. */
export function run(code: usize, block: usize, steps: i32): void {
  for (let i = 0; i < steps; i++) {
    const total = word(block, 5);
    const cursor = word(block, 4);
    let rows = word(block, 6);
    if (total > 0) {
      if (cursor == 0) begin_epoch(block);
      rows = min(rows, total - cursor);
    }
    if (word(code, 0) != rows) setRows(code, rows);
    execute(code + (<usize>word(code, 3) << 2), block);
    setWord(block, 2, word(block, 2) + 1);
    if (total > 0) {
      const next = cursor + rows;
      setWord(block, 4, next < total ? next : 0);
      if (next >= total) setWord(block, 3, word(block, 3) + 1);
    }
  }
}

/** Lays out the row ids of the current epoch: a pure function of the seed and the epoch. */
export function begin_epoch(block: usize): void {
  const total = word(block, 5);
  const order = <usize>word(block, 9);
  memory.copy(order, <usize>word(block, 8), <usize>total << 2);
  if (word(block, 7)) shuffle_i32(order, total, word(block, 3), word(block, 0), word(block, 1));
}

/** Rewrites every word that depends on the number of rows. */
function setRows(code: usize, rows: i32): void {
  let patch = code + (<usize>word(code, 2) << 2);
  for (let i = word(code, 1); i > 0; i--) {
    let size = word(patch, 2);
    for (let power = word(patch, 3); power > 0; power--) size *= rows;
    size += word(patch, 1);
    setWord(code, word(patch, 0), word(patch, 4) ? reinterpret<i32>(<f32>size) : size);
    patch += 20;
  }
  setWord(code, 0, rows);
}

function execute(at: usize, block: usize): void {
  while (true) {
    const operands = at + 8;
    switch (word(at, 0)) {
      case Opcode.End:
        return;
      case Opcode.Elementwise:
        elementwise(operands, block);
        break;
      case Opcode.Copy:
        copy(operands, block);
        break;
      case Opcode.Literal: // dst, n, values…
        memory.copy(block + word(operands, 0), operands + 8, <usize>word(operands, 1) << 2);
        break;
      case Opcode.Sum: // dst, src, outer, length, inner
        sum_f32(block + word(operands, 1), block + word(operands, 0), word(operands, 2), word(operands, 3), word(operands, 4));
        break;
      case Opcode.Max:
        max_f32(block + word(operands, 1), block + word(operands, 0), word(operands, 2), word(operands, 3), word(operands, 4));
        break;
      case Opcode.Softmax: // dst, src, rows, columns, logarithm
        softmax_f32(block + word(operands, 1), block + word(operands, 0), word(operands, 2), word(operands, 3), word(operands, 4) != 0);
        break;
      case Opcode.Gemm: { // transA, transB, m, n, k, a, lda, b, ldb, c, ldc, bias or −1, activation
        const bias = word(operands, 11);
        gemm(
          word(operands, 0) != 0, word(operands, 1) != 0,
          word(operands, 2), word(operands, 3), word(operands, 4),
          block + word(operands, 5), word(operands, 6),
          block + word(operands, 7), word(operands, 8),
          block + word(operands, 9), word(operands, 10),
          bias < 0 ? 0 : block + bias, word(operands, 12),
        );
        break;
      }
      case Opcode.Random: // dst, n, stream
        fill_uniform_f32(block + word(operands, 0), word(operands, 1), word(operands, 2), word(block, 2), word(block, 0), word(block, 1));
        break;
      case Opcode.Step: // dst
        store<f32>(block + word(operands, 0), <f32>(word(block, 2) + 1));
        break;
      case Opcode.TakeRows: // dst, table, rows of the table, columns, ids, count
        take_rows_f32(block + word(operands, 1), word(operands, 2), word(operands, 3), block + word(operands, 4), word(operands, 5), block + word(operands, 0));
        break;
      case Opcode.ScatterRows: // dst, src, rows of dst, columns, ids, count
        scatter_rows_f32(block + word(operands, 1), word(operands, 3), block + word(operands, 4), word(operands, 5), block + word(operands, 0), word(operands, 2));
        break;
      case Opcode.StreamIn: // dst, stream, columns, rows
        take_rows(
          <usize>word(block, 10 + word(operands, 1)), word(operands, 2),
          <usize>word(block, 9) + (<usize>word(block, 4) << 2), word(operands, 3),
          block + word(operands, 0),
        );
        break;
      case Opcode.StreamOut: { // src, stream, columns, rows
        const bytes = <usize>word(operands, 2) << 2;
        memory.copy(
          <usize>word(block, 10 + word(operands, 1)) + <usize>word(block, 4) * bytes,
          block + word(operands, 0),
          <usize>word(operands, 3) * bytes,
        );
        break;
      }
      default:
        unreachable();
    }
    at += <usize>word(at, 1) << 2;
  }
}
