/**
 * The elementwise operations of the graph, as opcodes of the elementwise machine (`kernels/elementwise/`).
 * Each name is that of an operation, capitalized; `graph.ts` derives the operations' names from here.
 * Compiled by TypeScript and by AssemblyScript, so this file holds plain numbers and nothing else.
 */
export const Copy = 1;
export const Neg = 2;
export const Abs = 3;
export const Sign = 4;
export const Sqrt = 5;
export const Exp = 6;
export const Expm1 = 7;
export const Log = 8;
export const Log1p = 9;
export const Sin = 10;
export const Cos = 11;
export const Tanh = 12;
export const Sigmoid = 13;
export const Softplus = 14;
export const Erf = 15;
export const Relu = 16;
export const Flush = 17;
export const Floor = 18;
export const FlushRoot = 19;
export const Add = 32;
export const Sub = 33;
export const Mul = 34;
export const Div = 35;
export const Pow = 36;
export const Maximum = 37;
export const Minimum = 38;
export const Greater = 39;
export const GreaterEqual = 40;
export const Equal = 41;
export const MulNoNan = 42;
export const Select = 64;
