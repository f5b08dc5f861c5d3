/** Tables in Parquet files; `table.parquet` is written by make_parquet.mjs. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { readTableFile, type TableFlags } from "../../src/cli/dataset.js";
import { isParquet, parquetRecords } from "../../src/cli/parquet.js";

const FLAGS: TableFlags = { defaultNa: true };
const file = fileURLToPath(new URL("table.parquet", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "fettle-parquet-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file of those bytes. */
function damaged(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

describe("a Parquet file", () => {
  it("is read as the same rows in text are", async () => {
    const text = ["id,size,port,fresh,count,sold,bought"];
    for (let i = 0; i < 60; i++) {
      const day = new Date(Date.UTC(2024, 0, 1 + 3 * i)).toISOString();
      const cells = [1000 + i, i % 7 === 3 ? "" : i / 8, ["C", "Q", "S", ""][i % 4], i % 3 === 0, i % 5, day];
      text.push([...cells, i % 2 ? "yes" : "no"].join(","));
    }
    const same = await readTableFile(damaged("same.csv", Buffer.from(text.join("\n"))), FLAGS);
    expect(await readTableFile(file, FLAGS)).toEqual(same);
    expect(same.columns.map(({ kind }) => kind)).toEqual([
      ...["identifier", "number", "category", "boolean", "number", "date", "boolean"],
    ]);
  });

  it("is known by its first bytes", () => {
    expect([file, fileURLToPath(import.meta.url), folder, join(folder, "none")].map(isParquet)).toEqual([
      ...[true, false, false, false],
    ]);
  });

  it("that is cut or changed anywhere gives a table or a refusal that names it", async () => {
    const whole = readFileSync(file);
    for (let at = 4; at < whole.length; at += 37) {
      const changed = Uint8Array.from(whole);
      changed[at] ^= 0xff;
      for (const [name, bytes] of [["cut", whole.subarray(0, at)] as const, ["changed", changed] as const]) {
        const path = damaged(`${name}.parquet`, bytes);
        const outcome = await readTableFile(path, FLAGS).catch((error) => error);
        if (outcome instanceof Error)
          expect(outcome).toMatchObject({ name: "FettleError", message: expect.stringContaining(path) });
        else expect(name).toBe("changed");
      }
    }
  });

  it("needs hyparquet, and says so", async () => {
    const missing = parquetRecords(file, undefined, () => Promise.reject(new Error("no such package")));
    await expect(missing).rejects.toMatchObject({
      code: "unsupported",
      message: `"${file}" is a Parquet file, which needs the package hyparquet; run npm install hyparquet`,
    });
  });
});
