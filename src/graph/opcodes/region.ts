/**
 * The words of an elementwise instruction, which `src/compile/region.ts` writes and
 * `kernels/elementwise/machine.ts` runs: a head, then operands, then register instructions. Offsets are in
 * bytes from the run's block. Compiled by TypeScript and by AssemblyScript.
 */

/** Most registers of one region, operands and scratch together. */
export const MAX_REGISTERS = 64;

// Head
/** Elements of each operand. */
export const Length = 0;
export const OperandCount = 1;
export const InstructionCount = 2;
export const ScratchCount = 3;
export const HEAD_WORDS = 4;

// An operand: its kind, a place or a number, and one more word
export const Kind = 0;
/** Offset of the elements; the bits of the number for `Immediate`. */
export const Source = 1;
/** For `Direct`: 1 if the region writes it, else 0. Unused for `Scalar` and `Immediate`. */
export const IsOutput = 2;
/** For `Strided` and `StridedOutput`: how many axes follow the operand. */
export const Rank = 2;
export const OPERAND_WORDS = 3;

// Kinds of operands
/** Row-major, in memory. */
export const Direct = 0;
/** One number in memory. */
export const Scalar = 1;
/** One number in the program. */
export const Immediate = 2;
/** In memory with a stride for each axis. */
export const Strided = 3;
/** The same, written by the region; no element of it is read by the region. */
export const StridedOutput = 4;

// An axis of a strided operand, the last axis fastest
export const AxisLength = 0;
/** In elements. */
export const AxisStride = 1;
export const AXIS_WORDS = 2;

// A register instruction: an opcode of `elementwise.ts` or `passes.ts`, and registers (operands first, then
// scratch)
export const Operation = 0;
export const Destination = 1;
export const A = 2;
export const B = 3;
export const C = 4;
export const D = 5;
export const INSTRUCTION_WORDS = 6;
