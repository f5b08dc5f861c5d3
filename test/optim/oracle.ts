/**
 * The optimizers as plain float64 loops, straight from the equations of Keras 3's and PyTorch's documentation
 * and sources; Lion, which PyTorch lacks, from its paper's algorithm 2. Nothing of src is used, so that an
 * error there cannot hide here.
 */
import { rowOf } from "../rowOf.js";

/** All the numbers and flags of one case; what an optimizer does not have is ignored. */
export interface OracleConfig {
  readonly learningRate: number;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly dampening?: number;
  readonly weightDecay?: number;
  readonly decoupledWeightDecay?: boolean;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly amsgrad?: boolean;
  readonly rho?: number;
  readonly centered?: boolean;
  readonly initialAccumulatorValue?: number;
  readonly learningRateDecay?: number;
  readonly momentumDecay?: number;
  readonly warmupSteps?: number;
}

/** Changes one coordinate's weight: (w, g, t) → w, with its own state. */
type Rule = (w: number, g: number, t: number) => number;

const rules: Record<string, Record<"keras" | "torch", (config: OracleConfig) => Rule>> = {
  sgd: {
    keras({ learningRate: lr, momentum: mu = 0, nesterov }) {
      let v = 0;
      return (w, g) => {
        v = mu * v - lr * g;
        return nesterov ? w + mu * v - lr * g : w + v;
      };
    },
    torch({ learningRate: lr, momentum: mu = 0, dampening = 0, nesterov }) {
      let b: number | undefined;
      return (w, g) => {
        if (mu === 0) return w - lr * g;
        b = b === undefined ? g : mu * b + (1 - dampening) * g;
        return w - lr * (nesterov ? g + mu * b : b);
      };
    },
  },
  adam: { keras: adamKeras, torch: adamTorch },
  adamw: { keras: adamKeras, torch: adamTorch },
  nadam: {
    keras: ({ epsilon = 1e-7, momentumDecay = 1, ...rest }) => nadam({ epsilon, momentumDecay, ...rest }),
    torch: ({ epsilon = 1e-8, momentumDecay = 0.004, ...rest }) => nadam({ epsilon, momentumDecay, ...rest }),
  },
  adamax: {
    keras({ learningRate: lr, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 }) {
      let [m, u] = [0, 0];
      return (w, g, t) => {
        m += (g - m) * (1 - beta1);
        u = Math.max(beta2 * u, Math.abs(g));
        return w - (lr * m) / ((1 - beta1 ** t) * (u + epsilon));
      };
    },
    torch({ learningRate: lr, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }) {
      let [m, u] = [0, 0];
      return (w, g, t) => {
        m = beta1 * m + (1 - beta1) * g;
        u = Math.max(beta2 * u, Math.abs(g) + epsilon);
        return w - ((lr / (1 - beta1 ** t)) * m) / u;
      };
    },
  },
  lion: { keras: lion, torch: lion },
  scheduleFreeAdamW: {
    keras: (config) => scheduleFree((t) => 1 / t, config),
    torch(config) {
      let sum = 0;
      let largest = 0;
      return scheduleFree((_, rate) => {
        largest = Math.max(largest, rate);
        sum += largest * largest;
        return sum > 0 ? (largest * largest) / sum : 0;
      }, config);
    },
  },
  rmsprop: {
    keras({ learningRate: lr, rho = 0.9, momentum = 0, epsilon = 1e-7, centered }) {
      let [v, mean, buffer] = [0, 0, 0];
      return (w, g) => {
        v = rho * v + (1 - rho) * g * g;
        mean = rho * mean + (1 - rho) * g;
        const increment = (lr * g) / Math.sqrt((centered ? v - mean * mean : v) + epsilon);
        if (momentum === 0) return w - increment;
        buffer = momentum * buffer + increment;
        return w - buffer;
      };
    },
    torch({ learningRate: lr, rho = 0.99, momentum = 0, epsilon = 1e-8, centered }) {
      let [v, mean, buffer] = [0, 0, 0];
      return (w, g) => {
        v = rho * v + (1 - rho) * g * g;
        mean = mean + (g - mean) * (1 - rho);
        const root = Math.sqrt(centered ? v - mean * mean : v) + epsilon;
        if (momentum === 0) return w - (lr * g) / root;
        buffer = momentum * buffer + g / root;
        return w - lr * buffer;
      };
    },
  },
  adagrad: {
    keras({ learningRate: lr, initialAccumulatorValue = 0.1, epsilon = 1e-7 }) {
      let sum = initialAccumulatorValue;
      return (w, g) => {
        sum += g * g;
        return w - (lr * g) / Math.sqrt(sum + epsilon);
      };
    },
    torch({ learningRate: lr, initialAccumulatorValue = 0, epsilon = 1e-10, learningRateDecay = 0 }) {
      let sum = initialAccumulatorValue;
      return (w, g, t) => {
        sum += g * g;
        return w - ((lr / (1 + (t - 1) * learningRateDecay)) * g) / (Math.sqrt(sum) + epsilon);
      };
    },
  },
  adadelta: {
    keras: ({ rho = 0.95, epsilon = 1e-7, ...rest }) => adadelta({ rho, epsilon, ...rest }),
    torch: ({ rho = 0.9, epsilon = 1e-6, ...rest }) => adadelta({ rho, epsilon, ...rest }),
  },
};

function adamKeras({
  learningRate: lr,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-7,
  amsgrad,
}: OracleConfig): Rule {
  let [m, v, vMax] = [0, 0, 0];
  return (w, g, t) => {
    m += (g - m) * (1 - beta1);
    v += (g * g - v) * (1 - beta2);
    vMax = Math.max(vMax, v);
    const alpha = (lr * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
    return w - (alpha * m) / (Math.sqrt(amsgrad ? vMax : v) + epsilon);
  };
}

function adamTorch({
  learningRate: lr,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  amsgrad,
}: OracleConfig): Rule {
  let [m, v, vMax] = [0, 0, 0];
  return (w, g, t) => {
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    vMax = Math.max(vMax, v);
    const mHat = m / (1 - beta1 ** t);
    const root = Math.sqrt(amsgrad ? vMax : v) / Math.sqrt(1 - beta2 ** t);
    return w - (lr * mHat) / (root + epsilon);
  };
}

function nadam({
  learningRate: lr,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 0,
  momentumDecay = 0,
}: OracleConfig): Rule {
  const mu = (t: number): number => beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
  let [m, v, product] = [0, 0, 1];
  return (w, g, t) => {
    product *= mu(t);
    m += (g - m) * (1 - beta1);
    v += (g * g - v) * (1 - beta2);
    const ahead = (mu(t + 1) * m) / (1 - product * mu(t + 1)) + ((1 - mu(t)) * g) / (1 - product);
    return w - (ahead * lr) / (Math.sqrt(v / (1 - beta2 ** t)) + epsilon);
  };
}

function lion({ learningRate: lr, beta1 = 0.9, beta2 = 0.99 }: OracleConfig): Rule {
  let m = 0;
  return (w, g) => {
    const c = beta1 * m + (1 - beta1) * g;
    m = beta2 * m + (1 - beta2) * g;
    return w - lr * Math.sign(c);
  };
}

/** With the average x and the steps z of the paper; returns y. `weight` is that of z in x. */
function scheduleFree(
  weight: (t: number, rate: number) => number,
  {
    learningRate: lr,
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
    warmupSteps = 0,
    weightDecay: wd = 0,
  }: OracleConfig,
): Rule {
  let v = 0;
  let points: { x: number; z: number } | undefined;
  return (y, g, t) => {
    const { x, z } = points ?? { x: y, z: y };
    const rate = warmupSteps > 0 ? lr * Math.min(1, t / warmupSteps) : lr;
    v = beta2 * v + (1 - beta2) * g * g;
    const next = z - rate * (g / (Math.sqrt(v / (1 - beta2 ** t)) + epsilon) + wd * y);
    const c = weight(t, rate);
    points = { z: next, x: (1 - c) * x + c * next };
    return (1 - beta1) * points.z + beta1 * points.x;
  };
}

function adadelta({ learningRate: lr, rho = 0, epsilon = 0 }: OracleConfig): Rule {
  let [squares, deltas] = [0, 0];
  return (w, g) => {
    squares = rho * squares + (1 - rho) * g * g;
    const delta = (Math.sqrt(deltas + epsilon) / Math.sqrt(squares + epsilon)) * g;
    deltas = rho * deltas + (1 - rho) * delta * delta;
    return w - lr * delta;
  };
}

/** The rule of one number with weight decay, anew at each call. */
export function oracleEquations(
  name: string,
  convention: "keras" | "torch",
  config: OracleConfig,
): () => Rule {
  const { learningRate: lr } = config;
  const wd = config.weightDecay ?? (name === "adamw" ? { keras: 0.004, torch: 0.01 }[convention] : 0);
  const decoupled =
    config.decoupledWeightDecay ?? (convention === "keras" || name === "adamw" || name === "lion");
  return () => {
    const rule = rowOf(rules, name, "rules of test/optim/oracle.ts")[convention](config);
    if (name === "scheduleFreeAdamW") return rule; // it decays by itself
    return (w, g, t) => (decoupled ? rule(w - lr * wd * w, g, t) : rule(w, g + wd * w, t));
  };
}

/** The points after each of `steps` steps from `start`. */
export function oracleTrajectory(
  name: string,
  convention: "keras" | "torch",
  config: OracleConfig,
  gradient: (w: readonly number[]) => number[],
  start: readonly number[],
  steps: number,
): number[][] {
  const coordinates = start.map(oracleEquations(name, convention, config));
  const points: number[][] = [];
  let w = [...start];
  for (let t = 1; t <= steps; t++) {
    const g = gradient(w);
    w = w.map((wi, i) => coordinates[i](wi, g[i], t));
    points.push(w);
  }
  return points;
}
