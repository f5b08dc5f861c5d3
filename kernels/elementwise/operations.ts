// The operations of the elementwise machine, each a loop of its own over its registers.
//
// An operation is a class without instances: `map1<Exp>` compiles to a loop over `Exp.apply`
// alone. One loop with the opcode as an argument would dispatch once per vector.

import * as Elementwise from "../../src/graph/opcodes/elementwise";
import * as Passes from "../../src/graph/opcodes/passes";
import {
  cos_f32x4, cross_entropy_f32x4, cross_entropy_slope_f32x4, erf_f32x4, exp_f32x4, expm1_f32x4, log1p_f32x4, log_f32x4,
  mul_no_nan_f32x4, pow_f32x4, sin_f32x4, softplus_f32x4,
} from "../math/f32";
import { sigmoid_f32, tanh_f32 } from "../math/f32-sigmoid";

@final class Copy { @inline apply(x: v128): v128 { return x; } }
@final class Neg { @inline apply(x: v128): v128 { return f32x4.neg(x); } }
@final class Abs { @inline apply(x: v128): v128 { return f32x4.abs(x); } }
@final class Sign { @inline apply(x: v128): v128 { return sign(x); } }
@final class Floor { @inline apply(x: v128): v128 { return f32x4.floor(x); } }
@final class Sqrt { @inline apply(x: v128): v128 { return f32x4.sqrt(x); } }
@final class Exp { @inline apply(x: v128): v128 { return exp_f32x4(x); } }
@final class Expm1 { @inline apply(x: v128): v128 { return expm1_f32x4(x); } }
@final class Log { @inline apply(x: v128): v128 { return log_f32x4(x); } }
@final class Log1p { @inline apply(x: v128): v128 { return log1p_f32x4(x); } }
@final class Sin { @inline apply(x: v128): v128 { return sin_f32x4(x); } }
@final class Cos { @inline apply(x: v128): v128 { return cos_f32x4(x); } }
@final class Softplus { @inline apply(x: v128): v128 { return softplus_f32x4(x); } }
@final class Erf { @inline apply(x: v128): v128 { return erf_f32x4(x); } }
// pmax keeps NaN and the sum makes −0 into 0, in fewer instructions than max.
@final class Relu { @inline apply(x: v128): v128 { return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), f32x4.splat(0)); } }
// Denormal numbers become 0 (NaN is not below anything and stays).
@final class Flush { @inline apply(x: v128): v128 { return flush(x); } }
// Numbers whose squares are denormal become 0.
@final class FlushRoot { @inline apply(x: v128): v128 { return flush_root(x); } }

@final class Add { @inline apply(x: v128, y: v128): v128 { return f32x4.add(x, y); } }
@final class Sub { @inline apply(x: v128, y: v128): v128 { return f32x4.sub(x, y); } }
@final class MulNoNan { @inline apply(x: v128, y: v128): v128 { return mul_no_nan_f32x4(x, y); } }
@final class Mul { @inline apply(x: v128, y: v128): v128 { return f32x4.mul(x, y); } }
@final class Div { @inline apply(x: v128, y: v128): v128 { return f32x4.div(x, y); } }
@final class Pow { @inline apply(x: v128, y: v128): v128 { return pow_f32x4(x, y); } }
@final class Maximum { @inline apply(x: v128, y: v128): v128 { return f32x4.max(x, y); } }
@final class Minimum { @inline apply(x: v128, y: v128): v128 { return f32x4.min(x, y); } }
@final class Greater { @inline apply(x: v128, y: v128): v128 { return v128.and(f32x4.gt(x, y), f32x4.splat(1)); } }
@final class GreaterEqual { @inline apply(x: v128, y: v128): v128 { return v128.and(f32x4.ge(x, y), f32x4.splat(1)); } }
@final class Equal { @inline apply(x: v128, y: v128): v128 { return v128.and(f32x4.eq(x, y), f32x4.splat(1)); } }

@final class SqrtAdd { @inline apply(x: v128, y: v128): v128 { return f32x4.add(f32x4.sqrt(x), y); } }
@final class AddSqrt { @inline apply(x: v128, y: v128): v128 { return f32x4.sqrt(f32x4.add(x, y)); } }
@final class MulAdd { @inline apply(x: v128, y: v128, z: v128): v128 { return f32x4.add(f32x4.mul(x, y), z); } }
@final class MulSub { @inline apply(x: v128, y: v128, z: v128): v128 { return f32x4.sub(f32x4.mul(x, y), z); } }
@final class MulSubFrom { @inline apply(x: v128, y: v128, z: v128): v128 { return f32x4.sub(z, f32x4.mul(x, y)); } }
@final class MulDiv { @inline apply(x: v128, y: v128, z: v128): v128 { return f32x4.div(f32x4.mul(x, y), z); } }
@final class DivMul { @inline apply(x: v128, y: v128, z: v128): v128 { return f32x4.mul(f32x4.div(x, y), z); } }
@final class GreaterMul {
  @inline apply(x: v128, y: v128, z: v128): v128 { return f32x4.mul(v128.and(f32x4.gt(x, y), f32x4.splat(1)), z); }
}

@final class FlushRootMulSubFrom {
  @inline apply(x: v128, y: v128, z: v128): v128 { return flush_root(f32x4.sub(z, f32x4.mul(x, flush_root(y)))); }
}
@final class FlushRootAdd { @inline apply(x: v128, y: v128): v128 { return flush_root(f32x4.add(x, y)); } }
@final class FlushRootMul { @inline apply(x: v128, y: v128): v128 { return f32x4.mul(x, flush_root(y)); } }
@final class FlushRootMulDiv {
  @inline apply(x: v128, y: v128, z: v128): v128 { return f32x4.div(f32x4.mul(x, flush_root(y)), z); }
}
@final class FlushMulSub {
  @inline apply(x: v128, y: v128, z: v128): v128 { return flush(f32x4.sub(f32x4.mul(x, y), z)); }
}
@final class FlushRootSub { @inline apply(x: v128, y: v128): v128 { return flush_root(f32x4.sub(x, y)); } }
@final class FlushRootDivMulSubFrom {
  @inline apply(x: v128, y: v128, z: v128, w: v128): v128 {
    return flush_root(f32x4.sub(w, f32x4.mul(f32x4.div(x, y), z)));
  }
}

@final class DivMulSubFrom {
  @inline apply(x: v128, y: v128, z: v128, w: v128): v128 { return f32x4.sub(w, f32x4.mul(f32x4.div(x, y), z)); }
}
@final class RatioRoot {
  @inline apply(x: v128, e: v128, y: v128, z: v128): v128 {
    return f32x4.mul(f32x4.sqrt(f32x4.div(f32x4.add(x, e), f32x4.add(y, e))), z);
  }
}
@final class FlushAxpby {
  @inline apply(x: v128, a: v128, y: v128, b: v128): v128 {
    return flush(f32x4.add(f32x4.mul(x, a), f32x4.mul(flush_root(y), b)));
  }
}
@final class FlushAxpbySquare {
  @inline apply(x: v128, a: v128, y: v128, b: v128): v128 {
    y = flush_root(y);
    return flush(f32x4.add(f32x4.mul(x, a), f32x4.mul(f32x4.mul(y, y), b)));
  }
}

@final class LogisticSlope {
  @inline apply(x: v128, y: v128, z: v128): v128 { return f32x4.mul(x, f32x4.mul(y, f32x4.sub(z, y))); }
}
@final class LogisticSlopeOfProduct {
  @inline apply(x: v128, y: v128, z: v128, w: v128): v128 {
    return f32x4.mul(f32x4.mul(x, w), f32x4.mul(y, f32x4.sub(z, y)));
  }
}
@final class TanhSlope {
  @inline apply(x: v128, y: v128, z: v128): v128 { return f32x4.mul(x, f32x4.sub(z, f32x4.mul(y, y))); }
}
@final class TanhSlopeOfProduct {
  @inline apply(x: v128, y: v128, z: v128, w: v128): v128 {
    return f32x4.mul(f32x4.mul(x, w), f32x4.sub(z, f32x4.mul(y, y)));
  }
}

@final class CrossEntropy {
  @inline apply(a: v128, x: v128, b: v128): v128 { return cross_entropy_f32x4(a, x, b); }
}
@final class FlushRootCrossEntropySlope {
  @inline apply(a: v128, x: v128, b: v128): v128 { return flush_root(cross_entropy_slope_f32x4(a, x, b)); }
}

// The second of a pair, which loads its other operands besides the result of the first.
@final class ThenSqrtAdd {
  @inline apply(x: v128, e: usize, f: usize, g: usize): v128 { return changetype<SqrtAdd>(0).apply(x, v128.load(e)); }
}
@final class ThenFlushRootDivMulSubFrom {
  @inline apply(x: v128, e: usize, f: usize, g: usize): v128 {
    return changetype<FlushRootDivMulSubFrom>(0).apply(x, v128.load(e), v128.load(f), v128.load(g));
  }
}

/** x, or 0 where |x| is below 2⁻¹²⁶. */
@inline
function flush(x: v128): v128 { return at_least(x, 1.1754943508222875e-38); }

/** x, or 0 where |x| is below 2⁻⁶³. */
@inline
function flush_root(x: v128): v128 { return at_least(x, 1.0842021724855044e-19); }

// |x| by a mask, and compared as integers: 0.995 of a step of Adam with a comparison of floats.
@inline
function at_least(x: v128, least: f32): v128 {
  return v128.and(x, i32x4.gt_s(v128.and(x, i32x4.splat(0x7fffffff)), i32x4.splat(reinterpret<i32>(least) - 1)));
}

/** 1, −1, or x itself where it is 0 or NaN. */
@inline
function sign(x: v128): v128 {
  const zero = f32x4.splat(0);
  const ones = v128.or(v128.and(x, i32x4.splat(0x80000000)), f32x4.splat(1));
  return v128.bitselect(ones, x, v128.or(f32x4.gt(x, zero), f32x4.lt(x, zero)));
}

/** A long operation: its own arithmetic hides the cost of the loop. */
function map1<T>(dst: usize, a: usize, bytes: usize): void {
  const operation = changetype<T>(0);
  for (let i: usize = 0; i < bytes; i += 16) v128.store(dst + i, operation.apply(v128.load(a + i)));
}

function map2<T>(dst: usize, a: usize, b: usize, bytes: usize): void {
  const operation = changetype<T>(0);
  for (let i: usize = 0; i < bytes; i += 16) v128.store(dst + i, operation.apply(v128.load(a + i), v128.load(b + i)));
}

function map3<T>(dst: usize, a: usize, b: usize, c: usize, bytes: usize): void {
  const operation = changetype<T>(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(dst + i, operation.apply(v128.load(a + i), v128.load(b + i), v128.load(c + i)));
  }
}

/** A short operation: four vectors per iteration, since counting costs as much as one of them. */
function quick1<T>(dst: usize, a: usize, bytes: usize): void {
  const operation = changetype<T>(0);
  let i: usize = 0;
  for (const end = bytes & ~63; i < end; i += 64) {
    const from = a + i;
    const to = dst + i;
    v128.store(to, operation.apply(v128.load(from)));
    v128.store(to, operation.apply(v128.load(from, 16)), 16);
    v128.store(to, operation.apply(v128.load(from, 32)), 32);
    v128.store(to, operation.apply(v128.load(from, 48)), 48);
  }
  for (; i < bytes; i += 16) v128.store(dst + i, operation.apply(v128.load(a + i)));
}

function quick2<T>(dst: usize, a: usize, b: usize, bytes: usize): void {
  const operation = changetype<T>(0);
  let i: usize = 0;
  for (const end = bytes & ~63; i < end; i += 64) {
    const x = a + i;
    const y = b + i;
    const to = dst + i;
    v128.store(to, operation.apply(v128.load(x), v128.load(y)));
    v128.store(to, operation.apply(v128.load(x, 16), v128.load(y, 16)), 16);
    v128.store(to, operation.apply(v128.load(x, 32), v128.load(y, 32)), 32);
    v128.store(to, operation.apply(v128.load(x, 48), v128.load(y, 48)), 48);
  }
  for (; i < bytes; i += 16) v128.store(dst + i, operation.apply(v128.load(a + i), v128.load(b + i)));
}

function quick3<T>(dst: usize, a: usize, b: usize, c: usize, bytes: usize): void {
  const operation = changetype<T>(0);
  let i: usize = 0;
  for (const end = bytes & ~63; i < end; i += 64) {
    const x = a + i;
    const y = b + i;
    const z = c + i;
    const to = dst + i;
    v128.store(to, operation.apply(v128.load(x), v128.load(y), v128.load(z)));
    v128.store(to, operation.apply(v128.load(x, 16), v128.load(y, 16), v128.load(z, 16)), 16);
    v128.store(to, operation.apply(v128.load(x, 32), v128.load(y, 32), v128.load(z, 32)), 32);
    v128.store(to, operation.apply(v128.load(x, 48), v128.load(y, 48), v128.load(z, 48)), 48);
  }
  for (; i < bytes; i += 16) {
    v128.store(dst + i, operation.apply(v128.load(a + i), v128.load(b + i), v128.load(c + i)));
  }
}

/** Two vectors per iteration: four gain nothing where eight operands are loaded. */
function quick4<T>(dst: usize, a: usize, b: usize, c: usize, d: usize, bytes: usize): void {
  const operation = changetype<T>(0);
  let i: usize = 0;
  for (const end = bytes & ~31; i < end; i += 32) {
    const x = a + i;
    const y = b + i;
    const z = c + i;
    const w = d + i;
    const to = dst + i;
    v128.store(to, operation.apply(v128.load(x), v128.load(y), v128.load(z), v128.load(w)));
    v128.store(to, operation.apply(v128.load(x, 16), v128.load(y, 16), v128.load(z, 16), v128.load(w, 16)), 16);
  }
  if (i < bytes) {
    v128.store(dst + i, operation.apply(v128.load(a + i), v128.load(b + i), v128.load(c + i), v128.load(d + i)));
  }
}

/** α·x + β·y and similar operations, where b and d hold one number each. */
function axpby<T>(dst: usize, a: usize, b: usize, c: usize, d: usize, bytes: usize): void {
  const operation = changetype<T>(0);
  const alpha = v128.load(b);
  const beta = v128.load(d);
  let i: usize = 0;
  for (const end = bytes & ~31; i < end; i += 32) {
    const x = a + i;
    const y = c + i;
    const to = dst + i;
    v128.store(to, operation.apply(v128.load(x), alpha, v128.load(y), beta));
    v128.store(to, operation.apply(v128.load(x, 16), alpha, v128.load(y, 16), beta), 16);
  }
  if (i < bytes) v128.store(dst + i, operation.apply(v128.load(a + i), alpha, v128.load(c + i), beta));
}

/**
 * The same, then an operation on its result, in one loop: roots and divisions keep one unit of a processor
 * busy, and leave the others idle, which can compute the moving average.
 */
function axpbyThen<First, Second>(
  dst: usize, a: usize, b: usize, c: usize, d: usize, to: usize, e: usize, f: usize, g: usize, bytes: usize,
): void {
  const first = changetype<First>(0);
  const second = changetype<Second>(0);
  const alpha = v128.load(b);
  const beta = v128.load(d);
  for (let i: usize = 0; i < bytes; i += 16) {
    const x = first.apply(v128.load(a + i), alpha, v128.load(c + i), beta);
    v128.store(dst + i, x);
    v128.store(to + i, second.apply(x, e + i, f + i, g + i));
  }
}

/** b where a is not 0 (NaN is not 0), else c. */
function select(dst: usize, a: usize, b: usize, c: usize, bytes: usize): void {
  const zero = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(dst + i, v128.bitselect(v128.load(b + i), v128.load(c + i), f32x4.ne(v128.load(a + i), zero)));
  }
}

/** One operation over `bytes` (a multiple of 16) of its registers. `dst` may be any of the others. */
export function execute(op: i32, dst: usize, a: usize, b: usize, c: usize, d: usize, bytes: usize): void {
  switch (op) {
    case Elementwise.Copy: quick1<Copy>(dst, a, bytes); return;
    case Elementwise.Neg: quick1<Neg>(dst, a, bytes); return;
    case Elementwise.Abs: quick1<Abs>(dst, a, bytes); return;
    case Elementwise.Sign: quick1<Sign>(dst, a, bytes); return;
    case Elementwise.Sqrt: quick1<Sqrt>(dst, a, bytes); return;
    case Elementwise.Exp: map1<Exp>(dst, a, bytes); return;
    case Elementwise.Expm1: map1<Expm1>(dst, a, bytes); return;
    case Elementwise.Log: map1<Log>(dst, a, bytes); return;
    case Elementwise.Log1p: map1<Log1p>(dst, a, bytes); return;
    case Elementwise.Sin: map1<Sin>(dst, a, bytes); return;
    case Elementwise.Cos: map1<Cos>(dst, a, bytes); return;
    case Elementwise.Tanh: tanh_f32(dst, a, bytes); return;
    case Elementwise.Sigmoid: sigmoid_f32(dst, a, bytes); return;
    case Elementwise.Softplus: map1<Softplus>(dst, a, bytes); return;
    case Elementwise.Erf: map1<Erf>(dst, a, bytes); return;
    case Elementwise.Relu: quick1<Relu>(dst, a, bytes); return;
    case Elementwise.Floor: quick1<Floor>(dst, a, bytes); return;
    case Elementwise.Flush: quick1<Flush>(dst, a, bytes); return;
    case Elementwise.FlushRoot: quick1<FlushRoot>(dst, a, bytes); return;
    case Elementwise.Add: quick2<Add>(dst, a, b, bytes); return;
    case Elementwise.Sub: quick2<Sub>(dst, a, b, bytes); return;
    case Elementwise.Mul: quick2<Mul>(dst, a, b, bytes); return;
    case Elementwise.MulNoNan: quick2<MulNoNan>(dst, a, b, bytes); return;
    case Elementwise.Div: quick2<Div>(dst, a, b, bytes); return;
    case Elementwise.Pow: map2<Pow>(dst, a, b, bytes); return;
    case Elementwise.Maximum: quick2<Maximum>(dst, a, b, bytes); return;
    case Elementwise.Minimum: quick2<Minimum>(dst, a, b, bytes); return;
    case Elementwise.Greater: quick2<Greater>(dst, a, b, bytes); return;
    case Elementwise.GreaterEqual: quick2<GreaterEqual>(dst, a, b, bytes); return;
    case Elementwise.Equal: quick2<Equal>(dst, a, b, bytes); return;
    case Elementwise.Select: select(dst, a, b, c, bytes); return;
    case Passes.SqrtAdd: quick2<SqrtAdd>(dst, a, b, bytes); return;
    case Passes.AddSqrt: quick2<AddSqrt>(dst, a, b, bytes); return;
    case Passes.MulAdd: quick3<MulAdd>(dst, a, b, c, bytes); return;
    case Passes.MulSub: quick3<MulSub>(dst, a, b, c, bytes); return;
    case Passes.MulSubFrom: quick3<MulSubFrom>(dst, a, b, c, bytes); return;
    case Passes.MulDiv: quick3<MulDiv>(dst, a, b, c, bytes); return;
    case Passes.DivMul: quick3<DivMul>(dst, a, b, c, bytes); return;
    case Passes.LogisticSlope: quick3<LogisticSlope>(dst, a, b, c, bytes); return;
    case Passes.LogisticSlopeOfProduct: quick4<LogisticSlopeOfProduct>(dst, a, b, c, d, bytes); return;
    case Passes.TanhSlope: quick3<TanhSlope>(dst, a, b, c, bytes); return;
    case Passes.TanhSlopeOfProduct: quick4<TanhSlopeOfProduct>(dst, a, b, c, d, bytes); return;
    case Passes.GreaterMul: quick3<GreaterMul>(dst, a, b, c, bytes); return;
    case Passes.FlushRootMulSubFrom: quick3<FlushRootMulSubFrom>(dst, a, b, c, bytes); return;
    case Passes.FlushRootSub: quick2<FlushRootSub>(dst, a, b, bytes); return;
    case Passes.FlushRootAdd: quick2<FlushRootAdd>(dst, a, b, bytes); return;
    case Passes.FlushRootMul: quick2<FlushRootMul>(dst, a, b, bytes); return;
    case Passes.FlushRootMulDiv: quick3<FlushRootMulDiv>(dst, a, b, c, bytes); return;
    case Passes.FlushMulSub: quick3<FlushMulSub>(dst, a, b, c, bytes); return;
    case Passes.FlushRootDivMulSubFrom: quick4<FlushRootDivMulSubFrom>(dst, a, b, c, d, bytes); return;
    case Passes.DivMulSubFrom: quick4<DivMulSubFrom>(dst, a, b, c, d, bytes); return;
    case Passes.RatioRoot: quick4<RatioRoot>(dst, a, b, c, d, bytes); return;
    case Passes.FlushAxpby: axpby<FlushAxpby>(dst, a, b, c, d, bytes); return;
    case Passes.FlushAxpbySquare: axpby<FlushAxpbySquare>(dst, a, b, c, d, bytes); return;
    case Passes.CrossEntropy: map3<CrossEntropy>(dst, a, b, c, bytes); return;
    case Passes.FlushRootCrossEntropySlope: map3<FlushRootCrossEntropySlope>(dst, a, b, c, bytes); return;
    default: unreachable();
  }
}

/**
 * Applies a pair of operations: dst = first(a, b, c, d), to = second(dst, e, f, g), on `bytes` of floats, a
 * multiple of 16.
 */
export function executePair(
  op: i32, dst: usize, a: usize, b: usize, c: usize, d: usize, to: usize, e: usize, f: usize, g: usize, bytes: usize,
): void {
  if (op == Passes.FlushAxpbySquareSqrtAdd) {
    axpbyThen<FlushAxpbySquare, ThenSqrtAdd>(dst, a, b, c, d, to, e, f, g, bytes);
  } else {
    axpbyThen<FlushAxpby, ThenFlushRootDivMulSubFrom>(dst, a, b, c, d, to, e, f, g, bytes);
  }
}
