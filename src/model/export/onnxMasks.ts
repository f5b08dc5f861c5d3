/**
 * Masks of steps in an ONNX file, which has none of its own: each is a value, `bool [rows, steps]`, that `Where` reads. What only some
 * windows or places of a mask would say is refused.
 */
import { check, show } from "../../errors.js";
import type { Layer } from "../../nn/layers/layer.js";
import type { LayerDescription } from "../../predict/description.js";
import { countsSteps, maskOfResult } from "./masks.js";
import { Batch, type Context, float, type Made } from "./onnxBatch.js";
import { ELEMENT, type Graph } from "./onnxGraph.js";

/** Layers whose results at a step follow from that step, once they are trained. */
const APART = ["batchNormalization", "timeDistributed"];
/** Poolings over all steps, which read masks. */
const OVER_ALL = /^global/;

/** A batch, and 0 at the steps that do not count. */
export function zeroed(graph: Graph, x: Batch): Batch {
  if (x.mask === undefined || x.isZeroed) return x;
  const value = graph.node("Where", [besideSteps(graph, x.mask, x.shape.length), x.value, float(graph, 0)]);
  return new Batch(graph, value, x.shape, x.mask, true);
}

/** A mask that broadcasts to rows of `rank` axes. */
export function besideSteps(graph: Graph, mask: string, rank: number): string {
  if (rank < 2) return mask;
  return graph.node("Unsqueeze", [mask, graph.integers(Array.from({ length: rank - 1 }, (_, i) => i + 2))]);
}

/** What the nodes of a layer are given. @throws FettleError `unsupported` for masks that they do not read as the layer does */
export function givenTo(
  graph: Graph,
  layer: Layer,
  described: LayerDescription,
  inputs: readonly Batch[],
): readonly Batch[] {
  const isMasked = inputs.some(({ mask }) => mask !== undefined);
  if (!isMasked || layer.stepwise || APART.includes(described.name)) return inputs;
  check(!countsSteps(described) || OVER_ALL.test(described.name), () => refusal(described.id), "unsupported");
  return inputs.map((each) => zeroed(graph, each));
}

/** The result of a layer with its mask. @throws FettleError `unsupported` for a mask that this format cannot have */
export function withMask(
  { graph, layer: described, inputs, shape }: Context,
  layer: Layer,
  made: Made,
): Batch {
  const mask = maskOfResult(layer, described.id, inputs, shape);
  const isNew = mask !== undefined && inputs.every((each) => each.mask !== mask);
  if (!isNew) return new Batch(graph, made, shape, mask);
  const own = Object.hasOwn(MAKERS, described.name) ? MAKERS[described.name] : undefined;
  check(own, () => refusal(described.id), "unsupported");
  const [{ mask: before, value }] = inputs;
  const counts = graph.node("Not", [own(graph, value, described.options)]);
  const name = before === undefined ? counts : graph.node("And", [before, counts]);
  return zeroed(graph, new Batch(graph, made, shape, name));
}

const refusal = (id: string): string =>
  `layer ${show(id)} must take sequences without a mask to be exported to ONNX; received one of masking or maskZero. Use fettle/predict, or global pooling in its place`;

/** What does not count, `bool [rows, steps]`, by the layers that make masks. */
const MAKERS: Readonly<
  Record<string, (graph: Graph, x: string, options: Readonly<Record<string, unknown>>) => string>
> = {
  embedding: (graph, ids) => graph.node("Equal", [ids, float(graph, 0)]),
  masking(graph, x, { maskValue = 0 }) {
    const isEqual = graph.node("Equal", [x, float(graph, Number(maskValue))]);
    const equal = graph.node("Cast", [isEqual], { to: ELEMENT.float });
    const all = graph.node("ReduceMin", [equal], { axes: [2], keepdims: 0 });
    return graph.node("Cast", [all], { to: ELEMENT.bool });
  },
};
