/** What a step may be: its ends are checked before anything is compiled. */

import { describe, expect, it } from "vitest";
import { compile, compileStep } from "../../src/compile/compile.js";
import type { Signature, StepResults, StepValues } from "../../src/compile/trace.js";
import { createEngine } from "../../src/engine/engine.js";
import type { ErrorCode } from "../../src/errors.js";
import * as f from "../../src/graph/functions.js";
import { Graph, type Value } from "../../src/graph/graph.js";
import { input } from "../../src/graph/operations/leaves.js";
import { ROWS } from "../../src/graph/shape.js";

const SIGNATURE: Signature = { inputs: { rate: [] }, state: { w: [3] }, streams: { x: 3 } };

describe("a step is refused", () => {
  const other = input(new Graph(), "other", [3]);
  it.each<[string, Signature, (values: StepValues) => unknown, ErrorCode, RegExp]>([
    [
      "that changes the shape of its state",
      SIGNATURE,
      ({ inputs }) => ({ state: { w: inputs.rate } }),
      "invalid_shape",
      /"w" must have its shape \[3\]; received \[\]/,
    ],
    [
      "that returns state it does not have",
      SIGNATURE,
      ({ state }) => ({ state: { v: state.w } }),
      "invalid_argument",
      /"v"/,
    ],
    [
      "that returns state of an object's own names",
      SIGNATURE,
      ({ state }) => ({ state: { toString: state.w } }),
      "invalid_argument",
      /"toString"/,
    ],
    [
      "that returns a number",
      SIGNATURE,
      () => ({ state: { w: 3 } }),
      "invalid_argument",
      /"w" must be a value of this step; received 3/,
    ],
    [
      "that returns nothing for a name",
      SIGNATURE,
      () => ({ outputs: { y: undefined } }),
      "invalid_argument",
      /"y".*undefined/,
    ],
    [
      "that returns a value of another graph",
      SIGNATURE,
      () => ({ outputs: { y: other } }),
      "invalid_argument",
      /"y"/,
    ],
    [
      "that mixes graphs",
      SIGNATURE,
      ({ state }) => ({ outputs: { y: f.add(state.w, other) } }),
      "invalid_argument",
      /values of one graph; received values of two/,
    ],
    [
      "that keeps rows in its state",
      { state: { w: [ROWS] } },
      ({ state }) => ({ state }),
      "invalid_shape",
      /"w".*\[rows\]/,
    ],
    [
      "that takes rows as an input",
      { inputs: { a: [ROWS, 2] } },
      ({ inputs }) => ({ outputs: { b: f.neg(inputs.a) } }),
      "invalid_shape",
      /"a".*\[rows, 2\]/,
    ],
    [
      "that writes to a stream what has no rows",
      SIGNATURE,
      ({ state }) => ({ streams: { y: state.w } }),
      "invalid_shape",
      /"y".*\[3\]/,
    ],
    [
      "with seven streams",
      SIGNATURE,
      ({ streams: { x } }) => ({ streams: { a: x, b: x, c: x, d: x, e: x, f: x } }),
      "invalid_argument",
      /at most 6 streams; received 7/,
    ],
    [
      "with state and an output of one name",
      SIGNATURE,
      ({ state }) => ({ outputs: { w: state.w } }),
      "invalid_argument",
      /different names; received "w" twice/,
    ],
    [
      "with an input and state of one name",
      { inputs: { a: [] }, state: { a: [] } },
      () => ({}),
      "invalid_argument",
      /different names; received "a" twice/,
    ],
    [
      "with streams in and out of one name",
      SIGNATURE,
      ({ streams: { x } }) => ({ streams: { x } }),
      "invalid_argument",
      /different names; received "x" twice/,
    ],
    ["with an input of no size", { inputs: { a: [0] } }, () => ({}), "invalid_shape", /input "a"/],
    ["with an input of half a size", { inputs: { a: [1.5] } }, () => ({}), "invalid_shape", /input "a"/],
  ])("%s", (_name, signature, write, code, message) => {
    expect(() => compileStep(signature, 4, write as (values: StepValues) => StepResults)).toThrow(
      expect.objectContaining({ name: "FettleError", code, message: expect.stringMatching(message) }),
    );
  });
});

it("a compiled function returns at least one value", () => {
  expect(() => compile(() => [] as Value[], [3])).toThrow(
    expect.objectContaining({ code: "invalid_argument" }),
  );
});

it("a program is plain data: a copy of it is equal and independent", () => {
  const program = compileStep(SIGNATURE, 4, ({ state, streams, inputs }) => ({
    state: { w: f.add(state.w, f.mul(inputs.rate, f.mean(streams.x, 0))) },
  }));
  expect(structuredClone(program)).toEqual(program);
  const { code: _code, ...rest } = program;
  expect(JSON.parse(JSON.stringify(rest))).toEqual(rest);
});

it("a constant keeps its numbers when the caller changes the array", () => {
  const numbers = [1, 2];
  const shifted = compile(
    (x: Value) => {
      const value = f.add(x, f.constant(x.graph, numbers));
      numbers[0] = 100;
      return value;
    },
    [2],
  );
  expect(Array.from(createEngine().load(shifted)([0, 0]).data)).toEqual([1, 2]);
});
