/**
 * Trained networks that take the same rows, joined into one whose result is the mean of theirs. Nothing is
 * trained here.
 */
import { check, must, show } from "../../errors.js";
import { type Shape, showShape } from "../../graph/shape.js";
import { merge } from "../layers/merge.js";
import { type LayerCall, layerNames, type Network, type Wiring } from "../network/network.js";
import { weightsOf } from "../weights/trainedWeights.js";
import { LayersModel } from "./layersModel.js";

/**
 * One network from several trained ones that take the same rows: its result is the mean of theirs, an
 * ensemble. It is an ordinary network, so it can be saved, exported and trained further. A network that is
 * listed twice counts twice.
 *
 * It has copies of the layers of each, under new names, and a layer `average` for each output. It is compiled
 * like the first of them, and training it does not change them.
 *
 * @param models - at least one; a single one is returned itself
 * @throws FettleError `invalid_state` for a network that is not trained; `invalid_shape` for networks with
 * other inputs or outputs than the first
 * @see L. K. Hansen and P. Salamon, "Neural network ensembles", IEEE Transactions on Pattern Analysis and
 * Machine Intelligence 12, 1990
 * @example
 * ```ts
 * const x = [[0], [1], [2], [3]];
 * const models = await Promise.all(
 *   [1, 2, 3].map(async (seed) => {
 *     const model = sequential([dense(4, { activation: "relu" }), dense(1)]);
 *     model.compile({ optimizer: "adam", loss: "meanSquaredError" });
 *     await model.fit(x, [1, 3, 5, 7], { epochs: 5, seed });
 *     return model;
 *   }),
 * );
 * const ensemble = averageModels(models);
 * ensemble.predict([[4]]).shape; // [1, 1]
 * ```
 */
export function averageModels(models: readonly LayersModel[]): LayersModel {
  must(Array.isArray(models) && models.length > 0, "models", "an array of at least one network", models);
  for (const [i, model] of models.entries())
    must(model instanceof LayersModel, `models[${i}]`, "a trained network", model);
  const members: readonly LayersModel[] = [...new Set<LayersModel>(models)];
  if (members.length === 1) return members[0];
  const { row, training } = members[0].trained();
  const networks = members.map((model) => model.network(model.trained().row));
  for (const [i, network] of networks.entries())
    if (i > 0) mustFit(network, networks[0], models.indexOf(members[i]));
  const wiring = beside(
    members.map((model) => model.separate(false).wiring),
    row,
    models.map((model) => members.indexOf(model)),
  );
  const joined = new LayersModel(wiring);
  const { optimizer, losses, lossWeights, metrics, augmentation } = members[0].compiledWith();
  const byOutput = <T>(list: readonly T[]): Record<string, T> =>
    Object.fromEntries(wiring.outputs.map(({ name }, i) => [name, list[i]]));
  joined.compile({
    optimizer,
    loss: byOutput(losses),
    lossWeights: byOutput(lossWeights),
    metrics: byOutput(metrics),
    ...(augmentation && { augmentation }),
  });
  const { parameters, size } = joined.network(row);
  const vector = new Float32Array(size);
  // in the order of the members, and within each in its own order
  const sources = networks.flatMap((network, i) => {
    const weights = weightsOf(members[i].trained().saved);
    return network.parameters.map((place) => weights.subarray(place.offset, place.offset + place.size));
  });
  for (const [i, { offset }] of parameters.entries()) vector.set(sources[i], offset);
  const saved = { progress: { step: 0, epoch: 0, cursor: 0 }, seed: 0, arrays: { parameters: vector } };
  joined.restore({ row, saved, training, recompiled: true });
  return joined;
}

/** Refuses a network with other inputs or outputs than the first. */
function mustFit(network: Network, first: Network, index: number): void {
  for (const ends of ["inputs", "outputs"] as const) {
    const [own, others] = [network, first].map((each) =>
      each[ends].map(({ name, shape }) => `${show(name)} ${showShape(shape)}`).join(", "),
    );
    check(
      own === others,
      () => `models[${index}] must have the ${ends} of the first, ${others}; received ${own}`,
      "invalid_shape",
    );
  }
}

/**
 * The calls of all members one after the other, then the means of their results.
 *
 * @param counted - the averaged members, by number
 */
function beside(members: readonly Wiring[], row: Shape, counted: readonly number[]): Wiring {
  const [{ inputs, outputs }] = members;
  const { length: first } = inputs;
  let begin = first;
  const calls: Omit<LayerCall, "name">[] = [];
  // by member, the place of its values among all
  const places = members.map((member) => {
    const own = begin;
    begin += member.calls.length;
    return (value: number): number => (value < first ? value : value - first + own);
  });
  for (const [i, member] of members.entries())
    for (const { layer, inputs: taken } of member.calls) calls.push({ layer, inputs: taken.map(places[i]) });
  for (const [j] of outputs.entries())
    calls.push({
      layer: merge("average"),
      inputs: counted.map((i) => places[i](members[i].outputs[j].value)),
    });
  const nameOf = layerNames(calls.map(({ layer }) => layer));
  return {
    inputs: inputs.map(({ name, shape = row }) => ({ name, shape })),
    calls: calls.map((call) => ({ ...call, name: nameOf(call.layer) })),
    outputs: outputs.map(({ name }, j) => ({ name, value: begin + j })),
  };
}
