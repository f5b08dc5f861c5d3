/** The table of trials: its columns, the order of its rows, and which of them a filter keeps. Pure. */
import { formatDuration, formatScore, formatValue } from "../../report/format.js";
import type { Note, StudyAbout, TrialRow } from "../wire.js";
import { valueAt } from "./study.js";

export type Cell = number | string | boolean | null;

export interface Column {
  /** Unique: parameters begin with `param:`, objectives with `value:`. */
  readonly id: string;
  readonly label: string;
  readonly isNumeric: boolean;
  /** The value for sorting and filtering. */
  readonly cell: (row: TrialRow) => Cell;
  /** The displayed text. */
  readonly text: (row: TrialRow) => string;
}

export interface Sort {
  readonly id: string;
  readonly isDescending: boolean;
}

const DASH = "–";

/** The columns of a study. @param rows - searched for parameters that are not in the space */
export function columnsOf(
  about: Pick<StudyAbout, "space" | "metrics">,
  rows: readonly TrialRow[],
  notes: ReadonlyMap<number, Note>,
): readonly Column[] {
  const known = Object.keys(about.space);
  const params = known.length > 0 ? known : [...new Set(rows.flatMap(({ params }) => Object.keys(params)))];
  const numeric = (
    id: string,
    label: string,
    cell: (row: TrialRow) => number | null,
    text = formatScore,
  ) => ({
    id,
    label,
    isNumeric: true,
    cell,
    text: (row: TrialRow) => (cell(row) === null ? DASH : text(cell(row))),
  });
  const tagsOf = ({ number }: TrialRow) => notes.get(number)?.tags.join(", ") ?? "";
  return [
    numeric("number", "Trial", ({ number }) => number, String),
    ...about.metrics.map((metric, i) => numeric(`value:${i}`, metric, (row) => valueAt(row, i))),
    {
      id: "status",
      label: "Status",
      isNumeric: false,
      cell: ({ status }) => status,
      text: (row) => row.status,
    },
    ...params.map((name): Column => {
      const cell = ({ params }: TrialRow): Cell => {
        const value = Object.hasOwn(params, name) ? params[name] : null;
        return typeof value === "object" && value !== null ? JSON.stringify(value) : (value as Cell);
      };
      const parameter = about.space[name];
      const isNumeric = parameter
        ? parameter.type !== "choice"
        : typeof rows.find(({ params }) => Object.hasOwn(params, name))?.params[name] === "number";
      return {
        id: `param:${name}`,
        label: name,
        isNumeric,
        cell,
        text: (row) => (cell(row) === null ? DASH : formatValue(cell(row))),
      };
    }),
    numeric(
      "seconds",
      "Time",
      ({ seconds }) => seconds,
      (seconds) => formatDuration(seconds ?? 0),
    ),
    { id: "tags", label: "Tags", isNumeric: false, cell: tagsOf, text: tagsOf },
  ];
}

/**
 * The rows that a filter keeps, in order: rows without a cell come last in either direction, equal ones by
 * number.
 *
 * @param filter - see `parseFilter`
 */
export function arranged(
  rows: readonly TrialRow[],
  columns: readonly Column[],
  sort: Sort,
  filter: string,
): readonly TrialRow[] {
  const keeps = parseFilter(filter, columns);
  const kept = rows.filter(keeps);
  const column = columns.find(({ id }) => id === sort.id) ?? columns[0];
  const sign = sort.isDescending ? -1 : 1;
  if (column.id === "number") return sign === 1 ? kept : kept.reverse();
  // each cell is read once
  const keyed = kept.map((row) => ({ row, cell: column.cell(row) }));
  const isNothing = ({ cell }: { readonly cell: Cell }): boolean => cell === null || cell === "";
  const some = keyed.filter((each) => !isNothing(each));
  some.sort((a, b) => sign * compared(a.cell, b.cell) || a.row.number - b.row.number);
  // rows are sorted by number
  return [...some, ...keyed.filter(isNothing)].map(({ row }) => row);
}

function compared(x: Cell, y: Cell): number {
  if (typeof x === "number" && typeof y === "number") return x - y;
  const [a, b] = [String(x), String(y)];
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Whether a filter keeps a row. Each word must match: `units>32`, `loss<=0.1`, `status:failed`, `tag:keep`,
 * `optimizer:adam` compare a column, by its label in any case; any other word must occur somewhere in the
 * row.
 */
export function parseFilter(filter: string, columns: readonly Column[]): (row: TrialRow) => boolean {
  const tests = filter
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => testOf(word.toLowerCase(), columns));
  return (row) => tests.every((test) => test(row));
}

function testOf(word: string, columns: readonly Column[]): (row: TrialRow) => boolean {
  const [, name = "", operator = "", operand = ""] = /^([^<>=:]+)(<=|>=|<|>|=|:)(.*)$/.exec(word) ?? [];
  const column = columns.find(({ label, id }) =>
    [label.toLowerCase(), `${name}s` === id ? name : id].includes(name),
  );
  if (column && operand === "") return () => true; // not yet completely typed
  if (column && operator === ":")
    return (row) =>
      String(column.cell(row) ?? "")
        .toLowerCase()
        .includes(operand);
  if (column) {
    const limit = Number(operand);
    return (row) => {
      const cell = column.cell(row);
      if (operator === "=")
        return typeof cell === "number" ? cell === limit : String(cell).toLowerCase() === operand;
      if (typeof cell !== "number" || Number.isNaN(limit)) return false;
      if (operator === "<") return cell < limit;
      if (operator === "<=") return cell <= limit;
      if (operator === ">") return cell > limit;
      return cell >= limit;
    };
  }
  return (row) => columns.some(({ text }) => text(row).toLowerCase().includes(word));
}

/** Which rows of equal height to draw, and the offset of the first. */
export function visibleRows(
  count: number,
  height: number,
  view: { readonly top: number; readonly height: number },
  beyond = 6,
): { readonly from: number; readonly to: number } {
  const from = Math.max(0, Math.floor(view.top / height) - beyond);
  const to = Math.min(count, Math.ceil((view.top + view.height) / height) + beyond);
  return { from: Math.min(from, to), to };
}
