/** The step that predicts: all that a trained model needs of its network. Nothing runs here. */
import type { StepGraph } from "../../compile/program.js";
import { trace } from "../../compile/trace.js";
import { reshape, slice } from "../../graph/functions.js";
import { Graph, type Value } from "../../graph/graph.js";
import type { Network } from "../network/network.js";
import { PARAMETERS } from "../weights/trainedWeights.js";
import { type Called, callLayers } from "./architecture.js";

/**
 * x, parameters and the layers' numbers → predictions.
 *
 * @param numbers - the names of hyperparameters, such as `dropout_1.rate`
 * @param graph - the graph to trace to
 * @param written - what it writes of the results of layers
 */
export function predictionStep(
  network: Network,
  numbers: readonly string[],
  graph = new Graph(),
  written: (called: Called) => Record<string, Value> = ({ prediction }) => ({ prediction }),
): StepGraph {
  return trace(
    {
      inputs: {
        ...Object.fromEntries(numbers.map((name) => [name, []])),
        [PARAMETERS]: [network.size],
      },
      streams: { x: network.columns },
    },
    ({ inputs, streams }) => {
      const parameters = split(inputs[PARAMETERS], network);
      return { streams: written(callLayers(network, streams.x, parameters, inputs, false)) };
    },
    graph,
  );
}

/** The parameters within their vector, by path. */
export function split(vector: Value, { parameters }: Network): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const { path, offset, size, shape } of parameters)
    values[path] = reshape(slice(vector, [offset], [size]), shape);
  return values;
}
