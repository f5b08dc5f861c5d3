/**
 * What a training step spends on each row and each weight, in passes of the machine: that losses and
 * optimizers are written as the compiler has one pass for. A loss that came apart once took four passes more
 * and no test failed.
 */
import { describe, expect, it } from "vitest";
import * as Elementwise from "../../src/graph/opcodes/elementwise.js";
import * as Passes from "../../src/graph/opcodes/passes.js";
import * as Opcode from "../../src/graph/opcodes/program.js";
import { dense } from "../../src/nn/layers/index.js";
import type { Loss } from "../../src/nn/losses/given.js";
import { chain, networkOf } from "../../src/nn/network/network.js";
import { architectureOf } from "../../src/nn/programs/architecture.js";
import { programOf } from "../../src/nn/programs/programs.js";
import { adam } from "../../src/optim/adam.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { rmsprop } from "../../src/optim/rmsprop.js";
import { sgd } from "../../src/optim/sgd.js";
import { decode, registersOf } from "../compile/code.js";

/**
 * The passes over `elements` numbers in a step of a network of one layer, of 3 columns and batches of 32
 * rows.
 */
function passesOver(elements: number, units: number, loss: Loss, optimizer: Optimizer): string[] {
  const activation = units === 1 ? "sigmoid" : "softmax";
  const network = networkOf(chain([dense(units, { activation })]), 3);
  const { code } = programOf(architectureOf(network, loss, optimizer), "train", 32);
  const names = new Map(
    Object.entries({ ...Elementwise, ...Passes }).map(([name, number]) => [number, name]),
  );
  return decode(code)
    .filter(({ opcode, words }) => opcode === Opcode.Elementwise && words[0].value === elements)
    .flatMap((region) => registersOf(region).operations.map((operation) => names.get(operation) as string));
}

describe("a training step", () => {
  it("computes the cross-entropy of two classes and its slope in one pass each", () => {
    expect(passesOver(32, 1, "binaryCrossentropy", sgd())).toEqual([
      "Sub",
      "CrossEntropy",
      ...["MulNoNan", "MulNoNan", "FlushRootCrossEntropySlope"],
    ]);
  });

  it("multiplies each chance of several classes with its truth once, forwards and backwards", () => {
    expect(passesOver(32 * 5, 5, "categoricalCrossentropy", sgd())).toEqual([
      ...["MulNoNan", "MulNoNan", "FlushRoot"],
    ]);
  });

  it.each<[string, Optimizer, string[]]>([
    ["sgd", sgd(), ["FlushRootMulSubFrom"]],
    ["sgd with momentum", sgd({ momentum: 0.9 }), ["FlushRootMul", "FlushMulSub", "FlushRootAdd"]],
    [
      "adam",
      adam(),
      [
        ...["FlushAxpbySquareSqrtAdd", "SqrtAdd"],
        ...["FlushAxpbyFlushRootDivMulSubFrom", "FlushRootDivMulSubFrom"],
      ],
    ],
    ["rmsprop", rmsprop(), ["FlushAxpbySquare", "AddSqrt", "FlushRootMulDiv", "FlushRootSub"]],
  ])("updates weights with %s, and flushes them, in as few", (_name, optimizer, passes) => {
    // 3 weights and a bias for each of 5 units
    expect(passesOver(20, 5, "categoricalCrossentropy", optimizer)).toEqual(passes);
  });
});
