/** Elementwise operations: where each is smooth, and its rounding errors. */
import fc from "fast-check";
import * as f from "../../graph/functions.js";
import type { ElementwiseName, Value } from "../../graph/graph.js";
import { apply } from "../../graph/operations/table.js";
import * as special from "../../numerics/special.js";
import { anyBroadcast, numbers } from "../arbitraries/tensors.js";
import { binary, cases, unary } from "./case.js";
import type { FactsOf, OperationFacts } from "./facts.js";
import { chosen, comparison, lipschitz, monotone, ofTwo, times } from "./rounding.js";
import { most, one, product, same, writeBinary, writeUnary } from "./writers.js";

const { real, positive, nonZero, coarse, between } = numbers;
/** Away from integers. */
const fractional = real.map((x) => Math.floor(x) + 0.25 + (x - Math.floor(x)) / 2);

type Facts = OperationFacts<ElementwiseName>;
type Bound = Facts["bound"];
type Unary = (x: Value) => Value;
type Binary = (x: Value, y: Value) => Value;

/** An operation of one value; random steps use it as `written`, whose numbers `size` bounds. */
const ofOne = (
  fn: Unary,
  bound: Bound,
  size: (m: number) => number,
  { domain = real, written = fn }: { readonly domain?: fc.Arbitrary<number>; readonly written?: Unary } = {},
): Facts => ({ cases: unary(fn, domain), bound, writers: [writeUnary(written, size)] });

/** An operation of two values. */
const ofBoth = (fn: Binary, bound: Bound, size: (m: number, n: number) => number, written = fn): Facts => ({
  cases: binary(fn),
  bound,
  writers: [writeBinary(written, size)],
});

/** An operation of two values that differ. */
const comparing = (
  fn: Binary,
  bound: Bound,
  size: (m: number, n: number) => number,
  written = fn,
): Facts => ({
  ...ofBoth(fn, bound, size, written),
  cases: binary(fn, coarse, between),
});

const oneMore = (m: number): number => m + 1;
const added = (m: number, n: number): number => m + n;
const ofSum = ofTwo((_x, _y, ex, ey) => ex + ey);
const ofProduct = ofTwo((x, y, ex, ey) => times(Math.abs(x), ey) + times(Math.abs(y) + ey, ex));
const below = (bound: number) => monotone((x) => (Math.abs(x) < bound ? 0 : x), 0);

export const elementwiseFacts: FactsOf<ElementwiseName> = {
  copy: { cases: unary((x) => apply("copy", [x], {})), bound: lipschitz(0), writers: [] },
  neg: ofOne(f.neg, lipschitz(0), same),
  abs: ofOne(f.abs, lipschitz(0), same, { domain: nonZero }),
  sign: ofOne(f.sign, monotone(Math.sign, 0), one, { domain: nonZero }),
  floor: ofOne(f.floor, monotone(Math.floor, 0), oneMore, { domain: fractional }),
  sqrt: ofOne(f.sqrt, monotone(Math.sqrt, 0.5), oneMore, {
    domain: positive,
    written: (x) => f.sqrt(f.add(f.abs(x), 0.25)),
  }),
  exp: ofOne(f.exp, monotone(special.exp, 1), (m) => (m > 3 ? 30 : 8), {
    written: (x) => f.exp(f.sub(x, 1)),
  }),
  expm1: ofOne(f.expm1, monotone(special.expm1, 2), () => 8, { written: (x) => f.expm1(f.mul(x, 0.5)) }),
  log: ofOne(f.log, monotone(special.log, 1), () => 3, {
    domain: positive,
    written: (x) => f.log(f.add(f.square(x), 0.5)),
  }),
  log1p: ofOne(f.log1p, monotone(special.log1p, 1), same, {
    domain: positive,
    written: (x) => f.log1p(f.abs(x)),
  }),
  sin: ofOne(f.sin, lipschitz(2), one),
  cos: ofOne(f.cos, lipschitz(2), one),
  tanh: ofOne(f.tanh, monotone(special.tanh, 2.5), one),
  sigmoid: ofOne(f.sigmoid, monotone(special.sigmoid, 2.5), one),
  softplus: ofOne(f.softplus, monotone(special.softplus, 2), oneMore),
  erf: ofOne(f.erf, monotone(special.erf, 1.5), one),
  relu: {
    cases: unary(f.relu, nonZero),
    // certainly 0 if x is certainly below
    bound: monotone((x) => Math.max(0, x), 0),
    writers: [writeUnary(f.relu, same), writeUnary((x) => f.relu(f.mul(x, 1)), same)],
  },
  flush: ofOne(f.flush, below(2 ** -126), same),
  flushRoot: ofOne(f.flushRoot, below(2 ** -63), same),
  add: ofBoth(f.add, ofSum, added),
  sub: ofBoth(f.sub, ofSum, added),
  mul: ofBoth(f.mul, ofProduct, product),
  mulNoNan: ofBoth(f.mulNoNan, ofProduct, product),
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
  maximum: comparing(f.maximum, chosen(Math.max), most),
  minimum: comparing(f.minimum, chosen(Math.min), most),
  greater: comparing(f.greater, comparison, one),
  greaterEqual: comparing(f.greaterEqual, comparison, one),
  equal: comparing(f.equal, comparison, one, (x, y) => f.equal(f.sign(x), f.sign(y))),
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
