/** Limits of tables in files: nothing is unpacked beyond them, and the flag that chooses others is named. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, expect, it } from "vitest";
import { readTableFile } from "../../src/cli/dataset.js";
import { inFlags } from "../../src/cli/messages.js";
import type { TableLimits } from "../../src/data/limits.js";

const folder = mkdtempSync(join(tmpdir(), "fettle-limits-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, bytes: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const text = `a,b\n${"1,2\n".repeat(40)}`;
const records = Array.from({ length: 40 }, () => ({ a: 1, b: 2 }));
const files = {
  text: fileOf("t.csv", text),
  gzip: fileOf("t.csv.gz", gzipSync(text)),
  array: fileOf("t.json", JSON.stringify(records)),
  lines: fileOf("t.jsonl", records.map((record) => JSON.stringify(record)).join("\n")),
};
const parquet = fileURLToPath(new URL("table.parquet", import.meta.url)); // 60 rows of 7 columns

const read = async (path: string, limits: TableLimits): Promise<string> => {
  try {
    return `${(await readTableFile(path, { defaultNa: true, limits })).rows} rows`;
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    expect(message).toContain(JSON.stringify(path));
    return `${code}: ${message.slice(message.indexOf(": ") + 2)}`;
  }
};

it.each(Object.entries(files))("of %s", async (_, path) => {
  expect(await read(path, { rows: 40, columns: 2, cells: 80, length: 10_000 })).toBe("40 rows");
  expect(await read(path, { rows: 39 })).toMatch(
    /^memory_limit: a table must have at most 39 rows; received 40;/,
  );
  expect(await read(path, { columns: 1 })).toMatch(/at most 1 columns; received 2;/);
  expect(await read(path, { cells: 79 })).toMatch(/at most 79 cells; received 80;/);
  expect(await read(path, { length: 100 })).toMatch(/at most 100 characters or bytes; received \d+;/);
});

it("of Parquet, which says how large it is", async () => {
  expect(await read(parquet, { rows: 60, columns: 7, cells: 420 })).toBe("60 rows");
  expect(await read(parquet, { rows: 59 })).toMatch(/^memory_limit: .*at most 59 rows; received 60;/);
  expect(await read(parquet, { columns: 6 })).toMatch(/at most 6 columns; received 7;/);
  expect(await read(parquet, { cells: 419 })).toMatch(/at most 419 cells; received 420;/);
  expect(await read(parquet, { length: 50 })).toMatch(/at most 50 characters or bytes; received \d+;/);
  expect(await read(parquet, { cellLength: 3 })).toMatch(
    /a cell must have at most 3 characters; received \d+;/,
  );
});

it("of gzip, of which no more is unpacked", async () => {
  const bomb = fileOf("bomb.csv.gz", gzipSync(Buffer.alloc(2 ** 26, "a"), { level: 9 })); // 64 MB in 64 KB
  const before = process.memoryUsage().arrayBuffers;
  expect(await read(bomb, { length: 1_000_000 })).toMatch(
    /at most 1000000 characters or bytes; received 1000001;/,
  );
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
});

it("is named as a flag", () => {
  const message = 'received 5; if that is right, choose limits: {"cellLength":10}';
  expect(inFlags(message, ["limits"])).toBe("received 5; if that is right, choose --limits cellLength=10");
});
