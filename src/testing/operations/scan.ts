/** Loops: smooth recurrences, their rounding errors, and loops in random steps. */
import fc from "fast-check";
import * as f from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { bodyValue, scanValues } from "../../graph/operations/scan.js";
import { type ScanStep, scan } from "../../graph/scan.js";
import { hasRows } from "../../graph/shape.js";
import type { TensorFunction } from "../gradients.js";
import { cases } from "./case.js";
import type { FactsOf } from "./facts.js";
import { moved, type RuleContext } from "./rounding.js";
import type { Pool, Writer } from "./writers.js";

const anySize = fc.integer({ min: 1, max: 3 });

/** A small network that is applied again and again: x [steps, rows, k], h [rows, n], w [k, n], u [n, n]. */
const recurrence = (read: (parts: { readonly last: Value; readonly all: Value }) => Value) =>
  cases(
    fc.tuple(anySize, anySize, anySize, anySize).map(([steps, rows, k, n]) => [
      [steps, rows, k],
      [rows, n],
      [k, n],
      [n, n],
    ]),
    () =>
      fc.boolean().map(
        (reverse): TensorFunction =>
          (x, h, w, u) => {
            const { carry, stacks } = scan(
              { carry: { h }, sequences: { x }, shared: { w, u }, reverse },
              ({ carry, elements, shared }) => {
                const sum = f.add(f.matmul(elements.x, shared.w), f.matmul(carry.h, shared.u));
                const next = f.tanh(f.mul(sum, 0.5));
                return { carry: { h: next }, stacks: { all: f.mul(next, carry.h) } };
              },
            );
            return read({ last: carry.h, all: stacks.all });
          },
      ),
  );

export const scanFacts: FactsOf<"scan" | "scanCarry" | "scanStack"> = {
  scan: {
    cases: recurrence(({ last, all }) => f.add(f.sum(all, 0), last)),
    bound({ attributes, environment, inputs, errors, value, boundsOf }: RuleContext<"scan">) {
      const { rows } = environment;
      return scanValues(attributes, rows, errors, (given, at) =>
        boundsOf(
          attributes.body,
          {
            ...environment,
            // the first nodes of a body are its inputs
            input: (name) => bodyValue(value, attributes, rows, Number(name), at),
          },
          (name) => given[Number(name)] ?? new Float64Array(inputs[Number(name)].length),
        ),
      );
    },
    writers: [writeLoop],
  },
  scanCarry: { cases: recurrence(({ last }) => last), bound: moved("scanCarry"), writers: [] },
  scanStack: { cases: recurrence(({ all }) => all), bound: moved("scanStack"), writers: [] },
};

/** Over the first axis of a value, with a second value and the means of a third carried along. */
function writeLoop(pool: Pool, [a, b, c, d]: Parameters<Writer>[1]): void {
  const x = pool.at(a);
  const [steps, ...shape] = x.shape;
  if (x.shape.length === 0 || hasRows([steps])) return;
  const other = f.mul(f.tanh(f.mean(pool.at(b))), 0.5);
  const first = f.broadcastTo(f.mean(pool.at(d)), shape);
  const body = ({ carry, elements, shared }: ScanStep) => {
    const kept = f.mul(f.add(carry.x, elements.x), shared.other);
    const next = c % 3 === 0 ? f.sin(kept) : f.tanh(f.sub(kept, carry.y));
    // exchanged carries, and a sum over earlier values
    const carries = { x: c % 2 === 0 ? next : carry.y, y: c % 2 === 0 ? carry.x : next };
    return { carry: carries, stacks: { next, old: f.mul(carry.x, 0.5), same: shared.other } };
  };
  const { carry, stacks } = scan(
    { carry: { x: first, y: f.mul(first, 0.5) }, sequences: { x }, shared: { other }, reverse: d % 2 === 0 },
    body,
  );
  const results = [stacks.next, stacks.old, stacks.same, carry.x, carry.y];
  pool.add(results[(a + b) % 5], Math.max(1, pool.size(pool.at(d))));
  pool.add(stacks.next, 1);
}
