/**
 * Runs networks other than stacks of dense layers: their layers are traced and compiled like the model's own
 * prediction, so the results are the same bit for bit. A predictor loads this file on demand. It limits the
 * operations and the memory that a file can request.
 */
import { compileGraph } from "../compile/compile.js";
import type { StepGraph } from "../compile/program.js";
import { WasmExecutor } from "../engine/wasm.js";
import { check } from "../errors.js";
import { Graph } from "../graph/graph.js";
import { extent } from "../graph/shape.js";
import { checkIds, rolesOf } from "../nn/network/roles.js";
import { numbersOf } from "../nn/programs/architecture.js";
import { predictionStep } from "../nn/programs/prediction.js";
import { PARAMETERS } from "../nn/weights/trainedWeights.js";
import { kernelsModule } from "../numerics/kernels.js";
import type { NetworkDescription } from "./description.js";
import type { Results } from "./forward.js";
import { memoryFor, rowsAtATime } from "./limits.js";
import { builtInNetwork, fromFile } from "./network.js";
import type { Tensors } from "./safetensors.js";

/** The most operations of a network, so that compiling ends in seconds. */
const MOST_OPERATIONS = 10_000;

export class CompiledResults implements Results {
  readonly rows: number;
  readonly columns: number;
  readonly units: number;
  readonly input: Float32Array;
  readonly output: Float32Array;
  readonly run: (rows: number) => void;

  /**
   * @param given - the most bytes of memory
   * @throws FettleError `invalid_checkpoint` for layers and arrays that do not fit each other; `unsupported`
   * for custom layers; `limit_exceeded` for too many operations; `memory_limit` for too much memory
   */
  constructor(description: NetworkDescription, tensors: Tensors, given?: number) {
    const { network, parameters } = builtInNetwork(description, tensors);
    const memoryLimit = given ?? memoryFor(parameters.length);
    const numbers = fromFile(() => numbersOf(network));
    const graph = new Graph(MOST_OPERATIONS);
    const step = fromFile(() => predictionStep(network, Object.keys(numbers), graph));
    this.columns = network.columns;
    this.units = network.units;
    // a value is computed from another
    const width = this.columns + this.units + 2 * largest(step, memoryLimit);
    fromFile(() => rolesOf(network)); // a layer that moves numbers may be too large to trace
    this.rows = rowsAtATime(width, parameters.length);
    const executor = new WasmExecutor(kernelsModule(), memoryLimit);
    const x = executor.matrix(this.rows, this.columns);
    const prediction = executor.matrix(this.rows, this.units);
    const run = executor.start(compileGraph(step, this.rows), { streams: { x, prediction } });
    run.write(PARAMETERS, parameters);
    for (const [name, value] of Object.entries(numbers)) run.write(name, value);
    // last, since views of a memory that grows are detached
    this.input = x.view();
    this.output = prediction.view();
    const { input, columns } = this;
    this.run = (rows) => {
      checkIds(network, { data: input, rows, columns }, "x");
      run.visit(rows);
    };
  }
}

/** Numbers of a row of the largest value that depends on rows. */
function largest({ nodes }: StepGraph, memoryLimit: number): number {
  const sizes = nodes.map(({ shape }) => extent(shape));
  const widest = sizes.reduce((most, { scale, power }) => Math.max(most, power > 0 ? scale : 1), 1);
  const most = sizes.reduce((most, { scale }) => Math.max(most, 4 * scale), 0);
  check(
    most <= memoryLimit,
    () => `a value of the network needs ${most} bytes, the limit is ${memoryLimit}; raise memoryLimit`,
    "memory_limit",
  );
  return widest;
}
