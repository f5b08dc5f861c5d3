/**
 * Writes a region of elementwise nodes as a register program for `kernels/elementwise/machine.ts`:
 * finds its operands, gives registers, and orders the writes.
 */
import { type AttributesOf, isNode, type Node } from "../graph/graph.js";
import * as Elementwise from "../graph/opcodes/elementwise.js";
import * as Opcode from "../graph/opcodes/program.js";
import { type Extent, extent, type Shape } from "../graph/shape.js";
import type { Encoding } from "./encode.js";
import { kindOf, type Unit } from "./fuse.js";
import { passesOf } from "./passes.js";
import type { Plan } from "./plan.js";
import { isContiguous, sameExtent, type View } from "./view.js";
import { bitsOf, dimension, type Words } from "./words.js";

/** Kinds of operands, as `kernels/elementwise/machine.ts` reads them. */
const DIRECT = 0;
const SCALAR = 1;
const IMMEDIATE = 2;
const STRIDED = 3;

/** A register that stands for memory or for a number; `write` appends its words. */
interface Operand {
  /** Equal for operands that are the same elements. */
  readonly key: string;
  readonly write: () => void;
}

export function encodeRegion(encoding: Encoding, unit: Unit, words: Words): void {
  const { step, views } = encoding;
  const passes = passesOf(unit, step.nodes);
  const position = new Map(passes.map(({ id }, index) => [id, index]));
  const shape = step.nodes[unit.nodes[0]].shape;

  // Operands: what is read from outside, then what is left in memory.
  const operands: Operand[] = [];
  const operandOf = (operand: Operand): number => {
    const found = operands.findIndex(({ key }) => key === operand.key);
    return found >= 0 ? found : operands.push(operand) - 1;
  };
  const reads = passes.map(({ inputs }) =>
    inputs.map((input) =>
      position.has(input) ? undefined : operandOf(readOperand(encoding, input, shape, words)),
    ),
  );
  const inputCount = operands.length;
  const outputs = new Map<number, number>();
  for (const id of unit.results) {
    outputs.set(
      id,
      operands.push({
        key: directKey(encoding.plan, views[id]),
        write: direct(words, encoding.plan, views[id], 1),
      }) - 1,
    );
  }

  // A result that lies over an operand may be written only after the operand's last read.
  const lastRead = new Map<number, number>();
  reads.forEach((inputs, index) => {
    for (const operand of inputs) if (operand !== undefined) lastRead.set(operand, index);
  });
  const written = (id: number): number | undefined => {
    const output = outputs.get(id);
    if (output === undefined) return undefined;
    const under = operands.slice(0, inputCount).findIndex(({ key }) => key === operands[output].key);
    return under >= 0 && (lastRead.get(under) ?? -1) > (position.get(id) as number) ? undefined : output;
  };

  const registers = new Registers(operands.length);
  const lastUse = passes.map((_, index) => index);
  passes.forEach(({ inputs }, index) => {
    for (const input of inputs) {
      const at = position.get(input);
      if (at !== undefined) lastUse[at] = index;
    }
  });
  const late = unit.results.filter((id) => written(id) === undefined);
  for (const id of late) lastUse[position.get(id) as number] = passes.length;

  const place: number[] = [];
  const instructions = passes.map(({ id, operation, inputs }, index) => {
    const sources = inputs.map((input, i) => reads[index][i] ?? place[position.get(input) as number]);
    lastUse.forEach((last, member) => {
      if (last === index && member < index) registers.free(place[member]);
    });
    place[index] = written(id) ?? registers.take();
    const [a, b = a, c = a, d = a] = sources;
    return [operation, place[index], a, b, c, d];
  });
  for (const id of late) {
    const from = place[position.get(id) as number];
    instructions.push([Elementwise.Move, outputs.get(id) as number, from, from, from, from]);
  }

  words.instruction(Opcode.Elementwise, () => {
    words.size(extent(shape));
    words.push(operands.length, instructions.length, registers.count);
    for (const operand of operands) operand.write();
    for (const instruction of instructions) words.push(...instruction);
  });
}

/** Writes one number to every element of a view that lies in order. */
export function encodeFill(words: Words, plan: Plan, view: View, size: Extent, value: number): void {
  words.instruction(Opcode.Elementwise, () => {
    words.size(size);
    words.push(2, 1, 0);
    words.push(IMMEDIATE, bitsOf(value), 0);
    direct(words, plan, view, 1)();
    words.push(Elementwise.Move, 1, 0, 0, 0, 0);
  });
}

/** Scratch registers after the operands, reused as soon as they are free. */
class Registers {
  count = 0;
  private readonly spare: number[] = [];

  constructor(private readonly first: number) {}

  take(): number {
    return this.spare.pop() ?? this.first + this.count++;
  }

  free(register: number): void {
    if (register >= this.first) this.spare.push(register);
  }
}

function direct(words: Words, plan: Plan, view: View, isOutput: number): () => void {
  return () => {
    words.push(DIRECT);
    words.address(plan, view);
    words.push(isOutput);
  };
}

function directKey(plan: Plan, view: View): string {
  const { base, scale, power } = view.offset;
  return `direct ${(plan.offsets.get(view.root) as number) + base * 4} ${power > 0 ? scale : 0}`;
}

/** The operand behind an input of a region, by how its elements lie. */
function readOperand({ step, views, plan }: Encoding, id: number, shape: Shape, words: Words): Operand {
  const source = behindBroadcast(step.nodes, id);
  if (kindOf(source) === "scalar") return immediate(source, words);
  const view = views[id];
  if (isContiguous(view, shape)) return { key: directKey(plan, view), write: direct(words, plan, view, 0) };
  const axes = collapse(shape, view.strides);
  const place = `${directKey(plan, view)} ${JSON.stringify(axes)}`;
  if (axes.every(({ stride }) => stride.scale === 0)) {
    return {
      key: `scalar ${place}`,
      write: () => {
        words.push(SCALAR);
        words.address(plan, view);
        words.push(0);
      },
    };
  }
  return {
    key: `strided ${place}`,
    write: () => {
      words.push(STRIDED);
      words.address(plan, view);
      words.push(axes.length);
      for (const { size, stride } of axes) {
        words.size(size);
        words.size(stride);
      }
    },
  };
}

function behindBroadcast(nodes: readonly Node[], id: number): Node {
  const node = nodes[id];
  return node.op === "broadcast" ? behindBroadcast(nodes, node.inputs[0]) : node;
}

function immediate(node: Node, words: Words): Operand {
  const size = isNode(node, "count") ? extent(node.attributes.of) : undefined;
  const value = size ? 0 : (node.attributes as AttributesOf["constant"]).values[0];
  return {
    key: size ? `count ${JSON.stringify(size)}` : `immediate ${bitsOf(value)}`,
    write: () => {
      words.push(IMMEDIATE);
      if (size) words.size(size, true);
      else words.push(bitsOf(value));
      words.push(0);
    },
  };
}

/** The fewest axes that visit the same elements in the same order. */
export function collapse(shape: Shape, strides: readonly Extent[]): { size: Extent; stride: Extent }[] {
  const axes: { size: Extent; stride: Extent }[] = [];
  shape.forEach((dim, axis) => {
    if (dim === 1) return;
    const size = dimension(dim);
    const stride = strides[axis];
    const outer = axes[axes.length - 1];
    if (outer !== undefined && sameExtent(outer.stride, product(stride, size))) {
      axes[axes.length - 1] = { size: product(outer.size, size), stride };
    } else {
      axes.push({ size, stride });
    }
  });
  return axes;
}

function product(a: Extent, b: Extent): Extent {
  return { scale: a.scale * b.scale, power: a.power + b.power };
}
