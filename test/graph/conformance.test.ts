/**
 * Every row of the table of operations keeps the laws of operations: its gradients, and what the kernels make
 * of it.
 */
import { describe, expect, it } from "vitest";
import type { OperationName } from "../../src/graph/graph.js";
import { operations } from "../../src/graph/operations/index.js";
import { checkOperation } from "../../src/testing/operation.js";
import { operationCases } from "../../src/testing/operations/index.js";
import { cases } from "../cases.js";

/** Of the operations whose cases are dear, programs within programs and images cut into patches. */
const dear = /^scan|[pP]atches$/;
const names = Object.keys(operations) as OperationName[];
const leaves = names.filter((name) => operationCases[name] === undefined);

describe("operations keep their laws", () => {
  it.each(names.filter((name) => !leaves.includes(name)))("%s", (name) => {
    checkOperation(name, { numRuns: cases(dear.test(name) ? 15 : 40) });
  });

  it("but for those that compute nothing from arguments", () => {
    expect(leaves).toEqual(["input", "constant", "count", "randomUniform", "step"]);
    for (const name of leaves) {
      expect(operations[name].lowering).not.toHaveProperty("elementwise");
      expect(() => checkOperation(name)).toThrow(/is a leaf/);
    }
  });
});
