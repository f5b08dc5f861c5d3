/** The libraries that Fettle is measured beside, at the exact versions of `devDependencies`. */
import { createRequire } from "node:module";
import type * as tfjs from "@tensorflow/tfjs-core";
import type { Tensor, Optimizer as TfOptimizer } from "@tensorflow/tfjs-core";

export type Tf = typeof tfjs;

/** An array of jax-js. Using one up gives it away; `ref` keeps a share. */
export interface JaxArray {
  readonly ref: JaxArray;
  add(other: JaxArray): JaxArray;
  sub(other: JaxArray): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  dispose(): void;
}

/** The part of jax-js that the benchmarks use. */
export interface Jax {
  init(device: string): Promise<readonly string[]>;
  defaultDevice(device: string): unknown;
  blockUntilReady<T>(value: T): Promise<T>;
  jit<A extends readonly unknown[], R>(f: (...args: A) => R): (...args: A) => R;
  valueAndGrad<P, A extends readonly unknown[]>(
    f: (parameters: P, ...args: A) => JaxArray,
  ): (parameters: P, ...args: A) => [JaxArray, P];
  readonly numpy: {
    array(values: Float32Array): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    mean(a: JaxArray): JaxArray;
    sum(a: JaxArray, axis: number): JaxArray;
  };
  readonly nn: Readonly<Record<"relu" | "softplus" | "logSoftmax", (x: JaxArray) => JaxArray>>;
  readonly tree: { ref<T>(tree: T): T };
}

/** The part of TensorFlow.js's layers that the benchmarks use. */
export interface TfLayers {
  sequential(options: { layers: readonly unknown[] }): TfModel;
  readonly layers: { dense(options: Readonly<Record<string, unknown>>): unknown };
  readonly regularizers: { l2(options: { l2: number }): unknown };
}

export interface TfModel {
  compile(options: { optimizer: TfOptimizer; loss: string }): void;
  fit(x: Tensor, y: Tensor, options: Readonly<Record<string, unknown>>): Promise<unknown>;
  predict(x: Tensor): Tensor;
  dispose(): void;
}

/** What is there to compare with. */
export interface Peers {
  /** TensorFlow.js on its WebAssembly backend: SIMD, one thread. */
  readonly tf?: Tf;
  /** Its layers, on the same backend. */
  readonly tfLayers?: TfLayers;
  /** jax-js on its WebAssembly backend. */
  readonly jax?: Jax;
}

/** Loads the peers. @throws Error if TensorFlow.js has no SIMD here */
export async function loadPeers(): Promise<Peers> {
  const require = createRequire(import.meta.url);
  const tf = require("@tensorflow/tfjs-core") as Tf;
  // The Node build of tfjs-core has no gradients; that of tfjs-layers brings them.
  const tfLayers = require("@tensorflow/tfjs-layers") as TfLayers;
  const wasm = require("@tensorflow/tfjs-backend-wasm") as { setThreadsCount(threads: number): void };
  wasm.setThreadsCount(1);
  await tf.setBackend("wasm");
  if (tf.getBackend() !== "wasm" || !(await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT"))) {
    throw new Error(`TensorFlow.js has no WebAssembly backend with SIMD here, but ${tf.getBackend()}`);
  }
  // jax-js looks for a GPU in `navigator`, which Node 20 lacks.
  if (!("navigator" in globalThis)) Object.assign(globalThis, { navigator: {} });
  const jax = require("@jax-js/jax") as Jax;
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  return { tf, tfLayers, jax };
}
