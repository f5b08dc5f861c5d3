/**
 * Classical test functions on boxes. Definitions and minima as in S. Surjanovic and D. Bingham, "Virtual
 * Library of Simulation Experiments", 2013; the minima of Hartmann, Shekel and Michalewicz were refined to
 * the last digit by Nelder and Mead's method.
 */
import { type BoxFunction, place } from "./placement.js";
import type { TestFunction } from "./problem.js";

const { PI, abs, cos, exp, sin, sqrt } = Math;

const cube = (n: number, low: number, high: number): [number, number][] =>
  Array.from({ length: n }, () => [low, high]);
const point = (n: number, x: number): number[] => new Array<number>(n).fill(x);
const sum = (n: number, term: (i: number) => number): number => {
  let total = 0;
  for (let i = 0; i < n; i++) total += term(i);
  return total;
};

const weights = [1, 1.2, 3, 3.2];

/** −Σᵢ αᵢ exp(−Σⱼ Aᵢⱼ (xⱼ − Pᵢⱼ)²). */
function hartmann(rates: readonly number[][], centres: readonly number[][]): BoxFunction["f"] {
  return (x) =>
    -sum(4, (i) => weights[i] * exp(-sum(x.length, (j) => rates[i][j] * (x[j] - centres[i][j] / 1e4) ** 2)));
}

const shekelCentres = [
  [4, 4, 4, 4],
  [1, 1, 1, 1],
  [8, 8, 8, 8],
  [6, 6, 6, 6],
  [3, 7, 3, 7],
  [2, 9, 2, 9],
  [5, 5, 3, 3],
  [8, 1, 8, 1],
  [6, 2, 6, 2],
  [7, 3.6, 7, 3.6],
];
const shekelWidths = [0.1, 0.2, 0.2, 0.4, 0.4, 0.6, 0.3, 0.7, 0.5, 0.5];

const ackley = (n: number): BoxFunction => ({
  name: "ackley",
  citation: "D. Ackley, A Connectionist Machine for Genetic Hillclimbing, 1987",
  box: cube(n, -32.768, 32.768),
  placement: "rotate",
  minimizer: point(n, 0),
  optimum: 0,
  f: (x) => {
    const mean = (term: (i: number) => number): number => sum(x.length, term) / x.length;
    return 20 - 20 * exp(-0.2 * sqrt(mean((i) => x[i] ** 2))) + Math.E - exp(mean((i) => cos(2 * PI * x[i])));
  },
});

const rastrigin = (n: number): BoxFunction => ({
  name: "rastrigin",
  citation: "L. Rastrigin, Systems of Extremal Control, 1974",
  box: cube(n, -5.12, 5.12),
  // separable, and left so: parameters often act by themselves
  placement: "shift",
  minimizer: point(n, 0),
  optimum: 0,
  f: (x) => sum(x.length, (i) => x[i] ** 2 + 10 * (1 - cos(2 * PI * x[i]))),
});

const rosenbrock = (n: number): BoxFunction => ({
  name: "rosenbrock",
  citation: "H. Rosenbrock, The Computer Journal 3, 1960",
  box: cube(n, -5, 10),
  placement: "rotate",
  minimizer: point(n, 1),
  optimum: 0,
  f: (x) => sum(x.length - 1, (i) => 100 * (x[i + 1] - x[i] ** 2) ** 2 + (x[i] - 1) ** 2),
});

const levy = (n: number): BoxFunction => ({
  name: "levy",
  citation: "M. Laguna and R. Martí, J. Global Optimization 33, 2005",
  box: cube(n, -10, 10),
  placement: "rotate",
  minimizer: point(n, 1),
  optimum: 0,
  f: (x) => {
    const w = x.map((value) => 1 + (value - 1) / 4);
    const last = w[w.length - 1];
    return (
      sin(PI * w[0]) ** 2 +
      sum(w.length - 1, (i) => (w[i] - 1) ** 2 * (1 + 10 * sin(PI * w[i] + 1) ** 2)) +
      (last - 1) ** 2 * (1 + sin(2 * PI * last) ** 2)
    );
  },
});

const griewank = (n: number): BoxFunction => ({
  name: "griewank",
  citation: "A. Griewank, J. Optimization Theory and Applications 34, 1981",
  box: cube(n, -600, 600),
  placement: "rotate",
  minimizer: point(n, 0),
  optimum: 0,
  f: (x) =>
    sum(x.length, (i) => x[i] ** 2 / 4000) -
    x.reduce((product, value, i) => product * cos(value / sqrt(i + 1)), 1) +
    1,
});

const styblinskiTang = (n: number): BoxFunction => ({
  name: "styblinskiTang",
  citation: "M. Styblinski and T.-S. Tang, Neural Networks 3, 1990",
  box: cube(n, -5, 5),
  // separable, and left so: parameters often act by themselves
  placement: "shift",
  minimizer: point(n, -2.903534027771177),
  optimum: n * -39.16616570377142,
  f: (x) => sum(x.length, (i) => x[i] ** 4 - 16 * x[i] ** 2 + 5 * x[i]) / 2,
});

const hartmann6: BoxFunction = {
  name: "hartmann6",
  citation: "J. Hartman, Methods of Operations Research 14, 1972",
  box: cube(6, 0, 1),
  placement: "shift",
  minimizer: [
    0.201689509093657, 0.150010693541114, 0.47687397292513, 0.275332427522078, 0.311651617239568,
    0.657300534553671,
  ],
  optimum: -3.3223680114155147,
  f: hartmann(
    [
      [10, 3, 17, 3.5, 1.7, 8],
      [0.05, 10, 17, 0.1, 8, 14],
      [3, 3.5, 1.7, 10, 17, 8],
      [17, 8, 0.05, 10, 0.1, 14],
    ],
    [
      [1312, 1696, 5569, 124, 8283, 5886],
      [2329, 4135, 8307, 3736, 1004, 9991],
      [2348, 1451, 3522, 2883, 3047, 6650],
      [4047, 8828, 8732, 5743, 1091, 381],
    ],
  ),
};

/** A function whose other parameters have no effect: of many hyperparameters, few matter. */
const among = (n: number, { name, citation, box, minimizer, ...rest }: BoxFunction): BoxFunction => ({
  ...rest,
  name,
  citation: `${citation}; the other parameters have no effect`,
  box: [...box, ...cube(n - box.length, 0, 1)],
  minimizer: [...minimizer, ...point(n - box.length, 0.5)],
  f: (x) => rest.f(x.slice(0, box.length)),
});

const functions: readonly BoxFunction[] = [
  {
    name: "branin",
    citation: "F. Branin, IBM J. Res. Dev. 16, 1972",
    box: [
      [-5, 10],
      [0, 15],
    ],
    placement: "shift",
    minimizer: [PI, 2.275],
    optimum: 10 / (8 * PI),
    f: ([x, y]) =>
      (y - (5.1 / (4 * PI * PI)) * x * x + (5 / PI) * x - 6) ** 2 + 10 * (1 - 1 / (8 * PI)) * cos(x) + 10,
  },
  {
    name: "hartmann3",
    citation: "J. Hartman, Methods of Operations Research 14, 1972",
    box: cube(3, 0, 1),
    placement: "shift",
    minimizer: [0.11458888122541, 0.555648895473937, 0.852546984217275],
    optimum: -3.862779787332663,
    f: hartmann(
      [
        [3, 10, 30],
        [0.1, 10, 35],
        [3, 10, 30],
        [0.1, 10, 35],
      ],
      [
        [3689, 1170, 2673],
        [4699, 4387, 7470],
        [1091, 8732, 5547],
        [381, 5743, 8828],
      ],
    ),
  },
  hartmann6,
  ackley(5),
  rastrigin(4),
  rosenbrock(4),
  levy(6),
  griewank(5),
  styblinskiTang(5),
  {
    name: "michalewicz",
    citation: "Z. Michalewicz, Genetic Algorithms + Data Structures = Evolution Programs, 1992",
    box: cube(5, 0, PI),
    placement: "mirror",
    minimizer: [2.202905517, 1.570796327, 1.284991568, 1.923058469, 1.720469773],
    optimum: -4.6876581790881495,
    f: (x) => -sum(x.length, (i) => sin(x[i]) * abs(sin(((i + 1) * x[i] ** 2) / PI)) ** 20),
  },
  {
    name: "shekel",
    citation: "J. Shekel, Fifth Annual Princeton Conference on Information Science and Systems, 1971",
    box: cube(4, 0, 10),
    placement: "shift",
    minimizer: [4.00074653, 4.00059294, 3.9996634, 3.9995098],
    optimum: -10.536409816692045,
    f: (x) => -sum(10, (i) => 1 / (sum(4, (j) => (x[j] - shekelCentres[i][j]) ** 2) + shekelWidths[i])),
  },
];

/** Of 20 and of 50 parameters. */
const large: readonly BoxFunction[] = [20, 50].flatMap((n) =>
  [levy(n), rosenbrock(n), ackley(n), rastrigin(n), among(n, hartmann6)].map((one) => ({
    ...one,
    name: `${one.name}In${n}`,
  })),
);

/** See the head of this file. */
export const classical: readonly TestFunction[] = functions.map(place);

/** The same, and one of them among parameters without effect, in 20 and 50 dimensions. */
export const highDimensional: readonly TestFunction[] = large.map(place);
