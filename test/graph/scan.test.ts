/** Recurrences: sums so far, in both directions, a linear recurrence and its gradients against loops of numbers; random ones written out. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gradients } from "../../src/autograd/grad.js";
import { fingerprint, sameFingerprint } from "../../src/compile/cache.js";
import { compile, compileStep } from "../../src/compile/compile.js";
import { lower } from "../../src/compile/lower.js";
import type { Program } from "../../src/compile/program.js";
import { trace } from "../../src/compile/trace.js";
import { createEngine } from "../../src/engine/engine.js";
import type { Run } from "../../src/engine/executor.js";
import * as f from "../../src/graph/functions.js";
import { isNode, type Node, type Value } from "../../src/graph/graph.js";
import { type ScanResult, type ScanStep, scan } from "../../src/graph/scan.js";
import { ROWS, sizeOf } from "../../src/graph/shape.js";
import { verifyGraph } from "../../src/graph/verify.js";
import type { Floats } from "../../src/ndarray.js";
import { uniformF32 } from "../../src/numerics/philox.js";
import { cases } from "../cases.js";
import { writtenOut } from "./written.js";

const sums = (reverse: boolean) => (x: Value) => {
  const body = ({ carry, elements }: ScanStep) => {
    const sum = f.add(carry.sum, elements.x);
    return { carry: { sum }, stacks: { sum } };
  };
  const { carry, stacks } = scan({ carry: { sum: f.constant(x.graph, 0) }, sequences: { x }, reverse }, body);
  return [carry.sum, stacks.sum];
};

it.each([
  [false, [10, [1, 3, 6, 10]]],
  [true, [10, [10, 9, 7, 4]]],
])("sums so far, from the end: %s", (reverse, expected) => {
  const run = createEngine().load(compile(sums(reverse), [4]));
  const [last, all] = run([1, 2, 3, 4]) as unknown as [{ data: Float32Array }, { data: Float32Array }];
  expect([last.data[0], [...all.data]]).toEqual(expected);
});

it.each(["wasm", "reference"] as const)("a linear recurrence and its gradients, on %s", (executor) => {
  // hₜ = a hₜ₋₁ + xₜ; the loss is Σ hₜ²
  const step = compile(
    (x: Value, a: Value, start: Value) => {
      const { stacks } = scan(
        { carry: { h: start }, sequences: { x }, shared: { a } },
        ({ carry: { h }, elements, shared }) => {
          const next = f.add(f.mul(shared.a, h), elements.x);
          return { carry: { h: next }, stacks: { h: next } };
        },
      );
      const loss = f.sum(f.square(stacks.h));
      return [stacks.h, ...gradients(loss, [x, a, start])];
    },
    [3, 2],
    [],
    [2],
  );
  const [h, ofX, ofA, ofStart] = createEngine({ executor }).load(step)(
    [
      [1, 2],
      [3, -4],
      [5, 6],
    ],
    0.5,
    [8, 4],
  );
  const x = [
    [1, 2],
    [3, -4],
    [5, 6],
  ];
  const states = [[8, 4]];
  for (const each of x) states.push(each.map((v, i) => 0.5 * states[states.length - 1][i] + v));
  let back = [0, 0];
  let slope = 0;
  const slopes: number[][] = [];
  for (let t = 3; t > 0; t--) {
    back = states[t].map((v, i) => 2 * v + 0.5 * back[i]);
    slopes.unshift(back);
    slope += back.reduce((sum, b, i) => sum + b * states[t - 1][i], 0);
  }
  expect([...h.data]).toEqual(states.slice(1).flat());
  expect([...ofX.data]).toEqual(slopes.flat());
  expect(ofA.get()).toBe(slope);
  expect([...ofStart.data]).toEqual(back.map((b) => 0.5 * b));
});

/** A body as a list of choices, of which each adds a value of [rows, 2] to those that there are. */
interface BodyRecipe {
  readonly instructions: readonly (readonly [kind: number, a: number, b: number])[];
  readonly next: readonly [number, number];
  readonly stacks: readonly [number, number];
}

const choice = fc.nat(30);
const anyBody: fc.Arbitrary<BodyRecipe> = fc.record({
  instructions: fc.array(fc.tuple(fc.nat(9), choice, choice), { minLength: 1, maxLength: 9, size: "max" }),
  next: fc.tuple(choice, choice),
  stacks: fc.tuple(choice, choice),
});

const writeBody =
  ({ instructions, next, stacks }: BodyRecipe) =>
  ({ carry, elements, shared: { w, s } }: ScanStep): ScanResult => {
    const pool = [carry.a, carry.b, elements.x, f.add(elements.x, elements.y)];
    // small numbers select late values
    const at = (n: number): Value => pool[pool.length - 1 - (n % pool.length)];
    for (const [kind, i, j] of instructions) {
      const [p, q] = [at(i), at(j)];
      const halves = [0, 1].map((column) => f.slice(p, [0, column], [ROWS, 1]));
      const written = [
        () => f.mul(f.add(p, q), 0.5),
        () => f.mul(f.tanh(p), f.sigmoid(q)),
        () => f.sub(p, f.mul(q, s)),
        () => f.matmul(f.tanh(p), w),
        () => f.matmul(f.sin(p), f.transpose(w)),
        () => f.softmax(p),
        () => f.concat([halves[1], f.tanh(halves[0])], 1),
        () => f.add(f.max(p, 1, true), f.mul(q, 0.25)),
        () => f.sub(f.tanh(q), f.mean(p, 0)),
        () => f.mul(f.cos(p), f.sum(f.exp(f.neg(f.square(w))))),
      ][kind];
      pool.push(f.tanh(written()));
    }
    return {
      carry: { a: at(next[0]), b: at(next[1]) },
      stacks: { first: at(stacks[0]), second: at(stacks[1]) },
    };
  };

const ENDS = ["a", "b", "x", "y", "w", "s"] as const;

/** Values and gradients of a recurrence over `steps` elements, and the gradients of those if `order` is 2. */
function recurrence(
  loop: typeof scan | typeof writtenOut,
  recipe: BodyRecipe,
  { steps, rows, reverse, order = 1 }: { steps: number; rows: number; reverse: boolean; order?: 1 | 2 },
): Program {
  const signature = {
    inputs: { y: [steps, 2], w: [2, 2], s: [] },
    streams: { x: 2 * steps, start: 4 },
  };
  return compileStep(signature, rows, ({ inputs: { y, w, s }, streams }) => {
    const x = f.transpose(f.reshape(streams.x, [ROWS, steps, 2]), [1, 0, 2]);
    const [a, b] = [0, 2].map((begin) => f.slice(streams.start, [0, begin], [ROWS, 2]));
    const ends = { a, b, x, y, w, s };
    const { carry, stacks } = loop(
      { carry: { a, b }, sequences: { x, y }, shared: { w, s }, reverse },
      writeBody(recipe),
    );
    const values = { a: carry.a, b: carry.b, ...stacks };
    const slopesOf = (results: readonly Value[]): Value[] =>
      gradients(
        results.map((value, i) => f.sum(f.sin(f.mul(value, i + 1)))).reduce(f.add),
        ENDS.map((name) => ends[name]),
      );
    const first = slopesOf(Object.values(values));
    const slopes = order === 1 ? first : slopesOf(first);
    return {
      outputs: Object.fromEntries([
        ...Object.entries(values).map(([name, value]) => [`value ${name}`, value]),
        ...ENDS.map((name, i) => [`gradient ${name}`, slopes[i]]),
      ]),
    };
  });
}

const engines = { wasm: createEngine(), reference: createEngine({ executor: "reference" }) };

/** All outputs after each of two batches, the second of one row. */
function outputsOf(name: keyof typeof engines, program: Program, seed: number): Record<string, Floats>[] {
  const engine = engines[name];
  const number = (i: number, stream: number): number => 2 * uniformF32(i, stream, 0, seed, 0) - 1;
  const streams = Object.fromEntries(
    program.streams.map(({ name, columns }, k) => [
      name,
      engine.matrix(
        program.rows + 1,
        columns,
        Float32Array.from({ length: (program.rows + 1) * columns }, (_, i) => number(i, k)),
      ),
    ]),
  );
  const run = engine.start(program, { streams });
  program.inputs.forEach(({ name, shape }, k) => {
    run.write(
      name,
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => number(i, 10 + k)),
    );
  });
  const found = [1, 2].map(() => {
    run.advance(1);
    return Object.fromEntries(program.outputs.map(({ name }) => [name, run.read(name)]));
  });
  for (const each of [run, ...Object.values(streams)]) each.free();
  return found;
}

const anyLoop = fc.record({
  steps: fc.integer({ min: 1, max: 6 }),
  rows: fc.integer({ min: 1, max: 4 }),
  reverse: fc.boolean(),
});

/** The largest difference of two lists of numbers, as a share of the largest number. */
function distance(actual: Floats, expected: Floats): number {
  expect(actual.length).toBe(expected.length);
  const size = Math.max(1, ...Array.from(expected, Math.abs));
  return Math.max(...Array.from(expected, (value, i) => Math.abs(value - actual[i]) / size));
}

describe("a loop is the recurrence written out", () => {
  it("to the bit in float32, but for sums of gradients in another order", () => {
    fc.assert(
      fc.property(anyBody, anyLoop, fc.nat(1000), (body, options, seed) => {
        const [actual, expected] = [scan, writtenOut].map((loop) =>
          outputsOf("wasm", recurrence(loop, body, options), seed),
        );
        // Products with shared values are added up after the loop. Where one value becomes both carries, the
        // gradients of each are added up first.
        const pool = 4 + body.instructions.length;
        const reordered = body.next[0] % pool === body.next[1] % pool ? /^gradient/ : /^gradient [ws]$/;
        expected.forEach((batch, i) => {
          for (const [name, values] of Object.entries(batch)) {
            if (reordered.test(name)) expect(distance(actual[i][name], values), name).toBeLessThan(2e-5);
            else expect(actual[i][name], `${name} of batch ${i}`).toEqual(values);
          }
        });
      }),
      { numRuns: cases(150) },
    );
  });

  it.each([1, 2] as const)("in float64, with gradients of order %d", (order) => {
    fc.assert(
      fc.property(anyBody, anyLoop, fc.nat(1000), (body, options, seed) => {
        const [actual, expected] = [scan, writtenOut].map((loop) =>
          outputsOf("reference", recurrence(loop, body, { ...options, order }), seed),
        );
        expected.forEach((batch, i) => {
          for (const [name, values] of Object.entries(batch))
            expect(distance(actual[i][name], values), name).toBeLessThan(1e-9);
        });
      }),
      { numRuns: cases(60) },
    );
  });

  it("with gradients of gradients in float32", () => {
    fc.assert(
      fc.property(anyBody, anyLoop, fc.nat(1000), (body, options, seed) => {
        const program = recurrence(scan, body, { ...options, order: 2 });
        const [actual, expected] = (["wasm", "reference"] as const).map((name) =>
          outputsOf(name, program, seed),
        );
        expected.forEach((batch, i) => {
          for (const [name, values] of Object.entries(batch))
            expect(distance(actual[i][name], values), name).toBeLessThan(1e-3);
        });
      }),
      { numRuns: cases(60) },
    );
  });
});

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
  expect(go(2, ({ carry }) => ({ h: carry.h }))).toThrow(
    "must have one first axis, a positive integer; received [2] and [3]",
  );
  expect(go(3, ({ elements }) => ({ h: f.broadcastTo(elements.x, [2]) }))).toThrow(
    'must return "h" of shape [] in its carry; received [2]',
  );
  expect(go(3, () => ({}))).toThrow('must return "h" of shape [] in its carry; received none');
  expect(() =>
    compile((x: Value) => scan({ carry: { x }, sequences: {} }, ({ carry }) => ({ carry })).carry.x, [1]),
  ).toThrow("`sequences` of scan must be an object of one value or more; received {}");
});

it("refuses what a body does not own, and random numbers", () => {
  const go =
    (write: (step: ScanStep, x: Value) => ScanResult): (() => unknown) =>
    () =>
      compile(
        (x: Value) => scan({ carry: { h: f.sum(x) }, sequences: { x } }, (step) => write(step, x)).carry.h,
        [3],
      );
  expect(go(({ carry }, x) => ({ carry: { h: f.add(carry.h, f.sum(x)) } }))).toThrow(
    "received values of two. A body of scan reads values from outside as `shared`",
  );
  expect(go((_, x) => ({ carry: { h: f.sum(x) } }))).toThrow(
    'the body of scan must return "h" as a value that it wrote, or was given',
  );
  expect(go(({ carry }, x) => ({ carry, stacks: { x } }))).toThrow(
    'must return "x" as a value that it wrote',
  );
  expect(
    go(({ carry }) => ({ carry: { h: f.add(carry.h, f.randomUniform(carry.h.graph, [], 1)) } })),
  ).toThrow("draw them before the loop, for all steps, and pass them as a sequence");
});
