/** Every optimizer, in both conventions and with each option, follows its equations for 200 steps. */
import { describe, expect, it } from "vitest";
import { getOptimizer } from "../../src/optim/registry.js";
import { reference, trajectory, wasm } from "./drive.js";
import { type OracleConfig, oracleTrajectory } from "./oracle.js";
import { type Problem, quadratic, rosenbrock } from "./problems.js";

const STEPS = 200;
type Options = Partial<OracleConfig>;

/**
 * Options in both conventions, options of torch only, and rates at which no path is chaotic on (quadratic,
 * Rosenbrock).
 */
const cases: Record<string, { rates: [number, number]; both: Options[]; torch: Options[] }> = {
  sgd: {
    rates: [0.005, 3e-4],
    both: [
      {},
      { momentum: 0.9 },
      { momentum: 0.9, nesterov: true },
      { nesterov: true },
      { weightDecay: 0.1 },
      { momentum: 0.8, weightDecay: 0.1 },
    ],
    torch: [
      { weightDecay: 0.1, decoupledWeightDecay: true },
      { momentum: 0.9, dampening: 0.3 },
      { momentum: 0.9, dampening: 1 },
      { momentum: 0.9, dampening: 0.5, weightDecay: 0.1 },
    ],
  },
  adam: {
    rates: [0.01, 0.01],
    both: [
      {},
      { amsgrad: true, beta2: 0.9 },
      { beta1: 0.5, beta2: 0.99 },
      { beta1: 0, beta2: 0.9999 },
      { epsilon: 0.5 },
      { epsilon: 0.5, amsgrad: true, beta2: 0.9 },
      { weightDecay: 0.1 },
    ],
    torch: [],
  },
  adamw: {
    rates: [0.01, 0.01],
    both: [
      {},
      { weightDecay: 0 },
      { weightDecay: 0.5 },
      { weightDecay: 0.5, decoupledWeightDecay: false },
      { weightDecay: 0.5, amsgrad: true, beta2: 0.9 },
      { weightDecay: 0.5, beta1: 0.5, beta2: 0.99, epsilon: 0.5 },
    ],
    torch: [],
  },
  nadam: {
    rates: [0.01, 0.01],
    both: [
      {},
      { beta1: 0.5, beta2: 0.99 },
      { beta1: 0 },
      { epsilon: 0.5 },
      { momentumDecay: 0 },
      { momentumDecay: 0.3 },
      { weightDecay: 0.5 },
      { weightDecay: 0.5, decoupledWeightDecay: true },
    ],
    torch: [],
  },
  adamax: {
    rates: [0.01, 0.01],
    both: [{}, { beta1: 0.5, beta2: 0.99 }, { beta1: 0 }, { epsilon: 0.5 }, { weightDecay: 0.5 }],
    torch: [],
  },
  lion: {
    rates: [0.003, 0.001],
    both: [
      {},
      { beta1: 0.5, beta2: 0.9 },
      { beta1: 0, beta2: 0 },
      { weightDecay: 0.5 },
      { weightDecay: 0.5, decoupledWeightDecay: false },
    ],
    torch: [],
  },
  rmsprop: {
    rates: [0.001, 3e-4],
    both: [
      {},
      { rho: 0.5 },
      { momentum: 0.5 },
      { centered: true },
      { centered: true, epsilon: 0.5 },
      { centered: true, momentum: 0.5, epsilon: 0.5 },
      { epsilon: 0.5 },
      { weightDecay: 0.1 },
    ],
    torch: [],
  },
  scheduleFreeAdamW: {
    rates: [0.01, 0.01],
    both: [
      {},
      { beta1: 0.5, beta2: 0.99 },
      { beta1: 0 },
      { epsilon: 0.5 },
      { warmupSteps: 20 },
      { weightDecay: 0.5, warmupSteps: 5 },
    ],
    torch: [],
  },
  adagrad: {
    rates: [0.1, 0.1],
    both: [{}, { initialAccumulatorValue: 4 }, { epsilon: 0.5 }, { weightDecay: 0.1 }],
    torch: [{ learningRateDecay: 0.05 }],
  },
  adadelta: {
    rates: [0.3, 0.1],
    both: [{}, { rho: 0.5 }, { rho: 0.8, epsilon: 1e-5 }, { weightDecay: 0.1 }],
    torch: [],
  },
};

interface Case {
  readonly name: string;
  readonly convention: "keras" | "torch";
  readonly problem: Problem;
  readonly config: OracleConfig;
  readonly label: string;
}

const list: Case[] = Object.entries(cases).flatMap(([name, { rates, both, torch }]) =>
  [quadratic, rosenbrock].flatMap((problem, i) =>
    (["keras", "torch"] as const).flatMap((convention) =>
      [...both, ...(convention === "torch" ? torch : [])].map((options) => {
        return {
          name,
          convention,
          problem,
          config: { learningRate: rates[i], ...options },
          label: JSON.stringify(options),
        };
      }),
    ),
  ),
);

/** The largest difference of two points at one step, over the largest coordinate there. */
function worst(actual: readonly number[][], expected: readonly number[][]): number {
  const errors = expected.map((point, t) => {
    const size = Math.max(...point.map(Math.abs));
    return Math.max(...point.map((x, i) => Math.abs(actual[t][i] - x))) / size;
  });
  return errors.some(Number.isNaN) ? Number.NaN : Math.max(...errors);
}

describe.each(list)("$name, $convention, $problem.name, $label", ({ name, convention, problem, config }) => {
  const { start, gradient, loss } = problem;
  const expected = oracleTrajectory(name, convention, config, gradient, start, STEPS);
  const optimizer = getOptimizer(name, { ...config, convention });

  it("follows its equations in float64 to 1e-9", () => {
    expect(worst(trajectory(reference, optimizer, start, loss, STEPS), expected)).toBeLessThan(1e-9);
  });

  it("follows them in WebAssembly to 1e-4", () => {
    expect(worst(trajectory(wasm, optimizer, start, loss, STEPS), expected)).toBeLessThan(1e-4);
  });

  it("leaves the start behind", () => {
    // a rate so small that nothing happens would make the two tests above empty
    expect(worst([start as number[]], expected.slice(-1))).toBeGreaterThan(0.02);
  });
});
