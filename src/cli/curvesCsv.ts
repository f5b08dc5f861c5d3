/** The curves of trials as CSV: a line for each epoch of each fold, for pandas and the like. */
import { shortest } from "../numerics/shortest.js";
import type { Curves } from "../search/trial/curves.js";

/** A trial that may have curves. */
interface CurvedTrial {
  readonly number: number;
  readonly curves?: Curves;
}

/**
 * The text in pieces, the header first; nothing if no trial has curves. Trials, folds and epochs count from
 * 0.
 *
 * @example
 * ```ts
 * [...curvesCsv([{ number: 3, curves: new Curves({ loss: [[0.5, 0.25]] }) }])].join("");
 * // "trial,fold,epoch,loss\n3,0,0,0.5\n3,0,1,0.25\n"
 * ```
 */
export function* curvesCsv(trials: readonly CurvedTrial[]): Iterable<string> {
  const names = [...new Set(trials.flatMap(({ curves }) => curves?.names ?? []))];
  if (names.length === 0) return;
  yield `${["trial", "fold", "epoch", ...names].join()}\n`;
  for (const { number, curves } of trials) {
    if (!curves) continue;
    const { history, epochs } = curves;
    const columns = names.map((name) => history[name]);
    const lines = epochs.flatMap((count, fold) =>
      Array.from({ length: count }, (_, epoch) => {
        const cells = columns.map((column) => (column ? shortest(column[fold][epoch]) : ""));
        return `${number},${fold},${epoch},${cells.join()}\n`;
      }),
    );
    yield lines.join("");
  }
}
