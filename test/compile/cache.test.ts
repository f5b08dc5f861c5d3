/** What programs are shared by: all of the traced graph, and nothing else. */
import { describe, expect, it } from "vitest";
import { createProgramCache, fingerprint, sameFingerprint } from "../../src/compile/cache.js";
import type { StepGraph } from "../../src/compile/program.js";
import { type Signature, trace } from "../../src/compile/trace.js";
import {
  add,
  concat,
  constant,
  mul,
  randomUniform,
  reshape,
  sub,
  sum,
  transpose,
} from "../../src/graph/functions.js";
import type { Value } from "../../src/graph/graph.js";
import { scan } from "../../src/graph/scan.js";

const same = (a: StepGraph, b: StepGraph): boolean => sameFingerprint(fingerprint(a), fingerprint(b));
/** A step that keeps `f(x)` of an input [2, 2]. */
const stepOf = (f: (x: Value) => Value, signature: Signature = {}): StepGraph =>
  trace({ inputs: { x: [2, 2] }, ...signature }, ({ inputs: { x } }) => ({ outputs: { y: f(x) } }));

describe("fingerprint", () => {
  it("has a hash that does not depend on what the process traced before", async () => {
    // saved trainings name their model by it; a module that is loaded anew has traced nothing
    const step = stepOf((x) => sum(mul(sub(x, 1), transpose(x, [1, 0])), 1));
    const other = stepOf((x) => concat([x, reshape(x, [2, 2])]));
    const hashOf = async (process: string, before: readonly StepGraph[]): Promise<number> => {
      const own = await import(/* @vite-ignore */ `../../src/compile/cache.ts?${process}`);
      expect(own.fingerprint).not.toBe(fingerprint);
      for (const each of before) own.fingerprint(each);
      return own.fingerprint(step).hash;
    };
    expect(await hashOf("busy", [other])).toBe(await hashOf("new", []));
    expect(fingerprint(other).hash).not.toBe(fingerprint(step).hash);
  });

  it("is equal for graphs written twice", () => {
    const write = () => stepOf((x) => concat([mul(x, x), constant(x.graph, [1, Number.NaN], [1, 2])]));
    expect(same(write(), write())).toBe(true);
  });

  const long = (last: number) => (x: Value) =>
    sum(
      constant(
        x.graph,
        Array.from({ length: 10_000 }, (_, i) => (i < 9_999 ? i / 7 : last)),
      ),
    );
  it.each<[string, StepGraph, StepGraph]>([
    ["operations", stepOf((x) => add(x, x)), stepOf((x) => mul(x, x))],
    ["the order of operands", stepOf((x) => sub(x, mul(x, 2))), stepOf((x) => sub(mul(x, 2), x))],
    ["constants by a bit", stepOf((x) => mul(x, 0.1)), stepOf((x) => mul(x, 0.1 + 2 ** -56))],
    ["constants by a sign of 0", stepOf((x) => mul(x, 0)), stepOf((x) => mul(x, -0))],
    ["a constant that is not a number", stepOf((x) => mul(x, 0)), stepOf((x) => mul(x, Number.NaN))],
    ["infinities", stepOf((x) => mul(x, 1 / 0)), stepOf((x) => mul(x, -1 / 0))],
    ["the last of many numbers", stepOf(long(1)), stepOf(long(2))],
    ["shapes of equal sizes", stepOf((x) => reshape(x, [4])), stepOf((x) => reshape(x, [4, 1]))],
    ["permutations", stepOf((x) => transpose(x, [0, 1])), stepOf((x) => transpose(x, [1, 0]))],
    ["axes", stepOf((x) => sum(x, 0)), stepOf((x) => sum(x, 1))],
    ["streams", stepOf((x) => randomUniform(x.graph, [2], 0)), stepOf((x) => randomUniform(x.graph, [2], 1))],
    ["an input more", stepOf((x) => x), stepOf((x) => x, { inputs: { x: [2, 2], z: [] } })],
    [
      "names of inputs",
      trace({ inputs: { a: [], bc: [] } }, ({ inputs: { a } }) => ({ outputs: { y: a } })),
      trace({ inputs: { ab: [], c: [] } }, ({ inputs: { ab } }) => ({ outputs: { y: ab } })),
    ],
    [
      "names of results",
      stepOf((x) => x),
      trace({ inputs: { x: [2, 2] } }, ({ inputs: { x } }) => ({ outputs: { z: x } })),
    ],
    [
      "what is kept",
      trace({ state: { s: [], t: [] } }, ({ state: { s, t } }) => ({ state: { s: t, t: s } })),
      trace({ state: { s: [], t: [] } }, ({ state: { t } }) => ({ state: { s: t, t } })),
    ],
    [
      "inputs from what is kept",
      trace({ inputs: { s: [] } }, ({ inputs: { s } }) => ({ outputs: { y: s } })),
      trace({ state: { s: [] } }, ({ state: { s } }) => ({ outputs: { y: s } })),
    ],
    [
      "columns of streams",
      trace({ streams: { x: 2 } }, ({ streams: { x } }) => ({ outputs: { y: sum(x) } })),
      trace({ streams: { x: 3 } }, ({ streams: { x } }) => ({ outputs: { y: sum(x) } })),
    ],
  ])("tells %s apart", (_, a, b) => {
    expect(same(a, a)).toBe(true);
    expect(same(a, b)).toBe(false);
  });

  /**
   * Changes each number, word and flag within `whole`, one after another, and calls `see` with the place of
   * each.
   */
  function changeEach(whole: object, see: (place: string) => void, place = ""): void {
    const record = whole as Record<string, unknown>;
    for (const [name, part] of Object.entries(record)) {
      const path = `${place}.${name}`;
      if (/(nodes|body)\.\d+\.shape$/.test(path)) continue; // follows from the rest
      if (typeof part === "object" && part !== null) {
        changeEach(part, see, path);
        continue;
      }
      record[name] = typeof part === "number" ? part + 1 : typeof part === "string" ? `${part}2` : !part;
      see(path);
      record[name] = part;
    }
  }

  it("tells apart steps that differ in one number or word, wherever it stands", () => {
    const whole = trace(
      { inputs: { a: [], b: [] }, streams: { x: 3, y: 3 }, state: { s: [2], t: [2] } },
      ({ inputs: { a, b }, streams: { x, y }, state: { s, t } }) => {
        const { carry } = scan(
          { carry: { sum: constant(a.graph, 0) }, sequences: { s }, shared: { b } },
          ({ carry, elements, shared }) => ({
            carry: { sum: add(carry.sum, mul(elements.s, shared.b)) },
          }),
        );
        const rate = add(a, mul(sum(sub(x, y)), carry.sum));
        return {
          state: { s: mul(add(s, t), rate), t: add(t, randomUniform(a.graph, [2], 5)) },
          outputs: { first: rate, second: sum(t) },
          streams: { up: mul(x, 2), down: transpose(transpose(y)) },
        };
      },
    );
    const step: StepGraph = JSON.parse(JSON.stringify(whole)); // so that no array is in two places
    const before = fingerprint(step);
    expect(sameFingerprint(before, fingerprint(whole))).toBe(true);
    const alike: string[] = [];
    let changes = 0;
    changeEach(step, (place) => {
      changes++;
      if (sameFingerprint(before, fingerprint(step))) alike.push(place);
    });
    for (const ends of ["inputs", "streamsIn", "state", "outputs", "streamsOut"] as const) {
      const entries = Object.entries(step[ends]);
      const renamed = { ...step, [ends]: Object.fromEntries(entries.map(([name, id]) => [`${name}2`, id])) };
      expect(entries.length, ends).toBeGreaterThan(1);
      if (sameFingerprint(before, fingerprint(renamed))) alike.push(`names of ${ends}`);
    }
    expect(alike).toEqual([]);
    expect(changes).toBeGreaterThan(100);
  });

  it("is a copy: an array that changes later does not change it", () => {
    const step = stepOf((x) => mul(x, constant(x.graph, [1, 2])));
    const before = fingerprint(step);
    const node = step.nodes.find(({ op }) => op === "constant") as
      | { attributes: { values: number[] } }
      | undefined;
    node!.attributes.values[1] = 3;
    expect(sameFingerprint(before, fingerprint(step))).toBe(false);
  });
});

describe("createProgramCache", () => {
  const times = (factor: number) => stepOf((x) => mul(x, factor));

  it("keeps the programs used last, for each number of rows", () => {
    const cached = createProgramCache(2);
    const [one, two] = [cached(times(1), 1), cached(times(2), 1)];
    expect(cached(times(1), 1)).toBe(one);
    expect(one).not.toBe(two);
    expect(cached(times(1), 2)).not.toBe(one); // two was used longest ago and goes
    expect(cached(times(1), 1)).toBe(one);
    expect(cached(times(2), 1)).not.toBe(two);
  });

  it("tells programs apart whose hashes collide", () => {
    const cached = createProgramCache(8);
    const [a, b] = [times(2), times(3)];
    const collide = (step: StepGraph) => ({ ...fingerprint(step), hash: 0 });
    expect(cached(a, 1, collide(a))).not.toBe(cached(b, 1, collide(b)));
  });
});
