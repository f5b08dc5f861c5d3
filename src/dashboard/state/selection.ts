/** Selected trials along the axes of parallel coordinates. Pure. */
import { formatScore, formatValue } from "../../report/format.js";
import type { Plot } from "../../report/plots/plot.js";
import { valueKey } from "../../search/space/value.js";
import type { StudyAbout, TrialRow } from "../wire.js";
import { valueAt } from "./study.js";

/** An axis of the picture. */
export interface SelectionAxis {
  readonly name: string;
  /** The ends of its scale; indices for words. */
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly words?: readonly string[];
  /** The place of a trial on it; undefined if it has none. */
  readonly placeOf: (row: TrialRow) => number | undefined;
  readonly format: (place: number) => string;
}

/** The selected range of each axis, both ends included. Axes that are not in it select everything. */
export type Selection = ReadonlyMap<number, readonly [from: number, to: number]>;

/** The axes of a picture of `plotParallel`: parameters, and then the objective. */
export function selectionAxes(
  { option }: Pick<Plot, "option">,
  parameters: readonly string[],
  { space, metrics }: Pick<StudyAbout, "space" | "metrics">,
  objective: number,
): readonly SelectionAxis[] {
  const drawn = option.parallelAxis as readonly {
    readonly type: string;
    readonly min?: number;
    readonly max?: number;
    readonly data?: readonly string[];
  }[];
  return drawn.map(({ type, min = 0, max = 0, data }, i): SelectionAxis => {
    const scale = data ? { low: 0, high: data.length - 1 } : { low: min, high: max };
    const name = parameters[i];
    const isChoice = data !== undefined;
    const parameter = space[name];
    const keys = parameter?.type === "choice" ? parameter.values.map(valueKey) : [];
    return {
      ...scale,
      name: name ?? metrics[objective],
      log: type === "log",
      ...(isChoice && { words: data }),
      placeOf(row) {
        if (name === undefined) return valueAt(row, objective) ?? undefined;
        if (!Object.hasOwn(row.params, name)) return undefined;
        return isChoice ? keys.indexOf(valueKey(row.params[name])) : Number(row.params[name]);
      },
      format(place) {
        if (data) return data[Math.round(place)] ?? "";
        if (name === undefined) return formatScore(place);
        if (!parameter || parameter.type === "choice") return formatValue(place);
        // an axis extends a little beyond the range
        const within = Math.min(parameter.high, Math.max(parameter.low, place));
        return formatValue(parameter.type === "int" ? Math.round(within) : within);
      },
    };
  });
}

/** Whether a trial is within all selected ranges. A trial without a place on such an axis is not. */
export function isSelected(axes: readonly SelectionAxis[], selection: Selection, row: TrialRow): boolean {
  for (const [i, [from, to]] of selection) {
    const place = axes[i]?.placeOf(row);
    if (place === undefined || !(place >= from && place <= to)) return false;
  }
  return true;
}

/** The place at a share of an axis. */
export const placeAt = ({ low, high, log }: SelectionAxis, share: number): number =>
  log ? low * (high / low) ** share : low + share * (high - low);

/** A selection with other ends of one axis; a fully selected axis is removed. */
export function withRange(
  selection: Selection,
  axes: readonly SelectionAxis[],
  axis: number,
  range: readonly [number, number] | undefined,
): Selection {
  const next = new Map(selection);
  next.delete(axis);
  if (!range) return next;
  const [from, to] = range[0] <= range[1] ? range : [range[1], range[0]];
  const { low, high } = axes[axis];
  if (from > low || to < high) next.set(axis, [from, to]);
  return next;
}
