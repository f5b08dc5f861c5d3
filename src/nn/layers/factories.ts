/**
 * Built-in layers from plain data: the name of a factory, and its options by name, as `builtIn` records them and files have them. It
 * knows no file. The compiler asks for the row of each factory that index.ts exports.
 */
import {
  activation,
  batchNormalization,
  bidirectional,
  dense,
  dropout,
  embedding,
  flatten,
  gaussianNoise,
  gru,
  layerNormalization,
  lstm,
  masking,
  merge,
  simpleRNN,
  timeDistributed,
} from "./index.js";
import type { Layer } from "./layer.js";

type Layers = typeof import("./index.js");
/** What makes a layer of options; `defineLayer` and `freeze` do not. */
type FactoryName = Exclude<
  { [Name in keyof Layers]: Layers[Name] extends (...given: never[]) => Layer ? Name : never }[keyof Layers],
  "defineLayer" | "freeze"
>;

/** A factory, and the options that are arguments of their own, in their order; it takes all others in an object after them. */
type Row<Name extends FactoryName> = readonly [factory: Layers[Name], ...names: string[]];

const FACTORIES: { readonly [Name in FactoryName]: Row<Name> } = {
  activation: [activation, "activation"],
  batchNormalization: [batchNormalization],
  bidirectional: [bidirectional, "layer"],
  dense: [dense, "units"],
  dropout: [dropout, "rate"],
  embedding: [embedding, "inputDim", "outputDim"],
  flatten: [flatten],
  gaussianNoise: [gaussianNoise, "stddev"],
  gru: [gru, "units"],
  layerNormalization: [layerNormalization],
  lstm: [lstm, "units"],
  masking: [masking, "maskValue"],
  merge: [merge, "way"],
  simpleRNN: [simpleRNN, "units"],
  timeDistributed: [timeDistributed, "layer"],
};

/** The names of all factories. */
export const factoryNames: readonly string[] = Object.keys(FACTORIES);

/** Whether a built-in factory has that name. */
export function isFactory(name: string): name is FactoryName {
  return Object.hasOwn(FACTORIES, name);
}

/**
 * A layer as its factory makes it.
 *
 * @throws FettleError as the factory
 */
export function makeLayer(name: FactoryName, options: Readonly<Record<string, unknown>>): Layer {
  const [factory, ...names] = FACTORIES[name];
  const others = Object.entries(options).filter(([key]) => !names.includes(key));
  const make = factory as (...given: readonly unknown[]) => Layer;
  return make(...names.map((key) => options[key]), Object.fromEntries(others));
}
