import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Schema } from "../../src/data/schema.js";
import { fettle, folder } from "./fettle.js";

const SALES = "id;price;share;port;shelf\n1;1.234,50;45 %;C;1\n2;99,10;3 %;Q;2\n3;-;7 %;S;3\n";
/** `size` can be read in two ways; `count` has a word among its numbers. */
const DOUBTFUL = `size,count,sold\n${[1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => `"${i},000",${i},yes\n`).join("")}"3,500",<1,no\n`;

describe.concurrent("fettle inspect", () => {
  it("prints a line for each column, and the schema as JSON", async () => {
    const cwd = folder({ "sales.csv": SALES });
    const [text, json] = await Promise.all([
      fettle(["inspect", "sales.csv"], cwd),
      fettle(["inspect", "sales.csv", "--json"], cwd),
    ]);
    expect(text).toEqual({
      code: 0,
      stderr: "",
      stdout: `sales.csv: 3 rows, 5 columns

  column                  kind      cells          samples
  id                    number        all          1, 2, 3
  price    number like 1.234,5  1 missing  1.234,50, 99,10
  share   number like 1234.5 %        all   45 %, 3 %, 7 %
  port           category of 3        all          C, Q, S
  shelf                 number        all          1, 2, 3

"-" is read as missing in 1 cell of "price"; choose --no-default-na to read it
as a word
read as numbers: "share" in %; choose --as share=category to read words
`,
    });
    const { columns } = JSON.parse(json.stdout) as Schema;
    expect(columns.map(({ kind, format }) => [kind, format])).toEqual([
      ["number", undefined],
      ["number", { decimal: ",", group: "." }],
      ["number", { unit: "%" }],
      ["category", undefined],
      ["number", undefined],
    ]);
  });

  it("counts columns without cells, and tune does too", async () => {
    const names = Array.from({ length: 96 }, (_, i) => `e${i}`);
    const rows = Array.from(
      { length: 40 },
      (_, i) => `${(i * i) % 11},${",".repeat(96)}${i % 2 ? "yes" : "no"}`,
    );
    const cwd = folder({ "a.csv": `size,${names.join(",")},sold\n${rows.join("\n")}\n` });
    const told = 'left out: 96 columns, each of which has no cells: "e0", "e1", "e2" and 93 more';
    for (const words of [
      ["inspect", "a.csv"],
      [..."tune a.csv --target sold --trials 1 --epochs 1".split(" ")],
    ]) {
      const { code, stdout } = await fettle(words, cwd);
      expect(code).toBe(0);
      expect(stdout.replaceAll(/\s+/g, " ")).toContain(told);
      expect(stdout.match(/e3\d/g)).toBeNull();
    }
    const { stdout } = await fettle(["inspect", "a.csv", "--json"], cwd);
    expect((JSON.parse(stdout) as Schema).columns.filter(({ kind }) => kind === "empty")).toHaveLength(96);
  });

  it("says what is in doubt, with the flags that decide", async () => {
    const { code, stdout } = await fettle(["inspect", "a.csv"], folder({ "a.csv": DOUBTFUL }));
    expect(code).toBe(0);
    const text = stdout.replaceAll(/\s+/g, " ");
    expect(text).toContain(
      'column "size" can be read in two ways, "1,000" as 1000 or 1; choose --decimal . or --decimal ,',
    );
    expect(text).toContain(
      'column "count" holds numbers except for "<1"; if that means a missing cell, choose --na \'<1\'; or choose --as count=category',
    );
  });
});

describe.concurrent("the flags of a table", () => {
  it("decide what is in doubt, and what they leave in doubt is refused by all names at once", async () => {
    const cwd = folder({ "a.csv": DOUBTFUL });
    const flags = ["--na", "<1", "--decimal", ".", "--missing", "impute", "--folds", "2"];
    const tune = ["tune", "a.csv", "--target", "sold", "--trials", "1", "--json"];
    const refused = await fettle(tune, cwd);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("2 columns cannot be used:");
    expect(refused.stderr).toContain("--decimal . or --decimal ,");
    expect(refused.stderr).toContain("--as count=category");
    const inspected = await fettle(["inspect", "a.csv", "--json", ...flags.slice(0, 4)], cwd);
    const { columns } = JSON.parse(inspected.stdout) as Schema;
    expect(columns.map(({ kind, doubt }) => [kind, doubt])).toEqual([
      ["number", undefined],
      ["number", undefined],
      ["boolean", undefined],
    ]);
    const asWords = await fettle(
      ["inspect", "a.csv", "--as", "size=category", "--no-default-na", "--json"],
      cwd,
    );
    expect(JSON.parse(asWords.stdout)).toMatchObject({ na: [], columns: [{ kind: "category" }, {}, {}] });
  });

  it("read another table by the schema of the first", async () => {
    const { stdout } = await fettle(["inspect", "sales.csv", "--json"], folder({ "sales.csv": SALES }));
    const other = "shelf,note,port\n2,x,Q\n1,y,S\n";
    const unknown = "shelf,port\n2,Q\n1,X\n";
    const cwd = folder({ "schema.json": stdout, "other.csv": other, "unknown.csv": unknown });
    const words = (file: string) => ["inspect", file, "--schema", "schema.json"];
    const [read, refused, broken] = await Promise.all([
      fettle(words("other.csv"), cwd),
      fettle(words("unknown.csv"), cwd),
      fettle(["inspect", "other.csv", "--schema", "other.csv"], cwd),
    ]);
    expect(read.stdout).toContain("price    number like 1.234,5  not in the table");
    expect(read.stdout).toContain("ignored, since the schema does not name them: note");
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain(
      'line 3, column "port": every cell must be "C" or "Q" or "S"; received "X"',
    );
    expect(refused.stderr).toContain("choose --unknown ignore or --unknown missing");
    const missing = await fettle([...words("unknown.csv"), "--unknown", "missing"], cwd);
    expect(missing.stdout).toMatch(/ port +category of 3 +1 missing /);
    expect(broken.code).toBe(2);
    expect(broken.stderr).toContain('"other.csv" is not JSON: ');
  });
});

describe.concurrent("a table", () => {
  const columnsOf = async (file: Uint8Array | string, ...flags: string[]) => {
    const { code, stdout, stderr } = await fettle(["inspect", "t", "--json", ...flags], folder({ t: file }));
    if (code !== 0) return stderr.trimEnd();
    return (JSON.parse(stdout) as Schema).columns.map(({ name, kind, categories }) => [
      name,
      kind,
      categories,
    ]);
  };
  const text = "größe,ort\n1,Köln\n2,Ürzig\n";
  const columns = [
    ["größe", "number", []],
    ["ort", "category", ["Köln", "Ürzig"]],
  ];
  const utf16 = (bom: string) => Buffer.from(bom + text, "utf16le");

  it("is read as gzip, and in UTF-8 and UTF-16 with and without a byte order mark", async () => {
    const files = [
      text,
      `\ufeff${text}`,
      gzipSync(text),
      utf16("\ufeff"),
      utf16("\ufeff").swap16(),
      Buffer.from("size,ort\n1,Köln\n2,Ürzig\n", "utf16le"),
      gzipSync(utf16("\ufeff")),
    ];
    const read = await Promise.all(files.map((file) => columnsOf(file)));
    const ascii = [["size", "number", []], columns[1]];
    expect(read).toEqual([columns, columns, columns, columns, columns, ascii, columns]);
  });

  it("in another encoding is refused with the flag that reads it", async () => {
    const latin1 = Buffer.from(text, "latin1");
    expect(await columnsOf(latin1)).toBe(
      'error: "t" is not text in UTF-8; choose its encoding, such as --encoding windows-1252, or save it in UTF-8',
    );
    expect(await columnsOf(latin1, "--encoding", "windows-1252")).toEqual(columns);
    expect(await columnsOf(latin1, "--encoding", "utf-8")).toBe(
      'error: "t" is not text in UTF-8; choose another --encoding',
    );
    expect(await columnsOf(text, "--encoding", "klingon")).toBe(
      'error: --encoding must be an encoding such as utf-8, utf-16le or windows-1252; received "klingon"',
    );
  });

  it("as damaged gzip is refused", async () => {
    expect(await columnsOf(gzipSync(text).subarray(0, 20))).toBe(
      'error: "t" is damaged: it begins as gzip, but cannot be unpacked',
    );
  });

  it("is read as an array of JSON objects, and as lines of them", async () => {
    const records = [
      { größe: 1, ort: "Köln" },
      { größe: 2, ort: "Ürzig" },
    ];
    const lines = records.map((record) => JSON.stringify(record)).join("\n");
    expect(await columnsOf(JSON.stringify(records, null, 2))).toEqual(columns);
    expect(await columnsOf(`${lines}\n\n`)).toEqual(columns);
    expect(await columnsOf("[id],{x}\n1,2\n")).toEqual([
      ["[id]", "number", []],
      ["{x}", "number", []],
    ]);
    expect(await columnsOf(`${lines}\n{"größe": 3,\n`)).toMatch(/^error: "t" is not JSON: line 3/);
    expect(await columnsOf('{"a": {"b": 1}}')).toBe(
      'error: "t": records[0], column "a": a value must be a word, a number, a boolean, a date or null; received {"b":1}',
    );
  });
});
