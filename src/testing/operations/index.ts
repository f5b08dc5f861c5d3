/**
 * Facts about every operation of the table for the laws, exhaustive by type: an operation without cases and
 * an error bound does not compile.
 */
import type fc from "fast-check";
import type { OperationName } from "../../graph/graph.js";
import type { OperationCase } from "./case.js";
import { elementwiseFacts } from "./elementwise.js";
import type { FactsOf } from "./facts.js";
import { linearFacts } from "./linear.js";
import { moveFacts } from "./moves.js";
import { patchFacts } from "./patches.js";
import { poolFacts } from "./pool.js";
import { scanFacts } from "./scan.js";

export const operationFacts: FactsOf<OperationName> = {
  ...moveFacts,
  ...elementwiseFacts,
  ...linearFacts,
  ...patchFacts,
  ...poolFacts,
  ...scanFacts,
};

/**
 * For each operation, random uses of it on its own domain: smooth within the reach of `checkGradients`, and
 * exact in float32. Undefined for leaves, which compute nothing from arguments.
 */
export const operationCases = Object.fromEntries(
  Object.entries(operationFacts).map(([name, { cases }]) => [name, cases]),
) as Readonly<Record<OperationName, fc.Arbitrary<OperationCase> | undefined>>;
