/**
 * Runs a network on the kernels alone, without graph, compiler or engine, with the same bits as a compiled
 * program: each layer calls the same kernels in the same order. It covers stacks of dense layers and means of
 * several; `compiled.ts` covers all others.
 */
import { check } from "../errors.js";
import type { LayerDescription } from "./description.js";
import { layersOf, type Stacks } from "./layers.js";
import { memoryFor, rowsAtATime } from "./limits.js";
import type { Tensor, Tensors } from "./safetensors.js";
import { type Step, UNARY, Workspace } from "./workspace.js";

/** A network that computes results of rows. */
export interface Results {
  /** The capacity of `input` in rows. */
  readonly rows: number;
  readonly columns: number;
  readonly units: number;
  /** `[rows, columns]`: the place for rows before `run`, which overwrites them. */
  readonly input: Float32Array;
  /** `[rows, units]`: the place of their results after it. */
  readonly output: Float32Array;
  /** Computes the results of the first rows of `input`. */
  run(rows: number): void;
}

/**
 * One call of a kernel: a product with its bias and an activation of one operation, or only an activation.
 */
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
  private readonly steps: readonly Step[];
  /** The places of the stacks' results, whose mean is the network's; empty for one stack. */
  private readonly terms: readonly Float32Array[];

  /**
   * @param columns - of a row
   * @throws FettleError `invalid_checkpoint` for layers and arrays that do not fit each other; `unsupported`
   * for custom layers; `memory_limit` for too much memory
   */
  constructor({ stacks, mean }: Stacks, columns: number, tensors: Tensors, memoryLimit?: number) {
    const all = stacks.map((layers) => callsOf(layers, columns, tensors));
    const units = unitsOf(all);
    const calls = all.flat();
    const parameters = calls.reduce((sum, { kernel }) => sum + (kernel?.data.length ?? 0), 0);
    // layers alternate between two places; the last of a stack has its own, and none uses that of the input,
    // which all stacks read
    const widest = [0, 0];
    for (const each of all)
      for (const [i, { units: width }] of each.slice(0, -1).entries())
        widest[i % 2] = Math.max(widest[i % 2], width);
    const widths = [columns, ...widest, ...all.map(() => units)];
    this.rows = rowsAtATime(
      widths.reduce((sum, width) => sum + width),
      parameters,
    );
    this.columns = columns;
    this.units = units;
    const space = new Workspace(memoryLimit ?? memoryFor(parameters));
    const [input, even, odd, ...ends] = widths.map((width) => space.reserve(this.rows * width));
    this.steps = all.flatMap((each, k) =>
      each.map(({ kernel, bias, activation, units: width }, i) => {
        const from = i === 0 ? input : [odd, even][i % 2];
        const to = i === each.length - 1 ? ends[k] : [even, odd][i % 2];
        return kernel
          ? space.product(kernel, bias, activation, from, to)
          : space.activation(activation, from, to, width);
      }),
    );
    // last, since views of a memory that grows are detached
    const results = ends.map((place) => space.view(place, this.rows * units));
    this.input = space.view(input, this.rows * columns);
    this.terms = mean.length > 1 ? mean.map((k) => results[k]) : [];
    this.output = mean.length > 1 ? new Float32Array(this.rows * units) : results[0];
  }

  run(rows: number): void {
    for (const step of this.steps) step(rows);
    const { terms, output, units } = this;
    if (terms.length === 0) return;
    // rounded after each operation, as in the graph
    for (let i = 0; i < rows * units; i++) {
      let sum = terms[0][i];
      for (let k = 1; k < terms.length; k++) sum = Math.fround(sum + terms[k][i]);
      output[i] = sum / terms.length;
    }
  }
}

/** The units of the results, which are the same for all stacks. */
function unitsOf(stacks: readonly (readonly Call[])[]): number {
  const [units, ...others] = stacks.map((calls) => calls[calls.length - 1].units);
  check(
    others.every((each) => each === units),
    () =>
      `the networks of a mean must have equally many outputs; received ${[units, ...others].join(" and ")}`,
    "invalid_checkpoint",
  );
  return units;
}

/** The calls for each layer of a stack. */
function callsOf(layers: readonly LayerDescription[], columns: number, tensors: Tensors): Call[] {
  const calls = layersOf(layers, columns, tensors).flatMap(
    ({ kind, kernel, bias, activation, units }): Call[] => {
      if (kind === "dropout") return [];
      const alone = activation === "linear" ? [] : [{ activation, units }];
      if (!kernel) return alone;
      const isOne = activation in UNARY;
      return [{ kernel, bias, activation: isOne ? activation : "linear", units }, ...(isOne ? [] : alone)];
    },
  );
  check(
    calls.some(({ kernel }) => kernel),
    "a network must have a dense layer; received none",
    "invalid_checkpoint",
  );
  return calls;
}
