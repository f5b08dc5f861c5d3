/**
 * The numbers that the compiler writes and the kernels read. This file is compiled
 * twice, by TypeScript and by AssemblyScript, so it holds plain enums and nothing else.
 */

/** Instructions of the program machine (`kernels/machine.ts` gives their operands). */
export enum Opcode {
  End = 0,
  Elementwise = 1,
  Copy = 2,
  Literal = 3,
  Sum = 4,
  Max = 5,
  Softmax = 6,
  Gemm = 7,
  Random = 8,
  Step = 9,
  TakeRows = 10,
  ScatterRows = 11,
  StreamIn = 12,
  StreamOut = 13,
}

/** Operations of the elementwise machine (`kernels/elementwise/machine.ts`). */
export enum Elementwise {
  None = 0,
  Move = 1,
  Neg = 2,
  Abs = 3,
  Sign = 4,
  Sqrt = 5,
  Exp = 6,
  Expm1 = 7,
  Log = 8,
  Log1p = 9,
  Sin = 10,
  Cos = 11,
  Tanh = 12,
  Sigmoid = 13,
  Softplus = 14,
  Erf = 15,
  Relu = 16,
  Flush = 17,
  Floor = 18,
  Add = 32,
  Sub = 33,
  Mul = 34,
  Div = 35,
  Pow = 36,
  Maximum = 37,
  Minimum = 38,
  Greater = 39,
  GreaterEqual = 40,
  Equal = 41,
  Select = 64,
  // Two operations in one pass: what the first gives is only read by the second (`src/compile/pairs.ts`).
  // Rounded twice, like the two apart. Sources are the first's, then the second's other one.
  SqrtAdd = 96,
  AddSqrt = 97,
  MulAdd = 98,
  MulSub = 99,
  /** The product is subtracted. */
  MulSubFrom = 100,
  MulMul = 101,
  MulDiv = 102,
  DivMul = 103,
  GreaterMul = 104,
  FlushMul = 105,
  /** Three of them. */
  FlushMulAdd = 106,
}
