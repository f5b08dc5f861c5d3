/**
 * Inputs, attributes and axes of a node, as the rows of operators (onnxOperators.ts) read them. It makes no
 * layers.
 */
import { curveOf, isKnown, type NumberOperators, type Value } from "./onnxElementwise.js";
import { type Known, type OnnxNode, ROWS } from "./onnxFile.js";
import type { Layers, View } from "./onnxLayers.js";

/** The arguments of a row for a node. */
export interface Context {
  readonly node: OnnxNode;
  readonly inputs: readonly (Value | undefined)[];
  readonly layers: Layers;
  readonly elementwise: NumberOperators;
  readonly opset: number;
  /** The rows that the file has, if it fixes them. */
  readonly rows: number | undefined;
}

export type Row = (context: Context) => Value | readonly Value[];

type Plain = number | string | readonly number[];
type Widened<T> = T extends number ? number : T extends string ? string : T;

/** An attribute of the type of its usual value, which it has if it is left out. */
export function attribute<T extends Plain>({ node }: Context, key: string, usual: T): Widened<T> {
  const given = node.attributes.get(key);
  const isAlike = typeof given === typeof usual && Array.isArray(given) === Array.isArray(usual);
  return (isAlike ? given : usual) as Widened<T>;
}

export function viewIn({ inputs, elementwise, layers }: Context, i = 0): View {
  const given = inputs[i];
  if (given === undefined || isKnown(given))
    throw layers.unsupported(`must take a value that depends on the rows as input ${i}`);
  return elementwise.viewOf(given);
}

/** A value whose first axis is the rows. */
export function rowsIn(context: Context, i = 0): View {
  const view = viewIn(context, i);
  if (view.rows !== 0) throw context.layers.unsupported("takes a value whose first axis is not the rows");
  return view;
}

export function knownIn({ inputs, layers }: Context, i: number): Known | undefined {
  const given = inputs[i];
  if (given && !isKnown(given))
    throw layers.unsupported(`computes input ${i} from the rows, which must be in the file`);
  return given;
}

export function mustHave(context: Context, i: number): Known {
  const known = knownIn(context, i);
  if (known === undefined) throw context.layers.unsupported(`must have input ${i}`);
  return known;
}

/** The axes of the file, and their sizes. */
export function sizesOf({ shape, rows }: View): number[] {
  return rows < 0 ? [ROWS, ...shape.slice(1)] : shape.toSpliced(rows, 0, ROWS);
}

/** The axis of a row for an axis of the file; refuses the axis of the rows. */
export function axisOf({ layers }: Context, view: View, axis: number): number {
  const { shape, rows } = view;
  const rank = shape.length + (rows < 0 ? 0 : 1);
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isSafeInteger(at) || at < 0 || at >= rank || at === Math.max(rows, 0))
    throw layers.unsupported(`acts on axis ${axis} of ${rank}; it must be an axis of a row`);
  return rows < 0 || at < rows ? at : at - 1;
}

export const as = (view: View, shape: readonly number[], rows = view.rows): Value =>
  curveOf({ ...view, shape, rows });
