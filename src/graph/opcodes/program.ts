/**
 * Instructions of the program machine; `kernels/machine.ts` gives their operands. Compiled by TypeScript and by
 * AssemblyScript, so these are plain numbers and nothing else.
 */
export const End = 0;
export const Elementwise = 1;
export const Copy = 2;
export const Literal = 3;
export const Sum = 4;
export const Max = 5;
export const Softmax = 6;
export const Gemm = 7;
export const Random = 8;
export const Step = 9;
export const TakeRows = 10;
export const ScatterRows = 11;
export const StreamIn = 12;
export const StreamOut = 13;
