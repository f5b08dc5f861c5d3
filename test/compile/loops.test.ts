/** What becomes of loops between a graph and its code: what is written, what has memory, and where it is. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gradients } from "../../src/autograd/grad.js";
import { rewriteBodies } from "../../src/compile/bodies.js";
import { lower } from "../../src/compile/lower.js";
import { locate, type Outside, type Places, placeKey } from "../../src/compile/places.js";
import type { StepGraph } from "../../src/compile/program.js";
import { simplify } from "../../src/compile/simplify.js";
import { trace } from "../../src/compile/trace.js";
import type { Offset } from "../../src/compile/view.js";
import * as f from "../../src/graph/functions.js";
import { isNode, type Node, type Value } from "../../src/graph/graph.js";
import { type ScanResult, type ScanStep, scan } from "../../src/graph/scan.js";
import { cases } from "../cases.js";

type Given = Readonly<Record<"x" | "h" | "w", Value>>;

/** Values made of x [5, 3, 2], h [3, 2] and w [2, 2]. */
const traced = (write: (given: Given) => readonly Value[]): StepGraph =>
  trace({ inputs: { x: [5, 3, 2], h: [3, 2], w: [2, 2] } }, ({ inputs }) => ({
    outputs: Object.fromEntries(write(inputs).map((value, i) => [`y${i}`, value])),
  }));

/** A loop over x from h, with w beside. */
const loopOver =
  (body: (step: ScanStep) => ScanResult) =>
  ({ x, h, w }: Given) =>
    scan({ carry: { h }, sequences: { x }, shared: { w } }, body);

const loopsIn = ({ nodes }: Pick<StepGraph, "nodes">): Node<"scan">[] =>
  nodes.filter((node) => isNode(node, "scan"));

const count = (nodes: readonly Node[], name: string): number => nodes.filter(({ op }) => op === name).length;

describe("the gradient of a loop", () => {
  it("carries nothing for carries that do not depend on what it is of", () => {
    const looped = loopOver(({ carry, elements }) => ({
      carry: { h: f.mul(carry.h, 0.5) },
      stacks: { y: f.mul(carry.h, elements.x) },
    }));
    const carriesFor = (wrt: (given: Given) => Value): number[] =>
      loopsIn(traced((given) => gradients(f.sum(looped(given).stacks.y), [wrt(given)]))).map(
        ({ attributes }) => attributes.next.length,
      );
    // those of the loop, and of its gradient
    expect(carriesFor(({ x }) => x)).toEqual([1, 0]);
    expect(carriesFor(({ h }) => h)).toEqual([1, 1]);
  });

  it("has a product after the loop for each use of a matrix, and carries nothing for them", () => {
    const looped = loopOver(({ carry, elements, shared }) => {
      const h = f.tanh(f.add(f.matmul(carry.h, shared.w), f.matmul(elements.x, shared.w)));
      return { carry: { h }, stacks: { h, y: f.matmul(h, shared.w) } };
    });
    const step = traced((given) => gradients(f.sum(looped(given).stacks.y), [given.w]));
    expect(loopsIn(step).map(({ attributes }) => attributes.next.length)).toEqual([1, 1]);
    expect(count(step.nodes, "matmul")).toBe(3);
    // the carry's gradient, y's and h's stacks, and the matrix
    expect(loopsIn(step)[1].inputs.length).toBe(4);
    // g wᵀ of y and of the carry
    expect(count(loopsIn(step)[1].attributes.body, "matmul")).toBe(2);
  });

  it("carries what is no such product, once for all of its terms", () => {
    const looped = loopOver(({ carry, elements, shared }) => {
      const h = f.add(f.mul(f.sum(shared.w), carry.h), f.matmul(elements.x, f.exp(shared.w)));
      return { carry: { h: f.mul(h, f.mean(shared.w)) } };
    });
    const step = traced((given) => gradients(f.sum(looped(given).carry.h), [given.w]));
    expect(loopsIn(step).map(({ attributes }) => attributes.next.length)).toEqual([1, 2]);
    expect(count(step.nodes, "matmul")).toBe(0);
  });

  it("reads nothing of a stack that does not depend on what it is of", () => {
    const looped = loopOver(({ carry, elements }) => ({
      carry: { h: f.add(carry.h, 1) },
      stacks: { y: f.mul(elements.x, carry.h), z: f.exp(carry.h) },
    }));
    const step = traced((given) => {
      const { y, z } = looped(given).stacks;
      return gradients(f.sum(f.mul(y, z)), [given.x]);
    });
    // the gradient of y, and the carry
    expect(loopsIn(step)[1].inputs.length).toBe(2);
  });
});

describe("bodies", () => {
  it("are looked for in programs with loops alone", () => {
    const [without, looped] = [
      ({ x }: Given) => [f.exp(x)],
      ({ x, h, w }: Given) => [twice({ x, h, w })],
    ].map(traced);
    function twice(given: Given): Value {
      return loopOver(({ carry }) => ({ carry: { h: f.mul(carry.h, 2) } }))(given).carry.h;
    }
    expect(rewriteBodies(without, simplify)).toBe(without);
    expect(rewriteBodies(looped, simplify)).not.toBe(looped);
  });

  it("keep constants, and are given what follows from shared values once", () => {
    const looped = loopOver(({ carry, shared }) => {
      const scale = f.exp(f.sum(shared.w));
      const start = f.mul(f.add(carry.h, f.constant(carry.h.graph, [1, 2])), scale);
      return { carry: { h: f.add(f.mul(start, 0.5), f.sin(scale)) }, stacks: { start } };
    });
    const { step, bodies } = lower(
      traced((given) => {
        const { carry, stacks } = looped(given);
        return [carry.h, stacks.start];
      }),
      1,
    );
    const [{ attributes, inputs }] = loopsIn(step);
    // h, one scale, and its sine
    expect(inputs.length).toBe(3);
    expect(count(attributes.body, "constant")).toBe(2);
    for (const op of ["sum", "exp", "sin"]) expect(count(attributes.body, op)).toBe(0);
    const [[, lowered]] = bodies;
    expect(count(lowered.step.nodes, "input")).toBe(3);
  });

  it("have no memory of their own for what is outside", () => {
    const looped = loopOver(({ carry, elements, shared }) => {
      const h = f.softmax(f.matmul(f.add(carry.h, elements.x), shared.w));
      return { carry: { h }, stacks: { twice: f.mul(h, 2), h } };
    });
    const { bodies } = lower(
      traced((given) => Object.values(looped(given).stacks)),
      1,
    );
    const [[, { step, plan }]] = bodies;
    const outside = [...Object.values(step.inputs), ...Object.values(step.outputs)];
    expect(outside.length).toBe(4);
    expect(outside.filter((id) => plan.offsets.has(id))).toEqual([]);
    // the carry, the sum, the product, the softmax; each of 3 × 2 numbers in 32 bytes, and 16 at the end
    expect(plan.buffers.every(({ bytes }) => bytes === 32)).toBe(true);
    expect(plan.bytes).toBe(32 * new Set(plan.buffers.map(({ offset }) => offset)).size + 16);
  });
});

it("a loop has no shape of its own: what it makes is read in parts", () => {
  const looped = loopOver(({ carry }) => ({ carry }));
  expect(loopsIn(traced((given) => [looped(given).carry.h])).map(({ shape }) => shape)).toEqual([[]]);
});

describe("the place of an element", () => {
  const rows = 7;
  const at = ({ base, scale, power }: Offset): number => base + scale * rows ** power;
  const anyOffset = (power: number): fc.Arbitrary<Offset> =>
    fc.oneof(
      fc.record({ base: fc.nat(50), scale: fc.constant(0), power: fc.constant(0) }),
      fc.record({ base: fc.nat(50), scale: fc.integer({ min: 1, max: 50 }), power: fc.constant(power) }),
    );
  /** Places in loops within loops: node 0 is seen from each as node 0 of the one around it. */
  const nested = (first: number, views: readonly Offset[]): Places =>
    views.reduce<Places>(
      (places, offset, i) => ({
        offsets: new Map(),
        outside: new Map<number, Outside>([
          [
            0,
            {
              places,
              moves: [],
              view: { root: 0, offset, strides: [] },
              stride: i % 2 === 0 ? { scale: 4 * i + 4, power: i } : undefined,
            },
          ],
        ]),
      }),
      { offsets: new Map([[0, first]]) },
    );

  it("is the sum of all offsets, in bytes, and moves as each loop around moves it", () => {
    const anyPlace = fc
      .integer({ min: 1, max: 2 })
      .chain((power) => fc.tuple(fc.nat(99), fc.array(anyOffset(power), { maxLength: 4 }), anyOffset(power)));
    fc.assert(
      fc.property(anyPlace, ([first, views, offset]) => {
        const { address, moves } = locate(nested(first, views), { root: 0, offset });
        expect(at(address)).toBe(first + 4 * [...views, offset].reduce((sum, each) => sum + at(each), 0));
        const strides = views.map((_, i) => (i % 2 === 0 ? { scale: 4 * i + 4, power: i } : undefined));
        expect(moves.map(({ stride }) => stride)).toEqual(strides.reverse());
      }),
      { numRuns: cases(200) },
    );
  });

  it("depends on one power of the rows", () => {
    const [linear, square] = [1, 2].map((power): Offset => ({ base: 0, scale: 3, power }));
    expect(() => locate(nested(0, [linear]), { root: 0, offset: square })).toThrow(
      expect.objectContaining({
        code: "unsupported",
        message: "the elements of a loop within a loop must depend on one power of the rows",
      }),
    );
  });

  it("has a key of its own: another address, another power or another way to move is another key", () => {
    const offset = { base: 1, scale: 2, power: 1 };
    const key = (views: readonly Offset[], own: Offset = offset): string =>
      placeKey(nested(16, views), { root: 0, offset: own, strides: [] });
    const zero = { base: 0, scale: 0, power: 0 };
    const keys = [
      ...[key([]), key([zero]), key([zero, zero]), key([zero, zero, zero])],
      ...[
        key([], { ...offset, base: 2 }),
        key([], { ...offset, scale: 3 }),
        key([], { ...offset, power: 2 }),
      ],
      ...[key([], { base: 12, scale: 1, power: 1 }), key([], { base: 1, scale: 12, power: 1 })],
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(key([{ base: 1, scale: 0, power: 0 }], { ...offset, base: 0 })).toBe(key([zero]));
  });
});

it.each<[string, readonly (readonly [begin: number, length: number])[], boolean]>([
  [
    "side by side",
    [
      [0, 2],
      [2, 3],
      [5, 1],
    ],
    true,
  ],
  [
    "side by side, in another order",
    [
      [5, 1],
      [0, 2],
      [2, 3],
    ],
    true,
  ],
  [
    "with a gap at the end",
    [
      [0, 2],
      [2, 3],
    ],
    false,
  ],
  [
    "with a gap at the start",
    [
      [1, 2],
      [3, 3],
    ],
    false,
  ],
  [
    "that overlap as much as they leave out",
    [
      [0, 2],
      [1, 3],
      [5, 1],
    ],
    false,
  ],
  [
    "that overlap",
    [
      [0, 3],
      [2, 4],
    ],
    false,
  ],
])("parts of an axis %s: a concatenation or a sum", (_, parts, joins) => {
  const step = trace(
    { inputs: Object.fromEntries(parts.map(([, length], i) => [`x${i}`, [length]])) },
    ({ inputs }) => ({
      outputs: {
        y: parts
          .map(([begin, length], i) => f.pad(inputs[`x${i}`], [begin], [6 - begin - length]))
          .reduce((sum, part) => f.add(sum, part)),
      },
    }),
  );
  const { nodes, outputs } = simplify(step);
  expect(nodes[outputs.y].op).toBe(joins ? "concat" : "add");
});

it("parts along two axes, or a part and something else, are a sum", () => {
  const step = trace({ inputs: { a: [1, 2], b: [2, 1], c: [2, 2] } }, ({ inputs: { a, b, c } }) => {
    const [down, right] = [f.pad(a, [0, 0], [1, 0]), f.pad(b, [0, 1], [0, 0])];
    const corner = f.pad(f.slice(a, [0, 0], [1, 1]), [1, 1], [0, 0]);
    return {
      outputs: {
        axes: f.add(down, right),
        other: f.add(down, c),
        first: f.add(c, right),
        both: f.add(corner, down),
      },
    };
  });
  const { nodes, outputs } = simplify(step);
  expect(Object.values(outputs).map((id) => nodes[id].op)).toEqual(["add", "add", "add", "add"]);
});
