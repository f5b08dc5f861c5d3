/**
 * A table as people have them, in ten dialects: the same matrix to the bit, and each wrong reading refused
 * with its remedy.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { readTableFile, type TableFlags } from "../../src/cli/dataset.js";
import { encodeTable } from "../../src/data/dataset.js";
import { RandomStream } from "../../src/numerics/random.js";
import { fettle } from "../cli/fettle.js";
import { rowByRow } from "./rows.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-messy-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ROWS = 2000;
const MISSING = ["", "NA", "?", "-", "null"];
const CITIES = ["Köln, Süd", 'Bar "Q"', "Aix; Nord", "Łódź", "Ur"];

/** The content, before it is written in some dialect. Missing cells are undefined. */
const random = new RandomStream(14, 1);
const rows = Array.from({ length: ROWS }, (_, i) => {
  const gap = () => random.uniform() < 0.04;
  const amount = 1000 + random.integer(900_000) / 4;
  const share = random.integer(401) / 4;
  const day = random.integer(20_000);
  const city = random.integer(CITIES.length);
  return {
    customer_id: 70_000 + 7 * i,
    joined: gap() ? undefined : day,
    amount: gap() ? undefined : amount,
    share: gap() ? undefined : share,
    city: gap() ? undefined : CITIES[city],
    score: random.integer(100) / 8,
    score2: random.integer(1000),
    bought: amount / 2250 + share + 20 * city + 30 * random.uniform() > 145,
  };
});
type Row = (typeof rows)[number];
type Name = keyof Row;
const NAMES = Object.keys(rows[0]) as Name[];

const iso = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);
const german = (day: number): string => iso(day).split("-").reverse().join(".");
const american = (day: number): string => {
  const [year, month, date] = iso(day).split("-");
  return `${Number(month)}/${Number(date)}/${year}`;
};
const grouped = (value: number, group: string, decimal: string): string => {
  const [whole, fraction] = value.toFixed(2).split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, group) + decimal + fraction;
};

interface Dialect {
  readonly delimiter?: string;
  readonly decimal?: "," | ".";
  readonly group?: string;
  readonly date?: (day: number) => string;
  readonly percent?: string;
  readonly yes?: readonly [no: string, yes: string];
  readonly quoteAll?: boolean;
  readonly end?: string;
  /** The names, in their order in the file. */
  readonly order?: readonly Name[];
  /** The text, made into a file. */
  readonly pack?: (text: string) => Uint8Array | string;
}

/** The text of the content in some dialect. */
function written({
  delimiter = ",",
  decimal = ".",
  group = "",
  date = iso,
  percent = "",
  yes = ["no", "yes"],
  quoteAll = false,
  end = "\n",
  order = NAMES,
}: Dialect): string {
  const cell = (row: Row, name: Name, k: number): string => {
    const value = row[name];
    if (value === undefined) return MISSING[k % MISSING.length];
    switch (name) {
      case "joined":
        return date(value as number);
      case "amount":
        return grouped(value as number, group, decimal);
      case "share":
        return `${String(value).replace(".", decimal)}${percent}`;
      case "score":
        return String(value).replace(".", decimal);
      case "bought":
        return yes[Number(value)];
      default:
        return String(value);
    }
  };
  const quoted = (text: string): string =>
    quoteAll || text.includes(delimiter) || text.includes('"') ? `"${text.replaceAll('"', '""')}"` : text;
  const header = order.map((name) => (name === "score2" ? "score" : name)); // a name twice
  const lines = [header, ...rows.map((row, i) => order.map((name, j) => cell(row, name, i + j)))];
  return lines.map((line) => line.map(quoted).join(delimiter)).join(end) + end;
}

const utf16 = (text: string): Uint8Array => Buffer.from(`\ufeff${text}`, "utf16le");
const dialects: Readonly<Record<string, Dialect>> = {
  plain: {},
  german: {
    delimiter: ";",
    decimal: ",",
    group: ".",
    date: german,
    percent: " %",
    end: "\r\n",
    pack: (text) => `\ufeff${text}`,
  },
  "german, gzip": {
    delimiter: ";",
    decimal: ",",
    group: ".",
    date: german,
    percent: "%",
    pack: (text) => gzipSync(text),
  },
  american: { group: ",", date: american, percent: "%", quoteAll: true },
  tabs: { delimiter: "\t", date: (day) => `${iso(day)}T00:00:00Z`, yes: ["No", "YES"] },
  pipes: { delimiter: "|", group: " ", end: "\r" },
  "UTF-16": { delimiter: ";", decimal: ",", pack: utf16 },
  "UTF-16, gzip": { delimiter: "\t", group: "'", pack: (text) => gzipSync(utf16(text)) },
  "other order": { order: ["bought", "city", "amount", "score", "score2", "share", "joined", "customer_id"] },
  "JSON lines": { yes: ["false", "true"] },
};

const textOf = (dialect: Dialect): Uint8Array | string =>
  (dialect.pack ?? ((text) => text))(written(dialect));
const jsonLines = (): string =>
  rows
    .map((row) =>
      JSON.stringify({
        ...row,
        joined: row.joined === undefined ? null : iso(row.joined),
        "score (2)": row.score2,
        score2: undefined,
      }),
    )
    .join("\n");

const FLAGS: TableFlags = { defaultNa: true };
async function matrixOf(name: string, text: Uint8Array | string, flags: TableFlags = FLAGS) {
  const file = join(folder, `${name.replaceAll(/\W+/g, "-")}.csv`);
  writeFileSync(file, text);
  const data = encodeTable(await readTableFile(file, flags), { target: "bought", missing: "impute" });
  const order = ["joined", "amount", "share", "city", "score", "score (2)"];
  const places = order.map((column) => data.inputs.findIndex((input) => input.name === column));
  const x = Float64Array.from(rowByRow({ columns: places.map((j) => data.columns[j]) }));
  return { data, x };
}

describe("the same content", async () => {
  const plain = await matrixOf("plain", textOf({}));

  it("is what was written, without the identifier", () => {
    expect(plain.data.leftOut).toEqual([{ name: "customer_id", reason: "is different in every row" }]);
    expect(plain.data.inputs.map(({ kind }) => kind)).toEqual([
      "date",
      "number",
      "number",
      "category",
      "number",
      "number",
    ]);
    expect(plain.data.notes).toEqual([
      'column 7 repeats the name "score"; it is read as "score (2)"',
      '"yes" is the positive class of "bought", by its name; choose positive: "no" for the other',
    ]);
    const words = [...CITIES].sort();
    rows.forEach((row, i) => {
      const day = row.joined === undefined ? NaN : row.joined * 86_400_000;
      const city = row.city === undefined ? NaN : words.indexOf(row.city);
      expect([...plain.x.subarray(6 * i, 6 * i + 6)]).toEqual([
        ...[day, row.amount ?? NaN, row.share ?? NaN],
        ...[city, row.score, row.score2],
      ]);
      expect(plain.data.labels[i]).toBe(Number(row.bought));
    });
  });

  it.each(Object.entries(dialects))("is the same matrix to the bit: %s", async (name, dialect) => {
    const { x, data } = await matrixOf(name, name === "JSON lines" ? jsonLines() : textOf(dialect));
    expect(new Uint8Array(x.buffer)).toEqual(new Uint8Array(plain.x.buffer));
    expect(data.y).toEqual(plain.data.y);
    expect(data.classes).toEqual(dialect.yes ?? ["no", "yes"]);
  });

  it("in Latin-1 needs its encoding, and says so", async () => {
    const latin = Buffer.from(written({ delimiter: ";" }).replaceAll("Łódź", "Lodz"), "latin1");
    await expect(matrixOf("latin", latin)).rejects.toThrow(/--encoding windows-1252/);
    const { data } = await matrixOf("latin", latin, { ...FLAGS, encoding: "windows-1252" });
    expect(data.inputs[3].categories).toContain("Köln, Süd");
  });
});

describe("on the command line", () => {
  const file = join(folder, "messy.csv.gz");
  writeFileSync(file, gzipSync(`\ufeff${written({ ...dialects.german, end: "\r\n" })}`));
  const tune = ["tune", file, "--trials", "2", "--epochs", "3", "--folds", "2", "--jobs", "1"];

  it("tunes with two options, and names what it left out and renamed", async () => {
    const { code, stdout } = await fettle([...tune, "--target", "bought", "--missing", "impute"]);
    expect(code).toBe(0);
    const text = stdout.replaceAll(/\s+/g, " ");
    expect(text).toContain("2000 rows, 6 inputs, classification of bought (no, yes)");
    expect(text).toContain('left out: "customer_id" is different in every row');
    expect(text).toContain('column 7 repeats the name "score"');
    expect(Number(/accuracy +(0\.\d+)/.exec(stdout.slice(stdout.indexOf("held-out")))?.[1])).toBeGreaterThan(
      0.8,
    );
  });

  it("says which option is missing", async () => {
    const { code, stderr } = await fettle([...tune, "--target", "bought"]);
    expect(code).toBe(2);
    expect(stderr).toContain("choose --missing impute or --missing drop");
  });
});

describe("a reading that could be wrong is refused with the option that mends it", () => {
  const read = (change: (text: string) => string, flags: Partial<TableFlags> = {}) =>
    matrixOf("changed", change(written({ delimiter: ";" })), { ...FLAGS, ...flags });
  it.each<[string, (text: string) => string, RegExp, Partial<TableFlags>]>([
    [
      "a mark that could be either",
      () => written({ delimiter: ";", group: "," }).replaceAll(/\.\d+/g, ""),
      /column "amount" can be read in two ways, .* choose decimal: "\." or decimal: ","/,
      { decimal: "." },
    ],
    [
      "a word for missing cells that is not usual",
      (text) => text.replaceAll("null", "k.A.").replaceAll("?", "keine"),
      /holds numbers except for "k\.A\.", "keine"; if that means a missing cell, choose na: \["k\.A\.","keine"\]/,
      { na: ["k.A.", "keine"] },
    ],
    [
      "days that could be months",
      (text) =>
        text.replaceAll(
          /(\d{4})-(\d\d)-(\d\d)/g,
          (_, year, month, day) => `${month}/${(Number(day) % 12) + 1}/${year}`,
        ),
      /column "joined" can be read in two ways, .* choose dateOrder: "dmy" or dateOrder: "mdy"/,
      { dateOrder: "mdy" },
    ],
  ])("%s", async (_, change, message, flags) => {
    await expect(read(change)).rejects.toThrow(message);
    expect((await read(change, flags)).data.inputs.length).toBe(6);
  });
});
