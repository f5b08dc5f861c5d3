/**
 * Reads programs back: a decoder written from the layouts in `src/graph/opcodes/` and the rows of the table,
 * not from the encoder. It tells words that are places in the block from words that are sizes or choices.
 */
import type { Node, OperationName } from "../../src/graph/graph.js";
import * as Opcode from "../../src/graph/opcodes/program.js";
import * as Region from "../../src/graph/opcodes/region.js";
import { operations } from "../../src/graph/operations/index.js";
import type { Operation } from "../../src/graph/operations/operation.js";

/** One word of an operand: a place in the block, or anything else. */
export interface Word {
  readonly kind: "place" | "value";
  readonly value: number;
}

export interface Instruction {
  readonly opcode: number;
  readonly words: readonly Word[];
}

/** Operands of instructions that no row states: `p` a place, `v` a value, `b` a place or −1. */
const FORMS: Readonly<Record<number, string>> = {
  [Opcode.End]: "",
  [Opcode.Loop]: "vvv",
  [Opcode.Gemm]: "vvvvvpvpvpvbv",
  [Opcode.BatchGemm]: "vvvvvvvvvpvpvpvbv",
  [Opcode.StridedGemm]: "vvvvvvvvvvvvvvvpvpvpvbv",
  [Opcode.StreamIn]: "pvvv",
  [Opcode.StreamOut]: "pvvv",
};

/** Sets the code to a number of rows, as the machine does. */
export function patched(code: Int32Array, rows: number): Int32Array {
  const result = code.slice();
  const [, count, first] = code;
  const float = new Float32Array(1);
  for (let i = 0; i < count; i++) {
    const [word, base, scale, power, isFloat] = code.subarray(first + 5 * i, first + 5 * i + 5);
    const size = base + scale * rows ** power;
    float[0] = size;
    result[word] = isFloat ? new Int32Array(float.buffer)[0] : size;
  }
  result[0] = rows;
  return result;
}

/** All instructions, those of loops after the loop's own. */
export function decode(code: Int32Array): Instruction[] {
  return decodeFrom(code, code[3]);
}

function decodeFrom(code: Int32Array, start: number): Instruction[] {
  const instructions: Instruction[] = [];
  for (let at = start; ; at += code[at + 1]) {
    const opcode = code[at];
    const isLoop = opcode === Opcode.Loop;
    const operands = [...code.subarray(at + 2, isLoop ? at + 5 : at + code[at + 1])];
    const form = FORMS[opcode] ?? formOf(opcode, operands);
    if (form.length !== operands.length)
      throw new Error(`instruction ${opcode} has ${operands.length} operands`);
    const words = operands.map((value, i): Word => {
      return { kind: form[i] === "p" || (form[i] === "b" && value !== -1) ? "place" : "value", value };
    });
    instructions.push({ opcode, words });
    if (isLoop) {
      const table = code.subarray(at + operands[2], at + code[at + 1]);
      if (table.length !== 2 * operands[1]) throw new Error(`a loop lists ${table.length} words`);
      // the words that move, and by how much
      instructions.push({
        opcode,
        words: [...table].map((value) => ({ kind: "value", value })),
      });
      instructions.push(...decodeFrom(code, at + 5));
    }
    if (opcode === Opcode.End) return instructions;
  }
}

function formOf(opcode: number, operands: readonly number[]): string {
  switch (opcode) {
    case Opcode.Literal:
      return `pv${"v".repeat(operands[1])}`;
    case Opcode.Copy:
      return `ppv${"vvv".repeat(operands[2])}`;
    case Opcode.Elementwise: {
      let form = "vvvv";
      for (let i = 0; i < operands[1]; i++) {
        const kind = operands[form.length];
        if (kind === Region.Immediate) form += "vvv";
        else if (kind === Region.Strided || kind === Region.StridedOutput)
          form += `vpv${"vv".repeat(operands[form.length + Region.Rank])}`;
        else form += "vpv";
      }
      return form + "vvvvvv".repeat(operands[2]);
    }
    default:
      return formOfRow(opcode);
  }
}

/** The form of an instruction whose row of the table states its operands. */
function formOfRow(opcode: number): string {
  for (const name of Object.keys(operations) as OperationName[]) {
    const { lowering } = operations[name] as Operation<OperationName>;
    if (!("instruction" in lowering) || lowering.instruction !== opcode || !lowering.operands) continue;
    // positions do not depend on shapes or attributes
    const windows = { size: [1, 1], strides: [1, 1], dilation: [1, 1], before: [0, 0], after: [0, 0] };
    const attributes = { axis: 0, count: 1, stream: 0, ...windows } as Node["attributes"];
    const operands = lowering.operands({ shapes: [[1, 1], [1]], shape: [1, 1], attributes });
    return Object.values(operands)
      .map((operand) => (operand === "result" || "input" in operand ? "p" : "v"))
      .join("");
  }
  throw new Error(`no instruction ${opcode}`);
}

/** Numbers of one elementwise instruction: registers it needs, and the largest that it names. */
export function registersOf({ words }: Instruction): {
  needed: number;
  named: number;
  operations: number[];
} {
  const [, operands, count, scratch] = words.map(({ value }) => value);
  const instructions = words.slice(words.length - 6 * count).map(({ value }) => value);
  const registers = instructions.filter((_, i) => i % 6 > 0);
  return {
    needed: operands + scratch,
    named: Math.max(...registers) + 1,
    operations: instructions.filter((_, i) => i % 6 === 0),
  };
}
