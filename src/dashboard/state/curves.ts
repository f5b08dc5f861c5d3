/** Which curves of trials can be drawn, and which is drawn first. Pure. */
import type { CurveLine } from "../wire.js";

/** A kind of lines that can share axes. */
export type Kind = Pick<CurveLine, "name" | "unit">;

interface CurvesOfTrial {
  readonly lines: readonly CurveLine[];
  /** Whether the trial is drawn only for comparison. */
  readonly isBeside: boolean;
}

const isOf = (kind: Kind, { name, unit }: Kind): boolean => name === kind.name && unit === kind.unit;

/** The line of a kind. */
export const lineIn = (lines: readonly CurveLine[], kind: Kind): CurveLine | undefined =>
  lines.find((line) => isOf(kind, line));

/** These come first among curves that equally many trials have. */
const FIRST = ["loss", "valLoss"];

/**
 * The kinds that can be drawn, the most frequent first; trials drawn only for comparison count only without
 * others.
 */
export function kindsOf(trials: readonly CurvesOfTrial[]): readonly Kind[] {
  const own = trials.filter(({ lines, isBeside }) => !isBeside && lines.length > 0);
  const counted = own.length > 0 ? own : trials;
  const kinds: Kind[] = [];
  for (const { lines } of counted)
    for (const line of lines) if (!kinds.some((kind) => isOf(kind, line))) kinds.push(line);
  const rank = (kind: Kind): number =>
    counted.filter(({ lines }) => lineIn(lines, kind)).length * (FIRST.length + 1) +
    (kind.unit === "epoch" ? FIRST.indexOf(kind.name) : -1);
  return kinds
    .map(({ name, unit }) => ({ name, unit, rank: rank({ name, unit }) }))
    .sort((a, b) => b.rank - a.rank)
    .map(({ name, unit }) => ({ name, unit }));
}
