/**
 * The kernels that a Parzen estimator puts on the observations of one parameter: truncated Gaussians for numbers,
 * the same integrated over the cell of each value for stepped ones, and Aitchison and Aitken's kernel for choices.
 * All are on the unit interval of `scale.ts`. How kernels are weighted and combined is in `parzen.ts`.
 */

import { logMasses, type NormalFactor, type TableFactor } from "../../../numerics/mixture.js";
import { log, log1p, normCdf, normQuantile } from "../../../numerics/special.js";
import type { NumericParameter, Parameter } from "../../space/parameter.js";
import { fromUnit, stepOf, toUnit, valueAt } from "../../space/scale.js";

/** One parameter, and its place in vectors of units. */
export interface Coordinate {
  readonly parameter: Parameter;
  readonly at: number;
  /** How many values it takes; Infinity for a continuous one. */
  readonly count: number;
}

/** The kernels of n observations of one parameter: densities for a continuous one, probabilities for a discrete one. */
export interface Kernels {
  /** A draw from kernel `k`, in units. @param u - uniform in [0, 1) */
  draw(k: number, u: number): number;
  /** The kernels' densities at some units. */
  factorAt(units: Float64Array): NormalFactor | TableFactor;
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
  const draw = (k: number, u: number) => {
    const from = normCdf(-units[k] / sigma);
    const to = normCdf((1 - units[k]) / sigma);
    return Math.min(1, Math.max(0, units[k] + sigma * normQuantile(from + u * (to - from))));
  };
  if (Number.isFinite(count)) return { draw, ...stepped(units, sigma, cellsOf(parameter, count)) };
  return { draw, factorAt: (at) => ({ means: units, sigma, at }), logUniform: () => 0 };
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
    factorAt(units) {
      const tables = new Map<number, Float64Array>();
      for (const x of units) {
        if (tables.has(x)) continue;
        const { from, width } = cells(x);
        tables.set(x, masses(from, width));
      }
      return { slots, tables: Array.from(units, (x) => tables.get(x) as Float64Array) };
    },
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
    factorAt: (at) => ({
      slots,
      tables: Array.from(at, (x) => {
        const table = new Float64Array(count).fill(other);
        table[slotOf(x)] = own;
        return table;
      }),
    }),
    logUniform: () => -log(count),
  };
}

/** The unit of the value to which `x` rounds: the middle of its cell; for a continuous parameter, `x` itself. */
export function toCell({ parameter, count }: Coordinate, x: number): number {
  if (!Number.isFinite(count)) return x;
  if (parameter.type !== "choice" && parameter.log) return toUnit(parameter, fromUnit(parameter, x));
  return (Math.min(count - 1, Math.floor(x * count)) + 0.5) / count; // the same as through the value, but faster
}
