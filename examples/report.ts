/**
 * Prints a study for the examples. The code does not depend on what the study tunes: an analysis needs only points of a space and their
 * values.
 */
import { bestSoFar, importances, type Study } from "fettle";

const BARS = "▁▂▃▄▅▆▇█";

/** The best trial, the importance of each parameter, and the best value after each trial, as a row of bars. */
export function report({
  trials,
  best,
  space,
  direction,
}: Pick<Study, "trials" | "best" | "space" | "direction">): string {
  const values = bestSoFar(trials, direction).flatMap((each) => each.best ?? []);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const bars = values.map((value) => BARS[Math.round((7 * (value - low)) / (high - low || 1))]);
  const complete = trials.filter(({ status }) => status === "complete").length;
  // with fewer trials it would be chance
  const shares: Readonly<Record<string, number>> = complete < 10 ? {} : importances(trials, space).main;
  return [
    `Best of ${trials.length} trials, ${complete} of them complete: ${best.value.toFixed(4)} (trial ${best.number})`,
    ...Object.entries(best.params).map(([name, value]) => {
      const text = typeof value === "number" ? String(Number(value.toPrecision(3))) : String(value);
      const share = shares[name] === undefined ? "" : `importance ${(100 * shares[name]).toFixed(0)} %`;
      return `  ${name.padEnd(16)} ${text.padEnd(16)} ${share}`.trimEnd();
    }),
    `  best so far      ${bars.join("")}`,
  ].join("\n");
}
