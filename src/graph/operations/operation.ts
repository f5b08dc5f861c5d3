/**
 * What an operation is: one row of the table. A row states a shape rule, a gradient
 * rule written in operations, a float64 reference, and how the machine does it.
 */
import type { AttributesOf, OperationName, Value } from "../graph.js";
import type { Shape } from "../shape.js";

/** What a gradient rule sees: `g` is the gradient of the result with respect to this node. */
export interface GradientContext<K extends OperationName> {
  readonly g: Value;
  readonly inputs: readonly Value[];
  readonly output: Value;
  readonly attributes: AttributesOf[K];
}

/** What a reference sees: shapes with `ROWS` resolved, arrays row-major. */
export interface ReferenceContext<K extends OperationName> {
  readonly inputs: readonly Float64Array[];
  readonly shapes: readonly (readonly number[])[];
  readonly shape: readonly number[];
  readonly attributes: AttributesOf[K];
  readonly environment: Environment;
}

/** What a run gives to the leaves of a graph. */
export interface Environment {
  readonly rows: number;
  readonly seed: number;
  /** Steps done before this one. */
  readonly step: number;
  input(name: string): Float64Array;
}

/**
 * How the machine does it: an opcode of the elementwise machine (`opcodes/elementwise.ts`), an instruction of its
 * own (`opcodes/program.ts`), a view (only addresses change), or a leaf that occupies memory but runs nothing.
 */
export type Lowering =
  | { readonly elementwise: number }
  | { readonly instruction: number }
  | { readonly view: true }
  | { readonly leaf: true };

export interface Operation<K extends OperationName> {
  /** The shape of the result. @throws FettleError `invalid_shape` where the inputs do not fit. */
  shape(inputs: readonly Shape[], attributes: AttributesOf[K]): Shape;
  /** One gradient an input; `undefined` where the operation is constant in that input. */
  gradient(context: GradientContext<K>): readonly (Value | undefined)[];
  reference(context: ReferenceContext<K>): Float64Array;
  readonly lowering: Lowering;
}

export type Rows<Names extends OperationName> = { readonly [K in Names]: Operation<K> };
