/**
 * Problems with a formula: quadratics of several condition numbers, and four classic test functions of two
 * variables.
 */
import { add, constant, cos, mul, randomUniform, slice, square, sub, sum } from "../../graph/functions.js";
import type { Value } from "../../graph/graph.js";
import { pow } from "../../numerics/special.js";
import { defineProblem, type Plane, type Problem } from "../problem.js";

const STEPS = 2000;
/** Parameters are then within about 1e-5 of a minimum; closer, rounding of float32 dominates. */
const FLOOR = 1e-10;
/** Streams of random numbers. */
const START = 0;
const NOISE = 1;

interface Function {
  readonly name: string;
  readonly title: string;
  readonly f: (w: Value) => Value;
  /** Runs start uniformly within `spread` of it in each coordinate. */
  readonly center: readonly number[];
  readonly spread: number;
  readonly target: number;
  /** The standard deviation of the noise in each coordinate of each gradient. Default 0. */
  readonly noise?: number;
  readonly plane?: Plane;
}

function analytic({ f, center, spread, noise = 0, ...rest }: Function): Problem {
  const shape = [center.length];
  return defineProblem({
    ...rest,
    steps: STEPS,
    every: 20,
    floor: FLOOR,
    start: (graph) => ({
      w: add(constant(graph, center), mul(spread, sub(mul(randomUniform(graph, shape, START), 2), 1))),
    }),
    // the gradient of Σ nᵢwᵢ is n
    loss: ({ graph, parameters: { w } }) =>
      noise === 0 ? f(w) : add(f(w), sum(mul(uniform(randomUniform(graph, shape, NOISE), noise), w))),
    score: ({ parameters: { w } }) => f(w),
  });
}

/** Numbers in [0, 1) as numbers of mean 0 and the given standard deviation. */
const uniform = (u: Value, deviation: number): Value => mul(sub(u, 0.5), deviation * Math.sqrt(12));

const DIMENSION = 10;

/**
 * ½ Σ λᵢ (Hw)ᵢ², λ from 1 down to 1/condition in equal ratios; the reflection H turns the axes away from the
 * coordinates.
 */
function quadratic(condition: number): (w: Value) => Value {
  const eigenvalues = Array.from({ length: DIMENSION }, (_, i) => pow(condition, -i / (DIMENSION - 1)));
  const normal = Array.from({ length: DIMENSION }, (_, i) => i + 1);
  const length = Math.sqrt(normal.reduce((total, x) => total + x * x, 0));
  return (w) => {
    const u = constant(
      w.graph,
      normal.map((x) => x / length),
    );
    const reflected = sub(w, mul(mul(2, sum(mul(u, w))), u));
    return mul(0.5, sum(mul(constant(w.graph, eigenvalues), square(reflected))));
  };
}

/** A function of x and y as one of a vector. */
const plane =
  (f: (x: Value, y: Value) => Value) =>
  (w: Value): Value =>
    sum(f(slice(w, [0], [1]), slice(w, [1], [1])));

/** (1 − x)² + 100(y − x²)² (H. Rosenbrock, 1960): a bent valley. */
const rosenbrock = plane((x, y) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))));

/** (1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)² (E. Beale, 1958): flat, with steep edges. */
const beale = plane((x, y) => {
  const term = (a: number, power: Value): Value => square(add(sub(a, x), mul(x, power)));
  return add(add(term(1.5, y), term(2.25, square(y))), term(2.625, mul(square(y), y)));
});

/** (x² + y − 11)² + (x + y² − 7)² (D. Himmelblau, 1972): four minima, all of value 0. */
const himmelblau = plane((x, y) =>
  add(square(sub(add(square(x), y), 11)), square(sub(add(x, square(y)), 7))),
);

/**
 * 20 + Σ (wᵢ² − 10 cos 2πwᵢ) (L. Rastrigin, 1974): a minimum near each point of integers, the lowest at 0.
 */
const rastrigin = (w: Value): Value => add(20, sum(sub(square(w), mul(10, cos(mul(2 * Math.PI, w))))));

const PLANES = {
  rosenbrock: { x: [-2, 2], y: [-1, 3], minima: [[1, 1]] },
  beale: { x: [-1, 4.5], y: [-2.5, 2.5], minima: [[3, 0.5]] },
  himmelblau: {
    x: [-5, 5],
    y: [-5, 5],
    minima: [
      [3, 2],
      [-2.805118, 3.131313],
      [-3.77931, -3.283186],
      [3.584428, -1.848127],
    ],
  },
  rastrigin: { x: [-1.5, 3.5], y: [-1.5, 3.5], minima: [[0, 0]] },
} satisfies Record<string, Plane>;

const bowl = { center: new Array<number>(DIMENSION).fill(0), spread: 1 };
const valley = { f: rosenbrock, center: [-1.2, 1], spread: 0.25, plane: PLANES.rosenbrock };
const plain = { f: beale, center: [1, 1], spread: 0.5, plane: PLANES.beale };
const hollows = { f: himmelblau, center: [0, 0], spread: 1, plane: PLANES.himmelblau };
const lattice = { f: rastrigin, center: [1, 1], spread: 1, plane: PLANES.rastrigin };

/** The problems with a formula. Their score is the function, whose minimum is 0. */
export function analyticProblems(): Problem[] {
  return [
    { name: "quadratic-1", title: "Quadratic, condition 1", f: quadratic(1), ...bowl, target: 1e-6 },
    { name: "quadratic-1e2", title: "Quadratic, condition 10²", f: quadratic(1e2), ...bowl, target: 1e-6 },
    { name: "quadratic-1e4", title: "Quadratic, condition 10⁴", f: quadratic(1e4), ...bowl, target: 1e-4 },
    { name: "quadratic-1e6", title: "Quadratic, condition 10⁶", f: quadratic(1e6), ...bowl, target: 1e-3 },
    { name: "rosenbrock", title: "Rosenbrock", ...valley, target: 1e-3 },
    { name: "beale", title: "Beale", ...plain, target: 1e-3 },
    { name: "himmelblau", title: "Himmelblau", ...hollows, target: 1e-4 },
    { name: "rastrigin", title: "Rastrigin", ...lattice, target: 5 },
    {
      name: "noisy-quadratic",
      title: "Quadratic, condition 10², noise",
      f: quadratic(1e2),
      ...bowl,
      target: 1e-2,
      noise: 0.1,
    },
    { name: "noisy-rosenbrock", title: "Rosenbrock, noise", ...valley, target: 0.1, noise: 1 },
    { name: "noisy-rastrigin", title: "Rastrigin, noise", ...lattice, target: 5, noise: 20 },
  ].map(analytic);
}
