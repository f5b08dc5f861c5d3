/** What a benchmark reports: one comparison a row, as a line of the table and an object of the JSON file. */
import { median, type Timing, timesFaster } from "./measure.js";

export interface Row {
  readonly suite: string;
  readonly name: string;
  readonly size: string;
  readonly ours: number;
  /** Null where there is nothing to compare with, or the peer is not installed. */
  readonly peer: number | null;
  readonly peerName: string | null;
  readonly unit: string;
  /** How many times faster, or smaller, ours is: above 1 is better than the peer. */
  readonly ratio: number | null;
}

/** Times in parts of a second, or rates in thousands of millions of what one call does. */
export type SpeedUnit = "µs" | "ms" | "GFLOP/s" | "GB/s";

const perSecond: Partial<Record<SpeedUnit, number>> = { µs: 1e6, ms: 1e3 };

/** A comparison of two timings of one measurement. */
export function speedRow(
  where: Pick<Row, "suite" | "name" | "size">,
  unit: SpeedUnit,
  ours: Timing,
  peerName?: string,
  peer?: Timing,
): Row {
  const inUnit = ({ seconds, amount }: Timing): number => {
    const scale = perSecond[unit];
    return scale === undefined ? amount / median(seconds) / 1e9 : median(seconds) * scale;
  };
  return {
    ...where,
    ours: inUnit(ours),
    peer: peer ? inUnit(peer) : null,
    peerName: peer && peerName ? peerName : null,
    unit,
    ratio: peer ? timesFaster(ours, peer) : null,
  };
}

/** A number that is no time, with a number to compare it with; less is better. */
export function plainRow(
  where: Pick<Row, "suite" | "name" | "size">,
  unit: string,
  ours: number,
  peerName?: string,
  peer?: number,
): Row {
  return {
    ...where,
    ours,
    peer: peer ?? null,
    peerName: peer !== undefined && peerName ? peerName : null,
    unit,
    ratio: peer === undefined ? null : peer / ours,
  };
}

const columns: readonly (readonly [title: string, width: number, cell: (row: Row) => string])[] = [
  ["suite", 12, (row) => row.suite],
  ["name", 30, (row) => row.name],
  ["size", 22, (row) => row.size],
  ["ours", 10, (row) => digits(row.ours)],
  ["peer", 10, (row) => (row.peer === null ? "" : digits(row.peer))],
  ["unit", 9, (row) => row.unit],
  ["ratio", 8, (row) => (row.ratio === null ? "" : digits(row.ratio))],
  ["peer's name", 0, (row) => row.peerName ?? ""],
];

/** The titles of the table's columns. */
export const tableHead = columns.map(([title, width]) => title.padEnd(width)).join("");

/** A row as a line of the table. */
export function tableLine(row: Row): string {
  return columns.map(([, width, cell]) => cell(row).padEnd(width)).join("");
}

/** Three significant digits, without an exponent. */
function digits(value: number): string {
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value.toFixed(Math.min(decimals, 3));
}
