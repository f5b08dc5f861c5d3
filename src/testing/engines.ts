/** The executors that laws run on, each made when it is first needed. */
import { createEngine } from "../engine/engine.js";
import type { Executor } from "../engine/executor.js";

const made: { wasm?: Executor; reference?: Executor } = {};

export const wasm = (): Executor => (made.wasm ??= createEngine());
export const reference = (): Executor => (made.reference ??= createEngine({ executor: "reference" }));
