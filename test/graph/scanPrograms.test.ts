import { describe, expect, it } from "vitest";
import { gradients } from "../../src/autograd/grad.js";
import { fingerprint, sameFingerprint } from "../../src/compile/cache.js";
import { compile, compileStep } from "../../src/compile/compile.js";
import { lower } from "../../src/compile/lower.js";
import { trace } from "../../src/compile/trace.js";
import type { Run } from "../../src/engine/executor.js";
import * as f from "../../src/graph/functions.js";
import { Graph, isNode, type Node, type Value } from "../../src/graph/graph.js";
import { input } from "../../src/graph/operations/leaves.js";
import { scanCarry, scanNode, scanStack } from "../../src/graph/operations/scan.js";
import { operation } from "../../src/graph/operations/table.js";
import { type ScanResult, type ScanStep, scan } from "../../src/graph/scan.js";
import { ROWS } from "../../src/graph/shape.js";
import { verifyGraph } from "../../src/graph/verify.js";
import type { Floats } from "../../src/ndarray.js";
import { refusal } from "../data/refusal.js";
import { type BodyRecipe, distance, engines, recurrence } from "./recurrences.js";
import { writtenOut } from "./written.js";

describe("a program with a loop", () => {
  const body: BodyRecipe = {
    instructions: [
      [3, 1, 0],
      [1, 0, 2],
      [2, 0, 4],
      [6, 0, 1],
    ],
    next: [0, 4],
    stacks: [1, 3],
  };

  it.each([1, 2] as const)("is as long for 500 elements as for 5, with gradients of order %d", (order) => {
    const length = (steps: number): number =>
      recurrence(scan, body, { steps, rows: 3, reverse: false, order }).code.length;
    expect(length(500)).toBe(length(5));
  });

  it("keeps the values that are asked for, and no others", () => {
    const bytes = (steps: number): number =>
      compile(
        (x: Value, h: Value) =>
          scan({ carry: { h }, sequences: { x } }, ({ carry, elements }) => {
            const next = f.softmax(f.add(carry.h, elements.x));
            return { carry: { h: f.mul(next, 0.5) }, stacks: { next } };
          }).carry.h,
        [steps, 4],
        [4],
      ).program.bytes;
    expect(bytes(500) - bytes(5)).toBe(495 * 4 * 4);
  });

  it("has gradients that read a sequence where it is, and a carry from a stack", () => {
    const { nodes } = trace({ inputs: { x: [5] } }, ({ inputs: { x } }) => {
      const { carry } = scan({ carry: { h: f.constant(x.graph, 1) }, sequences: { x } }, (step) => ({
        carry: { h: f.mul(step.carry.h, step.elements.x) },
      }));
      return { outputs: { slope: gradients(carry.h, [x])[0] } };
    });
    // of the first loop: its carry is 0, its element 1
    const [first] = nodes.filter((node) => isNode(node, "scan"));
    const stacked = nodes.filter((node) => isNode(node, "scanStack") && nodes[node.inputs[0]] === first);
    expect(stacked.map((node) => (node as Node<"scanStack">).attributes.of)).toEqual([0]);
  });

  it("finds a carry, and a stack, behind those that nobody reads", () => {
    const program = compile(
      (x: Value) => {
        const [unread, h] = [f.constant(x.graph, 1), f.constant(x.graph, 0)];
        const { carry, stacks } = scan({ carry: { unread, h }, sequences: { x } }, ({ carry, elements }) => ({
          carry: { unread: f.mul(carry.unread, elements.x), h: f.sub(elements.x, carry.h) },
          stacks: { unread: carry.unread, h: carry.h },
        }));
        return [carry.h, stacks.h];
      },
      [4],
    );
    for (const engine of Object.values(engines)) {
      const [last, all] = engine
        .load(program)([1, 3, 6, 10])
        .map(({ data }) => [...(data as Floats)]);
      expect([last, all]).toEqual([[6], [0, 1, 2, 4]]);
    }
  });

  it("computes before the loop what is the same at each step", () => {
    const graph = trace({ inputs: { x: [3, 1, 2], w: [2, 2] } }, ({ inputs: { x, w } }) => {
      const { stacks } = scan(
        { carry: { h: f.constant(x.graph, [1, 2], [1, 2]) }, sequences: { x }, shared: { w } },
        ({ carry, elements, shared }) => {
          const h = f.add(f.matmul(carry.h, f.transpose(f.exp(shared.w))), elements.x);
          return { carry: { h }, stacks: { h } };
        },
      );
      return { outputs: { h: stacks.h } };
    });
    const { step, bodies } = lower(graph, 1);
    expect(step.nodes.map(({ op }) => op)).toEqual(
      expect.arrayContaining(["input", "constant", "exp", "transpose", "copy", "scan", "scanStack"]),
    );
    const [[, body]] = bodies;
    expect(body.step.nodes.map(({ op }) => op)).toEqual(["input", "input", "input", "matmul", "add", "copy"]);
  });

  it("has the gradient of a matrix as one product after the loop", () => {
    const graph = trace({ inputs: { x: [5, 3, 2], w: [2, 2] } }, ({ inputs: { x, w } }) => {
      const { stacks } = scan(
        { carry: { h: f.constant(x.graph, [0, 0], [1, 2]) }, sequences: { x }, shared: { w } },
        ({ carry, elements, shared }) => {
          const h = f.tanh(f.add(f.matmul(elements.x, shared.w), carry.h));
          return { carry: { h: f.mean(h, 0, true) }, stacks: { h } };
        },
      );
      return { outputs: { slope: gradients(f.sum(stacks.h), [w])[0] } };
    });
    const { step, bodies } = lower(graph, 1);
    expect(step.nodes.filter(({ op }) => op === "matmul").map(({ shape }) => shape)).toEqual([[2, 2]]);
    const inside = [...bodies].flatMap(([, body]) => body.step.nodes.filter(({ op }) => op === "matmul"));
    expect(inside.map(({ shape }) => shape)).toEqual([[3, 2]]);
  });

  it("stops after any step and goes on, here or in another run, to the same bits", () => {
    const learning = compileStep(
      { streams: { x: 10 }, state: { w: [2, 2], h: [1, 2] } },
      3,
      ({ streams, state: { w, h } }) => {
        const x = f.transpose(f.reshape(streams.x, [ROWS, 5, 2]), [1, 0, 2]);
        const { stacks, carry } = scan(
          { carry: { h: f.broadcastTo(h, [ROWS, 2]) }, sequences: { x }, shared: { w }, reverse: true },
          ({ carry, elements, shared }) => {
            const next = f.tanh(f.add(f.matmul(carry.h, shared.w), elements.x));
            return { carry: { h: next }, stacks: { next } };
          },
        );
        const loss = f.mean(f.square(stacks.next));
        const [slope] = gradients(loss, [w]);
        return { state: { w: f.sub(w, f.mul(slope, 0.5)), h: f.mean(carry.h, 0, true) }, outputs: { loss } };
      },
    );
    const engine = engines.wasm;
    const x = engine.matrix(
      7,
      10,
      Array.from({ length: 70 }, (_, i) => ((i * 29) % 17) / 8 - 1),
    );
    // batches of 3, 3 and 1 rows
    const start = (): Run => {
      const run = engine.start(learning, { streams: { x }, shuffle: true, seed: 3 });
      run.write("w", [0.5, -0.25, 0.75, 0.125]);
      return run;
    };
    const read = (run: Run): Floats[] => ["w", "h", "loss"].map((name) => run.read(name));
    const whole = start();
    whole.advance(11);
    for (let stop = 0; stop <= 11; stop++) {
      const run = start();
      run.advance(stop);
      const saved = run.save();
      run.advance(11 - stop);
      const other = start();
      other.advance(2);
      other.restore(saved);
      other.advance(11 - stop);
      expect(read(run)).toEqual(read(whole));
      if (stop < 11) expect(read(other)).toEqual(read(whole));
      for (const each of [run, other]) each.free();
    }
    for (const each of [whole, x]) each.free();
  });

  it("is shared by steps of equal bodies, and by no others", () => {
    const traced = (factor: number, reverse: boolean) =>
      trace({ inputs: { x: [3, 2] } }, ({ inputs: { x } }) => {
        const { stacks } = scan(
          { carry: { h: f.constant(x.graph, [1, 2]) }, sequences: { x }, reverse },
          ({ carry, elements }) => {
            const h = f.add(f.mul(carry.h, factor), elements.x);
            return { carry: { h }, stacks: { h } };
          },
        );
        return { outputs: { y: stacks.h } };
      });
    const [same, again, factor, direction] = [
      traced(0.5, false),
      traced(0.5, false),
      traced(0.25, false),
      traced(0.5, true),
    ].map(fingerprint);
    expect(sameFingerprint(same, again)).toBe(true);
    expect(sameFingerprint(same, factor)).toBe(false);
    expect(sameFingerprint(same, direction)).toBe(false);
  });
});

it.each(["wasm", "reference"] as const)("loops within loops, with their gradients, on %s", (executor) => {
  // each element is a sequence; what the inner loop carries goes on to the next
  const nested = (loop: typeof scan | typeof writtenOut, reverse: boolean) =>
    compile(
      (x: Value, h: Value, w: Value) => {
        const { stacks } = loop(
          { carry: { h }, sequences: { x }, shared: { w }, reverse },
          ({ carry: outer, elements, shared }) => {
            const inner = loop(
              { carry: outer, sequences: { x: elements.x }, shared, reverse: !reverse },
              ({ carry, elements, shared }) => {
                const next = f.tanh(f.add(f.matmul(carry.h, shared.w), elements.x));
                return { carry: { h: next }, stacks: { next } };
              },
            );
            return { carry: inner.carry, stacks: { all: f.mul(inner.stacks.next, 2) } };
          },
        );
        return [stacks.all, ...gradients(f.sum(f.square(stacks.all)), [x, h, w])];
      },
      [2, 3, 2, 2],
      [2, 2],
      [2, 2],
    );
  const x = Array.from({ length: 24 }, (_, i) => ((i * 7) % 11) / 8 - 0.5);
  for (const reverse of [false, true]) {
    const [actual, expected] = [scan, writtenOut].map((loop) => {
      const run = engines[executor].load(nested(loop, reverse));
      return run(x, [0.5, 0.25, -0.5, 0], [0.5, -1, 0.25, 0.75]).map(({ data }) => data as Floats);
    });
    actual.forEach((values, i) => {
      expect(distance(values, expected[i]), `result ${i}`).toBeLessThan(executor === "wasm" ? 1e-6 : 1e-14);
    });
  }
});

it("checks bodies like graphs", () => {
  const { nodes } = trace({ inputs: { x: [3] } }, ({ inputs: { x } }) => ({
    outputs: {
      y: scan({ carry: { h: f.constant(x.graph, 0) }, sequences: { x } }, ({ carry, elements }) => ({
        carry: { h: f.add(carry.h, elements.x) },
      })).carry.h,
    },
  }));
  const broken = nodes.map((node): Node => {
    if (!isNode(node, "scan")) return node;
    const [h, x, sum] = node.attributes.body;
    return { ...node, attributes: { ...node.attributes, body: [h, x, { ...sum, inputs: [0, 2] }] } };
  });
  expect(() => verifyGraph({ nodes: broken }, "a pass")).toThrow(
    "after a pass, in a body: node 2 (add) reads node 2",
  );
});

it("refuses operands that are not those of its body", () => {
  const { nodes } = trace({ inputs: { x: [3] } }, ({ inputs: { x } }) => ({
    outputs: {
      y: scan({ carry: { h: f.constant(x.graph, 0) }, sequences: { x } }, ({ carry, elements }) => ({
        carry: { h: f.add(carry.h, elements.x) },
      })).carry.h,
    },
  }));
  const { attributes } = nodes.find((node) => isNode(node, "scan")) as Node<"scan">;
  const go = (...shapes: number[][]): void => {
    const graph = new Graph();
    scanNode(
      shapes.map((shape, i) => input(graph, String(i), shape)),
      attributes,
    );
  };
  expect(() => go([], [3])).not.toThrow();
  for (const [shapes, received] of [
    [[[], [4]], "[] and [4]"],
    [[[1], [3]], "[1] and [3]"],
    [[[], []], "[] and []"],
  ] as const)
    expect(refusal(() => go(...shapes.map((shape) => [...shape])))).toBe(
      `invalid_shape: the operands of scan must fit its body; received ${received}`,
    );
});

it("refuses rows of the batch as steps", () => {
  const go = (): unknown =>
    compileStep({ streams: { x: 2 } }, 3, ({ streams: { x } }) => ({
      outputs: {
        y: scan({ carry: { h: f.constant(x.graph, [0, 0]) }, sequences: { x } }, ({ carry, elements }) => ({
          carry: { h: f.add(carry.h, elements.x) },
        })).carry.h,
      },
    }));
  expect(refusal(go)).toBe(
    "invalid_shape: the sequences of scan must have one first axis, a positive integer; received [rows, 2]",
  );
});

it("refuses sequences of different lengths, and a carry that changes its shape", () => {
  const go =
    (first: number, write: (step: ScanStep) => Record<string, Value>): (() => unknown) =>
    () =>
      compile(
        (x: Value, y: Value) =>
          scan({ carry: { h: f.constant(x.graph, 0) }, sequences: { x, y } }, (step) => ({
            carry: write(step),
          })).carry.h,
        [first],
        [3],
      );
  expect(refusal(go(2, ({ carry }) => ({ h: carry.h })))).toBe(
    "invalid_shape: the sequences of scan must have one first axis, a positive integer; received [2] and [3]",
  );
  expect(refusal(go(3, ({ elements }) => ({ h: f.broadcastTo(elements.x, [2]) })))).toBe(
    'invalid_shape: the body of scan must return "h" of shape [] in its carry; received [2]',
  );
  expect(refusal(go(3, () => ({})))).toBe(
    'invalid_shape: the body of scan must return "h" of shape [] in its carry; received none',
  );
  const none = (): unknown =>
    compile((x: Value) => scan({ carry: { x }, sequences: {} }, ({ carry }) => ({ carry })).carry.x, [1]);
  expect(refusal(none)).toBe(
    "invalid_argument: `sequences` of scan must be an object of one value or more; received {}",
  );
});

it("refuses what a body does not own, and random numbers", () => {
  const go =
    (write: (step: ScanStep, x: Value) => ScanResult): (() => unknown) =>
    () =>
      compile(
        (x: Value) => scan({ carry: { h: f.sum(x) }, sequences: { x } }, (step) => write(step, x)).carry.h,
        [3],
      );
  expect(refusal(go(({ carry }, x) => ({ carry: { h: f.add(carry.h, f.sum(x)) } })))).toBe(
    "invalid_argument: all operands must be values of one graph; received values of two. A body of scan reads values from outside as `shared`.",
  );
  const rule = (name: string): string =>
    `invalid_argument: the body of scan must return "${name}" as a value that it wrote, or was given; it reads values from outside as \`shared\``;
  expect(refusal(go((_, x) => ({ carry: { h: f.sum(x) } })))).toBe(rule("h"));
  expect(refusal(go(({ carry }, x) => ({ carry, stacks: { x } })))).toBe(rule("x"));
  expect(refusal(go(({ carry }) => ({ carry, stacks: { x: 1 as never } })))).toBe(rule("x"));
  expect(
    refusal(go(({ carry }) => ({ carry: { h: f.add(carry.h, f.randomUniform(carry.h.graph, [], 1)) } }))),
  ).toBe(
    "invalid_argument: the body of scan must not draw random numbers, since each step would draw the same; draw them before the loop, for all steps, and pass them as a sequence",
  );
});

it("reads parts of loops alone, and differentiates them as a whole", () => {
  const x = input(new Graph(), "x", [2]);
  expect(refusal(() => scanCarry(x, 0))).toBe("internal: a part of a scan reads input");
  expect(refusal(() => scanStack(x, 0))).toBe("internal: a part of a scan reads input");
  for (const part of ["scanCarry", "scanStack"] as const)
    expect(refusal(() => operation(part).gradient({} as never))).toBe(
      "internal: a part of a scan has no separate gradient rule",
    );
});
