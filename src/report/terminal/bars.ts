/** Shares as bars of characters. */
import { columnsOf } from "../columns.js";
import { clip, percent, plain } from "../format.js";
import type { TerminalOptions } from "./chart.js";

const WIDEST_BAR = 40;
/** The shortest useful bar; with less space there are only figures. */
const NARROWEST_BAR = 4;
/** Eighths of a character. */
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const GAP = 2;

/**
 * A line for each share: its name, its figure, and a bar whose full length is 100 %. A name that leaves no
 * space for a bar has only its figure; without space for that, the figure has its own line.
 *
 * @param shares - from 0 to 1, by name
 * @example
 * ```ts
 * drawShares({ rate: 0.75, units: 0.125 }, { width: 24, ascii: true });
 * // ["rate   75 %  ########", "units  13 %  #"]
 * ```
 */
export function drawShares(
  shares: Readonly<Record<string, number>>,
  { width, ascii }: TerminalOptions,
): string[] {
  const entries = Object.entries(shares).map(([name, share]) => ({
    name: plain(name),
    share,
    figure: percent(share),
  }));
  if (entries.length === 0) return [];
  const figures = Math.max(...entries.map(({ figure }) => figure.length));
  const names = Math.max(...entries.map(({ name }) => columnsOf(name)));
  const isBeside = names + GAP + figures <= width;
  const most = Math.min(WIDEST_BAR, width - (isBeside ? names : 0) - figures - 2 * GAP);
  return entries.flatMap(({ name, share, figure }) => {
    const bar = most < NARROWEST_BAR ? "" : barOf(Math.min(1, Math.max(0, share)), most, ascii);
    const amount = `${figure.padStart(figures)}${" ".repeat(GAP)}${bar}`.trimEnd();
    if (isBeside) return [name + " ".repeat(names - columnsOf(name) + GAP) + amount];
    return [clip(name, width), " ".repeat(GAP) + amount];
  });
}

function barOf(share: number, width: number, ascii: boolean): string {
  if (ascii) return "#".repeat(Math.round(share * width));
  const eighths = Math.round(share * width * 8);
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}
