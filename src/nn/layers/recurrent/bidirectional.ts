/** A recurrent layer in both directions. */

import { check, must } from "../../../errors.js";
import { add, concat, div, mul } from "../../../graph/functions.js";
import type { Value } from "../../../graph/graph.js";
import { showShape } from "../../../graph/shape.js";
import { madeOf, recipeOf } from "../../../recipe.js";
import { mapValues } from "../../../records.js";
import { nameOf, type OptionRules, readOptions } from "../../../rules.js";
import { builtIn, type Layer, type LayerDefinition } from "../layer.js";
import { gru } from "./gru.js";
import { lstm } from "./lstm.js";
import { simpleRNN } from "./simpleRNN.js";

const merges = {
  concat: (forward, backward) => concat([forward, backward], -1),
  sum: (forward, backward) => add(forward, backward),
  mul: (forward, backward) => mul(forward, backward),
  ave: (forward, backward) => div(add(forward, backward), 2),
} satisfies Record<string, (forward: Value, backward: Value) => Value>;

/** Options of {@link bidirectional}. */
export interface BidirectionalOptions {
  /** How the results are merged: `concat` side by side, or their sum, product or mean. Default `concat`. */
  readonly mergeMode?: keyof typeof merges;
}

const RULES = {
  mergeMode: [nameOf("mergeMode", merges), "concat"],
} satisfies OptionRules<BidirectionalOptions>;

const FACTORIES: Readonly<Record<string, (units: number, options: object) => Layer>> = {
  simpleRNN,
  lstm,
  gru,
};
/** The parameters of a direction are named after it: `forward.kernel`. */
const DIRECTIONS = ["forward", "backward"] as const;
/** Separate from the streams of all layers. */
const BACKWARD_STREAM = 2 ** 31;

/**
 * A recurrent layer from the first step and, with separate weights, from the last; Keras' `Bidirectional`.
 * With
 * `returnSequences`, each step has the states of both directions at that step.
 *
 * @param layer - made by `simpleRNN`, `lstm` or `gru`; its weights, if it has any, are not used, as in Keras
 * @throws FettleError `invalid_argument` for another layer; `unknown_name` for an unknown option or way to
 * merge
 * @see M. Schuster and K. K. Paliwal, "Bidirectional recurrent neural networks", IEEE Transactions on Signal
 * Processing 45(11), 1997
 * @example
 * ```ts
 * bidirectional(lstm(8)).outputShape([12, 3]); // [16]
 * bidirectional(gru(8, { returnSequences: true }), { mergeMode: "sum" }).outputShape([12, 3]); // [12, 8]
 * ```
 */
export function bidirectional(layer: Layer, options: BidirectionalOptions = {}): Layer {
  const { mergeMode } = readOptions(options, "bidirectional", RULES);
  const merge = merges[mergeMode];
  const layers = { forward: layer, backward: turned(layer) };
  const definition: LayerDefinition = {
    type: "bidirectional",
    hyperparameters: layer.hyperparameters,
    ...(layer.trainable === false && { trainable: false }),
    outputShape(shape, ...others) {
      check(
        others.length === 0,
        () =>
          `bidirectional must take one sequence; received ${others.map(showShape).join(", ")} in addition. Apply a layer for each direction to start from states`,
        "invalid_shape",
      );
      const own = layer.outputShape(shape);
      const units = own[own.length - 1];
      return [...own.slice(0, -1), mergeMode === "concat" ? 2 * units : units];
    },
    parameters: (shape) =>
      DIRECTIONS.flatMap((direction) =>
        layers[direction].parameters(shape).map((each) => ({ ...each, name: `${direction}.${each.name}` })),
      ),
    penalty({ parameters, hyperparameters }) {
      const [forward, backward] = DIRECTIONS.map((direction) =>
        layers[direction].penalty?.({ parameters: partOf(parameters, direction), hyperparameters }),
      );
      return forward && backward && add(forward, backward);
    },
    call(context) {
      const { forward, backward } = mapValues(layers, (each, direction) =>
        each.call({
          ...context,
          parameters: partOf(context.parameters, direction),
          stream: context.stream + (direction === "backward" ? BACKWARD_STREAM : 0),
        }),
      );
      return merge(forward, backward);
    },
  };
  return builtIn({ ...definition, several: true }, [recipeOf(layer), mergeMode], { layer, ...options });
}

/** The same layer in the other direction. */
function turned(layer: Layer): Layer {
  const made = madeOf(layer);
  const factory = made && Object.hasOwn(FACTORIES, made.name) ? FACTORIES[made.name] : undefined;
  must(made && factory, "what bidirectional takes", "made by simpleRNN, lstm or gru", layer?.type ?? layer);
  const { units, goBackwards = false, ...rest } = made.options;
  return factory(units as number, { ...rest, goBackwards: !goBackwards });
}

/** The parameters of a direction, by their own names. */
function partOf(parameters: Readonly<Record<string, Value>>, direction: string): Record<string, Value> {
  const own = Object.entries(parameters).filter(([name]) => name.startsWith(`${direction}.`));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(direction.length + 1), value]));
}
