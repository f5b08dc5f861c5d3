/**
 * Planted faults in rows of the table of operations: wrong gradients, references and opcodes, each caught by
 * name.
 */
import { afterEach, describe, expect, it } from "vitest";
import * as f from "../../src/graph/functions.js";
import type { OperationName, Value } from "../../src/graph/graph.js";
import * as Elementwise from "../../src/graph/opcodes/elementwise.js";
import type { Operation } from "../../src/graph/operations/operation.js";
import { commonRows } from "../../src/graph/operations/table.js";
import { anyTensor, numbers } from "../../src/testing/arbitraries/tensors.js";
import { checkOperation } from "../../src/testing/operation.js";
import { cases } from "../cases.js";

/** The table, writable: rows are replaced and restored here. */
const table = commonRows as unknown as Record<OperationName, Operation<OperationName>>;
const intact = { ...table };
afterEach(() => {
  Object.assign(table, intact);
});

type Row = Partial<Operation<OperationName>>;
const GRADIENT = "has the gradient that finite differences give";
const KERNELS = "agrees between kernels and references";

/** The gradients of a true rule, changed. */
const gradient = (
  op: OperationName,
  change: (parts: (Value | undefined)[]) => (Value | undefined)[],
): Row => ({
  gradient: (context) => change([...intact[op].gradient(context)]),
});
const negate = (part: Value | undefined): Value | undefined => part && f.neg(part);

/**
 * The operation, the mistake, the wrong parts of its row, the law that catches it, and what the message
 * names.
 */
const faults: readonly (readonly [OperationName, string, Row, string, RegExp])[] = [
  ["tanh", "the sign of the gradient", gradient("tanh", ([g]) => [negate(g)]), GRADIENT, /"tanh" is wrong/],
  [
    "sigmoid",
    "y in place of y(1 − y)",
    { gradient: ({ g, output: y }) => [f.mul(g, y)] },
    GRADIENT,
    /"sigmoid" is wrong/,
  ],
  [
    "log",
    "1/y in place of 1/x",
    { gradient: ({ g, output: y }) => [f.div(g, y)] },
    GRADIENT,
    /entry \d+, is .* by autograd and .* by differences/,
  ],
  ["sqrt", "a forgotten ½", { gradient: ({ g, output: y }) => [f.div(g, y)] }, GRADIENT, /"sqrt" is wrong/],
  ["sub", "both signs alike", gradient("sub", ([g]) => [g, g]), GRADIENT, /argument 1 .*"sub" is wrong/],
  ["mul", "the operands exchanged", gradient("mul", ([a, b]) => [b, a]), GRADIENT, /"mul" is wrong/],
  ["div", "the sign of the divisor's", gradient("div", ([a, b]) => [a, negate(b)]), GRADIENT, /argument 1/],
  [
    "pow",
    "an exponent that is not lowered",
    { gradient: ({ g, inputs: [x, y], output: z }) => [f.mul(g, f.mul(y, z)), f.mul(g, f.mul(z, f.log(x)))] },
    GRADIENT,
    /"pow" is wrong/,
  ],
  ["maximum", "the other side's", gradient("maximum", ([a, b]) => [b, a]), GRADIENT, /"maximum" is wrong/],
  ["select", "the other side's", gradient("select", ([c, a, b]) => [c, b, a]), GRADIENT, /"select" is wrong/],
  [
    "softmax",
    "no share of the sum",
    { gradient: ({ g, output: y }) => [f.mul(g, y)] },
    GRADIENT,
    /"softmax" is wrong/,
  ],
  [
    "matmul",
    "a missing transpose",
    {
      gradient: ({ g, inputs: [a, b] }) =>
        [f.matmul(g, f.transpose(b)), f.transpose(f.matmul(f.transpose(g), a))].map((part) => f.mul(part, 2)),
    },
    GRADIENT,
    /"matmul" is wrong/,
  ],
  ["sum", "a mean's", gradient("sum", ([g]) => [g && f.mul(g, 0.5)]), GRADIENT, /"sum" is wrong/],
  [
    "tanh",
    "a gradient that has none",
    { gradient: ({ g, output: y }) => [f.mul(g, f.stopGradient(f.sub(1, f.square(y))))] },
    GRADIENT,
    /^operation "tanh" .*the gradient of tanh/,
  ],
  [
    "sin",
    "the opcode of cos",
    { lowering: { elementwise: Elementwise.Cos } },
    KERNELS,
    /"result" after step 1/,
  ],
  [
    "maximum",
    "the opcode of minimum",
    { lowering: { elementwise: Elementwise.Minimum } },
    KERNELS,
    /element \d/,
  ],
  ["expm1", "the opcode of exp", { lowering: { elementwise: Elementwise.Exp } }, KERNELS, /within/],
  [
    "erf",
    "a reference of seven digits",
    {
      reference: ({ inputs: [x] }) =>
        x.map((v) => Math.fround(intact.erf.reference({ inputs: [[v]] } as never)[0]) * (1 + 1e-6)),
    },
    GRADIENT,
    /"erf" is wrong/,
  ],
];

/** These few cases catch a fault, also in the long form: more might break an earlier law first. */
const ENOUGH = 40;

describe("of", () => {
  it.each(faults)("%s, %s is caught", (name, _, wrong, law, names) => {
    Object.assign(table, { [name]: { ...(intact[name] as object), ...wrong } });
    let message = "nothing was found";
    try {
      checkOperation(name, { numRuns: ENOUGH, seed: 7 });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(`operation "${name}" breaks the law "${law}`);
    expect(message).toMatch(names);
    expect(message).toContain("{ seed: 7, path: ");
  });
});

describe("a custom function", () => {
  const softsignCases = anyTensor([3], numbers.nonZero).map((x) => ({
    fn: (v: Value) => f.div(v, f.add(1, f.abs(v))),
    args: [x],
  }));
  const softsign = { name: "softsign", cases: softsignCases };

  it("passes where it equals its definition", () => {
    checkOperation(
      { ...softsign, equals: (x) => x.map((v) => v / (1 + Math.abs(v))) },
      { numRuns: cases(20) },
    );
  });

  it("is caught where it does not, by a number or by the count of numbers", () => {
    const wrong = () => checkOperation({ ...softsign, equals: (x) => x.map((v) => v / (1 + v * v)) });
    expect(wrong).toThrow(/operation "softsign" breaks the law "equals its definition": entry \d is/);
    const short = () => checkOperation({ ...softsign, equals: () => [0] });
    expect(short).toThrow(/it gives 3 numbers; it should give 1/);
  });
});
