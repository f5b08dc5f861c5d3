/**
 * The contract of an operation: one row of the table. A row states a shape rule, a gradient rule written in
 * operations, a float64 reference, and the machine's instruction. The function that writes the operation
 * follows its row in the same file. A file imports functions only from files above it in the list of
 * `index.ts`.
 */
import type { AttributesOf, Node, OperationName, Value } from "../graph.js";
import type { Extent, Shape } from "../shape.js";

/** The argument of a gradient rule: `g` is the gradient of the result with respect to this node. */
export interface GradientContext<K extends OperationName> {
  readonly g: Value;
  readonly inputs: readonly Value[];
  readonly output: Value;
  readonly attributes: AttributesOf[K];
  /** If the result is read in parts: each part with its gradient. `g` is then that of the first. */
  readonly parts: readonly PartGradient[];
  /** Whether the gradient of an input will be used, by its position. */
  needs(input: number): boolean;
  /** Reverse mode itself, for operations that hold graphs. */
  readonly pullBack: PullBack;
}

/** A node that is a part of another's result, with its gradient. */
export interface PartGradient {
  readonly node: Node;
  readonly g: Value;
}

/**
 * Adds to `cotangents`, from the last node down, the contributions of each node to its inputs marked by
 * `depends`. `handle` returns the value of a node in the graph where the gradient is written.
 */
export type PullBack = (
  nodes: readonly Node[],
  handle: (id: number) => Value,
  cotangents: Map<number, Value>,
  depends: Uint8Array,
) => void;

/** The argument of a reference: shapes with `ROWS` resolved, arrays row-major. */
export interface ReferenceContext<K extends OperationName> {
  readonly inputs: readonly Float64Array[];
  readonly shapes: readonly (readonly number[])[];
  readonly shape: readonly number[];
  readonly attributes: AttributesOf[K];
  readonly environment: Environment;
  /** The nodes of the inputs. */
  readonly sources: readonly Node[];
  /** The value of every node of a graph, for operations that hold graphs. */
  readonly evaluate: (nodes: readonly Node[], environment: Environment) => readonly Float64Array[];
}

/** The values of a run for the leaves of a graph. */
export interface Environment {
  readonly rows: number;
  readonly seed: number;
  /** Steps done before this one. */
  readonly step: number;
  /** The values of an input. */
  input(name: string): Float64Array;
}

/** A word of an instruction: the place of the result or of an input, or a size. */
export type Word = "result" | { readonly input: number } | Extent;

/** The data for an instruction's words. Shapes may hold `ROWS`. */
export interface OperandsContext<K extends OperationName> {
  readonly shapes: readonly Shape[];
  readonly shape: Shape;
  readonly attributes: AttributesOf[K];
}

/**
 * How the machine runs it: an opcode of the elementwise machine (`opcodes/elementwise.ts`); a separate
 * instruction with its operands by position (`opcodes/program.ts`); a view, which only changes addresses; a
 * part of its input's result, which that instruction writes; or a leaf that occupies memory but runs nothing.
 * The encoder writes the operands of an instruction that states none here.
 */
export type Lowering<K extends OperationName> =
  | { readonly elementwise: number }
  | {
      readonly instruction: number;
      operands?(context: OperandsContext<K>): Readonly<Record<number, Word>>;
    }
  | { readonly view: true }
  | { readonly part: true }
  | { readonly leaf: true };

export interface Operation<K extends OperationName> {
  /**
   * The shape of the result; `sources` are the nodes of the inputs.
   *
   * @throws FettleError `invalid_shape` if
   * the inputs do not fit.
   */
  shape(inputs: readonly Shape[], attributes: AttributesOf[K], sources: readonly Node[]): Shape;
  /** One gradient per input; `undefined` if the operation is constant in that input. */
  gradient(context: GradientContext<K>): readonly (Value | undefined)[];
  reference(context: ReferenceContext<K>): Float64Array;
  readonly lowering: Lowering<K>;
}

export type Rows<Names extends OperationName> = { readonly [K in Names]: Operation<K> };
