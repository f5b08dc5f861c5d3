/**
 * Left operands that are not a matrix in memory, such as the windows of images: element [i, p] of op(A) is at
 * A + row i + column p. This file computes these places for a block of op(A), and packs it into panels. The
 * words of `Opcode.StridedGemm` define the rows and columns.
 */
import * as Opcode from "../../src/graph/opcodes/program";
import { word } from "../words";
import { blockA, transpose4x4 } from "./pack";
import { KC, MC, MR } from "./tiles";

/** Bytes from A to each row, and from a row to each column: i32, in ascending order. */
export const rowPlaces: usize = memory.data(MC * sizeof<i32>(), 16);
export const columnPlaces: usize = memory.data(KC * sizeof<i32>(), 16);

/** Places the rows [first, first + count). */
export function placeRows(operands: usize, first: i32, count: i32): void {
  place(rowPlaces, operands + (Opcode.StridedRows << 2), first, count);
}

/** Places the columns [first, first + count). */
export function placeColumns(operands: usize, first: i32, count: i32): void {
  place(columnPlaces, operands + (Opcode.StridedColumns << 2), first, count);
}

function place(to: usize, axes: usize, first: i32, count: i32): void {
  const middle = word(axes, Opcode.AxesMiddleLength);
  const last = word(axes, Opcode.AxesLastLength);
  const step = word(axes, Opcode.AxesLastStride) << 2;
  let line = first / last;
  let j = first - line * last;
  for (; count > 0; ++line, j = 0) {
    const outer = line / middle;
    let at = (outer * word(axes, Opcode.AxesFirstStride) + (line - outer * middle) * word(axes, Opcode.AxesMiddleStride)) << 2;
    at += j * step;
    for (const end = min(last, j + count); j < end; ++j, --count, at += step, to += 4) store<i32>(to, at);
  }
}

/**
 * As `packA`, for the m rows and k columns that were placed. Four whose first and last are three elements
 * apart are adjacent, and form one vector.
 */
export function packStrided(m: i32, k: i32, a: usize): usize {
  const end = columnPlaces + (k << 2);
  let to = blockA;
  for (let row = rowPlaces; m > 0; m -= MR, row += MR * 4) {
    const a0 = a + load<i32>(row);
    const a1 = m > 1 ? a + load<i32>(row, 4) : a0;
    const a2 = m > 2 ? a + load<i32>(row, 8) : a1;
    const a3 = m >= MR ? a + load<i32>(row, 12) : a2;
    let column = columnPlaces;
    if (m >= MR && a3 - a0 == 12) {
      for (; column < end; column += 4, to += 16) v128.store(to, v128.load(a0 + load<i32>(column)));
    }
    while (column < end) {
      const p = load<i32>(column);
      if (column + 12 < end && load<i32>(column, 12) - p == 12) {
        transpose4x4(a0 + p, a1 + p, a2 + p, a3 + p, to, 16);
        column += 16;
        to += 64;
      } else {
        store<f32>(to, load<f32>(a0 + p));
        store<f32>(to, load<f32>(a1 + p), 4);
        store<f32>(to, load<f32>(a2 + p), 8);
        store<f32>(to, load<f32>(a3 + p), 12);
        column += 4;
        to += 16;
      }
    }
  }
  return blockA;
}
