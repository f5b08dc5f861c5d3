/**
 * Recurrent layers of an ONNX file, by ONNX's own operators `RNN`, `LSTM` and `GRU`. They have PyTorch's form: matrices with the
 * blocks of gates as rows, one axis more for directions, and steps before rows.
 */
import { check, must, show } from "../../errors.js";
import type { Context } from "./onnxBatch.js";

type Options = Readonly<Record<string, unknown>>;

/** The operator of a layer, the places of its blocks among ours, and whether it has activations of gates, and of what is added. */
const OPERATORS = {
  simpleRNN: { operator: "RNN", order: [0], activations: (own: string) => [own] },
  lstm: {
    operator: "LSTM", // input, output, forget, candidate
    order: [0, 3, 1, 2],
    activations: (own: string, gate: string) => [gate, own, own],
  },
  gru: {
    operator: "GRU", // update, reset, candidate
    order: [0, 1, 2],
    activations: (own: string, gate: string) => [gate, own],
  },
} as const;
type Kind = keyof typeof OPERATORS;

const ACTIVATIONS: Readonly<Record<string, string>> = {
  tanh: "Tanh",
  sigmoid: "Sigmoid",
  elu: "Elu",
  relu: "Relu",
  softplus: "Softplus",
  softsign: "Softsign",
};

/** By the names of the layers; each returns the name of its result. */
export const RECURRENT: Readonly<Record<Kind | "bidirectional", (context: Context) => string>> = {
  simpleRNN: (context) => recurrence(context, "simpleRNN", context.layer.options, ""),
  lstm: (context) => recurrence(context, "lstm", context.layer.options, ""),
  gru: (context) => recurrence(context, "gru", context.layer.options, ""),
  bidirectional(context) {
    const { graph, layer } = context;
    const { layer: own, mergeMode = "concat" } = layer.options;
    const { name, options } = own as { readonly name: Kind; readonly options: Options };
    const both = [
      recurrence(context, name, options, "forward."),
      recurrence(context, name, { ...options, goBackwards: options.goBackwards !== true }, "backward."),
    ];
    const operator = MERGES[mergeMode as keyof typeof MERGES];
    const axis = options.returnSequences === true ? 2 : 1;
    return graph.node(operator, both, operator === "Concat" ? { axis } : {}, layer.id);
  },
};

const MERGES = { concat: "Concat", sum: "Add", mul: "Mul", ave: "Mean" } as const;

/** One direction. @param prefix - of the names of its arrays */
function recurrence(
  { graph, layer, inputs, numbers }: Context,
  kind: Kind,
  options: Options,
  prefix: string,
): string {
  const { operator, order, activations } = OPERATORS[kind];
  must(
    inputs.length === 1,
    `what layer ${show(layer.id)} is applied to`,
    "a sequence alone, without a state to start from, to be exported to ONNX",
    `${inputs.length} inputs`,
    "unsupported",
  );
  const [{ value, shape, mask }] = inputs;
  check(
    mask === undefined,
    () =>
      `layer ${show(layer.id)} must take sequences without a mask to be exported, since ONNX' recurrences know lengths alone; received one of masking or maskZero`,
    "unsupported",
  );
  const [steps, features] = shape;
  const { goBackwards = false, returnSequences = false, useBias = true, resetAfter = true } = options;
  const units = Number(options.units);
  const rows = order.length * units;
  // the numbers of ours that are the blocks there, for each row of a matrix [of, rows]
  const blocks = (matrix: Float32Array, of: number): Float32Array =>
    Float32Array.from({ length: of * rows }, (_, at) => {
      const [row, column] = [Math.floor(at / of), at % of];
      return matrix[column * rows + order[Math.floor(row / units)] * units + (row % units)];
    });
  const constant = (name: string, of: number): string =>
    graph.constant(blocks(numbers(prefix + name), of), [1, rows, of], `${layer.id}.${prefix}${name}`);
  const biases = (): string[] => {
    if (useBias !== true) return [];
    const bias = numbers(`${prefix}bias`);
    const both = new Float32Array(2 * rows);
    for (let i = 0; i < bias.length; i += rows) both.set(blocks(bias.subarray(i, i + rows), 1), i);
    return [graph.constant(both, [1, 2 * rows], `${layer.id}.${prefix}bias`)];
  };
  const activation = (name: string, fallback: string): string => {
    const given = options[name] ?? fallback;
    const found = typeof given === "string" ? ACTIVATIONS[given] : undefined;
    const known = Object.keys(ACTIVATIONS).join(", ");
    must(found, `\`${name}\` of layer ${show(layer.id)}`, `${known} to be exported`, given, "unsupported");
    return found;
  };
  const all = graph.node(
    operator,
    [
      graph.node("Transpose", [value], { perm: [1, 0, 2] }),
      constant("kernel", features),
      constant("recurrentKernel", units),
      ...biases(),
    ],
    {
      hidden_size: units,
      direction: goBackwards ? "reverse" : "forward",
      activations: activations(
        activation("activation", "tanh"),
        activation("recurrentActivation", "sigmoid"),
      ),
      ...(kind === "gru" && { linear_before_reset: resetAfter === false ? 0 : 1 }),
    },
  ); // [steps, 1, rows, units]
  if (returnSequences)
    return graph.node(
      "Transpose",
      [graph.node("Squeeze", [all, graph.integers([1])])],
      { perm: [1, 0, 2] },
      layer.id,
    );
  const last = graph.node("Gather", [all, graph.integers([goBackwards ? 0 : steps - 1])], { axis: 0 });
  return graph.node("Squeeze", [last, graph.integers([0, 1])], {}, layer.id);
}
