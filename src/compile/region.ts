/**
 * Writes a region of elementwise nodes as a register program for `kernels/elementwise/machine.ts`:
 * finds its operands, assigns registers, and orders the writes.
 */
import { type AttributesOf, isNode, type Node } from "../graph/graph.js";
import * as Elementwise from "../graph/opcodes/elementwise.js";
import * as Opcode from "../graph/opcodes/program.js";
import * as Region from "../graph/opcodes/region.js";
import { type Extent, extent, fixed, type Shape } from "../graph/shape.js";
import { kindOf, type Unit } from "./fuse.js";
import { passesOf } from "./passes.js";
import { type Places, placeKey } from "./places.js";
import type { StepGraph } from "./program.js";
import { isContiguous, product, sameExtent, type View } from "./view.js";
import { bitsOf, type Size, type Words } from "./words.js";

/** A planned step: its operations, and the places of its arrays. */
export interface Encoding {
  readonly step: StepGraph;
  readonly views: readonly View[];
  readonly plan: Places;
}

/** An operand in memory or a number, which has a register; `write` appends its words. */
interface Operand {
  /** Equal for operands with the same elements. */
  readonly key: string;
  readonly write: () => void;
}

export function encodeRegion(encoding: Encoding, unit: Unit, words: Words): void {
  const { step } = encoding;
  const passes = passesOf(unit, step.nodes);
  const position = new Map(passes.map(({ id }, index) => [id, index]));
  const shape = step.nodes[unit.nodes[0]].shape;

  // Operands: first values from outside, then results in memory.
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
    outputs.set(id, operands.push(resultOperand(encoding, id, shape, words)) - 1);
  }

  // A result that shares an operand's memory may be written only after the operand's last read.
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
    return { operation, destination: place[index], sources };
  });
  for (const id of late) {
    const from = place[position.get(id) as number];
    const destination = outputs.get(id) as number;
    instructions.push({ operation: Elementwise.Copy, destination, sources: [from] });
  }

  words.instruction(Opcode.Elementwise, () => {
    writeRegion(encoding.plan, words, extent(shape), operands, instructions, registers.count);
  });
}

/** Writes one number to every element of a view in row-major order. */
export function encodeFill(words: Words, plan: Places, view: View, size: Extent, value: number): void {
  words.instruction(Opcode.Elementwise, () => {
    const operands = [number(words, plan, fixed(bitsOf(value))), direct(words, plan, view, 1)];
    const fill = { operation: Elementwise.Copy, destination: 1, sources: [0] };
    writeRegion(
      plan,
      words,
      size,
      operands.map((write) => ({ write })),
      [fill],
      0,
    );
  });
}

/** An operation of the machine on registers. */
interface RegisterInstruction {
  readonly operation: number;
  readonly destination: number;
  /** One to four. */
  readonly sources: readonly number[];
}

function writeRegion(
  plan: Places,
  words: Words,
  size: Extent,
  operands: readonly Pick<Operand, "write">[],
  instructions: readonly RegisterInstruction[],
  scratchCount: number,
): void {
  words.operands(plan, {
    [Region.Length]: size,
    [Region.OperandCount]: fixed(operands.length),
    [Region.InstructionCount]: fixed(instructions.length),
    [Region.ScratchCount]: fixed(scratchCount),
  });
  for (const operand of operands) operand.write();
  for (const { operation, destination, sources } of instructions) {
    const [a, b = a, c = a, d = a] = sources;
    words.operands(plan, {
      [Region.Operation]: fixed(operation),
      [Region.Destination]: fixed(destination),
      [Region.A]: fixed(a),
      [Region.B]: fixed(b),
      [Region.C]: fixed(c),
      [Region.D]: fixed(d),
    });
  }
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

function direct(words: Words, plan: Places, view: View, isOutput: 0 | 1): () => void {
  return () =>
    words.operands(plan, {
      [Region.Kind]: fixed(Region.Direct),
      [Region.Source]: view,
      [Region.IsOutput]: fixed(isOutput),
    });
}

/** An operand that is one number: of the program, as the bits of `size`, or in memory at a view. */
function number(words: Words, plan: Places, source: Size | View): () => void {
  return () =>
    words.operands(plan, {
      [Region.Kind]: fixed("root" in source ? Region.Scalar : Region.Immediate),
      [Region.Source]: source,
      [Region.IsOutput]: fixed(0),
    });
}

function directKey(plan: Places, view: View): string {
  return `direct ${placeKey(plan, view)}`;
}

/** Where a result of a region is stored: in its own memory, or as a part of another array. */
function resultOperand({ views, plan }: Encoding, id: number, shape: Shape, words: Words): Operand {
  const view = views[id];
  if (isContiguous(view, shape)) return { key: directKey(plan, view), write: direct(words, plan, view, 1) };
  const axes = collapse(shape, view.strides);
  return { key: `part ${id}`, write: strided(words, plan, view, axes, Region.StridedOutput) };
}

/** The operand behind an input of a region, by the layout of its elements. */
function readOperand({ step, views, plan }: Encoding, id: number, shape: Shape, words: Words): Operand {
  const source = behindBroadcast(step.nodes, id);
  if (kindOf(source) === "scalar") return immediate(source, words, plan);
  const view = views[id];
  if (isContiguous(view, shape)) return { key: directKey(plan, view), write: direct(words, plan, view, 0) };
  const axes = collapse(shape, view.strides);
  const place = `${directKey(plan, view)} ${JSON.stringify(axes)}`;
  if (axes.every(({ strides: [stride] }) => stride.scale === 0)) {
    return { key: `scalar ${place}`, write: number(words, plan, view) };
  }
  return { key: `strided ${place}`, write: strided(words, plan, view, axes, Region.Strided) };
}

function strided(
  words: Words,
  plan: Places,
  view: View,
  axes: readonly Axis[],
  kind: typeof Region.Strided | typeof Region.StridedOutput,
): () => void {
  return () => {
    words.operands(plan, {
      [Region.Kind]: fixed(kind),
      [Region.Source]: view,
      [Region.Rank]: fixed(axes.length),
    });
    for (const { size, strides } of axes) {
      words.operands(plan, { [Region.AxisLength]: size, [Region.AxisStride]: strides[0] });
    }
  };
}

function behindBroadcast(nodes: readonly Node[], id: number): Node {
  const node = nodes[id];
  return node.op === "broadcast" ? behindBroadcast(nodes, node.inputs[0]) : node;
}

function immediate(node: Node, words: Words, plan: Places): Operand {
  if (isNode(node, "count")) {
    const size = extent(node.attributes.of);
    return { key: `count ${JSON.stringify(size)}`, write: number(words, plan, { ...size, float: true }) };
  }
  const bits = bitsOf((node.attributes as AttributesOf["constant"]).values[0]);
  return { key: `immediate ${bits}`, write: number(words, plan, fixed(bits)) };
}

/** An axis of arrays of one shape, with the stride of each. */
interface Axis {
  readonly size: Extent;
  readonly strides: readonly Extent[];
}

/** The fewest axes that visit the same elements in the same order, of arrays of one shape. */
export function collapse(shape: Shape, ...arrays: readonly (readonly Extent[])[]): Axis[] {
  const axes: Axis[] = [];
  shape.forEach((dim, axis) => {
    if (dim === 1) return;
    const size = extent([dim]);
    const strides = arrays.map((array) => array[axis]);
    const outer = axes[axes.length - 1];
    if (outer?.strides.every((stride, i) => sameExtent(stride, product(strides[i], size)))) {
      axes[axes.length - 1] = { size: product(outer.size, size), strides };
    } else {
      axes.push({ size, strides });
    }
  });
  return axes;
}
