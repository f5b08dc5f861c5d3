/**
 * Parallel coordinates from which a person selects trials: by a drag along an axis, or by two sliders for
 * each.
 */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Plot } from "../../report/plots/plot.js";
import { shareOf } from "../../report/plots/scale.js";
import {
  isSelected,
  placeAt,
  type Selection,
  type SelectionAxis,
  selectionAxes,
  withRange,
} from "../state/selection.js";
import { isFinished, valueAt } from "../state/study.js";
import type { TrialRow } from "../wire.js";
import { Button, type OfStudy, scoreOf, TrialLink } from "./parts.js";
import { type Chart, Picture } from "./picture.js";
import { axisId } from "./plots.js";

/** Of a slider; those of words have one for each. */
const STEPS = 100;

interface ParallelProps extends OfStudy {
  readonly plot: Plot;
  readonly parameters: readonly string[];
  readonly objective: number;
  /** Is told which trials are selected; undefined for all. */
  readonly onSelect: (keeps: ((row: TrialRow) => boolean) | undefined) => void;
}

/** What ECharts tells of a drag. */
interface Dragged {
  readonly parallelAxisId?: string;
  readonly intervals?: readonly (readonly [number, number])[];
}

export function ParallelPicture({ plot, parameters, state, about, objective, onSelect }: ParallelProps) {
  const axes = useMemo(() => selectionAxes(plot, parameters, about, objective), [plot]);
  const [selection, setSelection] = useState<Selection>(new Map());
  const last = useRef(selection);
  last.current = selection;
  const chart = useRef<Chart>(undefined);
  /** What the chart shows as selected, by axis. */
  const shown = useRef(new Map<number, string>());

  const change = (axis: number, range: readonly [number, number] | undefined): void => {
    const next = withRange(last.current, axes, axis, range);
    last.current = next;
    setSelection(next);
    onSelect(next.size === 0 ? undefined : (row) => isFinished(row) && isSelected(axes, next, row));
  };
  const showIn = (own: Chart): void => {
    for (const i of axes.keys()) {
      const range = last.current.get(i);
      const text = JSON.stringify(range ?? []);
      if ((shown.current.get(i) ?? "[]") === text) continue;
      shown.current.set(i, text);
      const intervals = range ? [range] : [];
      own.dispatchAction({ type: "axisAreaSelect", parallelAxisId: axisId(i), intervals }, { silent: true });
    }
  };
  const onDrawn = (own: Chart): void => {
    chart.current = own;
    shown.current.clear();
    own.off("axisareaselected");
    own.on("axisareaselected", (event) => {
      const { parallelAxisId, intervals = [] } = event as Dragged;
      const axis = axes.findIndex((_, i) => axisId(i) === parallelAxisId);
      if (axis < 0) return;
      const [range] = intervals;
      shown.current.set(axis, JSON.stringify(range ?? []));
      change(axis, range);
    });
    showIn(own);
  };
  useEffect(() => {
    if (chart.current && !chart.current.isDisposed()) showIn(chart.current);
  }, [selection]);
  useEffect(() => () => onSelect(undefined), []);

  return (
    <>
      <div class="scrolls" role="region" aria-label="Parallel coordinates" tabIndex={0}>
        <Picture plot={plot} onDrawn={onDrawn} isTall />
      </div>
      <div class="brush">
        <Selected state={state} about={about} objective={objective} axes={axes} selection={selection} />
        {selection.size > 0 && (
          <Button
            onClick={() => {
              for (const axis of [...last.current.keys()]) change(axis, undefined);
            }}
          >
            Select all
          </Button>
        )}
      </div>
      <details class="sliders">
        <summary>Select by sliders</summary>
        <div class="fields">
          {axes.map((axis, i) => (
            <Range
              key={axis.name}
              axis={axis}
              range={selection.get(i)}
              onRange={(range) => change(i, range)}
            />
          ))}
        </div>
      </details>
    </>
  );
}

interface SelectedProps extends Pick<ParallelProps, "state" | "about" | "objective"> {
  readonly axes: readonly SelectionAxis[];
  readonly selection: Selection;
}

/** How many trials are selected, and the best of them. */
function Selected({ state, about, objective, axes, selection }: SelectedProps) {
  const { kept, best } = useMemo(() => {
    const kept = state.rows.filter((row) => isFinished(row) && isSelected(axes, selection, row));
    const sign = about.directions[objective] === "minimize" ? 1 : -1;
    const value = (row: TrialRow): number => sign * (valueAt(row, objective) ?? Number.POSITIVE_INFINITY);
    const valued = kept.filter((row) => row.status === "complete" && valueAt(row, objective) !== null);
    const best = valued.reduce<TrialRow | undefined>(
      (first, row) => (first && value(first) <= value(row) ? first : row),
      undefined,
    );
    return { kept, best };
  }, [state.rows, axes, selection]);
  if (selection.size === 0) return <p class="quiet">Drag along an axis to select trials.</p>;
  return (
    <p role="status">
      {kept.length.toLocaleString("en")} {kept.length === 1 ? "trial is" : "trials are"} selected
      {best && (
        <>
          ; the best is <TrialLink study={about.name} trial={best.number} /> with {about.metrics[objective]}{" "}
          {scoreOf(valueAt(best, objective))}
        </>
      )}
      . The table shows them.
    </p>
  );
}

interface RangeProps {
  readonly axis: SelectionAxis;
  readonly range: readonly [number, number] | undefined;
  readonly onRange: (range: readonly [number, number]) => void;
}

/** Two sliders: from and to. */
function Range({ axis, range, onRange }: RangeProps) {
  const steps = axis.words ? axis.words.length - 1 : STEPS;
  const ends = range ?? [axis.low, axis.high];
  const slider = (label: string, end: 0 | 1) => {
    const place = ends[end];
    return (
      <label>
        <span>{label}</span>
        <input
          type="range"
          min={0}
          max={steps}
          value={Math.round(steps * shareOf(axis, place))}
          disabled={steps < 1}
          aria-valuetext={axis.format(place)}
          onInput={(event) => {
            const at = placeAt(axis, event.currentTarget.valueAsNumber / steps);
            const other = ends[1 - end];
            // one slider stops at the other
            onRange(end === 0 ? [Math.min(at, other), other] : [other, Math.max(at, other)]);
          }}
        />
        <output>{axis.format(place)}</output>
      </label>
    );
  };
  return (
    <fieldset>
      <legend>{axis.name}</legend>
      {slider("from", 0)}
      {slider("to", 1)}
    </fieldset>
  );
}
