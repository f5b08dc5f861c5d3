/** The receipt of a table as text for people. */
import type { Finding, Receipt } from "../data/receipt.js";
import { plain } from "./format.js";

/** The number of findings shown per type; the others are counted. */
const SHOWN = 3;

/** The name of each type in counts. */
const CALLED: Readonly<Record<Finding["type"], string>> = {
  rows: "reasons",
  doubt: "columns in doubt",
  guess: "columns read by a guess",
  missing: "words read as missing",
  leftOut: "kinds of columns left out",
  spellings: "columns with words that differ only in case or spaces",
  words: "columns of numbers read as words",
  units: "columns with units",
};

/**
 * A line for each finding, at most three of each type and the count of the others.
 *
 * @param explain - rewrites a message for readers who do not write code
 */
export function receiptLines(
  { findings, rows, used }: Receipt,
  explain: (message: string) => string = (message) => message,
): string[] {
  const lines = used < rows ? [`${rows} rows read, ${used} used`] : [];
  for (const type of Object.keys(CALLED) as Finding["type"][]) {
    const own = findings.filter((finding) => finding.type === type);
    lines.push(...own.slice(0, SHOWN).map(({ message }) => plain(explain(message))));
    if (own.length > SHOWN)
      lines.push(`and ${own.length - SHOWN} more ${CALLED[type]}; fettle inspect --json prints all`);
  }
  return lines;
}
