/** Which curves of trials there are to draw, and which is drawn first. Pure. */
import type { CurveLine } from "../wire.js";

/** What lines of different trials have in common: they can be drawn on the same axes. */
export type Kind = Pick<CurveLine, "name" | "unit">;

interface CurvesOfTrial {
  readonly lines: readonly CurveLine[];
  /** Whether the trial is drawn only beside others. */
  readonly isBeside: boolean;
}

const isOf = (kind: Kind, { name, unit }: Kind): boolean => name === kind.name && unit === kind.unit;

/** The line of a kind. */
export const lineIn = (lines: readonly CurveLine[], kind: Kind): CurveLine | undefined =>
  lines.find((line) => isOf(kind, line));

/** Of curves that as many trials have, these come first. */
const FIRST = ["loss", "valLoss"];

/** What can be drawn: first what most trials have, those that are drawn only beside others only where there are no others. */
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
