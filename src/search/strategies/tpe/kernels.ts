/**
 * The kernels that a Parzen estimator puts on the observations of one parameter: truncated Gaussians for
 * numbers, the same, integrated over the cell of each value, for stepped ones, and Aitchison and Aitken's
 * kernel for choices. All are on the unit interval of `scale.ts`. `parzen.ts` weights and combines the
 * kernels.
 */

import { logMasses, type NormalFactor, type TableFactor } from "../../../numerics/mixture.js";
import { log, log1p, normCdf, normQuantile } from "../../../numerics/special.js";
import type { NumericParameter, Parameter } from "../../space/parameter.js";
import { fromUnit, stepOf, toUnit, valueAt } from "../../space/scale.js";
import { cellAt, middleOf } from "../../space/steps.js";

/** One parameter, and its place in vectors of units. */
export interface Coordinate {
  readonly parameter: Parameter;
  readonly at: number;
  /** How many values it takes; Infinity for a continuous one. */
  readonly count: number;
}

/** The values of one coordinate at some points. */
export interface Column {
  /** [points] */
  readonly units: Float64Array;
  /** For a discrete coordinate: the distinct units, and the index of each point's unit, [points]. */
  readonly distinct: readonly number[];
  readonly places: Int32Array;
}

export function columnOf({ count }: Coordinate, units: Float64Array): Column {
  const distinct: number[] = [];
  if (!Number.isFinite(count)) return { units, distinct, places: new Int32Array(0) };
  const known = new Map<number, number>();
  const places = new Int32Array(units.length);
  for (let p = 0; p < units.length; p++) {
    let place = known.get(units[p]);
    if (place === undefined) {
      place = distinct.push(units[p]) - 1;
      known.set(units[p], place);
    }
    places[p] = place;
  }
  return { units, distinct, places };
}

/**
 * The kernels of n observations of one parameter: densities for a continuous one, probabilities for a
 * discrete one.
 */
export interface Kernels {
  /** A draw from kernel `k`, in units. @param u - uniform in [0, 1) */
  draw(k: number, u: number): number;
  /** The kernels' densities at some points. */
  factorAt(column: Column): NormalFactor | TableFactor;
  /** ln of the density at `x` of a uniform draw, as in random search. */
  logUniform(x: number): number;
}

/**
 * The kernels around `units`.
 *
 * @param units - [n], in [0, 1]; for discrete parameters the middles of cells
 * @param sigma - the width of a number's kernels, positive, in units
 * @param spread - the probability that a choice's kernel spreads over all values equally, in (0, 1]
 */
export function createKernels(
  { parameter, count }: Coordinate,
  units: Float64Array,
  sigma: number,
  spread: number,
): Kernels {
  if (parameter.type === "choice") return categorical(units, count, spread);
  // the distribution function of each kernel at 0, and its increase up to 1, computed on demand
  const from = new Float64Array(units.length).fill(Number.NaN);
  const gain = new Float64Array(units.length);
  const draw = (k: number, u: number) => {
    if (Number.isNaN(from[k])) {
      from[k] = normCdf(-units[k] / sigma);
      gain[k] = normCdf((1 - units[k]) / sigma) - from[k];
    }
    return Math.min(1, Math.max(0, units[k] + sigma * normQuantile(from[k] + u * gain[k])));
  };
  if (Number.isFinite(count)) return { draw, ...stepped(units, sigma, cellsOf(parameter, count)) };
  return { draw, factorAt: ({ units: at }) => ({ means: units, sigma, at }), logUniform: () => 0 };
}

/** The interval of units that rounds to the value at `x`. */
type Cells = (x: number) => { readonly from: number; readonly width: number };

function cellsOf(parameter: NumericParameter, count: number): Cells {
  if (!parameter.log) return (x) => ({ from: x - 0.5 / count, width: 1 / count });
  const step = stepOf(parameter) as number;
  const last = valueAt(parameter, count - 1) as number;
  // the edges of `fromUnit`, whose first cell does not reach down to 0
  const lowest = Math.max(parameter.low - step / 2, parameter.low / 2);
  const whole = log1p((last + step / 2 - lowest) / lowest);
  return (x) => {
    const value = fromUnit(parameter, x) as number;
    const from = Math.max(lowest, value - step / 2);
    return { from: log(from / lowest) / whole, width: log1p((value + step / 2 - from) / from) / whole };
  };
}

function stepped(means: Float64Array, sigma: number, cells: Cells): Pick<Kernels, "factorAt" | "logUniform"> {
  // observations of the same value have the same kernel
  const places = new Map<number, number>();
  const slots = new Int32Array(means.length);
  for (let k = 0; k < means.length; k++) {
    const slot = places.get(means[k]) ?? places.size;
    places.set(means[k], slot);
    slots[k] = slot;
  }
  const masses = logMasses(Float64Array.from(places.keys()), sigma);
  return {
    factorAt: ({ distinct, places: points }) => ({
      slots,
      tables: distinct.map((x) => {
        const { from, width } = cells(x);
        return masses(from, width);
      }),
      places: points,
    }),
    logUniform: (x) => log(cells(x).width),
  };
}

function categorical(units: Float64Array, count: number, spread: number): Kernels {
  const own = log(1 - spread + spread / count);
  const other = log(spread / count);
  const slotOf = (unit: number) => Math.floor(unit * count);
  const slots = new Int32Array(units.length);
  for (let k = 0; k < units.length; k++) slots[k] = slotOf(units[k]);
  return {
    // with probability `spread` any value, otherwise the observation
    draw: (k, u) => (u < spread ? u / spread : units[k]),
    factorAt: ({ distinct, places }) => ({
      slots,
      tables: distinct.map((x) => {
        const table = new Float64Array(count).fill(other);
        table[slotOf(x)] = own;
        return table;
      }),
      places,
    }),
    logUniform: () => -log(count),
  };
}

/** Rounds units to those of values: the middles of their cells; for a continuous parameter, to themselves. */
export function cellRounding({ parameter, count }: Coordinate): (x: number) => number {
  if (!Number.isFinite(count)) return (x) => x;
  if (parameter.type === "choice" || !parameter.log) {
    return (x) => middleOf(cellAt(x, count), count); // the same as through the value, but faster
  }
  const known = new Map<number, number>();
  return (x) => {
    const value = fromUnit(parameter, x) as number;
    const unit = known.get(value) ?? toUnit(parameter, value);
    known.set(value, unit);
    return unit;
  };
}
