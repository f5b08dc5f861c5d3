/**
 * Moves over a space in which some parameters are discrete and some do not always apply: which points exist
 * near a vector of `space/vectors.ts`, and which of its coordinates may *glide*, that is, follow a gradient.
 * A vector is *settled* if it encodes a point of the space.
 */
import { memoized } from "../../../memo.js";
import type { RandomStream } from "../../../numerics/random.js";
import { indexOf, toUnit, valueAt } from "../../space/scale.js";
import { allows, isActive, type Params, type SearchSpace } from "../../space/space.js";
import { type ParamValue, placeOf } from "../../space/value.js";
import { type Axis, type Vectors, vectorsOf } from "../../space/vectors.js";
import { cellsOf } from "./cells.js";

/** Numbers with more values than this glide like continuous ones and are rounded afterwards. */
const GLIDE_FROM = 24;
/** The steps, up and down, that a number with many values tries in addition. */
const STRIDES = [1, 2, 5];

/** See the header of this file. */
export interface Moves {
  readonly vectors: Vectors;
  /** The vector of the nearest point of the space; the same array if every vector is settled. */
  settle(vector: Float64Array): Float64Array;
  /** Whether the constraint of the space, if it has one, allows the point of a settled vector. */
  allows(vector: Float64Array): boolean;
  /** A vector drawn uniformly from the cube, not settled. */
  draw(random: RandomStream): Float64Array;
  /**
   * A vector near `center`, not settled: about a fraction `rate` of the parameters, at least one, are moved
   * by about
   * `scale`, or resampled if they have few values.
   */
  vary(center: Float64Array, rate: number, scale: number, random: RandomStream): Float64Array;
  /**
   * 1 for each coordinate that may glide at a settled vector: numbers that apply and are continuous, or
   * nearly.
   */
  glides(vector: Float64Array): Uint8Array;
  /** The discrete parameters. */
  readonly discrete: readonly Axis[];
  /**
   * Settled vectors that differ from a settled one in a discrete parameter (and in those that depend on it),
   * each made on demand.
   */
  neighbours(vector: Float64Array, axis: Axis): Iterable<Float64Array>;
}

/** The moves in a space; the same object for the same space. */
export const movesOf = /* @__PURE__ */ memoized((space: SearchSpace): Moves => {
  const vectors = vectorsOf(space);
  const { axes, size } = vectors;
  const discrete = axes.filter(({ count }) => count > 1 && count < Number.POSITIVE_INFINITY);
  const conditional = axes.some(({ parameter }) => parameter.when !== undefined);
  const settle = settler(space, vectors, conditional);
  let last: { readonly vector: Float64Array; readonly params: Params } | undefined;
  const gliding = ({ parameter, count }: Axis) => parameter.type !== "choice" && count > GLIDE_FROM;
  return {
    vectors,
    settle:
      conditional || axes.some(({ count }) => count < Number.POSITIVE_INFINITY) ? settle : (vector) => vector,
    allows: (vector) => space.constraint === undefined || allows(space, vectors.decode(vector)),
    draw: (random) => Float64Array.from({ length: size }, () => random.uniform()),
    vary(center, rate, scale, random) {
      const out = center.slice();
      const sure = random.integer(axes.length);
      axes.forEach((axis, p) => {
        if (p !== sure && random.uniform() >= rate) return;
        const { offset, width } = axis;
        if (gliding(axis)) {
          out[offset] = Math.min(1, Math.max(0, out[offset] + scale * random.normal()));
        } else {
          for (let c = offset; c < offset + width; c++) out[c] = random.uniform();
        }
      });
      return out;
    },
    glides(vector) {
      const params = conditional ? vectors.decode(vector) : undefined;
      const out = new Uint8Array(size);
      for (const axis of axes) {
        if (gliding(axis) && (params === undefined || Object.hasOwn(params, axis.name))) out[axis.offset] = 1;
      }
      return out;
    },
    discrete,
    *neighbours(vector, axis) {
      // all parameters of one vector are requested in turn
      if (last?.vector !== vector) last = { vector, params: vectors.decode(vector) };
      const { params } = last;
      if (!Object.hasOwn(params, axis.name)) return;
      for (const index of otherIndices(axis, params)) {
        const next = moved(vector, axis, index);
        // if nothing depends on it, all other coordinates stay settled
        yield conditional ? settle(next) : next;
      }
    },
  };
});

/**
 * The same as `vectors.encode(vectors.decode(vector))`, but faster: it computes values only where conditions
 * need them.
 */
function settler(
  space: SearchSpace,
  { axes, size }: Vectors,
  conditional: boolean,
): (vector: Float64Array) => Float64Array {
  const byName = new Map(axes.map((axis) => [axis.name, axis]));
  const parents = new Set(axes.flatMap(({ parameter }) => Object.keys(parameter.when ?? {})));
  const ordered = (conditional ? space.order : space.names).map((name) => {
    const axis = byName.get(name) as Axis;
    return { axis, cells: cellsOf(axis), isParent: parents.has(name) };
  });
  return (vector) => {
    const out = new Float64Array(size);
    const picked: Record<string, ParamValue> = {};
    for (const { axis, cells, isParent } of ordered) {
      const { name, parameter, offset, width } = axis;
      if (conditional && !isActive(parameter, picked)) {
        out.fill(parameter.type === "choice" ? 1 / width : 0.5, offset, offset + width);
        continue;
      }
      cells.settle(vector, out);
      if (isParent) picked[name] = cells.read(out);
    }
    return out;
  };
}

/** The indices of the values that a discrete parameter may take instead of its own. */
function otherIndices({ name, parameter, count }: Axis, params: Params): number[] {
  const value = params[name];
  const index =
    parameter.type === "choice" ? placeOf(parameter.values, value) : indexOf(parameter, value as number);
  const others =
    parameter.type === "choice" || count <= GLIDE_FROM
      ? Array.from({ length: count }, (_, i) => i)
      : STRIDES.flatMap((stride) => [index - stride, index + stride]);
  return others.filter((other) => other !== index && other >= 0 && other < count);
}

function moved(vector: Float64Array, { parameter, offset, width }: Axis, index: number): Float64Array {
  const out = vector.slice();
  if (parameter.type === "choice") out.fill(0, offset, offset + width)[offset + index] = 1;
  else out[offset] = toUnit(parameter, valueAt(parameter, index));
  return out;
}
