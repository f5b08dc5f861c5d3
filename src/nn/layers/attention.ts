/** Attention: steps of one sequence that read steps of another. */

import { check, mustBeInteger } from "../../errors.js";
import {
  add,
  constant,
  greaterEqual,
  matmul,
  mul,
  reshape,
  select,
  softmax,
  transpose,
} from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { type Shape, showShape } from "../../graph/shape.js";
import { flag, inFloat32, integer, number, type OptionRules, readOptions } from "../../rules.js";
import { initializers } from "../weights/initializers.js";
import { dropped } from "./dropout.js";
import { builtIn, type Layer, type LayerDefinition, type ParameterSpec } from "./layer.js";

/** Options of {@link multiHeadAttention}. */
export interface MultiHeadAttentionOptions {
  /** Numbers of a value in each head. Default: `keyDim`. */
  readonly valueDim?: number;
  /**
   * The share of attention weights that are 0 in training, in [0, 1). An input of the program, if it is not
   * 0. Default 0.
   */
  readonly dropout?: number;
  /** Whether biases are added to queries, keys, values and the result. Default true. */
  readonly useBias?: boolean;
  /** Whether a step may attend only to steps up to its own; Keras' `use_causal_mask`. Default false. */
  readonly causal?: boolean;
}

const RULES = {
  valueDim: integer(),
  dropout: [inFloat32(number("[0, 1)")), 0],
  useBias: [flag, true],
  causal: [flag, false],
} satisfies OptionRules<MultiHeadAttentionOptions>;

/** The score of a masked step: its weight is 0. */
const HIDDEN = -1e30;

/**
 * Attention of several heads: softmax(Q Kᵀ / √keyDim) V in each, where Q, K and V are products of the query,
 * the key and the value with kernels of the head; then the product of all heads with one kernel. Applied to a
 * query [rows, steps, features], a value [rows, others, …] and a key of as many steps; the key defaults to
 * the value, and the value to the query (self-attention). The result has the shape of the query. Weights are
 * those of Keras' layer of this name. No step attends to a step that the mask of the value or of the key
 * leaves out; the result of a query without any step is the bias.
 *
 * @param numHeads - how many heads, positive
 * @param keyDim - numbers of a query and a key in each head, positive
 * @throws FettleError `invalid_argument` for anything but positive integers and valid options; `unknown_name`
 * for an unknown option; for inputs that are not sequences, and for a key and a value of different lengths,
 * `invalid_shape`
 * @see A. Vaswani and others, "Attention is all you need", NeurIPS 2017
 * @example
 * ```ts
 * const x = input([10, 8]);
 * const attended = multiHeadAttention(2, 4, { causal: true }).apply(x);
 * const block = layerNormalization().apply(merge("add").apply(x, attended));
 * const model = functional({ inputs: x, outputs: dense(1).apply(globalAveragePooling1d().apply(block)) });
 * ```
 */
export function multiHeadAttention(
  numHeads: number,
  keyDim: number,
  options: MultiHeadAttentionOptions = {},
): Layer {
  mustBeInteger("numHeads", numHeads);
  mustBeInteger("keyDim", keyDim);
  const { valueDim = keyDim, dropout, useBias, causal } = readOptions(options, "multiHeadAttention", RULES);

  const weights = (name: string, kernel: Shape, bias: Shape): ParameterSpec[] => [
    { name: `${name}Kernel`, shape: kernel, initializer: initializers.glorotUniform },
    ...(useBias ? [{ name: `${name}Bias`, shape: bias, initializer: initializers.zeros }] : []),
  ];
  const layer: LayerDefinition = {
    type: "multiHeadAttention",
    hyperparameters: dropout > 0 ? { dropout } : {},
    outputShape(...shapes) {
      const [query, value, key] = all(shapes);
      check(
        shapes.length <= 3 && [query, value, key].every((shape) => shape.length === 2) && key[0] === value[0],
        () =>
          `multiHeadAttention must take a query [steps, features], and optionally a value and a key of equal length; received ${shapes.map(showShape).join(", ")}`,
        "invalid_shape",
      );
      return query;
    },
    parameters(...shapes) {
      const [query, value, key] = all(shapes).map(([, features]) => features);
      return [
        ...weights("query", [query, numHeads, keyDim], [numHeads, keyDim]),
        ...weights("key", [key, numHeads, keyDim], [numHeads, keyDim]),
        ...weights("value", [value, numHeads, valueDim], [numHeads, valueDim]),
        ...weights("output", [numHeads, valueDim, query], [query]),
      ];
    },
    call({ inputs, masks = [], parameters, hyperparameters, training, stream }) {
      const { graph } = inputs[0];
      /** [rows, steps, ...from] → [rows, steps, ...to], by the arrays of a name. */
      const projected = (name: string, x: Value, to: Shape): Value => {
        const [rows, steps, ...from] = x.shape;
        const [columns, units] = [from, to].map((shape) => shape.reduce((size, dim) => size * dim, 1));
        const kernel = reshape(parameters[`${name}Kernel`], [columns, units]);
        const product = matmul(reshape(x, [rows * steps, columns]), kernel);
        const bias = parameters[`${name}Bias`];
        return reshape(bias ? add(product, reshape(bias, [units])) : product, [rows, steps, ...to]);
      };
      const [query, value, key] = all(inputs.map((x, i) => ({ x, mask: masks[i] })));
      // [rows, heads, steps, numbers]
      const byHead = (x: Value): Value => transpose(x, [0, 2, 1, 3]);
      const q = mul(byHead(projected("query", query.x, [numHeads, keyDim])), 1 / Math.sqrt(keyDim));
      const k = transpose(projected("key", key.x, [numHeads, keyDim]), [0, 2, 3, 1]);
      const v = byHead(projected("value", value.x, [numHeads, valueDim]));
      const scores = matmul(q, k); // [rows, heads, steps, others]
      const [steps, others] = scores.shape.slice(2);
      const counting = [...new Set([value.mask, key.mask])].filter((mask) => mask !== undefined);
      const seen = [
        ...(causal ? [greaterEqual(counted(graph, [steps, 1]), counted(graph, [1, others]))] : []),
        ...counting.map((mask) => reshape(mask, [mask.shape[0], 1, 1, others])),
      ];
      const isSeen = seen.length > 0 ? seen.reduce(mul) : undefined; // broadcasts to the scores
      const soft = softmax(isSeen ? select(isSeen, scores, HIDDEN) : scores);
      // for a query that may see nothing, the softmax is over equal numbers
      const shares = isSeen && counting.length > 0 ? select(isSeen, soft, 0) : soft;
      const kept = training && dropout > 0 ? dropped(shares, hyperparameters.dropout, stream) : shares;
      return projected("output", byHead(matmul(kept, v)), query.x.shape.slice(2));
    },
  };
  return builtIn({ ...layer, several: true }, [numHeads, keyDim, valueDim, dropout > 0, useBias, causal], {
    numHeads,
    keyDim,
    ...options,
  });
}

/** Query, value and key; the last two are optional. */
const all = <T>([query, value = query, key = value]: readonly T[]): [T, T, T] => [query, value, key];

/** The numbers from 0. */
function counted(graph: Value["graph"], shape: Shape): Value {
  const length = Math.max(...shape);
  return constant(
    graph,
    Array.from({ length }, (_, i) => i),
    shape,
  );
}
