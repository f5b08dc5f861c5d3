// Writes table.parquet with the writer of the Rust crate `parquet`, which shares nothing with the reader in
// use.
//   npm install apache-arrow@21.2.0 parquet-wasm@0.8.0 && node make_parquet.mjs
import { writeFileSync } from "node:fs";
import { Bool, DateDay, Float64, Int32, Int64, Table, tableToIPC, Utf8, vectorFromArray } from "apache-arrow";
import * as parquet from "parquet-wasm/node";

const column = (type, of) =>
  vectorFromArray(
    Array.from({ length: 60 }, (_, i) => of(i)),
    type,
  );
const table = new Table({
  id: column(new Int64(), (i) => BigInt(1000 + i)),
  size: column(new Float64(), (i) => (i % 7 === 3 ? null : i / 8)),
  port: column(new Utf8(), (i) => ["C", "Q", "S", null][i % 4]),
  fresh: column(new Bool(), (i) => i % 3 === 0),
  count: column(new Int32(), (i) => i % 5),
  sold: column(new DateDay(), (i) => Date.UTC(2024, 0, 1 + 3 * i)),
  bought: column(new Utf8(), (i) => (i % 2 ? "yes" : "no")),
});
const options = new parquet.WriterPropertiesBuilder().setCompression(parquet.Compression.SNAPPY).build();
const rows = parquet.Table.fromIPCStream(tableToIPC(table, "stream"));
writeFileSync(new URL("table.parquet", import.meta.url), parquet.writeParquet(rows, options));
