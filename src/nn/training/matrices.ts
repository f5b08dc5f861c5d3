/** Matrices on an engine during a call. */
import type { HostMatrix } from "../../data/matrix.js";
import type { LentTensor } from "../../data/tensor.js";
import type { Executor, Matrix } from "../../engine/executor.js";

/** Data for an engine: numbers, checked if they were not yet, or zeros. */
export type Held = Omit<HostMatrix, "data"> & Partial<Pick<LentTensor, "data" | "checkedCopy">>;

/** An engine with its class of matrices. */
interface Holder<M extends Matrix> {
  matrix(...given: Parameters<Executor["matrix"]>): M;
}

/** Calls `use` with a function that puts matrices on the engine; they are freed when it ends. */
export function withMatrices<T, M extends Matrix>(
  engine: Holder<M>,
  use: (hold: (matrix: Held) => M) => T,
): T {
  const held: M[] = [];
  const release = (): void => {
    for (const matrix of held) matrix.free();
  };
  const hold = ({ data, rows, columns, checkedCopy }: Held): M => {
    const matrix = engine.matrix(rows, columns, data);
    held.push(matrix);
    if (checkedCopy && !matrix.isFinite()) checkedCopy();
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
