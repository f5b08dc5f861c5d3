/**
 * A reading receipt: what was decided when a table was read, and what is in doubt, each with the option that
 * changes it. It depends only on the table and changes nothing.
 */
import { show } from "../errors.js";
import { isDate } from "./dateOrders.js";
import { isNumber } from "./formats.js";
import { keptAs } from "./identifiers.js";
import { USUAL_NA } from "./infer.js";
import { list } from "./nearly.js";
import { type NumberFormat, parseNumber } from "./numbers.js";
import { foldCase } from "./read.js";
import type { ColumnSchema, Settlement } from "./schema.js";
import { checkTable, type Table } from "./table.js";
import { asKind } from "./ways.js";

/** One decision or doubt. */
export interface Finding {
  /**
   * - `rows`: rows that are read but not used
   * - `doubt`: an ambiguous column, which is refused; `guess`: an ambiguous column that was read in the
   *   likely way
   * - `missing`: a word that is read as a missing cell
   * - `leftOut`: columns that teach a model nothing
   * - `spellings`: words that differ only in case or spaces
   * - `words`: numbers or dates that are read as words, because of other cells
   * - `units`: numbers with units, scales, signs or clocks
   */
  readonly type: "rows" | "doubt" | "guess" | "missing" | "leftOut" | "spellings" | "words" | "units";
  readonly columns: readonly string[];
  /** For people, with the option that changes it. */
  readonly message: string;
  /** Options for the most likely choice, for a person to check. */
  readonly settle?: Settlement;
}

/** How a table was read. */
export interface Receipt {
  /** Rows of the table. */
  readonly rows: number;
  /** Rows that are used; all rows of a table that is not encoded. */
  readonly used: number;
  readonly findings: readonly Finding[];
}

/**
 * The receipt of a table: doubts and guesses first, then words that mean missing cells, columns that are left
 * out, different spellings, numbers that are read as words, and units.
 *
 * @param table - the result of `readTable` or `readRecords`
 * @param names - of the columns to include; all by default
 * @throws FettleError `invalid_argument` for anything but a table
 * @example
 * ```ts
 * const table = readTable("size,sold\n4,Yes\n?,yes\n5,maybe\n");
 * receiptOf(table).findings[0].message; // '"?" is read as missing in 1 cell of "size"; choose defaultNa: false to read it as a word'
 * ```
 */
export function receiptOf(table: Table, names?: readonly string[]): Receipt {
  checkTable(table);
  const wanted = names && new Set(names);
  const columns = table.schema.columns.filter(({ name }) => wanted?.has(name) ?? true);
  const findings = [
    ...columns.flatMap(inDoubt),
    ...missingWordsOf(table, new Set(columns.map(({ name }) => name))),
    ...leftOut(columns),
    ...columns.flatMap(spellings),
    ...columns.flatMap(numbersAsWords),
    ...units(columns),
  ];
  return { rows: table.rows, used: table.rows, findings };
}

function inDoubt({ name, doubt, guess, settle }: ColumnSchema): Finding[] {
  const text = doubt ?? guess;
  if (text === undefined) return [];
  const type = doubt === undefined ? "guess" : "doubt";
  return [{ type, columns: [name], message: `column ${show(name)} ${text}`, ...(settle && { settle }) }];
}

/** Each word that is read as missing, with its columns. */
function missingWordsOf({ columns, schema }: Table, wanted: ReadonlySet<string>): Finding[] {
  const usual = new Set(USUAL_NA.map((word) => word.toLowerCase()));
  const own = new Map(schema.columns.map(({ name, na }) => [name, na?.join(", ")]));
  const found = new Map<string, { name: string; count: number }[]>();
  const findings: Finding[] = [];
  for (const { name, kind, gaps = [] } of columns) {
    if (!wanted.has(name)) continue;
    for (const [word, count] of gaps) {
      if (word !== own.get(name)) found.set(word, [...(found.get(word) ?? []), { name, count }]);
      else
        findings.push({
          type: "missing",
          columns: [name],
          message:
            `${show(word)} is read as missing in ${cells(count)} of ${show(name)}, whose other cells are ${kind}s; ` +
            `choose as: ${asKind(name, "category")} to read it as a word`,
        });
    }
  }
  for (const [word, each] of found) {
    const names = each.map(({ name }) => name);
    const count = each.reduce((sum, { count }) => sum + count, 0);
    const way = usual.has(word) ? "; choose defaultNa: false to read it as a word" : "";
    const message = `${show(word)} is read as missing in ${cells(count)} of ${list(names)}${way}`;
    findings.push({ type: "missing", columns: names, message });
  }
  return findings;
}

const cells = (count: number): string => `${count} ${count === 1 ? "cell" : "cells"}`;

/** Columns of each kind that is left out. */
function leftOut(columns: readonly ColumnSchema[]): Finding[] {
  const groups = new Map<string, ColumnSchema[]>();
  for (const column of columns)
    if (column.reason !== undefined) groups.set(column.kind, [...(groups.get(column.kind) ?? []), column]);
  return [...groups].map(([kind, [first, ...others]]): Finding => {
    const { name, reason = "" } = first;
    const isKept = kind === "identifier" || kind === "text";
    const names = [name, ...others.map((each) => each.name)];
    const isSame = others.every((each) => each.reason === reason);
    const what =
      others.length === 0
        ? `${show(name)} ${reason}`
        : isSame
          ? `${names.length} columns, each of which ${reason}: ${list(names)}`
          : `${show(name)} ${reason}; ${list(names.slice(1))} also of kind ${kind}`;
    const way = isKept
      ? `; choose as: ${keptAs(name, reason)} to keep ${others.length > 0 ? "one" : "it"}`
      : "";
    return {
      type: "leftOut",
      columns: names,
      message: `left out: ${what}${way}`,
    };
  });
}

/** Words of a category that differ only in case and spaces. */
function spellings({ name, kind, categories, ignoreCase }: ColumnSchema): Finding[] {
  if (kind !== "category" || ignoreCase) return [];
  const groups = new Map<string, string[]>();
  for (const word of categories) {
    const folded = foldCase(word);
    groups.set(folded, [...(groups.get(folded) ?? []), word]);
  }
  const several = [...groups.values()].find((words) => words.length > 1);
  if (several === undefined) return [];
  const message =
    `${show(name)} has ${categories.length} words, ${groups.size} without case and spaces, such as ${list(several)}; ` +
    `choose ignoreCase: ${JSON.stringify([name])} to read them as one`;
  return [{ type: "spellings", columns: [name], message, settle: { ignoreCase: [name] } }];
}

/** A category with half of the words or more numbers or dates; all of them would be a user's choice. */
function numbersAsWords({ name, kind, categories, doubt }: ColumnSchema): Finding[] {
  if (kind !== "category" || doubt !== undefined) return [];
  for (const [what, is] of [
    ["numbers", isNumber],
    ["dates", isDate],
  ] as const) {
    const others = categories.filter((word) => !is(word));
    const count = categories.length - others.length;
    if (others.length === 0 || count === 0 || count < others.length) continue;
    const message =
      `${show(name)} is read as words: ${count} of its ${categories.length} different cells are ${what}, but not ${list(others)}; ` +
      `if those mean missing cells, choose na: ${JSON.stringify(others.slice(0, 3))}`;
    return [{ type: "words", columns: [name], message }];
  }
  return [];
}

/** Units and marks in the numbers of columns. */
function units(columns: readonly ColumnSchema[]): Finding[] {
  const read = columns.flatMap(({ name, kind, format, samples }) => {
    if (kind !== "number" || !format) return [];
    const { unit = "", negative, scaled, clock } = format;
    const parts = [
      ...(unit === "" ? [] : [`in ${unit}`]),
      ...(negative ? [`negative ${negative === "after" ? "with a minus after" : "in brackets"}`] : []),
      ...(scaled ? ["k, M and B as powers of ten"] : []),
      ...(clock ? [clockText(samples, format)] : []),
    ];
    return parts.length === 0 ? [] : [{ name, text: `${show(name)} ${parts.join(", ")}` }];
  });
  if (read.length === 0) return [];
  const shown = read.slice(0, 3).map(({ text }) => text);
  const more = read.length > 3 ? ` and ${read.length - 3} more` : "";
  const [{ name }] = read;
  const message = `read as numbers: ${shown.join("; ")}${more}; choose as: ${asKind(name, "category")} to read words`;
  return [{ type: "units", columns: read.map((each) => each.name), message }];
}

/** How the times of a column are read, by the first one. */
function clockText(samples: readonly string[] = [], format: NumberFormat): string {
  const isHalfDay = format.clock === "am/pm";
  const [sample = isHalfDay ? "10:30 PM" : "2:05"] = samples;
  const unit = isHalfDay ? "seconds after midnight" : "in its last part";
  return `${sample} as ${parseNumber(sample, format)}${isHalfDay ? " " : ", "}${unit}`;
}

/** All settlements combined; of two for one column, the first. */
export function settlementOf({ findings }: Receipt): Settlement {
  const all = findings.flatMap(({ settle }) => settle ?? []);
  const na = [...new Set(all.flatMap((each) => each.na ?? []))];
  const ignoreCase = all.flatMap((each) => each.ignoreCase ?? []);
  const dateOrder = all.find((each) => each.dateOrder !== undefined)?.dateOrder;
  const decimal = Object.assign({}, ...all.map((each) => each.decimal).reverse());
  const as = Object.assign({}, ...all.map((each) => each.as).reverse());
  return {
    ...(na.length > 0 && { na }),
    ...(Object.keys(decimal).length > 0 && { decimal }),
    ...(dateOrder && { dateOrder }),
    ...(Object.keys(as).length > 0 && { as }),
    ...(ignoreCase.length > 0 && { ignoreCase }),
  };
}
