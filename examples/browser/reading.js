/** Turns a dropped file into a table, or into a message that explains why it cannot. */
import { FettleError, readTable } from "fettle";

/** Bytes of a file. Larger tables are for the command line. */
const LARGEST = 32 * 2 ** 20;
const SHOWN_ROWS = 5;
/** Above this number of rows, one worker takes long. */
const MANY_ROWS = 50_000;

/** Texts that people have together with their tables. */
const OTHERS = [
  { name: "a page of HTML", begins: /^\uFEFF?\s*<(!doctype|html|\?xml|svg)/i },
  { name: "JSON", begins: /^\uFEFF?\s*[{[]\s*["{[\]}]/ },
];

/**
 * The text of a table.
 *
 * @param {string | Blob} source
 * @throws FettleError `invalid_data` if it is too large, or not text
 */
export async function textOf(source) {
  if (typeof source === "string") return source;
  if (source.size > LARGEST)
    throw new FettleError(
      "invalid_data",
      `the file has ${megabytes(source.size)} MB; this page reads at most ${megabytes(LARGEST)} MB. ` +
        "Drop a part of its rows, or use the command line: npx fettle tune",
    );
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await source.arrayBuffer());
    const other = OTHERS.find(({ begins }) => begins.test(text));
    if (!text.includes("\0") && !other) return text;
    if (other)
      throw new FettleError(
        "invalid_data",
        `the file is ${other.name}, not a table: save the table as CSV, with a header line, and drop that file`,
      );
  } catch (error) {
    if (error instanceof FettleError) throw error;
  }
  throw new FettleError(
    "invalid_data",
    "the file is not text: save the table as CSV in UTF-8, with a header line, and drop that file",
  );
}

/**
 * The description of a table for the page.
 *
 * @throws FettleError `invalid_data`
 */
export function aboutTable(csv) {
  const table = readTable(csv);
  const columns = table.columns.map(({ name, kind, reason }) => ({
    name,
    kind,
    reason,
    // the reason why it cannot be predicted
    refused: reason ?? (kind === "date" ? "it holds dates" : undefined),
  }));
  if (columns.length < 2)
    throw new FettleError(
      "invalid_data",
      `a table must have at least two columns, one to predict and one to predict it from; received ${columns.length}`,
    );
  const rows = Array.from({ length: Math.min(SHOWN_ROWS, table.rows) }, (_, row) =>
    table.columns.map((column) => cell(column, row)),
  );
  if (columns.every(({ refused }) => refused !== undefined))
    throw new FettleError(
      "invalid_data",
      `no column of the table can be predicted: ${columns.map(({ name, refused }) => `“${name}”: ${refused}`).join("; ")}`,
    );
  const long =
    table.rows > MANY_ROWS
      ? ["This many rows take long in a page; npx fettle tune uses all processors of this machine."]
      : [];
  return { rows: table.rows, columns, preview: rows, notes: [...table.notes, ...long] };
}

/** A cell as text; empty where it is missing. */
export function cell({ kind, values, categories }, row) {
  const value = values[row];
  if (Number.isNaN(value)) return "";
  if (kind === "date") return new Date(value).toISOString().replace(/T00:00:00\.000Z$/, "");
  if (categories.length > 0) return categories[value] ?? "";
  return kind === "number" ? String(Number(value.toPrecision(7))) : "…";
}

const megabytes = (bytes) => (bytes / 2 ** 20).toFixed(0);
