/**
 * The plan of memory, derived again: units are played on cells that remember which number lies in them.
 * Nothing here uses strides or offsets of views, only in whose memory a result is; where a view's elements
 * come from is asked of the float64 references, applied to names instead of numbers.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Lowered, lower } from "../../src/compile/lower.js";
import { trace } from "../../src/compile/trace.js";
import * as f from "../../src/graph/functions.js";
import type { OperationName, Value } from "../../src/graph/graph.js";
import { operation } from "../../src/graph/operations/table.js";
import { resolveShape, sizeOf } from "../../src/graph/shape.js";
import { verifyGraph } from "../../src/graph/verify.js";
import { anyRecipe, stepOf } from "../../src/testing/graphs.js";
import { cases } from "../cases.js";

/** For each node, a name for each of its numbers: views and concatenations have those of what they show. */
function nameNumbers({ step }: Lowered, rows: number): Float64Array[] {
  const names: Float64Array[] = [];
  let next = 1;
  const shapes = step.nodes.map((node) => resolveShape(node.shape, rows));
  step.nodes.forEach((node, id) => {
    const { lowering, reference } = operation<OperationName>(node.op);
    names.push(
      "view" in lowering || node.op === "concat"
        ? reference({
            inputs: node.inputs.map((input) => names[input]),
            shapes: node.inputs.map((input) => shapes[input]),
            shape: shapes[id],
            attributes: node.attributes,
            environment: { rows, seed: 0, step: 0, input: () => new Float64Array(0) },
            sources: [],
            evaluate: () => [],
          })
        : Float64Array.from({ length: sizeOf(shapes[id]) }, () => next++),
    );
  });
  return names;
}

/** Scalars that regions take as immediates have no memory; everything else that is read must have. */
function isImmediate({ step }: Pick<Lowered, "step">, id: number): boolean {
  const node = step.nodes[id];
  if (node.op === "broadcast") return isImmediate({ step }, node.inputs[0]);
  return (node.op === "constant" || node.op === "count") && node.shape.length === 0;
}

/** Plays a step for batches of `rows` rows. @throws where a number is not where it is read. */
function play(lowered: Lowered, rows: number): void {
  const { step, units, plan } = lowered;
  const names = nameNumbers(lowered, rows);
  const cells = new Map<number, number>();
  /** The addresses of a node's numbers, in the memory of the node that its views lead to. */
  const addresses = (id: number): number[] => {
    const node = step.nodes[id];
    if ("view" in operation(node.op).lowering && !plan.offsets.has(id)) {
      const [source] = node.inputs;
      const at = addresses(source);
      const first = new Map<number, number>();
      names[source].forEach((name, i) => {
        if (!first.has(name)) first.set(name, at[i]);
      });
      return Array.from(names[id], (name) => first.get(name) ?? Number.NaN);
    }
    return placesOf(id);
  };
  /**
   * Where the numbers of a node that is no view are: in memory of its own, or where a concatenation has them.
   */
  const placesOf = (id: number): number[] => {
    const { root } = lowered.views[id];
    const start = plan.offsets.get(root) ?? Number.NaN;
    return Array.from(names[id], (name, i) => start + 4 * (root === id ? i : names[root].indexOf(name)));
  };
  const write = (id: number): void => {
    placesOf(id).forEach((at, i) => {
      expect(at % 4).toBe(0);
      expect(at, `node ${id} lies in the header`).toBeGreaterThanOrEqual(64);
      expect(at, `node ${id} leaves the block`).toBeLessThanOrEqual(plan.bytes - 16);
      cells.set(at, names[id][i]);
    });
  };
  const read = (id: number, by: string): number[] => {
    const at = addresses(id);
    names[id].forEach((name, i) => {
      if (cells.get(at[i]) === name) return;
      throw new Error(
        `${by} reads element ${i} of node ${id} (${step.nodes[id].op}); it is not in its place`,
      );
    });
    return at;
  };

  for (const id of [...Object.values(step.inputs), ...Object.values(step.state).map(({ input }) => input)])
    write(id);
  for (const id of Object.values(step.streamsIn)) write(id);
  const computed = new Set<number>();
  units.forEach((unit, index) => {
    const [first] = unit.nodes;
    const elementwise = "elementwise" in operation(step.nodes[first].op).lowering;
    const inside = new Set(unit.nodes);
    const targets = new Map<number, number>();
    for (const id of unit.results) {
      placesOf(id).forEach((at, i) => {
        if (targets.has(at)) throw new Error(`unit ${index} writes two results to ${at}`);
        targets.set(at, i);
      });
    }
    unit.nodes.forEach((id) => {
      expect(computed.has(id), `node ${id} is computed twice`).toBe(false);
      for (const input of step.nodes[id].inputs) {
        if (inside.has(input)) {
          expect(computed.has(input), `unit ${index} is out of order`).toBe(true);
          continue;
        }
        if (elementwise && isImmediate(lowered, input)) continue;
        const at = read(input, `unit ${index} (${step.nodes[first].op})`);
        names[input].forEach((name, i) => {
          // What is read and written in one unit is one element, read and then written in its turn; a part
          // of a concatenation that is in its place already is left there.
          const target = targets.get(at[i]);
          if (target === undefined || names[unit.results[0]][target] === name) return;
          if (!elementwise || target !== i) throw new Error(`unit ${index} writes what it has yet to read`);
        });
      }
      computed.add(id);
    });
    for (const id of unit.results) write(id);
  });
  step.nodes.forEach((node, id) => {
    const { lowering } = operation(node.op);
    if ("view" in lowering || "leaf" in lowering || isImmediate(lowered, id)) return;
    expect(computed.has(id), `node ${id} (${node.op}) is computed by no unit`).toBe(true);
  });
  for (const { from, to } of plan.copies) {
    read(from, "the copy of a state");
    names[from].forEach((name, i) => {
      cells.set((plan.offsets.get(to) as number) + 4 * i, name);
    });
  }

  // After the step every end is where the engine will look for it.
  const found = (at: number, id: number, what: string): void => {
    names[id].forEach((name, i) => {
      if (cells.get(at + 4 * i) !== name) throw new Error(`element ${i} of ${what} was lost`);
    });
  };
  const offset = (id: number): number => plan.offsets.get(id) as number;
  for (const [name, { input, output }] of Object.entries(step.state))
    found(offset(input), output, `state "${name}"`);
  for (const [name, id] of Object.entries(step.inputs)) found(offset(id), id, `input "${name}"`);
  for (const [name, id] of Object.entries(step.outputs)) found(offset(id), id, `output "${name}"`);
  for (const [name, id] of Object.entries(step.streamsOut)) found(offset(id), id, `stream "${name}"`);
}

describe("the plan", () => {
  it("has every number in its place whenever it is read, for full and ragged batches", () => {
    fc.assert(
      fc.property(anyRecipe(30), fc.nat(99), (recipe, ragged) => {
        const { signature, rows, write } = stepOf(recipe);
        const lowered = lower(trace(signature, write), rows);
        play(lowered, rows);
        play(lowered, 1 + (ragged % rows));
      }),
      { numRuns: cases(300) },
    );
  });

  it("keeps a part of a concatenation for as long as the part is read", () => {
    const graph = trace({ inputs: { x: [4], y: [8] } }, ({ inputs: { x, y } }) => {
      // no two of these instructions are one unit
      const part = f.softmax(x);
      const whole = f.concat([part, f.softmax(f.mul(x, 2))]);
      const later = f.softmax(f.mul(y, f.max(whole)));
      return { outputs: { z: f.matmul(f.reshape(f.softmax(later), [2, 4]), f.reshape(part, [4, 1])) } };
    });
    const lowered = lower(graph, 1);
    const placed = lowered.step.nodes.findIndex(({ op }) => op === "softmax");
    const concat = lowered.step.nodes.findIndex(({ op }) => op === "concat");
    expect(lowered.plan.offsets.get(placed)).toBe(lowered.plan.offsets.get(concat));
    play(lowered, 1);
  });

  it("keeps state together, aligned, and whole buffers apart while both live", () => {
    fc.assert(
      fc.property(anyRecipe(), (recipe) => {
        const { signature, rows, write } = stepOf(recipe);
        const { step, plan } = lower(trace(signature, write), rows);
        for (const { input } of Object.values(step.state)) {
          const at = plan.offsets.get(input) as number;
          expect(at % 16).toBe(0);
          expect(at).toBeGreaterThanOrEqual(plan.stateOffset);
          const end = at + 4 * sizeOf(step.nodes[input].shape);
          expect(end).toBeLessThanOrEqual(plan.stateOffset + plan.stateBytes);
        }
        plan.buffers.forEach((a, i) => {
          for (const b of plan.buffers.slice(i + 1)) {
            const live = a.start <= b.end && b.start <= a.end;
            const overlap = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
            expect(live && overlap, `buffers of ${a.id} and ${b.id}`).toBe(false);
          }
        });
      }),
      { numRuns: cases(100) },
    );
  });

  it("shares memory: a long chain of products needs no more than a short one", () => {
    const bytes = (length: number): number => {
      const graph = trace({ inputs: { x: [16, 16] } }, ({ inputs }) => {
        let y = inputs.x;
        for (let i = 0; i < length; i++) y = f.matmul(y, inputs.x);
        return { outputs: { y } };
      });
      return lower(graph, 1).plan.bytes;
    };
    expect(bytes(40)).toBe(bytes(4));
  });

  it("computes state in its own memory where it can", () => {
    const copies = (write: (w: Value, v: Value) => Record<string, Value>): number => {
      const graph = trace({ state: { w: [4], v: [4] } }, ({ state }) => ({ state: write(state.w, state.v) }));
      return lower(graph, 1).plan.copies.length;
    };
    expect(
      copies((w, v) => {
        const next = f.add(f.mul(v, 0.9), w);
        return { v: next, w: f.sub(w, next) };
      }),
    ).toBe(0);
    // swapped arrays cannot both be
    expect(copies((w, v) => ({ w: v, v: w }))).toBe(1);
  });
});

describe("every pass", () => {
  it("leaves a graph that verifies", () => {
    fc.assert(
      fc.property(anyRecipe(), (recipe) => {
        const { signature, rows, write } = stepOf(recipe);
        const graph = trace(signature, write);
        verifyGraph({ nodes: [...graph.nodes] }, "trace");
        verifyGraph({ nodes: [...lower(graph, rows).step.nodes] }, "lower");
      }),
      { numRuns: cases(50) },
    );
  });

  it("is caught when it lies about an order or a shape", () => {
    const { nodes } = trace({ inputs: { x: [3] } }, ({ inputs }) => ({
      outputs: { y: f.neg(f.abs(inputs.x)) },
    }));
    const [x, abs, neg] = nodes;
    verifyGraph({ nodes: [x, abs, neg] }, "a pass");
    const refused = (broken: typeof nodes, message: RegExp): void => {
      expect(() => verifyGraph({ nodes: [...broken] }, "a pass")).toThrow(
        expect.objectContaining({ code: "internal", message: expect.stringMatching(message) }),
      );
    };
    refused([x, { ...abs, inputs: [2] }, neg], /after a pass: node 1 \(abs\) reads node 2/);
    refused([x, { ...abs, inputs: [-1] }, neg], /node 1 \(abs\) reads node -1/);
    refused([x, { ...abs, inputs: [1] }, neg], /node 1 \(abs\) reads node 1/);
    refused([x, { ...abs, shape: [4] }, neg], /has shape \[4\], its rule gives \[3\]/);
  });
});
