/**
 * A network's results on the kernels alone, without graph, compiler or engine, to the bits of a compiled program: each layer is the
 * same kernels in the same order. Here for stacks of dense layers; `compiled.ts` has all others.
 */
import { check } from "../errors.js";
import type { NetworkDescription } from "./description.js";
import { layersOf } from "./layers.js";
import { memoryFor, rowsAtATime } from "./limits.js";
import type { Tensor, Tensors } from "./safetensors.js";
import { type Step, UNARY, Workspace } from "./workspace.js";

/** A network that computes results of rows. */
export interface Results {
  /** How many rows fit `input`. */
  readonly rows: number;
  readonly columns: number;
  readonly units: number;
  /** `[rows, columns]`: where rows are put before `run`, which overwrites them. */
  readonly input: Float32Array;
  /** `[rows, units]`: where their results are after it. */
  readonly output: Float32Array;
  /** Computes the results of the first rows of `input`. */
  run(rows: number): void;
}

/** One call of a kernel: a product with its bias and an activation that is one operation, or an activation alone. */
interface Call {
  readonly kernel?: Tensor;
  readonly bias?: Tensor | undefined;
  readonly activation: string;
  /** Units of its result. */
  readonly units: number;
}

export class Forward implements Results {
  readonly rows: number;
  readonly columns: number;
  readonly units: number;
  readonly input: Float32Array;
  readonly output: Float32Array;
  private readonly steps: Step[];

  /**
   * @throws FettleError `invalid_checkpoint` for layers and arrays that do not fit each other; `unsupported` for custom layers;
   * `memory_limit` for too much memory
   */
  constructor(network: NetworkDescription, tensors: Tensors, memoryLimit?: number) {
    const calls = callsOf(network, tensors);
    const { columns } = network;
    const parameters = calls.reduce((sum, { kernel }) => sum + (kernel?.data.length ?? 0), 0);
    const widths = [columns, ...calls.map(({ units }) => units)];
    // each layer takes one of two places, and its result has the other
    const widest = [0, 0];
    for (const [i, width] of widths.entries()) widest[i % 2] = Math.max(widest[i % 2], width);
    this.rows = rowsAtATime(widest[0] + widest[1], parameters);
    this.columns = columns;
    this.units = widths[calls.length];
    const space = new Workspace(memoryLimit ?? memoryFor(parameters));
    const places = widest.map((width) => space.reserve(this.rows * width));
    this.steps = calls.map(({ kernel, bias, activation, units }, i) => {
      const [from, to] = [places[i % 2], places[(i + 1) % 2]];
      return kernel
        ? space.product(kernel, bias, activation, from, to)
        : space.activation(activation, from, to, units);
    });
    // last, since views of a memory that grows are detached
    this.input = space.view(places[0], this.rows * columns);
    this.output = space.view(places[calls.length % 2], this.rows * this.units);
  }

  run(rows: number): void {
    for (const step of this.steps) step(rows);
  }
}

/** What each layer does to its input. */
function callsOf(network: NetworkDescription, tensors: Tensors): Call[] {
  const calls = layersOf(network, tensors).flatMap(({ kind, kernel, bias, activation, units }): Call[] => {
    if (kind === "dropout") return [];
    const alone = activation === "linear" ? [] : [{ activation, units }];
    if (!kernel) return alone;
    const isOne = activation in UNARY;
    return [{ kernel, bias, activation: isOne ? activation : "linear", units }, ...(isOne ? [] : alone)];
  });
  check(
    calls.some(({ kernel }) => kernel),
    "a network must have a dense layer; received none",
    "invalid_checkpoint",
  );
  return calls;
}
