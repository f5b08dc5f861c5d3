/**
 * Puts a function of a box somewhere else by a seed, such that its least value stays known. Nothing is then
 * won at the centre of the box, at zeros or at round numbers.
 */
import { float, type Params, type Space } from "fettle";
import { RandomStream } from "../../src/numerics/random.js";
import type { TestFunction } from "./problem.js";

/**
 * How a function is placed.
 * - `"shift"`: f(x* + (x − s)) with s uniform in the middle four fifths of the box. Only for functions whose
 *   minimum over the box is their minimum over all of ℝⁿ, since what was outside of the box may move in.
 * - `"rotate"`: f(x* + Q(x − s)) with s as above and Q a random orthogonal matrix. Only for those too, on
 *   cubes.
 * - `"mirror"`: each axis turned round or not, a symmetry of the box. For all others.
 */
export type Placement = "shift" | "rotate" | "mirror";

/** A function of a box of ℝⁿ. */
export interface BoxFunction {
  readonly name: string;
  readonly citation: string;
  /** The sides: [lower, upper] of each axis. */
  readonly box: readonly (readonly [low: number, high: number])[];
  readonly placement: Placement;
  /** A point where the least value is taken. */
  readonly minimizer: readonly number[];
  readonly optimum: number;
  f(x: readonly number[]): number;
}

/** A function of parameters x1, x2, … */
export function place({ name, citation, box, placement, minimizer, optimum, f }: BoxFunction): TestFunction {
  const space: Space = Object.fromEntries(box.map(([low, high], i) => [`x${i + 1}`, float(low, high)]));
  const read = (params: Params): number[] => box.map((_, i) => params[`x${i + 1}`] as number);
  return {
    name,
    citation,
    space,
    optimum,
    instance(seed) {
      const random = new RandomStream(seed);
      if (placement === "mirror") {
        const mirrored = box.map(() => random.uniform() < 0.5);
        return (params) => f(read(params).map((x, i) => (mirrored[i] ? box[i][0] + (box[i][1] - x) : x)));
      }
      const place = box.map(([low, high]) => low + (0.1 + 0.8 * random.uniform()) * (high - low));
      const shifted = (params: Params): number[] => read(params).map((x, i) => x - place[i]);
      if (placement === "shift") {
        return (params) => f(shifted(params).map((difference, i) => minimizer[i] + difference));
      }
      const rotation = orthogonal(box.length, random);
      return (params) => {
        const difference = shifted(params);
        return f(rotation.map((row, i) => minimizer[i] + dot(row, difference)));
      };
    },
  };
}

/**
 * A random orthogonal matrix, [n, n], by Gram and Schmidt's process on normal vectors (Stewart, SIAM J.
 * Numer. Anal. 17, 1980).
 */
function orthogonal(n: number, random: RandomStream): number[][] {
  const rows: number[][] = [];
  for (let i = 0; i < n; i++) {
    let row = Array.from({ length: n }, () => random.normal());
    for (const other of rows) {
      const along = dot(row, other);
      row = row.map((value, j) => value - along * other[j]);
    }
    const length = Math.sqrt(dot(row, row));
    rows.push(row.map((value) => value / length));
  }
  return rows;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}
