/** Matrices on an engine for the length of a call, and never longer. */
import type { HostMatrix } from "../data/matrix.js";
import type { Executor, Matrix } from "../engine/executor.js";

/** Puts matrices on the engine for the length of `use`. */
export function withMatrices<T>(engine: Executor, use: (hold: (matrix: HostMatrix) => Matrix) => T): T {
  const held: Matrix[] = [];
  const release = (): void => {
    for (const matrix of held) matrix.free();
  };
  const hold = ({ data, rows, columns }: HostMatrix): Matrix => {
    const matrix = engine.matrix(rows, columns, data);
    held.push(matrix);
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
