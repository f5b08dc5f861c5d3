/** Facts about an operation for the laws. */
import type fc from "fast-check";
import type { OperationName } from "../../graph/graph.js";
import type { OperationCase } from "./case.js";
import type { Rule } from "./rounding.js";
import type { Writer } from "./writers.js";

export interface OperationFacts<K extends OperationName> {
  /**
   * Uses of it with arguments around which it is smooth; undefined for leaves, which compute nothing from
   * arguments.
   */
  readonly cases: fc.Arbitrary<OperationCase> | undefined;
  /** The error bound of its result. */
  readonly bound: Rule<K>;
  /** How random steps use it. */
  readonly writers: readonly Writer[];
}

export type FactsOf<Names extends OperationName> = { readonly [K in Names]: OperationFacts<K> };
