/**
 * Operations of the elementwise machine, `kernels/elementwise/machine.ts`. Compiled by TypeScript and by
 * AssemblyScript, so these are plain numbers and nothing else.
 */
export const None = 0;
export const Move = 1;
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
export const Select = 64;
// Several operations in one pass, each rounded (`src/compile/passes.ts`). Sources are a, b, c, d.
/** √a + b. */
export const SqrtAdd = 96;
/** √(a + b). */
export const AddSqrt = 97;
/** a · b + c. */
export const MulAdd = 98;
/** a · b − c. */
export const MulSub = 99;
/** c − a · b. */
export const MulSubFrom = 100;
/** a · b / c. */
export const MulDiv = 101;
/** a / b · c. */
export const DivMul = 102;
/** (a > b) · c. */
export const GreaterMul = 103;
/** flush(a) · b. */
export const FlushMul = 104;
/** flush(a) · b + c. */
export const FlushMulAdd = 105;
/** d − a / b · c. */
export const DivMulSubFrom = 106;
/** √((flush(a) + b) / (c + b)) · d. */
export const RatioRoot = 107;
/** flush(a) · b + c · d, where b and d are one number each. */
export const FlushAxpby = 108;
/** flush(a) · b + c² · d, where b and d are one number each. */
export const FlushAxpbySquare = 109;
