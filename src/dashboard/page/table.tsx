/**
 * The table of trials: of ten thousand rows, those in view are drawn. Arrows move between rows, Space marks
 * one, Enter opens it.
 */
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { hashOf } from "../state/route.js";
import type { StudyState } from "../state/study.js";
import { arranged, type Column, columnsOf, type Sort, visibleRows } from "../state/table.js";
import type { StudyAbout, TrialRow } from "../wire.js";
import { Pill, Star } from "./parts.js";

/** Pixels, as in style.css. */
const ROW = 36;
const MOST_MARKED = 8;

interface TableProps {
  readonly about: StudyAbout;
  readonly state: StudyState;
  readonly best: ReadonlySet<number>;
  readonly onMarked: (trials: readonly number[]) => void;
  /** The trials that are selected in a picture; missing for all. */
  readonly selected?: (row: TrialRow) => boolean;
}

export function TrialTable({ about, state, best, onMarked, selected }: TableProps) {
  const [sort, setSort] = useState<Sort>({ id: "number", isDescending: true });
  const [filter, setFilter] = useState("");
  const [marked, setMarked] = useState<readonly number[]>([]);
  const [active, setActive] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const shouldFocus = useRef(false);
  const [view, setView] = useState({ top: 0, height: 600 });

  const columns = useMemo(
    () => columnsOf(about, state.rows.slice(0, 100), state.notes),
    [about, state.notes, state.rows.length > 0],
  );
  const rows = useMemo(
    () => arranged(selected ? state.rows.filter(selected) : state.rows, columns, sort, filter),
    [state.rows, columns, sort, filter, selected],
  );
  const { from, to } = visibleRows(rows.length, ROW, view);
  // the row that Tab leads to: the last that was used, if it is there and drawn
  const current = Math.max(0, Math.min(active, rows.length - 1));
  const reached = current >= from && current < to ? current : Math.ceil(view.top / ROW);

  useLayoutEffect(() => {
    const element = box.current as HTMLDivElement;
    const measure = (): void => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  // at once: the next key is for the row that this one led to
  useLayoutEffect(() => {
    if (!shouldFocus.current) return;
    shouldFocus.current = false;
    box.current?.querySelector<HTMLElement>(`[data-row="${current}"] a`)?.focus({ preventScroll: true });
  });

  const mark = (trial: number): void => {
    const next = marked.includes(trial)
      ? marked.filter((each) => each !== trial)
      : [...marked, trial].slice(-MOST_MARKED);
    setMarked(next);
    onMarked(next);
  };
  const sortBy = (id: string): void =>
    setSort({ id, isDescending: sort.id === id ? !sort.isDescending : id === "number" });
  const move = (to: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    const element = box.current as HTMLDivElement;
    const top = next * ROW;
    const room = element.clientHeight - 2 * ROW;
    if (top < element.scrollTop) element.scrollTop = top;
    if (top > element.scrollTop + room) element.scrollTop = top - room;
    shouldFocus.current = true;
    setActive(next);
    setView({ top: element.scrollTop, height: element.clientHeight });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(view.height / ROW) - 2);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: current + 1,
      ArrowUp: current - 1,
      PageDown: current + page,
      PageUp: current - page,
      Home: 0,
      End: rows.length - 1,
    };
    const isMark = event.key === " " && (event.target as HTMLElement).tagName === "A";
    if (!(event.key in steps) && !isMark) return;
    event.preventDefault();
    if (isMark && rows[current]) mark(rows[current].number);
    else move(steps[event.key]);
  };

  const template = columns.map(widthOf).join(" ");
  // of all rows alike, whatever is in them
  const minWidth = `${columns.reduce((sum, column) => sum + leastOf(column), 0)}px`;
  return (
    <div class="trials">
      <div class="tools">
        <label class="filter">
          <span class="hidden">Filter trials</span>
          <input
            type="search"
            placeholder="Filter: status:complete  units>32  adam"
            value={filter}
            spellcheck={false}
            onInput={(event) => {
              setFilter(event.currentTarget.value);
              setActive(0);
            }}
          />
        </label>
        <span class="quiet" role="status">
          {rows.length === state.rows.length
            ? `${rows.length.toLocaleString("en")} trials`
            : `${rows.length.toLocaleString("en")} of ${state.rows.length.toLocaleString("en")} trials`}
        </span>
        {marked.length > 1 ? (
          <a class="button primary" href={hashOf({ page: "compare", study: about.name, trials: marked })}>
            Compare {marked.length}
          </a>
        ) : (
          <span class="quiet hint">Mark two trials to compare them</span>
        )}
      </div>
      <div
        class="grid"
        role="table"
        aria-label="Trials"
        aria-rowcount={rows.length + 1}
        ref={box}
        onScroll={(event) => {
          const { scrollTop, clientHeight } = event.currentTarget;
          setView({ top: scrollTop, height: clientHeight });
        }}
        onKeyDown={onKeyDown}
      >
        <div role="rowgroup" class="head" style={{ minWidth }}>
          <div role="row" class="row" style={{ gridTemplateColumns: template }}>
            {columns.map((column) => (
              <div
                key={column.id}
                role="columnheader"
                class={column.isNumeric ? "number" : ""}
                aria-sort={sort.id !== column.id ? "none" : sort.isDescending ? "descending" : "ascending"}
              >
                <button type="button" onClick={() => sortBy(column.id)} title={`Sort by ${column.label}`}>
                  <span>{column.label}</span>
                  <i aria-hidden="true">{sort.id !== column.id ? "" : sort.isDescending ? "↓" : "↑"}</i>
                </button>
              </div>
            ))}
          </div>
        </div>
        <div role="rowgroup" class="body" style={{ minWidth, height: `${rows.length * ROW}px` }}>
          {rows.slice(from, to).map((row, i) => (
            <Row
              key={row.number}
              row={row}
              columns={columns}
              template={template}
              study={about.name}
              at={from + i}
              isBest={best.has(row.number)}
              isActive={from + i === reached}
              isMarked={marked.includes(row.number)}
              onMark={mark}
              onActive={setActive}
            />
          ))}
        </div>
        {rows.length === 0 && (
          <p class="empty">{state.rows.length === 0 ? "No trials yet." : "No trial fits."}</p>
        )}
      </div>
    </div>
  );
}

interface RowProps {
  readonly row: TrialRow;
  readonly columns: readonly Column[];
  readonly template: string;
  readonly study: string;
  readonly at: number;
  readonly isBest: boolean;
  readonly isActive: boolean;
  readonly isMarked: boolean;
  readonly onMark: (trial: number) => void;
  readonly onActive: (at: number) => void;
}

function Row({ row, columns, template, study, at, isBest, isActive, isMarked, onMark, onActive }: RowProps) {
  const { number } = row;
  const tabIndex = isActive ? 0 : -1;
  const classes = ["row", isBest ? "best" : "", isMarked ? "marked" : ""].join(" ");
  return (
    <div
      role="row"
      aria-rowindex={at + 2}
      data-row={at}
      class={classes}
      style={{ gridTemplateColumns: template, transform: `translateY(${at * ROW}px)` }}
      onFocusIn={() => onActive(at)}
    >
      {columns.map(({ id, text, isNumeric }) => (
        <div role="cell" key={id} class={isNumeric ? "number" : ""}>
          {id === "number" ? (
            <>
              <input
                type="checkbox"
                tabIndex={tabIndex}
                checked={isMarked}
                aria-label={`Mark trial ${number}`}
                onChange={() => onMark(number)}
              />
              <a tabIndex={tabIndex} href={hashOf({ page: "trial", study, trial: number })}>
                {number}
                {isBest && <Star />}
              </a>
            </>
          ) : id === "status" ? (
            <Pill status={row.status} />
          ) : (
            <span title={text(row)}>{text(row)}</span>
          )}
        </div>
      ))}
    </div>
  );
}

/** Pixels of a column at least, and all that those of a fixed width have. */
function leastOf({ id, label }: Column): number {
  const fixed = FIXED[id];
  return fixed ?? Math.max(92, Math.min(200, 9 * label.length + 34));
}

const FIXED: Readonly<Record<string, number | undefined>> = { number: 92, status: 108, seconds: 84 };

const widthOf = (column: Column): string =>
  FIXED[column.id] ? `${leastOf(column)}px` : `minmax(${leastOf(column)}px, 1fr)`;
