/**
 * A program: what one step does, as plain data. It can be cloned to a worker, stored, and
 * run by either executor. It holds no state and no data of any run.
 */
import type { Node } from "../graph/graph.js";
import type { Shape } from "../graph/shape.js";

/** Version of the layout of `Program` and of its code; an engine refuses any other. */
export const PROGRAM_FORMAT = 4;

/** A named array in the block of a run. */
export interface Slot {
  readonly name: string;
  readonly shape: Shape;
  /** Bytes from the start of the block, a multiple of 16. */
  readonly offset: number;
}

/** A matrix outside the block that a step reads or writes one batch of. */
export interface Stream {
  readonly name: string;
  readonly columns: number;
  readonly direction: "in" | "out";
}

/** A step before compilation: the written graph, and the meaning of its ends. */
export interface StepGraph {
  readonly nodes: readonly Node[];
  /** Ids of `input` nodes, by name. */
  readonly inputs: Readonly<Record<string, number>>;
  readonly streamsIn: Readonly<Record<string, number>>;
  /** What is kept from step to step: read from `input`, replaced by `output`. */
  readonly state: Readonly<Record<string, { readonly input: number; readonly output: number }>>;
  readonly outputs: Readonly<Record<string, number>>;
  readonly streamsOut: Readonly<Record<string, number>>;
}

/** What one step does, as plain data, made by `compileStep`. `engine.start` runs it. */
export interface Program {
  /** The version of this layout; an engine refuses any other. */
  readonly format: number;
  /** Most rows of a batch. */
  readonly rows: number;
  /** Arrays that the host writes before a run, or between steps. */
  readonly inputs: readonly Slot[];
  /** Arrays kept from step to step; zeros until written. */
  readonly state: readonly Slot[];
  /** Arrays that the last step left. */
  readonly outputs: readonly Slot[];
  /** Matrices that each step reads or writes one batch of. */
  readonly streams: readonly Stream[];
  /** Bytes of a run's block. */
  readonly bytes: number;
  /** State occupies bytes [stateOffset, stateOffset + stateBytes) of the block. */
  readonly stateOffset: number;
  readonly stateBytes: number;
  /** The instructions of a step. */
  readonly code: Int32Array;
  /** The graph as written, for the reference executor and for reading. */
  readonly graph: StepGraph;
}
