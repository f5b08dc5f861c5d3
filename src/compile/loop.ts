/**
 * Writes a loop: copies of the first carries into its memory, the instruction with its body, copies of the
 * last carries.
 */
import { isNode, type Node } from "../graph/graph.js";
import * as Code from "../graph/opcodes/code.js";
import * as Opcode from "../graph/opcodes/program.js";
import { type Extent, extent, fixed, type Shape } from "../graph/shape.js";
import type { Unit } from "./fuse.js";
import type { Lowered } from "./lower.js";
import type { Move, Outside, Places } from "./places.js";
import type { View } from "./view.js";
import type { Words } from "./words.js";

/** A body with its memory: the argument of the code that writes its instructions. */
export type PlacedBody = Omit<Lowered, "plan"> & { readonly plan: Places & Pick<Lowered["plan"], "copies"> };

export function encodeLoop(
  { step, views, plan, bodies }: PlacedBody,
  { nodes: [id, ...parts] }: Unit,
  words: Words,
  encodeBody: (body: PlacedBody, words: Words) => void,
): void {
  const loop = step.nodes[id] as Node<"scan">;
  const lowered = bodies.get(id) as Lowered;
  const { next, sequences, steps, reverse } = loop.attributes;
  const moves: Move[] = [];
  const outside = new Map<number, Outside>();
  const bind = (own: number, view: View, moving: boolean): void => {
    const { scale, power } = extent(lowered.step.nodes[own].shape);
    const stride: Extent = { scale: (reverse ? -4 : 4) * scale, power };
    outside.set(own, { places: plan, view, moves, stride: moving ? stride : undefined });
  };
  loop.inputs.forEach((input, i) => {
    if (i >= next.length) bind(i, views[input], i < next.length + sequences);
  });
  for (const part of parts) {
    if (isNode(step.nodes[part], "scanStack")) bind(lowered.step.outputs[part], views[part], true);
  }
  const start = plan.offsets.get(id) as number;
  const offsets = new Map([...lowered.plan.offsets].map(([own, offset]) => [own, start + offset]));
  const body: PlacedBody = { ...lowered, plan: { copies: lowered.plan.copies, offsets, outside } };

  const carry = (i: number): [Places, View] => [body.plan, body.views[i]];
  next.forEach((_, i) => {
    copyWhole(words, [plan, views[loop.inputs[i]]], carry(i), lowered.step.nodes[i].shape);
  });
  const at = words.list.length;
  words.instruction(Opcode.Loop, () => {
    words.push(steps, 0, 0);
    encodeBody(body, words);
    words.instruction(Opcode.End, () => {});
    words.list[at + Code.HEAD_WORDS + Opcode.LoopMoves] = moves.length;
    words.list[at + Code.HEAD_WORDS + Opcode.LoopTable] = words.list.length - at;
    for (const { word, stride } of moves) {
      words.push(word - at);
      words.size(stride);
    }
  });
  for (const part of parts) {
    const node = step.nodes[part];
    if (isNode(node, "scanCarry"))
      copyWhole(words, carry(node.attributes.carry), [plan, views[part]], node.shape);
  }
}

/** A copy of an entire array, row-major in both places. */
function copyWhole(words: Words, from: [Places, View], to: [Places, View], shape: Shape): void {
  words.instruction(Opcode.Copy, () => {
    words.address(...to);
    words.address(...from);
    for (const size of [fixed(1), extent(shape), fixed(1), fixed(1)]) words.size(size);
  });
}
