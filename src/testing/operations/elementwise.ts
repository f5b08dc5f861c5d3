/** Elementwise operations: where each is smooth, and its rounding errors. */
import fc from "fast-check";
import * as f from "../../graph/functions.js";
import type { ElementwiseName } from "../../graph/graph.js";
import { apply } from "../../graph/operations/table.js";
import * as special from "../../numerics/special.js";
import { anyBroadcast, numbers } from "../arbitraries/tensors.js";
import { binary, cases, unary } from "./case.js";
import type { FactsOf } from "./facts.js";
import { chosen, comparison, lipschitz, monotone, ofTwo, times } from "./rounding.js";
import { most, one, product, same, writeBinary, writeUnary } from "./writers.js";

const { real, positive, nonZero, coarse, between } = numbers;
/** Away from integers. */
const fractional = real.map((x) => Math.floor(x) + 0.25 + (x - Math.floor(x)) / 2);

const ofProduct = ofTwo((x, y, ex, ey) => times(Math.abs(x), ey) + times(Math.abs(y) + ey, ex));

export const elementwiseFacts: FactsOf<ElementwiseName> = {
  copy: { cases: unary((x) => apply("copy", [x], {})), bound: lipschitz(0), writers: [] },
  neg: { cases: unary(f.neg), bound: lipschitz(0), writers: [writeUnary(f.neg, same)] },
  abs: { cases: unary(f.abs, nonZero), bound: lipschitz(0), writers: [writeUnary(f.abs, same)] },
  sign: {
    cases: unary(f.sign, nonZero),
    bound: monotone((x) => Math.sign(x), 0),
    writers: [writeUnary(f.sign, one)],
  },
  floor: {
    cases: unary(f.floor, fractional),
    bound: monotone(Math.floor, 0),
    writers: [writeUnary(f.floor, (m) => m + 1)],
  },
  sqrt: {
    cases: unary(f.sqrt, positive),
    bound: monotone(Math.sqrt, 0.5),
    writers: [
      writeUnary(
        (x) => f.sqrt(f.add(f.abs(x), 0.25)),
        (m) => m + 1,
      ),
    ],
  },
  exp: {
    cases: unary(f.exp),
    bound: monotone(special.exp, 1),
    writers: [
      writeUnary(
        (x) => f.exp(f.sub(x, 1)),
        (m) => (m > 3 ? 30 : 8),
      ),
    ],
  },
  expm1: {
    cases: unary(f.expm1),
    bound: monotone(special.expm1, 2),
    writers: [
      writeUnary(
        (x) => f.expm1(f.mul(x, 0.5)),
        () => 8,
      ),
    ],
  },
  log: {
    cases: unary(f.log, positive),
    bound: monotone(special.log, 1),
    writers: [
      writeUnary(
        (x) => f.log(f.add(f.square(x), 0.5)),
        () => 3,
      ),
    ],
  },
  log1p: {
    cases: unary(f.log1p, positive),
    bound: monotone(special.log1p, 1),
    writers: [writeUnary((x) => f.log1p(f.abs(x)), same)],
  },
  sin: { cases: unary(f.sin), bound: lipschitz(2), writers: [writeUnary(f.sin, one)] },
  cos: { cases: unary(f.cos), bound: lipschitz(2), writers: [writeUnary(f.cos, one)] },
  tanh: { cases: unary(f.tanh), bound: monotone(special.tanh, 2.5), writers: [writeUnary(f.tanh, one)] },
  sigmoid: {
    cases: unary(f.sigmoid),
    bound: monotone(special.sigmoid, 2.5),
    writers: [writeUnary(f.sigmoid, one)],
  },
  softplus: {
    cases: unary(f.softplus),
    bound: monotone(special.softplus, 2),
    writers: [writeUnary(f.softplus, (m) => m + 1)],
  },
  erf: { cases: unary(f.erf), bound: monotone(special.erf, 1.5), writers: [writeUnary(f.erf, one)] },
  relu: {
    cases: unary(f.relu, nonZero),
    // certainly 0 if x is certainly below
    bound: monotone((x) => Math.max(0, x), 0),
    writers: [writeUnary(f.relu, same), writeUnary((x) => f.relu(f.mul(x, 1)), same)],
  },
  flush: {
    cases: unary(f.flush),
    bound: monotone((x) => (Math.abs(x) < 2 ** -126 ? 0 : x), 0),
    writers: [writeUnary(f.flush, same)],
  },
  flushRoot: {
    cases: unary(f.flushRoot),
    bound: monotone((x) => (Math.abs(x) < 2 ** -63 ? 0 : x), 0),
    writers: [writeUnary(f.flushRoot, same)],
  },
  add: {
    cases: binary(f.add),
    bound: ofTwo((_x, _y, ex, ey) => ex + ey),
    writers: [writeBinary(f.add, (m, n) => m + n)],
  },
  sub: {
    cases: binary(f.sub),
    bound: ofTwo((_x, _y, ex, ey) => ex + ey),
    writers: [writeBinary(f.sub, (m, n) => m + n)],
  },
  mul: {
    cases: binary(f.mul),
    bound: ofProduct,
    writers: [writeBinary(f.mul, product)],
  },
  mulNoNan: {
    cases: binary(f.mulNoNan),
    bound: ofProduct,
    writers: [writeBinary(f.mulNoNan, product)],
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
    writers: [
      writeBinary(
        (x, y) => f.div(x, f.add(f.abs(y), 0.5)),
        (m) => 2 * m,
      ),
    ],
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
    writers: [
      writeBinary(
        (x, y) => f.pow(f.add(f.abs(x), 0.5), f.mul(f.tanh(y), 2)),
        (m) => (m + 1) ** 2,
      ),
    ],
  },
  maximum: {
    cases: binary(f.maximum, coarse, between),
    bound: chosen(Math.max),
    writers: [writeBinary(f.maximum, most)],
  },
  minimum: {
    cases: binary(f.minimum, coarse, between),
    bound: chosen(Math.min),
    writers: [writeBinary(f.minimum, most)],
  },
  greater: {
    cases: binary(f.greater, coarse, between),
    bound: comparison,
    writers: [writeBinary(f.greater, one)],
  },
  greaterEqual: {
    cases: binary(f.greaterEqual, coarse, between),
    bound: comparison,
    writers: [writeBinary(f.greaterEqual, one)],
  },
  equal: {
    cases: binary(f.equal, coarse, between),
    bound: comparison,
    writers: [writeBinary((x, y) => f.equal(f.sign(x), f.sign(y)), one)],
  },
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
    writers: [writeBinary((x, y) => f.select(f.greater(x, 0.25), y, f.mul(x, 0.5)), most)],
  },
};
