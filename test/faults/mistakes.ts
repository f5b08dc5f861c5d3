import * as f from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import type { Layer, LayerContext } from "../../src/nn/layers/index.js";

/** A layer that is called on something else, or has another result. */
export type Mistake = (layer: Layer) => Layer;
export const called =
  (change: (context: LayerContext) => Partial<LayerContext>): Mistake =>
  (layer) => ({ ...layer, call: (context) => layer.call({ ...context, ...change(context) }) });
export const given = (change: (x: Value) => Value): Mistake =>
  called(({ x }) => ({ x: change(x), inputs: [change(x)] }));
export const giving =
  (change: (y: Value, context: LayerContext) => Value): Mistake =>
  (layer) => ({ ...layer, call: (context) => change(layer.call(context), context) });
export const after =
  (change: (x: Value) => Value): Mistake =>
  (layer) =>
    giving(change)(given(change)(layer));
export const updating = (change: (value: Value, name: string, context: LayerContext) => Value): Mistake =>
  called((context) => ({ update: (name, value) => context.update(name, change(value, name, context)) }));
export const weighing = (change: (weight: Value, name: string) => Value): Mistake =>
  called(({ parameters }) => ({
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [name, change(value, name)]),
    ),
  }));

/** A part of an axis. */
export function part(x: Value, axis: number, begin: number, length: number): Value {
  const at = (i: number): number => (i === axis ? begin : 0);
  return f.slice(
    x,
    x.shape.map((_, i) => at(i)),
    x.shape.map((dim, i) => (i === axis ? length : dim)),
  );
}

/** Equal parts of an axis in another order. */
export function reordered(x: Value, axis: number, order: readonly number[]): Value {
  const length = x.shape[axis] / order.length;
  return f.concat(
    order.map((i) => part(x, axis, i * length, length)),
    axis,
  );
}

export const flipped = (x: Value, axis: number): Value =>
  reordered(x, axis, Array.from({ length: x.shape[axis] }, (_, i) => i).reverse());
export const turned = (x: Value): Value => flipped(flipped(x, 1), 2);
export const padded = (x: Value): Value => f.pad(x, [0, 0, 0, 0], [0, 1, 1, 0]);

/** The variance of a batch of three, and what it is if it is divided by two. */
export const unbiased = 3 / 2;
export const varianceOf = (x: Value): Value => f.mean(f.square(f.sub(x, f.mean(x, 0))), 0);
