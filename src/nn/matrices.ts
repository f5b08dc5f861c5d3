/** Matrices on an engine during a call. */
import type { HostMatrix } from "../data/matrix.js";
import type { HostTensor } from "../data/tensor.js";
import type { Executor, Matrix } from "../engine/executor.js";

/** What is put on an engine: numbers, which are checked if that is still to be done, or zeros. */
export type Held = Omit<HostMatrix, "data"> & Partial<Pick<HostTensor, "data" | "mustBeFinite">>;

/** Calls `use` with a function that puts matrices on the engine; they are freed when it ends. */
export function withMatrices<T>(engine: Executor, use: (hold: (matrix: Held) => Matrix) => T): T {
  const held: Matrix[] = [];
  const release = (): void => {
    for (const matrix of held) matrix.free();
  };
  const hold = ({ data, rows, columns, mustBeFinite }: Held): Matrix => {
    const matrix = engine.matrix(rows, columns, data);
    held.push(matrix);
    if (mustBeFinite && !matrix.isFinite()) mustBeFinite();
    return matrix;
  };
  let result: T;
  try {
    result = use(hold);
  } catch (error) {
    release();
    throw error;
  }
  if (result instanceof Promise) return result.finally(release) as T;
  release();
  return result;
}
