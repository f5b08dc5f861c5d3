/**
 * Layers in their places: their connections, their shapes for an input shape, and the places of parameters.
 * Inputs and outputs are matrices; several of them are side by side in the columns. Nothing runs here.
 */
import { check, must, show } from "../../errors.js";
import { type Shape, sameShape, showShape, sizeOf } from "../../graph/shape.js";
import { recent } from "../../memo.js";
import { recipeOf } from "../../recipe.js";
import { type Layer, type ParameterSpec, separate } from "../layers/layer.js";

/**
 * The connections of layers. Values have numbers: first the inputs, then the result of each call, in order.
 */
export interface Wiring {
  /** An input without a shape has that of the data's rows. */
  readonly inputs: readonly { readonly name: string; readonly shape?: Shape }[];
  /** Each call comes after its inputs. Calls of one name share their parameters. */
  readonly calls: readonly LayerCall[];
  readonly outputs: readonly { readonly name: string; readonly value: number }[];
}

/** A layer, applied to values. */
export interface LayerCall {
  readonly layer: Layer;
  /** Its type and a number, as `dense_1`. */ readonly name: string;
  readonly inputs: readonly number[];
}

/**
 * A parameter's place among all parameters, which are in one vector: first the trained ones, then the others.
 */
export interface ParameterPlace extends ParameterSpec {
  /** `dense_1.kernel` */
  readonly path: string;
  readonly offset: number;
  readonly size: number;
  readonly trainable: boolean;
}

/** A call of a layer with the shapes that its inputs decide. */
export interface LayerPlace extends LayerCall {
  /** Of a row of its result. */
  readonly shape: Shape;
  readonly parameters: readonly ParameterPlace[];
}

/** The columns of a matrix that form one value. */
export interface Columns {
  readonly name: string;
  /** Of a row. */
  readonly shape: Shape;
  readonly offset: number;
  readonly size: number;
}

/** Layers over rows of a shape: everything that parameters depend on. */
export interface Network {
  /** Columns of the data. */
  readonly columns: number;
  readonly inputs: readonly Columns[];
  readonly layers: readonly LayerPlace[];
  readonly outputs: readonly (Columns & { readonly value: number })[];
  /** Those of all layers, in the order of the layers. */
  readonly parameters: readonly ParameterPlace[];
  /** The trained parameters, then the others: together all, in the order of their vector. */
  readonly trainable: readonly ParameterPlace[];
  readonly fixed: readonly ParameterPlace[];
  /** How many numbers all parameters have, and the trained ones. */
  readonly size: number;
  readonly trainableSize: number;
  /** Columns of the prediction. */
  readonly units: number;
  /** What it is except for the values of hyperparameters; undefined with a custom layer. */
  readonly recipe?: string;
}

/** Layers one after the other. */
export function chain(layers: readonly Layer[]): Wiring {
  const nameOf = layerNames(layers);
  return {
    inputs: [{ name: "input" }],
    calls: layers.map((layer, i) => ({ layer, name: nameOf(layer), inputs: [i] })),
    outputs: [{ name: "output", value: layers.length }],
  };
}

/**
 * The shape of a row of the data: of one input its own, of several their columns together; undefined for any
 * shape.
 */
export function rowOf({ inputs }: Wiring): Shape | undefined {
  if (inputs.length === 1) return inputs[0].shape;
  let columns = 0;
  for (const { shape } of inputs) {
    if (shape === undefined) return undefined;
    columns += sizeOf(shape);
  }
  return [columns];
}

/**
 * The names of layers: their own, or their type and a number, as `dense_1`.
 *
 * @throws FettleError `invalid_argument` for two layers with one name
 */
export function layerNames(layers: readonly Layer[]): (layer: Layer) => string {
  const names = new Map<Layer, string>();
  const isNamed = ({ name = "", type }: Layer): boolean => name !== "" && name !== type;
  const distinct = [...new Set(layers)];
  const taken = new Set<string>();
  for (const layer of distinct.filter(isNamed)) {
    check(
      !taken.has(layer.name),
      () => `the names of layers must differ; received ${show(layer.name)} twice`,
    );
    taken.add(layer.name);
    names.set(layer, layer.name);
  }
  const counts = new Map<string, number>();
  for (const layer of distinct) {
    if (names.has(layer)) continue;
    let number = counts.get(layer.type) ?? 0;
    do number++;
    while (taken.has(`${layer.type}_${number}`));
    counts.set(layer.type, number);
    names.set(layer, `${layer.type}_${number}`);
  }
  return (layer) => names.get(layer) as string;
}

/** Layers by their names, each once, in the order in which they are applied first. */
export const layersByName = ({ calls }: Wiring): ReadonlyMap<string, Layer> =>
  new Map(calls.map(({ name, layer }) => [name, layer]));

/** The same wiring of copies of its layers, see `separate`. @param named - whether they have their names */
export function separated(wiring: Wiring, named: boolean): Wiring {
  const copies = new Map(
    wiring.calls.map(({ layer }) => [layer, separate(layer, named ? layer.name : layer.type)]),
  );
  const calls = wiring.calls.map((call) => ({ ...call, layer: copies.get(call.layer) as Layer }));
  return { ...wiring, calls };
}

/**
 * The calls that lead to the result of a layer, and the inputs that they need.
 *
 * @throws FettleError `invalid_argument` unless the layer is applied once
 */
export function partOf({ inputs, calls }: Wiring, layer: Layer): Wiring {
  const places = calls.flatMap((call, i) => (call.layer === layer ? [inputs.length + i] : []));
  must(places.length > 0, "to", "a layer of the model, or its name", layer?.type ?? layer);
  check(
    places.length === 1,
    () => `to must be a layer that is applied once; received ${layer.type}, applied ${places.length} times`,
  );
  const [end] = places;
  const needed = new Set([end]);
  for (let value = end; value >= inputs.length; value--)
    if (needed.has(value)) for (const taken of calls[value - inputs.length].inputs) needed.add(taken);
  const place = new Map([...needed].sort((a, b) => a - b).map((value, i) => [value, i]));
  const placeOf = (value: number): number => place.get(value) as number;
  return {
    inputs: inputs.filter((_, i) => needed.has(i)),
    calls: calls
      .filter((_, i) => needed.has(inputs.length + i))
      .map((call) => ({ ...call, inputs: call.inputs.map(placeOf) })),
    outputs: [{ name: "output", value: placeOf(end) }],
  };
}

/**
 * Puts layers in their places.
 *
 * @param row - columns of the data, or the shape of one row
 * @throws FettleError `invalid_argument` for a layer with invalid shapes or parameters; `invalid_shape` for a
 * layer that does not accept its inputs, or columns that do not fit the inputs
 */
export function networkOf(wiring: Wiring, row: number | Shape): Network {
  const given = typeof row === "number" ? [row] : row;
  const wired = recipeOfWiring(wiring);
  if (wired === undefined) return placedLayers(wiring, given);
  const recipe = JSON.stringify([given, wired]);
  const { places, ...known } = remembered(recipe, () => {
    const { layers, ...network } = placedLayers(wiring, given);
    // without the layers, which have weights
    return { ...network, recipe, places: layers.map(({ layer, ...place }) => place) };
  });
  return { ...known, layers: places.map((place, i) => ({ layer: wiring.calls[i].layer, ...place })) };
}

/** What layers are except for the values of hyperparameters; undefined with a custom one. */
export function recipeOfWiring({ inputs, calls, outputs }: Wiring): string | undefined {
  const layers = calls.map(({ layer }) => recipeOf(layer));
  if (layers.includes(undefined)) return undefined;
  return JSON.stringify([inputs, outputs, layers, calls.map((call) => [call.name, call.inputs])]);
}

/** How many networks and architectures of built-in pieces are remembered. */
export const MEMORY = 32;
const remembered = recent<
  Omit<Network, "layers"> & { readonly places: readonly Omit<LayerPlace, "layer">[] }
>(MEMORY);

function placedLayers(wiring: Wiring, given: Shape): Network {
  const columns = sizeOf(given);
  const inputs = beside(wiring.inputs.map(({ name, shape = given }) => ({ name, shape })));
  const own = rowOf(wiring);
  check(
    given.length === 1 || own === undefined || sameShape(given, own),
    () =>
      `x must have rows of shape ${showShape(own as Shape)}, as the model takes; received ${showShape(given)}`,
    "invalid_shape",
  );
  check(
    widthOf(inputs) === columns,
    () =>
      `x must have ${widthOf(inputs)} columns, those of ${inputs.map(({ name, size }) => `${show(name)} (${size})`).join(", ")}; received ${columns}`,
    "invalid_shape",
  );
  const shapes: Shape[] = inputs.map(({ shape }) => shape);
  const owned = new Map<string, Owned>();
  for (const { layer, name, inputs: taken } of wiring.calls) {
    const given = taken.map((value) => shapes[value]);
    const shape = layer.outputShape(...given);
    mustBeSizes(shape, `\`outputShape\` of ${name}`);
    shapes.push(shape);
    const own = parametersFor(layer, name, given);
    const first = owned.get(name);
    if (first) mustBeShared(name, first.specs, own);
    else owned.set(name, { layer, specs: own });
  }
  const places = placesOf(owned);
  const outputs = beside(wiring.outputs.map(({ name, value }) => ({ name, value, shape: shapes[value] })));
  const all = [...places.values()].flat();
  const [trainable, fixed] = [true, false].map((is) => all.filter((place) => place.trainable === is));
  return {
    columns,
    inputs,
    outputs,
    trainable,
    fixed,
    parameters: all,
    layers: wiring.calls.map((call, i) => ({
      ...call,
      shape: shapes[inputs.length + i],
      parameters: places.get(call.name) as ParameterPlace[],
    })),
    size: sizeOfAll(all),
    trainableSize: sizeOfAll(trainable),
    units: widthOf(outputs),
  };
}

const sizeOfAll = (places: readonly ParameterPlace[]): number =>
  places.reduce((sum, { size }) => sum + size, 0);

/** Values side by side in the columns of a matrix. */
function beside<T extends { readonly name: string; readonly shape: Shape }>(
  values: readonly T[],
): (T & Columns)[] {
  let offset = 0;
  return values.map((value) => {
    const size = sizeOf(value.shape);
    offset += size;
    return { ...value, offset: offset - size, size };
  });
}

const widthOf = (values: readonly Columns[]): number => values.reduce((sum, { size }) => sum + size, 0);

/** A layer with its parameters. */
interface Owned {
  readonly layer: Layer;
  readonly specs: readonly ParameterSpec[];
}

/** Places in one vector, the trained ones first, by the names of layers. */
function placesOf(owned: ReadonlyMap<string, Owned>): Map<string, ParameterPlace[]> {
  const all = [...owned].flatMap(([name, { layer, specs }]) =>
    specs.map((spec) => ({
      layer: name,
      name: spec.name,
      shape: spec.shape,
      initializer: spec.initializer,
      ...(spec.constraint && { constraint: spec.constraint }),
      path: `${name}.${spec.name}`,
      size: sizeOf(spec.shape),
      trainable: spec.trainable !== false && layer.trainable !== false,
    })),
  );
  const offsets = new Map<string, number>();
  let offset = 0;
  for (const is of [true, false])
    for (const { path, size, trainable } of all)
      if (trainable === is) {
        offsets.set(path, offset);
        offset += size;
      }
  const places = new Map<string, ParameterPlace[]>([...owned.keys()].map((name) => [name, []]));
  for (const { layer, ...place } of all)
    places.get(layer)?.push({ ...place, offset: offsets.get(place.path) as number });
  return places;
}

/** The parameters of a layer, checked. */
function parametersFor(layer: Layer, name: string, shapes: readonly Shape[]): readonly ParameterSpec[] {
  const specs = layer.parameters(...shapes);
  must(Array.isArray(specs), `\`parameters\` of ${name}`, "an array", specs);
  for (const [i, spec] of specs.entries()) checkParameter(spec, name, specs.slice(0, i));
  return specs;
}

function checkParameter(spec: ParameterSpec, layer: string, before: readonly ParameterSpec[]): void {
  must(typeof spec?.name === "string", `the name of a parameter of ${layer}`, "a string", spec?.name);
  const { name, shape, initializer, trainable, constraint } = spec;
  check(
    before.every((other) => other.name !== name),
    () => `the names of the parameters of ${layer} must differ; received ${show(name)} twice`,
  );
  const path = `${layer}.${name}`;
  mustBeSizes(shape, `the shape of ${path}`);
  const starts = ["function", "string"].includes(typeof initializer);
  must(starts, `the initializer of ${path}`, "a function or a name", initializer);
  must(
    constraint === undefined || typeof constraint === "function",
    `the constraint of ${path}`,
    "a function",
    constraint,
  );
  must([undefined, true, false].includes(trainable), `\`trainable\` of ${path}`, "true or false", trainable);
}

function mustBeSizes(shape: unknown, name: string): asserts shape is Shape {
  const sizes = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size > 0);
  must(sizes, name, "an array of positive integers", shape);
}

/** Refuses a layer that is applied to values for which it would need different parameters. */
function mustBeShared(name: string, first: readonly ParameterSpec[], now: readonly ParameterSpec[]): void {
  const [before, after] = [first, now].map((specs) =>
    specs.map((spec) => `${spec.name} ${showShape(spec.shape)}`),
  );
  check(
    String(before) === String(after),
    () => `${name} must be applied to values of one shape; received values that need ${before} and ${after}`,
    "invalid_shape",
  );
}
