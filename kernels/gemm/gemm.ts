/**
 * The matrix product, after G. Van Zee and R. van de Geijn, "BLIS: a framework for rapidly
 * instantiating BLAS functionality", ACM TOMS 41 (2015): loops over blocks, around a
 * micro-kernel (micro.ts), with packing (pack.ts) only where it pays. Sizes are in tiles.ts.
 *
 * Units: float32, row-major; leading dimensions in elements. Alignment: 4 bytes; results do not
 * depend on it. C is never read before it is written, and must not overlap A, B or the bias.
 * Nothing outside the operands is read or written.
 *
 * Order of summation: k is cut into blocks of KC = 256. A block is summed from +0 upwards in k,
 * and the blocks' sums are added in ascending order; then the bias is added. Only for n = 1 with
 * A not transposed, a block is summed as `dots` in vector.ts says. So the bits of an element of C
 * depend only on its row of op(A), its column of op(B) and that one case, not on m, the strides or its place.
 * A row predicted alone has the bits that it has in a batch.
 *
 * Error: |C - (op(A) op(B) + bias)| <= g (|op(A)| |op(B)| + |bias|) element by element, barring
 * underflow and overflow, with g = s u / (1 - s u), u = 2^-24 and
 * s = min(k, 256) + ceil(k / 256) + 1: the roundings that one product passes through.
 */
import * as Elementwise from "../../src/graph/opcodes/elementwise";
import * as Opcode from "../../src/graph/opcodes/program";
import { setWord, word } from "../words";
import { activate, addBias } from "./finish";
import { ADD, BESIDE, f32_gemm_4x8, f32_gemm_4x8_placed, RELU } from "./micro";
import { copyColumns, packA, packB, packTransposedA, packTransposedB, packVector } from "./pack";
import { columnPlaces, packStrided, placeColumns, placeRows, rowPlaces } from "./strided";
import {
  KC, MC, MR, NC, NR, PACK_A_COLUMNS, PACK_B_COLLIDING, PACK_B_REACH, PACK_B_ROWS, PACK_STRIDED_COLUMNS,
} from "./tiles";
import { dots, outer, vectorMatrix } from "./vector";

/** A block of the last columns of C, if it is not a multiple of 8 wide, and its bias. */
const edge: usize = memory.data(MC * NR * sizeof<f32>(), 64);
const edgeBias: usize = memory.data(NR * sizeof<f32>(), 16);

/** A product as its words in a program state it; see `Opcode.Gemm…`. It is the address of the first word. */
@unmanaged @final
class Product {
  @inline get transA(): bool { return this.word(Opcode.GemmTransA) != 0; }
  @inline get transB(): bool { return this.word(Opcode.GemmTransB) != 0; }
  @inline get m(): i32 { return this.word(Opcode.GemmM); }
  @inline get n(): i32 { return this.word(Opcode.GemmN); }
  @inline get k(): i32 { return this.word(Opcode.GemmK); }
  /** Bytes from one stored row of A to the next; of B and C below. */
  @inline get aRow(): i32 { return this.word(Opcode.GemmLda) << 2; }
  @inline get bRow(): i32 { return this.word(Opcode.GemmLdb) << 2; }
  @inline get cRow(): i32 { return this.word(Opcode.GemmLdc) << 2; }
  @inline get activation(): i32 { return this.word(Opcode.GemmActivation); }
  /** The address of A; of B and C below. */
  @inline a(base: usize): usize { return base + this.word(Opcode.GemmA); }
  @inline b(base: usize): usize { return base + this.word(Opcode.GemmB); }
  @inline c(base: usize): usize { return base + this.word(Opcode.GemmC); }
  /** The address of the bias, 0 if there is none. */
  @inline bias(base: usize): usize {
    const offset = this.word(Opcode.GemmBias);
    return offset == Opcode.NO_BIAS ? 0 : base + offset;
  }
  @inline private word(index: i32): i32 { return word(changetype<usize>(this), index); }
}

/**
 * C[m, n] = activation(op(A)[m, k] op(B)[k, n] + bias[n]).
 *
 * @param operands address of the words that state the product, in the order of `Opcode.Gemm…`
 * @param base address from which their offsets count
 */
export function gemm(operands: usize, base: usize): void {
  const product = changetype<Product>(operands);
  const m = product.m;
  const n = product.n;
  const k = product.k;
  if (m <= 0 || n <= 0) return;
  const transA = product.transA;
  const transB = product.transB;
  const a = product.a(base);
  const b = product.b(base);
  const c = product.c(base);
  const aRow = product.aRow;
  const bRow = product.bRow;
  const cRow = product.cRow;
  if (k <= 0) {
    for (let i = 0; i < m; ++i) memory.fill(c + i * cRow, 0, n * 4);
  } else if (n == 1 && !transA) {
    matrixVector(m, k, a, aRow, b, transB ? 4 : bRow, c, cRow);
  } else if (n == 1 && cRow == 4) {
    vectorMatrix(m, k, b, transB ? 4 : bRow, a, aRow, c);
  } else if (m == 1 && !transB) {
    vectorMatrix(n, k, a, transA ? aRow : 4, b, bRow, c);
  } else if (k == 1 && (!transB || bRow == 4)) {
    outer(m, n, a, transA ? 4 : aRow, b, c, cRow);
  } else {
    blocks(product, base, 0);
    return;
  }
  const bias = product.bias(base);
  const activation = product.activation;
  if (bias) addBias(m, n, c, cRow, bias);
  if (activation != Opcode.NO_ACTIVATION) activate(activation, m, n, c, cRow);
}

/**
 * Products one after the other, A, B and C each a stride from the last. The words of the first are advanced,
 * and restored.
 *
 * @param operands address of the words that state the products, in the order of `Opcode.Batch…`
 * @param base as for `gemm`
 */
export function batch_gemm(operands: usize, base: usize): void {
  const count = word(operands, Opcode.BatchCount);
  for (let i = 0; i < count; ++i) {
    gemm(operands + (Opcode.BATCH_WORDS << 2), base);
    move(operands, 1);
  }
  move(operands, -count);
}

/** Moves A, B and C by so many products. */
function move(operands: usize, count: i32): void {
  const product = operands + (Opcode.BATCH_WORDS << 2);
  setWord(product, Opcode.GemmA, word(product, Opcode.GemmA) + (count * word(operands, Opcode.BatchStrideA) << 2));
  setWord(product, Opcode.GemmB, word(product, Opcode.GemmB) + (count * word(operands, Opcode.BatchStrideB) << 2));
  setWord(product, Opcode.GemmC, word(product, Opcode.GemmC) + (count * word(operands, Opcode.BatchStrideC) << 2));
}

/**
 * A product whose A is not a matrix in memory, such as the windows of images, for n > 1. It has the same bits
 * as if A were one.
 *
 * @param operands address of the words that state it, in the order of `Opcode.Strided…`
 * @param base as for `gemm`
 */
export function strided_gemm(operands: usize, base: usize): void {
  blocks(changetype<Product>(operands + (Opcode.STRIDED_WORDS << 2)), base, operands);
}

/** c[m] = A[m, k] x[k], strides in bytes. */
function matrixVector(m: i32, k: i32, a: usize, lda: i32, x: usize, xStep: i32, c: usize, cStep: i32): void {
  for (let p = 0; p < k; p += KC, a += KC * 4, x += KC * xStep) {
    const depth = min(KC, k - p);
    dots(m, depth, a, lda, xStep == 4 ? x : packVector(depth, x, xStep), c, cStep, p > 0);
  }
}

/**
 * The general case: blocks of B, of depth, and of A. Strides are in bytes.
 *
 * @param strided the words of `Opcode.Strided…`, or 0
 */
function blocks(product: Product, base: usize, strided: usize): void {
  const transA = product.transA;
  const transB = product.transB;
  const m = product.m;
  const n = product.n;
  const k = product.k;
  const a = product.a(base);
  const b = product.b(base);
  const c = product.c(base);
  const lda = product.aRow;
  const ldb = product.bRow;
  const ldc = product.cRow;
  const bias = product.bias(base);
  const activation = product.activation;
  const fused = activation == Elementwise.Relu ? RELU : 0;
  const reach = ldb & (PACK_B_COLLIDING - 1) ? PACK_B_REACH : PACK_B_REACH >> 1;
  const packed = transB || (m >= PACK_B_ROWS && <i64>m * ldb >= reach);
  for (let j = 0; j < n; j += NC) {
    const columns = min(NC, n - j);
    for (let p = 0; p < k; p += KC) {
      const depth = min(KC, k - p);
      const last = p + depth == k;
      const flags = (p > 0 ? ADD : 0) | (last ? fused : 0);
      const biasHere = last && bias ? bias + j * 4 : 0;
      // [depth, columns] of B: complete, or only the ragged last panel, in packed panels.
      const bHere = b + (transB ? j * ldb + p * 4 : p * ldb + j * 4);
      // a vector may read past the last column into the next row, if there is one
      const straight = packed ? 0 : (k - p - depth) * ldb >= NR * 4 ? columns : columns & ~(NR - 1);
      const panels = transB
        ? packTransposedB(depth, columns, bHere, ldb)
        : packB(depth, columns - straight, bHere + straight * 4, ldb);
      if (strided) placeColumns(strided, p, depth);
      for (let i = 0; i < m; i += MC) {
        const rows = min(MC, m - i);
        const cHere = c + i * ldc + j * 4;
        let aHere = a + (transA ? p * lda + i * 4 : i * lda + p * 4);
        let aPanel = MR * (transA ? 4 : lda);
        let aRow = transA ? (rows & (MR - 1) ? 4 : BESIDE) : lda;
        let aStep = transA ? lda : 4;
        const placed = strided != 0 && columns < PACK_STRIDED_COLUMNS;
        if (strided) placeRows(strided, i, rows);
        if (placed) {
          aHere = a;
          aPanel = <i32>rowPlaces;
          aStep = <i32>columnPlaces;
        } else if (strided || columns >= PACK_A_COLUMNS) {
          aHere = strided
            ? packStrided(rows, depth, a)
            : transA ? packTransposedA(rows, depth, aHere, lda) : packA(rows, depth, aHere, lda);
          aPanel = depth * 16;
          aRow = BESIDE;
          aStep = 16;
        }
        if (straight) {
          block(placed, rows, straight, depth, aHere, aPanel, aRow, aStep, bHere, 32, ldb, cHere, ldc, biasHere, flags);
        }
        if (straight < columns) {
          const bStraight = biasHere ? biasHere + straight * 4 : 0;
          block(
            placed, rows, columns - straight, depth, aHere, aPanel, aRow, aStep,
            panels, depth * 32, 32, cHere + straight * 4, ldc, bStraight, flags,
          );
        }
        if (last && activation != Opcode.NO_ACTIVATION && !fused) activate(activation, rows, columns, cHere, ldc);
      }
    }
  }
}

/**
 * Eight columns. Where A is `placed`, `aPanel` and `aStep` are the addresses of the places of its rows and
 * columns.
 */
@inline
function panel(
  placed: bool,
  m: i32,
  k: i32,
  a: usize,
  aPanel: i32,
  aRow: i32,
  aStep: i32,
  b: usize,
  bStep: i32,
  c: usize,
  ldc: i32,
  bias: usize,
  flags: i32,
): void {
  if (placed) f32_gemm_4x8_placed(m, k, a, aPanel, aStep, b, bStep, c, ldc, bias, flags);
  else f32_gemm_4x8(m, k, a, aPanel, aRow, aStep, b, bStep, c, ldc, bias, flags);
}

/** C[m, n] = or += A[m, k] B[k, n] in tiles, A as `panel` says; panels of B are `bPanel` bytes apart. */
function block(
  placed: bool,
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  aPanel: i32,
  aRow: i32,
  aStep: i32,
  b: usize,
  bPanel: i32,
  bStep: i32,
  c: usize,
  ldc: i32,
  bias: usize,
  flags: i32,
): void {
  for (; n >= NR; n -= NR, b += bPanel, c += NR * 4) {
    panel(placed, m, k, a, aPanel, aRow, aStep, b, bStep, c, ldc, bias, flags);
    if (bias) bias += NR * 4;
  }
  if (n == 0) return;
  if (bias) {
    copyColumns(1, n, bias, 0, edgeBias, 0);
    bias = edgeBias;
  }
  // Where rows follow each other, a tile may store past its n columns, except in the last row: the next one,
  // of four or more, is stored later.
  if (n >= 4 && ldc == n * 4 && !(flags & ADD)) {
    const whole = (m - 1) & ~(MR - 1);
    panel(placed, whole, k, a, aPanel, aRow, aStep, b, bStep, c, ldc, bias, flags);
    if (placed) aPanel += whole * 4;
    else a += (whole >> 2) * aPanel;
    c += whole * ldc;
    m -= whole;
  }
  if (flags & ADD) copyColumns(m, n, c, ldc, edge, NR * 4);
  panel(placed, m, k, a, aPanel, aRow, aStep, b, bStep, edge, NR * 4, bias, flags);
  copyColumns(m, n, edge, NR * 4, c, ldc);
}
