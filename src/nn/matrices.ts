/** Matrices on an engine during a call. */
import type { HostMatrix } from "../data/matrix.js";
import type { Executor, Matrix } from "../engine/executor.js";

/** Calls `use` with a function that puts matrices on the engine; they are freed when it ends. */
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
