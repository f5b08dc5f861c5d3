/**
 * Random tables in ten countries' habits: each column is read as it was written, to the bit, or the table
 * says that it is not. Never something else in silence. `npm run test:long` tries 10,000 of them.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { receiptOf } from "../../src/data/receipt.js";
import { readTable, type Table } from "../../src/data/table.js";
import { FettleError } from "../../src/errors.js";
import { cases } from "../cases.js";

interface Country {
  readonly delimiters: readonly string[];
  readonly decimal: "." | ",";
  readonly groups: readonly string[];
  readonly date: (year: string, month: string, day: string) => string;
  readonly money: (digits: string) => string;
  /** A negative number, from its digits. */
  readonly minus: (digits: string) => string;
  readonly booleans: readonly [string, string];
  readonly missing: readonly string[];
}

const sign = (digits: string): string => `-${digits}`;
const plain = { minus: sign, missing: ["", "NA"] } as const;
/** As on most of the continent. */
const continental = {
  ...plain,
  delimiters: [";"],
  decimal: ",",
  date: (y: string, m: string, d: string) => `${d}.${m}.${y}`,
} as const;
const COUNTRIES: Readonly<Record<string, Country>> = {
  us: {
    ...plain,
    delimiters: [",", "\t"],
    decimal: ".",
    groups: ["", ","],
    date: (y, m, d) => `${m}/${d}/${y}`,
    money: (n) => `$${n}`,
    minus: (n) => `(${n})`,
    booleans: ["No", "Yes"],
  },
  uk: {
    ...plain,
    delimiters: [","],
    decimal: ".",
    groups: ["", ","],
    date: (y, m, d) => `${d}/${m}/${y}`,
    money: (n) => `£${n}`,
    booleans: ["false", "true"],
    missing: ["", "n/a"],
  },
  germany: {
    ...continental,
    groups: ["", "."],
    money: (n) => `${n} €`,
    booleans: ["nein", "ja"],
    missing: ["", "-", "k.A."],
  },
  sap: {
    ...plain,
    delimiters: [";", "|"],
    decimal: ",",
    groups: ["."],
    date: (y, m, d) => `${d}.${m}.${y}`,
    money: (n) => `${n} EUR`,
    minus: (n) => `${n}-`,
    booleans: ["Nein", "Ja"],
  },
  france: {
    ...plain,
    delimiters: [";"],
    decimal: ",",
    groups: ["", "\u00a0", "\u202f"],
    date: (y, m, d) => `${d}/${m}/${y}`,
    money: (n) => `${n}\u00a0€`,
    booleans: ["non", "oui"],
    missing: ["", "n.d."],
  },
  switzerland: {
    ...plain,
    delimiters: [";", ","],
    decimal: ".",
    groups: ["", "'", "’"],
    date: (y, m, d) => `${d}.${m}.${y}`,
    money: (n) => `CHF ${n}`,
    booleans: ["nein", "ja"],
    missing: ["", "–"],
  },
  sweden: {
    ...plain,
    delimiters: [";"],
    decimal: ",",
    groups: ["", " "],
    date: (y, m, d) => `${y}-${m}-${d}`,
    money: (n) => `${n} kr`,
    minus: (n) => `\u2212${n}`,
    booleans: ["nej", "ja"],
    missing: ["", "saknas"],
  },
  poland: {
    ...continental,
    groups: [" ", "\u00a0"],
    money: (n) => `${n} zł`,
    booleans: ["nie", "tak"],
    missing: ["", "brak"],
  },
  india: {
    ...plain,
    delimiters: [","],
    decimal: ".",
    groups: ["", "lakh"],
    date: (y, m, d) => `${d}-${m}-${y}`,
    money: (n) => `₹${n}`,
    booleans: ["no", "yes"],
    missing: ["", "null"],
  },
  japan: {
    ...plain,
    delimiters: [",", "\t"],
    decimal: ".",
    groups: ["", ","],
    date: (y, m, d) => `${y}/${m}/${d}`,
    money: (n) => `¥${n}`,
    booleans: ["いいえ", "はい"],
    missing: ["", "?", "不明"],
  },
};

type Kind = "count" | "number" | "money" | "mass" | "share" | "short" | "date" | "clock" | "boolean" | "word";
const KINDS: readonly Kind[] = [
  "count",
  "number",
  "money",
  "mass",
  "share",
  "short",
  "date",
  "clock",
  "boolean",
  "word",
];
const WORDS = [
  "Köln, Süd",
  "a; b",
  "x|y",
  'say "hi"',
  "red",
  "Red",
  "blue",
  "Ur",
  "New  York",
  "No 5",
  "12b",
];

/** Words that are missing cells in any column; others are words among words. */
const USUAL = ["", "NA", "n/a", "-", "null", "?"];

/** A cell's text and what it means; undefined for a missing cell. */
type Cell = readonly [text: string, meaning: number | string | undefined];

function grouped(whole: string, group: string): string {
  if (group === "") return whole;
  if (group !== "lakh") return whole.replace(/\B(?=(\d{3})+$)/g, group);
  return whole.length <= 3
    ? whole
    : `${whole.slice(0, -3).replace(/\B(?=(\d\d)+$)/g, ",")},${whole.slice(-3)}`;
}

/** Hundredths of a number, so that its decimal text is exact. */
const cellFor = (kind: Kind, country: Country, group: string) => {
  const written = (
    hundredths: number,
    digits: number,
    unit: (text: string) => string = (text) => text,
  ): Cell => {
    const value = Number(`${hundredths}e-${digits}`);
    const [whole, fraction] = Math.abs(value).toFixed(digits).split(".");
    const text = unit(grouped(whole, group) + (fraction ? country.decimal + fraction : ""));
    return [value < 0 ? country.minus(text) : text, value];
  };
  const amount = fc.integer({ min: -999_999_99, max: 999_999_99 });
  const pad = (n: number): string => String(n).padStart(2, "0");
  switch (kind) {
    case "count":
      return fc.integer({ min: 0, max: 9_999_999 }).map((n) => written(n, 0));
    case "number":
      return fc.tuple(amount, fc.constant(2)).map(([n, digits]) => written(n, digits));
    case "money":
      return amount.map((n) => written(n, 2, country.money));
    case "mass":
      return fc.nat(99_999).map((n) => written(n, 1, (text) => `${text} kg`));
    case "share":
      return fc.nat(1000).map((n) => written(n, 1, (text) => `${text} %`));
    case "short":
      return fc
        .tuple(fc.nat(99), fc.constantFrom(["", 1] as const, ["k", 1e3] as const, ["M", 1e6] as const))
        .map(([n, [letter, times]]): Cell => [`${n}${letter}`, n * times]);
    case "date":
      return fc
        .date({ min: new Date("1971-01-01"), max: new Date("2060-01-01"), noInvalidDate: true })
        .map((at): Cell => {
          const [year, month, day] = at.toISOString().slice(0, 10).split("-");
          return [country.date(year, month, day), Date.parse(`${year}-${month}-${day}`)];
        });
    case "clock":
      return fc.tuple(fc.nat(30), fc.nat(59)).map(([a, b]): Cell => [`${a}:${pad(b)}`, 60 * a + b]);
    case "boolean":
      return fc.boolean().map((is): Cell => [country.booleans[Number(is)], country.booleans[Number(is)]]);
    case "word":
      return fc.constantFrom(...WORDS).map((word): Cell => [word, word]);
  }
};

const tables = fc
  .record({
    name: fc.constantFrom(...Object.keys(COUNTRIES)),
    kinds: fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 6 }),
    rows: fc.integer({ min: 1, max: 60 }),
    quotes: fc.boolean(),
    pick: fc.nat(5),
    gaps: fc.constantFrom(0, 1, 3),
  })
  .chain((how) => {
    const country = COUNTRIES[how.name];
    const columns = how.kinds.map((kind, j) => {
      const cell = cellFor(kind, country, country.groups[(how.pick + j) % country.groups.length]);
      const isOfWords = kind === "word" || kind === "boolean";
      const gap = fc
        .constantFrom(...country.missing)
        .map((text): Cell => [text, isOfWords && !USUAL.includes(text) ? text : undefined]);
      const one =
        how.gaps === 0
          ? cell
          : fc.oneof({ weight: 20, arbitrary: cell }, { weight: how.gaps, arbitrary: gap });
      return fc.array(one, { minLength: how.rows, maxLength: how.rows });
    });
    return fc.tuple(...columns).map((cells) => ({ ...how, country, cells }));
  });

/** The table; undefined if it is refused, which says so. */
function readOrRefused(text: string, delimiter: string): Table | undefined {
  try {
    return readTable(text, { delimiter });
  } catch (error) {
    if (error instanceof FettleError) return undefined;
    throw error;
  }
}

it("are read back, or the table says what was not", () => {
  let told = 0;
  let all = 0;
  fc.assert(
    fc.property(tables, ({ country, kinds, cells, rows, quotes, pick }) => {
      const delimiter = country.delimiters[pick % country.delimiters.length];
      const quoted = (text: string): string =>
        quotes || text.includes('"') || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text;
      const lines = Array.from({ length: rows }, (_, i) =>
        cells.map((column) => quoted(column[i][0])).join(delimiter),
      );
      const names = kinds.map((kind, j) => quoted(`${kind} ${j}`));
      const text = `${names.join(delimiter)}\n${lines.join("\n")}\n`;
      const table = readOrRefused(text, delimiter);
      if (table === undefined) return;
      const receipt = receiptOf(table);
      cells.forEach((column, j) => {
        const { name, kind, values, categories, doubt, reason } = table.columns[j];
        // a foreign word alone is a word
        if (column.every(([, meaning]) => meaning === undefined)) return;
        all++;
        const expected = column.map(([, meaning]) => meaning);
        const found = [...values].map((value) =>
          Number.isNaN(value)
            ? undefined
            : kind === "category" || kind === "boolean"
              ? categories[value].toLowerCase()
              : value,
        );
        const isSame =
          doubt === undefined &&
          reason === undefined &&
          found.every((value, i) => {
            const meaning = expected[i];
            return Object.is(
              value,
              typeof meaning === "string"
                ? meaning.toLowerCase()
                : meaning === undefined
                  ? undefined
                  : meaning + 0,
            );
          });
        // units are a finding of what was read, not that it is open
        const isTold = receipt.findings.some(
          ({ type, columns }) => type !== "units" && columns.includes(name),
        );
        if (!isSame) told++;
        expect({ isSame: isSame || isTold, name, cells: column.map(([text]) => text), found }).toMatchObject({
          isSame: true,
        });
      });
    }),
    { numRuns: cases(500) },
  );
  expect(told / all).toBeLessThan(0.15);
});
