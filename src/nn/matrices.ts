/** Matrices on an engine during a call. */
import type { HostMatrix } from "../data/matrix.js";
import type { LentTensor } from "../data/tensor.js";
import type { Executor, Matrix } from "../engine/executor.js";

/** What is put on an engine: numbers, which are checked if that is still to be done, or zeros. */
export type Held = Omit<HostMatrix, "data"> & Partial<Pick<LentTensor, "data" | "checkedCopy">>;

/** An engine whose matrices are of one class. */
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
