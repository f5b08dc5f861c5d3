/**
 * The words of a program's code: a header, patches, instructions. `src/compile/encode.ts` writes them and
 * `kernels/machine.ts` runs them. Offsets are relative to the run's block, so the code may be moved. Compiled
 * by TypeScript and by AssemblyScript.
 */

// Header
/** Rows that the code is set to. */
export const Rows = 0;
export const PatchCount = 1;
/** Index of the first word of the patches. */
export const FirstPatch = 2;
/** Index of the first word of the instructions. */
export const FirstInstruction = 3;
export const HEADER_WORDS = 4;

// A patch: when the rows change, word `PatchWord` becomes base + scale × rows^power, as a float32 if
// `PatchIsFloat`
export const PatchWord = 0;
export const PatchBase = 1;
export const PatchScale = 2;
export const PatchPower = 3;
export const PatchIsFloat = 4;
export const PATCH_WORDS = 5;

// The head of an instruction; its operands follow, as `program.ts` names them
export const Opcode = 0;
/** Words of the instruction, these two among them. */
export const Length = 1;
export const HEAD_WORDS = 2;
