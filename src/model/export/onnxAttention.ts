/** Attention of several heads in an ONNX file, by elementary operators: opset 17 has none of its own. */
import { type Batch, float, type Nodes } from "./onnxBatch.js";
import type { Graph } from "./onnxGraph.js";

/** As in the layer: the weight of a step that may not be seen is 0. */
const HIDDEN = -1e30;

/** The softmax of scores, over the steps that the masks of value and key leave; 0 where there is none. */
function shared(graph: Graph, scores: string, masks: readonly (string | undefined)[]): string {
  const own = [...new Set(masks)].filter((mask) => mask !== undefined);
  if (own.length === 0) return graph.node("Softmax", [scores], { axis: 3 });
  const both = own.reduce((all, mask) => graph.node("And", [all, mask]));
  const isSeen = graph.node("Unsqueeze", [both, graph.integers([1, 2])]); // [rows, 1, 1, others]
  const seen = graph.node("Where", [isSeen, scores, float(graph, HIDDEN)]);
  const shares = graph.node("Softmax", [seen], { axis: 3 });
  return graph.node("Where", [isSeen, shares, float(graph, 0)]);
}

export const multiHeadAttention: Nodes = ({ graph, layer, inputs, array }) => {
  const { numHeads, keyDim, valueDim = keyDim, causal = false } = layer.options;
  const [heads, dim, valueSize] = [numHeads, keyDim, valueDim].map(Number);
  const [query, value = query, key = value] = inputs;
  /** x · kernel + bias, both as matrices of `columns`. */
  const projected = (x: string, name: string, lines: number, columns: number): string => {
    const kernel = array(`${name}Kernel`, { shape: [lines, columns] }) as string;
    const bias = array(`${name}Bias`, { shape: [columns] });
    const product = graph.node("MatMul", [x, kernel]);
    return bias ? graph.node("Add", [product, bias]) : product;
  };
  /** [rows, steps, features] → [rows, heads, steps, size], its axes in the order `perm` */
  const byHead = (x: Batch, name: string, size: number, perm: readonly number[]): string => {
    const [steps, features] = x.shape;
    const numbers = projected(x.value, name, features, heads * size);
    const apart = graph.node("Reshape", [numbers, graph.integers([0, steps, heads, size])]);
    return graph.node("Transpose", [apart], { perm });
  };
  const [q, k, v] = [
    graph.node("Mul", [byHead(query, "query", dim, [0, 2, 1, 3]), float(graph, 1 / Math.sqrt(dim))]),
    byHead(key, "key", dim, [0, 2, 3, 1]),
    byHead(value, "value", valueSize, [0, 2, 1, 3]),
  ];
  const [steps, others] = [query, key].map(({ shape }) => shape[0]);
  const hidden = Float32Array.from({ length: steps * others }, (_, i) =>
    i % others > Math.floor(i / others) ? HIDDEN : 0,
  );
  const products = graph.node("MatMul", [q, k]); // [rows, heads, steps, others]
  const scores =
    causal === true ? graph.node("Add", [products, graph.constant(hidden, [steps, others])]) : products;
  const shares = shared(graph, scores, [value.mask, key.mask]);
  const seen = graph.node("Transpose", [graph.node("MatMul", [shares, v])], { perm: [0, 2, 1, 3] });
  const beside = graph.node("Reshape", [seen, graph.integers([0, steps, heads * valueSize])]);
  return projected(beside, "output", heads * valueSize, query.shape[1]);
};
