/**
 * Bias and activation of C after the product, for the paths whose store does not apply them. Rows
 * are `cRow` bytes apart.
 */
import { unary_f32 } from "../elementwise/machine";

/** C[i, j] += bias[j]. */
export function addBias(rows: i32, columns: i32, c: usize, cRow: i32, bias: usize): void {
  for (; rows > 0; --rows, c += cRow) {
    let j = 0;
    for (; j + 4 <= columns; j += 4) {
      v128.store(c + j * 4, f32x4.add(v128.load(c + j * 4), v128.load(bias + j * 4)));
    }
    for (; j < columns; ++j) store<f32>(c + j * 4, load<f32>(c + j * 4) + load<f32>(bias + j * 4));
  }
}

/** C = activation(C), where `activation` is a unary opcode of `Elementwise`. */
export function activate(activation: i32, rows: i32, columns: i32, c: usize, cRow: i32): void {
  if (cRow == columns * 4) {
    unary_f32(activation, c, c, rows * columns);
  } else {
    for (; rows > 0; --rows, c += cRow) unary_f32(activation, c, c, columns);
  }
}
