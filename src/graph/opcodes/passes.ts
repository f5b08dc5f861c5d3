/**
 * Several elementwise operations in one pass of the elementwise machine, each rounded
 * (`src/compile/passes.ts`). Sources are a, b, c, d. Numbers continue those of `elementwise.ts`. Compiled by
 * TypeScript and by AssemblyScript.
 */
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
/** flushRoot(c − a · flushRoot(b)). */
export const FlushRootMulSubFrom = 104;
/** flushRoot(d − a / b · c). */
export const FlushRootDivMulSubFrom = 105;
/** d − a / b · c. */
export const DivMulSubFrom = 106;
/** √((a + b) / (c + b)) · d. */
export const RatioRoot = 107;
/** flush(a · b + flushRoot(c) · d), where b and d are one number each. */
export const FlushAxpby = 108;
/** flush(a · b + flushRoot(c)² · d), where b and d are one number each. */
export const FlushAxpbySquare = 109;
/** softplus(−b) · a + softplus(b) · c, each 0 if its factor a or c is: the cross-entropy of two classes. */
export const CrossEntropy = 110;
/** flushRoot(a · sigmoid(b) − c · sigmoid(−b)), the slope of that. */
export const FlushRootCrossEntropySlope = 111;
/** a · (b · (c − b)): a gradient through a sigmoid, where c is 1. */
export const LogisticSlope = 112;
/** a · d · (b · (c − b)). */
export const LogisticSlopeOfProduct = 113;
/** a · (c − b²): a gradient through a tanh, where c is 1. */
export const TanhSlope = 114;
/** a · d · (c − b²). */
export const TanhSlopeOfProduct = 115;
/** flushRoot(a − b). */
export const FlushRootSub = 116;
/** flushRoot(a + b). */
export const FlushRootAdd = 117;
/** a · flushRoot(b). */
export const FlushRootMul = 118;
/** a · flushRoot(b) / c. */
export const FlushRootMulDiv = 119;
/** flush(a · b − c). */
export const FlushMulSub = 120;

// Two passes in one loop, where the second reads the result of the first as its a: the words of both follow
// each other, with the number of the pair as the operation of the first.
export const FIRST_PAIR = 128;
/** FlushAxpbySquare, then SqrtAdd. */
export const FlushAxpbySquareSqrtAdd = 128;
/** FlushAxpby, then FlushRootDivMulSubFrom. */
export const FlushAxpbyFlushRootDivMulSubFrom = 129;
