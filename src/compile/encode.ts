/**
 * Writes a planned step as the integers that `kernels/machine.ts` runs. Words that depend
 * on the rows of the batch are listed as patches. It decides nothing.
 */
import type { AttributesOf, Node } from "../graph/graph.js";
import * as Opcode from "../graph/opcodes/program.js";
import { operation } from "../graph/operations/index.js";
import { extent, ROWS, type Shape } from "../graph/shape.js";
import { kindOf, type Unit } from "./fuse.js";
import { matrixOrder } from "./materialize.js";
import type { Plan } from "./plan.js";
import type { StepGraph, Stream } from "./program.js";
import { encodeFill, encodeRegion } from "./region.js";
import { advance, type Offset, type View } from "./view.js";
import { bitsOf, dimension, Words } from "./words.js";

export interface Encoding {
  readonly step: StepGraph;
  readonly views: readonly View[];
  readonly plan: Plan;
}

export function encode(
  encoding: Encoding,
  units: readonly Unit[],
  streams: readonly Stream[],
  rows: number,
): Int32Array {
  const words = new Words(rows);
  const { step, plan, views } = encoding;
  const streamOf = (name: string, direction: Stream["direction"]): number =>
    streams.findIndex((stream) => stream.name === name && stream.direction === direction);
  const stream = (opcode: number, name: string, direction: Stream["direction"], id: number): void => {
    const index = streamOf(name, direction);
    words.instruction(opcode, () => {
      words.push(plan.offsets.get(id) as number, index, streams[index].columns);
      words.size(dimension(ROWS));
    });
  };

  for (const [name, id] of Object.entries(step.streamsIn)) stream(Opcode.StreamIn, name, "in", id);
  for (const unit of units) encodeUnit(encoding, unit, words);
  for (const { from, to } of plan.copies) {
    copyInto(words, plan, views[from], views[to], step.nodes[to].shape);
  }
  for (const [name, id] of Object.entries(step.streamsOut)) stream(Opcode.StreamOut, name, "out", id);
  words.instruction(Opcode.End, () => {});

  const HEADER = 4;
  const PATCH = 5;
  const start = HEADER + words.patches.length * PATCH;
  const patches = words.patches.flatMap(({ word, base, scale, power, float }) => {
    return [word + start, base, scale, power, Number(float)];
  });
  return Int32Array.from([rows, words.patches.length, HEADER, start].concat(patches, words.list));
}

function encodeUnit(encoding: Encoding, unit: Unit, words: Words): void {
  const { step, views, plan } = encoding;
  const [id] = unit.nodes;
  const node = step.nodes[id];
  const view = (position: number): View => views[node.inputs[position]];
  const shape = (position: number): Shape => step.nodes[node.inputs[position]].shape;
  const result = views[unit.results[0]];
  const { lowering } = operation(node.op);
  if (kindOf(node) === "elementwise") {
    encodeRegion(encoding, unit, words);
    return;
  }
  if (!("instruction" in lowering)) return;
  const opcode = lowering.instruction;
  switch (opcode) {
    case Opcode.Literal:
      encodeLiteral(words, plan, node, result);
      return;
    case Opcode.Copy:
      encodeMove(encoding, node, words, result);
      return;
    default:
  }
  words.instruction(opcode, () => {
    switch (opcode) {
      case Opcode.Random:
        words.address(plan, result);
        words.size(extent(node.shape));
        words.push((node.attributes as AttributesOf["random"]).stream);
        return;
      case Opcode.Step:
        words.address(plan, result);
        return;
      case Opcode.Sum:
      case Opcode.Max: {
        const { axis, count } = node.attributes as AttributesOf["sum"];
        words.address(plan, result);
        words.address(plan, view(0));
        words.size(extent(shape(0).slice(0, axis)));
        words.size(extent(shape(0).slice(axis, axis + count)));
        words.size(extent(shape(0).slice(axis + count)));
        return;
      }
      case Opcode.Softmax:
        words.address(plan, result);
        words.address(plan, view(0));
        words.size(extent(node.shape.slice(0, -1)));
        words.push(node.shape[node.shape.length - 1], node.op === "logSoftmax" ? 1 : 0);
        return;
      case Opcode.Gemm:
        encodeGemm(encoding, unit, words);
        return;
      case Opcode.TakeRows:
        words.address(plan, result);
        words.address(plan, view(0));
        for (const dim of shape(0)) words.size(dimension(dim));
        words.address(plan, view(1));
        words.size(extent(shape(1)));
        return;
      case Opcode.ScatterRows:
        words.address(plan, result);
        words.address(plan, view(0));
        for (const dim of node.shape) words.size(dimension(dim));
        words.address(plan, view(1));
        words.size(extent(shape(1)));
        return;
      default:
        throw new Error(`no encoding for opcode ${opcode}`);
    }
  });
}

function encodeGemm({ step, views, plan }: Encoding, unit: Unit, words: Words): void {
  const node = step.nodes[unit.nodes[0]];
  const operands = node.inputs.map((id) => {
    const [view, shape] = [views[id], step.nodes[id].shape];
    const transposed = matrixOrder(view, shape)?.transposed ?? false;
    return { view, shape, transposed, leading: view.strides[transposed ? 1 : 0] };
  });
  words.push(...operands.map(({ transposed }) => Number(transposed)));
  const [m, n] = node.shape;
  for (const dim of [m, n, operands[0].shape[1]]) words.size(dimension(dim));
  for (const { view, leading } of operands) {
    words.address(plan, view);
    words.size(leading);
  }
  words.address(plan, views[unit.results[0]]);
  words.size(dimension(n));
  if (unit.bias === undefined) words.push(-1);
  else words.address(plan, views[unit.bias]);
  words.push(unit.activation ?? 0);
}

function encodeLiteral(words: Words, plan: Plan, node: Node, result: View): void {
  words.instruction(Opcode.Literal, () => {
    words.address(plan, result);
    words.size(extent(node.shape));
    if (node.op === "count") {
      words.size(extent((node.attributes as AttributesOf["count"]).of), true);
    } else {
      words.push(...(node.attributes as AttributesOf["constant"]).values.map(bitsOf));
    }
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
    if (!samePlace(plan, target, views[input])) copyInto(words, plan, views[input], target, shape);
  }
}

/** Whether a part was computed where it belongs. */
function samePlace(plan: Plan, target: View, source: View): boolean {
  const place = ({ root, offset }: View): string =>
    `${(plan.offsets.get(root) as number) + offset.base * 4}+${offset.power > 0 ? offset.scale : 0}`;
  return source.offset.power === 0 && target.offset.power === 0 && place(target) === place(source);
}

/** A strided copy. Strides are those of the views; a scalar is a vector of one. */
function copyInto(words: Words, plan: Plan, from: View, to: View, shape: Shape): void {
  words.instruction(Opcode.Copy, () => {
    words.address(plan, to);
    words.address(plan, from);
    words.push(Math.max(1, shape.length));
    if (shape.length === 0) words.push(1, 1, 1);
    shape.forEach((dim, axis) => {
      words.size(dimension(dim));
      words.size(to.strides[axis]);
      words.size(from.strides[axis]);
    });
  });
}
