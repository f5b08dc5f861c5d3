/** The receipt of a table as text for people. */
import type { Finding, Receipt } from "../data/receipt.js";
import { plain } from "./format.js";

/** So many findings of a type are shown; the others are counted. */
const SHOWN = 3;

/** What each type is called where it is counted. */
const CALLED: Readonly<Record<Finding["type"], string>> = {
  rows: "reasons",
  doubt: "columns in doubt",
  guess: "columns whose reading is a guess",
  missing: "words that are read as missing",
  leftOut: "kinds of columns left out",
  spellings: "columns whose words differ in case or spaces",
  words: "columns of numbers that are read as words",
  units: "columns with units",
};

/**
 * A line for each finding, at most three of each type: of the others the count.
 *
 * @param explain - puts a message in the words of the reader, who may not write code
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
      lines.push(`and ${own.length - SHOWN} more ${CALLED[type]}; fettle inspect --json has all`);
  }
  return lines;
}
