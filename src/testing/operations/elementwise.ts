/** Elementwise operations: where each is smooth, and how far rounding may take it. */
import fc from "fast-check";
import * as f from "../../graph/functions.js";
import type { ElementwiseName } from "../../graph/graph.js";
import { apply } from "../../graph/operations/index.js";
import * as special from "../../numerics/special.js";
import { anyBroadcast, numbers } from "../arbitraries/tensors.js";
import { binary, cases, unary } from "./case.js";
import type { FactsOf } from "./facts.js";
import { chosen, comparison, lipschitz, monotone, ofTwo, times } from "./rounding.js";

const { real, positive, nonZero, coarse, between } = numbers;
/** Away from whole numbers. */
const fractional = real.map((x) => Math.floor(x) + 0.25 + (x - Math.floor(x)) / 2);

export const elementwiseFacts: FactsOf<ElementwiseName> = {
  copy: { cases: unary((x) => apply("copy", [x], {})), bound: lipschitz(0) },
  neg: { cases: unary(f.neg), bound: lipschitz(0) },
  abs: { cases: unary(f.abs, nonZero), bound: lipschitz(0) },
  sign: { cases: unary(f.sign, nonZero), bound: monotone((x) => Math.sign(x), 0) },
  floor: { cases: unary(f.floor, fractional), bound: monotone(Math.floor, 0) },
  sqrt: { cases: unary(f.sqrt, positive), bound: monotone(Math.sqrt, 0.5) },
  exp: { cases: unary(f.exp), bound: monotone(special.exp, 1) },
  expm1: { cases: unary(f.expm1), bound: monotone(special.expm1, 2) },
  log: { cases: unary(f.log, positive), bound: monotone(special.log, 1) },
  log1p: { cases: unary(f.log1p, positive), bound: monotone(special.log1p, 1) },
  sin: { cases: unary(f.sin), bound: lipschitz(2) },
  cos: { cases: unary(f.cos), bound: lipschitz(2) },
  tanh: { cases: unary(f.tanh), bound: monotone(special.tanh, 1.5) },
  sigmoid: { cases: unary(f.sigmoid), bound: monotone(special.sigmoid, 2) },
  softplus: { cases: unary(f.softplus), bound: monotone(special.softplus, 2) },
  erf: { cases: unary(f.erf), bound: monotone(special.erf, 1.5) },
  relu: {
    cases: unary(f.relu, nonZero),
    // certainly 0 where x is certainly below
    bound: monotone((x) => Math.max(0, x), 0),
  },
  flush: { cases: unary(f.flush), bound: monotone((x) => (Math.abs(x) < 2 ** -126 ? 0 : x), 0) },
  add: { cases: binary(f.add), bound: ofTwo((_x, _y, ex, ey) => ex + ey) },
  sub: { cases: binary(f.sub), bound: ofTwo((_x, _y, ex, ey) => ex + ey) },
  mul: {
    cases: binary(f.mul),
    bound: ofTwo((x, y, ex, ey) => times(Math.abs(x), ey) + times(Math.abs(y) + ey, ex)),
  },
  div: {
    cases: binary(f.div, real, positive),
    bound: ofTwo((x, y, ex, ey) => {
      const room = Math.abs(y) - ey;
      if (ex === 0 && ey === 0) return 0;
      return room > 0 && room < Number.POSITIVE_INFINITY
        ? (times(Math.abs(x), ey) + Math.abs(y) * ex) / (Math.abs(y) * room)
        : Number.POSITIVE_INFINITY;
    }),
  },
  pow: {
    cases: fc.oneof(
      binary(f.pow, positive, real),
      // an integer exponent allows negative bases
      fc.constantFrom(-1, 2, 3).chain((n) =>
        unary(
          (x) => f.pow(x, n),
          positive.map((x) => -x),
        ),
      ),
    ),
    // monotone in each argument where x > 0: the corners are the extremes
    bound: ofTwo((x, y, ex, ey) => {
      if (ex === 0 && ey === 0) return 0;
      if (x - ex <= 0) return Number.POSITIVE_INFINITY;
      const z = special.pow(x, y);
      const corners = [x - ex, x + ex].flatMap((p) => [special.pow(p, y - ey), special.pow(p, y + ey)]);
      return Math.max(...corners.map((corner) => Math.abs(corner - z)));
    }, 0.51),
  },
  maximum: { cases: binary(f.maximum, coarse, between), bound: chosen(Math.max) },
  minimum: { cases: binary(f.minimum, coarse, between), bound: chosen(Math.min) },
  greater: { cases: binary(f.greater, coarse, between), bound: comparison },
  greaterEqual: { cases: binary(f.greaterEqual, coarse, between), bound: comparison },
  equal: { cases: binary(f.equal, coarse, between), bound: comparison },
  select: {
    cases: fc
      .tuple(fc.boolean(), anyBroadcast())
      .chain(([first, shapes]) =>
        cases(
          fc.constant(shapes),
          () => fc.constant((x, y) => f.select(f.greater(first ? x : y, 0), x, f.mul(y, x))),
          nonZero,
          nonZero,
        ),
      ),
    bound: ({ inputs: [c, x, y], errors: [ec, ex, ey] }) =>
      c.map((ci, i) => {
        if (ec[i] === 0 || Math.abs(ci) > ec[i]) return ci !== 0 ? ex[i] : ey[i];
        return Math.abs(x[i] - y[i]) + Math.max(ex[i], ey[i]);
      }),
  },
};
