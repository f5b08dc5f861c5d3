/**
 * The benchmarks: Fettle beside its peers in one process. Compare ratios, of one run, only.
 *
 *     npm run bench                                # every suite
 *     npm run bench -- gemm step --json rows.json  # some, and the rows as JSON
 */
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { unknownName } from "../src/errors.js";
import { loadPeers, type Peers } from "./peers.js";
import { type Row, tableHead, tableLine } from "./row.js";
import { compile } from "./suites/compile.js";
import { elementwise } from "./suites/elementwise.js";
import { gemm } from "./suites/gemm.js";
import { grid } from "./suites/grid.js";
import { layers } from "./suites/layers.js";
import { memory } from "./suites/memory.js";
import { overhead } from "./suites/overhead.js";
import { predict } from "./suites/predict.js";
import { queue } from "./suites/queue.js";
import { scaling } from "./suites/scaling.js";
import { size } from "./suites/size.js";
import { startup } from "./suites/startup.js";
import { step } from "./suites/step.js";
import { storage } from "./suites/storage.js";
import { table } from "./suites/table.js";
import { vanishing } from "./suites/vanishing.js";

const suites: Readonly<Record<string, (peers: Peers) => AsyncIterable<Row>>> = {
  gemm,
  grid,
  step,
  vanishing,
  layers,
  overhead,
  elementwise,
  compile,
  scaling,
  startup,
  memory,
  size,
  table,
  predict,
  storage,
  queue,
};

const { values, positionals } = parseArgs({ options: { json: { type: "string" } }, allowPositionals: true });
const names = positionals.length > 0 ? positionals : Object.keys(suites);
for (const name of names) {
  if (!Object.hasOwn(suites, name)) throw unknownName("suite", name, Object.keys(suites));
}
console.log(`Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model}`);
const peers = await loadPeers();
console.log(tableHead);
const rows: Row[] = [];
for (const name of names) {
  for await (const row of suites[name](peers)) {
    rows.push(row);
    console.log(tableLine(row));
  }
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
