/**
 * Writes a planned step as the integers that `kernels/machine.ts` runs. Words that depend on the rows of the
 * batch are listed as patches. It decides nothing. Positions of words are named in `graph/opcodes/`.
 */
import { check } from "../errors.js";
import { type AttributesOf, isNode, type Node, type OperationName } from "../graph/graph.js";
import * as Code from "../graph/opcodes/code.js";
import * as Opcode from "../graph/opcodes/program.js";
import { operation } from "../graph/operations/table.js";
import { extent, fixed, ROWS, type Shape } from "../graph/shape.js";
import { kindOf, type Unit } from "./fuse.js";
import { encodeLoop, type PlacedBody } from "./loop.js";
import { matrixOrder } from "./materialize.js";
import { type Places, placeKey } from "./places.js";
import type { Stream } from "./program.js";
import { collapse, type Encoding, encodeFill, encodeRegion } from "./region.js";
import { advance, type Offset, type View } from "./view.js";
import { bitsOf, Words } from "./words.js";

export function encode(lowered: PlacedBody, streams: readonly Stream[], rows: number): Int32Array {
  const words = new Words(rows);
  const { step, plan } = lowered;
  const streamOf = (name: string, direction: Stream["direction"]): number =>
    streams.findIndex((stream) => stream.name === name && stream.direction === direction);
  const stream = (opcode: number, name: string, direction: Stream["direction"], id: number): void => {
    const index = streamOf(name, direction);
    words.instruction(opcode, () => {
      words.operands(plan, {
        [Opcode.StreamBatch]: fixed(plan.offsets.get(id) as number),
        [Opcode.StreamIndex]: fixed(index),
        [Opcode.StreamColumns]: fixed(streams[index].columns),
        [Opcode.StreamRows]: extent([ROWS]),
      });
    });
  };

  for (const [name, id] of Object.entries(step.streamsIn)) stream(Opcode.StreamIn, name, "in", id);
  encodeUnits(lowered, words);
  for (const [name, id] of Object.entries(step.streamsOut)) stream(Opcode.StreamOut, name, "out", id);
  words.instruction(Opcode.End, () => {});

  return assemble(words);
}

/** The code: its header, the patches, the instructions. */
function assemble({ rows, patches, list }: Words): Int32Array {
  const start = Code.HEADER_WORDS + patches.length * Code.PATCH_WORDS;
  const code = new Int32Array(start + list.length);
  code[Code.Rows] = rows;
  code[Code.PatchCount] = patches.length;
  code[Code.FirstPatch] = Code.HEADER_WORDS;
  code[Code.FirstInstruction] = start;
  patches.forEach(({ word, base, scale, power, float }, i) => {
    const at = Code.HEADER_WORDS + i * Code.PATCH_WORDS;
    code[at + Code.PatchWord] = word + start;
    code[at + Code.PatchBase] = base;
    code[at + Code.PatchScale] = scale;
    code[at + Code.PatchPower] = power;
    code[at + Code.PatchIsFloat] = Number(float);
  });
  code.set(list, start);
  return code;
}

/** The instructions of a step, or of one step of a loop. */
function encodeUnits(lowered: PlacedBody, words: Words): void {
  const { step, views, plan, units } = lowered;
  for (const unit of units) encodeUnit(lowered, unit, words);
  for (const { from, to } of plan.copies) {
    copyInto(words, plan, views[from], views[to], step.nodes[to].shape);
  }
}

function encodeUnit(encoding: PlacedBody, unit: Unit, words: Words): void {
  const { step, views, plan } = encoding;
  const node = step.nodes[unit.nodes[0]];
  const result = views[unit.results[0]];
  const { lowering } = operation<OperationName>(node.op);
  if (kindOf(node) === "elementwise") {
    encodeRegion(encoding, unit, words);
    return;
  }
  if (!("instruction" in lowering)) return;
  switch (lowering.instruction) {
    case Opcode.Literal:
      encodeLiteral(words, plan, node, result);
      return;
    case Opcode.Copy:
      encodeMove(encoding, node, words, result);
      return;
    case Opcode.Gemm:
      encodeGemm(encoding, unit, words);
      return;
    case Opcode.Loop:
      encodeLoop(encoding, unit, words, encodeUnits);
      return;
    default:
      encodeOperands(encoding, node, words, result);
  }
}

/** An instruction whose row of the table states its operands. */
function encodeOperands({ step, views, plan }: Encoding, node: Node, words: Words, result: View): void {
  const { lowering } = operation<OperationName>(node.op);
  const { shape, attributes } = node;
  const shapes = node.inputs.map((id) => step.nodes[id].shape);
  check("instruction" in lowering && lowering.operands, () => `no operands of ${node.op}`, "internal");
  const operands = Object.entries(lowering.operands({ shapes, shape, attributes }));
  const placed = operands.map(([position, operand]) => {
    if (operand === "result") return [position, result];
    return [position, "input" in operand ? views[node.inputs[operand.input]] : operand];
  });
  words.instruction(lowering.instruction, () => words.operands(plan, Object.fromEntries(placed)));
}

function encodeGemm({ step, views, plan }: Encoding, unit: Unit, words: Words): void {
  const node = step.nodes[unit.nodes[0]];
  const [a, b] = node.inputs.map((id) => {
    const [view, shape] = [views[id], step.nodes[id].shape];
    const order = matrixOrder(view, shape);
    check(order, "a matrix must be stored by rows or by columns", "internal");
    return { view, depth: shape[shape.length - 1], ...order };
  });
  const [m, n] = node.shape.slice(-2);
  const batch = node.shape.slice(0, -2);
  const { windows } = a.view;
  const opcode = windows ? Opcode.StridedGemm : batch.length > 0 ? Opcode.BatchGemm : Opcode.Gemm;
  words.instruction(opcode, () => {
    if (windows)
      for (const { lengths, strides } of [windows.rows, windows.columns]) words.push(...lengths, ...strides);
    if (batch.length > 0)
      words.operands(plan, {
        [Opcode.BatchCount]: extent(batch),
        [Opcode.BatchStrideA]: a.apart,
        [Opcode.BatchStrideB]: b.apart,
        [Opcode.BatchStrideC]: extent([m, n]),
      });
    words.operands(plan, {
      [Opcode.GemmTransA]: fixed(Number(a.transposed)),
      [Opcode.GemmTransB]: fixed(Number(b.transposed)),
      [Opcode.GemmM]: extent([m]),
      [Opcode.GemmN]: extent([n]),
      [Opcode.GemmK]: extent([a.depth]),
      [Opcode.GemmA]: a.view,
      [Opcode.GemmLda]: a.leading,
      [Opcode.GemmB]: b.view,
      [Opcode.GemmLdb]: b.leading,
      [Opcode.GemmC]: views[unit.results[0]],
      [Opcode.GemmLdc]: extent([n]),
      [Opcode.GemmBias]: unit.bias === undefined ? fixed(Opcode.NO_BIAS) : views[unit.bias],
      [Opcode.GemmActivation]: fixed(unit.activation ?? Opcode.NO_ACTIVATION),
    });
  });
}

function encodeLiteral(words: Words, plan: Places, node: Node, result: View): void {
  words.instruction(Opcode.Literal, () => {
    words.operands(plan, { [Opcode.LiteralTarget]: result, [Opcode.LiteralCount]: extent(node.shape) });
    if (isNode(node, "count")) words.size({ ...extent(node.attributes.of), float: true });
    else words.push(...(node.attributes as AttributesOf["constant"]).values.map(bitsOf));
  });
}

/** Pads and concatenations: strided copies into parts of the result, after zeros where it is padded. */
function encodeMove({ step, views, plan }: Encoding, node: Node, words: Words, result: View): void {
  if (node.op === "pad") {
    encodeFill(words, plan, result, extent(node.shape), 0);
  }
  let start = 0;
  for (const input of node.inputs) {
    const { shape } = step.nodes[input];
    const begin =
      node.op === "pad"
        ? (node.attributes as AttributesOf["pad"]).before
        : shape.map((_, axis) => (axis === (node.attributes as AttributesOf["concat"]).axis ? start : 0));
    if (node.op === "concat") start += shape[(node.attributes as AttributesOf["concat"]).axis];
    const offset = begin.reduce<Offset>((at, b, axis) => advance(at, b, result.strides[axis]), result.offset);
    const target: View = { ...result, offset };
    // unless it was computed in place
    if (placeKey(plan, target) !== placeKey(plan, views[input]))
      copyInto(words, plan, views[input], target, shape);
  }
}

/** A strided copy. Strides are those of the views; one element is a vector of one. */
function copyInto(words: Words, plan: Places, from: View, to: View, shape: Shape): void {
  const axes = collapse(shape, to.strides, from.strides);
  if (axes.length === 0) axes.push({ size: fixed(1), strides: [fixed(1), fixed(1)] });
  words.instruction(Opcode.Copy, () => {
    words.operands(plan, {
      [Opcode.CopyTarget]: to,
      [Opcode.CopySource]: from,
      [Opcode.CopyRank]: fixed(axes.length),
    });
    for (const { size, strides } of axes) {
      words.operands(plan, {
        [Opcode.CopyAxisLength]: size,
        [Opcode.CopyAxisTargetStride]: strides[0],
        [Opcode.CopyAxisSourceStride]: strides[1],
      });
    }
  });
}
