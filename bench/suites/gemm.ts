/**
 * The matrix product alone: both builds and every operand order, beside the peers, the order NN, and the
 * machine's peak, all in one measurement a size. Squares, and the shapes of dense layers.
 */
import { NO_ACTIVATION } from "../../src/graph/opcodes/program.js";
import { type Kernels, loadKernels, productWords } from "../../test/kernels/load.js";
import { place } from "../kernels.js";
import { interleave, repeat, type Timing, type Work } from "../measure.js";
import { noise } from "../networks.js";
import { peakOf } from "../peak.js";
import type { Jax, Peers, Tf } from "../peers.js";
import { type Row, speedRow } from "../row.js";

/** Which operand is stored transposed: none, B, A. */
const orders = ["NN", "NT", "TN"] as const;
type Order = (typeof orders)[number];

/** C[m, n] = op(A)[m, k] op(B)[k, n]. */
interface Shape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

const squares = [32, 64, 128, 256, 512, 1024];

/** A batch through a layer, as [rows, inputs, units]. */
const layers = [
  [32, 100, 64],
  [32, 30, 64],
  [32, 128, 64],
  [32, 64, 10],
  [128, 128, 64],
  [128, 784, 256],
] as const;

export async function* gemm(peers: Peers): AsyncIterable<Row> {
  for (const n of squares) yield* measure(peers, String(n), { m: n, n, k: n }, orders);
  for (const [rows, inputs, units] of layers) {
    const size = `${rows}×${inputs}→${units}`;
    yield* measure(peers, `${size} forward`, { m: rows, n: units, k: inputs }, ["NN"]);
    yield* measure(peers, `${size} weights`, { m: inputs, n: units, k: rows }, ["TN"]);
    yield* measure(peers, `${size} inputs`, { m: rows, n: inputs, k: units }, ["NT"]);
  }
}

async function* measure(
  { tf, jax }: Peers,
  size: string,
  shape: Shape,
  wanted: readonly Order[],
): AsyncIterable<Row> {
  const works: Record<string, Work> = {};
  const operations = 2 * shape.m * shape.n * shape.k;
  const amounts: Record<string, number> = {};
  const frees: (() => void)[] = [];
  for (const build of ["strict", "relaxed"] as const) {
    const kernels = loadKernels(build);
    const peak = peakOf(build);
    if (!kernels || !peak) continue;
    works[`${build} peak`] = peak.work;
    amounts[`${build} peak`] = peak.operations;
    // All orders share the operands: what differs is how they are read.
    const addresses = place(kernels, [...operands(shape), new Float32Array(shape.m * shape.n)]);
    for (const order of wanted) works[`${build} ${order}`] = ourProduct(kernels, shape, order, addresses);
  }
  for (const order of wanted) {
    if (!tf) break;
    const { work, free } = tfProduct(tf, shape, order);
    works[`tfjs-wasm ${order}`] = work;
    frees.push(free);
  }
  if (jax && wanted.includes("NN")) {
    const { work, free } = jaxProduct(jax, shape);
    works["jax-js NN"] = work;
    frees.push(free);
  }
  for (const name of Object.keys(works)) amounts[name] ??= operations;
  const timings: Record<string, Timing | undefined> = await interleave(works, amounts);
  for (const free of frees) free();

  for (const build of ["strict", "relaxed"]) {
    for (const order of wanted) {
      const ours = timings[`${build} ${order}`];
      if (!ours) continue;
      const others = [`tfjs-wasm ${order}`, `jax-js ${order}`, `${build} peak`];
      if (order !== "NN") others.push(`${build} NN`);
      const present = others.filter((other) => timings[other]);
      for (const other of present) {
        const where = { suite: "gemm", name: `${build} ${order}`, size };
        yield speedRow(where, "GFLOP/s", ours, other, timings[other]);
      }
    }
  }
}

function operands({ m, n, k }: Shape): [a: Float32Array, b: Float32Array] {
  return [noise(m * k), noise(k * n)];
}

function ourProduct(kernels: Kernels, { m, n, k }: Shape, order: Order, [a, b, c]: readonly number[]): Work {
  const [transA, transB] = [order === "TN", order === "NT"];
  const [lda, ldb] = [transA ? m : k, transB ? k : n];
  const activation = NO_ACTIVATION;
  const product = { transA, transB, m, n, k, a, lda, b, ldb, c, ldc: n, bias: undefined, activation };
  const [words] = place(kernels, [productWords(product)], c + 4 * m * n);
  return repeat(() => kernels.gemm(words, 0));
}

/** Computed at once, so that nothing need be read back. */
function tfProduct(tf: Tf, shape: Shape, order: Order): { work: Work; free: () => void } {
  const { m, n, k } = shape;
  const [transA, transB] = [order === "TN", order === "NT"];
  const [aValues, bValues] = operands(shape);
  const a = tf.tensor2d(aValues, transA ? [k, m] : [m, k]);
  const b = tf.tensor2d(bValues, transB ? [n, k] : [k, n]);
  const work = repeat(() => tf.matMul(a, b, transA, transB).dispose());
  return { work, free: () => tf.dispose([a, b]) };
}

/** Computed when it is waited for. */
function jaxProduct(jax: Jax, shape: Shape): { work: Work; free: () => void } {
  const { m, n, k } = shape;
  const [aValues, bValues] = operands(shape);
  const a = jax.numpy.array(aValues).reshape([m, k]);
  const b = jax.numpy.array(bValues).reshape([k, n]);
  const work: Work = async (count) => {
    for (let i = 0; i < count; ++i) (await jax.blockUntilReady(jax.numpy.matmul(a.ref, b.ref))).dispose();
  };
  return { work, free: () => [a, b].forEach((array) => void array.dispose()) };
}
