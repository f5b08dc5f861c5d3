/** Networks that are not a stack: with several inputs or outputs, shared layers, and skip connections. */
import { check, checkOptions, isPlainObject, must, type OptionNames, show } from "../../errors.js";
import type { Shape } from "../../graph/shape.js";
import { checkLayer, type Layer, SymbolicTensor } from "../layers/layer.js";
import { layerNames, type Wiring } from "../network/network.js";
import { LayersModel } from "./layersModel.js";

/** One value of a network, or several by name. */
export type Symbols = SymbolicTensor | Readonly<Record<string, SymbolicTensor>>;

/** The names of values: `output` for one without a name. */
export type OutputName<Given extends Symbols> = Given extends SymbolicTensor
  ? "output"
  : Extract<keyof Given, string>;

/** Options of {@link functional}. */
export interface FunctionalOptions<Outputs extends Symbols = Symbols> {
  /**
   * Results of `input`. Data of several inputs have their names, or are side by side in the columns of one
   * matrix.
   */
  readonly inputs: Symbols;
  /** Results of layers that depend only on the inputs. Targets of several outputs have their names. */
  readonly outputs: Outputs;
}

/**
 * An input of a network that `functional` makes.
 *
 * @param shape - columns, or the shape of one row, positive integers
 * @throws FettleError `invalid_argument` for another shape
 * @example
 * ```ts
 * input(4).shape; // [4]
 * ```
 */
export function input(shape: number | Shape): SymbolicTensor {
  const sizes = typeof shape === "number" ? [shape] : shape;
  const fits =
    Array.isArray(sizes) && sizes.length > 0 && sizes.every((size) => Number.isSafeInteger(size) && size > 0);
  must(fits, "the shape of input", "a positive integer, or an array of them", shape);
  return new SymbolicTensor(sizes, undefined, []);
}

/**
 * A model that is a graph of layers, as Keras' `Model(inputs, outputs)`. It is compiled and fitted like one
 * of `sequential`.
 *
 * @throws FettleError `invalid_argument` for inputs that no `input` made, an output that needs another input,
 * an input that no output needs, or two inputs with one name
 * @see K. He and others, "Deep residual learning for image recognition", CVPR 2016, for the skip connection
 * in the example
 * @example
 * ```ts
 * const x = input(4);
 * const wide = dense(8, { activation: "relu" }).apply(x);
 * const deep = dense(8, { activation: "relu" }).apply(wide);
 * const price = dense(1).apply(merge("add").apply(wide, deep));
 * const model = functional({ inputs: x, outputs: price });
 * model.compile({ optimizer: "adam", loss: "meanSquaredError" });
 * await model.fit([[1, 2, 3, 4], [5, 6, 7, 8]], [1, 2]);
 * model.predict([[1, 2, 3, 4]]).shape; // [1, 1]
 * ```
 */
export function functional<Outputs extends Symbols>(
  options: FunctionalOptions<Outputs>,
): LayersModel<OutputName<Outputs>> {
  checkOptions(options, "functional", FUNCTIONAL_OPTIONS);
  return new LayersModel(wiringOf(options));
}

const FUNCTIONAL_OPTIONS: OptionNames<FunctionalOptions> = { inputs: true, outputs: true };

function wiringOf({ inputs, outputs }: FunctionalOptions): Wiring {
  const given = namedSymbols("inputs", inputs, "input");
  const wanted = namedSymbols("outputs", outputs, "output");
  const values = new Map<SymbolicTensor, number>();
  for (const [name, tensor] of given) {
    must(tensor.layer === undefined, `inputs.${name}`, "made by input()", tensor.layer?.type);
    check(!values.has(tensor), () => `inputs must be different; received ${show(name)} twice`);
    values.set(tensor, values.size);
  }
  const results = inOrder(
    wanted.map(([, tensor]) => tensor),
    values,
  );
  const nameOf = layerNames(results.map(({ layer }) => layer as Layer));
  const used = new Set([...results.flatMap((each) => each.inputs), ...wanted.map(([, tensor]) => tensor)]);
  for (const [name, tensor] of given)
    check(used.has(tensor), () => `every input must lead to an output; ${show(name)} does not`);
  return {
    inputs: given.map(([name, { shape }]) => ({ name, shape })),
    calls: results.map(({ layer, inputs: taken }) => ({
      layer: layer as Layer,
      name: nameOf(layer as Layer),
      inputs: taken.map((each) => values.get(each) as number),
    })),
    outputs: wanted.map(([name, tensor]) => ({ name, value: values.get(tensor) as number })),
  };
}

/**
 * The results of layers behind values, each after its inputs; numbers them. Without recursion, because a
 * network may be deep.
 */
function inOrder(outputs: readonly SymbolicTensor[], values: Map<SymbolicTensor, number>): SymbolicTensor[] {
  const results: SymbolicTensor[] = [];
  const waiting = [...outputs].reverse();
  for (let top = waiting.at(-1); top !== undefined; top = waiting.at(-1)) {
    const missing = values.has(top) ? [] : top.inputs.filter((each) => !values.has(each));
    if (missing.length > 0) {
      waiting.push(...missing.reverse());
      continue;
    }
    waiting.pop();
    if (values.has(top)) continue;
    check(top.layer, "every output must depend only on inputs; received one that needs another input()");
    checkLayer(top.layer, "the layer of an output");
    values.set(top, values.size);
    results.push(top);
  }
  return results;
}

function namedSymbols(what: string, given: Symbols, alone: string): [string, SymbolicTensor][] {
  const isOne = given instanceof SymbolicTensor;
  const list: [string, SymbolicTensor][] = isOne
    ? [[alone, given]]
    : isPlainObject(given)
      ? Object.entries(given)
      : [];
  const fits = list.length > 0 && list.every(([, each]) => each instanceof SymbolicTensor);
  must(fits, what, "a value of a network, such as input(4), or several by name", given);
  return list;
}
