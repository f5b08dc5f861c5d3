/**
 * The kernels that a Parzen estimator puts on the observations of one parameter: truncated Gaussians for numbers,
 * the same integrated over the cell of each value for stepped ones, and Aitchison and Aitken's kernel for choices.
 * All live on the unit interval of `scale.ts`. How kernels are weighted and joined is `parzen.ts`.
 */

import { log, log1p, normCdf, normQuantile } from "../../../numerics/special.js";
import type { NumericParameter, Parameter } from "../../parameter.js";
import { fromUnit, stepOf, toUnit, valueAt } from "../../scale.js";

/** One parameter, and where it stands in vectors of units. */
export interface Coordinate {
  readonly parameter: Parameter;
  readonly at: number;
  /** How many values it takes; Infinity for a continuous one. */
  readonly count: number;
}

/** The kernels of n observations of one parameter. What is a density of a number is a probability of a discrete value. */
export interface Kernels {
  /** [n], ln of the part of each kernel's density that no point changes. */
  readonly logScale: Float64Array;
  /** The unit that kernel `k` draws for `u`, uniform in [0, 1). */
  draw(k: number, u: number): number;
  /** Adds to `logs` [n] the ln of the rest of each kernel's density at unit `x`. */
  addLogs(x: number, logs: Float64Array): void;
  /** ln of the density at `x` of a uniform draw, as random search makes it. */
  logUniform(x: number): number;
}

const LOG_SQRT_TWO_PI = 0.9189385332046728;

/**
 * The kernels around `units`.
 *
 * @param units - [n], in [0, 1]; of discrete parameters the middles of cells
 * @param sigma - the width of a number's kernels, positive, in units
 * @param spread - the share of a choice's kernel that falls on all values alike, in (0, 1]
 */
export function createKernels(
  { parameter, count }: Coordinate,
  units: Float64Array,
  sigma: number,
  spread: number,
): Kernels {
  if (parameter.type === "choice") return categorical(units, count, spread);
  const logScale = new Float64Array(units.length);
  for (let k = 0; k < units.length; k++) {
    logScale[k] = -log(normCdf((1 - units[k]) / sigma) - normCdf(-units[k] / sigma));
  }
  const draw = (k: number, u: number) => {
    const from = normCdf(-units[k] / sigma);
    const to = normCdf((1 - units[k]) / sigma);
    return Math.min(1, Math.max(0, units[k] + sigma * normQuantile(from + u * (to - from))));
  };
  if (Number.isFinite(count)) return { ...stepped(units, sigma, cellsOf(parameter, count)), logScale, draw };
  return { ...continuous(units, sigma), logScale, draw };
}

function continuous(means: Float64Array, sigma: number): Pick<Kernels, "addLogs" | "logUniform"> {
  const logHeight = -log(sigma) - LOG_SQRT_TWO_PI;
  const factor = 1 / (Math.SQRT2 * sigma);
  return {
    addLogs(x, logs) {
      for (let k = 0; k < logs.length; k++) {
        const z = (x - means[k]) * factor;
        logs[k] += logHeight - z * z;
      }
    },
    logUniform: () => 0,
  };
}

/** The units that round to one value: an interval around the value's own, given by that. */
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

function stepped(means: Float64Array, sigma: number, cells: Cells): Pick<Kernels, "addLogs" | "logUniform"> {
  // observations of the same value have the same kernel
  const values = [...new Set(means)];
  const slots = new Map(values.map((mean, slot) => [mean, slot]));
  const slotOf = new Int32Array(means.length);
  for (let k = 0; k < means.length; k++) slotOf[k] = slots.get(means[k]) as number;
  const table = new Float64Array(values.length);
  return {
    addLogs(x, logs) {
      const { from, width } = cells(x);
      const logWidth = log(width / sigma);
      for (let i = 0; i < table.length; i++) {
        table[i] = logMassOf((from - values[i]) / sigma, width / sigma, logWidth);
      }
      for (let k = 0; k < logs.length; k++) logs[k] += table[slotOf[k]];
    },
    logUniform: (x) => log(cells(x).width),
  };
}

/** ln of the standard normal mass of [a, a + width]. */
function logMassOf(a: number, width: number, logWidth: number): number {
  if (width < 0.05) {
    // the difference below would cancel; this errs by width⁴·(z⁴ + 4z² − 2)/2880 and less
    const z = a + width / 2;
    return logWidth - LOG_SQRT_TWO_PI - (z * z) / 2 + (width * width * (z * z - 1)) / 24;
  }
  const b = a + width;
  // in the tail where the distribution function is small, and keeps its digits
  return log(a > 0 ? normCdf(-a) - normCdf(-b) : normCdf(b) - normCdf(a));
}

function categorical(units: Float64Array, count: number, spread: number): Kernels {
  const own = log(1 - spread + spread / count);
  const other = log(spread / count);
  return {
    logScale: new Float64Array(units.length),
    // the first `spread` of the draws falls anywhere, the rest on the observation
    draw: (k, u) => (u < spread ? u / spread : units[k]),
    addLogs(x, logs) {
      for (let k = 0; k < logs.length; k++) logs[k] += units[k] === x ? own : other;
    },
    logUniform: () => -log(count),
  };
}

/** The unit of the value that `x` stands for: the middle of its cell; of a continuous parameter, `x` itself. */
export function toCell({ parameter, count }: Coordinate, x: number): number {
  if (!Number.isFinite(count)) return x;
  if (parameter.type !== "choice" && parameter.log) return toUnit(parameter, fromUnit(parameter, x));
  return (Math.min(count - 1, Math.floor(x * count)) + 0.5) / count; // as they would give, but without the value
}
