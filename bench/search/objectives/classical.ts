/**
 * Test problems of the literature, on spaces as small as those of hyperparameters. In the originals the front
 * lies where all but the first parameters are 0 or ½; here each of them is measured from a place of its own
 * that the seed gives.
 */
import { float, type Params, type Space } from "fettle";
import { RandomStream } from "../../../src/numerics/random.js";
import { type Problem, type Told, volumeOf } from "./problem.js";

const { PI, cos, max, min, sin, sqrt } = Math;

/** Points of a front, between whose neighbours less than 1e-4 of its hypervolume is lost. */
const SAMPLES = 20_000;

function sample(at: (t: number) => readonly number[]): (readonly number[])[] {
  return Array.from({ length: SAMPLES + 1 }, (_, i) => at(i / SAMPLES));
}

function cube(parameters: number): Space {
  return Object.fromEntries(Array.from({ length: parameters }, (_, i) => [`x${i + 1}`, float(0, 1)]));
}

/**
 * A problem of the unit cube. The first `free` parameters say where on the front a point is; the others, how
 * far from it: each by its distance from its place, in parts of the largest that there is.
 */
function onCube(
  about: Pick<Problem, "name" | "citation" | "reference" | "constrained">,
  parameters: number,
  free: number,
  front: readonly (readonly number[])[] | number,
  give: (position: readonly number[], distances: readonly number[]) => Told,
): Problem {
  const volume = typeof front === "number" ? front : volumeOf(front, about.reference);
  return {
    ...about,
    space: cube(parameters),
    instance(seed) {
      const random = new RandomStream(seed);
      const places = Array.from({ length: parameters - free }, () => 0.1 + 0.8 * random.uniform());
      return {
        volume,
        evaluate(params: Params) {
          const x = Object.values(params) as number[];
          const distances = places.map((place, i) => Math.abs(x[free + i] - place) / max(place, 1 - place));
          return give(x.slice(0, free), distances);
        },
      };
    },
  };
}

const zdtCitation = "E. Zitzler, K. Deb and L. Thiele, Evolutionary Computation 8, 2000; 6 parameters";

/** @param shape - f₂ / g by f₁ and g */
function zdt(name: string, shape: (f: number, g: number) => number): Problem {
  const about = { name, citation: zdtCitation, reference: [1.1, 4] };
  const front = sample((t) => [t, shape(t, 1)]);
  return onCube(about, 6, 1, front, ([f], distances) => {
    const g = 1 + 9 * mean(distances);
    return { values: [f, g * shape(f, g)] };
  });
}

/** The points of a sphere around 0 in the positive orthant, and how far a point is from it: DTLZ2's g. */
function onSphere(position: readonly number[], distances: readonly number[]): number[] {
  const radius = 1 + distances.reduce((sum, distance) => sum + (distance * distance) / 4, 0);
  const angles = position.map((x) => (x * PI) / 2);
  return Array.from({ length: angles.length + 1 }, (_, k) => {
    const before = angles
      .slice(0, angles.length - k)
      .reduce((product, angle) => product * cos(angle), radius);
    return k === 0 ? before : before * sin(angles[angles.length - k]);
  });
}

/** Above 0 where a point is farther than `radius` from both ends of the circle and from its middle. */
function outside([f, g]: readonly number[], radius: number): number {
  const centres = [
    [1, 0],
    [0, 1],
    [sqrt(0.5), sqrt(0.5)],
  ];
  return min(...centres.map(([x, y]) => (f - x) ** 2 + (g - y) ** 2)) - radius * radius;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Two parameters as they are; the seed turns neither round, since constraints are bound to places. */
const bnh: Problem = {
  name: "bnh",
  citation: "T. Binh and U. Korn, Mendel 1997; two constraints",
  space: { x1: float(0, 5), x2: float(0, 3) },
  constrained: true,
  reference: [140, 50],
  instance: () => ({
    volume: bnhVolume,
    evaluate(params) {
      const { x1, x2 } = params as Record<string, number>;
      return {
        values: bnhAt(x1, x2),
        constraints: [(x1 - 5) ** 2 + x2 ** 2 - 25, 7.7 - (x1 - 8) ** 2 - (x2 + 3) ** 2],
      };
    },
  }),
};

function bnhAt(x: number, y: number): number[] {
  return [4 * x * x + 4 * y * y, (x - 5) ** 2 + (y - 5) ** 2];
}

const bnhVolume = volumeOf(
  sample((t) => bnhAt(5 * t, min(3, 5 * t))),
  bnh.reference,
);

/** See the head of this file. */
export const classical: readonly Problem[] = [
  zdt("zdt1", (f, g) => 1 - sqrt(f / g)),
  zdt("zdt2", (f, g) => 1 - (f / g) ** 2),
  zdt("zdt3", (f, g) => 1 - sqrt(f / g) - (f / g) * sin(10 * PI * f)),
  onCube(
    {
      name: "dtlz2",
      citation: "K. Deb, L. Thiele, M. Laumanns and E. Zitzler, CEC 2002; 3 objectives, 7 parameters",
      reference: [1.5, 1.5, 1.5],
    },
    7,
    2,
    // the cube without an eighth of the ball
    1.5 ** 3 - PI / 6,
    (position, distances) => ({ values: onSphere(position, distances) }),
  ),
  onCube(
    {
      name: "c2dtlz2",
      citation:
        "H. Jain and K. Deb, IEEE Trans. Evol. Comput. 18, 2014; 2 objectives, r = 0.25, 6 parameters",
      constrained: true,
      reference: [1.5, 1.5],
    },
    6,
    1,
    sample((t) => onSphere([t], [])).filter((point) => outside(point, 0.25) <= 0),
    (position, distances) => {
      const values = onSphere(position, distances);
      return { values, constraints: [outside(values, 0.25)] };
    },
  ),
  bnh,
];
